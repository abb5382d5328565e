//! The room's end of the conversation: it numbers events, keeps the last of them, and tells every viewer.
//!
//! [`Room::handle`] is the whole of it. The shell performs the [`Output`]s in order; whatever is in a [`Output::Store`]
//! is durable before anything after it is seen by anybody.

mod ledgers;
mod pulse;
mod row;
mod timeline;

use std::collections::{BTreeMap, VecDeque};

pub use self::row::{GuildRow, Kind, Memory, ReportRow, Row, UnknownRow};
pub use self::timeline::{Bucket, Resolution};
use self::{ledgers::Ledgers, pulse::Pulse, timeline::Timeline};
use crate::{
    ClientMessage, DashboardStats, Epoch, Event, GuildId, Report, Seq, ServerMessage, Severity, Snapshot,
    Source, Timestamp,
    message::{
        CLIENT_FRAME_MAX_BYTES, CLIENT_MESSAGES_MAX, CLIENT_MESSAGES_WINDOW_MS, CloseCode, HEARTBEAT_MS,
        PING, VIEWERS_MAX,
    },
    record::{Acknowledgement, Outcome, Push},
    stats::{Bot, Commands, Guilds, RECENT_EVENTS_LEN, Users},
};

/// How often full stats follow while anyone watches, in milliseconds.
pub const STATS_EVERY_MS: u64 = 5_000;
/// Events that a viewer can resume over.
pub const RING_LEN: usize = 500;
/// Events that stay readable through `/api/events`.
pub const EVENTS_STORED: u64 = 50_000;
/// Stored events are let go in steps of this many.
const FORGET_EVERY: u64 = 100;
/// Events within this long of a frame wait, and leave together, in milliseconds.
pub const COALESCE_MS: u64 = 50;
/// The longest that events wait, however many watch, in milliseconds.
pub const COALESCE_MAX_MS: u64 = 200;
/// The newest points of history that go with the stats: the step before the tick, whole, and the one it falls into.
const POINTS_WITH_STATS: usize = 2;
/// Writing a frame to a thousand sockets takes about 33 ms: with this window per thousand it is half of the time.
const COALESCE_MS_PER_1000_VIEWERS: u64 = 66;

/// One socket, named by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// What a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame, which nobody should send.
    Binary,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// A viewer's socket opened, perhaps to go on after an event of an epoch.
    Joined(SocketId, Option<(Epoch, Seq)>),
    /// A viewer sent a frame.
    Said(SocketId, Frame<'a>),
    /// A viewer's socket closed.
    Left(SocketId),
    /// A server's books delivered journal rows.
    Recorded(Push),
    /// The bot-worker reported.
    Reported(Report),
    /// The edge could not answer a command; the event says which and why.
    Failed(Event),
    /// The alarm.
    Ticked,
    /// The time asked for by [`Output::FlushIn`] has passed.
    Flushed,
}

/// What the shell has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Write this, before performing what follows.
    Store(Row),
    /// Delete the rows of this kind whose keys are below.
    Forget(Kind, u64),
    /// From here on, broadcasts reach this socket too.
    Admit(SocketId),
    /// Send to one.
    Send(SocketId, ServerMessage),
    /// Send to all that are admitted.
    Broadcast(ServerMessage),
    /// Close, with this code.
    Close(SocketId, CloseCode),
    /// Answer the delivery.
    Acknowledge(Acknowledgement),
    /// Say [`Input::Flushed`] after this many milliseconds.
    FlushIn(u64),
    /// Say [`Input::Ticked`] after this many milliseconds, unless an alarm is already set and not past due.
    TickIn(u64),
    /// Nobody watches: no alarm.
    TickNever,
}

/// The room.
#[derive(Clone, Debug)]
pub struct Room {
    epoch: Epoch,
    seq: Seq,
    ring: VecDeque<Event>,
    viewers: BTreeMap<SocketId, Viewer>,
    pending: Vec<Event>,
    flushing: bool,
    last_frame: Timestamp,
    ledgers: Ledgers,
    timeline: Timeline,
    pulse: Pulse,
}

#[derive(Clone, Debug, Default)]
struct Viewer {
    said_at: VecDeque<Timestamp>,
}

impl Room {
    /// A room with nothing behind it. `epoch` is fresh random bits.
    pub fn new(epoch: Epoch) -> (Self, Vec<Output>) {
        (Self::restore(Memory::new(epoch), []), vec![Output::Store(Row::Epoch(epoch))])
    }

