//! The time scale of everything that recurs: 1 in life; tests may be in a hurry.

use std::{num::NonZeroU32, time::Duration};

/// The factor by which everything that recurs goes faster: reports, jobs, and the waits between tries.
///
/// Patience is as long at any time scale: Discord and the edge need the time they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeScale(NonZeroU32);

impl Default for TimeScale {
    fn default() -> Self {
        Self(NonZeroU32::MIN)
    }
}

impl From<NonZeroU32> for TimeScale {
    fn from(times: NonZeroU32) -> Self {
        Self(times)
    }
}

impl TimeScale {
    /// The length of a wait at this time scale.
    pub fn of(self, wait: Duration) -> Duration {
        wait / self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_as_long_as_it_is_unless_somebody_hurries() {
        let wait = Duration::from_secs(5);
        assert_eq!(TimeScale::default().of(wait), wait);
        let hurried = NonZeroU32::new(10).map(TimeScale::from).unwrap();
        assert_eq!(hurried.of(wait), Duration::from_millis(500));
    }
}
