//! The bot as its reports tell it: online, offline, and how quick.

use protocol::{
    Event, GuildId, Report, Severity,
    report::{NamedGuild, RestFailure, Shard},
    room::{Input, Kind, Memory, Output, Room, Row, STATS_EVERY_MS},
    stats::BotStatus,
};

use super::house::{House, ONE, tells};
use crate::samples::{EPOCH, HARBOUR, report};

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
fn a_report_a_minute_is_stored_and_a_restart_is_no_outage() {
    let mut house = House::watched();
    let (first, mut rows, mut stored) = (report(house.now), 0, None);
    for _ in 0..24 {
        for output in house.handle(Input::Reported(Report { at: house.now, ..first.clone() })) {
            let Output::Store(row) = output else { continue };
            rows += 1;
            if let Row::Report(row) = row {
                stored = Some(row);
            }
        }
        house.now = house.now.plus(5_000);
    }
    assert!(rows <= 12, "{rows} rows of two minutes");
    let stored = stored.unwrap();
    let ago = house.now.since(stored.received_at);
    assert!((15_000..=60_000).contains(&ago), "the last that was stored was {ago} ms ago");

    // Of the reports since then the next object knows nothing.
    let memory = Memory { report: Some(stored), ..Memory::new(EPOCH) };
    let mut room = Room::restore(memory, [(ONE, None)]);
    assert_eq!(tells(&room.handle(house.now, Input::Ticked)), [], "no outage");
    let stats = room.stats(house.now.plus(9_999));
    assert_eq!((stats.bot.status, stats.ping.gateway), (BotStatus::Online, None), "but no old number");
    assert_eq!(stats.uptime, Some(86_400 + 129), "the bot has not stopped");
    let outputs = room.handle(house.now.plus(10_000), Input::Ticked);
    assert_eq!(tells(&outputs), [("NEW_EVENT", vec![1])], "a bot that says nothing more is offline");
}

/// Runs a watched room on its own clock, with a report every 5 s until `last_report`; gives when each of the numbers were
/// told, and whether the bot was offline in them.
fn told_until_offline(first_report: u64, last_report: u64) -> Vec<(u64, bool)> {
    let mut house = House::empty();
    let began = house.now;
    let wait = |outputs: &[Output]| match outputs.last() {
        Some(Output::TickIn(ms)) => *ms,
        other => panic!("no tick follows: {other:?}"),
    };
    let (mut tick, mut next_report) = (wait(&house.join(ONE, None)), first_report);
    let mut told = vec![(0, false)];
    while told.last().is_some_and(|&(_, offline)| !offline) {
        if next_report < tick && next_report <= last_report {
            house.now = began.plus(next_report);
            house.handle(Input::Reported(report(house.now)));
            next_report += 5_000;
            continue;
        }
        house.now = began.plus(tick);
        let outputs = house.handle(Input::Ticked);
        told.push((tick, house.room.stats(house.now).bot.status == BotStatus::Offline));
        tick += wait(&outputs);
    }
    told
}

