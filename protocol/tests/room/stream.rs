//! The stream of events: a newcomer is told everything once, and a viewer hears each event once, in few frames.

use protocol::{
    Epoch, Seq, ServerMessage,
    room::{Input, Output, RING_LEN, RoomState, STATS_EVERY_MS, SocketId},
};

use super::house::{House, ONE, OTHER, TWO, acknowledged, flush_in, tells, told};
use crate::samples::{EPOCH, HARBOUR, event, push};

#[test]
fn a_newcomer_is_told_hello_then_everything_then_the_numbers() {
    let mut house = House::empty();
    house.record(2);
    let outputs = house.join(ONE, None);
    let [
        Output::Admit(ONE),
        Output::Send(ONE, ServerMessage::Hello { epoch: EPOCH, seq: Seq(2), resumed: false, .. }),
        Output::Send(ONE, ServerMessage::Snapshot { data: snapshot }),
        Output::Send(ONE, ServerMessage::StatsUpdate { data: stats, .. }),
        Output::TickIn(STATS_EVERY_MS),
    ] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(snapshot.events.iter().map(|event| event.seq.0).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((&snapshot.stats, stats.viewers), (stats.as_ref(), 1));
}

#[test]
fn what_can_be_resumed_is_resumed_exactly() {
    let ring = RING_LEN as u64;
    // The events so far, the last one that the client says it has, and those that it missed; `None`: a snapshot instead.
    let cases = [
        (3, (EPOCH, 3), Some(vec![])),
        (3, (EPOCH, 1), Some(vec![2, 3])),
        (3, (EPOCH, 0), Some(vec![1, 2, 3])),
        (0, (EPOCH, 0), Some(vec![])),
        (3, (EPOCH, 4), None),
        (3, (EPOCH, u64::MAX), None),
        (0, (EPOCH, 1), None),
        (3, (Epoch(EPOCH.0 + 1), 3), None),
        (ring + 3, (EPOCH, 3), Some((4..=ring + 3).collect())),
        (ring + 3, (EPOCH, 2), None),
        (ring + 3, (EPOCH, 0), None),
    ];
    for (numbered, (epoch, since), missed) in cases {
        let mut house = House::empty();
        while house.rows < numbered {
            house.record((numbered - house.rows).min(200));
        }
        let outputs = house.join(ONE, Some((epoch, Seq(since))));
        let resumed =
            matches!(&outputs[1], Output::Send(ONE, ServerMessage::Hello { resumed, .. }) if *resumed);
        assert_eq!(resumed, missed.is_some(), "{since} of {numbered}");
        match missed {
            Some(missed) => assert_eq!(told(&outputs[2]), Some(("missed", missed)), "{since} of {numbered}"),
            None => assert!(matches!(&outputs[2], Output::Send(ONE, ServerMessage::Snapshot { .. }))),
        }
    }
}

#[test]
fn the_ring_holds_five_hundred() {
    let mut house = House::empty();
    (0..3).for_each(|_| drop(house.record(200)));
    let events = house.room.snapshot(house.now).events;
    let seqs: Vec<u64> = events.iter().map(|event| event.seq.0).collect();
    assert_eq!(seqs, (101..=600).rev().collect::<Vec<u64>>());
}

#[test]
fn the_document_brings_the_newest_fifty_and_the_stream_goes_on_after_them() {
    let mut house = House::empty();
    house.record(120);
    let document = house.room.document(house.now);
    let seqs: Vec<u64> = document.events.iter().map(|event| event.seq.0).collect();
    assert_eq!(seqs, (71..=120).rev().collect::<Vec<u64>>());
    house.record(3);
    let outputs = house.join(ONE, Some((document.epoch, document.seq)));
    assert_eq!(tells(&outputs), [("missed", vec![121, 122, 123])]);
}

#[test]
fn the_first_event_leaves_at_once_and_the_next_ones_together() {
    let mut house = House::watched();
    assert_eq!(tells(&house.record(1)), [("NEW_EVENT", vec![1])]);
    house.now = house.now.plus(10);
    let outputs = house.record(1);
    assert_eq!((tells(&outputs), flush_in(&outputs)), (vec![], Some(40)));
    house.now = house.now.plus(39);
    let outputs = house.record(2);
    assert_eq!((tells(&outputs), flush_in(&outputs)), (vec![], None), "one timer is enough");
    house.now = house.now.plus(1);
    assert_eq!(tells(&house.handle(Input::Flushed)), [("EVENTS", vec![2, 3, 4])]);
    assert_eq!(house.handle(Input::Flushed), []);
    house.now = house.now.plus(50);
    assert_eq!(tells(&house.record(1)), [("NEW_EVENT", vec![5])]);
    house.now = house.now.plus(1);
    assert_eq!(flush_in(&house.record(1)), Some(49), "after a flush a timer can be asked for again");
    house.now = house.now.plus(49);
    assert_eq!(tells(&house.handle(Input::Flushed)), [("NEW_EVENT", vec![6])]);
}

#[test]
fn one_delivery_is_one_frame() {
    let mut house = House::watched();
    assert_eq!(tells(&house.record(3)), [("EVENTS", vec![1, 2, 3])]);
}

#[test]
fn the_window_grows_with_the_viewers() {
    for (viewers, window) in
        [(1, 50), (757, 50), (800, 52), (2_000, 132), (3_030, 199), (3_031, 200), (9_000, 200)]
    {
        let mut house = House::empty();
        (0..viewers).for_each(|socket| drop(house.join(SocketId(socket), Some((EPOCH, Seq(0))))));
        house.now = house.now.plus(1_000);
        house.record(1);
        assert_eq!(flush_in(&house.record(1)), Some(window), "{viewers} viewers");
        house.now = house.now.plus(window);
        assert_eq!(tells(&house.record(1)), [("EVENTS", vec![2, 3])], "{viewers} viewers");
    }
}

#[test]
fn ten_thousand_events_in_a_second_are_at_most_25_frames() {
    let mut house = House::watched();
    let (mut frames, mut flush_at) = (0, None);
    for _ in 0..1_000 {
        house.now = house.now.plus(1);
        if flush_at == Some(house.now) {
            flush_at = None;
            frames += tells(&house.handle(Input::Flushed)).len();
        }
        let outputs = house.record(10);
        frames += tells(&outputs).len();
        flush_at = flush_at.or(flush_in(&outputs).map(|ms| house.now.plus(ms)));
    }
    assert_eq!(house.seq(), 10_000);
    assert!((19..=25).contains(&frames), "{frames} frames");
}

#[test]
fn a_newcomer_does_not_hear_twice_what_waited() {
    let mut house = House::watched();
    house.record(1);
    house.record(1);
    let outputs = house.join(TWO, Some((EPOCH, Seq(1))));
    assert_eq!(told(&outputs[0]), Some(("NEW_EVENT", vec![2])), "before the newcomer is admitted");
    assert_eq!(outputs[1], Output::Admit(TWO));
    assert_eq!(told(&outputs[3]), Some(("missed", vec![2])));
    house.now = house.now.plus(50);
    assert_eq!(house.handle(Input::Flushed), []);
}

#[test]
fn what_was_seen_is_dropped_by_server_and_row() {
    let mut house = House::watched();
    for (guild, rows, seq, acknowledgement) in [
        (HARBOUR, 1..=3, 3, 3),
        (HARBOUR, 1..=3, 3, 3), // The same delivery again.
        (HARBOUR, 2..=5, 5, 5), // Some of it is new.
        (HARBOUR, 1..=1, 5, 5), // A straggler.
        (OTHER, 1..=2, 7, 2),   // Another server counts by itself.
        (OTHER, 1..=3, 8, 3),
    ] {
        let outputs = house.handle(Input::Recorded(push(guild, rows.clone())));
        let case = format!("{guild} {rows:?}");
        assert_eq!((house.seq(), acknowledged(&outputs)), (seq, Some(acknowledgement)), "{case}");
    }
    let stats = house.room.stats(house.now);
    assert_eq!((stats.commands.total, stats.users.total, stats.economy.total_wealth.get()), (8, 224, 2_008));
}

#[test]
fn the_tick_lasts_as_long_as_someone_watches() {
    let mut house = House::empty();
    assert_eq!(house.handle(Input::Ticked), [Output::TickNever]);
    assert_eq!(house.join(ONE, None).last(), Some(&Output::TickIn(STATS_EVERY_MS)));
    house.join(TWO, None);
    for _ in 0..3 {
        house.now = house.now.plus(STATS_EVERY_MS);
        let outputs = house.handle(Input::Ticked);
        let [Output::Broadcast(ServerMessage::StatsUpdate { data, .. }), Output::TickIn(STATS_EVERY_MS)] =
            &outputs[..]
        else {
            panic!("{outputs:?}")
        };
        assert_eq!((data.as_of, data.viewers), (house.now, 2));
    }
    assert_eq!(house.handle(Input::Left(ONE)), []);
    assert_eq!(house.handle(Input::Left(ONE)), [], "twice is once");
    assert_eq!(house.handle(Input::Left(TWO)), [Output::TickNever]);
    assert_eq!(house.handle(Input::Left(TWO)), []);
    assert_eq!(tells(&house.record(1)), [], "nobody is told");
}

#[test]
fn what_waits_leaves_before_the_numbers_that_include_it() {
    let mut house = House::watched();
    house.record(1);
    house.record(1);
    let outputs = house.handle(Input::Ticked);
    assert_eq!(told(&outputs[0]), Some(("NEW_EVENT", vec![2])));
    assert!(
        matches!(&outputs[1], Output::Broadcast(ServerMessage::StatsUpdate { data, .. }) if data.seq == Seq(2))
    );
}

#[test]
fn a_failure_of_the_edge_is_an_event_and_a_number() {
    let mut house = House::watched();
    let mut failure = event(0);
    failure.guild_name = None;
    assert_eq!(tells(&house.handle(Input::Failed(failure))), [("NEW_EVENT", vec![1])]);
    let stats = house.room.stats(house.now);
    assert_eq!((stats.commands.last_hour, stats.commands.failed_last_hour), (1, 1));
    assert_eq!((stats.seq, stats.recent_events[0].seq), (Seq(1), Seq(1)));
}

#[test]
fn the_room_tells_of_itself() {
    let mut house = House::watched();
    house.record(2);
    house.handle(Input::Ticked);
    let state = RoomState { epoch: EPOCH, seq: Seq(2), viewers: 1, ticks: 1 };
    assert_eq!(house.room.state(), state);
}
