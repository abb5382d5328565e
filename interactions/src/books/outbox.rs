//! The journal is its own outbox: what the room has not acknowledged is sent again until it has.

use protocol::{
    Coins, GuildId, JournalSeq, Timestamp,
    record::{Acknowledgement, Activity, GuildTotals, Outcome, PUSH_MAX_RECORDS, Push, Record},
    stats::{LEADERBOARD_LEN, Leader, Leaderboards},
    time::DAY_MS,
};

use super::{Books, BooksError, Measure, row::Reader, totals::Totals};
use crate::sql::{Row, Sql, Value};

/// An acknowledgement is written down when it is so many rows ahead of the one that was written last: a command that comes
/// alone costs a row less. After a restart the rows in between are delivered again, and the room passes over them.
const ACKNOWLEDGED_EVERY_ROWS: u64 = 16;
/// The most rows of the past that a server's own room is told.
const FOLLOWED_FROM_ROWS: u64 = 2_000;
/// The most rows that the room of all servers is told again, when it was set back. What all of them come to, it is told in
/// any case.
const TOLD_AGAIN_MAX_ROWS: u64 = 20_000;

/// The rooms that are told the journal's new rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// The room of all servers.
    Everyone,
    /// The server's own room, once somebody has looked at this server alone.
    Server,
}

impl Listener {
    /// Both, each at the index `listener as usize`.
    pub const ALL: [Self; 2] = [Self::Everyone, Self::Server];

    const fn table(self) -> &'static str {
        match self {
            Self::Everyone => "outbox",
            Self::Server => "followed",
        }
    }
}

/// The last row that a listener has stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// It is in the database.
    #[default]
    ReadError,
    /// Nobody listens: the listener's table has no row.
    Nobody,
    /// The number of that row.
    Row(u64),
}

/// Rows that a listener is told a second time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retelling {
    /// The last one that it had said it has.
    until: u64,
    /// Whether it has taken the first of them.
    has_begun: bool,
}

impl<S: Sql> Books<S> {
    /// From here on the server's own room is told, too: of the last rows of a day, of the newest one in any case, and of
    /// what comes.
    pub fn follow(&self, now: Timestamp) -> Result<(), BooksError> {
        let from = self.last_day_from(now)?;
        let statement = "INSERT OR IGNORE INTO followed (only, acknowledged) VALUES (0, ?)";
        if self.sql.execute(statement, &[from.into()])? > 0 {
            // It has none of the rows before, and is to ask for none.
            self.retelling[Listener::Server as usize].set(Some(Retelling { until: from, has_begun: false }));
        }
        self.acknowledged[Listener::Server as usize].set(Acknowledged::ReadError);
        Ok(())
    }

    /// The row before those of the last day, of which there are [`FOLLOWED_FROM_ROWS`] at most; before the newest in any case.
    fn last_day_from(&self, now: Timestamp) -> Result<u64, BooksError> {
        let newest = self.totals()?.seq.0;
        let oldest = newest.saturating_sub(FOLLOWED_FROM_ROWS);
        let statement = "SELECT seq FROM journal WHERE seq > ? AND at >= ? ORDER BY seq LIMIT 1";
        let first = self.sql.query(statement, &[oldest.into(), now.minus(DAY_MS).into()])?;
        let first = match first.into_iter().next() {
            Some(row) => Reader::new("journal", Some(row)).unsigned()?,
            None => newest,
        };
        Ok(first.saturating_sub(1))
    }

    /// A listener was set back, and has no row after the one that it says: it is told them again.
    pub fn tell_again(
        &self,
        now: Timestamp,
        listener: Listener,
        said: &Acknowledgement,
    ) -> Result<(), BooksError> {
        let Acknowledged::Row(until) = self.acknowledged(listener)? else { return Ok(()) };
        let earliest = match listener {
            Listener::Everyone => self.totals()?.seq.0.saturating_sub(TOLD_AGAIN_MAX_ROWS),
            Listener::Server => self.last_day_from(now)?,
        };
        let from = said.seq.0.max(earliest).min(until);
        let statement = format!("UPDATE {} SET acknowledged = ?", listener.table());
        self.sql.execute(&statement, &[from.into()])?;
        self.acknowledged[listener as usize].set(Acknowledged::Row(from));
        self.retelling[listener as usize].set(Some(Retelling { until, has_begun: false }));
        Ok(())
    }

