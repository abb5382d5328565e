//! The room's watch: incidents with nobody looking, through a room that leaves memory or is killed, and the channels that are told.

mod guard;
mod telling;

use protocol::{
    Coins, Report, ServerMessage, Timestamp,
    alert::{Quiet, Rule, RuleKind, RulesChange, Step},
    report::{REPORT_AT_REST_EVERY_MS, REPORT_EVERY_MS},
    room::{Input, Kind, Ordered, Output, SocketId},
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use self::guard::Guard;
use crate::samples::{HARBOUR, NOON, push};

#[test]
fn a_bot_that_dies_while_nobody_looks_is_missed_within_a_minute() {
    let cases = [(REPORT_EVERY_MS, 300_000), (REPORT_EVERY_MS, 335_000), (REPORT_AT_REST_EVERY_MS, 300_000)];
    for (every_ms, for_ms) in cases {
        let mut guard = Guard::on_duty();
        guard.reports(every_ms, for_ms);
        let died_at = guard.now;
        guard.forgets = true;
        guard.pass(MINUTE_MS);
        let opened = guard.only_incident(RuleKind::BotSilent);
        let after_ms = opened.opened_at.since(died_at);
        assert!(after_ms <= MINUTE_MS, "reports every {every_ms} ms: missed after {after_ms} ms");
        assert_eq!(guard.alarm, None, "there is nothing more to wait for");
        guard.report(40.0, every_ms);
        let ended = guard.only_incident(RuleKind::BotSilent);
        assert_eq!((ended.id, ended.lasts()), (opened.id, false));
    }
}

#[test]
fn latency_is_noticed_at_rest_by_a_room_that_is_not_in_memory() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_AT_REST_EVERY_MS, 5 * MINUTE_MS);
    for _ in 0..2 {
        guard.report(600.0, REPORT_AT_REST_EVERY_MS);
        guard.pass(REPORT_AT_REST_EVERY_MS);
        guard.wake();
    }
    let incident = guard.incident(RuleKind::GatewaySpike).unwrap();
    assert_eq!(incident.opened_at.since(incident.since), REPORT_AT_REST_EVERY_MS);
    assert_eq!((incident.peak, incident.touched.servers), (600, 2));
    for _ in 0..4 {
        guard.report(40.0, REPORT_AT_REST_EVERY_MS);
        guard.pass(REPORT_AT_REST_EVERY_MS);
        guard.wake();
    }
    assert!(!guard.incident(RuleKind::GatewaySpike).unwrap().lasts());
}

#[test]
fn a_lost_gateway_is_an_incident_and_the_bot_is_not_silent() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    for seconds in [1, 6, 11, 16] {
        guard.pass(REPORT_EVERY_MS);
        let mut lost = guard.said(40.0, REPORT_EVERY_MS);
        lost.shards[0].state = "disconnected".to_owned();
        lost.shards[0].latency_ms = None;
        lost.shards[0].down_ms = Some(seconds * 1_000);
        guard.handle(Input::Reported(lost));
    }
    guard.only_incident(RuleKind::GatewayLost);
}

#[test]
fn failed_commands_are_noticed_and_forgotten_without_a_bot() {
    let mut guard = Guard::on_duty();
    for number in 0..20 {
        guard.now = guard.now.plus(1_000);
        let message = "The command /pay failed".to_owned();
        let failed = protocol::room::edge_failure(format!("f{number}"), guard.now, HARBOUR, message);
        guard.handle(Input::Failed(failed));
    }
    let incident = guard.only_incident(RuleKind::FailedCommands);
    assert_eq!((incident.peak, incident.touched.servers), (100, 1));
    guard.pass(10 * MINUTE_MS);
    assert!(!guard.incident(RuleKind::FailedCommands).unwrap().lasts(), "five minutes later it is over");
    guard.pass(HOUR_MS);
    assert_eq!(guard.alarm, None, "and the room sleeps");
}

