//! The dashboard's charts: points in steps of time.

use serde::{Deserialize, Serialize};

use crate::{Coins, Timestamp};

/// One point of the charts: sums over a step of time, and values at its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPoint {
    /// The beginning of the step.
    pub at: Timestamp,
    /// Mean latency in milliseconds; `null` where no report came, and drawn as a gap.
    pub ping: Option<f64>,
    /// 99th percentile of the handling time in milliseconds; `null` where there was no command.
    pub handling_p99: Option<u32>,
    /// Commands within the step, refused and failed ones included.
    pub commands: u64,
    /// Commands that Pulse could not carry out.
    pub errors: u64,
    /// The coins of all players at the end of the step.
    pub wealth: Coins,
    /// Servers at the end of the step. This and what follows is left out where it is as in the point before, see [`thin`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guilds: Option<u64>,
    /// Players with a command in the 24 hours before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<u64>,
    /// Mean level of all players.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_level: Option<f64>,
    /// The longest streak that ran, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_streak: Option<u32>,
    /// The start of the bot-worker that reported within the step; 0 where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
}

/// Leaves out what seldom changes where it is as in the point before: an hour of points comes with every snapshot. The
/// first point says all.
pub fn thin(points: &mut [HistoryPoint]) {
    fn leave_out<T: Copy + PartialEq>(now: &mut Option<T>, before: Option<T>) {
        if *now == before {
            *now = None;
        }
    }
    for index in (1..points.len()).rev() {
        let [before, now] = &mut points[index - 1..=index] else { continue };
        leave_out(&mut now.guilds, before.guilds);
        leave_out(&mut now.active, before.active);
        leave_out(&mut now.avg_level, before.avg_level);
        leave_out(&mut now.top_streak, before.top_streak);
        leave_out(&mut now.started_at, before.started_at);
    }
}

/// Puts in what [`thin`] has left out.
pub fn fill(points: &mut [HistoryPoint]) {
    for index in 1..points.len() {
        let [before, now] = &mut points[index - 1..=index] else { continue };
        now.guilds = now.guilds.or(before.guilds);
        now.active = now.active.or(before.active);
        now.avg_level = now.avg_level.or(before.avg_level);
        now.top_streak = now.top_streak.or(before.top_streak);
        now.started_at = now.started_at.or(before.started_at);
    }
}

/// The span of a chart, up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Range {
    /// In steps of 5 s.
    #[serde(rename = "1h")]
    Hour,
    /// In steps of 1 min.
    #[serde(rename = "24h")]
    Day,
    /// In steps of 15 min.
    #[serde(rename = "30d")]
    Month,
}

/// The query did not name a [`Range`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`range` is one of 1h, 24h, 30d")]
pub struct UnknownRange;

impl std::str::FromStr for Range {
    type Err = UnknownRange;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "1h" => Ok(Self::Hour),
            "24h" => Ok(Self::Day),
            "30d" => Ok(Self::Month),
            _ => Err(UnknownRange),
        }
    }
}

/// The answer of `/api/history`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The range that was asked for.
    pub range: Range,
    /// From one point to the next, in milliseconds.
    pub step_ms: u64,
    /// One for each step since the first that is known, oldest first; where nothing happened, `null` and 0.
    pub points: Vec<HistoryPoint>,
}