    /// Whether anybody is to be told.
    pub fn listens(&self, listener: Listener) -> Result<bool, BooksError> {
        Ok(self.acknowledged(listener)? != Acknowledged::Nobody)
    }

    /// Returns the rows that a listener has not acknowledged, in one delivery; `None` when there is nothing.
    pub fn backlog(
        &self,
        now: Timestamp,
        guild: GuildId,
        listener: Listener,
    ) -> Result<Option<Push>, BooksError> {
        let Acknowledged::Row(acknowledged) = self.acknowledged(listener)? else { return Ok(None) };
        let statement = format!(
            "SELECT seq, at, outcome, amount, tax, debit, credit, handled_ms, previous_at, active, events, jobs, {}
            FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
            Totals::selected(),
        );
        let rows =
            self.sql.query(&statement, &[acknowledged.into(), Value::from(PUSH_MAX_RECORDS as u64)])?;
        let life = self.life()?;
        let retelling = self.retelling[listener as usize].get();
        let begins_again = retelling.is_some_and(|retelling| !retelling.has_begun);
        let after = (!begins_again).then_some(JournalSeq(acknowledged));
        // The first delivery of another life tells what there is even if no row has followed yet.
        let begins_anew = life.is_some_and(|life| life.is_set_back && life.after.0 == acknowledged);
        let mut records = Vec::with_capacity(rows.len());
        let mut totals = self.totals()?;
        for row in rows {
            let mut row = Reader::new("journal", Some(row));
            let mut record = read_record(&mut row)?;
            // The room of all hands them out, and those of rows that it had are done, or come with the reminders.
            if listener == Listener::Server
                || retelling.is_some_and(|retelling| record.seq.0 <= retelling.until)
            {
                record.jobs.clear();
            }
            totals = Totals { seq: record.seq, at: Some(record.at), ..Totals::read(&mut row)? };
            records.push(record);
        }
        if records.is_empty() && !begins_anew {
            return Ok(None);
        }
        let totals = GuildTotals {
            players: totals.players,
            wealth: totals.wealth,
            levels: totals.levels,
            commands: totals.seq.0,
            balanced: totals.balanced(),
            last_command_at: totals.at,
            leaderboards: self.leaderboards(guild)?,
            store_percent: self.store_percent()?,
        };
        let tells_reminders = (begins_anew || begins_again) && listener == Listener::Everyone;
        let reminders = tells_reminders.then(|| self.reminders(guild, now)).transpose()?;
        let version = protocol::VERSION;
        Ok(Some(Push { version, guild_id: guild, records, totals, after, life, reminders, rows: 0 }))
    }

    /// Remembers how far a listener has stored the journal: in memory, until [`Books::tidy`] writes it down. Whatever is
    /// lost with the memory is delivered again, and a listener passes over what it has.
    pub fn acknowledge(&self, listener: Listener, seq: JournalSeq) -> Result<(), BooksError> {
        if let Acknowledged::Row(before) = self.acknowledged(listener)? {
            self.acknowledged[listener as usize].set(Acknowledged::Row(before.max(seq.0)));
            let retelling = &self.retelling[listener as usize];
            let rest = retelling.get().filter(|retelling| seq.0 < retelling.until);
            retelling.set(rest.map(|retelling| Retelling { has_begun: true, ..retelling }));
        }
        Ok(())
    }

    /// Writes down what was acknowledged.
    pub fn keep_acknowledgements(&self) -> Result<(), BooksError> {
        self.keep_acknowledgements_ahead_by(1)
    }

    /// Writes it down once it is worth a row.
    pub(super) fn keep_acknowledgements_if_worth_it(&self) -> Result<(), BooksError> {
        self.keep_acknowledgements_ahead_by(ACKNOWLEDGED_EVERY_ROWS)
    }