#[test]
fn books_that_do_not_add_up_are_noticed_with_the_delivery() {
    let mut guard = Guard::on_duty();
    let mut delivery = push(HARBOUR, 1..=1);
    delivery.totals.balanced = false;
    guard.handle(Input::Recorded(delivery));
    assert!(guard.only_incident(RuleKind::BooksUnbalanced).lasts());
    let mut delivery = push(HARBOUR, 2..=2);
    delivery.records[0].at = guard.now.plus(2_000);
    guard.now = guard.now.plus(2_000);
    guard.handle(Input::Recorded(delivery));
    assert!(!guard.incident(RuleKind::BooksUnbalanced).unwrap().lasts());
}

#[test]
fn a_delivery_that_comes_late_is_noticed() {
    let mut guard = Guard::on_duty();
    guard.now = NOON.plus(5 * MINUTE_MS);
    guard.handle(Input::Recorded(push(HARBOUR, 1..=3)));
    assert_eq!(guard.only_incident(RuleKind::DeliveryLag).peak, 300);
    guard.pass(2 * MINUTE_MS);
    assert!(!guard.incident(RuleKind::DeliveryLag).unwrap().lasts());
}

#[test]
fn a_bot_that_flaps_is_one_incident() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..10 {
        guard.pass(MINUTE_MS);
        guard.report(40.0, REPORT_EVERY_MS);
        guard.pass(20_000);
        ids.extend(guard.incidents().iter().map(|incident| incident.id));
    }
    assert_eq!(ids.len(), 1);
    assert!(guard.only_incident(RuleKind::BotSilent).returns > 0);
}

#[test]
fn viewers_read_which_incidents_last() {
    let notices = |outputs: Vec<Output>| -> Vec<(String, String)> {
        let message = |output| match output {
            Output::Broadcast(ServerMessage::Notice { data })
            | Output::Send(_, ServerMessage::Notice { data }) => Some((data.code, data.message)),
            _ => None,
        };
        outputs.into_iter().filter_map(message).collect()
    };
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    guard.pass(MINUTE_MS);
    let lasts = ("incident".to_owned(), "The bot is silent".to_owned());
    let joined = guard.room.handle(guard.now, Input::Joined(SocketId(1), None, None));
    assert_eq!(notices(joined), [lasts]);
    let back = guard.said(40.0, REPORT_EVERY_MS);
    let over = notices(guard.room.handle(guard.now, Input::Reported(back)));
    assert_eq!(over.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["incident_over"]);
    let joined = guard.room.handle(guard.now, Input::Joined(SocketId(2), None, None));
    assert_eq!(notices(joined), []);
}

#[test]
fn what_begins_together_is_grouped() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    for _ in 0..40 {
        guard.pass(REPORT_EVERY_MS);
        let slow = Report { rest_ms: Some(4_000.0), ..guard.said(900.0, REPORT_EVERY_MS) };
        guard.handle(Input::Reported(slow));
    }
    let incidents = guard.incidents();
    let kinds: Vec<_> = incidents.iter().map(|incident| incident.kind).collect();
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    let leaders: Vec<_> = incidents.iter().filter(|incident| incident.group.is_none()).collect();
    assert_eq!(leaders.len(), 1, "{incidents:?}");
}

#[test]
fn a_room_that_was_away_itself_does_not_blame_the_bot() {
    for every_ms in [REPORT_EVERY_MS, REPORT_AT_REST_EVERY_MS] {
        let mut guard = Guard::on_duty();
        guard.reports(every_ms, 5 * MINUTE_MS);
        let away_ms = 20 * MINUTE_MS;
        guard.now = guard.now.plus(away_ms);
        guard.wake();
        guard.pass(5_000); // The alarm that is past due rings first.
        guard.report(40.0, every_ms);
        assert_eq!(guard.incidents(), [], "reports every {every_ms} ms");
        guard.reports(every_ms, MINUTE_MS);
        guard.now = guard.now.plus(away_ms);
        guard.wake();
        guard.pass(2 * MINUTE_MS);
        assert!(guard.incident(RuleKind::BotSilent).is_some(), "a bot that does not come back is missed");
    }
}

#[test]
fn a_bot_that_was_stopped_in_good_order_has_a_minute_to_come_back() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    let leaving = Report { leaving: true, ..guard.said(40.0, REPORT_EVERY_MS) };
    guard.handle(Input::Reported(leaving.clone()));
    guard.pass(50_000);
    guard.report(40.0, REPORT_EVERY_MS);
    assert_eq!(guard.incidents(), []);
    guard.handle(Input::Reported(Report { at: guard.now, ..leaving }));
    guard.pass(2 * MINUTE_MS);
    guard.only_incident(RuleKind::BotSilent);
}

