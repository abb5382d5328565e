//! Views of one server's books for its administrators: journal, players, rules, shelf and proof.

use serde::{Deserialize, Serialize};

use crate::{Coins, InteractionId, JournalSeq, Timestamp, UserId};

/// The most rows in one page of the journal.
pub const JOURNAL_PAGE_MAX: u64 = 200;

/// Players in one page.
pub const PLAYERS_PAGE: u64 = 50;
/// The most pages of players.
pub const PLAYERS_PAGES_MAX: u64 = 100;

/// One journal row: an answered interaction, or an action from the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalRow {
    /// Its number. Numbers have no gaps when they are given; reads and refusals are deleted after 48 hours.
    pub seq: JournalSeq,
    /// The interaction's id; bit 63 is set in that of an action from the page.
    pub id: InteractionId,
    /// The moment of the commit.
    pub at: Timestamp,
    /// The name of the command without its slash, such as `pay` or `economy give`.
    pub command: String,
    /// The account that gave: a player's id, `mint` or `house`, in an undo also `burn` or `shop`; `null` when none gave.
    pub debit: Option<String>,
    /// The account that got: a player's id, `burn`, `shop` or `house`, in an undo also `mint`; `null` when none got.
    pub credit: Option<String>,
    /// The coins that the debited account lost.
    pub amount: Coins,
    /// The part of `amount` that was burnt on the way; negative in the undo of a taxed payment.
    pub tax: Coins,
    /// The person who typed the command or sent the action; 0 for an action without an account on Discord.
    pub actor_id: UserId,
    /// The other person, such as the recipient of a payment.
    pub target_id: Option<UserId>,
    /// The note of a payment, or the reason of an administrator's act.
    pub note: Option<String>,
    /// The balance afterwards of the target of an administrator's act, else of the actor; `null` when none is concerned.
    pub balance_after: Option<Coins>,
    /// The name of the player who gave, when last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit_name: Option<String>,
    /// The name of the player who got, when last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_name: Option<String>,
    /// The name of the actor, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// The row that this one undid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<JournalSeq>,
    /// The row that undid this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<JournalSeq>,
}

/// One player's account and rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayerProfile {
    /// The user id of the account's owner.
    pub user_id: UserId,
    /// The name when last seen.
    pub name: String,
    /// The balance, from 0 to [`Coins::PLAYER_CAP`].
    pub balance: Coins,
    /// The level that its experience gives.
    pub level: u64,
    /// Experience points, which make the level.
    pub xp: u64,
    /// Days in a row with a daily.
    pub streak: u64,
    /// Missed days that will be forgiven.
    pub freezes: u64,
    /// Whether the coins have to stay where they are.
    #[serde(default)]
    pub frozen: bool,
    /// 1 is the richest.
    pub rank: u64,
    /// The items that the player holds; empty in a page of players.
    pub items: Vec<HeldItem>,
    /// The moment at which the account was opened.
    pub created_at: Timestamp,
    /// The moment of its owner's last command here; `null` where only others did something to it.
    #[serde(default)]
    pub last_at: Option<Timestamp>,
}

/// Something that was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldItem {
    /// The item's current name: a new one reaches what was bought.
    pub name: String,
    /// The number that the player holds.
    pub quantity: u64,
}

/// A server's rules, and whether its players' commands are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Whether the server is paused.
    pub paused: bool,
    /// Whether all servers are paused, as far as this one has heard.
    pub maintenance: bool,
    /// The rules, in the order in which they are listed.
    pub settings: Vec<Rule>,
}

/// One rule in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The key, as it is typed after `/economy settings`.
    pub key: String,
    /// One line for people about the rule.
    pub about: String,
    /// The unit of its numbers: `coins`, `coins_a_day`, `percent`, `days`, `minutes` or `switch`.
    pub unit: String,
    /// The value in force. A switch is 0 or 1, and 0 coins a day are no limit.
    pub value: i64,
    /// The value until somebody sets one.
    pub default: i64,
    /// The least it may be.
    pub min: i64,
    /// The most it may be.
    pub max: i64,
}

/// Something on a server's shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopItem {
    /// The name, which no other item on the shelf shares, whatever its capitals.
    pub name: String,
    /// One line about the item, of at most 100 characters.
    pub description: Option<String>,
    /// The price of one, at least 1.
    pub price: Coins,
    /// The number that is left; `null` is without end.
    pub stock: Option<u64>,
    /// The most that one player may hold; `null` is without limit.
    pub limit: Option<u64>,
}

/// A page of a server's players, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayersPage {
    /// At most [`PLAYERS_PAGE`]. A player with nothing of what is measured is not listed.
    pub players: Vec<PlayerProfile>,
    /// The number of this page, from 1.
    pub page: u64,
    /// The number of pages, from 1 to [`PLAYERS_PAGES_MAX`].
    pub pages: u64,
    /// `wealth`, `level` or `streak`.
    pub by: String,
}

/// The result of a replay of the whole journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The number of journal rows replayed.
    pub rows: u64,
    /// The number of players' accounts compared.
    pub accounts: u64,
    /// All accounts, the mint and the sinks included; zero when nothing was made or lost outside the mint and the sinks.
    pub sum: Coins,
    /// The lowest balance that any player had at any time.
    pub lowest_balance: Coins,
    /// Accounts that do not hold what the journal says.
    pub mismatches: Vec<Mismatch>,
}

/// An account that does not hold what the journal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// The user id of the account's owner.
    pub user_id: UserId,
    /// The balance by the journal.
    pub journal: Coins,
    /// The balance in the account; 0 where there is no account.
    pub account: Coins,
}
