//! The events that have come, each once. Only what hangs together from the newest down is shown: a hole is filled by asking for what is older.

use std::{collections::BTreeMap, sync::Arc};

use protocol::{Epoch, Event, Seq, feed::Feed};

/// Events the page keeps by itself; a day at 200 a second holds no more memory than this.
pub const KEPT: usize = 12_000;

/// A change of the log, by the work that it makes for a list of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not at all.
    Nothing,
    /// By this many events on top.
    Ahead(usize),
    /// In a way that asks for a new look at all of it.
    Anew,
}

/// The events that this page has seen, by their numbers; the oldest go beyond [`KEPT`].
#[derive(Clone, Debug, Default)]
pub struct Log {
    epoch: Option<Epoch>,
    merged_to: Seq,
    events: BTreeMap<Seq, Arc<Event>>,
}

impl Log {
    /// Takes over what the feed has learnt since the last time.
    pub fn sync(&mut self, feed: &Feed) -> Change {
        let Some((epoch, head)) = feed.resume_point() else { return Change::Nothing };
        let mut anew = false;
        if self.epoch != Some(epoch) {
            *self = Self { epoch: Some(epoch), ..Self::default() };
            anew = true;
        }
        let newest = self.newest();
        let known = self.events.len();
        let fresh: Vec<&Arc<Event>> = feed
            .shared_events()
            .take_while(|event| event.seq > self.merged_to)
            .filter(|event| !self.events.contains_key(&event.seq))
            .collect();
        for event in fresh {
            self.events.insert(event.seq, Arc::clone(event));
        }
        self.merged_to = head;
        let added = self.events.len() - known;
        let ahead = self.newest().0 - newest.0 == added as u64 && known > 0;
        while self.events.len() > KEPT {
            self.events.pop_first();
        }
        match added {
            _ if anew => Change::Anew,
            0 => Change::Nothing,
            added if ahead => Change::Ahead(added),
            _ => Change::Anew,
        }
    }

    /// The events that hang together with the newest, newest first.
    pub fn run(&self) -> impl Iterator<Item = &Arc<Event>> {
        let newest = self.newest().0;
        self.events
            .values()
            .rev()
            .enumerate()
            .take_while(move |(index, event)| event.seq.0 + *index as u64 == newest)
            .map(|(_, event)| event)
    }

    /// Counts the events that are newer than `seq`.
    pub fn newer_than(&self, seq: Seq) -> usize {
        self.events.range(seq.next()..).count()
    }

    /// The number of the newest event; 0 when there is none.
    pub fn newest(&self) -> Seq {
        self.events.last_key_value().map_or(Seq(0), |(&seq, _)| seq)
    }
}

#[cfg(test)]
mod tests {
    use protocol::{ServerMessage, Snapshot};

    use super::*;
    use crate::filter::tests::event;

    fn snapshot(epoch: u64, events: impl Iterator<Item = u64>) -> Snapshot {
        let golden = include_str!("../../../protocol/tests/golden/snapshot.json");
        let mut snapshot: Snapshot = serde_json::from_str(golden).unwrap();
        snapshot.events = events.map(event).collect();
        snapshot.events.reverse();
        snapshot.seq = snapshot.events.first().map_or(Seq(0), |event| event.seq);
        snapshot.stats.seq = snapshot.seq;
        snapshot.stats.as_of.0 += epoch;
        snapshot.epoch = Epoch(epoch);
        snapshot
    }

    fn seqs(log: &Log) -> Vec<u64> {
        log.run().map(|event| event.seq.0).collect()
    }

    #[test]
    fn what_comes_on_top_is_told_apart_from_what_changes_the_rest() {
        let (mut feed, mut log) = (Feed::default(), Log::default());
        assert_eq!(log.sync(&feed), Change::Nothing);
        feed.merge_snapshot(snapshot(1, 5..=7));
        assert_eq!(log.sync(&feed), Change::Anew);
        assert_eq!(log.sync(&feed), Change::Nothing);
        feed.merge(Epoch(1), ServerMessage::Events { data: vec![event(8), event(9)] });
        assert_eq!(log.sync(&feed), Change::Ahead(2));
        feed.merge(Epoch(1), ServerMessage::NewEvent { data: event(11) });
        assert_eq!(log.sync(&feed), Change::Anew);
        assert_eq!(seqs(&log), [11], "what is below a hole waits until the hole is filled");
        feed.merge(Epoch(1), ServerMessage::NewEvent { data: event(10) });
        assert_eq!(log.sync(&feed), Change::Anew);
        assert_eq!(seqs(&log), [11, 10, 9, 8, 7, 6, 5]);
        assert_eq!(log.newer_than(Seq(9)), 2);
    }

    #[test]
    fn a_jump_and_a_lost_log_begin_anew() {
        let (mut feed, mut log) = (Feed::default(), Log::default());
        feed.merge_snapshot(snapshot(1, 1..=3));
        log.sync(&feed);
        feed.merge_snapshot(snapshot(1, 900..=905));
        assert_eq!(log.sync(&feed), Change::Anew);
        assert_eq!(seqs(&log), [905, 904, 903, 902, 901, 900]);
        feed.merge_snapshot(snapshot(2, 1..=2));
        assert_eq!(log.sync(&feed), Change::Anew);
        assert_eq!(seqs(&log), [2, 1]);
    }

    #[test]
    fn a_day_of_events_is_held_in_bounds() {
        let (mut feed, mut log) = (Feed::default(), Log::default());
        feed.merge_snapshot(snapshot(1, 1..=1));
        log.sync(&feed);
        for start in 0..(KEPT as u64 / 500 + 10) {
            let data = (start * 500 + 2..=start * 500 + 501).map(event).collect();
            feed.merge(Epoch(1), ServerMessage::Events { data });
            assert_eq!(log.sync(&feed), Change::Ahead(500));
        }
        assert_eq!(log.events.len(), KEPT);
        assert_eq!(log.run().count(), KEPT);
    }
}
