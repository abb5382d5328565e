//! One server's books. Every balance change is one journal row; an interaction is answered once, and its answer kept.

use protocol::{
    Coins, Event, GuildId, InteractionId, JournalSeq, Severity, Source, Timestamp, UserId,
    record::{Activity, GuildTotals, Outcome, PUSH_MAX_RECORDS, Push, Record},
    stats::{LEADERBOARD_LEN, Leader, Leaderboards},
    time::Day,
};

use crate::{
    Call, command,
    ledger::{self, Account, Refusal},
    reply::Reply,
    settings::Settings,
    sql::{Row, Sql, SqlError, Value},
};

/// The books could not be read or written. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// The database said no.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// JSON could not be written or read.
    #[error("the journal's JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A row is not what the schema says.
    #[error("a row of {0} is not what the schema says")]
    Shape(&'static str),
}

/// One server's books over its database.
#[derive(Debug)]
pub struct Books<'a, S> {
    sql: &'a S,
    settings: Settings,
}

/// What a command may look at.
pub type Desk<'a, S> = Books<'a, S>;

/// What a command has decided.
#[derive(Clone, Debug)]
pub struct Decision {
    outcome: Outcome,
    reply: Reply,
    entry: Entry,
    changes: Vec<Change>,
    events: Vec<Event>,
}

/// An account before and after.
#[derive(Clone, Debug)]
pub struct Change {
    /// `None` when it is opened now.
    pub before: Option<Account>,
    /// As it is to be written.
    pub after: Account,
}

/// The money side of a journal row; empty when none moved.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Who gave.
    pub debit: Option<Party>,
    /// Who got it.
    pub credit: Option<Party>,
    /// What the debited account lost.
    pub amount: Coins,
    /// What of it was burnt on the way.
    pub tax: Coins,
    /// The other person.
    pub target: Option<UserId>,
    /// A note.
    pub note: Option<String>,
    /// What the actor holds afterwards.
    pub balance_after: Option<Coins>,
}

/// One side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The only source of coins.
    Mint,
    /// A player.
    Player(UserId),
}

impl Party {
    fn word(self) -> String {
        match self {
            Self::Mint => "mint".to_owned(),
            Self::Player(user) => user.to_string(),
        }
    }
}

/// The running totals after a journal row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    seq: JournalSeq,
    at: Option<Timestamp>,
    players: u64,
    wealth: Coins,
    levels: u64,
    mint: Coins,
    burn: Coins,
}

impl Decision {
    /// What was asked is done.
    pub fn done(reply: Reply) -> Self {
        Self {
            outcome: Outcome::Done,
            reply,
            entry: Entry::default(),
            changes: Vec::new(),
            events: Vec::new(),
        }
    }

    /// A rule said no.
    pub fn refuse(refusal: &Refusal) -> Self {
        Self::done(refusal.into()).ended(Outcome::Refused)
    }

    /// How it ended.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Money that moves.
    #[must_use]
    pub fn with_entry(mut self, entry: Entry) -> Self {
        self.entry = entry;
        self
    }

    /// An account that changes.
    #[must_use]
    pub fn with_change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Something to show.
    #[must_use]
    pub fn with_event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }
}

impl<'a, S: Sql> Books<'a, S> {
    /// The books in this database, whose tables are in place.
    pub fn new(sql: &'a S) -> Self {
        Self { sql, settings: Settings::default() }
    }

    /// The server's rules.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers a call: the JSON for Discord. The same interaction gets the same answer, and changes nothing again.
    /// `handled_ms` is the time since the call arrived at the edge.
    pub fn answer(&self, now: Timestamp, call: &Call, handled_ms: u32) -> Result<String, BooksError> {
        if let Some(reply) = self.reply_to(call.id)? {
            return Ok(reply);
        }
        let decision = call.command.decide(call, self, now)?;
        self.commit(now, call, decision, handled_ms)
    }

    /// A player's account.
    pub fn account(&self, user: UserId) -> Result<Option<Account>, BooksError> {
        let statement =
            "SELECT name, balance, xp, xp_day, xp_today, streak, freezes, last_daily, created_at, last_at
            FROM accounts WHERE user = ?";
        let rows = self.sql.query(statement, &[user.into()])?;
        rows.into_iter().next().map(|row| read_account(user, row)).transpose()
    }

