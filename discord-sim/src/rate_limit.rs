//! The rate limits of Discord's REST API.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::lock::lock;

/// Requests that one bucket takes in one window.
pub(crate) const BUCKET_SIZE: u32 = 10;
/// The length of a window, from its first request on.
pub(crate) const BUCKET_WINDOW: Duration = Duration::from_secs(1);
/// Buckets that are remembered before those of the past are let go.
const BUCKETS_KEPT: usize = 1_000;

/// The rate limits: a window for each route of each server, channel or webhook.
#[derive(Debug, Default)]
pub(crate) struct RateLimits(Mutex<HashMap<String, Window>>);

#[derive(Clone, Copy, Debug)]
struct Window {
    ends: Instant,
    used: u32,
}

/// A window after one request; `remaining` is `None` when the request was one too many.
pub(crate) struct Usage {
    pub(crate) remaining: Option<u32>,
    pub(crate) reset_after: Duration,
}

impl RateLimits {
    /// Counts one request to `bucket`.
    pub(crate) fn take(&self, bucket: &str, now: Instant) -> Usage {
        let mut windows = lock(&self.0);
        if windows.len() > BUCKETS_KEPT {
            windows.retain(|_, window| window.ends > now);
        }
        let fresh = Window { ends: now + BUCKET_WINDOW, used: 0 };
        let window = windows.entry(bucket.to_owned()).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        window.used += 1;
        Usage {
            remaining: BUCKET_SIZE.checked_sub(window.used),
            reset_after: window.ends.saturating_duration_since(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_takes_so_many_in_a_window_and_others_do_not_count() {
        let limits = RateLimits::default();
        let now = Instant::now();
        let take = |bucket, at| limits.take(bucket, at).remaining;
        let taken: Vec<_> = (0..=BUCKET_SIZE).map(|_| take("one", now)).collect();
        assert_eq!((taken[0], taken[9], taken[10]), (Some(9), Some(0), None));
        assert_eq!(take("other", now), Some(9));
        assert_eq!(take("one", now + BUCKET_WINDOW), Some(9));
    }
}
