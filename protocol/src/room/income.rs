//! Coins that come into being in one server, against its own past: blocks of ten minutes, and the mean of the blocks before.

use serde::{Deserialize, Serialize};

use crate::{Coins, Timestamp, time::MINUTE_MS};

/// The length of a block, in milliseconds.
pub(super) const BLOCK_MS: u64 = 10 * MINUTE_MS;
/// The mean forgets a block within about so many: a day.
const BLOCKS_OF_MEAN: u64 = 144;
/// Before so many blocks are known, nothing is out of line: six hours.
const BLOCKS_MIN: u64 = 36;
/// Fewer coins than these in a block are never out of line.
const COINS_MIN: u64 = 10_000;
/// The mean is kept in thousandths of a coin.
const MILLI: u64 = 1_000;

/// The income of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Income {
    /// The beginning of the block that is going on.
    pub begins: Timestamp,
    /// The coins that came into being in it.
    pub coins: u64,
    /// The mean of a block, in thousandths of a coin.
    pub mean_milli: u64,
    /// The number of blocks that are over.
    pub blocks: u64,
}

impl Income {
    /// Whether nothing is known yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        *self == Self::default()
    }

    /// Adds coins that were made at this moment. What comes later than its block has ended counts in the one that goes on.
    pub(super) fn add(&mut self, at: Timestamp, coins: Coins) {
        let begins = at.floor(BLOCK_MS);
        if self.begins == Timestamp::default() {
            self.begins = begins;
        }
        let over = begins.since(self.begins) / BLOCK_MS;
        for block in 0..over.min(8 * BLOCKS_OF_MEAN) {
            let coins = if block == 0 { self.coins } else { 0 };
            let gained = coins.saturating_mul(MILLI) / BLOCKS_OF_MEAN;
            self.mean_milli = (self.mean_milli - self.mean_milli / BLOCKS_OF_MEAN).saturating_add(gained);
        }
        if over > 0 {
            (self.begins, self.coins) = (begins, 0);
            self.blocks = self.blocks.saturating_add(over);
        }
        self.coins = self.coins.saturating_add(u64::try_from(coins.get()).unwrap_or(0));
    }

    /// Returns how many times the usual the block is that goes on; `None` while too little is known.
    pub(super) fn times(&self) -> Option<u64> {
        if self.blocks < BLOCKS_MIN {
            return None;
        }
        if self.coins < COINS_MIN {
            return Some(0);
        }
        // The mean of few blocks has not grown to its height yet.
        let known = self.blocks.min(BLOCKS_OF_MEAN);
        let usual = (self.mean_milli.saturating_mul(BLOCKS_OF_MEAN) / known / MILLI).max(1);
        Some(self.coins / usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_MS;

    const NOON: Timestamp = Timestamp(1_768_478_400_000);

    /// The income after so many coins in each block for so long, and these in the block that goes on.
    fn after(blocks: u64, each: i64, newest: i64) -> Income {
        let mut income = Income::default();
        for block in 0..blocks {
            income.add(NOON.plus(block * BLOCK_MS), Coins::new(each));
        }
        income.add(NOON.plus(blocks * BLOCK_MS), Coins::new(newest));
        income
    }

    #[test]
    fn a_block_is_held_against_the_servers_own_past() {
        for (blocks, each, newest, least, most) in [
            (36, 1_000, 10_000, 8, 12),
            (144, 1_000, 20_000, 25, 40), // The mean has come up to some 63 %.
            (2_000, 1_000, 20_000, 19, 21),
            (2_000, 100_000, 100_000, 0, 1),
            (2_000, 1_000, 9_999, 0, 0), // Few coins are never out of line.
        ] {
            let times = after(blocks, each, newest).times().unwrap();
            assert!((least..=most).contains(&times), "{blocks} blocks of {each}, then {newest}: {times}");
        }
        assert_eq!(after(35, 1_000, 1_000_000).times(), None, "too little is known");
    }

    #[test]
    fn a_server_that_slept_knows_that_it_made_nothing() {
        let mut income = after(144, 1_000, 0);
        income.add(NOON.plus(30 * DAY_MS), Coins::new(10_000));
        assert!(income.times().unwrap() > 1_000);
    }

    #[test]
    fn a_clock_that_steps_back_and_an_undo_break_nothing() {
        let mut income = after(144, 1_000, 0);
        income.add(NOON, Coins::new(12_000));
        income.add(NOON, Coins::new(-50_000));
        assert_eq!(income.coins, 12_000);
    }
}
