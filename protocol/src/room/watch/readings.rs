//! The values that rules judge, from what the room knows anyway. What is not known is `None`.

use std::collections::BTreeSet;

use super::super::{
    EVENTS_STORED, Room,
    income::{BLOCK_MS, Income},
    jobs::JOBS_KEPT_MAX,
};
use crate::{
    GuildId, Severity, Source, Timestamp,
    alert::{NamedServer, RuleKind, Touched},
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};

/// The span of what is said of commands, in milliseconds.
const COMMANDS_OVER_MS: u64 = 5 * MINUTE_MS;
/// Fewer commands than these say nothing of a share of failures, of refusals, or of reply times.
const FAILED_AMONG_MIN: u64 = 10;
const REFUSED_AMONG_MIN: u64 = 50;
const REPLIES_AMONG_MIN: u64 = 20;
/// The spans of latencies, in milliseconds.
const SPIKE_MS: u64 = 10 * SECOND_MS;
const LATENCY_MS: u64 = MINUTE_MS;
/// The span of coins that are made, in milliseconds, below how many nothing is out of line, and how much history it takes.
const MINTED_OVER_MS: u64 = 10 * MINUTE_MS;
const MINTED_MIN: i64 = 10_000;
const MINTED_HISTORY_MIN_MS: u64 = 6 * HOUR_MS;

impl RuleKind {
    /// Whether its value grows by itself as time passes.
    pub(super) fn is_a_time(self) -> bool {
        matches!(self, Self::BotSilent | Self::GatewayLost)
    }

    /// Whether its value comes from what servers' books deliver, and goes back by itself as time passes.
    pub(super) fn fades(self) -> bool {
        matches!(
            self,
            Self::ReplyTime
                | Self::FailedCommands
                | Self::RefusedCommands
                | Self::Minting
                | Self::ServerMinting
                | Self::DeliveryLag
        )
    }
}

impl Room {
    /// The value of a kind at this moment.
    pub(super) fn reading(&self, now: Timestamp, kind: RuleKind) -> Option<u64> {
        match kind {
            RuleKind::BotSilent => Some(now.since(self.bot.promised_at()?) / SECOND_MS),
            RuleKind::GatewayLost => {
                let gateway = self.bot.gateway(now)?;
                Some(gateway.lost_since.map_or(0, |since| now.since(since) / SECOND_MS))
            }
            RuleKind::GatewaySpike => self.bot.gateway_mean(now, SPIKE_MS),
            RuleKind::GatewayLatency => self.bot.gateway_mean(now, LATENCY_MS),
            RuleKind::RestLatency => self.bot.rest_mean(now),
            RuleKind::ReplyTime => {
                let sums = self.timeline.last(now, COMMANDS_OVER_MS);
                match sums.commands - sums.failed.min(sums.commands) {
                    0 => Some(0),
                    few if few < REPLIES_AMONG_MIN => None,
                    _ => self.timeline.handling(now).p99.map(u64::from),
                }
            }
            RuleKind::FailedCommands => {
                let sums = self.timeline.last(now, COMMANDS_OVER_MS);
                share(sums.failed, sums.commands, FAILED_AMONG_MIN)
            }
            RuleKind::RefusedCommands => {
                let sums = self.timeline.last(now, COMMANDS_OVER_MS);
                share(sums.refused, sums.commands, REFUSED_AMONG_MIN)
            }
            RuleKind::BooksUnbalanced => Some(u64::from(self.aggregates.unbalanced() > 0)),
            RuleKind::Minting => self.minting(now),
            RuleKind::ServerMinting => Some(self.watch_income(now).map_or(0, |(_, times)| times)),
            RuleKind::StorageFull => Some(self.aggregates.fullest().map_or(0, |books| books.percent)),
            RuleKind::DeliveryLag => Some(self.lag_s(now)),
            RuleKind::EventBacklog => {
                let seq = self.seq.0;
                let waiting = self.watch.subscribed().map(|channel| seq.saturating_sub(channel.sent.0));
                Some(waiting.max().unwrap_or(0) * 100 / EVENTS_STORED)
            }
            RuleKind::JobsWaiting => Some(self.waiting.len() as u64 * 100 / JOBS_KEPT_MAX as u64),
        }
    }

