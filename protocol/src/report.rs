//! Reports of the bot-worker to the edge, every 5 seconds, or every 30 while everything rests.

use serde::{Deserialize, Serialize};

use crate::{
    GuildId, Timestamp, UserId,
    text::{self, NAME_MAX_CHARS, SERVER_NAME_MAX_CHARS},
    time::MINUTE_MS,
};

/// The interval of reports while somebody watches or plays, in milliseconds.
pub const REPORT_EVERY_MS: u64 = 5_000;
/// The interval of reports while nobody does, in milliseconds.
pub const REPORT_AT_REST_EVERY_MS: u64 = 30_000;
/// The largest report the edge reads, in bytes.
pub const REPORT_MAX_BYTES: usize = 1024 * 1024;
/// The state of a gateway connection that works.
pub const ACTIVE: &str = "active";
/// Samples that one report brings later, at most: those of an hour.
pub const MISSED_MAX: usize = 720;

/// One look at the bot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`crate::VERSION`] of the sender.
    pub version: u32,
    /// The start of the bot-worker, by the clock of its machine.
    pub started_at: Timestamp,
    /// The moment of the measurements, by the same clock.
    pub at: Timestamp,
    /// The bot's account on Discord.
    pub bot: ReportedBot,
    /// Its gateway connections; empty when it keeps none.
    #[serde(default)]
    pub shards: Vec<Shard>,
    /// How many connections the bot has in all, these among them; left out by whoever keeps all of them, and by older releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard_count: Option<u32>,
    /// The round trip of a request to Discord's API in milliseconds; `null` when it failed.
    #[serde(default)]
    pub rest_ms: Option<f64>,
    /// Why `restMs` is not known; left out when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_failure: Option<RestFailure>,
    /// The servers it is in.
    #[serde(default)]
    pub guilds: ReportedGuilds,
    /// Samples of reports that did not arrive, newest first; at most [`MISSED_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Missed>,
    /// In how many milliseconds the next report comes at the latest, from [`REPORT_EVERY_MS`] to [`REPORT_AT_REST_EVERY_MS`];
    /// left out where that is [`REPORT_EVERY_MS`].
    #[serde(default = "report_every", skip_serializing_if = "is_usual")]
    pub next_in_ms: u64,
    /// This is the last report: the bot goes offline now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaving: bool,
}

/// Requests to Discord's API that failed, the newest and those right before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestFailure {
    /// The HTTP status of the newest answer; `null` when none came.
    pub status: Option<u16>,
    /// The number of failures in a row, with those requests that were not made because Discord asked to wait.
    pub count: u32,
}

/// A latency that was measured while the edge was away.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// The moment of the measurement, by the same clock as the report's `at`.
    pub at: Timestamp,
    /// The gateway's latency, else that of REST, in milliseconds.
    pub ms: f64,
}

/// The bot, as Discord knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedBot {
    /// Its user id.
    pub id: UserId,
    /// Its name, not cleaned yet: see [`Report::believable`].
    pub name: String,
    /// The address of its avatar, if it has one.
    #[serde(default)]
    pub avatar_url: Option<String>,
}

/// One connection to Discord's gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shard {
    /// Its number, from 0.
    pub id: u32,
    /// Its state in the gateway library's words.
    pub state: String,
    /// Its heartbeat's round trip in milliseconds.
    #[serde(default)]
    pub latency_ms: Option<f64>,
    /// For how long it has not been [`ACTIVE`], in milliseconds; left out when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_ms: Option<u64>,
    /// The number of tries to connect that have failed since then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
}

const fn report_every() -> u64 {
    REPORT_EVERY_MS
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references; it is only told where they are larger"
)]
fn is_usual(next_in_ms: &u64) -> bool {
    *next_in_ms == REPORT_EVERY_MS
}

/// The room's answer to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextReport {
    /// In how many milliseconds the next one is wanted.
    pub in_ms: u64,
    /// Work is due for the bot-worker.
    pub jobs_due: bool,
}