    fn keep_acknowledgements_ahead_by(&self, rows: u64) -> Result<(), BooksError> {
        for listener in Listener::ALL {
            if let Acknowledged::Row(seq) = self.acknowledged[listener as usize].get() {
                let table = listener.table();
                let statement = format!("UPDATE {table} SET acknowledged = ?1 WHERE acknowledged + ?2 <= ?1");
                self.sql.execute(&statement, &[Value::from(seq), Value::from(rows)])?;
            }
        }
        Ok(())
    }

    /// The last row that all who listen have acknowledged.
    pub(super) fn acknowledged_by_all(&self) -> Result<u64, BooksError> {
        let mut least = u64::MAX;
        for listener in Listener::ALL {
            if let Acknowledged::Row(seq) = self.acknowledged(listener)? {
                least = least.min(seq);
            }
        }
        Ok(least)
    }

    fn acknowledged(&self, listener: Listener) -> Result<Acknowledged, BooksError> {
        let known = &self.acknowledged[listener as usize];
        if known.get() == Acknowledged::ReadError {
            let table = listener.table();
            let rows = self.sql.query(&format!("SELECT acknowledged FROM {table}"), &[])?;
            known.set(match rows.into_iter().next() {
                Some(row) => Acknowledged::Row(Reader::new(table, Some(row)).unsigned()?),
                None => Acknowledged::Nobody,
            });
        }
        Ok(known.get())
    }

    fn leaderboards(&self, guild: GuildId) -> Result<Leaderboards, BooksError> {
        let leaders = |measure: Measure| -> Result<Vec<Leader>, BooksError> {
            let column = measure.column();
            let statement = format!(
                "SELECT user, name, {column} FROM accounts WHERE {column} > 0 ORDER BY {column} DESC, user LIMIT ?"
            );
            let rows = self.sql.query(&statement, &[Value::from(LEADERBOARD_LEN as u64)])?;
            rows.into_iter().map(|row| read_leader(guild, row)).collect()
        };
        Ok(Leaderboards {
            wealth: leaders(Measure::Wealth)?,
            level: leaders(Measure::Level)?,
            streak: leaders(Measure::Streak)?,
        })
    }
}

fn read_leader(guild_id: GuildId, row: Row) -> Result<Leader, BooksError> {
    let mut row = Reader::new("accounts", Some(row));
    Ok(Leader { user_id: row.user()?, name: row.text()?, guild_id, value: row.coins()? })
}

fn read_record(row: &mut Reader) -> Result<Record, BooksError> {
    let (seq, at) = (JournalSeq(row.unsigned()?), Timestamp(row.unsigned()?));
    let outcome = match row.text()?.as_str() {
        "done" => Outcome::Done,
        "refused" => Outcome::Refused,
        _ => Outcome::Failed,
    };
    let (amount, tax) = (row.coins()?, row.coins()?);
    let (debit, credit) = (row.optional_text()?, row.optional_text()?);
    let arrived = amount.saturating_minus(tax);
    // Coins that an undo sends back were not made, or not burnt, after all.
    let moved = |out: Option<&str>, word| if out == Some(word) { amount } else { Coins::ZERO };
    let back = |into: Option<&str>, word| if into == Some(word) { arrived } else { Coins::ZERO };
    let (from, to) = (debit.as_deref(), credit.as_deref());
    let handled_ms = u32::try_from(row.unsigned()?).unwrap_or(u32::MAX);
    let (previous, active) = (row.optional()?.map(Timestamp), row.unsigned()? == 1);
    let events = row.optional_text()?.map(|json| serde_json::from_str(&json)).transpose()?;
    let jobs = row.optional_text()?.map(|json| serde_json::from_str(&json)).transpose()?;
    Ok(Record {
        seq,
        at,
        outcome,
        handled_ms,
        minted: moved(from, "mint").saturating_minus(back(to, "mint")),
        burned: back(to, "burn").saturating_plus(tax).saturating_minus(moved(from, "burn")),
        activity: active.then_some(Activity { previous }),
        events: events.unwrap_or_default(),
        jobs: jobs.unwrap_or_default(),
    })
}
