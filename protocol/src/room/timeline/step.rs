//! A step of time, and how fine steps are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::{handling::percentile, row::kind::Kind};
use crate::{
    Coins, Timestamp,
    history::HistoryPoint,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};

/// The length of a step of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Resolution {
    /// For the last hour.
    #[serde(rename = "5s")]
    FiveSeconds,
    /// For the last day.
    #[serde(rename = "1m")]
    Minute,
    /// For the last 30 days.
    #[serde(rename = "15m")]
    QuarterHour,
}

impl Resolution {
    /// From fine to coarse.
    pub const ALL: [Self; 3] = [Self::FiveSeconds, Self::Minute, Self::QuarterHour];

    /// The length of a step, in milliseconds.
    pub const fn step_ms(self) -> u64 {
        match self {
            Self::FiveSeconds => 5 * SECOND_MS,
            Self::Minute => MINUTE_MS,
            Self::QuarterHour => 15 * MINUTE_MS,
        }
    }

    /// Returns the time for which steps are kept, in milliseconds.
    pub const fn span_ms(self) -> u64 {
        match self {
            Self::FiveSeconds => HOUR_MS,
            Self::Minute => DAY_MS,
            Self::QuarterHour => 30 * DAY_MS,
        }
    }

    /// The kind of row that steps share when they are over, and the stretch of such a row in milliseconds.
    pub(super) const fn page(self) -> (Kind, u64) {
        match self {
            Self::FiveSeconds => (Kind::Fives, 5 * MINUTE_MS),
            Self::Minute => (Kind::Minutes, HOUR_MS),
            Self::QuarterHour => (Kind::Quarters, DAY_MS),
        }
    }

    /// How often steps that are over leave the row of the open ones, in milliseconds. That row is written with every command,
    /// so it is kept short; a page is written less often than once a minute, because a quiet day has 1 440 of them, and a day
    /// of commands that come alone has as many steps of five seconds.
    pub(super) const fn saved_every_ms(self) -> u64 {
        match self {
            Self::FiveSeconds => 5 * MINUTE_MS,
            Self::Minute => 2 * MINUTE_MS,
            Self::QuarterHour => self.step_ms(),
        }
    }

    /// The kind of the rows of single steps, which only an older version writes.
    pub(in crate::room) const fn kind(self) -> Kind {
        match self {
            Self::FiveSeconds => Kind::FiveSeconds,
            Self::Minute => Kind::Minute,
            Self::QuarterHour => Kind::QuarterHour,
        }
    }
}

/// One step of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Bucket {
    /// The beginning of the step.
    pub at: Timestamp,
    /// Commands answered, and how many of them were refused or failed.
    pub commands: u64,
    /// Refused by a rule.
    pub refused: u64,
    /// Commands that Pulse could not carry out.
    pub failed: u64,
    /// Coins that came from the mint, less those that an undo sent back.
    pub minted: Coins,
    /// Coins that were burnt, less those that an undo took back.
    pub burned: Coins,
    /// The sum of the latency samples, in milliseconds.
    pub ping_sum: f64,
    /// The number of latency samples.
    pub ping_count: u32,
    /// Handling times, by [`handling_bin`].
    pub handling: BTreeMap<u16, u32>,
    /// The coins of all players at its end.
    pub wealth: Coins,
    /// The other values at its end; rows of older versions do not tell.
    pub gauges: Option<Gauges>,
    /// The start of the bot-worker that reported within it; 0 where none did.
    pub started_at: Timestamp,
}

/// Values that stand at the end of a step, as against sums over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gauges {
    /// The number of servers that the bot is in.
    pub guilds: u64,
    /// Players with a command in the last 24 hours.
    pub active: u64,
    /// Mean level of all players.
    pub avg_level: f64,
    /// The longest streak that runs, in days.
    pub top_streak: u32,
}

impl Bucket {
    /// A step in which nothing has happened yet: what stands is what stood at the end of the one before.
    pub(super) fn after(before: Option<&Self>, at: Timestamp) -> Self {
        let (wealth, gauges) = before.map(|before| (before.wealth, before.gauges)).unwrap_or_default();
        Self { at, wealth, gauges, ..Self::default() }
    }

    /// Mean latency, in milliseconds.
    pub fn ping(&self) -> Option<f64> {
        (self.ping_count > 0).then(|| (self.ping_sum / f64::from(self.ping_count) * 10.0).round() / 10.0)
    }

    pub(super) fn point(&self) -> HistoryPoint {
        HistoryPoint {
            at: self.at,
            ping: self.ping(),
            handling_p99: percentile(&self.handling, 99),
            commands: self.commands,
            errors: self.failed,
            wealth: self.wealth,
            guilds: self.gauges.map(|gauges| gauges.guilds),
            active: self.gauges.map(|gauges| gauges.active),
            avg_level: self.gauges.map(|gauges| gauges.avg_level),
            top_streak: self.gauges.map(|gauges| gauges.top_streak),
            started_at: Some(self.started_at),
        }
    }
}

/// Commands by calendar month, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Months {
    /// The newest month with a command, counted from January 1970.
    pub month: u32,
    /// The number of commands in that month.
    pub commands: u64,
    /// The number of commands in the month before it.
    pub previous: u64,
}