    /// The room as its rows tell, with the sockets that outlived the restart.
    pub fn restore(memory: Memory, sockets: impl IntoIterator<Item = SocketId>) -> Self {
        let ring: VecDeque<Event> = memory.events.into();
        Self {
            epoch: memory.epoch,
            seq: ring.back().map_or(Seq(0), |event| event.seq),
            ring,
            viewers: sockets.into_iter().map(|socket| (socket, Viewer::default())).collect(),
            pending: Vec::new(),
            flushing: false,
            last_frame: Timestamp::default(),
            pulse: Pulse::restore(memory.report, memory.names, &memory.buckets),
            ledgers: Ledgers::restore(memory.guilds, memory.active),
            timeline: Timeline::restore(memory.buckets, memory.months),
        }
    }

    /// Takes one happening.
    pub fn handle(&mut self, now: Timestamp, input: Input<'_>) -> Vec<Output> {
        let mut outputs = Vec::new();
        match input {
            Input::Joined(socket, resume) => self.joined(now, socket, resume, &mut outputs),
            Input::Said(socket, frame) => self.said(now, socket, frame, &mut outputs),
            Input::Left(socket) => self.left(socket, &mut outputs),
            Input::Recorded(push) => self.recorded(now, push, &mut outputs),
            Input::Reported(report) => self.reported(now, report, &mut outputs),
            Input::Failed(event) => self.failed(now, event, &mut outputs),
            Input::Ticked => self.ticked(now, &mut outputs),
            Input::Flushed => {
                self.flushing = false;
                self.flush(now, &mut outputs);
            }
        }
        outputs
    }

    /// The numbers at `now`.
    pub fn stats(&self, now: Timestamp) -> DashboardStats {
        let last_hour = self.timeline.last_hour(now);
        DashboardStats {
            bot: Bot {
                name: self.pulse.bot_name(),
                avatar_url: self.pulse.avatar_url(),
                status: self.pulse.status(now),
            },
            guilds: Guilds { count: self.pulse.guild_count().unwrap_or_else(|| self.ledgers.guild_count()) },
            users: Users { active: self.ledgers.active(now), total: self.ledgers.players() },
            commands: Commands {
                total: self.ledgers.commands(),
                last_hour: last_hour.commands,
                refused_last_hour: last_hour.refused,
                failed_last_hour: last_hour.failed,
                change_from_last_month: self.timeline.change_from_last_month(now),
            },
            ping: self.pulse.ping(now, self.timeline.ping_one_hour_ago(now)),
            handling: self.timeline.handling(now),
            economy: self.ledgers.economy(self.timeline.last_day(now)),
            leaderboards: self.ledgers.leaderboards(),
            recent_events: self.ring.iter().rev().take(RECENT_EVENTS_LEN).cloned().collect(),
            uptime: self.pulse.uptime_seconds(now),
            last_command_timestamp: self.ledgers.last_command_at(),
            maintenance_mode: false,
            viewers: u32::try_from(self.viewers.len()).unwrap_or(u32::MAX),
            as_of: now,
            seq: self.seq,
        }
    }

