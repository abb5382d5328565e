//! Rest: while nobody watches or plays, the room wants to hear of the bot less often.

use super::Room;
use crate::{
    Timestamp,
    report::{NextReport, REPORT_AT_REST_EVERY_MS, REPORT_EVERY_MS},
    time::MINUTE_MS,
};

/// The room is at rest after this many milliseconds without a viewer or a command. People look away for less.
pub const REST_AFTER_MS: u64 = 10 * MINUTE_MS;

impl Room {
    /// Returns when the next report is wanted: soon while somebody watches, plays, or has just done so.
    pub fn next_report(&self, now: Timestamp) -> NextReport {
        let busy_at = self.busy_at.unwrap_or_default();
        let is_busy = !self.viewers.is_empty() || now.since(busy_at) < REST_AFTER_MS;
        let in_ms = if is_busy { REPORT_EVERY_MS } else { REPORT_AT_REST_EVERY_MS };
        NextReport { in_ms, jobs_due: self.waiting.is_any_due(now) }
    }

    /// Somebody looks without a socket, or at a server's own room.
    pub fn look(&mut self, now: Timestamp) {
        self.wake(now);
        self.busy_at = Some(now);
    }

    /// After a restart: gives the bot the time to report before it counts as offline, and goes on resting if it did. Every
    /// input does so; a look that is no input has to.
    pub(super) fn wake(&mut self, now: Timestamp) {
        self.bot.come_back(now);
        if self.busy_at.is_none() {
            self.busy_at = Some(if self.bot.is_at_rest() { Timestamp::default() } else { now });
        }
    }
}