#[test]
fn with_the_default_rules_a_day_at_rest_stays_cheap() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_AT_REST_EVERY_MS, 2 * HOUR_MS);
    (guard.database.written, guard.alarms) = (0, 0);
    guard.reports(REPORT_AT_REST_EVERY_MS, DAY_MS);
    assert_eq!(guard.incidents(), []);
    // Each alarm is a row, and wakes the room as a request does.
    assert!((1_400..=3_000).contains(&guard.alarms), "{} alarms", guard.alarms);
    assert!(
        guard.database.written <= 4_000 + guard.alarms,
        "{} rows and {} alarms",
        guard.database.written,
        guard.alarms
    );
    // Of a month, in millionths of a dollar: a row is one, a request 0.15.
    let month = 30 * (guard.alarms + guard.alarms * 15 / 100);
    assert!(month <= 500_000, "the rules cost {month} millionths of a dollar a month");
}

#[test]
fn without_rules_a_day_at_rest_has_no_alarm() {
    let mut guard = Guard::on_duty();
    let rules = RuleKind::all().map(|kind| Rule { on: false, ..kind.default_rule() }).collect();
    assert_eq!(guard.set_rules(rules), Ordered::Done(None));
    guard.reports(REPORT_AT_REST_EVERY_MS, HOUR_MS);
    (guard.database.written, guard.alarms) = (0, 0);
    guard.reports(REPORT_AT_REST_EVERY_MS, DAY_MS);
    assert_eq!((guard.alarms, guard.alarm), (0, None));
    assert!(guard.database.written <= 4_000, "{} rows", guard.database.written);
    guard.pass(HOUR_MS);
    assert_eq!(guard.incidents(), []);
}

#[test]
fn rules_outlive_a_restart_and_nonsense_is_refused_by_name() {
    let mut guard = Guard::on_duty();
    let rule = Rule { threshold: 50, hold_s: 0, ..RuleKind::GatewaySpike.default_rule() };
    assert_eq!(guard.set_rules(vec![rule]), Ordered::Done(None));
    guard.wake();
    let shown = guard.room.alerts().rules;
    let of_kind = |kind| shown.iter().find(|shown| shown.rule.kind == kind).unwrap();
    assert_eq!(of_kind(RuleKind::GatewaySpike).rule, rule);
    assert_eq!(of_kind(RuleKind::RestLatency).rule, RuleKind::RestLatency.default_rule());
    for (wrong, names) in [
        (Rule { threshold: 1, ..rule }, "threshold"),
        (Rule { threshold: u32::MAX, ..rule }, "threshold"),
        (Rule { hold_s: 9_999_999, ..rule }, "holdS"),
        (Rule { hysteresis: 100, ..rule }, "hysteresis"),
        (Rule { cool_down_s: u32::MAX, ..rule }, "coolDownS"),
        (Rule { severity: protocol::Severity::Success, ..rule }, "severity"),
        (Rule { quiet: Some(Quiet { from: 60, to: 60 }), ..rule }, "quiet"),
        (Rule { quiet: Some(Quiet { from: 2_000, to: 60 }), ..rule }, "quiet"),
    ] {
        let Ordered::Malformed(why) = guard.set_rules(vec![wrong]) else { panic!("{wrong:?} was taken") };
        assert!(why.contains(names), "{why}");
    }
    assert!(matches!(guard.set_rules(vec![rule, rule]), Ordered::Malformed(_)));
    let unread = serde_json::from_str::<RulesChange>(r#"{"rules":[{"kind":"gossip"}]}"#);
    assert!(unread.is_err());
}

#[test]
fn a_rule_that_is_switched_off_ends_its_incident() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    guard.pass(MINUTE_MS);
    assert!(guard.only_incident(RuleKind::BotSilent).lasts());
    guard.set_rules(vec![Rule { on: false, ..RuleKind::BotSilent.default_rule() }]);
    assert!(!guard.only_incident(RuleKind::BotSilent).lasts());
}

