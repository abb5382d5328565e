//! Everything is paused, and goes on: who hears of it, and what the same key gets.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

use std::collections::BTreeSet;

use crate::samples::{ADA, EPOCH, HARBOUR, NOON, push, report};
use protocol::{
    GuildId, ServerMessage, Severity,
    action::{Action, ActionKind, Actor},
    record::{Acknowledgement, GuildTotals, Maintenance},
    report::REPORT_EVERY_MS,
    room::{Answer, GuildRow, Input, Memory, Output, Room, Row, SPREAD_AT_ONCE, SocketId},
    time::DAY_MS,
};

fn ada() -> Actor {
    Actor { id: Some(ADA), name: "Ada".to_owned() }
}

fn action(key: &str, deed: ActionKind) -> Action {
    Action { key: key.to_owned(), reason: "an upgrade".to_owned(), deed }
}

fn answer(outputs: &[Output]) -> Answer {
    let mut answers = outputs.iter().filter_map(|output| match output {
        Output::Answer(answer) => Some(answer.clone()),
        _ => None,
    });
    let answer = answers.next().unwrap();
    assert_eq!(answers.next(), None);
    answer
}

fn spread(outputs: &[Output]) -> Option<(Maintenance, Vec<GuildId>)> {
    outputs.iter().find_map(|output| match output {
        Output::Spread(said, guilds) => Some((*said, guilds.clone())),
        _ => None,
    })
}

/// The codes of the notices that viewers get.
fn announced(outputs: &[Output]) -> Vec<&str> {
    let notices = outputs.iter().filter_map(|output| match output {
        Output::Broadcast(ServerMessage::Notice { data })
        | Output::Send(_, ServerMessage::Notice { data }) => Some(data.code.as_str()),
        _ => None,
    });
    notices.collect()
}

fn acknowledged(room: &mut Room, seq: u64) -> Option<Maintenance> {
    let outputs = room.handle(NOON, Input::Recorded(push(HARBOUR, seq..=seq)));
    outputs.iter().find_map(|output| match output {
        Output::Acknowledge(Acknowledgement { maintenance, .. }) => *maintenance,
        _ => None,
    })
}

#[test]
fn it_is_stored_before_anybody_hears_of_it_and_all_do() {
    let mut room = Room::new(EPOCH).0;
    acknowledged(&mut room, 1);
    room.handle(NOON, Input::Joined(SocketId(1), None, None));
    let outputs = room.handle(NOON.plus(1_000), Input::Acted(ada(), action("k", ActionKind::Pause)));
    let on = Maintenance { is_on: true, change: 1 };
    assert_eq!(spread(&outputs), Some((on, vec![HARBOUR])));
    let stored =
        outputs.iter().position(|output| matches!(output, Output::Store(Row::Maintenance(_)))).unwrap();
    let told = outputs.iter().position(|output| matches!(output, Output::Broadcast(_))).unwrap();
    assert!(stored < told);
    let event = outputs.iter().find_map(|output| match output {
        Output::Broadcast(ServerMessage::NewEvent { data }) => Some(data),
        _ => None,
    });
    let event = event.unwrap();
    assert_eq!(event.message, "Ada paused everything, because an upgrade");
    assert_eq!((event.guild_id, event.actor_id, event.severity), (GuildId::NONE, Some(ADA), Severity::Warn));
    assert_eq!(announced(&outputs), ["maintenance"]);
    let Some(Output::Broadcast(ServerMessage::StatsUpdate { data, .. })) = outputs.last() else {
        panic!("the numbers follow at once: {outputs:?}")
    };
    assert!(data.maintenance_mode);
    let welcome = room.handle(NOON.plus(1_500), Input::Joined(SocketId(2), None, None));
    assert_eq!(announced(&welcome), ["maintenance"], "who comes later is told, too");
    assert_eq!(acknowledged(&mut room, 2), Some(on), "who was not told hears it with the next delivery");
    let outputs = room.handle(NOON.plus(2_000), Input::Acted(ada(), action("l", ActionKind::Resume)));
    assert_eq!(spread(&outputs), Some((Maintenance { is_on: false, change: 2 }, vec![HARBOUR])));
    assert_eq!(announced(&outputs), ["maintenance_over"]);
    assert!(!room.stats(NOON).maintenance_mode);
    let welcome = room.handle(NOON.plus(2_500), Input::Joined(SocketId(3), None, None));
    assert_eq!(announced(&welcome), [""; 0]);
}

