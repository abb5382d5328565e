//! Lives of the journal. Cloudflare can restore an object's database to an earlier state; the rooms have told of rows that
//! are not in it then, and would pass over the next ones, which have their numbers.

use protocol::{
    GuildId, JournalSeq, Timestamp,
    record::{Acknowledgement, JobOrder, Life},
};

use super::{Books, BooksError, row::Reader};
use crate::{job, sql::Sql};

/// The most reminders that are told anew.
const REMINDERS_MAX: u64 = 5_000;

impl<S: Sql> Books<S> {
    /// Begins the life of new books, or of those of a release that knew of none.
    pub fn begin(&self, now: Timestamp) -> Result<(), BooksError> {
        if read(&self.sql)?.is_some() {
            return Ok(());
        }
        let statement = "INSERT OR IGNORE INTO life (only, id, after, is_set_back)
            VALUES (0, ?, (SELECT COALESCE(MAX(seq), 0) FROM journal), 0)";
        self.sql.execute(statement, &[now.into()])?;
        Ok(())
    }

    /// This life; `None` in books that no shell has begun.
    pub(super) fn life(&self) -> Result<Option<Life>, BooksError> {
        self.cached(|kept| Ok(kept.life))
    }

    /// Whether a listener has rows that are not in this journal: it was set back.
    pub fn is_behind(&self, said: &Acknowledgement) -> Result<bool, BooksError> {
        // A listener of an older version does not know of lives, and does not say when.
        Ok(said.latest_at.is_some() && (said.conflicts || said.seq > self.totals()?.seq))
    }

    /// Begins another life, after the last of the rows that were committed when the listener's were.
    pub fn begin_anew(&self, now: Timestamp, said: &Acknowledgement) -> Result<(), BooksError> {
        let latest_at = said.latest_at.unwrap_or(now);
        let statement = "SELECT seq FROM journal WHERE at <= ? AND seq <= ? ORDER BY seq DESC LIMIT 1";
        let last = self.sql.query(statement, &[latest_at.into(), said.seq.0.into()])?.into_iter().next();
        let after = last.map_or(Ok(0), |row| Reader::new("journal", Some(row)).unsigned())?;
        let before = self.life()?.map(|life| life.id).unwrap_or_default();
        let statement = "INSERT OR REPLACE INTO life (only, id, after, is_set_back) VALUES (0, ?, ?, 1)";
        self.sql.execute(statement, &[now.max(before.plus(1)).into(), after.into()])?;
        self.sql.execute("UPDATE outbox SET acknowledged = ?", &[after.into()])?;
        self.sql.execute("UPDATE followed SET acknowledged = MIN(acknowledged, ?)", &[after.into()])?;
        self.forget();
        Ok(())
    }

    /// The reminders that this server's players wait for: who has claimed today can claim again tomorrow. Whoever has not
    /// was reminded before.
    pub(super) fn reminders(&self, guild: GuildId, now: Timestamp) -> Result<Vec<JobOrder>, BooksError> {
        let waiting = "WHERE remind = 1 AND last_daily >= ? ORDER BY user LIMIT ?";
        let accounts = self.accounts(waiting, &[now.day().0.into(), REMINDERS_MAX.into()])?;
        Ok(accounts.iter().map(|account| job::remind(guild, account, now)).collect())
    }
}

pub(super) fn read(sql: &impl Sql) -> Result<Option<Life>, BooksError> {
    let row = sql.query("SELECT id, after, is_set_back FROM life WHERE only = 0", &[])?.into_iter().next();
    let life = row.map(|row| {
        let mut row = Reader::new("life", Some(row));
        let (id, after) = (Timestamp(row.unsigned()?), JournalSeq(row.unsigned()?));
        Ok(Life { id, after, is_set_back: row.unsigned()? == 1 })
    });
    life.transpose()
}
