//! The clock on the wall, and how far it is from the one of Discord.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::Timestamp;

/// A clock that is further off is worth a word: signatures and jobs have times.
pub const SKEW_TOLERATED: Duration = Duration::from_secs(30);

/// The clock on the wall.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The time on the wall so long from now, as HTTP writes it.
pub fn on_the_wall(left: Duration) -> String {
    httpdate::fmt_http_date(SystemTime::now() + left)
}

/// The lead of this machine's clock over another's, in seconds; negative when it is behind. `None`: the other clock stands
/// before 1970.
pub fn skew_seconds(theirs: SystemTime) -> Option<i64> {
    let theirs = theirs.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(now().seconds().cast_signed() - theirs.cast_signed())
}

/// A complaint about a clock that is too far off; `None` when it is not.
pub fn complaint(skew_seconds: i64) -> Option<String> {
    let off = Duration::from_secs(skew_seconds.unsigned_abs());
    (off > SKEW_TOLERATED).then(|| {
        let direction = if skew_seconds > 0 { "ahead of" } else { "behind" };
        format!("this machine's clock is {} s {direction} Discord's: set it, best by NTP", off.as_secs())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_complained_about() {
        assert_eq!((complaint(0), complaint(-30)), (None, None));
        assert!(complaint(600).unwrap().contains("600 s ahead of"));
        assert!(complaint(-31).unwrap().contains("31 s behind"));
    }
}
