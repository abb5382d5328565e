//! The room's end of the conversation: it numbers events, keeps the last of them, and tells every viewer.
//!
//! [`Room::handle`] is the whole of it. The shell performs the [`Output`]s in order; whatever is in a [`Output::Store`]
//! is durable before anything after it is seen by anybody.

mod admission;
mod aggregates;
mod bot_state;
mod connection;
mod delivery;
mod failing;
mod frames;
mod handling;
mod income;
mod jobs;
mod limit;
mod maintenance;
mod rest;
mod row;
mod saving;
mod showing;
mod spent;
mod timeline;
mod viewer;
mod watch;

use std::collections::{BTreeMap, VecDeque};

pub use self::admission::{JOIN_EVERY_MS, JOINS_AT_ONCE_MAX, Refusal, SESSION_SOCKETS_MAX, SessionId};
pub use self::bot_state::OFFLINE_AFTER_MS;
pub use self::connection::Connection;
pub use self::failing::edge_failure;
pub use self::frames::{COALESCE_MAX_MS, COALESCE_MS};
pub use self::jobs::{JOBS_KEPT_MAX, Takes};
pub use self::maintenance::{Answer, MaintenanceRow, Remembered, SPREAD_AT_ONCE};
pub use self::rest::REST_AFTER_MS;
pub use self::row::{GuildRow, Kind, Memory, OpenSteps, ReportRow, Row, UnknownRow};
pub use self::showing::{GuildListing, RoomState};
pub use self::timeline::{Bucket, Gauges, Resolution};
pub use self::watch::{Carried, EventParcel, Judge, Ordered, Parcel};
use self::{
    admission::Admission,
    aggregates::Aggregates,
    bot_state::{BotState, SAVE_EVERY_MS},
    jobs::Waiting,
    spent::Spent,
    timeline::Timeline,
    viewer::Viewer,
    watch::Watch,
};
use crate::{
    ClientMessage, Epoch, Event, GuildId, Report, Seq, ServerMessage, Timestamp, UserId,
    action::{Action, Actor},
    alert::{ChannelId, IncidentId, Order},
    job::{Job, Jobs, Settlement},
    message::{CloseCode, HEARTBEAT_MS, VIEWERS_MAX},
    record::{Acknowledgement, Maintenance, Push},
    time::MINUTE_MS,
};

/// The interval of full stats while anyone watches, in milliseconds.
pub const STATS_EVERY_MS: u64 = 5_000;
/// By how much one of them may come later than that, in milliseconds.
const STATS_SLACK_MS: u64 = 1_000;
/// Events that a viewer can resume over.
pub const RING_LEN: usize = 500;
/// Events that stay readable through `/api/events`.
pub const EVENTS_STORED: u64 = 50_000;
/// Stored events are let go in steps of this many.
const FORGET_EVERY: u64 = 100;
/// Every update goes over the points of history of so long, in milliseconds: longer than a viewer bears silence.
const POINTS_REPEATED_MS: u64 = 30_000;
/// Overlap, in milliseconds, of the history points that are sent again after a resume with those that the viewer has: the
/// clocks of the books and of the room need not agree.
const POINTS_SLACK_MS: u64 = MINUTE_MS;

/// One socket, named by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// A frame that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text frame, of any length.
    Text(&'a str),
    /// A binary frame, which nobody should send.
    Binary,
}

