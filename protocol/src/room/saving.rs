//! Rows that change with every delivery and every report: as few as durability needs.

use super::{
    Output, Room,
    row::{GuildRow, OpenSteps, Row},
};
use crate::{GuildId, Timestamp};

/// As long as no more servers than this have books, the row of the one that delivers has the open steps, too. Beyond that,
/// so many copies of them would be read whenever the room comes up.
const STEPS_WITH_BOOKS_MAX: u64 = 64;

impl Room {
    /// The row of the last report, with the open steps.
    pub(super) fn save_report(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        self.saved_at = now;
        let steps = self.steps(now, outputs);
        outputs.extend(self.bot.row(steps, self.watch.judges()).map(Output::Store));
    }

    /// The open steps in a row of their own.
    pub(super) fn save_steps(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let steps = self.steps(now, outputs);
        outputs.push(Output::Store(Row::Open(steps)));
    }

    /// A server's row, and the open steps.
    pub(super) fn save_books(
        &mut self,
        now: Timestamp,
        guild: GuildId,
        mut row: GuildRow,
        outputs: &mut Vec<Output>,
    ) {
        let steps = self.steps(now, outputs);
        if self.aggregates.guild_count() <= STEPS_WITH_BOOKS_MAX {
            row.steps = Some(steps);
        } else {
            outputs.push(Output::Store(Row::Open(steps)));
        }
        outputs.push(Output::Store(Row::Guild(guild, row)));
    }

    /// Stores what is over; gives what is not.
    fn steps(&mut self, now: Timestamp, outputs: &mut Vec<Output>) -> OpenSteps {
        OpenSteps { spent: self.spent.hours(), ..self.timeline.save(now, outputs) }
    }
}