    /// All that a page needs at first paint.
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        Snapshot {
            version: crate::VERSION,
            epoch: self.epoch,
            seq: self.seq,
            stats: self.stats(now),
            events: self.ring.iter().rev().cloned().collect(),
            history: self.timeline.points(now, Resolution::FiveSeconds),
        }
    }

    /// Every server with books or a name, as `/api/guilds` lists them.
    pub fn guilds(&self) -> Vec<GuildListing> {
        let mut ids: Vec<GuildId> = self.ledgers.guild_ids().chain(self.pulse.named_ids()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| self.listing(id)).collect()
    }

    fn listing(&self, id: GuildId) -> GuildListing {
        let totals = self.ledgers.totals(id);
        let named = self.pulse.named(id);
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

    fn joined(
        &mut self,
        now: Timestamp,
        socket: SocketId,
        resume: Option<(Epoch, Seq)>,
        outputs: &mut Vec<Output>,
    ) {
        if self.viewers.len() >= VIEWERS_MAX {
            outputs.push(Output::Close(socket, CloseCode::RoomFull));
            return;
        }
        self.flush(now, outputs); // What waits is for those who were here; the newcomer gets it below.
        let missed = resume.and_then(|(epoch, since)| self.missed(epoch, since));
        self.viewers.insert(socket, Viewer::default());
        outputs.push(Output::Admit(socket));
        outputs.push(Output::Send(
            socket,
            ServerMessage::Hello {
                version: crate::VERSION,
                epoch: self.epoch,
                seq: self.seq,
                server_time: now,
                heartbeat_ms: HEARTBEAT_MS,
                resumed: missed.is_some(),
            },
        ));
        outputs.push(Output::Send(
            socket,
            match missed {
                Some(events) => ServerMessage::Events { data: events },
                None => ServerMessage::Snapshot { data: Box::new(self.snapshot(now)) },
            },
        ));
        outputs.push(Output::Send(socket, self.stats_update(now)));
        outputs.push(Output::TickIn(STATS_EVERY_MS));
    }

    /// Exactly what came after `since`, if all of it is still in the ring.
    fn missed(&self, epoch: Epoch, since: Seq) -> Option<Vec<Event>> {
        let oldest = self.ring.front().map_or(self.seq.next(), |event| event.seq);
        let resumable = epoch == self.epoch && since <= self.seq && since.next() >= oldest;
        resumable.then(|| self.ring.iter().filter(|event| event.seq > since).cloned().collect())
    }

    fn said(&mut self, now: Timestamp, socket: SocketId, frame: Frame<'_>, outputs: &mut Vec<Output>) {
        let Some(viewer) = self.viewers.get_mut(&socket) else { return };
        match viewer.judge(now, frame) {
            // The runtime answers pings; one that gets here came while the room was being rebuilt.
            Ok(None) => {}
            Ok(Some(ClientMessage::Refresh)) => {
                self.flush(now, outputs); // Numbers that run ahead of the events would look like a loss.
                outputs.push(Output::Send(socket, self.stats_update(now)));
            }
            Err(code) => {
                outputs.push(Output::Close(socket, code));
                self.left(socket, outputs);
            }
        }
    }

    fn left(&mut self, socket: SocketId, outputs: &mut Vec<Output>) {
        if self.viewers.remove(&socket).is_some() && self.viewers.is_empty() {
            outputs.push(Output::TickNever);
        }
    }

    fn recorded(&mut self, now: Timestamp, push: Push, outputs: &mut Vec<Output>) {
        let guild = push.guild_id;
        let seen = self.ledgers.acknowledged(guild);
        let fresh: Vec<_> = push.records.into_iter().filter(|record| record.seq > seen).collect();
        let acknowledged = fresh.last().map_or(seen, |record| record.seq);
        if !fresh.is_empty() {
            for record in fresh {
                self.timeline.add_record(record.at, &record);
                if let Some(activity) = record.activity {
                    self.ledgers.add_activity(record.at, activity.previous, outputs);
                }
                for event in record.events {
                    self.number(event, outputs);
                }
            }
            outputs.push(Output::Store(self.ledgers.replace(guild, acknowledged, push.totals)));
            self.timeline.set_wealth(now, self.ledgers.wealth());
            self.timeline.save(now, outputs);
        }
        outputs.push(Output::Acknowledge(Acknowledgement { seq: acknowledged }));
        self.flush_or_wait(now, outputs);
    }

    fn reported(&mut self, now: Timestamp, report: Report, outputs: &mut Vec<Output>) {
        let report = report.believable();
        let sample = report.sample();
        // By age, not by the clock of whoever measured: that may be minutes off.
        for missed in &report.missed {
            self.timeline.add_missed(now.minus(report.at.since(missed.at)), missed.ms);
        }
        self.notice(now, outputs);
        outputs.extend(self.pulse.report(now, report).into_iter().map(Output::Store));
        self.notice(now, outputs);
        self.timeline.add_ping(now, sample);
        self.timeline.set_wealth(now, self.ledgers.wealth());
        self.timeline.save(now, outputs);
        self.flush_or_wait(now, outputs);
    }

    fn failed(&mut self, now: Timestamp, event: Event, outputs: &mut Vec<Output>) {
        self.timeline.add_outcome(now, Outcome::Failed);
        self.timeline.save(now, outputs);
        self.number(event, outputs);
        self.flush_or_wait(now, outputs);
    }

    fn ticked(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if self.viewers.is_empty() {
            outputs.push(Output::TickNever);
            return;
        }
        self.notice(now, outputs);
        self.flush(now, outputs);
        // Last the alarm: what is sent would otherwise wait for its write.
        self.broadcast(now, self.stats_update(now), outputs);
        outputs.push(Output::TickIn(STATS_EVERY_MS));
    }

    /// Tells once that the bot went offline, or is back.
    fn notice(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if let Some((event, row)) = self.pulse.notice(now) {
            self.number(event, outputs);
            outputs.push(Output::Store(row));
        }
    }

    fn stats_update(&self, now: Timestamp) -> ServerMessage {
        ServerMessage::StatsUpdate {
            data: Box::new(self.stats(now)),
            points: self.timeline.newest_points(Resolution::FiveSeconds, POINTS_WITH_STATS),
        }
    }

    /// Gives an event its place, stores it, and puts it among those to be told.
    fn number(&mut self, mut event: Event, outputs: &mut Vec<Output>) {
        self.seq = self.seq.next();
        event.seq = self.seq;
        if event.guild_name.is_none() {
            event.guild_name = self.pulse.named(event.guild_id).map(|guild| guild.name.clone());
        }
        outputs.push(Output::Store(Row::Event(event.clone())));
        if self.seq.0.is_multiple_of(FORGET_EVERY) && self.seq.0 > EVENTS_STORED {
            outputs.push(Output::Forget(Kind::Event, self.seq.0 - EVENTS_STORED));
        }
        self.ring.push_back(event.clone());
        if self.ring.len() > RING_LEN {
            self.ring.pop_front();
        }
        self.pending.push(event);
    }

    /// The first event after a quiet time leaves at once; within the window of a frame, events wait and leave together.
    fn flush_or_wait(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let quiet = now.since(self.last_frame);
        let window = self.window_ms();
        if quiet >= window {
            self.flush(now, outputs);
        } else if !self.pending.is_empty() && !self.flushing {
            self.flushing = true;
            outputs.push(Output::FlushIn(window - quiet));
        }
    }

    fn flush(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let mut events = std::mem::take(&mut self.pending);
        let message = match events.len() {
            0 => return,
            1 => ServerMessage::NewEvent { data: events.swap_remove(0) },
            _ => ServerMessage::Events { data: events },
        };
        self.broadcast(now, message, outputs);
    }

    fn broadcast(&mut self, now: Timestamp, message: ServerMessage, outputs: &mut Vec<Output>) {
        self.last_frame = now;
        if !self.viewers.is_empty() {
            outputs.push(Output::Broadcast(message));
        }
    }

    fn window_ms(&self) -> u64 {
        (self.viewers.len() as u64 * COALESCE_MS_PER_1000_VIEWERS / 1_000).clamp(COALESCE_MS, COALESCE_MAX_MS)
    }
}