/// An input of the room: something that happened, or a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// A viewer's socket opened, of a browser's session or of a program, perhaps to go on after an event of an epoch.
    /// [`Room::admit`] has let it in.
    Joined(SocketId, Option<SessionId>, Option<(Epoch, Seq)>),
    /// A viewer sent a frame.
    Said(SocketId, Frame<'a>),
    /// A viewer's socket closed.
    Left(SocketId),
    /// A session has ended, or may watch no more: its sockets close with this code.
    Ended(SessionId, CloseCode),
    /// A server's books delivered journal rows.
    Recorded(Push),
    /// The bot-worker reported.
    Reported(Report),
    /// The bot-worker asks for work.
    Pulled(Takes),
    /// An answer that the edge could not deliver.
    Undelivered(Job),
    /// The bot-worker says how a job ended.
    Settled(String, Settlement),
    /// Somebody who may pauses everything, or lets it go on; the reason is cleaned.
    Acted(Actor, Action),
    /// A server's own room hears of the bot and its books again, of which it has known nothing while nobody watched.
    Returned,
    /// A server's own room is told whether everything is paused.
    Heard(Maintenance),
    /// The edge could not answer a command; the event says which and why.
    Failed(Event),
    /// The storage has refused rows, because a limit of the plan is reached.
    Limited,
    /// It takes rows again.
    Unlimited,
    /// An administrator asks something of the alerts.
    Ordered(Actor, Order),
    /// A message about this state of an incident was carried to a channel, or was not.
    Carried(IncidentId, ChannelId, u32, Carried),
    /// Events up to this one were carried to a channel, or were not; whether any were for it.
    EventsCarried(ChannelId, Seq, bool, Carried),
    /// The alarm went off.
    Ticked,
    /// The time asked for by [`Output::FlushIn`] has passed.
    Flushed,
}

/// An output of the room, for the shell to perform, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Write this, before performing what follows.
    Store(Row),
    /// Delete the rows of this kind whose keys are below.
    Forget(Kind, u64),
    /// Delete the row of this kind and key.
    Delete(Kind, u64),
    /// From here on, broadcasts reach this socket too.
    Admit(SocketId),
    /// Send to one socket, whether or not it is admitted.
    Send(SocketId, ServerMessage),
    /// Send to all that are admitted.
    Broadcast(ServerMessage),
    /// Close, with this code.
    Close(SocketId, CloseCode),
    /// Answer the delivery with this.
    Acknowledge(Acknowledgement),
    /// Answer the action with this.
    Answer(Answer),
    /// Tell these servers' books that everything is paused, or goes on.
    Spread(Maintenance, Vec<GuildId>),
    /// Tell this server's books that this player takes no messages of the bot.
    RemindNoMore(GuildId, UserId),
    /// Answer the bot-worker that asked for work.
    HandOut(Jobs),
    /// Answer what was asked of the alerts.
    Ordered(Ordered),
    /// Carry these messages to their channels, and say [`Input::Carried`] of each.
    Post(Vec<Parcel>),
    /// Carry these events to their channel, and say [`Input::EventsCarried`].
    PostEvents(EventParcel),
    /// Say [`Input::Flushed`] after this many milliseconds.
    FlushIn(u64),
    /// Say [`Input::Ticked`] after this many milliseconds, unless an alarm is already set that comes earlier.
    TickIn(u64),
    /// Nobody watches: no alarm.
    TickNever,
}

/// The room's end of the conversation. Whatever it has to remember leaves as an output to store.
#[derive(Clone, Debug)]
pub struct Room {
    epoch: Epoch,
    /// Whether the epoch has changed since the object came up, because the room was set back.
    has_another_log: bool,
    seq: Seq,
    ring: VecDeque<Event>,
    viewers: BTreeMap<SocketId, Viewer>,
    pending: Vec<Event>,
    flushing: bool,
    last_frame: Timestamp,
    admission: Admission,
    /// The moment at which the last report and the steps were written.
    saved_at: Timestamp,
    /// The last moment at which somebody watched or played; `None` after a restart.
    busy_at: Option<Timestamp>,
    /// The moment at which full stats were last told to all; `None` after a restart.
    told_stats_at: Option<Timestamp>,
    /// Alarms since the object came up that told stats.
    ticks: u64,
    aggregates: Aggregates,
    timeline: Timeline,
    spent: Spent,
    bot: BotState,
    waiting: Waiting,
    maintenance: MaintenanceRow,
    /// Servers that have to hear of it still, those that played last first.
    untold: VecDeque<GuildId>,
    /// Since when the storage refuses rows.
    limited_at: Option<Timestamp>,
    watch: Watch,
}