#[test]
fn incidents_are_taken_on_and_resolved_by_somebody_and_laid_by_for_ninety_days() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    guard.pass(MINUTE_MS);
    let id = guard.only_incident(RuleKind::BotSilent).id;
    assert_eq!(guard.step(id, Step::Acknowledge), Ordered::Done(None));
    assert_eq!(guard.only_incident(RuleKind::BotSilent).acknowledged.unwrap().name, "Ada");
    assert_eq!(guard.step(id, Step::Resolve), Ordered::Done(None));
    guard.pass(HOUR_MS);
    let resolved = guard.only_incident(RuleKind::BotSilent);
    assert_eq!((resolved.lasts(), resolved.returns), (false, 0), "though the bot is still away");
    guard.report(40.0, REPORT_EVERY_MS);
    assert_eq!(guard.step(protocol::alert::IncidentId(7), Step::Resolve), Ordered::Unknown);
    assert!(matches!(guard.step(id, Step::Silence { for_ms: 1 }), Ordered::Malformed(_)));
    guard.reports(REPORT_EVERY_MS, HOUR_MS);
    assert_eq!(guard.incidents(), [], "laid by");
    assert_eq!(guard.count(Kind::Past), 1);
    guard.reports(REPORT_AT_REST_EVERY_MS, HOUR_MS);
    guard.now = guard.now.plus(91 * DAY_MS);
    guard.wake();
    guard.pass(2 * MINUTE_MS);
    guard.report(40.0, REPORT_EVERY_MS);
    guard.reports(REPORT_EVERY_MS, HOUR_MS);
    assert_eq!(guard.count(Kind::Past), 1, "the old one is forgotten");
}

#[test]
fn a_clock_that_steps_back_raises_nothing() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, 5 * MINUTE_MS);
    guard.now = Timestamp(guard.now.0 - HOUR_MS);
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    assert_eq!(guard.incidents(), []);
}

/// A delivery of one row that makes so many coins, by books that are so full.
fn making(guard: &mut Guard, row: u64, coins: i64, store_percent: u64) {
    let mut delivery = push(HARBOUR, row..=row);
    delivery.records[0].at = guard.now;
    delivery.records[0].minted = Coins::new(coins);
    delivery.totals.store_percent = store_percent;
    guard.handle(Input::Recorded(delivery));
}

#[test]
fn a_servers_coins_are_held_against_its_own_past_and_the_incident_names_it() {
    let mut guard = Guard::on_duty();
    for row in 1..=100 {
        guard.report(40.0, REPORT_EVERY_MS);
        making(&mut guard, row, 300, 10);
        guard.pass(10 * MINUTE_MS);
        guard.wake();
    }
    guard.report(40.0, REPORT_EVERY_MS);
    guard.pass(2_000);
    making(&mut guard, 101, 9_999, 10);
    assert_eq!(guard.incident(RuleKind::ServerMinting), None, "few coins are never out of line");
    guard.pass(10 * MINUTE_MS);
    guard.report(40.0, REPORT_EVERY_MS);
    guard.pass(2_000);
    making(&mut guard, 102, 60_000, 10);
    let incident = guard.incident(RuleKind::ServerMinting).unwrap();
    assert!(incident.peak >= 20 && incident.touched.servers == 1, "{incident:?}");
    assert_eq!(incident.guild.unwrap().id, HARBOUR);
    guard.pass(20 * MINUTE_MS);
    guard.report(40.0, REPORT_EVERY_MS);
    assert!(!guard.incident(RuleKind::ServerMinting).unwrap().lasts(), "it fades");
}

#[test]
fn books_that_fill_up_are_an_incident_until_they_have_room_again() {
    let mut guard = Guard::on_duty();
    let mut row = 0;
    let mut at = |guard: &mut Guard, percent| {
        row += 1;
        guard.report(40.0, REPORT_EVERY_MS);
        guard.pass(2_000);
        making(guard, row, 1, percent);
        guard.incident(RuleKind::StorageFull)
    };
    assert_eq!((at(&mut guard, 50), at(&mut guard, 79)), (None, None));
    let opened = at(&mut guard, 80).unwrap();
    assert_eq!((opened.peak, opened.guild.map(|guild| guild.id)), (80, Some(HARBOUR)));
    assert!(at(&mut guard, 77).unwrap().lasts());
    assert!(!at(&mut guard, 60).unwrap().lasts());
}
