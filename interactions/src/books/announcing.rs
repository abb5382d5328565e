//! Announcements of who has become the richest, in the server's channel, if it has named one.

use protocol::{Timestamp, UserId, record::JobOrder};

use super::{Books, BooksError, Change, row::Reader};
use crate::{
    job,
    origin::Origin,
    rules::Account,
    sql::{Sql, Value},
};

/// The start of a race: the players who may become the richest by a command, and the one who was before it.
pub(super) struct Race {
    channel: String,
    leader: Option<UserId>,
    rising: Vec<UserId>,
}

impl<S: Sql> Books<S> {
    /// Returns the id of the channel for announcements; `None` until the server has named one.
    pub fn announce_channel(&self) -> Result<Option<String>, BooksError> {
        self.cached(|kept| Ok(kept.announce.clone()))
    }

    pub(super) fn write_announce_channel(&self, channel: Option<String>) -> Result<(), BooksError> {
        let parameter: Value = channel.clone().into();
        self.write("INSERT OR REPLACE INTO announce (only, channel) VALUES (0, ?)", &[parameter])?;
        self.cached(|kept| {
            kept.announce = channel;
            Ok(())
        })
    }

    /// Looks at the top before a command; `None` when there will be nothing to tell.
    pub(super) fn race(&self, changes: &[Change]) -> Result<Option<Race>, BooksError> {
        let rises = |change: &&Change| {
            let held = change.before.as_ref().map(|before| before.balance).unwrap_or_default();
            change.after.balance > held
        };
        let rising: Vec<UserId> = changes.iter().filter(rises).map(|change| change.after.user).collect();
        if rising.is_empty() {
            return Ok(None);
        }
        let Some(channel) = self.announce_channel()? else { return Ok(None) };
        let first = self.first_two()?;
        // The first of all has passed nobody.
        Ok((!first.is_empty()).then(|| Race { channel, leader: leader(first).map(|top| top.user), rising }))
    }

    /// Returns the announcement to make after the command, if somebody has become the richest.
    pub(super) fn finish(
        &self,
        race: Option<Race>,
        origin: &Origin<'_>,
        now: Timestamp,
    ) -> Result<Option<JobOrder>, BooksError> {
        let Some(Race { channel, leader: before, rising }) = race else { return Ok(None) };
        let top = leader(self.first_two()?);
        let top = top.filter(|top| Some(top.user) != before && rising.contains(&top.user));
        Ok(top.map(|top| job::announce(origin.guild, channel, &top, now)))
    }

    fn first_two(&self) -> Result<Vec<Account>, BooksError> {
        self.accounts("WHERE balance > 0 ORDER BY balance DESC, user LIMIT 2", &[])
    }
}

/// Returns the account with more than everybody else's: none, when the first two hold the same.
fn leader(first_two: Vec<Account>) -> Option<Account> {
    let mut first_two = first_two.into_iter();
    let top = first_two.next()?;
    first_two.next().is_none_or(|second| second.balance < top.balance).then_some(top)
}

pub(super) fn read_channel(sql: &impl Sql) -> Result<Option<String>, BooksError> {
    let row = sql.query("SELECT channel FROM announce WHERE only = 0", &[])?.into_iter().next();
    row.map_or(Ok(None), |row| Reader::new("announce", Some(row)).optional_text())
}
