//! A server's own room: what it hears of the bot from the room of all, and whom it sends away.

use crate::samples::{EPOCH, HARBOUR, NOON, push, report};
use protocol::{
    Coins, GuildId, Report, Timestamp,
    message::CloseCode,
    report::{Missed, NamedGuild},
    room::{Input, Output, Room, SessionId, SocketId, edge_failure},
    stats::BotStatus,
};

const SOMEBODY: Option<SessionId> = Some(SessionId(7));
const SOMEBODY_ELSE: Option<SessionId> = Some(SessionId(8));

fn room() -> Room {
    Room::new(EPOCH).0
}

/// A report of these two servers, with this latency.
fn look(at: Timestamp, ms: f64) -> Report {
    let named = |id, name: &str| NamedGuild { id, name: name.into(), icon_url: None, members: 20 };
    let mut report = report(at);
    report.guilds.count = 2;
    report.guilds.members = 40;
    report.guilds.named = vec![named(HARBOUR, "Harbour"), named(GuildId(42), "Orchard")];
    report.shards[0].latency_ms = Some(ms);
    report.shards.truncate(1);
    report
}

#[test]
fn a_session_that_has_ended_has_no_socket_left() {
    for code in [CloseCode::SignedOut, CloseCode::Forbidden] {
        let mut room = room();
        for (socket, session) in [(1, SOMEBODY), (2, SOMEBODY_ELSE), (3, SOMEBODY), (4, None)] {
            room.handle(NOON, Input::Joined(SocketId(socket), session, None));
        }
        let outputs = room.handle(NOON, Input::Ended(SessionId(7), code));
        assert_eq!(outputs, [Output::Close(SocketId(1), code), Output::Close(SocketId(3), code)]);
        assert_eq!(room.state().viewers, 2, "nobody else is sent away");
        assert_eq!(room.handle(NOON, Input::Ended(SessionId(7), code)), []);
        let outputs = room.handle(NOON, Input::Ended(SessionId(8), code));
        assert_eq!(outputs, [Output::Close(SocketId(2), code)]);
        room.handle(NOON, Input::Left(SocketId(4)));
        assert_eq!(room.state().viewers, 0);
    }
}

#[test]
fn the_alarm_stops_when_the_last_one_is_sent_away() {
    let mut room = room();
    room.handle(NOON, Input::Joined(SocketId(1), SOMEBODY, None));
    let outputs = room.handle(NOON, Input::Ended(SessionId(7), CloseCode::SignedOut));
    assert_eq!(outputs, [Output::Close(SocketId(1), CloseCode::SignedOut), Output::TickNever]);
}

#[test]
fn a_report_is_handed_on_without_the_other_servers() {
    let mut all = room();
    all.handle(NOON, Input::Reported(look(NOON, 40.0)));
    let row = all.report_for(NOON, HARBOUR, Timestamp(0)).unwrap();
    assert_eq!((row.report.guilds.count, row.report.guilds.members), (1, 20));
    assert_eq!(row.report.guilds.named.iter().map(|guild| &*guild.name).collect::<Vec<_>>(), ["Harbour"]);
    assert!(!serde_json::to_string(&row).unwrap().contains("Orchard"));

    let stranger = all.report_for(NOON, GuildId(43), Timestamp(0)).unwrap();
    assert_eq!(stranger.report.guilds.named, []);
    assert_eq!(all.report_for(NOON, HARBOUR, row.received_at), None, "it was handed on already");
    assert_eq!(all.report_for(NOON.plus(15_000), HARBOUR, Timestamp(0)), None, "the bot is offline");
}

#[test]
fn the_latencies_of_the_meantime_come_with_it() {
    let (mut all, mut own) = (room(), room());
    let (at, ahead_ms) = (|step: u64| NOON.plus(step * 5_000 + 10), 90_000);
    for step in 0..4 {
        // The bot-worker's clock is ahead.
        let ms = 40.0 + f64::from(u32::try_from(step).unwrap());
        all.handle(at(step), Input::Reported(look(at(step).plus(ahead_ms), ms)));
    }
    let row = all.report_for(at(3), HARBOUR, at(0)).unwrap();
    let missed: Vec<f64> = row.report.missed.iter().map(|&Missed { ms, .. }| ms).collect();
    assert_eq!(missed, [42.0, 41.0], "newest first; the first was known, the last is the report itself");
    assert_eq!(own.reported_at(), Timestamp(0));
    own.handle(at(3), Input::Reported(row.report));
    assert_eq!(own.reported_at(), at(3));
    let pings = |room: &Room| -> Vec<(u64, Option<f64>)> {
        let points = room.snapshot(at(3)).history;
        points.iter().map(|point| (point.at.since(NOON) / 5_000, point.ping)).collect()
    };
    assert_eq!(pings(&own), [(1, Some(41.0)), (2, Some(42.0)), (3, Some(43.0))]);
    assert_eq!(pings(&all)[1..], pings(&own));
    assert_eq!(own.stats(at(3)).bot.status, BotStatus::Online);
}