    /// The rank of a balance among the others: 1 is the richest.
    pub fn rank(&self, balance: Coins) -> Result<u64, BooksError> {
        let richer = self.sql.query("SELECT COUNT(*) FROM accounts WHERE balance > ?", &[balance.into()])?;
        let mut row = Reader::new("accounts", richer.into_iter().next());
        Ok(row.unsigned()? + 1)
    }

    /// What the room has not acknowledged, in one delivery; `None` when there is nothing.
    pub fn backlog(&self, guild: GuildId) -> Result<Option<Push>, BooksError> {
        let statement =
            "SELECT seq, at, outcome, amount, tax, debit, handled_ms, previous_at, active, events,
                players, wealth, levels, mint, burn
            FROM journal WHERE seq > (SELECT acknowledged FROM outbox) ORDER BY seq LIMIT ?";
        let rows = self.sql.query(statement, &[Value::from(PUSH_MAX_RECORDS as u64)])?;
        let mut records = Vec::with_capacity(rows.len());
        let mut totals = Totals::default();
        for row in rows {
            let mut row = Reader::new("journal", Some(row));
            records.push(read_record(&mut row)?);
            totals = read_totals(&mut row)?;
        }
        let Some(last) = records.last() else { return Ok(None) };
        let totals = GuildTotals {
            players: totals.players,
            wealth: totals.wealth,
            levels: totals.levels,
            commands: last.seq.0,
            balanced: totals.balanced(),
            last_command_at: Some(last.at),
            leaderboards: self.leaderboards(guild)?,
        };
        Ok(Some(Push { version: protocol::VERSION, guild_id: guild, records, totals }))
    }

    /// Remembers how far the room has stored the journal.
    pub fn acknowledge(&self, seq: JournalSeq) -> Result<(), BooksError> {
        let statement = "UPDATE outbox SET acknowledged = ?1 WHERE acknowledged < ?1";
        self.sql.execute(statement, &[Value::from(seq.0)])?;
        Ok(())
    }

    fn reply_to(&self, id: InteractionId) -> Result<Option<String>, BooksError> {
        let rows = self.sql.query("SELECT reply FROM journal WHERE id = ?", &[id.to_string().into()])?;
        rows.into_iter().next().map(|row| Reader::new("journal", Some(row)).text()).transpose()
    }

    /// Everything a call changes, in one stretch without an await.
    fn commit(
        &self,
        now: Timestamp,
        call: &Call,
        decision: Decision,
        handled_ms: u32,
    ) -> Result<String, BooksError> {
        let Decision { outcome, reply, entry, changes, mut events } = decision;
        let mut totals = self.totals()?;
        let mut activity = None;
        for change in changes {
            events.extend(level_up(call, &change, now));
            totals.add_change(&change);
            let mut after = change.after;
            if after.user == call.actor.id {
                activity = Some(Activity { previous: change.before.map(|before| before.last_at) });
                after.name.clone_from(&call.actor.name);
                after.last_at = now;
            }
            self.write_account(&after)?;
        }
        totals.add_entry(&entry);
        totals.seq = totals.seq.next();
        for event in &mut events {
            event.handled_ms = Some(handled_ms);
        }
        let reply = serde_json::to_string(&reply.into_response())?;
        let row = JournalRow { now, call, outcome, entry: &entry, handled_ms, activity, reply: &reply };
        self.write_journal(&row, &events, &totals)?;
        Ok(reply)
    }

