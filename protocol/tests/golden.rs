//! Golden files: the messages on every wire, word for word; `UPDATE_EXPECT=1 cargo test -p protocol` writes them anew.

use std::fmt::Debug;

use crate::samples::{
    EPOCH, HARBOUR, NOON, edge_check, event, events, push, record, report, snapshot, stats,
};
use expect_test::{ExpectFile, expect_file};
use protocol::{
    ClientMessage, JournalSeq, Seq, ServerMessage, Severity, Source, VERSION,
    history::{History, Range},
    message::{HEARTBEAT_MS, Notice},
    record::{Acknowledgement, Outcome},
    stats::BotStatus,
};
use serde::{Serialize, de::DeserializeOwned};

fn check<T: Debug + PartialEq + Serialize + DeserializeOwned>(value: &T, golden: &ExpectFile) {
    let mut text = serde_json::to_string_pretty(value).expect("a value is JSON");
    text.push('\n');
    golden.assert_eq(&text);
    let parsed: T = serde_json::from_str(&golden.data()).expect("a golden file parses");
    assert_eq!(&parsed, value);
}

#[test]
fn what_the_room_says() {
    let hello = ServerMessage::Hello {
        version: VERSION,
        epoch: EPOCH,
        seq: Seq(812),
        server_time: NOON,
        heartbeat_ms: HEARTBEAT_MS,
        resumed: true,
    };
    let notice = Notice { code: "restarting".to_owned(), message: "Pulse restarts in a moment.".to_owned() };
    check(&hello, &expect_file!["golden/server_hello.json"]);
    check(
        &ServerMessage::Snapshot { data: Box::new(snapshot(EPOCH, NOON, 811..=812)) },
        &expect_file!["golden/server_snapshot.json"],
    );
    check(&ServerMessage::Events { data: events(811..=812) }, &expect_file!["golden/server_events.json"]);
    let points = snapshot(EPOCH, NOON, 1..=2).history;
    check(
        &ServerMessage::StatsUpdate { data: Box::new(stats(NOON, 2)), points },
        &expect_file!["golden/server_stats_update.json"],
    );
    check(&ServerMessage::NewEvent { data: event(812) }, &expect_file!["golden/server_new_event.json"]);
    check(&ServerMessage::Notice { data: notice }, &expect_file!["golden/server_notice.json"]);
}

#[test]
fn what_a_viewer_says() {
    check(&ClientMessage::Refresh, &expect_file!["golden/client_refresh.json"]);
}

#[test]
fn the_shapes() {
    check(&snapshot(EPOCH, NOON, 811..=812), &expect_file!["golden/snapshot.json"]);
    check(&stats(NOON, 2), &expect_file!["golden/dashboard_stats.json"]);
    check(&event(812), &expect_file!["golden/event.json"]);
    let history =
        History { range: Range::Day, step_ms: 60_000, points: snapshot(EPOCH, NOON, 1..=2).history };
    check(&history, &expect_file!["golden/history.json"]);
    check(&report(NOON), &expect_file!["golden/report.json"]);
    check(&edge_check(), &expect_file!["golden/edge_check.json"]);
    check(&push(HARBOUR, 40..=41), &expect_file!["golden/push.json"]);
    check(
        &Acknowledgement { seq: JournalSeq(41), ..Acknowledgement::default() },
        &expect_file!["golden/acknowledgement.json"],
    );
}

#[test]
fn what_is_not_known_is_null_or_absent() {
    let mut silent = stats(NOON, 0);
    silent.bot.status = BotStatus::Offline;
    silent.ping = protocol::stats::Ping {
        avg: None,
        gateway: None,
        rest: None,
        rest_failure: None,
        change_from_last_hour: None,
    };
    silent.handling = protocol::stats::Handling { p50: None, p99: None };
    silent.commands.change_from_last_month = None;
    silent.uptime = None;
    silent.last_command_timestamp = None;
    check(&silent, &expect_file!["golden/dashboard_stats_offline.json"]);

    let mut bare = event(1);
    bare.severity = Severity::Error;
    bare.source = Source::LevelUp;
    (bare.guild_name, bare.actor_id, bare.actor_name) = (None, None, None);
    (bare.target_id, bare.target_name, bare.amount, bare.handled_ms) = (None, None, None, None);
    check(&bare, &expect_file!["golden/event_bare.json"]);

    let mut refused = record(3);
    refused.outcome = Outcome::Refused;
    refused.activity = None;
    refused.events.clear();
    check(&refused, &expect_file!["golden/record_refused.json"]);

    let mut broken = report(NOON);
    (broken.rest_ms, broken.shards[0].latency_ms) = (None, None);
    check(&broken, &expect_file!["golden/report_broken.json"]);
}

#[test]
fn a_newer_version_is_understood_as_far_as_it_goes() {
    let unknown: ServerMessage = serde_json::from_str(r#"{"type":"CONFETTI","data":{"much":[1]}}"#).unwrap();
    assert_eq!(unknown, ServerMessage::Unknown);
    let mut event = serde_json::to_value(event(3)).unwrap();
    event["source"] = "lottery".into();
    event["mood"] = "good".into();
    let event: protocol::Event = serde_json::from_value(event).unwrap();
    assert_eq!(event.source, Source::Other);
}

#[test]
fn a_viewer_says_exactly_this_or_nothing() {
    for text in ["", "{}", "[]", "null", "REFRESH", r#"{"type":"refresh"}"#, r#"{"type":"PING"}"#] {
        assert!(serde_json::from_str::<ClientMessage>(text).is_err(), "{text}");
    }
}