impl Room {
    /// A room with nothing behind it. `epoch` is fresh random bits.
    pub fn new(epoch: Epoch) -> (Self, Vec<Output>) {
        (Self::restore(Memory::new(epoch), []), vec![Output::Store(Row::Epoch(epoch))])
    }

    /// The room as its rows tell, with the sockets that outlived the restart and whose they are.
    pub fn restore(memory: Memory, sockets: impl IntoIterator<Item = (SocketId, Option<SessionId>)>) -> Self {
        let viewers: BTreeMap<SocketId, Viewer> =
            sockets.into_iter().map(|(socket, session)| (socket, Viewer::of(session))).collect();
        let memory = memory.with_open_steps();
        let ring: VecDeque<Event> = memory.events.into();
        let judges = memory.report.as_ref().map(|row| row.judges.clone()).unwrap_or_default();
        Self {
            epoch: memory.epoch,
            has_another_log: false,
            seq: ring.back().map_or(Seq(0), |event| event.seq),
            ring,
            admission: Admission::with(viewers.values().filter_map(|viewer| viewer.session)),
            viewers,
            pending: Vec::new(),
            flushing: false,
            last_frame: Timestamp::default(),
            saved_at: memory.report.as_ref().map(|row| row.received_at).unwrap_or_default(),
            busy_at: None,
            told_stats_at: None,
            ticks: 0,
            bot: BotState::restore(memory.report, memory.names, &memory.buckets),
            aggregates: Aggregates::restore(memory.guilds),
            timeline: Timeline::restore(
                memory.buckets,
                memory.months,
                memory.active,
                memory.open_steps_written,
            ),
            spent: Spent::restore(memory.spent),
            waiting: Waiting::restore(memory.jobs),
            maintenance: memory.maintenance,
            untold: VecDeque::new(),
            limited_at: None,
            watch: Watch::restore(memory.rules, memory.channels, memory.incidents, judges),
        }
    }

    /// Takes one input at `now`; returns what the shell has to do for it.
    pub fn handle(&mut self, now: Timestamp, input: Input<'_>) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.wake(now);
        self.excuse_own_absence(now, &mut outputs);
        match input {
            Input::Joined(socket, session, resume) => {
                self.joined(now, socket, session, resume, &mut outputs);
            }
            Input::Said(socket, frame) => self.said(now, socket, frame, &mut outputs),
            Input::Left(socket) => self.left(now, socket, &mut outputs),
            Input::Ended(session, code) => self.ended(now, session, code, &mut outputs),
            Input::Recorded(push) => self.recorded(now, push, &mut outputs),
            Input::Reported(report) => self.reported(now, report, &mut outputs),
            Input::Pulled(takes) => self.pulled(now, takes, &mut outputs),
            Input::Undelivered(job) => self.undelivered(now, job, &mut outputs),
            Input::Settled(job, settlement) => self.settled(now, &job, &settlement, &mut outputs),
            Input::Returned => self.bot.returned(now),
            Input::Heard(said) => self.heard(now, said, &mut outputs),
            Input::Acted(actor, action) => self.acted(now, actor, action, &mut outputs),
            Input::Failed(event) => self.failed(now, event, &mut outputs),
            Input::Limited => self.limited(now, &mut outputs),
            Input::Unlimited => self.unlimited(now, &mut outputs),
            Input::Ordered(actor, order) => self.ordered(now, &actor, order, &mut outputs),
            Input::Carried(incident, channel, version, carried) => {
                self.carried(now, (incident, channel, version), carried, &mut outputs);
            }
            Input::EventsCarried(channel, up_to, sent, carried) => {
                self.events_carried(now, channel, (up_to, sent), carried, &mut outputs);
            }
            Input::Ticked => self.ticked(now, &mut outputs),
            Input::Flushed => {
                self.flushing = false;
                self.flush(now, &mut outputs);
            }
        }
        outputs
    }

