//! A payment from one player to another.

use protocol::{Coins, Timestamp, UserId};

use super::{Account, OTHER_XP, Refusal, Window, capped_sum, is_old_enough};
use crate::{
    Person,
    settings::{Key, Settings},
    text::NOTE_MAX_CHARS,
};

/// A transfer that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The sender's account after it.
    pub from: Account,
    /// The recipient's account after it.
    pub to: Account,
    /// The coins that left the sender, the tax included.
    pub amount: Coins,
    /// The part of them that was burnt.
    pub tax: Coins,
}

/// A payment as somebody asks for it.
#[derive(Clone, Copy, Debug)]
pub struct TransferOrder<'a> {
    /// The recipient.
    pub to: &'a Person,
    /// The coins that leave the sender, the tax included.
    pub amount: Coins,
    /// The note, cleaned; refused above [`NOTE_MAX_CHARS`] characters.
    pub note: Option<&'a str>,
}

/// Checks what needs no look at an account. Refusals: `self_transfer`, `bot_recipient`, `not_a_member`, `amount_too_small`,
/// `amount_too_large`, `note_too_long`, `account_too_young`.
pub fn check_order(
    from: &Person,
    order: TransferOrder<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Result<(), Refusal> {
    let TransferOrder { to, amount, note } = order;
    let old_enough = |user: UserId| is_old_enough(user, settings, Key::PayAccountAgeDays, now);
    if to.id == from.id {
        return Err(Refusal::SelfTransfer);
    }
    if to.bot {
        return Err(Refusal::BotRecipient);
    }
    if to.absent {
        return Err(Refusal::NotAMember);
    }
    if amount < settings.coins(Key::PayMin) {
        return Err(Refusal::AmountTooSmall { min: settings.coins(Key::PayMin) });
    }
    if amount > settings.coins(Key::PayMax) {
        return Err(Refusal::AmountTooLarge { max: settings.coins(Key::PayMax) });
    }
    if note.is_some_and(|note| note.chars().count() > NOTE_MAX_CHARS) {
        return Err(Refusal::NoteTooLong);
    }
    if !(old_enough(from.id) && old_enough(to.id)) {
        return Err(Refusal::AccountTooYoung { days: settings.get(Key::PayAccountAgeDays) });
    }
    Ok(())
}

/// Transfers between two accounts. Refusals, after those of [`check_order`]: `frozen`, `recipient_frozen`,
/// `insufficient_funds`, `send_cap`, `receive_cap`, `recipient_cap`.
pub fn transfer(
    mut from: Account,
    mut to: Account,
    amount: Coins,
    settings: &Settings,
    now: Timestamp,
) -> Result<Transfer, Refusal> {
    from.check_free()?;
    to.check_free().map_err(|_| Refusal::RecipientFrozen)?;
    // Rounded up, so that a tax cannot be avoided by paying in single coins.
    let tax = Coins::new((amount.get() * settings.get(Key::PayTaxPercent) + 99) / 100);
    let arriving = amount.saturating_minus(tax);
    if from.balance < amount {
        return Err(Refusal::InsufficientFunds { balance: from.balance });
    }
    if let Some(left) = exceeded(from.sent, amount, settings.cap(Key::PaySendCap), now) {
        return Err(Refusal::SendCap { left, next: from.sent.renewed_at().max(now) });
    }
    if let Some(left) = exceeded(to.received, arriving, settings.cap(Key::PayReceiveCap), now) {
        return Err(Refusal::ReceiveCap { left, next: to.received.renewed_at().max(now) });
    }
    to.balance = capped_sum(to.balance, arriving).ok_or(Refusal::RecipientCap)?;
    from.balance = from.balance.saturating_minus(amount);
    from.sent.add(amount, now);
    to.received.add(arriving, now);
    from.grow(OTHER_XP, now.day());
    Ok(Transfer { from, to, amount, tax })
}

/// Returns the rest of a limit that this amount goes beyond; `None` when it stays within.
fn exceeded(window: Window, amount: Coins, cap: Option<Coins>, now: Timestamp) -> Option<Coins> {
    let left = cap?.saturating_minus(window.used(now)).max(Coins::ZERO);
    (amount > left).then_some(left)
}
