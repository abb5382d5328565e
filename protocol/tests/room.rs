//! The room as tables: what it does, given what happened and when.

mod samples;

use protocol::{
    Epoch, Event, GuildId, JournalSeq, Seq, ServerMessage, Severity, Timestamp,
    history::Range,
    message::{CLIENT_FRAME_MAX_BYTES, CLIENT_MESSAGES_MAX, CloseCode, VIEWERS_MAX},
    record::{Acknowledgement, Maintenance},
    report::NamedGuild,
    room::{
        Bucket, EVENTS_STORED, Frame, Input, Kind, Memory, Output, RING_LEN, Refusal, Resolution, Room,
        RoomState, Row, STATS_EVERY_MS, SessionId, SocketId,
    },
    stats::BotStatus,
};
use samples::{EPOCH, HARBOUR, NOON, event, push, report};

const ONE: SocketId = SocketId(1);
const TWO: SocketId = SocketId(2);
const OTHER: GuildId = GuildId(42);

/// A room and its clock.
struct House {
    room: Room,
    now: Timestamp,
    rows: u64,
}

impl House {
    fn empty() -> Self {
        let (room, outputs) = Room::new(EPOCH);
        assert_eq!(outputs, [Output::Store(Row::Epoch(EPOCH))]);
        Self { room, now: NOON, rows: 0 }
    }

    /// A house with one viewer, and nothing said for long.
    fn watched() -> Self {
        let mut house = Self::empty();
        house.handle(Input::Joined(ONE, None, None));
        house.now = house.now.plus(1_000);
        house
    }

    fn handle(&mut self, input: Input<'_>) -> Vec<Output> {
        self.room.handle(self.now, input)
    }

    /// So many more rows of one server, each with one event.
    fn record(&mut self, rows: u64) -> Vec<Output> {
        let first = self.rows + 1;
        self.rows += rows;
        self.handle(Input::Recorded(push(HARBOUR, first..=self.rows)))
    }

    fn join(&mut self, socket: SocketId, resume: Option<(Epoch, Seq)>) -> Vec<Output> {
        self.handle(Input::Joined(socket, None, resume))
    }

    fn seq(&self) -> u64 {
        self.room.snapshot(self.now).seq.0
    }
}

/// The numbers of the events that a message tells, when it is one that tells events.
fn told(output: &Output) -> Option<(&'static str, Vec<u64>)> {
    let numbers = |events: &[Event]| events.iter().map(|event| event.seq.0).collect();
    match output {
        Output::Broadcast(ServerMessage::NewEvent { data }) => Some(("NEW_EVENT", vec![data.seq.0])),
        Output::Broadcast(ServerMessage::Events { data }) => Some(("EVENTS", numbers(data))),
        Output::Send(_, ServerMessage::Events { data }) => Some(("missed", numbers(data))),
        _ => None,
    }
}

fn tells(outputs: &[Output]) -> Vec<(&'static str, Vec<u64>)> {
    outputs.iter().filter_map(told).collect()
}

fn flush_in(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| if let Output::FlushIn(ms) = output { Some(*ms) } else { None })
}

