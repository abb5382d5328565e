//! What an administrator reads of one server's books.

use serde::{Deserialize, Serialize};

use crate::{Coins, InteractionId, JournalSeq, Timestamp, UserId};

/// The most rows in one page of the journal.
pub const JOURNAL_PAGE_MAX: u64 = 200;

/// Players in one page.
pub const PLAYERS_PAGE: u64 = 50;
/// The most pages of players.
pub const PLAYERS_PAGES_MAX: u64 = 100;

/// One answered interaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalRow {
    /// Its place: 1, 2, 3, … without gaps.
    pub seq: JournalSeq,
    /// The interaction.
    pub id: InteractionId,
    /// When it was committed.
    pub at: Timestamp,
    /// The command's name.
    pub command: String,
    /// Who gave: a player's id, `mint` or `house`; `null` when no money moved.
    pub debit: Option<String>,
    /// Who got: a player's id, `burn`, `shop` or `house`; `null` when no money moved.
    pub credit: Option<String>,
    /// What the debited account lost.
    pub amount: Coins,
    /// What of it was burnt on the way.
    pub tax: Coins,
    /// Who typed it.
    pub actor_id: UserId,
    /// The other person.
    pub target_id: Option<UserId>,
    /// The note.
    pub note: Option<String>,
    /// What the player held afterwards: the target of an administrator's act, else the actor; `null` when no money moved.
    pub balance_after: Option<Coins>,
    /// The name of the player who gave, when last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit_name: Option<String>,
    /// The name of the player who got, when last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_name: Option<String>,
    /// Who typed it or acted, by name, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// The row that this one undid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<JournalSeq>,
    /// The row that undid this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<JournalSeq>,
}

/// One player's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayerProfile {
    /// Whose.
    pub user_id: UserId,
    /// The name when last seen.
    pub name: String,
    /// What it holds.
    pub balance: Coins,
    /// The level that its experience gives.
    pub level: u64,
    /// Experience.
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
    /// What was bought; empty in a page of players.
    pub items: Vec<HeldItem>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its owner last used a command here; `null` where only others did something to it.
    #[serde(default)]
    pub last_at: Option<Timestamp>,
}

/// Something that was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldItem {
    /// The item's name.
    pub name: String,
    /// How many.
    pub quantity: u64,
}

/// A server's rules, and whether its players' commands are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Whether the server is paused.
    pub paused: bool,
    /// Whether everything is, as far as the server has heard.
    pub maintenance: bool,
    /// The rules, in the order in which they are listed.
    pub settings: Vec<Rule>,
}

/// One rule in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its key.
    pub key: String,
    /// What it does.
    pub about: String,
    /// How its number reads: `coins`, `coins_a_day`, `percent`, `days`, `minutes` or `switch`.
    pub unit: String,
    /// What it is. A switch is 0 or 1, and 0 coins a day are no limit.
    pub value: i64,
    /// What it is until somebody sets it.
    pub default: i64,
    /// The least it may be.
    pub min: i64,
    /// The most it may be.
    pub max: i64,
}

/// Something on a server's shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopItem {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// What one costs.
    pub price: Coins,
    /// How many are left; `null` is without end.
    pub stock: Option<u64>,
    /// How many one player may hold; `null` is without limit.
    pub limit: Option<u64>,
}

/// A page of a server's players, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayersPage {
    /// At most [`PLAYERS_PAGE`]. Who has nothing of what is measured is not listed.
    pub players: Vec<PlayerProfile>,
    /// Which page this is, from 1.
    pub page: u64,
    /// How many there are, at most [`PLAYERS_PAGES_MAX`].
    pub pages: u64,
    /// `wealth`, `level` or `streak`.
    pub by: String,
}

/// What a replay of the whole journal found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// Rows replayed.
    pub rows: u64,
    /// Players' accounts compared.
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
    /// Whose.
    pub user_id: UserId,
    /// What the journal says.
    pub journal: Coins,
    /// What the account holds.
    pub account: Coins,
}
