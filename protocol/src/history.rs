//! The dashboard's charts: points in steps of time.

use serde::{Deserialize, Serialize};

use crate::{Coins, Timestamp};

/// What happened within one step of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPoint {
    /// Where the step begins.
    pub at: Timestamp,
    /// Mean latency in milliseconds; `null` where no report came, and drawn as a gap.
    pub ping: Option<f64>,
    /// 99th percentile of the handling time in milliseconds; `null` where there was no command.
    pub handling_p99: Option<u32>,
    /// Commands answered.
    pub commands: u64,
    /// Commands that failed.
    pub errors: u64,
    /// What all players held at the end of the step.
    pub wealth: Coins,
}

/// How far back a chart goes.
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

/// What `/api/history` gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// What was asked for.
    pub range: Range,
    /// From one point to the next, in milliseconds.
    pub step_ms: u64,
    /// One for each step since the first that is known, oldest first; where nothing happened, `null` and 0.
    pub points: Vec<HistoryPoint>,
}