    /// Admits one more socket, or refuses it, before it is opened. A session is counted, a program (`None`) is not.
    pub fn admit(&mut self, now: Timestamp, session: Option<SessionId>) -> Result<(), Refusal> {
        if self.viewers.len() >= VIEWERS_MAX {
            return Err(Refusal::RoomFull);
        }
        session.map_or(Ok(()), |session| self.admission.admit(now, session))
    }

    fn joined(
        &mut self,
        now: Timestamp,
        socket: SocketId,
        session: Option<SessionId>,
        resume: Option<(Epoch, Seq)>,
        outputs: &mut Vec<Output>,
    ) {
        self.flush(now, outputs); // What waits is for those who were here; the newcomer gets it below.
        let missed = resume.and_then(|(epoch, since)| self.missed(epoch, since));
        self.busy_at = Some(now);
        if self.viewers.is_empty() {
            self.told_stats_at = Some(now); // What happened before goes to the newcomer alone.
            self.timeline.take_untold();
        }
        self.admission.enter(session);
        self.viewers.insert(socket, Viewer::of(session));
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
        let (welcome, points_from) = match (missed, resume) {
            (Some(data), Some((_, since))) => (ServerMessage::Events { data }, self.known_until(since)),
            _ => (ServerMessage::Snapshot { data: Box::new(self.snapshot(now)) }, now),
        };
        outputs.push(Output::Send(socket, welcome));
        outputs.push(Output::Send(socket, self.stats_update(now, points_from)));
        if self.maintenance.current.is_on {
            outputs.push(Output::Send(socket, self.maintenance_notice()));
        } else {
            outputs.extend(self.lasting_incidents().map(|notice| Output::Send(socket, notice)));
        }
        outputs.extend(self.limit_notice().map(|notice| Output::Send(socket, notice)));
        outputs.push(self.tick(now));
    }

    /// Exactly what came after `since`, if all of it is still in the ring.
    fn missed(&self, epoch: Epoch, since: Seq) -> Option<Vec<Event>> {
        let oldest = self.ring.front().map_or(self.seq.next(), |event| event.seq);
        let resumable = epoch == self.epoch && since <= self.seq && since.next() >= oldest;
        resumable.then(|| self.ring.iter().filter(|event| event.seq > since).cloned().collect())
    }

    /// Until when a viewer that has this event surely has the points of history, too.
    fn known_until(&self, since: Seq) -> Timestamp {
        let last = self.ring.iter().find(|event| event.seq == since);
        last.map(|event| event.at.minus(POINTS_SLACK_MS)).unwrap_or_default()
    }

    fn said(&mut self, now: Timestamp, socket: SocketId, frame: Frame<'_>, outputs: &mut Vec<Output>) {
        let Some(viewer) = self.viewers.get_mut(&socket) else { return };
        match viewer.judge(now, frame) {
            // The runtime answers pings; one that gets here came while the room was being rebuilt.
            Ok(None) => {}
            Ok(Some(ClientMessage::Refresh)) => {
                self.flush(now, outputs); // Numbers that run ahead of the events would look like a loss.
                outputs.push(Output::Send(socket, self.stats_update(now, now)));
            }
            Err(code) => {
                outputs.push(Output::Close(socket, code));
                self.left(now, socket, outputs);
            }
        }
    }

    fn left(&mut self, now: Timestamp, socket: SocketId, outputs: &mut Vec<Output>) {
        let Some(viewer) = self.viewers.remove(&socket) else { return };
        self.admission.leave(viewer.session);
        self.busy_at = Some(now);
        if self.viewers.is_empty() {
            outputs.push(self.unwatched_alarm(now));
        }
    }

    fn ended(&mut self, now: Timestamp, session: SessionId, code: CloseCode, outputs: &mut Vec<Output>) {
        let theirs =
            |(&socket, viewer): (&SocketId, &Viewer)| (viewer.session == Some(session)).then_some(socket);
        let sockets: Vec<SocketId> = self.viewers.iter().filter_map(theirs).collect();
        for socket in sockets {
            outputs.push(Output::Close(socket, code));
            self.left(now, socket, outputs);
        }
    }

