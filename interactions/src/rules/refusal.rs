//! A rule said no: a stable code, and a line that says what to do.

use protocol::{Coins, JournalSeq, Timestamp};

use super::QUANTITY_MAX;
use crate::{
    settings::BadSetting,
    text::{self, NOTE_MAX_CHARS, relative_time},
};

const ANSWERED_BEFORE: &str = "That was answered long ago. Nothing has happened now; type the command again.";
const STORE_FULL: &str = "The books of this server are full. Nothing has happened, and your coins are safe; tell who manages the server.";
const MAINTENANCE: &str = "Pulse is being looked after. Your coins are safe; try again in a few minutes.";
const PAUSED: &str = "The economy of this server is paused. Your coins are safe; try again later.";
const UNKNOWN_CHANNEL: &str =
    "That is no channel of this server. Choose one from the list that Discord shows.";

/// A rule said no. Nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Faster than anybody types.
    TooOften {
        /// The moment from which the next command is answered.
        next: Timestamp,
    },
    /// A limit of the plan that Pulse runs on is reached.
    LimitReached {
        /// When it takes rows again.
        next: Timestamp,
    },
    /// It was answered so long ago that the reply is not kept any more.
    AnsweredBefore,
    /// The storage of these books is full.
    StoreFull,
    /// Everything is paused.
    Maintenance,
    /// A manager has paused the economy of the server.
    Paused,
    /// Only who manages the server may.
    NotPermitted,
    /// An administrator has frozen the account.
    Frozen,
    /// An administrator has frozen the account that would be paid.
    RecipientFrozen,
    /// The daily of this day is claimed.
    DailyClaimed {
        /// The moment from which the next one can be claimed.
        next: Timestamp,
    },
    /// Too soon after the last time.
    Cooldown {
        /// The moment from which it is possible again.
        next: Timestamp,
    },
    /// A payment to oneself.
    SelfTransfer,
    /// A bot, which has no account, is named.
    BotRecipient,
    /// To somebody who is not in the server.
    NotAMember,
    /// Below the smallest amount.
    AmountTooSmall {
        /// The smallest amount that is allowed.
        min: Coins,
    },
    /// Above the largest amount.
    AmountTooLarge {
        /// The largest amount that is allowed.
        max: Coins,
    },
    /// The note is too long.
    NoteTooLong,
    /// A Discord account is too young.
    AccountTooYoung {
        /// The age it needs, in days.
        days: i64,
    },
    /// The Discord account of somebody who wants to earn is too young.
    OwnAccountTooYoung {
        /// The age it needs, in days.
        days: i64,
    },
    /// More than there is.
    InsufficientFunds {
        /// The player's balance.
        balance: Coins,
    },
    /// More than somebody else has, from whom it would be taken.
    HoldsLess {
        /// The balance of that account.
        balance: Coins,
    },
    /// More than may be sent in 24 hours.
    SendCap {
        /// The coins that may still be sent.
        left: Coins,
        /// The moment from which more may be sent.
        next: Timestamp,
    },
    /// More than the other may receive in 24 hours.
    ReceiveCap {
        /// The coins that may still be received.
        left: Coins,
        /// The moment from which more may be received.
        next: Timestamp,
    },
    /// The account that would be paid would hold more than the cap.
    RecipientCap,
    /// The server has not turned gambling on.
    GamblingOff,
    /// Not on the shelf.
    UnknownItem,
    /// An item's name of which nothing can be seen.
    NameMissing,
    /// Already on the shelf.
    ItemExists,
    /// The shelf has no room.
    ShelfFull {
        /// The most items that the shelf holds.
        max: u64,
    },
    /// A quantity that is not sold.
    BadQuantity,
    /// Fewer are left than are wanted.
    OutOfStock {
        /// The number that is left.
        left: u64,
    },
    /// A player may not hold that many.
    ItemLimit {
        /// The most that a player may hold.
        max: u64,
    },
    /// Acts of administrators need a reason.
    ReasonMissing,
    /// The player to act on has no account.
    UnknownPlayer,
    /// The player who asks has no account.
    NoAccount,
    /// A channel of which Discord has not said that it is in this server.
    UnknownChannel,
    /// Nothing would change.
    NothingToChange,
    /// The act that was to be confirmed is done, cancelled or too old.
    ConfirmationGone,
    /// There is no such row in the journal, or it is long gone.
    UnknownRow,
    /// The row moved no coins.
    MovedNothing,
    /// The row has been undone.
    AlreadyUndone {
        /// The row that undid it.
        by: JournalSeq,
    },
    /// The row undid another one.
    IsUndo,
    /// The party that would have to give the coins back holds fewer.
    UndoBelowZero {
        /// The coins that this party holds.
        balance: Coins,
    },
    /// The player who would get the coins back would hold more than the cap.
    UndoOverCap,
    /// A stock or a limit that no item has.
    BadCount {
        /// The largest stock or limit.
        max: i64,
    },
    /// A setting that cannot be.
    BadSetting(BadSetting),
    /// There is nothing on that page.
    NoSuchPage {
        /// The last page with anything on it; 0 when there is nothing at all.
        last: u64,
    },
}

