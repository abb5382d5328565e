//! Work: some coins now and then.

use protocol::{Coins, Timestamp};

use super::{Account, Refusal, WORK_XP, capped_sum, check_earner, drawn};
use crate::settings::{Key, Settings};

/// A shift that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The account after it.
    pub account: Account,
    /// The coins that it paid, from the mint.
    pub amount: Coins,
    /// The moment from which the next one can begin.
    pub next: Timestamp,
}

/// Works a shift. Refusals: `account_too_young`, `frozen`, `cooldown`, `recipient_cap`.
pub fn work(
    mut account: Account,
    settings: &Settings,
    now: Timestamp,
    entropy: u64,
) -> Result<Shift, Refusal> {
    check_earner(account.user, settings, now)?;
    account.check_free()?;
    let cooldown = settings.work_cooldown_ms();
    // A clock that stepped back must not shorten the wait.
    if let Some(next) = account.last_work.map(|last| last.plus(cooldown)).filter(|&next| now < next) {
        return Err(Refusal::Cooldown { next });
    }
    let amount = Coins::new(drawn(settings.get(Key::WorkMin), settings.get(Key::WorkMax), entropy));
    account.balance = capped_sum(account.balance, amount).ok_or(Refusal::RecipientCap)?;
    account.last_work = Some(now);
    account.grow(WORK_XP, now.day());
    Ok(Shift { account, amount, next: now.plus(cooldown) })
}