impl Viewer {
    /// What a frame means: nothing (a ping), a message, or the end.
    fn judge(&mut self, now: Timestamp, frame: Frame<'_>) -> Result<Option<ClientMessage>, CloseCode> {
        let Frame::Text(text) = frame else { return Err(CloseCode::TooLarge) };
        if text.len() > CLIENT_FRAME_MAX_BYTES {
            return Err(CloseCode::TooLarge);
        }
        self.said_at.retain(|&at| now.since(at) < CLIENT_MESSAGES_WINDOW_MS);
        self.said_at.push_back(now);
        if self.said_at.len() > CLIENT_MESSAGES_MAX {
            return Err(CloseCode::TooMany);
        }
        if text == PING {
            return Ok(None);
        }
        serde_json::from_str(text).map(Some).map_err(|_| CloseCode::BadMessage)
    }
}

/// An event of the edge itself, for the room to number.
pub fn edge_failure(id: String, at: Timestamp, guild_id: GuildId, message: String) -> Event {
    Event::new(id, at, guild_id, Severity::Error, Source::Edge, message)
}

/// One line of `/api/guilds`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuildListing {
    /// The server.
    pub id: GuildId,
    /// Its name, or its id until the bot has told the name.
    pub name: String,
    /// Where its icon is.
    pub icon_url: Option<String>,
    /// Accounts.
    pub players: u64,
    /// What they hold together.
    pub wealth: crate::Coins,
    /// Interactions answered.
    pub commands: u64,
    /// The last command's commit.
    pub last_command_at: Option<Timestamp>,
}
