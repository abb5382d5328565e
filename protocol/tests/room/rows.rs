//! Stored rows: before they are told, in bounded steps, and enough to go on after a restart.

use std::collections::BTreeSet;

use protocol::{
    Epoch, JournalSeq,
    history::Range,
    record::{Acknowledgement, Maintenance},
    room::{Bucket, EVENTS_STORED, Input, Kind, Memory, Output, Room, Row},
    time::MINUTE_MS,
};

use super::house::{House, ONE, tells};
use crate::samples::{EPOCH, HARBOUR, NOON, push, report};

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
                Output::Store(Row::Page(kind, at, steps)) => {
                    over.push((kind, at.since(NOON), steps.iter().map(told).collect()));
                }
                Output::Store(Row::Guild(_, row)) => {
                    open.extend(row.steps.unwrap().buckets.iter().map(|(_, bucket)| told(bucket)));
                }
                _ => {}
            }
        }
        (over, open)
    };
    assert_eq!(stored(&mut house), (vec![], vec![(0, 1), (5_000, 0), (0, 1), (0, 1)]));
    let late = vec![(0, 1), (5_000, 1), (0, 2), (0, 2)];
    assert_eq!(stored(&mut house), (vec![], late), "late: in the newest step");
    // Minutes that are over leave two at a time.
    house.now = NOON.plus(61_000);
    let open = vec![(0, 1), (5_000, 2), (60_000, 0), (0, 3), (60_000, 0), (0, 3)];
    assert_eq!(stored(&mut house), (vec![], open));
    house.now = NOON.plus(121_000);
    let over = vec![(Kind::Minutes, 0, vec![(0, 3), (60_000, 1)])];
    let fine = [(0, 2), (5_000, 2), (120_000, 0)];
    let open = [&fine[..], &[(120_000, 0), (0, 4)]].concat();
    assert_eq!(stored(&mut house), (over, open));
    // Steps of five seconds leave five minutes at a time; a step without commands is not stored.
    house.now = NOON.plus(301_000);
    let (over, open) = stored(&mut house);
    assert_eq!(over[0], (Kind::Fives, 0, vec![(0, 3), (5_000, 2)]), "{over:?}");
    assert_eq!(open[0], (300_000, 0));
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
            latest_at: Some(NOON),
            maintenance: Some(Maintenance::default()),
            ..Acknowledgement::default()
        })]
    );
    let outputs = restored.handle(NOON, Input::Recorded(push(HARBOUR, 5..=5)));
    assert_eq!(tells(&outputs), [("NEW_EVENT", vec![5])], "the socket that outlived it is told");
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
        (Kind::Fives, "fives"),
        (Kind::Minute, "1m"),
        (Kind::QuarterHour, "15m"),
        (Kind::Minutes, "minutes"),
        (Kind::Quarters, "quarters"),
        (Kind::Active, "active"),
        (Kind::Months, "months"),
        (Kind::Open, "open"),
        (Kind::Report, "report"),
        (Kind::Job, "job"),
        (Kind::Rules, "rules"),
        (Kind::Channel, "channel"),
        (Kind::Incident, "incident"),
        (Kind::Past, "past"),
    ];
    for (kind, word) in words {
        assert_eq!((kind.word(), Kind::from_word(word)), (word, Some(kind)));
    }
    assert_eq!(Kind::from_word("gossip"), None);
}

/// A row that somebody or something has damaged is named, whatever its kind; the room comes up without it, shows what is left,
/// and goes on.
#[test]
fn each_kind_of_row_may_be_damaged() {
    let mut house = House::watched();
    let mut kept: Vec<(Kind, String, String)> = Vec::new();
    let mut keep = |outputs: &[Output]| {
        for output in outputs {
            if let Output::Store(row) = output {
                kept.push((row.kind(), Row::key_text(row.key()), row.value().unwrap()));
            }
        }
    };
    keep(&[Output::Store(Row::Epoch(EPOCH))]);
    keep(&house.record(4));
    for _ in 0..70 {
        keep(&house.handle(Input::Reported(report(house.now))));
        keep(&house.record(1));
        house.now = house.now.plus(MINUTE_MS);
    }
    let kinds: BTreeSet<Kind> = kept.iter().map(|(kind, ..)| *kind).collect();
    assert!(kinds.len() >= 8, "{kinds:?}");
    for damaged in kinds {
        for value in ["", "damaged", "null", "-1", "{}", "[]", "18446744073709551616", "{\"a\":[1"] {
            let (mut memory, mut named) = (Memory::new(EPOCH), 0);
            for (kind, key, whole) in &kept {
                let added = memory.add(*kind, key, if *kind == damaged { value } else { whole });
                if let Err(error) = added {
                    assert!(error.to_string().contains(&format!("row {}/{key}", damaged.word())), "{error}");
                    named += 1;
                }
            }
            assert!(named > 0 || !value.starts_with('d'), "{damaged:?} = {value}");
            let mut room = Room::restore(memory, [(ONE, None)]);
            room.snapshot(house.now);
            let outputs = room.handle(house.now, Input::Recorded(push(HARBOUR, 75..=75)));
            assert!(
                outputs.iter().any(|output| matches!(output, Output::Acknowledge(_))),
                "{damaged:?} = {value}"
            );
        }
    }
}