#[test]
fn a_failure_is_told_once_however_often_it_is_said() {
    let (mut all, mut own) = (room(), room());
    for (id, guild) in [("1-failed", HARBOUR), ("2-failed", GuildId(42)), ("3-failed", HARBOUR)] {
        all.handle(NOON, Input::Failed(edge_failure(id.into(), NOON, guild, "/pay failed".into())));
    }
    for _ in 0..2 {
        for event in all.failures_of(HARBOUR) {
            own.handle(NOON, Input::Failed(event));
        }
    }
    let ids: Vec<String> = own.snapshot(NOON).events.into_iter().map(|event| event.id).collect();
    assert_eq!(ids, ["3-failed", "1-failed"]);
    assert_eq!(own.stats(NOON).commands.failed_last_hour, 2);
}

#[test]
fn a_server_is_known_by_its_books_or_its_name() {
    let mut all = room();
    all.handle(NOON, Input::Reported(look(NOON, 40.0)));
    all.handle(NOON, Input::Recorded(push(GuildId(44), 1..=1)));
    for (guild, known) in [(HARBOUR, true), (GuildId(44), true), (GuildId(43), false)] {
        assert_eq!(all.knows(guild), known, "{guild}");
    }
}

#[test]
fn a_room_that_nobody_watched_shows_what_was_when_it_was_and_no_outage() {
    const GONE: u64 = 20 * 60_000;
    let mut own = room();
    own.handle(NOON, Input::Joined(SocketId(1), SOMEBODY, None));
    own.handle(NOON, Input::Reported(look(NOON, 40.0)));
    own.handle(NOON, Input::Recorded(push(HARBOUR, 1..=3)));
    own.handle(NOON, Input::Left(SocketId(1)));
    let before = own.snapshot(NOON).events.len();

    // A thousand commands, one a second, each of them making a coin.
    let mut pushed = Vec::new();
    for from in (4..1_004).step_by(200) {
        let mut next = push(HARBOUR, from..=from + 199);
        for record in &mut next.records {
            record.at = NOON.plus(record.seq.0 * 1_000);
            (record.minted, record.burned, record.events) = (Coins::new(1), Coins::ZERO, Vec::new());
        }
        next.totals.wealth = Coins::new(i64::try_from(from + 199).unwrap_or_default());
        pushed.push(next);
    }
    let back = NOON.plus(GONE);
    own.handle(back, Input::Returned);
    own.handle(back, Input::Joined(SocketId(2), SOMEBODY, None));
    own.handle(back, Input::Reported(look(back, 41.0)));
    for push in pushed {
        own.handle(back, Input::Recorded(push));
    }
    own.handle(back.plus(5_000), Input::Ticked);
    let snapshot = own.snapshot(back.plus(5_000));
    assert_eq!(snapshot.events.len(), before, "no outage, and no return from one: {:?}", snapshot.events);
    assert_eq!(snapshot.stats.bot.status, BotStatus::Online);
    for point in
        snapshot.history.iter().filter(|point| point.at > NOON.plus(5_000) && point.at < NOON.plus(1_000_000))
    {
        assert_eq!(point.commands, 5, "at {}", point.at.since(NOON));
        let last = i64::try_from(point.at.since(NOON) / 1_000 + 4).unwrap_or_default();
        assert_eq!(point.wealth, Coins::new(last), "at {}", point.at.since(NOON));
    }
    let after = snapshot.history.iter().filter(|point| point.at >= NOON.plus(1_005_000));
    assert!(after.clone().count() > 30 && after.clone().all(|point| point.commands == 0), "no spike");
}

#[test]
fn a_bot_that_falls_silent_while_somebody_watches_is_an_outage_all_the_same() {
    let mut own = room();
    own.handle(NOON, Input::Joined(SocketId(1), SOMEBODY, None));
    own.handle(NOON, Input::Reported(look(NOON, 40.0)));
    own.handle(NOON.plus(5_000), Input::Returned);
    own.handle(NOON.plus(15_000), Input::Ticked);
    let messages: Vec<String> =
        own.snapshot(NOON.plus(15_000)).events.into_iter().map(|event| event.message).collect();
    assert!(messages[0].contains("went offline"), "{messages:?}");
}