fn acknowledged(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| match output {
        Output::Acknowledge(Acknowledgement { seq, .. }) => Some(seq.0),
        _ => None,
    })
}

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
    // What was numbered, what the client says, and what it then missed; `None`: a snapshot instead.
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
fn everything_is_stored_before_anything_is_told() {
    let mut house = House::watched();
    let outputs = house.record(3);
    let last_store = outputs.iter().rposition(|output| matches!(output, Output::Store(_))).unwrap();
    let first_word = outputs
        .iter()
        .position(|output| matches!(output, Output::Broadcast(_) | Output::Acknowledge(_)))
        .unwrap();
    assert!(last_store < first_word, "{outputs:?}");
    let stored: Vec<u64> = outputs
        .iter()
        .filter_map(
            |output| if let Output::Store(Row::Event(event)) = output { Some(event.seq.0) } else { None },
        )
        .collect();
    assert_eq!(stored, [1, 2, 3]);
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
fn fifteen_silent_seconds_are_offline_and_null() {
    let mut house = House::watched();
    assert_eq!(house.room.stats(house.now).bot.status, BotStatus::Unknown);
    let outputs = house.handle(Input::Reported(report(house.now)));
    assert_eq!(tells(&outputs), [("NEW_EVENT", vec![1])], "is online");
    let stats = house.room.stats(house.now.plus(14_999));
    assert_eq!(stats.bot.status, BotStatus::Online);
    assert_eq!((stats.ping.avg, stats.ping.gateway, stats.ping.rest), (Some(40.0), Some(40.0), Some(88.3)));
    assert_eq!((stats.uptime, stats.guilds.count), (Some(86_414), 2));
    house.now = house.now.plus(15_000);
    let stats = house.room.stats(house.now);
    assert_eq!(stats.bot.status, BotStatus::Offline);
    assert_eq!((stats.ping.avg, stats.ping.gateway, stats.ping.rest, stats.uptime), (None, None, None, None));
    assert_eq!(tells(&house.handle(Input::Ticked)), [("NEW_EVENT", vec![2])], "went offline");
    assert_eq!(tells(&house.handle(Input::Ticked)), [], "once");
    house.now = house.now.plus(STATS_EVERY_MS);
    assert_eq!(tells(&house.handle(Input::Reported(report(house.now)))), [("NEW_EVENT", vec![3])], "is back");
}

#[test]
fn a_silence_that_nobody_watched_is_told_with_its_end() {
    let mut house = House::empty();
    house.handle(Input::Reported(report(house.now)));
    house.now = house.now.plus(60_000);
    house.handle(Input::Reported(report(house.now)));
    let events = house.room.snapshot(house.now).events;
    let messages: Vec<&str> = events.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(
        messages,
        ["Pulse is online again", "Pulse went offline: no report for 15 s", "Pulse is online"]
    );
    assert_ne!(events[0].id, events[1].id);
}

#[test]
fn an_average_is_of_the_last_minute() {
    let mut house = House::empty();
    for (after_ms, latency, average) in
        [(0, 10.0, 10.0), (5_000, 20.0, 15.0), (54_999, 60.0, 30.0), (2, 40.0, 40.0)]
    {
        house.now = house.now.plus(after_ms);
        let mut report = report(house.now);
        report.shards[0].latency_ms = Some(latency);
        house.handle(Input::Reported(report));
        assert_eq!(house.room.stats(house.now).ping.avg, Some(average), "after {after_ms} ms");
    }
}

#[test]
fn a_bad_frame_closes_its_own_socket_and_no_other() {
    let long = format!("\"{}\"", "x".repeat(CLIENT_FRAME_MAX_BYTES));
    let longest = "x".repeat(CLIENT_FRAME_MAX_BYTES);
    for (frame, code) in [
        (Frame::Text(""), CloseCode::BadMessage),
        (Frame::Text("{"), CloseCode::BadMessage),
        (Frame::Text(r#"{"type":"HELLO"}"#), CloseCode::BadMessage),
        (Frame::Text(r#"{"type":"REFRESH"}x"#), CloseCode::BadMessage),
        (Frame::Text("PING"), CloseCode::BadMessage),
        (Frame::Text(&longest), CloseCode::BadMessage),
        (Frame::Text(&long), CloseCode::TooLarge),
        (Frame::Binary, CloseCode::TooLarge),
    ] {
        let mut house = House::watched();
        house.join(TWO, None);
        assert_eq!(house.handle(Input::Said(TWO, frame)), [Output::Close(TWO, code)], "{frame:?}");
        assert_eq!(house.handle(Input::Said(TWO, frame)), [], "it is gone");
        assert_eq!(house.handle(Input::Left(TWO)), []);
        assert_eq!(house.room.stats(house.now).viewers, 1);
        let last = house.handle(Input::Said(ONE, frame));
        assert_eq!(last, [Output::Close(ONE, code), Output::TickNever]);
    }
}

#[test]
fn a_viewer_may_say_twenty_things_in_ten_seconds() {
    let refresh = Frame::Text(r#"{"type":"REFRESH"}"#);
    for (frame, answers) in [(refresh, 1), (Frame::Text("ping"), 0)] {
        let mut house = House::watched();
        let began = house.now;
        for said in 0..CLIENT_MESSAGES_MAX as u64 {
            house.now = began.plus(said);
            assert_eq!(house.handle(Input::Said(ONE, frame)).len(), answers);
        }
        house.now = began.plus(10_000);
        assert_eq!(house.handle(Input::Said(ONE, frame)).len(), answers, "the first is 10 s ago");
        let outputs = house.handle(Input::Said(ONE, frame));
        assert_eq!(outputs, [Output::Close(ONE, CloseCode::TooMany), Output::TickNever]);
    }
}

#[test]
fn a_refresh_is_answered_with_the_numbers() {
    let mut house = House::watched();
    let outputs = house.handle(Input::Said(ONE, Frame::Text(r#"{"type":"REFRESH"}"#)));
    let stats = Box::new(house.room.stats(house.now));
    let numbers = ServerMessage::StatsUpdate { data: stats, points: Vec::new() };
    assert_eq!(outputs, [Output::Send(ONE, numbers)]);
}

#[test]
fn a_full_room_lets_nobody_in() {
    let sockets = (1..=VIEWERS_MAX as u64).map(|socket| (SocketId(socket), None));
    let mut room = Room::restore(Memory::new(EPOCH), sockets);
    for session in [None, Some(SessionId(1))] {
        assert_eq!(room.knock(NOON, session), Err(Refusal::RoomFull));
    }
    room.handle(NOON, Input::Left(ONE));
    assert_eq!(room.knock(NOON, None), Ok(()));
    assert_eq!(room.handle(NOON, Input::Joined(ONE, None, None))[0], Output::Admit(ONE));
    assert_eq!(room.knock(NOON, None), Err(Refusal::RoomFull));
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
fn old_events_are_let_go_in_steps() {
    let mut house = House::empty();
    let mut forgotten = Vec::new();
    while house.seq() < EVENTS_STORED + 400 {
        let seq = house.seq();
        let outputs = house.record(if seq < EVENTS_STORED { 200 } else { 50 });
        forgotten.extend(outputs.iter().filter_map(|output| match output {
            Output::Forget(Kind::Event, below) => Some(*below),
            _ => None,
        }));
    }
    assert_eq!(forgotten, [100, 200, 300, 400]);
}

#[test]
fn a_step_is_stored_when_it_is_over_and_until_then_with_the_other_open_ones() {
    // Committed in one step of five seconds, delivered in the next.
    let mut house = House::empty();
    house.now = NOON.plus(5_001);
    let told = |bucket: &Bucket| (bucket.at.since(NOON), bucket.commands);
    let stored = |house: &mut House| {
        let (mut over, mut open) = (Vec::new(), Vec::new());
        for output in house.record(1) {
            match output {
                Output::Store(Row::Bucket(resolution, bucket)) => over.push((resolution, told(&bucket))),
                Output::Store(Row::Open(steps)) => {
                    open.extend(steps.buckets.iter().map(|(_, bucket)| told(bucket)));
                }
                _ => {}
            }
        }
        (over, open)
    };
    let (fine, minute) = (Resolution::FiveSeconds, Resolution::Minute);
    assert_eq!(stored(&mut house), (vec![(fine, (0, 1))], vec![(5_000, 0), (0, 1), (0, 1)]));
    assert_eq!(stored(&mut house), (vec![], vec![(5_000, 1), (0, 2), (0, 2)]), "late: in the newest step");
    house.now = NOON.plus(61_000);
    let over = vec![(fine, (5_000, 2)), (minute, (0, 3))];
    assert_eq!(stored(&mut house), (over, vec![(60_000, 0), (60_000, 0), (0, 3)]));
}

#[test]
fn open_steps_outlive_a_restart_and_take_the_place_of_older_rows() {
    let mut house = House::empty();
    house.record(3);
    house.now = NOON.plus(7_000);
    let outputs = house.record(2);
    let mut memory = Memory::new(EPOCH);
    // As an older version has stored them.
    memory
        .add(Kind::Minute, &Row::key_text(NOON.0), &format!(r#"{{"at":{},"commands":1}}"#, NOON.0))
        .unwrap();
    memory.add(Kind::Months, &Row::key_text(0), r#"{"month":1,"commands":1,"previous":0}"#).unwrap();
    for output in &outputs {
        if let Output::Store(row) = output {
            memory.add(row.kind(), &Row::key_text(row.key()), &row.value().unwrap()).unwrap();
        }
    }
    let restored = Room::restore(memory, []);
    let commands = |room: &Room, range| -> Vec<u64> {
        room.history(house.now, range).points.iter().map(|point| point.commands).collect()
    };
    for range in [Range::Hour, Range::Day, Range::Month] {
        assert_eq!(commands(&restored, range), commands(&house.room, range), "{range:?}");
    }
}

#[test]
fn an_acknowledgement_outlives_a_restart() {
    let mut house = House::empty();
    let mut memory = Memory::new(Epoch(0));
    let mut keep = |outputs: &[Output]| {
        for output in outputs {
            if let Output::Store(row) = output {
                memory.add(row.kind(), &Row::key_text(row.key()), &row.value().unwrap()).unwrap();
            }
        }
    };
    keep(&[Output::Store(Row::Epoch(EPOCH))]);
    keep(&house.record(4));
    let mut restored = Room::restore(memory, [(ONE, None)]);
    assert_eq!(restored.snapshot(NOON).events, house.room.snapshot(NOON).events);
    let outputs = restored.handle(NOON, Input::Recorded(push(HARBOUR, 1..=4)));
    assert_eq!(
        outputs,
        [Output::Acknowledge(Acknowledgement {
            seq: JournalSeq(4),
            maintenance: Some(Maintenance::default())
        })]
    );
    let outputs = restored.handle(NOON, Input::Recorded(push(HARBOUR, 5..=5)));
    assert_eq!(tells(&outputs), [("NEW_EVENT", vec![5])], "the socket that outlived it is told");
}

#[test]
fn a_latency_that_no_clock_can_have_measured_is_not_known() {
    for impossible in [-1.0, 1e308, f64::INFINITY, f64::NAN] {
        let mut house = House::watched();
        let mut report = report(house.now);
        report.rest_ms = Some(impossible);
        report.shards.clear();
        house.handle(Input::Reported(report));
        assert_eq!(house.room.stats(house.now).ping.avg, None, "{impossible}");
    }
}

#[test]
fn a_session_holds_fifty_sockets() {
    let (session, other) = (Some(SessionId(7)), Some(SessionId(8)));
    let mut house = House::empty();
    let join = |house: &mut House, socket: u64, session| {
        let let_in = house.room.knock(house.now, session);
        if let_in.is_ok() {
            house.handle(Input::Joined(SocketId(socket), session, None));
        }
        let_in
    };
    for socket in 0..50 {
        assert_eq!(join(&mut house, socket, session), Ok(()), "{socket}");
    }
    house.now = house.now.plus(60_000);
    for socket in 50..300 {
        assert_eq!(join(&mut house, socket, session), Err(Refusal::TooManySockets), "{socket}");
    }
    assert_eq!(join(&mut house, 300, other), Ok(()), "another session");
    (400..600).for_each(|socket| assert_eq!(join(&mut house, socket, None), Ok(()), "a program"));
    house.handle(Input::Left(SocketId(3)));
    house.handle(Input::Left(SocketId(3)));
    house.handle(Input::Said(SocketId(4), Frame::Binary));
    assert_eq!(join(&mut house, 601, session), Ok(()), "one left, and one was sent away");
    assert_eq!(join(&mut house, 602, session), Ok(()));
    assert_eq!(join(&mut house, 603, session), Err(Refusal::TooManySockets));
}

#[test]
fn sockets_are_counted_after_a_restart_too() {
    let session = Some(SessionId(7));
    let sockets = (0..50).map(|socket| (SocketId(socket), session)).chain([(SocketId(50), None)]);
    let mut room = Room::restore(Memory::new(EPOCH), sockets);
    assert_eq!(room.knock(NOON, session), Err(Refusal::TooManySockets));
    room.handle(NOON, Input::Left(SocketId(50)));
    assert_eq!(room.knock(NOON, session), Err(Refusal::TooManySockets), "that was a program");
    room.handle(NOON, Input::Left(SocketId(0)));
    assert_eq!(room.knock(NOON, session), Ok(()));
}

#[test]
fn a_session_that_hurries_is_slowed_down() {
    let (session, other) = (Some(SessionId(7)), Some(SessionId(8)));
    let mut room = House::empty().room;
    for knock in 0..100 {
        assert_eq!(room.knock(NOON, session), Ok(()), "{knock}");
    }
    let refused = |retry_in_ms| Err(Refusal::TooManyJoins { retry_in_ms });
    for (after_ms, outcome) in [
        (0, refused(200)),
        (0, refused(200)), // A refusal costs nothing.
        (199, refused(1)),
        (200, Ok(())),
        (200, refused(200)),
        (600, Ok(())),
        (600, Ok(())),
        (600, refused(200)),
    ] {
        assert_eq!(room.knock(NOON.plus(after_ms), session), outcome, "after {after_ms} ms");
    }
    assert_eq!(room.knock(NOON.plus(600), other), Ok(()), "another session has its own pace");
    assert_eq!(room.knock(NOON.plus(600), None), Ok(()), "a program has none");
    let calm = NOON.plus(60_000);
    (0..100).for_each(|knock| assert_eq!(room.knock(calm, session), Ok(()), "{knock} after a calm minute"));
    assert_eq!(room.knock(calm, session), refused(200));
    assert_eq!(
        room.knock(NOON.minus(3_600_000), session),
        Ok(()),
        "a clock that steps back locks nobody out"
    );
}

#[test]
fn servers_that_were_left_are_forgotten_unless_their_books_are_here() {
    let named = |ids: &[u64], count: u64, now| {
        let mut report = report(now);
        let name = report.guilds.named.remove(0);
        report.guilds.named = ids.iter().map(|&id| NamedGuild { id: GuildId(id), ..name.clone() }).collect();
        report.guilds.count = count;
        report
    };
    let mut house = House::empty();
    house.record(1);
    let books = HARBOUR.0;
    for (ids, count, forgotten, known) in [
        (vec![books, 42, 43], 3, vec![], vec![42, 43, books]),
        (vec![42], 3, vec![], vec![42, 43, books]), // Not all are named: who is missing may be there.
        (vec![], 0, vec![], vec![42, 43, books]),   // Nothing is known.
        (vec![42], 1, vec![43], vec![42, books]),
        (vec![44], 1, vec![42], vec![44, books]),
        (vec![44], 1, vec![], vec![44, books]),
    ] {
        let outputs = house.handle(Input::Reported(named(&ids, count, house.now)));
        let deleted: Vec<u64> = outputs
            .iter()
            .filter_map(|output| if let Output::Delete(Kind::Name, id) = output { Some(*id) } else { None })
            .collect();
        assert_eq!(deleted, forgotten, "{ids:?} of {count}");
        let listed: Vec<u64> = house.room.guilds().iter().map(|guild| guild.id.0).collect();
        assert_eq!(listed, known, "{ids:?} of {count}");
    }
}

/// The points that an update brings: where each begins, from noon on in seconds, and its commands.
fn points(outputs: &[Output]) -> Vec<(i64, u64)> {
    let points = outputs.iter().find_map(|output| match output {
        Output::Send(_, ServerMessage::StatsUpdate { points, .. })
        | Output::Broadcast(ServerMessage::StatsUpdate { points, .. }) => Some(points),
        _ => None,
    });
    let seconds = |at: Timestamp| (at.0.cast_signed() - NOON.0.cast_signed()) / 1_000;
    points.unwrap_or(&Vec::new()).iter().map(|point| (seconds(point.at), point.commands)).collect()
}

#[test]
fn an_update_brings_the_newest_points_and_what_a_late_tick_missed() {
    let mut house = House::empty();
    house.record(2);
    house.join(ONE, None);
    let steps = |from: i64, to: i64| (from..=to).map(|step| (step * 5, if step == 0 { 2 } else { 0 }));
    for (after_ms, from, to) in [
        (5_000, 0, 1),
        (5_000, 0, 2),
        (30_000, 2, 8), // Thirty seconds, as ever.
        (5_000, 3, 9),
        (95_000, 9, 28), // The alarm was late: from the last tick on.
        (5_000, 23, 29),
    ] {
        house.now = house.now.plus(after_ms);
        let told = points(&house.handle(Input::Ticked));
        assert_eq!(told, steps(from, to).collect::<Vec<_>>(), "{after_ms} ms later");
    }
}

#[test]
fn what_comes_late_is_told_again() {
    let mut house = House::watched();
    house.record(1);
    house.now = house.now.plus(120_000);
    house.handle(Input::Ticked);
    house.now = house.now.plus(5_000);
    // Committed at noon, in the newest step that is known.
    let mut late = push(HARBOUR, 2..=2);
    late.records[0].at = NOON;
    house.handle(Input::Recorded(late));
    let told = points(&house.handle(Input::Ticked));
    assert_eq!(told[0], (0, 2));
    assert_eq!(points(&house.handle(Input::Ticked)).len(), 7, "once");
}

#[test]
fn who_resumes_gets_the_points_of_the_meantime() {
    let mut house = House::empty();
    house.record(1); // Committed at noon.
    house.now = house.now.plus(600_000);
    let mut second = push(HARBOUR, 2..=2);
    (second.records[0].at, second.records[0].events[0].at) = (house.now, house.now);
    house.handle(Input::Recorded(second));
    house.now = house.now.plus(300_000);
    for (since, from, to) in [(0, 0, 900), (1, 0, 900), (2, 540, 900)] {
        let told = points(&house.join(SocketId(10 + since), Some((EPOCH, Seq(since)))));
        assert_eq!((told[0].0, told[told.len() - 1].0), (from, to), "since {since}");
        assert!(told.windows(2).all(|pair| pair[1].0 - pair[0].0 == 5));
    }
    let newcomer = points(&house.join(ONE, None));
    assert_eq!(newcomer.len(), 7, "a newcomer has them in the snapshot");
}

#[test]
fn charts_go_back_as_far_as_they_say() {
    let mut house = House::empty();
    house.record(3);
    house.now = NOON.plus(7_200_000);
    for (range, step_ms, points, commands) in
        [(Range::Hour, 5_000, 721, 0), (Range::Day, 60_000, 121, 3), (Range::Month, 900_000, 9, 3)]
    {
        let history = house.room.history(house.now, range);
        assert_eq!((history.range, history.step_ms, history.points.len()), (range, step_ms, points));
        assert_eq!(history.points.iter().map(|point| point.commands).sum::<u64>(), commands);
        assert!(history.points.iter().all(|point| point.wealth.get() == 1_003), "{range:?}");
        assert_eq!(history.points.last().map(|point| point.at), Some(house.now));
    }
    assert_eq!(House::empty().room.history(NOON, Range::Hour).points, []);
    // A clock that was ahead has left a step in the future; it is shown, and nothing is made up before it.
    let history = house.room.history(NOON.minus(5_000), Range::Hour);
    assert_eq!(history.points.len(), 1);
}

#[test]
fn charts_know_how_large_everything_was_and_since_when_the_bot_ran() {
    let mut house = House::empty();
    house.record(3);
    house.now = NOON.plus(60_000);
    house.handle(Input::Reported(report(house.now)));
    house.now = NOON.plus(70_000);
    let started = house.now.minus(86_410_000);
    let mut points = house.room.history(house.now, Range::Hour).points;
    let first = points[0].clone();
    assert!(first.active.is_some() && first.avg_level.is_some() && first.top_streak.is_some());
    assert_eq!((first.guilds, first.started_at), (Some(1), Some(Timestamp(0))), "no report has come");
    assert_eq!((points[1].active, points[1].started_at), (None, None), "as in the point before");
    protocol::history::fill(&mut points);
    let told: Vec<_> = points[11..].iter().map(|point| (point.guilds, point.started_at)).collect();
    let (none, running) = (Some(Timestamp(0)), Some(started));
    assert_eq!(told, [(Some(1), none), (Some(2), running), (Some(2), none), (Some(2), none)]);
}

#[test]
fn the_room_tells_of_itself() {
    let mut house = House::watched();
    house.record(2);
    house.handle(Input::Ticked);
    let state = RoomState { epoch: EPOCH, seq: Seq(2), viewers: 1, ticks: 1 };
    assert_eq!(house.room.state(), state);
}

/// The words stand in databases: another one for the same kind would lose what is there.
#[test]
fn each_kind_of_row_keeps_its_word() {
    let words = [
        (Kind::Epoch, "epoch"),
        (Kind::Event, "event"),
        (Kind::Guild, "guild"),
        (Kind::Name, "name"),
        (Kind::FiveSeconds, "5s"),
        (Kind::Minute, "1m"),
        (Kind::QuarterHour, "15m"),
        (Kind::Active, "active"),
        (Kind::Months, "months"),
        (Kind::Open, "open"),
        (Kind::Report, "report"),
        (Kind::Job, "job"),
    ];
    for (kind, word) in words {
        assert_eq!((kind.word(), Kind::from_word(word)), (word, Some(kind)));
    }
    assert_eq!(Kind::from_word("gossip"), None);
}

/// What the feed says when the bot goes: whether somebody stopped it, or it was lost.
#[test]
fn a_bot_that_was_stopped_is_no_warning() {
    for (leaving, severity, words) in
        [(true, Severity::Info, "asked to stop"), (false, Severity::Warn, "no report for 15 s")]
    {
        let mut house = House::watched();
        house.handle(Input::Reported(report(house.now)));
        if leaving {
            house.handle(Input::Reported(protocol::Report { leaving, ..report(house.now) }));
        }
        house.now = house.now.plus(15_000);
        house.handle(Input::Ticked);
        let told = house.room.snapshot(house.now).events;
        let offline: Vec<&Event> = told.iter().filter(|event| event.id.starts_with("bot-offline-")).collect();
        let [event] = offline.as_slice() else { panic!("{told:?}") };
        assert_eq!(event.severity, severity);
        assert!(event.message.contains(words), "{}", event.message);
        assert_eq!(told.iter().filter(|event| event.id.starts_with("bot-online-")).count(), 1);
    }
}