    fn write_account(&self, account: &Account) -> Result<(), BooksError> {
        let statement = "INSERT INTO accounts
            (user, name, balance, xp, xp_day, xp_today, streak, freezes, last_daily, created_at, last_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (user) DO UPDATE SET name = excluded.name, balance = excluded.balance, xp = excluded.xp,
                xp_day = excluded.xp_day, xp_today = excluded.xp_today, streak = excluded.streak,
                freezes = excluded.freezes, last_daily = excluded.last_daily, last_at = excluded.last_at";
        self.sql.execute(
            statement,
            &[
                account.user.into(),
                account.name.as_str().into(),
                account.balance.into(),
                account.xp.into(),
                account.xp_day.0.into(),
                account.xp_today.into(),
                account.streak.into(),
                account.freezes.into(),
                account.last_daily.map(|day| day.0).into(),
                account.created_at.into(),
                account.last_at.into(),
            ],
        )?;
        Ok(())
    }

    fn write_journal(
        &self,
        row: &JournalRow<'_>,
        events: &[Event],
        totals: &Totals,
    ) -> Result<(), BooksError> {
        let JournalRow { now, call, outcome, entry, handled_ms, activity, reply } = row;
        let events = if events.is_empty() { None } else { Some(serde_json::to_string(events)?) };
        let statement = "INSERT INTO journal
            (seq, id, at, command, outcome, debit, credit, amount, tax, actor, target, note, balance_after,
             handled_ms, previous_at, active, reply, events, players, wealth, levels, mint, burn)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.sql.execute(
            statement,
            &[
                totals.seq.0.into(),
                call.id.to_string().into(),
                (*now).into(),
                call.command.name().into(),
                outcome_word(*outcome).into(),
                entry.debit.map(Party::word).into(),
                entry.credit.map(Party::word).into(),
                entry.amount.into(),
                entry.tax.into(),
                call.actor.id.into(),
                entry.target.into(),
                entry.note.as_deref().into(),
                entry.balance_after.into(),
                u64::from(*handled_ms).into(),
                activity.and_then(|activity| activity.previous).into(),
                u64::from(activity.is_some()).into(),
                (*reply).into(),
                events.into(),
                totals.players.into(),
                totals.wealth.into(),
                totals.levels.into(),
                totals.mint.into(),
                totals.burn.into(),
            ],
        )?;
        Ok(())
    }

    fn totals(&self) -> Result<Totals, BooksError> {
        let statement =
            "SELECT seq, at, players, wealth, levels, mint, burn FROM journal ORDER BY seq DESC LIMIT 1";
        let Some(row) = self.sql.query(statement, &[])?.into_iter().next() else {
            return Ok(Totals::default());
        };
        let mut row = Reader::new("journal", Some(row));
        let (seq, at) = (JournalSeq(row.unsigned()?), Timestamp(row.unsigned()?));
        Ok(Totals { seq, at: Some(at), ..read_totals(&mut row)? })
    }

    fn leaderboards(&self, guild: GuildId) -> Result<Leaderboards, BooksError> {
        let leaders = |statement: &str, value: fn(Coins) -> Coins| -> Result<Vec<Leader>, BooksError> {
            let rows = self.sql.query(statement, &[Value::from(LEADERBOARD_LEN as u64)])?;
            rows.into_iter()
                .map(|row| {
                    let mut row = Reader::new("accounts", Some(row));
                    let (user_id, name) = (row.user()?, row.text()?);
                    Ok(Leader { user_id, name, guild_id: guild, value: value(row.coins()?) })
                })
                .collect()
        };
        let level = |xp: Coins| {
            let level = ledger::level(u64::try_from(xp.get()).unwrap_or(0));
            Coins::new(i64::try_from(level).unwrap_or(i64::MAX))
        };
        let identity = |value| value;
        Ok(Leaderboards {
            wealth: leaders(
                "SELECT user, name, balance FROM accounts ORDER BY balance DESC LIMIT ?",
                identity,
            )?,
            level: leaders("SELECT user, name, xp FROM accounts ORDER BY xp DESC LIMIT ?", level)?,
            streak: leaders(
                "SELECT user, name, streak FROM accounts ORDER BY streak DESC LIMIT ?",
                identity,
            )?,
        })
    }
}

struct JournalRow<'a> {
    now: Timestamp,
    call: &'a Call,
    outcome: Outcome,
    entry: &'a Entry,
    handled_ms: u32,
    activity: Option<Activity>,
    reply: &'a str,
}

impl Totals {
    fn add_change(&mut self, change: &Change) {
        let before = change.before.as_ref();
        self.players += u64::from(before.is_none());
        self.levels += change.after.level();
        self.levels -= before.map_or(0, Account::level);
        let held = before.map(|before| before.balance).unwrap_or_default();
        self.wealth = self.wealth.saturating_plus(change.after.balance).saturating_minus(held);
    }

    fn add_entry(&mut self, entry: &Entry) {
        if entry.debit == Some(Party::Mint) {
            self.mint = self.mint.saturating_minus(entry.amount);
        }
        self.burn = self.burn.saturating_plus(entry.tax);
    }

