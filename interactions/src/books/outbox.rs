//! The journal is its own outbox: what the room has not acknowledged is sent again until it has.

use protocol::{
    Coins, GuildId, JournalSeq, Timestamp,
    record::{Activity, GuildTotals, Outcome, PUSH_MAX_RECORDS, Push, Record},
    stats::{LEADERBOARD_LEN, Leader, Leaderboards},
};

use super::{Books, BooksError, row::Reader, totals::Totals};
use crate::{
    ledger,
    sql::{Sql, Value},
};

impl<S: Sql> Books<'_, S> {
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
            totals = Totals::read(&mut row)?;
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
