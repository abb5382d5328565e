//! The knowledge of one viewer. Snapshots, stats and events may come twice, late and in any order; it ends up the same.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::{
    DashboardStats, Epoch, Event, Seq, ServerMessage, Snapshot, Timestamp,
    history::{self, HistoryPoint},
    message::Notice,
};

/// Events a viewer keeps; older ones are a request to `/api/events` away.
pub const EVENTS_KEPT: usize = 2_000;
/// Points of history a viewer keeps: one hour at the pace of the stats.
pub const HISTORY_KEPT: usize = 720;

/// The merged knowledge of one viewer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feed {
    epoch: Option<Epoch>,
    /// The newest server time at which `epoch` was seen in force: how an old epoch is told from a new one.
    epoch_seen_at: Timestamp,
    /// Every event up to here has been merged, or is older than the ring was.
    head: Seq,
    events: BTreeMap<Seq, Arc<Event>>,
    stats: Option<DashboardStats>,
    history: VecDeque<HistoryPoint>,
    notice: Option<Notice>,
}

impl Feed {
    /// Merges one message of a socket whose HELLO named `epoch`.
    pub fn merge(&mut self, epoch: Epoch, message: ServerMessage) {
        match message {
            ServerMessage::Hello { server_time, .. } => {
                self.notice = None; // What was announced is over, or will be said again.
                if self.epoch == Some(epoch) {
                    self.epoch_seen_at = self.epoch_seen_at.max(server_time);
                }
            }
            ServerMessage::Snapshot { data } => self.merge_snapshot(*data),
            ServerMessage::Events { data } => self.merge_events(epoch, data),
            ServerMessage::NewEvent { data } => self.merge_events(epoch, [data]),
            ServerMessage::StatsUpdate { data, points } => self.merge_stats(epoch, *data, points),
            ServerMessage::Notice { data } => self.notice = Some(data),
            ServerMessage::Unknown => {}
        }
    }

    /// Merges a snapshot, from the socket or from `/api/snapshot`.
    pub fn merge_snapshot(&mut self, snapshot: Snapshot) {
        let Snapshot { epoch, seq, stats, events, mut history, .. } = snapshot;
        if self.epoch != Some(epoch) {
            if self.epoch.is_some() && stats.as_of <= self.epoch_seen_at {
                return; // A late answer from a log that has since been lost.
            }
            *self = Self { epoch: Some(epoch), notice: self.notice.take(), ..Self::default() };
        }
        self.keep(events);
        self.head = self.head.max(seq);
        self.settle();
        if self.has_nothing_newer_than(&stats) {
            history::fill(&mut history);
            self.history = history.into();
            self.trim_history();
        }
        self.merge_stats(epoch, stats, Vec::new());
    }

    /// The known events, newest first.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.shared_events().map(AsRef::as_ref)
    }

    /// The same, to be kept without copying them.
    pub fn shared_events(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.events.values().rev()
    }

    /// The newest numbers, if any have come.
    pub fn stats(&self) -> Option<&DashboardStats> {
        self.stats.as_ref()
    }

    /// The charts' points, oldest first.
    pub fn history(&self) -> &VecDeque<HistoryPoint> {
        &self.history
    }

    /// The last thing the room announced on this socket, such as a restart to come.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// Returns the point from which a new socket should go on: nothing at or before it is needed again.
    pub fn resume_point(&self) -> Option<(Epoch, Seq)> {
        self.epoch.map(|epoch| (epoch, self.head))
    }

    /// Whether this is knowledge of `epoch`, and of no other.
    pub fn is_of(&self, epoch: Epoch) -> bool {
        self.epoch == Some(epoch)
    }

    /// Whether something is known to exist that has not come: on an ordered wire, a loss.
    pub fn has_gap(&self) -> bool {
        let newest = self.events.last_key_value().map_or(self.head, |(&seq, _)| seq);
        newest > self.head || self.stats.as_ref().is_some_and(|stats| stats.seq > self.head)
    }

    fn merge_events(&mut self, epoch: Epoch, events: impl IntoIterator<Item = Event>) {
        if self.epoch != Some(epoch) {
            return;
        }
        self.keep(events);
        self.settle();
    }

    fn keep(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.events.entry(event.seq).or_insert_with(|| Arc::new(event));
        }
    }

    fn merge_stats(&mut self, epoch: Epoch, stats: DashboardStats, points: Vec<HistoryPoint>) {
        if self.epoch != Some(epoch) || !self.has_nothing_newer_than(&stats) {
            return;
        }
        self.epoch_seen_at = self.epoch_seen_at.max(stats.as_of);
        self.merge_points(points);
        self.stats = Some(stats);
    }

    /// The stream's numbers tell first what is newer: a clock can stand still, or step back with a restart.
    fn has_nothing_newer_than(&self, stats: &DashboardStats) -> bool {
        self.stats.as_ref().is_none_or(|known| (known.seq, known.as_of) <= (stats.seq, stats.as_of))
    }

    /// Points come again while their step of time lasts, each time with more.
    fn merge_points(&mut self, mut points: Vec<HistoryPoint>) {
        history::fill(&mut points);
        for point in points {
            match self.history.binary_search_by_key(&point.at, |known| known.at) {
                Ok(index) => self.history[index] = point,
                Err(index) => self.history.insert(index, point),
            }
        }
        self.trim_history();
    }

    fn trim_history(&mut self) {
        let excess = self.history.len().saturating_sub(HISTORY_KEPT);
        self.history.drain(..excess);
    }

    /// Moves the head over everything that is now without a gap, and lets go of the oldest: again, if it came again.
    fn settle(&mut self) {
        while self.events.contains_key(&self.head.next()) {
            self.head = self.head.next();
        }
        while self.events.len() > EVENTS_KEPT {
            self.events.pop_first();
        }
    }
}
