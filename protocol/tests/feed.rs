//! Whatever the order, the doubling and the mixture: a feed ends up as the room is.

use crate::samples::{self, EPOCH, NOON, event, events, snapshot, stats};
use proptest::{collection::vec, prelude::*, sample::Index};
use protocol::{
    Epoch, Event, Seq, ServerMessage, Snapshot, Timestamp,
    feed::{EVENTS_KEPT, Feed, HISTORY_KEPT},
    history::{self, HistoryPoint},
};

/// The number of events that the room's ring holds in these stories.
const RING: u64 = 12;

/// One thing that the room said at some time, over the socket or over HTTP.
#[derive(Clone, Debug)]
enum Word {
    Snapshot(u64),
    Stats(u64),
    Event(u64),
    Events(u64, u64),
}

/// The room's clock when it had numbered `seq`: it often stands still for a few of them.
fn clock(seq: u64) -> Timestamp {
    NOON.plus(seq / 4 * 7)
}

fn snapshot_at(seq: u64) -> Snapshot {
    snapshot(EPOCH, clock(seq), seq.saturating_sub(RING) + 1..=seq)
}

fn tell(feed: &mut Feed, word: &Word) {
    let message = match *word {
        Word::Snapshot(seq) => ServerMessage::Snapshot { data: Box::new(snapshot_at(seq)) },
        Word::Stats(seq) => {
            ServerMessage::StatsUpdate { data: Box::new(stats(clock(seq), seq)), points: Vec::new() }
        }
        Word::Event(seq) => ServerMessage::NewEvent { data: event(seq) },
        Word::Events(from, to) => ServerMessage::Events { data: events(from..=to) },
    };
    feed.merge(EPOCH, message);
}

fn word(head: u64) -> impl Strategy<Value = Word> {
    prop_oneof![
        (0..=head).prop_map(Word::Snapshot),
        (0..=head).prop_map(Word::Stats),
        (1..=head).prop_map(Word::Event),
        (1..=head, 0u64..6).prop_map(move |(from, more)| Word::Events(from, (from + more).min(head))),
    ]
}

