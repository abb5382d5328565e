//! Work in the background, in bounded steps: a snapshot of the standings, rows that nobody needs any more, and streaks
//! that have ended. A player never waits for it.

use protocol::{
    JournalSeq, Timestamp,
    time::{Day, HOUR_MS},
};

use super::{Books, BooksError, Measure, row::Reader, shop::PENDING_MAX_MS, standings::RankMoves};
use crate::sql::{Sql, Value};

/// The standings are stored each time that so many rows have come.
const SNAPSHOT_EVERY_ROWS: u64 = 256;
/// Rows that moved no money, and the replies of all, are kept at least this long, in milliseconds: twice the day in which
/// Discord may repeat a call.
pub const REPLIES_KEPT_MS: u64 = 48 * HOUR_MS;
/// The replies of older rows are kept until the storage is so full, in percent: before anybody is warned of it.
const LET_GO_FROM_PERCENT: u64 = 40;
/// Journal rows that one step looks at.
const PRUNE_STEP: u64 = 500;
/// So many rows are let go together at least, while there is room: one at a time would be a row to write with each command.
const PRUNED_TOGETHER: u64 = 16;
/// Accounts that one step looks at.
const STREAKS_STEP: u64 = 5_000;

impl<S: Sql> Books<S> {
    /// One step. Says whether there is more to do at once.
    pub fn tidy(&self, now: Timestamp) -> Result<bool, BooksError> {
        self.keep_acknowledgements_if_worth_it()?;
        self.measure_anew();
        let seq = self.totals()?.seq;
        if self.cached(|kept| Ok(kept.standings.unstored(seq) >= SNAPSHOT_EVERY_ROWS))? {
            self.store_standings(seq)?;
        }
        let expired = now.minus(PENDING_MAX_MS);
        self.write("DELETE FROM pending WHERE at <= ?", &[expired.into()])?;
        let (more_rows, more_streaks) = (self.prune(now, seq)?, self.end_streaks(now.day(), seq)?);
        let more_replies = self.let_go_of_replies()?;
        Ok(more_rows || more_replies || more_streaks)
    }

    /// The part of a step that makes room, for a storage that has none: the rest would need some.
    pub fn make_room(&self, now: Timestamp) -> Result<bool, BooksError> {
        self.keep_acknowledgements()?;
        self.measure_anew();
        let (more_rows, more_replies) = (self.prune(now, self.totals()?.seq)?, self.let_go_of_replies()?);
        Ok(more_rows || more_replies)
    }

    /// Replies in old rows that stay for ever are let go once the storage fills up: before, it costs nothing to keep them, and a
    /// row to write to let go of one. An action's answer stays, which its key asks for.
    fn let_go_of_replies(&self) -> Result<bool, BooksError> {
        if self.store_percent()? < LET_GO_FROM_PERCENT {
            return Ok(false);
        }
        let row = self.sql.query("SELECT let_go_to, pruned_to FROM upkeep", &[])?.into_iter().next();
        let mut row = Reader::new("upkeep", row);
        let (from, upto) = (row.unsigned()?, row.unsigned()?);
        let last = upto.min(from.saturating_add(PRUNE_STEP));
        if last <= from {
            return Ok(false);
        }
        self.let_go_of_said(from, last)?;
        self.write("UPDATE upkeep SET let_go_to = ?", &[last.into()])?;
        self.measure_anew();
        Ok(last < upto)
    }

