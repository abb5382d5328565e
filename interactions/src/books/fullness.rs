//! How full the storage of these books is. It is told at half and at four fifths; beyond a bound only those who manage the
//! server write, so that the rest suffices for them.

use protocol::{Event, Sentence, Severity, Source, Timestamp};

use super::{Books, BooksError, row::Reader};
use crate::{origin::Origin, sql::Sql};

/// An object may store so much on Cloudflare's paid plan, in bytes.
pub const STORE_MAX_BYTES: u64 = 10_000_000_000;
/// From here on, in percent, players' commands that would write are refused.
const FULL_PERCENT: u64 = 98;
/// Where it is told how full the storage is, once each, in percent.
const MARKS: [u64; 3] = [50, 80, FULL_PERCENT];
/// A mark is told again once the storage was emptier than it by so much, in percent.
const BACK_BY_PERCENT: u64 = 10;
/// The storage is measured with each of so many rows, and by the background's work.
const MEASURED_EVERY_ROWS: u64 = 64;

impl<S: Sql> Books<S> {
    /// The same with so many bytes of storage.
    #[must_use]
    pub fn bounded(mut self, store_max: u64) -> Self {
        self.store_max = store_max.max(1);
        self
    }

    /// How full the storage is, in percent, as it was last measured.
    pub fn store_percent(&self) -> Result<u64, BooksError> {
        let stored = match self.stored.get() {
            Some(stored) => stored,
            None => self.sql.size()?,
        };
        self.stored.set(Some(stored));
        Ok(stored.saturating_mul(100) / self.store_max)
    }

    /// Whether players' commands that would write are refused. The row that tells of it is still written.
    pub fn is_full(&self) -> Result<bool, BooksError> {
        Ok(self.store_percent()? >= FULL_PERCENT
            && self.cached(|kept| Ok(kept.told_percent))? >= FULL_PERCENT)
    }

    /// Measures with the next question.
    pub(super) fn measure_anew(&self) {
        self.stored.set(None);
    }

    /// The event that tells how full the storage is, when it has come to a mark; it travels with the row that is being
    /// written.
    pub(super) fn tell_fullness(
        &self,
        origin: &Origin<'_>,
        now: Timestamp,
        row: u64,
    ) -> Result<Option<Event>, BooksError> {
        if row.is_multiple_of(MEASURED_EVERY_ROWS) {
            self.measure_anew();
        }
        let percent = self.store_percent()?;
        let mark = MARKS.into_iter().rfind(|mark| percent >= *mark).unwrap_or(0);
        let told = self.cached(|kept| Ok(kept.told_percent))?;
        let is_news = mark > told;
        if !is_news && percent.saturating_add(BACK_BY_PERCENT) >= told {
            return Ok(None);
        }
        self.write("UPDATE upkeep SET told_percent = ?", &[mark.into()])?;
        self.cached(|kept| {
            kept.told_percent = mark;
            Ok(())
        })?;
        Ok(is_news.then(|| warning(origin, now, mark, percent)))
    }
}

fn warning(origin: &Origin<'_>, now: Timestamp, mark: u64, percent: u64) -> Event {
    let message =
        Sentence::new("The books of this server take up ").number(percent).words(" % of their storage");
    let (severity, message) = if mark < FULL_PERCENT {
        (Severity::Warn, message)
    } else {
        (Severity::Error, message.words(": whoever plays can only look now, until there is more room"))
    };
    Event::new(format!("{}-store-{mark}", origin.id), now, origin.guild, severity, Source::Edge, message)
}

pub(super) fn read_told(sql: &impl Sql) -> Result<u64, BooksError> {
    let row = sql.query("SELECT told_percent FROM upkeep", &[])?.into_iter().next();
    Reader::new("upkeep", row).unsigned()
}
