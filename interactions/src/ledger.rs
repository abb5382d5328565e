//! The rules of money and growth. Each function is a flat ladder of refusals in their documented order, then the change.

use protocol::{Coins, Timestamp, UserId, time::Day};

use crate::{Person, settings::Settings};

/// Experience for a daily.
pub const DAILY_XP: u64 = 25;
/// Experience for any other command that changed something.
pub const OTHER_XP: u64 = 10;
/// The most experience in one UTC day.
pub const XP_PER_DAY_MAX: u64 = 200;
/// A freeze is earned with each so many days of streak.
pub const FREEZE_EVERY_DAYS: u64 = 7;
/// The most freezes one can hold.
pub const FREEZES_MAX: u64 = 2;
/// The longest note on a transfer, in characters.
pub const NOTE_MAX_CHARS: usize = 100;

/// A player's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub user: UserId,
    /// The name when last seen.
    pub name: String,
    /// What it holds.
    pub balance: Coins,
    /// Experience.
    pub xp: u64,
    /// The day that `xp_today` is of.
    pub xp_day: Day,
    /// Experience gained on that day.
    pub xp_today: u64,
    /// Days in a row with a daily.
    pub streak: u64,
    /// Missed days that will be forgiven.
    pub freezes: u64,
    /// The day of the last daily.
    pub last_daily: Option<Day>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// The owner's last command.
    pub last_at: Timestamp,
}

impl Account {
    /// A new account.
    pub fn open(person: &Person, now: Timestamp) -> Self {
        Self {
            user: person.id,
            name: person.name.clone(),
            balance: Coins::ZERO,
            xp: 0,
            xp_day: now.day(),
            xp_today: 0,
            streak: 0,
            freezes: 0,
            last_daily: None,
            created_at: now,
            last_at: Timestamp(0),
        }
    }

    /// The level that its experience gives: level L needs 50·L·(L+1).
    pub fn level(&self) -> u64 {
        level(self.xp)
    }
}

/// The level that this much experience gives.
pub fn level(xp: u64) -> u64 {
    // The largest L with 50·L·(L+1) ≤ xp, from the quadratic formula over integers.
    ((1 + 4 * (xp / 50)).isqrt() - 1) / 2
}

/// The experience that a level needs.
pub const fn xp_for_level(level: u64) -> u64 {
    50 * level * (level + 1)
}

/// A rule said no. Nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The daily of this day is claimed.
    DailyClaimed {
        /// When the next one can be claimed.
        next: Timestamp,
    },
    /// To oneself.
    SelfTransfer,
    /// To a bot.
    BotRecipient,
    /// Below the smallest transfer.
    AmountTooSmall {
        /// The smallest.
        min: Coins,
    },
    /// Above the largest transfer.
    AmountTooLarge {
        /// The largest.
        max: Coins,
    },
    /// The note is too long.
    NoteTooLong,
    /// A Discord account is too young.
    AccountTooYoung {
        /// The age it needs, in days.
        days: u64,
    },
    /// More than there is.
    InsufficientFunds {
        /// What there is.
        balance: Coins,
    },
    /// The account that would be paid would hold more than the cap.
    RecipientCap,
}

impl Refusal {
    /// Stable, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DailyClaimed { .. } => "daily_claimed",
            Self::SelfTransfer => "self_transfer",
            Self::BotRecipient => "bot_recipient",
            Self::AmountTooSmall { .. } => "amount_too_small",
            Self::AmountTooLarge { .. } => "amount_too_large",
            Self::NoteTooLong => "note_too_long",
            Self::AccountTooYoung { .. } => "account_too_young",
            Self::InsufficientFunds { .. } => "insufficient_funds",
            Self::RecipientCap => "recipient_cap",
        }
    }
}

/// A daily that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daily {
    /// The account after it.
    pub account: Account,
    /// What it paid.
    pub amount: Coins,
    /// Whether a freeze forgave a missed day.
    pub freeze_used: bool,
    /// Whether a freeze was earned.
    pub freeze_earned: bool,
}