    /// Deletes old rows in which no money moved and no administrator acted. The newest row stays: it holds the totals.
    fn prune(&self, now: Timestamp, newest: JournalSeq) -> Result<bool, BooksError> {
        let oldest_kept = now.minus(REPLIES_KEPT_MS);
        let together = if self.store_percent()? < LET_GO_FROM_PERCENT { PRUNED_TOGETHER } else { 1 };
        let statement = "SELECT at FROM journal WHERE seq > (SELECT pruned_to FROM upkeep)
            ORDER BY seq LIMIT 1 OFFSET ?";
        let row = self.sql.query(statement, &[(together - 1).into()])?.into_iter().next();
        let Some(row) = row else { return Ok(false) };
        if Timestamp(Reader::new("journal", Some(row)).unsigned()?) >= oldest_kept {
            return Ok(false);
        }
        let statement = "SELECT seq, at FROM journal
            WHERE seq > (SELECT pruned_to FROM upkeep) AND seq <= ? AND seq < ? ORDER BY seq LIMIT ?";
        let heard = self.acknowledged_by_all()?.min(newest.0);
        let rows = self.sql.query(statement, &[heard.into(), newest.0.into(), PRUNE_STEP.into()])?;
        let (mut last, mut passed) = (None, 0);
        for row in rows {
            let mut row = Reader::new("journal", Some(row));
            let (seq, at) = (row.unsigned()?, Timestamp(row.unsigned()?));
            if at >= oldest_kept {
                break;
            }
            last = Some(seq);
            passed += 1;
        }
        let Some(last) = last.filter(|_| passed >= together) else { return Ok(false) };
        let delete = "DELETE FROM journal WHERE seq > (SELECT pruned_to FROM upkeep) AND seq <= ?
            AND debit IS NULL AND audit = 0";
        self.write(delete, &[last.into()])?;
        self.write("UPDATE upkeep SET pruned_to = ?", &[last.into()])?;
        Ok(passed == PRUNE_STEP)
    }

    /// Once a day, streaks that have ended become 0, so that no board shows them.
    fn end_streaks(&self, today: Day, seq: JournalSeq) -> Result<bool, BooksError> {
        let row = self.sql.query("SELECT streaks_day, streaks_after FROM upkeep", &[])?.into_iter().next();
        let mut row = Reader::new("upkeep", row);
        let (done_for, after) = (Day(row.unsigned()?), row.optional_text()?);
        if done_for >= today {
            return Ok(false);
        }
        let after = after.unwrap_or_default();
        let boundary = "SELECT user FROM accounts WHERE user > ? ORDER BY user LIMIT 1 OFFSET ?";
        let boundary =
            self.sql.query(boundary, &[after.as_str().into(), STREAKS_STEP.into()])?.into_iter().next();
        let boundary = boundary.map(|row| Reader::new("accounts", Some(row)).text()).transpose()?;
        // Ids are digits, and any letter sorts after them.
        let upto = boundary.clone().unwrap_or_else(|| "z".to_owned());
        let range: [Value; 3] = [after.into(), upto.into(), today.0.into()];
        self.zero_streaks(&range, seq)?;
        let (day, after) = if boundary.is_some() { (done_for, boundary) } else { (today, None) };
        self.write(
            "UPDATE upkeep SET streaks_day = ?, streaks_after = ?",
            &[day.0.into(), after.clone().into()],
        )?;
        Ok(after.is_some())
    }

    fn zero_streaks(&self, range: &[Value; 3], seq: JournalSeq) -> Result<(), BooksError> {
        let ended = "WHERE user > ?1 AND user <= ?2 AND streak > 0 AND last_daily + 1 + (freezes > 0) < ?3";
        let rows = self.sql.query(&format!("SELECT streak FROM accounts {ended}"), range)?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let mut moves = RankMoves::default();
            moves[Measure::Streak as usize] = Some((Reader::new("accounts", Some(row)).integer()?, 0));
            all.push(moves);
        }
        self.write(&format!("UPDATE accounts SET streak = 0 {ended}"), range)?;
        self.move_standings(&all)?;
        // No journal row says this, so the snapshot has to.
        self.store_standings(seq)
    }

    fn store_standings(&self, seq: JournalSeq) -> Result<(), BooksError> {
        self.cached(|kept| kept.standings.store(&self.sql, seq))
    }
}