    /// Two countings of the same coins, from the accounts and from the entries, agree.
    fn balanced(&self) -> bool {
        self.wealth.saturating_plus(self.mint).saturating_plus(self.burn) == Coins::ZERO
    }
}

fn level_up(call: &Call, change: &Change, now: Timestamp) -> Option<Event> {
    let (before, after) = (change.before.as_ref().map_or(0, Account::level), change.after.level());
    (after > before).then(|| {
        let message = format!("{} reached level {after}", change.after.name);
        let event = command::event(call, now, Severity::Info, Source::LevelUp, message);
        Event { id: format!("{}-level", call.id), ..event }
    })
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
    }
}

fn read_account(user: UserId, row: Row) -> Result<Account, BooksError> {
    let mut row = Reader::new("accounts", Some(row));
    Ok(Account {
        user,
        name: row.text()?,
        balance: row.coins()?,
        xp: row.unsigned()?,
        xp_day: Day(row.unsigned()?),
        xp_today: row.unsigned()?,
        streak: row.unsigned()?,
        freezes: row.unsigned()?,
        last_daily: row.optional()?.map(Day),
        created_at: Timestamp(row.unsigned()?),
        last_at: Timestamp(row.unsigned()?),
    })
}

fn read_record(row: &mut Reader) -> Result<Record, BooksError> {
    let (seq, at) = (JournalSeq(row.unsigned()?), Timestamp(row.unsigned()?));
    let outcome = match row.text()?.as_str() {
        "done" => Outcome::Done,
        "refused" => Outcome::Refused,
        _ => Outcome::Failed,
    };
    let (amount, tax, debit) = (row.coins()?, row.coins()?, row.optional_text()?);
    let handled_ms = u32::try_from(row.unsigned()?).unwrap_or(u32::MAX);
    let (previous, active) = (row.optional()?.map(Timestamp), row.unsigned()? == 1);
    let events = row.optional_text()?.map(|json| serde_json::from_str(&json)).transpose()?;
    Ok(Record {
        seq,
        at,
        outcome,
        handled_ms,
        minted: if debit.as_deref() == Some("mint") { amount } else { Coins::ZERO },
        burned: tax,
        activity: active.then_some(Activity { previous }),
        events: events.unwrap_or_default(),
    })
}

fn read_totals(row: &mut Reader) -> Result<Totals, BooksError> {
    Ok(Totals {
        players: row.unsigned()?,
        wealth: row.coins()?,
        levels: row.unsigned()?,
        mint: row.coins()?,
        burn: row.coins()?,
        ..Totals::default()
    })
}

/// Reads a row's values in order.
struct Reader {
    table: &'static str,
    values: std::vec::IntoIter<Value>,
}

impl Reader {
    fn new(table: &'static str, row: Option<Row>) -> Self {
        Self { table, values: row.unwrap_or_default().into_iter() }
    }

    fn integer(&mut self) -> Result<i64, BooksError> {
        match self.values.next() {
            Some(Value::Integer(number)) => Ok(number),
            _ => Err(BooksError::Shape(self.table)),
        }
    }

    fn unsigned(&mut self) -> Result<u64, BooksError> {
        u64::try_from(self.integer()?).map_err(|_| BooksError::Shape(self.table))
    }

    fn coins(&mut self) -> Result<Coins, BooksError> {
        self.integer().map(Coins::new)
    }

    fn text(&mut self) -> Result<String, BooksError> {
        self.optional_text()?.ok_or(BooksError::Shape(self.table))
    }

    fn optional_text(&mut self) -> Result<Option<String>, BooksError> {
        match self.values.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(BooksError::Shape(self.table)),
        }
    }

    fn optional(&mut self) -> Result<Option<u64>, BooksError> {
        match self.values.next() {
            Some(Value::Integer(number)) => {
                u64::try_from(number).map(Some).map_err(|_| BooksError::Shape(self.table))
            }
            Some(Value::Null) => Ok(None),
            _ => Err(BooksError::Shape(self.table)),
        }
    }

    fn user(&mut self) -> Result<UserId, BooksError> {
        self.text()?.parse().map_err(|_| BooksError::Shape(self.table))
    }
}