#[test]
fn the_same_key_is_the_same_action() {
    let mut room = Room::new(EPOCH).0;
    let first = answer(&room.handle(NOON, Input::Acted(ada(), action("k", ActionKind::Pause))));
    assert!(matches!(first, Answer::Done(_)));
    let refused = answer(&room.handle(NOON, Input::Acted(ada(), action("n", ActionKind::Pause))));
    assert!(matches!(&refused, Answer::Refused(body) if body.contains("nothing_to_change")));
    room.handle(NOON, Input::Acted(ada(), action("r", ActionKind::Resume)));
    let grace = Actor { id: None, name: "Grace".to_owned() };
    for (actor, key, deed, expected) in [
        (ada(), "k", ActionKind::Pause, first),
        (ada(), "n", ActionKind::Pause, refused),
        (ada(), "k", ActionKind::Resume, Answer::KeyReused),
        (grace, "k", ActionKind::Pause, Answer::KeyReused),
        (ada(), "u", ActionKind::Undo { seq: protocol::JournalSeq(1) }, Answer::NotOffered),
    ] {
        let outputs = room.handle(NOON, Input::Acted(actor, action(key, deed)));
        assert_eq!(outputs, [Output::Answer(expected)], "{key}");
    }
    assert_eq!(room.maintenance(), Maintenance { is_on: false, change: 2 });
}

#[test]
fn it_is_remembered_with_the_last_hundred_keys() {
    let mut room = Room::new(EPOCH).0;
    let mut memory = Memory::new(EPOCH);
    for number in 0..101 {
        let deed = if number % 2 == 0 { ActionKind::Pause } else { ActionKind::Resume };
        for output in room.handle(NOON, Input::Acted(ada(), action(&number.to_string(), deed))) {
            if let Output::Store(row) = output {
                memory.add(row.kind(), &Row::key_text(row.key()), &row.value().unwrap()).unwrap();
            }
        }
    }
    assert_eq!(memory.maintenance.actions.len(), 100);
    let mut room = Room::restore(memory, []);
    assert_eq!(room.maintenance(), Maintenance { is_on: true, change: 101 });
    let outputs = room.handle(NOON, Input::Acted(ada(), action("1", ActionKind::Resume)));
    assert!(matches!(answer(&outputs), Answer::Done(_)) && outputs.len() == 1, "{outputs:?}");
}

#[test]
fn a_servers_own_room_hears_of_it_in_order() {
    let mut room = Room::new(EPOCH).0;
    room.handle(NOON, Input::Joined(SocketId(1), None, None));
    for (is_on, change, notices, shown) in [
        (true, 1, &["maintenance"][..], true),
        (false, 2, &["maintenance_over"], false),
        (true, 1, &[], false),
    ] {
        let outputs = room.handle(NOON, Input::Heard(Maintenance { is_on, change }));
        assert_eq!((announced(&outputs), outputs.is_empty()), (notices.to_vec(), notices.is_empty()));
        let stored = outputs.iter().any(|output| matches!(output, Output::Store(Row::Maintenance(_))));
        assert_eq!((stored, room.stats(NOON).maintenance_mode), (!notices.is_empty(), shown));
    }
}

#[test]
fn among_a_hundred_thousand_servers_few_are_told_at_once_and_the_rest_with_what_they_deliver() {
    let mut memory = Memory::new(EPOCH);
    let server = |number: u64| GuildId(number << 20);
    for number in 1..=100_000 {
        // One in ten has played today.
        let at = if number % 10 == 0 { NOON.minus(number) } else { NOON.minus(3 * DAY_MS) };
        let totals = GuildTotals { last_command_at: Some(at), ..GuildTotals::default() };
        memory.guilds.insert(server(number), GuildRow { totals, ..GuildRow::default() });
    }
    let mut room = Room::restore(memory, []);
    let outputs = room.handle(NOON, Input::Acted(ada(), action("k", ActionKind::Pause)));
    let (on, first) = spread(&outputs).unwrap();
    assert_eq!((first.len(), first[0]), (SPREAD_AT_ONCE, server(10)), "those that played last");
    let rows = outputs.iter().filter(|output| matches!(output, Output::Store(_))).count();
    assert!(rows <= 2, "{rows} rows, however many servers there are");

    let mut told: BTreeSet<GuildId> = first.into_iter().collect();
    let mut now = NOON;
    loop {
        now = now.plus(REPORT_EVERY_MS);
        let Some((said, next)) = spread(&room.handle(now, Input::Reported(report(now)))) else { break };
        assert!(said == on && next.len() <= SPREAD_AT_ONCE);
        assert!(next.into_iter().all(|guild| told.insert(guild)), "each is told once");
    }
    assert_eq!(told.len(), 10_000, "all that have played today, within half an hour");
    let outputs = room.handle(now, Input::Recorded(push(server(7), 1..=1)));
    let heard = outputs.iter().any(|output| match output {
        Output::Acknowledge(Acknowledgement { maintenance, .. }) => *maintenance == Some(on),
        _ => false,
    });
    assert!(heard, "one that slept hears of it with what it delivers: {outputs:?}");
}
