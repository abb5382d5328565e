//! Views of the room's state: the numbers, the snapshot, the charts, the servers.

use serde::{Deserialize, Serialize};

use super::{Gauges, RING_LEN, ReportRow, Resolution, Room};
use crate::{
    Coins, DashboardStats, Epoch, Event, GuildId, Seq, Snapshot, Source, Timestamp,
    check::RoomCheck,
    history::{History, Range},
    report::{MISSED_MAX, Missed},
    stats::{Bot, Commands, Guilds, RECENT_EVENTS_LEN, Users},
};

/// Events that come with the page's document; the page asks for older ones when they are wanted.
pub const DOCUMENT_EVENTS: usize = 50;

impl Room {
    /// The numbers at `now`.
    pub fn stats(&self, now: Timestamp) -> DashboardStats {
        let last_hour = self.timeline.last_hour(now);
        DashboardStats {
            bot: Bot {
                name: self.bot.bot_name(),
                avatar_url: self.bot.avatar_url(),
                status: self.bot.status(now),
            },
            guilds: Guilds { count: self.guild_count() },
            users: Users { active: self.timeline.active(now), total: self.aggregates.players() },
            commands: Commands {
                total: self.aggregates.commands(),
                last_hour: last_hour.commands,
                refused_last_hour: last_hour.refused,
                failed_last_hour: last_hour.failed,
                change_from_last_month: self.timeline.change_from_last_month(now),
            },
            gateway: self.bot.gateway(now),
            ping: self.bot.ping(now, self.timeline.ping_one_hour_ago(now)),
            handling: self.timeline.handling(now),
            economy: self.aggregates.economy(self.timeline.last_day(now)),
            leaderboards: self.aggregates.leaderboards(),
            recent_events: self.ring.iter().rev().take(RECENT_EVENTS_LEN).cloned().collect(),
            uptime: self.bot.uptime_seconds(now),
            last_command_timestamp: self.aggregates.last_command_at(),
            maintenance_mode: self.maintenance.current.is_on,
            viewers: u32::try_from(self.viewers.len()).unwrap_or(u32::MAX),
            as_of: now,
            seq: self.seq,
        }
    }

    /// Returns the values that history keeps besides the sums of a step.
    pub(super) fn gauges(&self, now: Timestamp) -> Gauges {
        Gauges {
            guilds: self.guild_count(),
            active: self.timeline.active(now),
            avg_level: self.aggregates.avg_level(),
            top_streak: self.aggregates.top_streak(),
        }
    }

    pub(super) fn guild_count(&self) -> u64 {
        self.bot.guild_count().unwrap_or_else(|| self.aggregates.guild_count())
    }

    /// The snapshot within the page's document, with no more than the newest [`DOCUMENT_EVENTS`].
    pub fn document(&self, now: Timestamp) -> Snapshot {
        self.snapshot_of(now, DOCUMENT_EVENTS)
    }

