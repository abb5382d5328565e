//! The pace of everything that recurs. Life goes at a pace of 1; tests may be in a hurry.

use std::{num::NonZeroU32, time::Duration};

/// The factor by which everything that recurs goes faster: reports, jobs, and the waits between tries.
///
/// Patience is as long at any pace: Discord and the edge need the time they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(NonZeroU32);

impl Default for Pace {
    fn default() -> Self {
        Self(NonZeroU32::MIN)
    }
}

impl From<NonZeroU32> for Pace {
    fn from(times: NonZeroU32) -> Self {
        Self(times)
    }
}

impl Pace {
    /// The length of a wait at this pace.
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
        assert_eq!(Pace::default().of(wait), wait);
        let hurried = NonZeroU32::new(10).map(Pace::from).unwrap();
        assert_eq!(hurried.of(wait), Duration::from_millis(500));
    }
}
