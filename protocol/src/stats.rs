//! The dashboard's numbers at one moment. Unknown is `null`, never an old number.

use serde::{Deserialize, Serialize};

use crate::{Coins, Event, GuildId, Seq, Timestamp, UserId, report::RestFailure};

/// The length of [`Leaderboards`]' lists.
pub const LEADERBOARD_LEN: usize = 10;
/// The most events in [`DashboardStats::recent_events`].
pub const RECENT_EVENTS_LEN: usize = 20;

/// Everything the cards show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardStats {
    /// The bot's name, avatar and state.
    pub bot: Bot,
    /// The servers, counted.
    pub guilds: Guilds,
    /// The players, counted.
    pub users: Users,
    /// The commands, counted.
    pub commands: Commands,
    /// The bot's gateway connections; left out while it is not online, and where it keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// Latency as the bot-worker measures it.
    pub ping: Ping,
    /// Time spent in the edge.
    pub handling: Handling,
    /// Coins, levels and streaks of all players.
    pub economy: Economy,
    /// Top ten lists over all servers.
    pub leaderboards: Leaderboards,
    /// The newest events first, at most [`RECENT_EVENTS_LEN`].
    pub recent_events: Vec<Event>,
    /// Seconds since the bot-worker started; `null` while it is not online.
    pub uptime: Option<u64>,
    /// The moment of the newest commit: a command, or an action from the page.
    pub last_command_timestamp: Option<Timestamp>,
    /// Whether players' commands are refused everywhere.
    pub maintenance_mode: bool,
    /// The number of open sockets of `/ws`.
    pub viewers: u32,
    /// The moment these numbers are of.
    pub as_of: Timestamp,
    /// The last event these numbers include.
    pub seq: Seq,
}

/// The bot's face and state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bot {
    /// Its name; "Pulse" until the bot-worker has told it.
    pub name: String,
    /// Its avatar, if it has one.
    pub avatar_url: Option<String>,
    /// The state of the bot, by its reports.
    pub status: BotStatus,
}

/// The state of the bot, by its reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BotStatus {
    /// A report came within the last 15 s; at rest, when the next one is promised for later, within up to 40 s.
    Online,
    /// Reports have stopped, or the last one was a farewell.
    Offline,
    /// No report has ever come.
    Unknown,
}

/// The number of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guilds {
    /// Those the bot is in; those with books, until the bot has told.
    pub count: u64,
}

/// Numbers of players.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// Players with a command in the last 24 h, to a quarter of an hour. Each counts once in each server.
    pub active: u64,
    /// Accounts in all servers.
    pub total: u64,
}

/// Numbers of commands, refused ones included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commands {
    /// Commands answered, and actions from the page, since the beginning.
    pub total: u64,
    /// In the last 60 minutes.
    pub last_hour: u64,
    /// Of those, refused by a rule.
    pub refused_last_hour: u64,
    /// Of those, failed.
    pub failed_last_hour: u64,
    /// This calendar month against the whole last one, in percent; `null` when there was none.
    pub change_from_last_month: Option<f64>,
}

/// Latency, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// Mean of the last minute's gateway samples, or else of the REST samples.
    pub avg: Option<f64>,
    /// The newest gateway heartbeat.
    pub gateway: Option<f64>,
    /// The newest REST round trip.
    pub rest: Option<f64>,
    /// Why it is not known; left out when it is, or when the bot is offline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_failure: Option<RestFailure>,
    /// `avg` against the mean of one hour ago, in percent.
    pub change_from_last_hour: Option<f64>,
}

/// The bot's connections to Discord's gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gateway {
    /// The number of connections.
    pub shards: u32,
    /// The number of connections that work.
    pub active: u32,
    /// Since when not all of them do.
    pub lost_since: Option<Timestamp>,
    /// The number of tries to connect that have failed since then.
    pub tries: u32,
    /// The number of losses of ten seconds or more since the bot-worker started.
    pub losses: u32,
}

/// From a command's arrival at the edge to its commit, over the last 5 minutes, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handling {
    /// The median; `null` without a command.
    pub p50: Option<u32>,
    /// 99th percentile.
    pub p99: Option<u32>,
}

/// Money over all servers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Economy {
    /// The coins that all players hold together.
    pub total_wealth: Coins,
    /// Mean level of all players.
    pub avg_level: f64,
    /// The longest running streak, in days.
    pub top_streak: u32,
    /// Coins made in the last 24 h.
    #[serde(rename = "minted24h")]
    pub minted_24h: Coins,
    /// Coins destroyed in the last 24 h.
    #[serde(rename = "burned24h")]
    pub burned_24h: Coins,
    /// Whether every server's accounts, mint and sinks included, add up to zero.
    pub balanced: bool,
}

/// Top ten lists, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaderboards {
    /// The richest, by balance in coins.
    pub wealth: Vec<Leader>,
    /// The highest levels.
    pub level: Vec<Leader>,
    /// The longest streaks, in days.
    pub streak: Vec<Leader>,
}

/// One line of a leaderboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leader {
    /// The player's user id.
    pub user_id: UserId,
    /// The player's name when last seen.
    pub name: String,
    /// The server this is in.
    pub guild_id: GuildId,
    /// Coins, level or days.
    pub value: Coins,
}