    fn reported(&mut self, now: Timestamp, report: Report, outputs: &mut Vec<Output>) {
        let report = report.believable();
        let (sample, started_at) = (report.sample(), report.started_by(now));
        // By age, not by the clock of whoever measured: that may be minutes off.
        for missed in &report.missed {
            self.timeline.add_missed(now.minus(report.at.since(missed.at)), missed.ms);
        }
        let was_silent = self.notice(now, outputs);
        let is_news = self.bot.report(now, report, |guild| self.aggregates.totals(guild).is_some(), outputs);
        let is_event = self.notice(now, outputs);
        self.timeline.add_report(now, started_at, sample);
        self.timeline.set_standing(now, self.aggregates.wealth(), self.gauges(now));
        self.look_out(now, outputs);
        // Reports keep the room in memory, and what they measure is written once a minute. Those at rest do not.
        let is_due = now.since(self.saved_at) >= SAVE_EVERY_MS || self.bot.is_at_rest();
        if was_silent || is_news || is_event || is_due {
            self.save_report(now, outputs);
        }
        self.spread_on(outputs);
        self.send_events(now, outputs);
        self.arm_unwatched(now, outputs);
        self.flush_or_wait(now, outputs);
    }

    fn ticked(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let is_watched = !self.viewers.is_empty();
        self.ticks += u64::from(is_watched);
        let is_news = (is_watched || self.watch.is_on()) && self.notice(now, outputs);
        if is_news || !is_watched && self.watch.is_on() && self.bot.take_come_back() {
            self.save_report(now, outputs);
        }
        self.spread_on(outputs);
        self.look_out(now, outputs);
        self.send_events(now, outputs);
        self.flush(now, outputs);
        if !is_watched {
            outputs.push(self.unwatched_alarm(now));
            return;
        }
        // Last the alarm: what is sent would otherwise wait for its write.
        let points_from = self.told_stats_at.replace(now).unwrap_or(now.minus(POINTS_SLACK_MS));
        // Records of an earlier commit can come late.
        let points_from = self.timeline.take_untold().map_or(points_from, |changed| changed.min(points_from));
        self.broadcast(now, self.stats_update(now, points_from), outputs);
        outputs.push(self.tick(now));
    }

    /// The next numbers: such that some come just when the bot, should it say nothing more, counts as offline. Told five
    /// seconds later, an old latency would pass for a new one.
    fn tick(&self, now: Timestamp) -> Output {
        let wait_ms = self.bot.offline_in_ms(now).map_or(STATS_EVERY_MS, |left_ms| {
            let ticks = left_ms.div_ceil(STATS_EVERY_MS + STATS_SLACK_MS);
            left_ms.div_ceil(ticks)
        });
        Output::TickIn(wait_ms)
    }

    /// Tells once that the bot went offline, or is back; and so of its gateway. Says whether there was anything to tell: the
    /// report has to be stored then.
    fn notice(&mut self, now: Timestamp, outputs: &mut Vec<Output>) -> bool {
        let noticed = [self.bot.notice(now), self.bot.notice_connection(now)];
        let is_any = noticed.iter().any(Option::is_some);
        for event in noticed.into_iter().flatten() {
            self.number(event, outputs);
        }
        is_any
    }

    /// The numbers, and the points of history from the step that `points_from` falls into, or from earlier: a frame that
    /// a wire swallowed is made good by the next.
    fn stats_update(&self, now: Timestamp, points_from: Timestamp) -> ServerMessage {
        let from = points_from.min(now.minus(POINTS_REPEATED_MS)).floor(Resolution::FiveSeconds.step_ms());
        let points = self.timeline.points(now, from, Resolution::FiveSeconds);
        ServerMessage::StatsUpdate { data: Box::new(self.stats(now)), points }
    }

    /// Gives an event its place, stores it, and puts it among those to be told.
    fn number(&mut self, mut event: Event, outputs: &mut Vec<Output>) {
        self.seq = self.seq.next();
        event.seq = self.seq;
        if event.guild_name.is_none() {
            event.guild_name = self.bot.named(event.guild_id).map(|guild| guild.name.clone());
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
}
