//! A coin is flipped: even chance, and a win pays double.

use protocol::{Coins, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Account, OTHER_XP, Refusal, capped_sum};
use crate::settings::{Key, Settings};

/// A side of the coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Heads.
    Heads,
    /// Tails.
    Tails,
}

/// A coin that has fallen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The account after it.
    pub account: Account,
    /// The side that came up.
    pub fell: Side,
    /// Whether that is the side that was bet on.
    pub won: bool,
}

/// Bets on a side. Refusals: `frozen`, `gambling_off`, `amount_too_small`, `amount_too_large`,
/// `insufficient_funds`, `recipient_cap`.
pub fn flip(
    mut account: Account,
    side: Side,
    bet: Coins,
    settings: &Settings,
    now: Timestamp,
    entropy: u64,
) -> Result<Flip, Refusal> {
    account.check_free()?;
    if !settings.is_on(Key::Gambling) {
        return Err(Refusal::GamblingOff);
    }
    if bet < Coins::new(1) {
        return Err(Refusal::AmountTooSmall { min: Coins::new(1) });
    }
    if bet > settings.coins(Key::CoinflipMax) {
        return Err(Refusal::AmountTooLarge { max: settings.coins(Key::CoinflipMax) });
    }
    if account.balance < bet {
        return Err(Refusal::InsufficientFunds { balance: account.balance });
    }
    // Before the coin is flipped: who could not be paid must not be able to lose, either.
    let doubled = capped_sum(account.balance, bet).ok_or(Refusal::RecipientCap)?;
    let fell = if entropy >> 63 == 0 { Side::Heads } else { Side::Tails };
    let won = fell == side;
    account.balance = if won { doubled } else { account.balance.saturating_minus(bet) };
    account.grow(OTHER_XP, now.day());
    Ok(Flip { account, fell, won })
}