/// A first snapshot, what the room said since, and all that in any order and any number of times.
fn story() -> impl Strategy<Value = (u64, u64, Vec<Word>)> {
    (1u64..40, 0u64..40).prop_flat_map(|(head, first)| {
        let first = first.min(head);
        let said: Vec<Word> = (first + 1..=head).map(Word::Event).chain([Word::Stats(head)]).collect();
        (vec(word(head), 0..20), vec(any::<Index>(), 0..20)).prop_flat_map(move |(more, again)| {
            let mut words = said.clone();
            words.extend(more);
            words.extend(again.iter().map(|index| index.get(&said).clone()).collect::<Vec<_>>());
            (Just(head), Just(first), Just(words).prop_shuffle())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_ends_alike((head, first, words) in story()) {
        let mut feed = Feed::default();
        tell(&mut feed, &Word::Snapshot(first));
        let mut newest = (Seq(0), Timestamp(0));
        for word in &words {
            tell(&mut feed, word);
            let known = feed.stats().map(|stats| (stats.seq, stats.as_of)).unwrap();
            prop_assert!(newest <= known, "{newest:?} before {known:?}");
            newest = known;
        }
        prop_assert_eq!(feed.resume_point(), Some((EPOCH, Seq(head))));
        prop_assert!(!feed.has_gap());
        prop_assert_eq!(feed.stats(), Some(&stats(clock(head), head)));
        let known: Vec<Event> = feed.events().cloned().collect();
        let ring = snapshot_at(head).events;
        prop_assert_eq!(&known[..ring.len()], &ring[..]);
        for event in &known {
            prop_assert_eq!(event, &samples::event(event.seq.0));
        }
    }
}

#[test]
fn without_an_epoch_nothing_is_known() {
    let mut feed = Feed::default();
    for word in [Word::Event(1), Word::Stats(1), Word::Events(1, 3)] {
        tell(&mut feed, &word);
    }
    assert_eq!(feed, Feed::default());
    assert_eq!(feed.resume_point(), None);
    assert!(!feed.has_gap() && !feed.is_of(EPOCH));
}

#[test]
fn a_gap_is_seen_and_closed() {
    let mut feed = Feed::default();
    tell(&mut feed, &Word::Snapshot(3));
    for (word, head, gap) in [
        (Word::Event(5), 3, true),
        (Word::Event(4), 5, false),
        (Word::Stats(7), 5, true),
        (Word::Events(6, 7), 7, false),
    ] {
        tell(&mut feed, &word);
        assert_eq!((feed.resume_point(), feed.has_gap()), (Some((EPOCH, Seq(head))), gap), "{word:?}");
    }
}

#[test]
fn a_fresh_epoch_replaces_everything_and_a_late_answer_of_the_old_one_nothing() {
    let fresh = Epoch(9);
    let mut feed = Feed::default();
    tell(&mut feed, &Word::Snapshot(20));
    feed.merge_snapshot(snapshot(fresh, clock(20).plus(1), 1..=2));
    assert_eq!(feed.resume_point(), Some((fresh, Seq(2))));
    assert!(feed.events().eq(&events([2, 1])));
    let before = feed.clone();
    for late in [Word::Snapshot(20), Word::Stats(20), Word::Event(3), Word::Events(3, 5)] {
        tell(&mut feed, &late);
        assert_eq!(feed, before, "{late:?}");
    }
}

#[test]
fn a_hello_tells_that_an_epoch_is_in_force() {
    let mut feed = Feed::default();
    tell(&mut feed, &Word::Snapshot(4));
    let hello = ServerMessage::Hello {
        version: 1,
        epoch: EPOCH,
        seq: Seq(4),
        server_time: NOON.plus(10_000),
        heartbeat_ms: 25_000,
        resumed: true,
    };
    feed.merge(EPOCH, hello);
    feed.merge_snapshot(snapshot(Epoch(9), NOON.plus(10_000), 1..=2));
    assert!(feed.is_of(EPOCH), "an answer from before that HELLO");
    feed.merge_snapshot(snapshot(Epoch(9), NOON.plus(10_001), 1..=2));
    assert!(feed.is_of(Epoch(9)));
}

#[test]
fn a_viewer_keeps_so_much() {
    let most = EVENTS_KEPT as u64;
    let mut feed = Feed::default();
    tell(&mut feed, &Word::Snapshot(0));
    tell(&mut feed, &Word::Events(1, most + 30));
    assert_eq!(feed.events().count(), EVENTS_KEPT);
    tell(&mut feed, &Word::Event(5));
    assert_eq!(feed.events().last().map(|event| event.seq), Some(Seq(31)), "what was let go stays away");
    assert_eq!(feed.resume_point(), Some((EPOCH, Seq(most + 30))));
}

#[test]
fn the_charts_grow_with_the_numbers() {
    let mut feed = Feed::default();
    let first = snapshot(EPOCH, NOON, 1..=3);
    let known = first.history.len();
    feed.merge_snapshot(first);
    let newest = feed.history()[known - 1].clone();
    let point =
        |tick: u64, commands| HistoryPoint { at: newest.at.plus(tick * 5_000), commands, ..newest.clone() };
    let mut tell = |tick: u64, points| {
        let data = Box::new(stats(NOON.plus(tick * 5_000), 3));
        feed.merge(EPOCH, ServerMessage::StatsUpdate { data, points });
        feed.history().clone()
    };
    assert_eq!(
        tell(1, vec![point(0, 8), point(1, 1)]).len(),
        known + 1,
        "a step that goes on replaces itself"
    );
    let history = tell(2, vec![point(1, 4), point(2, 2)]);
    let newest_three: Vec<u64> = history.iter().rev().take(3).map(|point| point.commands).collect();
    assert_eq!(newest_three, [2, 4, 8]);
    for tick in 3..=2_000 {
        tell(tick, vec![point(tick - 1, 1), point(tick, 1)]);
    }
    let history = tell(2_000, vec![point(2_000, 1)]);
    assert_eq!(
        (history.len(), history.back().map(|point| point.at)),
        (HISTORY_KEPT, Some(point(2_000, 1).at))
    );
}

#[test]
fn what_a_point_leaves_out_is_as_in_the_point_before() {
    let told = snapshot(EPOCH, NOON, 1..=3).history;
    let point = |tick: u64, active| HistoryPoint { at: NOON.plus(tick * 5_000), active, ..told[0].clone() };
    let whole: Vec<_> =
        [4, 4, 7, 7, 4].iter().zip(0..).map(|(&active, tick)| point(tick, Some(active))).collect();
    let mut thinned = whole.clone();
    history::thin(&mut thinned);
    let left: Vec<_> = thinned.iter().map(|point| (point.active, point.guilds)).collect();
    assert_eq!(left, [(Some(4), Some(2)), (None, None), (Some(7), None), (None, None), (Some(4), None)]);

    let mut feed = Feed::default();
    feed.merge_snapshot(Snapshot { history: thinned.clone(), ..snapshot(EPOCH, NOON, 1..=3) });
    assert!(feed.history().iter().eq(&whole));
    // An update begins anew: its first point says all.
    let mut later = vec![point(4, Some(9)), point(5, Some(9))];
    history::thin(&mut later);
    let data = Box::new(stats(NOON.plus(25_000), 3));
    feed.merge(EPOCH, ServerMessage::StatsUpdate { data, points: later });
    let active: Vec<_> = feed.history().iter().filter_map(|point| point.active).collect();
    assert_eq!(active, [4, 4, 7, 7, 9, 9]);
}
