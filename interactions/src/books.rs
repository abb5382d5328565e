//! One server's books. Every balance change is one journal row; an interaction is answered once, and its answer kept.

pub mod audit;
mod decision;
mod outbox;
mod row;
mod totals;

use protocol::{
    Coins, Event, InteractionId, JournalSeq, Severity, Source, Timestamp, UserId,
    record::{Activity, Outcome},
    time::Day,
};

pub use self::decision::{Change, Decision, Entry, Party};
use self::{row::Reader, totals::Totals};
use crate::{
    Call, command,
    ledger::Account,
    settings::Settings,
    sql::{Row, Sql, SqlError},
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
        Ok(Totals { seq, at: Some(at), ..Totals::read(&mut row)? })
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