/// Claims the daily. Refusals: `daily_claimed`, `recipient_cap`.
pub fn daily(mut account: Account, settings: &Settings, now: Timestamp) -> Result<Daily, Refusal> {
    let today = now.day();
    // A clock that stepped back must not pay the same day twice.
    if let Some(last) = account.last_daily.filter(|&last| last >= today) {
        return Err(Refusal::DailyClaimed { next: last.next().start() });
    }
    let missed = account.last_daily.map(|last| today.0 - last.0 - 1);
    let freeze_used = missed == Some(1) && account.freezes > 0;
    let goes_on = missed == Some(0) || freeze_used;
    let streak = if goes_on { account.streak + 1 } else { 1 };
    let amount = daily_amount(settings, streak);
    account.balance = capped_sum(account.balance, amount).ok_or(Refusal::RecipientCap)?;
    account.last_daily = Some(today);
    account.streak = streak;
    account.freezes -= u64::from(freeze_used);
    let freeze_earned = streak.is_multiple_of(FREEZE_EVERY_DAYS) && account.freezes < FREEZES_MAX;
    account.freezes += u64::from(freeze_earned);
    grow(&mut account, DAILY_XP, today);
    Ok(Daily { account, amount, freeze_used, freeze_earned })
}

/// A transfer that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The sender's account after it.
    pub from: Account,
    /// The recipient's account after it.
    pub to: Account,
    /// What left the sender.
    pub amount: Coins,
    /// What of it was burnt.
    pub tax: Coins,
}

/// What somebody asks to transfer.
#[derive(Clone, Copy, Debug)]
pub struct TransferOrder<'a> {
    /// To whom.
    pub to: &'a Person,
    /// How much.
    pub amount: Coins,
    /// The note.
    pub note: Option<&'a str>,
}

/// What can be refused without looking at an account. Refusals: `self_transfer`, `bot_recipient`, `amount_too_small`,
/// `amount_too_large`, `note_too_long`, `account_too_young`.
pub fn check_order(
    from: &Person,
    order: TransferOrder<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Result<(), Refusal> {
    let TransferOrder { to, amount, note } = order;
    let old_enough =
        |user: UserId| now.since(user.created_at()) >= settings.pay_account_age_days * protocol::time::DAY_MS;
    if to.id == from.id {
        return Err(Refusal::SelfTransfer);
    }
    if to.bot {
        return Err(Refusal::BotRecipient);
    }
    if amount < settings.pay_min {
        return Err(Refusal::AmountTooSmall { min: settings.pay_min });
    }
    if amount > settings.pay_max {
        return Err(Refusal::AmountTooLarge { max: settings.pay_max });
    }
    if note.is_some_and(|note| note.chars().count() > NOTE_MAX_CHARS) {
        return Err(Refusal::NoteTooLong);
    }
    if !(old_enough(from.id) && old_enough(to.id)) {
        return Err(Refusal::AccountTooYoung { days: settings.pay_account_age_days });
    }
    Ok(())
}

/// Transfers between two accounts. Refusals, after those of [`check_order`]: `insufficient_funds`, `recipient_cap`.
pub fn transfer(
    mut from: Account,
    mut to: Account,
    amount: Coins,
    settings: &Settings,
    now: Timestamp,
) -> Result<Transfer, Refusal> {
    if from.balance < amount {
        return Err(Refusal::InsufficientFunds { balance: from.balance });
    }
    // Rounded up, so that a tax cannot be avoided by paying in single coins.
    let tax = Coins::new((amount.get() * settings.pay_tax_percent + 99) / 100);
    let arriving = amount.saturating_minus(tax);
    to.balance = capped_sum(to.balance, arriving).ok_or(Refusal::RecipientCap)?;
    from.balance = from.balance.saturating_minus(amount);
    grow(&mut from, OTHER_XP, now.day());
    Ok(Transfer { from, to, amount, tax })
}

fn daily_amount(settings: &Settings, streak: u64) -> Coins {
    let days = i64::try_from(streak - 1).unwrap_or(i64::MAX);
    let bonus = days.saturating_mul(settings.daily_per_streak_day.get()).min(settings.daily_streak_max.get());
    settings.daily_base.saturating_plus(Coins::new(bonus))
}

fn capped_sum(balance: Coins, amount: Coins) -> Option<Coins> {
    balance.plus(amount).filter(|&sum| sum <= Coins::PLAYER_CAP)
}

fn grow(account: &mut Account, xp: u64, today: Day) {
    if account.xp_day != today {
        account.xp_day = today;
        account.xp_today = 0;
    }
    let gained = xp.min(XP_PER_DAY_MAX.saturating_sub(account.xp_today));
    account.xp += gained;
    account.xp_today += gained;
}