#[test]
fn a_bot_that_is_lost_is_told_of_the_moment_it_counts_as_lost() {
    for first_report in (1..5_000).step_by(97) {
        let last_report = first_report + 50_000;
        let told = told_until_offline(first_report, last_report);
        assert_eq!(told.last(), Some(&(last_report + 15_000, true)), "reports from {first_report} on");
        for pair in told.windows(2) {
            let between = pair[1].0 - pair[0].0;
            assert!((4_000..=6_000).contains(&between), "reports from {first_report} on: {told:?}");
        }
    }
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
fn a_request_that_fails_is_shown_with_its_status_until_it_works() {
    let mut house = House::watched();
    let failure = RestFailure { status: Some(429), count: 7 };
    for (rest_ms, told, shown) in [
        (None, Some(failure), Some(failure)),
        (Some(40.0), Some(failure), None),
        (Some(40.0), None, None),
        (None, Some(RestFailure { status: None, count: 1 }), Some(RestFailure { status: None, count: 1 })),
    ] {
        let report = Report { rest_ms, rest_failure: told, ..report(house.now) };
        house.handle(Input::Reported(report));
        let ping = house.room.stats(house.now).ping;
        assert_eq!((ping.rest, ping.rest_failure), (rest_ms, shown));
    }
    house.now = house.now.plus(15_000);
    assert_eq!(
        house.room.stats(house.now).ping.rest_failure,
        None,
        "nothing is known of a bot that is offline"
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

/// The server of this number among those that Discord tells to a shard of two.
fn told_to(shard: u64, number: u64) -> GuildId {
    GuildId((number * 2 + shard) << 22)
}

fn shard(id: u32, state: &str) -> Shard {
    Shard { id, state: state.to_owned(), latency_ms: None, down_ms: None, tries: 0 }
}

#[test]
fn a_shard_makes_no_server_forgotten_that_another_has_not_told_yet() {
    let named = |ids: &[GuildId], shards: &[Shard], shard_count, now| {
        let mut report = report(now);
        let name = report.guilds.named.remove(0);
        report.guilds.named = ids.iter().map(|&id| NamedGuild { id, ..name.clone() }).collect();
        report.guilds.count = ids.len() as u64;
        Report { shards: shards.to_vec(), shard_count, ..report }
    };
    let (a, b, c, d) = (told_to(0, 1), told_to(0, 2), told_to(1, 1), told_to(1, 2));
    let (up, down) = ("active", "identifying");
    for (what, ids, shards, count, left) in [
        ("all have told", vec![a, c], vec![shard(0, up), shard(1, up)], Some(2), vec![a, c]),
        ("one is not connected yet", vec![a], vec![shard(0, up), shard(1, down)], Some(2), vec![a, c, d]),
        ("by an older release", vec![a], vec![shard(0, up), shard(1, down)], None, vec![a, b, c, d]),
        ("the other's", vec![c], vec![shard(1, up)], Some(2), vec![a, b, c]),
        ("another bot-worker's", vec![a], vec![shard(0, up)], Some(2), vec![a, c, d]),
        ("of more shards than are told", vec![a], vec![shard(3, up)], Some(4), vec![a, b, d]),
        ("without a gateway", vec![a], vec![], None, vec![a]),
        ("no shard at all", vec![a], vec![shard(0, up)], Some(0), vec![a]),
    ] {
        let mut house = House::empty();
        let both = [shard(0, up), shard(1, up)];
        house.handle(Input::Reported(named(&[a, b, c, d], &both, Some(2), house.now)));
        house.handle(Input::Reported(named(&ids, &shards, count, house.now)));
        let mut listed: Vec<GuildId> = house.room.guilds().iter().map(|guild| guild.id).collect();
        let mut left = left.clone();
        listed.sort_unstable();
        left.sort_unstable();
        assert_eq!(listed, left, "{what}");
    }
}

/// The feed tells a bot that somebody stopped from one that was lost.
#[test]
fn a_bot_that_was_stopped_is_no_warning() {
    for (leaving, severity, words) in
        [(true, Severity::Info, "asked to stop"), (false, Severity::Warn, "no report for 15 s")]
    {
        let mut house = House::watched();
        house.handle(Input::Reported(report(house.now)));
        if leaving {
            house.handle(Input::Reported(Report { leaving, ..report(house.now) }));
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

/// Reports of one bot-worker, whose gateway is away for so long at each; gives the messages, the newest first, and the last
/// numbers.
fn gateway_messages(steps: &[(u64, Option<u64>)]) -> (Vec<String>, Option<protocol::stats::Gateway>) {
    let mut house = House::watched();
    let (began, started_at) = (house.now, report(house.now).started_at);
    for (at, down_ms) in steps {
        house.now = began.plus(*at);
        let mut report = report(house.now);
        report.started_at = started_at;
        if let Some(down_ms) = down_ms {
            let shard = &mut report.shards[0];
            (shard.state, shard.latency_ms, shard.down_ms) =
                ("disconnected".to_owned(), None, Some(*down_ms));
            shard.tries = u32::try_from(down_ms / 3_000).unwrap_or_default();
        }
        house.handle(Input::Reported(report));
    }
    let messages = house.room.snapshot(house.now).events.into_iter().map(|event| event.message);
    (messages.collect(), house.room.stats(house.now).gateway)
}

#[test]
fn a_lost_gateway_is_told_once_and_so_is_its_return() {
    let cut = [
        (0, None),
        (5_000, Some(4_000)),
        (10_000, Some(9_000)),
        (15_000, Some(14_000)),
        (20_000, Some(19_000)),
    ];
    let (messages, gateway) = gateway_messages(&cut);
    assert_eq!(messages, ["Pulse lost its connection to Discord's gateway", "Pulse is online"]);
    let gateway = gateway.unwrap();
    assert_eq!((gateway.shards, gateway.active, gateway.tries, gateway.losses), (1, 0, 6, 1));
    assert_eq!(
        gateway.lost_since,
        Some(House::watched().now.plus(1_000)),
        "since it was lost, and not since it was told"
    );

    let back = [&cut[..], &[(74_000, None)]].concat();
    let (messages, gateway) = gateway_messages(&back);
    assert_eq!(messages[0], "Pulse is connected to Discord's gateway again, after 73 s");
    let gateway = gateway.unwrap();
    assert_eq!((gateway.active, gateway.lost_since, gateway.losses), (1, None, 1), "uptime knows of it");
}

#[test]
fn a_connection_that_is_renewed_is_no_event() {
    let (messages, gateway) = gateway_messages(&[
        (0, None),
        (5_000, Some(800)),
        (10_000, None),
        (15_000, Some(300)),
        (20_000, None),
    ]);
    assert_eq!(messages, ["Pulse is online"]);
    assert_eq!(gateway.unwrap().losses, 0);
}