impl NextReport {
    /// The header of the answer to `POST /api/report` with [`Self::in_ms`]; in small letters, as HTTP/2 has them.
    pub const IN_MS_HEADER: &'static str = "pulse-next-report-ms";
    /// The one with [`Self::jobs_due`]: `yes` or `no`.
    pub const JOBS_DUE_HEADER: &'static str = "pulse-jobs-due";
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The servers the bot is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedGuilds {
    /// The number of servers, with those whose names are not told.
    pub count: u64,
    /// The number of their members, added up.
    #[serde(default)]
    pub members: u64,
    /// Those whose names the bot knows.
    #[serde(default)]
    pub named: Vec<NamedGuild>,
}

/// The name, icon and size of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedGuild {
    /// The server's id.
    pub id: GuildId,
    /// The server's name, not cleaned yet: see [`Report::believable`].
    pub name: String,
    /// The address of its icon, if it has one.
    #[serde(default)]
    pub icon_url: Option<String>,
    /// The number of its members.
    #[serde(default)]
    pub members: u64,
}

/// The longest latency that is believed, in milliseconds.
const LATENCY_MAX_MS: f64 = 600_000.0;

impl Report {
    /// The same without latencies that no clock can have measured, and with names as they are kept: a server whose name
    /// shows nothing goes by its id.
    #[must_use]
    pub fn believable(mut self) -> Self {
        let believed = |ms: Option<f64>| ms.filter(|ms| (0.0..=LATENCY_MAX_MS).contains(ms));
        self.rest_ms = believed(self.rest_ms);
        for shard in &mut self.shards {
            shard.latency_ms = believed(shard.latency_ms);
        }
        self.bot.name = text::name(&self.bot.name, NAME_MAX_CHARS).unwrap_or_else(|| "Pulse".to_owned());
        for guild in &mut self.guilds.named {
            let name = text::name(&guild.name, SERVER_NAME_MAX_CHARS);
            guild.name = name.unwrap_or_else(|| guild.id.to_string());
        }
        self.next_in_ms = self.next_in_ms.clamp(REPORT_EVERY_MS, REPORT_AT_REST_EVERY_MS);
        self.missed.truncate(MISSED_MAX);
        self.missed.retain(|missed| believed(Some(missed.ms)).is_some());
        self
    }

    /// Returns the start of the bot-worker, by the clock of whoever hears this at `now`: the one of its machine may be off.
    /// The difference is told to the minute, so that each report says the same, and what the way here takes is none.
    pub fn started_by(&self, now: Timestamp) -> Timestamp {
        let minutes = |ms: u64| ms.saturating_add(MINUTE_MS / 2) / MINUTE_MS * MINUTE_MS;
        self.started_at.plus(minutes(now.since(self.at))).minus(minutes(self.at.since(now)))
    }

    /// Whether it tells the same but for what is measured.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let says = |report: &Self| {
            let Self { bot, leaving, started_at, rest_failure, guilds, shards, .. } = report;
            let states: Vec<(u32, String)> =
                shards.iter().map(|shard| (shard.id, shard.state.clone())).collect();
            (bot.clone(), *leaving, *started_at, rest_failure.is_some(), guilds.count, states)
        };
        says(self) == says(other)
    }

    /// Whether it can know of a server that the bot is in: Discord tells each server to one shard, and a shard that is not
    /// connected may have more than it has told. Where no shard is named, it is from Discord's REST.
    pub fn knows_of(&self, guild: GuildId) -> bool {
        let is_told = |shard: &Shard| shard.state == ACTIVE;
        match self.shard_count {
            Some(count @ 1..) => {
                let of = guild.shard(count);
                self.shards.iter().any(|shard| shard.id == of && is_told(shard))
            }
            _ => self.shards.iter().all(is_told),
        }
    }

    /// Whether the next one comes later than while somebody watches.
    pub fn is_at_rest(&self) -> bool {
        self.next_in_ms > REPORT_EVERY_MS
    }

    /// The sample of this look: the gateway's latency, else that of REST, in milliseconds.
    pub fn sample(&self) -> Option<f64> {
        self.gateway_ms().or(self.rest_ms)
    }

    /// Mean heartbeat of the shards that know theirs, in milliseconds.
    pub fn gateway_ms(&self) -> Option<f64> {
        let known: Vec<f64> = self.shards.iter().filter_map(|shard| shard.latency_ms).collect();
        #[expect(clippy::cast_precision_loss, reason = "shards are few")]
        let count = known.len() as f64;
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / count)
    }
}
