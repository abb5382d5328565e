//! One point of the dashboard's charts.

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
