//! The rules of money and growth. Each function is a flat ladder of refusals in their documented order, then the change.

mod adjustment;
mod coinflip;
mod daily;
mod purchase;
mod refusal;
mod transfer;
mod work;

use protocol::{
    Coins, JournalSeq, Timestamp, UserId,
    time::{DAY_MS, Day},
};

pub use self::{
    adjustment::{Adjusted, Adjustment, adjust, put_back, reset},
    coinflip::{Flip, Side, flip},
    daily::{Daily, daily},
    purchase::{Item, Purchase, QUANTITY_MAX, purchase},
    refusal::Refusal,
    transfer::{Transfer, TransferOrder, check_order, transfer},
    work::{Shift, work},
};
use crate::{
    Person,
    settings::{Key, Settings},
};

/// Experience for a daily.
pub const DAILY_XP: u64 = 25;
/// Experience for a shift of `/work`.
pub const WORK_XP: u64 = 15;
/// Experience for any other command of a player that changed something.
pub const OTHER_XP: u64 = 10;
/// The most experience in one UTC day.
pub const XP_PER_DAY_MAX: u64 = 200;

/// A player's account, as the rules read and change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The owner's user id.
    pub user: UserId,
    /// The name when last seen.
    pub name: String,
    /// The balance, from 0 to [`Coins::PLAYER_CAP`].
    pub balance: Coins,
    /// Experience points, which make the level.
    pub xp: u64,
    /// The day that `xp_today` is of.
    pub xp_day: Day,
    /// Experience gained on that day.
    pub xp_today: u64,
    /// Days in a row with a daily, as of the last one; see [`Account::streak_on`].
    pub streak: u64,
    /// Missed days that will be forgiven.
    pub freezes: u64,
    /// The day of the last daily.
    pub last_daily: Option<Day>,
    /// The last shift of work.
    pub last_work: Option<Timestamp>,
    /// The coins sent by `/pay`, for the limit of 24 hours.
    pub sent: Window,
    /// The coins received by `/pay`, for the limit of 24 hours.
    pub received: Window,
    /// Whether the owner wants a message when the next daily can be claimed.
    pub remind: bool,
    /// Whether its coins have to stay where they are.
    pub frozen: bool,
    /// The newest journal row that moved this account's coins.
    pub last_row: Option<JournalSeq>,
    /// The moment at which it was opened.
    pub created_at: Timestamp,
    /// The owner's last command.
    pub last_at: Timestamp,
}

impl Account {
    /// Opens an account for a person: everything is 0, and nothing is written yet.
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
            last_work: None,
            sent: Window::default(),
            received: Window::default(),
            remind: false,
            frozen: false,
            last_row: None,
            created_at: now,
            last_at: Timestamp(0),
        }
    }

    /// The level that its experience gives: level L needs 50·L·(L+1).
    pub fn level(&self) -> u64 {
        level(self.xp)
    }

    /// The streak that a daily on this day would still go on from, or has already gone on to; 0 once it has ended.
    pub fn streak_on(&self, today: Day) -> u64 {
        let forgiven = u64::from(self.freezes > 0);
        match self.last_daily {
            Some(last) if today.0 <= last.0 + 1 + forgiven => self.streak,
            _ => 0,
        }
    }

    /// Refuses to move the coins of a frozen account: `frozen`.
    fn check_free(&self) -> Result<(), Refusal> {
        if self.frozen { Err(Refusal::Frozen) } else { Ok(()) }
    }

    /// More experience, as far as the day's limit allows.
    fn grow(&mut self, xp: u64, today: Day) {
        if self.xp_day != today {
            self.xp_day = today;
            self.xp_today = 0;
        }
        let gained = xp.min(XP_PER_DAY_MAX.saturating_sub(self.xp_today));
        self.xp += gained;
        self.xp_today += gained;
    }
}

/// The coins that went one way within 24 hours. The hours begin with the first payment, and start anew with the first
/// payment after they are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The moment at which the hours began.
    pub since: Timestamp,
    /// The coins that have gone since.
    pub total: Coins,
}

impl Window {
    /// Returns the coins that have gone in the hours that run now; 0 when they are over.
    fn used(self, now: Timestamp) -> Coins {
        if now.since(self.since) < DAY_MS { self.total } else { Coins::ZERO }
    }

    /// Returns the moment from which the next hours can begin.
    fn renewed_at(self) -> Timestamp {
        self.since.plus(DAY_MS)
    }

    fn add(&mut self, amount: Coins, now: Timestamp) {
        if now.since(self.since) >= DAY_MS {
            *self = Self { since: now, total: Coins::ZERO };
        }
        self.total = self.total.saturating_plus(amount);
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

/// Whether a Discord account is as old as a setting wants, by the moment in its id.
fn is_old_enough(user: UserId, settings: &Settings, key: Key, now: Timestamp) -> bool {
    let days = u64::try_from(settings.get(key)).unwrap_or(0);
    now.since(user.created_at()) >= days * DAY_MS
}

/// Refuses to let somebody earn whose Discord account is too young: `account_too_young`.
fn check_earner(user: UserId, settings: &Settings, now: Timestamp) -> Result<(), Refusal> {
    if is_old_enough(user, settings, Key::EarnAccountAgeDays, now) {
        return Ok(());
    }
    Err(Refusal::OwnAccountTooYoung { days: settings.get(Key::EarnAccountAgeDays) })
}

/// The sum, if an account may hold it.
fn capped_sum(balance: Coins, amount: Coins) -> Option<Coins> {
    balance.plus(amount).filter(|&sum| sum <= Coins::PLAYER_CAP)
}

/// A number from `low` to `high`, each as likely as the next to within 2^-40, drawn from 64 random bits.
fn drawn(low: i64, high: i64, entropy: u64) -> i64 {
    let span = u128::from(high.abs_diff(low)) + 1;
    let offset = (u128::from(entropy) * span) >> 64;
    low + i64::try_from(offset).unwrap_or(0)
}
