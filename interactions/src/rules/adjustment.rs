//! Adjustments of an account by those who manage a server. Every coin of it comes from the mint or is burnt.

use protocol::Coins;
use serde::{Deserialize, Serialize};

use super::{Account, Refusal, Window, capped_sum};

/// The adjustment of a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Adjustment {
    /// So many coins more, from the mint.
    Give(Coins),
    /// So many coins less; they are burnt.
    Take(Coins),
    /// So many coins in all; the difference comes from the mint or is burnt.
    Set(Coins),
}

impl Adjustment {
    /// The amount as it was typed.
    pub const fn amount(self) -> Coins {
        match self {
            Self::Give(amount) | Self::Take(amount) | Self::Set(amount) => amount,
        }
    }
}

/// An account that was adjusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjusted {
    /// The account after it.
    pub account: Account,
    /// The coins that came from the mint; negative: coins that were burnt.
    pub change: Coins,
}

/// Adjusts. Refusals: `amount_too_small`, `amount_too_large`, `insufficient_funds`, `recipient_cap`,
/// `nothing_to_change`.
pub fn adjust(mut account: Account, adjustment: Adjustment) -> Result<Adjusted, Refusal> {
    let amount = adjustment.amount();
    let least = if matches!(adjustment, Adjustment::Set(_)) { Coins::ZERO } else { Coins::new(1) };
    if amount < least {
        return Err(Refusal::AmountTooSmall { min: least });
    }
    if amount > Coins::PLAYER_CAP {
        return Err(Refusal::AmountTooLarge { max: Coins::PLAYER_CAP });
    }
    let after = match adjustment {
        Adjustment::Take(_) if account.balance < amount => {
            return Err(Refusal::HoldsLess { balance: account.balance });
        }
        Adjustment::Take(_) => account.balance.saturating_minus(amount),
        Adjustment::Give(_) => capped_sum(account.balance, amount).ok_or(Refusal::RecipientCap)?,
        Adjustment::Set(_) => amount,
    };
    let change = after.saturating_minus(account.balance);
    if change == Coins::ZERO {
        return Err(Refusal::NothingToChange);
    }
    account.balance = after;
    Ok(Adjusted { account, change })
}

/// Takes back what a row of the journal moved: `by` more coins, or fewer. Refusals: `undo_below_zero`, `undo_over_cap`.
pub fn put_back(mut account: Account, by: Coins) -> Result<Account, Refusal> {
    let after = capped_sum(account.balance, by).ok_or(Refusal::UndoOverCap)?;
    if after < Coins::ZERO {
        return Err(Refusal::UndoBelowZero { balance: account.balance });
    }
    account.balance = after;
    Ok(account)
}

/// Puts an account back to its beginning. What today was claimed and worked stays claimed and worked, so that a reset
/// pays nobody twice.
pub fn reset(account: &Account) -> Adjusted {
    let fresh = Account {
        balance: Coins::ZERO,
        xp: 0,
        streak: 0,
        freezes: 0,
        sent: Window::default(),
        received: Window::default(),
        ..account.clone()
    };
    Adjusted { change: Coins::ZERO.saturating_minus(account.balance), account: fresh }
}