    /// Coins of ten minutes against the mean of the day before them.
    fn minting(&self, now: Timestamp) -> Option<u64> {
        let (begins, known_since) = (now.minus(MINTED_OVER_MS), self.timeline.known_since()?);
        let before_ms = begins.since(known_since).min(DAY_MS - MINTED_OVER_MS);
        if before_ms < MINTED_HISTORY_MIN_MS {
            return None;
        }
        let whole = |coins: i64| u64::try_from(coins).unwrap_or(0);
        let day = whole(self.timeline.minted_since(now.minus(DAY_MS)).get());
        let newest = whole(self.timeline.minted_since(begins).get());
        if newest < whole(MINTED_MIN) {
            return Some(0);
        }
        let usual = day.saturating_sub(newest).saturating_mul(MINTED_OVER_MS) / before_ms;
        Some(newest / usual.max(1))
    }

    fn lag_s(&self, now: Timestamp) -> u64 {
        let newest = self.watch.lag.filter(|(at, _)| now.since(*at) < MINUTE_MS);
        newest.map_or(0, |(_, seconds)| seconds)
    }

    /// Notes how late a delivery was.
    pub(in crate::room) fn note_lag(&mut self, now: Timestamp, oldest: Timestamp) {
        let seconds = now.since(oldest) / SECOND_MS;
        // The worst of a minute counts: what follows a late delivery is on time.
        if seconds >= self.lag_s(now) {
            self.watch.lag = Some((now, seconds));
        }
    }

    /// Notes how far a server's new coins are out of line with its own past.
    pub(in crate::room) fn note_income(&mut self, now: Timestamp, guild: GuildId, income: &Income) {
        let Some(times) = income.times() else { return };
        let worst = self.watch_income(now).filter(|(worst, _)| *worst != guild);
        if worst.is_none_or(|(_, worst)| times >= worst) {
            self.watch.income = Some((now, guild, times));
        }
    }

    /// The server whose coins were most out of line in the last ten minutes, and by how much.
    fn watch_income(&self, now: Timestamp) -> Option<(GuildId, u64)> {
        let (_, guild, times) = self.watch.income.filter(|(at, ..)| now.since(*at) < BLOCK_MS)?;
        Some((guild, times))
    }

    /// The server that an incident of this kind is about, where it is about one.
    pub(super) fn concerned(&self, kind: RuleKind) -> Option<NamedServer> {
        let id = match kind {
            RuleKind::ServerMinting => self.watch.income.map(|(_, guild, _)| guild),
            RuleKind::StorageFull => self.aggregates.fullest().map(|books| books.guild_id),
            _ => None,
        }?;
        let name = self.bot.named(id).map(|named| named.name.clone()).unwrap_or_default();
        Some(NamedServer { id, name })
    }

    /// Those whom an incident of this kind concerns.
    pub(super) fn touched(&self, now: Timestamp, kind: RuleKind) -> Touched {
        let sums = self.timeline.last(now, COMMANDS_OVER_MS);
        let (servers, commands) = match kind {
            RuleKind::FailedCommands => {
                let failures =
                    self.ring.iter().rev().take_while(|event| now.since(event.at) < COMMANDS_OVER_MS);
                let failures = failures
                    .filter(|event| event.source == Source::Edge && event.severity == Severity::Error);
                let servers: BTreeSet<GuildId> = failures.map(|event| event.guild_id).collect();
                (servers.len() as u64, sums.failed)
            }
            RuleKind::RefusedCommands => (self.guild_count(), sums.refused),
            RuleKind::BooksUnbalanced => (self.aggregates.unbalanced(), sums.commands),
            RuleKind::ServerMinting | RuleKind::StorageFull => (1, sums.commands),
            _ => (self.guild_count(), sums.commands),
        };
        Touched { servers, commands, players: self.timeline.active(now) }
    }
}

/// So many of all, in percent; nothing is known of few, and nothing is wrong where there are none.
fn share(part: u64, all: u64, among: u64) -> Option<u64> {
    match all {
        0 => Some(0),
        few if few < among => None,
        _ => Some(part * 100 / all),
    }
}
