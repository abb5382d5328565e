//! What a server may set, with its defaults.

use protocol::Coins;

/// A server's rules in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What a daily pays on the first day of a streak.
    pub daily_base: Coins,
    /// What each further day of the streak adds.
    pub daily_per_streak_day: Coins,
    /// The most that the streak adds.
    pub daily_streak_max: Coins,
    /// The smallest transfer.
    pub pay_min: Coins,
    /// The largest transfer.
    pub pay_max: Coins,
    /// Of a transfer, burnt; in percent.
    pub pay_tax_percent: i64,
    /// How old both Discord accounts have to be for a transfer, in days.
    pub pay_account_age_days: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            daily_base: Coins::new(100),
            daily_per_streak_day: Coins::new(10),
            daily_streak_max: Coins::new(200),
            pay_min: Coins::new(1),
            pay_max: Coins::new(1_000_000),
            pay_tax_percent: 0,
            pay_account_age_days: 0,
        }
    }
}
