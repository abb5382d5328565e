//! The daily: once a UTC calendar day, more with each day in a row.

use protocol::{Coins, Timestamp};

use super::{Account, DAILY_XP, Refusal, capped_sum, check_earner};
use crate::settings::{Key, Settings};

/// A freeze is earned with each so many days of streak.
pub const FREEZE_EVERY_DAYS: u64 = 7;
/// The most freezes one can hold.
pub const FREEZES_MAX: u64 = 2;

/// A daily that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daily {
    /// The account after it.
    pub account: Account,
    /// The coins that it paid, from the mint.
    pub amount: Coins,
    /// Whether a freeze forgave a missed day.
    pub freeze_used: bool,
    /// Whether a freeze was earned.
    pub freeze_earned: bool,
}

/// Claims the daily. Refusals: `account_too_young`, `frozen`, `daily_claimed`, `recipient_cap`.
pub fn daily(mut account: Account, settings: &Settings, now: Timestamp) -> Result<Daily, Refusal> {
    check_earner(account.user, settings, now)?;
    account.check_free()?;
    let today = now.day();
    // A clock that stepped back must not pay the same day twice.
    if let Some(last) = account.last_daily.filter(|&last| last >= today) {
        return Err(Refusal::DailyClaimed { next: last.next().start() });
    }
    let missed = account.last_daily.map(|last| today.0 - last.0 - 1);
    let streak = account.streak_on(today) + 1;
    let freeze_used = streak > 1 && missed == Some(1);
    let amount = daily_amount(settings, streak);
    account.balance = capped_sum(account.balance, amount).ok_or(Refusal::RecipientCap)?;
    account.last_daily = Some(today);
    account.streak = streak;
    account.freezes -= u64::from(freeze_used);
    let freeze_earned = streak.is_multiple_of(FREEZE_EVERY_DAYS) && account.freezes < FREEZES_MAX;
    account.freezes += u64::from(freeze_earned);
    account.grow(DAILY_XP, today);
    Ok(Daily { account, amount, freeze_used, freeze_earned })
}

fn daily_amount(settings: &Settings, streak: u64) -> Coins {
    let days = i64::try_from(streak - 1).unwrap_or(i64::MAX);
    let bonus =
        days.saturating_mul(settings.get(Key::DailyPerStreakDay)).min(settings.get(Key::DailyStreakMax));
    settings.coins(Key::DailyBase).saturating_plus(Coins::new(bonus))
}
