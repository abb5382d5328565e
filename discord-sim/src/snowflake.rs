//! Ids as Discord makes them: 42 bits of milliseconds since 2015, then 22 bits that keep one moment's ids apart.
//!
//! Source: <https://discord.com/developers/docs/reference#snowflakes>.

use std::sync::atomic::{AtomicU64, Ordering};

use protocol::Timestamp;

/// 2015-01-01T00:00:00Z.
const DISCORD_EPOCH: Timestamp = Timestamp(1_420_070_400_000);
const MOMENT_BITS: u32 = 22;

/// The application that payloads are for unless told otherwise.
pub const DEFAULT_APPLICATION: u64 = 1_090_000_000_000_000_000;

/// The id that Discord would have made at this moment, with these low 22 bits.
pub const fn snowflake(at: Timestamp, low: u64) -> u64 {
    (at.since(DISCORD_EPOCH) << MOMENT_BITS) | (low & ((1 << MOMENT_BITS) - 1))
}

/// The id that the stand-in gives a command of this name, as registration and interactions both tell it.
pub fn command_id(name: &str) -> String {
    // Any stable spreading of a few names over Discord's ids will do: FNV-1a.
    let spread = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (DEFAULT_APPLICATION + (spread >> 16)).to_string()
}

/// Makes ids that are never equal, whatever the clock does.
#[derive(Debug, Default)]
pub struct Snowflakes(AtomicU64);

impl Snowflakes {
    /// A fresh id, later than every other one from here. The low bits start at `entropy`, so that two makers differ.
    pub fn fresh(&self, now: Timestamp, entropy: u64) -> u64 {
        let wanted = snowflake(now, entropy);
        let later_than = |last: u64| wanted.max(last + 1);
        let last = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(later_than(last)));
        later_than(last.unwrap_or_else(|last| last))
    }
}

#[cfg(test)]
mod tests {
    use protocol::InteractionId;

    use super::*;

    #[test]
    fn an_id_tells_its_moment() {
        let at = Timestamp(1_700_000_000_123);
        assert_eq!(InteractionId(snowflake(at, u64::MAX)).created_at(), at);
    }

    #[test]
    fn one_moment_gives_many_ids() {
        let ids = Snowflakes::default();
        let made: Vec<u64> = (0..1_000).map(|_| ids.fresh(Timestamp(1_700_000_000_000), 7)).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        let after_a_step_back = ids.fresh(Timestamp(1_600_000_000_000), 0);
        assert!(made.iter().all(|&id| id < after_a_step_back));
    }
}
