//! The bot's connection to Discord's gateway, as its reports tell it: lost, for how long, and back.

use serde::{Deserialize, Serialize};

use crate::{Report, Severity, Timestamp, report::ACTIVE, stats::Gateway, time::SECOND_MS};

/// A connection that is away for less is renewed, as Discord asks for now and then, in milliseconds.
pub const LOST_AFTER_MS: u64 = 10_000;

/// The state of the connection that is remembered between two reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Since when not all shards are connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Timestamp>,
    /// The same, of a loss that has been told as an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) told: Option<Timestamp>,
    /// The number of losses that were told since the bot-worker started.
    #[serde(default)]
    pub(super) losses: u32,
}

impl Connection {
    /// Returns the state after this report. With another bot-worker it begins anew.
    pub(super) fn after(before: Option<(&Report, Self)>, report: &Report, now: Timestamp) -> Self {
        let before = before.filter(|(last, _)| last.started_at == report.started_at);
        let before = before.map(|(_, connection)| connection).unwrap_or_default();
        let away = report.shards.iter().filter(|shard| shard.state != ACTIVE);
        let longest = away.map(|shard| shard.down_ms.unwrap_or_default()).max();
        // The moment that was worked out first stays: a later report would move it by the time that it took on its way.
        let since = longest.map(|ms| before.since.unwrap_or(now.minus(ms)));
        Self { since, ..before }
    }

    /// Whether nothing is known of it that a new one would not know.
    pub(super) fn is_new(&self) -> bool {
        *self == Self::default()
    }

    /// The words of a loss, or of its end, once each.
    pub(super) fn notice(&mut self, report: &Report, now: Timestamp) -> Option<(Severity, String)> {
        match (self.since, self.told) {
            (Some(since), None) if now.since(since) >= LOST_AFTER_MS => {
                self.told = Some(since);
                self.losses = self.losses.saturating_add(1);
                Some((Severity::Warn, ["lost its connection to Discord's gateway", &part(report)].concat()))
            }
            (None, Some(told)) => {
                self.told = None;
                let seconds = now.since(told) / SECOND_MS;
                Some((Severity::Info, format!("is connected to Discord's gateway again, after {seconds} s")))
            }
            _ => None,
        }
    }

    /// As the numbers tell it; `None` where the bot keeps no gateway connection.
    pub(super) fn shown(&self, report: &Report) -> Option<Gateway> {
        let count = |shards: usize| u32::try_from(shards).unwrap_or(u32::MAX);
        (!report.shards.is_empty()).then(|| Gateway {
            shards: count(report.shards.len()),
            active: count(report.shards.iter().filter(|shard| shard.state == ACTIVE).count()),
            lost_since: self.since,
            tries: report.shards.iter().map(|shard| shard.tries).max().unwrap_or_default(),
            losses: self.losses,
        })
    }
}

/// Words for the part of several connections that is away; empty where there is only one.
fn part(report: &Report) -> String {
    let all = report.shards.len();
    let away = report.shards.iter().filter(|shard| shard.state != ACTIVE).count();
    if all > 1 { format!(" on {away} of {all} shards") } else { String::new() }
}