    /// All that a viewer needs to begin with.
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        self.snapshot_of(now, RING_LEN)
    }

    fn snapshot_of(&self, now: Timestamp, events: usize) -> Snapshot {
        Snapshot {
            version: crate::VERSION,
            epoch: self.epoch,
            seq: self.seq,
            stats: self.stats(now),
            events: self.ring.iter().rev().take(events).cloned().collect(),
            history: self.history(now, Range::Hour).points,
        }
    }

    /// Every server with books or a name, as `/api/guilds` lists them.
    pub fn guilds(&self) -> Vec<GuildListing> {
        let mut ids: Vec<GuildId> = self.aggregates.guild_ids().chain(self.bot.named_ids()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| self.listing(id)).collect()
    }

    fn listing(&self, id: GuildId) -> GuildListing {
        let totals = self.aggregates.totals(id);
        let named = self.bot.named(id);
        GuildListing {
            id,
            name: named.map_or_else(|| id.to_string(), |guild| guild.name.clone()),
            icon_url: named.and_then(|guild| guild.icon_url.clone()),
            players: totals.map_or(0, |totals| totals.players),
            wealth: totals.map(|totals| totals.wealth).unwrap_or_default(),
            commands: totals.map_or(0, |totals| totals.commands),
            last_command_at: totals.and_then(|totals| totals.last_command_at),
        }
    }

    /// Returns the text below the bot's name; `None`, the bot's own words, as long as nobody plays.
    pub(super) fn presence(&self) -> Option<String> {
        match self.aggregates.players() {
            0 => None,
            1 => Some("/daily · 1 player".to_owned()),
            players => Some(format!("/daily · {players} players")),
        }
    }

    /// The charts' points of a span, as `/api/history` gives them.
    pub fn history(&self, now: Timestamp, range: Range) -> History {
        let resolution = match range {
            Range::Hour => Resolution::FiveSeconds,
            Range::Day => Resolution::Minute,
            Range::Month => Resolution::QuarterHour,
        };
        let points = self.timeline.points(now, now.minus(resolution.span_ms()), resolution);
        History { range, step_ms: resolution.step_ms(), points }
    }

    /// The bot's name.
    pub fn bot_name(&self) -> String {
        self.bot.bot_name()
    }

    /// Returns the arrival of the last report; 0 when none has ever come.
    pub fn reported_at(&self) -> Timestamp {
        self.bot.reported_at()
    }

    /// The edge's failures in one server, among the events that can be resumed over.
    pub fn failures_of(&self, guild: GuildId) -> Vec<Event> {
        let theirs = |event: &&Event| event.guild_id == guild && event.source == Source::Edge;
        self.ring.iter().filter(theirs).cloned().collect()
    }

    /// Whether this server has books or a name here.
    pub fn knows(&self, guild: GuildId) -> bool {
        self.aggregates.totals(guild).is_some() || self.bot.named(guild).is_some()
    }

    /// Returns the news of the bot for a server's own room, as far as this room heard it after `since`: the last report, the
    /// moment of its arrival, and the latencies between. `None` while the bot is not online, or has not reported again.
    pub fn report_for(&self, now: Timestamp, guild: GuildId, since: Timestamp) -> Option<ReportRow> {
        let mut row = self.bot.report_for(now, guild, since)?;
        // By age, as all that comes late: the report's clock is not this one.
        let measured_at = |at| row.report.at.minus(row.received_at.since(at));
        let newest = row.received_at.floor(Resolution::FiveSeconds.step_ms());
        let missed = self.timeline.pings_after(since).filter(|missed| missed.at < newest);
        let missed =
            missed.map(|missed| Missed { at: measured_at(missed.at), ..missed }).take(MISSED_MAX).collect();
        row.report.missed = missed;
        Some(row)
    }

    /// The room itself, as `/api/room` tells it.
    pub fn state(&self) -> RoomState {
        RoomState { epoch: self.epoch, seq: self.seq, viewers: self.viewers.len() as u64, ticks: self.ticks }
    }

    /// Returns the room's part of `/api/check`.
    pub fn check(&self, now: Timestamp) -> RoomCheck {
        RoomCheck {
            servers: self.guild_count(),
            viewers: self.viewers.len() as u64,
            rows_today: Some(self.rows_today(now)),
            rows_last_day: Some(self.rows_of_last_day(now)),
            is_limited: self.is_limited(),
            bytes: None,
            fullest: self.aggregates.fullest(),
        }
    }
}

/// One line of `/api/guilds`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuildListing {
    /// The server's id.
    pub id: GuildId,
    /// Its name, or its id until the bot has told the name.
    pub name: String,
    /// The address of its icon, if it has one.
    pub icon_url: Option<String>,
    /// The number of players' accounts.
    pub players: u64,
    /// The coins that these accounts hold together.
    pub wealth: Coins,
    /// The number of interactions answered, and of actions from the page.
    pub commands: u64,
    /// The last command's commit.
    pub last_command_at: Option<Timestamp>,
}

/// The answer of `/api/room`: enough to see whether the room does what it should, and no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomState {
    /// The life of the event log.
    pub epoch: Epoch,
    /// The number of the last event.
    pub seq: Seq,
    /// The number of open sockets.
    pub viewers: u64,
    /// Alarms since the object came into memory; none while nobody watches.
    pub ticks: u64,
}
