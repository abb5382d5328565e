//! When the next report is due: soon while somebody looks, and seldom after a while in which nobody did.

use std::time::{Duration, Instant};

use protocol::report::REPORT_EVERY_MS;

use crate::pace::Pace;

/// How often the bot is looked at when nothing else is said.
pub const SOON: Duration = Duration::from_millis(REPORT_EVERY_MS);
/// Nobody has to have looked for so long before reports become rare: who opens the page again within that finds it live.
const QUIET: Duration = Duration::from_mins(10);

/// The schedule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Schedule {
    quiet_since: Option<Instant>,
    due_at: Option<Instant>,
}

impl Schedule {
    /// Takes what the edge said to a report at `now`; gives after how long it is asked again, for reports and for jobs.
    pub fn told(&mut self, now: Instant, next: Duration, pace: Pace) -> Duration {
        if next <= SOON {
            *self = Self::default();
            return SOON;
        }
        let quiet = now.duration_since(*self.quiet_since.get_or_insert(now));
        if quiet < QUIET {
            return SOON;
        }
        // Half a tick less, or the tick that it is meant for could come just before.
        self.due_at = Some(now + pace.of(next.saturating_sub(SOON / 2)));
        next
    }

    /// Whether a report is due.
    pub fn is_due(&self, now: Instant) -> bool {
        self.due_at.is_none_or(|at| now >= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_become_rare_when_nobody_has_looked_for_ten_minutes_and_frequent_with_the_first_look() {
        let (mut schedule, start, rare) = (Schedule::default(), Instant::now(), Duration::from_secs(30));
        let at = |seconds| start + Duration::from_secs(seconds);
        for (second, next, expected) in [
            (0, rare, SOON),
            (5, rare, SOON),
            (595, rare, SOON),
            (600, rare, rare),
            (630, rare, rare),
            // Somebody looks.
            (660, SOON, SOON),
            (665, rare, SOON),
            (1_260, rare, SOON),
            (1_265, rare, rare),
        ] {
            assert!(schedule.is_due(at(second)), "at {second} s");
            assert_eq!(schedule.told(at(second), next, Pace::default()), expected, "at {second} s");
            assert_eq!(schedule.is_due(at(second + 5)), expected == SOON, "5 s after {second} s");
        }
    }
}
