//! The waits between tries, and the lines about them: one when it starts failing, one when it is well again.

use std::time::Duration;

/// The wait after the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The wait after so many failures in a row: 1 s at first, doubled up to 30 s.
pub fn wait_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

/// The same wait, less a random part of up to half, so that many who failed together do not come back together.
pub fn jittered(wait: Duration, entropy: u64) -> Duration {
    let half = wait / 2;
    let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
    wait.saturating_sub(Duration::from_millis(entropy % millis.saturating_add(1)))
}

/// Knows whether something works, and notices when that changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    failures: u32,
}

/// A change that is worth a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It worked, or was not tried, and now it fails.
    Failing,
    /// It failed so many times, and now it works.
    Recovered(u32),
}

impl Health {
    /// One more try, and how it ended.
    pub fn observe(&mut self, works: bool) -> Option<Change> {
        let failures_before = self.failures;
        self.failures = if works { 0 } else { failures_before.saturating_add(1) };
        match (failures_before, works) {
            (0, false) => Some(Change::Failing),
            (1.., true) => Some(Change::Recovered(failures_before)),
            _ => None,
        }
    }

    /// Failures since it last worked.
    pub fn failures(self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let seconds: Vec<u64> = [0, 1, 2, 3, 4, 5, 6, u32::MAX].map(|n| wait_after(n).as_secs()).into();
        assert_eq!(seconds, [1, 1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn jitter_takes_up_to_half() {
        let wait = Duration::from_secs(8);
        for (entropy, expected) in [(0, 8_000), (1, 7_999), (4_000, 4_000), (4_001, 8_000)] {
            assert_eq!(jittered(wait, entropy).as_millis(), expected, "{entropy}");
        }
    }

    #[test]
    fn only_changes_are_told() {
        use Change::{Failing, Recovered};
        let cases: [(&[bool], &[Option<Change>]); 4] = [
            (&[true, true], &[None, None]),
            (&[false, false, false], &[Some(Failing), None, None]),
            (&[false, false, true, true], &[Some(Failing), None, Some(Recovered(2)), None]),
            (&[true, false, true, false], &[None, Some(Failing), Some(Recovered(1)), Some(Failing)]),
        ];
        for (tries, told) in cases {
            let mut health = Health::default();
            let heard: Vec<_> = tries.iter().map(|&works| health.observe(works)).collect();
            assert_eq!(heard, told, "{tries:?}");
        }
    }
}