impl Refusal {
    /// Stable, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooOften { .. } => "too_often",
            Self::LimitReached { .. } => "limit_reached",
            Self::AnsweredBefore => "answered_before",
            Self::StoreFull => "store_full",
            Self::Maintenance => "maintenance",
            Self::Paused => "paused",
            Self::NotPermitted => "not_permitted",
            Self::Frozen => "frozen",
            Self::RecipientFrozen => "recipient_frozen",
            Self::DailyClaimed { .. } => "daily_claimed",
            Self::Cooldown { .. } => "cooldown",
            Self::SelfTransfer => "self_transfer",
            Self::BotRecipient => "bot_recipient",
            Self::NotAMember => "not_a_member",
            Self::AmountTooSmall { .. } => "amount_too_small",
            Self::AmountTooLarge { .. } => "amount_too_large",
            Self::NoteTooLong => "note_too_long",
            Self::AccountTooYoung { .. } | Self::OwnAccountTooYoung { .. } => "account_too_young",
            Self::InsufficientFunds { .. } | Self::HoldsLess { .. } => "insufficient_funds",
            Self::SendCap { .. } => "send_cap",
            Self::ReceiveCap { .. } => "receive_cap",
            Self::RecipientCap => "recipient_cap",
            Self::GamblingOff => "gambling_off",
            Self::UnknownItem | Self::NameMissing => "unknown_item",
            Self::ItemExists => "item_exists",
            Self::ShelfFull { .. } => "shelf_full",
            Self::BadQuantity => "bad_quantity",
            Self::OutOfStock { .. } => "out_of_stock",
            Self::ItemLimit { .. } => "item_limit",
            Self::ReasonMissing => "reason_missing",
            Self::UnknownPlayer => "unknown_player",
            Self::NoAccount => "no_account",
            Self::UnknownChannel => "unknown_channel",
            Self::NothingToChange => "nothing_to_change",
            Self::ConfirmationGone => "confirmation_gone",
            Self::UnknownRow => "unknown_row",
            Self::MovedNothing => "moved_nothing",
            Self::AlreadyUndone { .. } => "already_undone",
            Self::IsUndo => "is_undo",
            Self::UndoBelowZero { .. } => "undo_below_zero",
            Self::UndoOverCap => "undo_over_cap",
            Self::BadCount { .. } => "bad_count",
            Self::BadSetting(_) => "bad_setting",
            Self::NoSuchPage { .. } => "no_such_page",
        }
    }

    /// Returns the line that the player reads: what is wrong, and what to do.
    pub fn line(&self) -> String {
        match self {
            Self::TooOften { next } => too_often(*next),
            Self::LimitReached { next } => limit_reached(*next),
            Self::AnsweredBefore => ANSWERED_BEFORE.to_owned(),
            Self::StoreFull => STORE_FULL.to_owned(),
            Self::Maintenance => MAINTENANCE.to_owned(),
            Self::Paused => PAUSED.to_owned(),
            Self::NotPermitted => {
                "This needs the permission Manage Server. Ask somebody who has it; they can let others in with \
                 `/economy settings key:economy_by_role value:on`."
                    .to_owned()
            }
            Self::Frozen => {
                "Your account is frozen: your coins are safe, and stay where they are. Ask who manages the server."
                    .to_owned()
            }
            Self::RecipientFrozen => {
                "Their account is frozen, and cannot be paid. Ask who manages the server.".to_owned()
            }
            Self::DailyClaimed { next } => {
                format!("You have claimed today's coins. The next daily comes {}.", relative_time(*next))
            }
            Self::Cooldown { next } => {
                format!("You have just worked. The next shift begins {}.", relative_time(*next))
            }
            Self::SelfTransfer => "You cannot pay yourself. Choose somebody else.".to_owned(),
            Self::BotRecipient => "Bots have no account. Choose a person.".to_owned(),
            Self::NotAMember => "They are not in this server. Choose somebody who is.".to_owned(),
            Self::AmountTooSmall { min } => format!("The least is {}.", text::coins(*min)),
            Self::AmountTooLarge { max } => format!("The most at a time is {}.", text::coins(*max)),
            Self::NoteTooLong => format!("At most {NOTE_MAX_CHARS} characters. Shorten the text."),
            Self::AccountTooYoung { days } => {
                format!("Both Discord accounts have to be at least {} old.", text::count(*days, "day"))
            }
            Self::OwnAccountTooYoung { days } => too_young_to_earn(*days),
            Self::InsufficientFunds { balance } => format!(
                "That is more than the {} you have. Try less, or earn more with `/daily` and `/work`.",
                text::coins(*balance)
            ),
            Self::HoldsLess { balance } => {
                format!("That is more than the {} they have. Take less.", text::coins(*balance))
            }
            Self::SendCap { left, next } => {
                format!(
                    "You may send {} more today; the limit is renewed {}.",
                    text::coins(*left),
                    relative_time(*next)
                )
            }
            Self::ReceiveCap { left, next } => format!(
                "They may receive {} more today; the limit is renewed {}.",
                text::coins(*left),
                relative_time(*next)
            ),
            Self::RecipientCap => {
                format!("An account holds at most {}. Try less, or later.", text::coins(Coins::PLAYER_CAP))
            }
            Self::GamblingOff => {
                "Gambling is off in this server. Who manages it turns it on with `/economy settings key:gambling value:on`."
                    .to_owned()
            }
            Self::UnknownItem => "There is no such item. `/shop` shows what there is.".to_owned(),
            Self::NameMissing => "Nothing of that name can be seen. Give one with letters, digits or emoji.".to_owned(),
            Self::ItemExists => {
                "There is an item of that name already. Edit it, or choose another name.".to_owned()
            }
            Self::ShelfFull { max } => format!("The shop holds {max} items. Remove one first."),
            Self::BadQuantity => format!("Buy from 1 to {QUANTITY_MAX} at a time."),
            Self::OutOfStock { left: 0 } => "Sold out. Come back later.".to_owned(),
            Self::OutOfStock { left } => format!("Only {left} left. Buy fewer."),
            Self::ItemLimit { max } => format!("One player may hold {max} of these. Buy fewer."),
            Self::ReasonMissing => "Say why: the reason stands in the audit.".to_owned(),
            Self::UnknownPlayer => "They have no account yet. `/daily` opens one.".to_owned(),
            Self::NoAccount => "You have no account here yet. `/daily` opens one.".to_owned(),
            Self::UnknownChannel => UNKNOWN_CHANNEL.to_owned(),
            Self::NothingToChange => "It is like that already: nothing would change. Name something else, or leave it.".to_owned(),
            Self::ConfirmationGone => {
                "That is done, cancelled, or too old. Type the command again.".to_owned()
            }
            Self::UnknownRow => "The journal has no such row.".to_owned(),
            Self::MovedNothing => "That row moved no coins: there is nothing to undo.".to_owned(),
            Self::AlreadyUndone { by } => format!("Row {by} has undone that already. Nothing is left to do."),
            Self::IsUndo => "That row undid another one. Give or take the coins instead.".to_owned(),
            Self::UndoBelowZero { balance } => format!(
                "What is left of it is {}: undoing that would leave less than nothing.",
                text::coins(*balance)
            ),
            Self::UndoOverCap => {
                format!(
                    "Undoing that would leave more than {}. Give what fits instead.",
                    text::coins(Coins::PLAYER_CAP)
                )
            }
            Self::BadCount { max } => {
                format!("Stock and limit are from 0 to {}, or `no limit` (-1 where only numbers can be typed).", text::grouped(*max))
            }
            Self::BadSetting(why) => format!("{why}. `/economy settings` shows them all."),
            Self::NoSuchPage { last: 0 } => "There is nothing yet.".to_owned(),
            Self::NoSuchPage { last } => format!("The last page is {last}."),
        }
    }
}

fn too_young_to_earn(days: i64) -> String {
    let age = text::count(days, "day");
    format!("Your Discord account has to be at least {age} old to earn coins here. Others can pay you.")
}

fn limit_reached(next: Timestamp) -> String {
    format!(
        "Pulse may write nothing more today: the limit of the plan that it runs on is reached. Nothing has happened, and your \
         coins are safe; try again {}.",
        relative_time(next)
    )
}

fn too_often(next: Timestamp) -> String {
    format!(
        "That is more than Pulse answers you at a time. Nothing has happened; go on {}.",
        relative_time(next)
    )
}
