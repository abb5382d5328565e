//! Messages to channels, through receivers that fail and a room that is killed at any moment.

use protocol::{
    Seq, Severity,
    alert::{ChannelChange, ChannelKind, Order, Quiet, Rule, RuleKind, Step, Subscription},
    report::REPORT_EVERY_MS,
    room::{Carried, EVENTS_STORED, Input, Ordered, Parcel},
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use serde_json::Value;

use super::guard::Guard;
use crate::samples::{HARBOUR, push};

fn body(parcel: &Parcel) -> Value {
    serde_json::from_str(&parcel.body).unwrap()
}

/// A guard with this channel, whose bot has just died and was missed.
fn alarmed(kind: ChannelKind) -> Guard {
    let mut guard = Guard::on_duty();
    guard.add(kind);
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    assert_eq!(guard.sent(), [], "all is well");
    guard.pass_until_sent(MINUTE_MS);
    guard
}

#[test]
fn one_message_is_sent_and_edited_when_it_ends() {
    let mut guard = alarmed(ChannelKind::Discord);
    let opened = guard.only_sent();
    assert_eq!(opened.message, None);
    let embed = body(&opened)["embeds"][0].clone();
    assert_eq!(embed["title"], "The bot is silent");
    assert!(embed["description"].as_str().unwrap().contains("bot-worker"), "{embed}");
    assert_eq!(embed["url"], format!("https://pulse.example/alerts#{}", opened.incident));
    assert_eq!(body(&opened)["allowed_mentions"]["parse"], serde_json::json!([]));
    guard.carried(&opened, Carried::Taken(Some("77".to_owned())));
    guard.pass(DAY_MS);
    assert_eq!(guard.sent(), [], "nothing is said again");
    guard.wake();
    guard.report(40.0, REPORT_EVERY_MS);
    let ended = guard.only_sent();
    assert_eq!(ended.message.as_deref(), Some("77"), "the same message");
    assert_eq!(body(&ended)["embeds"][0]["title"], "Over: The bot is silent");
    guard.carried(&ended, Carried::Taken(None));
    guard.reports(REPORT_EVERY_MS, HOUR_MS);
    assert_eq!(guard.sent(), []);
}

#[test]
fn a_room_that_is_killed_at_any_moment_sends_the_rest_under_the_same_name() {
    // Killed after the decision; after the sending; after the noting.
    let mut guard = alarmed(ChannelKind::Webhook);
    let first = guard.only_sent();
    guard.wake();
    guard.pass_until_sent(MINUTE_MS);
    let again = guard.only_sent();
    assert_eq!((again.id(), &again.body), (first.id(), &first.body));
    guard.carried(&again, Carried::Taken(None));
    guard.wake();
    guard.pass(DAY_MS);
    assert_eq!(guard.sent(), []);
}

#[test]
fn a_message_of_which_nothing_is_heard_is_sent_again() {
    let mut guard = alarmed(ChannelKind::Webhook);
    let first = guard.only_sent();
    guard.pass(20_000);
    assert_eq!(guard.sent(), [], "it may be on its way");
    guard.pass_until_sent(20_000);
    assert_eq!(guard.only_sent().id(), first.id());
}

#[test]
fn a_signed_webhook_is_told_of_each_change_and_who_took_it_on() {
    let mut guard = alarmed(ChannelKind::Webhook);
    let opened = guard.only_sent();
    guard.carried(&opened, Carried::Taken(None));
    guard.step(opened.incident, Step::Acknowledge);
    let changed = guard.only_sent();
    guard.carried(&changed, Carried::Taken(None));
    guard.report(40.0, REPORT_EVERY_MS);
    let ended = guard.only_sent();
    let kinds = [&opened, &changed, &ended].map(|parcel| body(parcel)["type"].clone());
    assert_eq!(kinds, ["incident.opened", "incident.changed", "incident.resolved"]);
    let data = &body(&changed)["data"];
    assert_eq!((&data["kind"], &data["acknowledged"]["name"]), (&"botSilent".into(), &"Ada".into()));
    assert_eq!(data["advice"].as_array().map(Vec::len), Some(2));
    assert!(data.get("told").is_none(), "{data}");
}

#[test]
fn a_receiver_that_fails_is_tried_again_for_a_day_and_given_up_after_a_week() {
    let mut guard = alarmed(ChannelKind::Webhook);
    let mut tries = 0;
    let began = guard.now;
    let mut day = Vec::new();
    while guard.now.since(began) < 2 * DAY_MS {
        for parcel in guard.sent() {
            tries += 1;
            day.push(guard.now.since(began));
            guard.carried(&parcel, Carried::Later("the receiver answered 500".to_owned(), None));
        }
        guard.pass(MINUTE_MS);
    }
    assert!((10..30).contains(&tries), "{tries} tries at {day:?}");
    let channel = guard.room.alerts().channels.remove(0);
    assert_eq!(channel.why.as_deref(), Some("the receiver answered 500"));
    assert!(channel.on);
    // It fails with every incident of a week.
    for _ in 0..8 {
        guard.reports(REPORT_EVERY_MS, HOUR_MS);
        guard.pass(DAY_MS);
        for parcel in guard.sent() {
            guard.carried(&parcel, Carried::Later("the receiver answered 500".to_owned(), None));
        }
    }
    let channel = guard.room.alerts().channels.remove(0);
    assert_eq!(
        (channel.on, channel.off_because.as_deref()),
        (false, Some("every message has failed for a week"))
    );
    let said = guard.room.snapshot(guard.now).events;
    assert!(said.iter().any(|event| event.message.contains("was switched off")), "{said:?}");
}

#[test]
fn a_receiver_that_is_gone_is_switched_off_until_somebody_switches_it_on() {
    let mut guard = alarmed(ChannelKind::Webhook);
    let parcel = guard.only_sent();
    guard.carried(&parcel, Carried::Gone("the receiver answered 410".to_owned()));
    guard.pass(HOUR_MS);
    assert_eq!(guard.sent(), []);
    let channel = guard.room.alerts().channels.remove(0);
    assert_eq!(channel.off_because.as_deref(), Some("the receiver answered 410"));
    let on = ChannelChange { on: Some(true), ..ChannelChange::default() };
    assert_eq!(guard.order(Order::ChangeChannel(parcel.channel, on)), Ordered::Done(None));
    assert_eq!(guard.only_sent().id(), parcel.id());
}

#[test]
fn a_wait_that_was_asked_for_is_kept() {
    let mut guard = alarmed(ChannelKind::Discord);
    let parcel = guard.only_sent();
    guard.carried(&parcel, Carried::Later("Discord answered 429".to_owned(), Some(10 * MINUTE_MS)));
    guard.wake();
    guard.pass(9 * MINUTE_MS);
    assert_eq!(guard.sent(), []);
    guard.pass_until_sent(2 * MINUTE_MS);
    assert_eq!(guard.sent().len(), 1);
}

#[test]
fn a_message_that_somebody_has_deleted_is_written_anew() {
    let mut guard = alarmed(ChannelKind::Discord);
    let opened = guard.only_sent();
    guard.carried(&opened, Carried::Taken(Some("77".to_owned())));
    guard.report(40.0, REPORT_EVERY_MS);
    let ended = guard.only_sent();
    guard.carried(&ended, Carried::MessageGone);
    assert_eq!(guard.only_sent().message, None);
}

#[test]
fn in_quiet_hours_no_message_begins_and_what_lasts_is_told_after_them() {
    // The tests begin at noon.
    let quiet = Some(Quiet { from: 11 * 60, to: 15 * 60 });
    let rule = Rule { quiet, ..RuleKind::BotSilent.default_rule() };
    let mut guard = Guard::on_duty();
    guard.add(ChannelKind::Discord);
    guard.set_rules(vec![rule]);
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    guard.pass(2 * HOUR_MS);
    guard.only_incident(RuleKind::BotSilent);
    assert_eq!(guard.sent(), []);
    guard.pass_until_sent(HOUR_MS);
    assert_eq!(guard.sent().len(), 1, "it still lasts at three");
}

#[test]
fn what_is_silenced_begins_no_message() {
    let mut guard = Guard::on_duty();
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    guard.pass(MINUTE_MS);
    let id = guard.only_incident(RuleKind::BotSilent).id;
    guard.step(id, Step::Silence { for_ms: HOUR_MS });
    guard.add(ChannelKind::Discord);
    guard.pass(50 * MINUTE_MS);
    assert_eq!(guard.sent(), []);
    guard.pass_until_sent(20 * MINUTE_MS);
    assert_eq!(guard.sent().len(), 1);
}

#[test]
fn a_channel_is_told_only_of_what_stands_out_enough() {
    let mut guard = Guard::on_duty();
    let id = guard.add(ChannelKind::Discord);
    let errors = ChannelChange { severity: Some(Severity::Error), ..ChannelChange::default() };
    guard.order(Order::ChangeChannel(id, errors));
    for _ in 0..20 {
        guard.report(900.0, REPORT_EVERY_MS);
        guard.pass(REPORT_EVERY_MS);
    }
    assert!(guard.incident(RuleKind::GatewaySpike).is_some());
    assert_eq!(guard.sent(), []);
    guard.pass_until_sent(MINUTE_MS);
    assert_eq!(guard.sent().len(), 1, "the bot is silent, which is an error");
}

#[test]
fn what_began_together_is_one_message() {
    let mut guard = Guard::on_duty();
    guard.add(ChannelKind::Discord);
    let mut sent = Vec::new();
    for _ in 0..40 {
        guard.report(900.0, REPORT_EVERY_MS);
        for parcel in guard.sent() {
            guard.carried(&parcel, Carried::Taken(Some("77".to_owned())));
            sent.push(parcel);
        }
        guard.pass(REPORT_EVERY_MS);
    }
    assert_eq!(guard.incidents().len(), 2);
    assert_eq!(sent.iter().filter(|parcel| parcel.message.is_none()).count(), 1, "{sent:?}");
    let fields = body(sent.last().unwrap())["embeds"][0]["fields"].to_string();
    assert!(fields.contains("With it") && fields.contains("1 min"), "{fields}");
}

#[test]
fn a_channel_that_was_removed_hears_nothing_more_and_no_secret_is_shown() {
    let mut guard = Guard::on_duty();
    let id = guard.add(ChannelKind::Discord);
    let shown = serde_json::to_string(&guard.room.alerts()).unwrap();
    assert!(!shown.contains("00ff"), "{shown}");
    assert_eq!(guard.order(Order::RemoveChannel(id)), Ordered::Done(None));
    assert_eq!(guard.order(Order::RemoveChannel(id)), Ordered::Unknown);
    guard.reports(REPORT_EVERY_MS, MINUTE_MS);
    guard.pass(MINUTE_MS);
    assert_eq!(guard.sent(), []);
    for _ in 0..20 {
        guard.add(ChannelKind::Webhook);
    }
    let more = Order::AddChannel {
        kind: ChannelKind::Webhook,
        name: "One more".to_owned(),
        hint: String::new(),
        sealed: String::new(),
        severity: Severity::Warn,
        incidents: true,
        events: None,
    };
    assert!(matches!(guard.order(more), Ordered::TooManyChannels(_)));
}

/// A guard with a channel that is sent events, and some rows of a server's books.
fn subscribed(rows: u64) -> Guard {
    let mut guard = Guard::on_duty();
    let ordered = guard.order(Order::AddChannel {
        kind: ChannelKind::Webhook,
        name: "Ledger".to_owned(),
        hint: "hooks.example.com …hook".to_owned(),
        sealed: "00ff".to_owned(),
        severity: Severity::Warn,
        incidents: false,
        events: Some(Subscription { severities: vec![Severity::Success], ..Subscription::default() }),
    });
    assert!(matches!(ordered, Ordered::Done(Some(_))), "{ordered:?}");
    // Adding it is an event, and none of those that it wants.
    let added = guard.events.pop().unwrap();
    let seq = guard.room.snapshot(guard.now).seq;
    guard.handle(Input::EventsCarried(added.channel, seq, false, Carried::Taken(None)));
    guard.handle(Input::Recorded(push(HARBOUR, 1..=rows)));
    guard
}

#[test]
fn events_are_sent_in_order_one_message_at_a_time() {
    let mut guard = subscribed(300);
    let seq = guard.room.snapshot(guard.now).seq;
    let first = guard.events.pop().unwrap();
    guard.handle(Input::Recorded(push(HARBOUR, 301..=310)));
    assert_eq!(guard.events, [], "one is on its way");
    let up_to = Seq(first.after.0 + 100);
    guard.handle(Input::EventsCarried(first.channel, up_to, true, Carried::Taken(None)));
    let next = guard.events.pop().unwrap();
    assert_eq!((next.after, guard.room.alerts().channels[0].sent), (up_to, up_to));
    guard.handle(Input::EventsCarried(first.channel, Seq(seq.0 + 10), true, Carried::Taken(None)));
    assert_eq!(guard.events, [], "all is sent");
    guard.wake();
    guard.handle(Input::Recorded(push(HARBOUR, 311..=311)));
    assert_eq!(guard.events.pop().unwrap().after, Seq(seq.0 + 10), "the place outlives a restart");
}

#[test]
fn a_receiver_of_events_that_was_away_goes_on_where_it_was() {
    let mut guard = subscribed(5);
    let mut place = guard.events.pop().unwrap();
    for _ in 0..6 {
        let why = "the receiver answered 500".to_owned();
        guard.handle(Input::EventsCarried(place.channel, place.after, true, Carried::Later(why, None)));
        assert_eq!(guard.events, [], "not before its time");
        guard.wake();
        guard.pass(HOUR_MS);
        let again = guard.events.drain(..).next_back().unwrap();
        assert_eq!(again.after, place.after);
        place = again;
    }
    guard.handle(Input::EventsCarried(place.channel, Seq(place.after.0 + 5), true, Carried::Taken(None)));
    let channel = guard.room.alerts().channels.remove(0);
    assert_eq!((channel.tries, channel.failing_since, channel.why), (0, None, None));
}

#[test]
fn a_backlog_has_a_bound_that_is_told() {
    let mut guard = subscribed(1);
    let mut rows = 1;
    for _ in 0..60 {
        guard.now = guard.now.plus(2_000);
        guard.handle(Input::Recorded(push(HARBOUR, rows + 1..=rows + 1_000)));
        rows += 1_000;
    }
    let backlog = guard.incident(RuleKind::EventBacklog);
    assert!(backlog.is_some(), "{:?}", guard.incidents());
    guard.events.clear();
    guard.pass(MINUTE_MS);
    assert!(!guard.events.is_empty(), "nothing was heard of the first message");
    let said = guard.room.snapshot(guard.now).events;
    assert!(said.iter().any(|event| event.message.contains("has missed")), "{:?}", said[0]);
    let kept_from = guard.room.snapshot(guard.now).seq.0 - EVENTS_STORED;
    assert!(guard.events.iter().all(|parcel| parcel.after.0 + 2 >= kept_from));
}

/// The stream as the shell reads it: the receiver fails a third of the time, and the room leaves memory now and then.
#[test]
fn ten_thousand_events_through_a_receiver_that_fails_a_third_of_the_time_all_arrive_in_order() {
    const ROWS: u64 = 10_000;
    let mut guard = subscribed(1);
    let (mut taken, mut tries, mut rows) = (Vec::new(), 0_u64, 1);
    while rows < ROWS || guard.room.alerts().channels[0].sent < guard.room.snapshot(guard.now).seq {
        if rows < ROWS {
            guard.handle(Input::Recorded(push(HARBOUR, rows + 1..=rows + 37)));
            rows += 37;
        }
        let Some(parcel) = guard.events.pop() else {
            guard.pass(1_000);
            continue;
        };
        tries += 1;
        let last = guard.room.snapshot(guard.now).seq.0;
        let up_to = Seq(last.min(parcel.after.0 + 100));
        let fails = tries.is_multiple_of(3);
        let carried = if fails {
            Carried::Later("the receiver answered 500".to_owned(), None)
        } else {
            taken.extend(parcel.after.0 + 1..=up_to.0);
            Carried::Taken(None)
        };
        let up_to = if fails { parcel.after } else { up_to };
        guard.handle(Input::EventsCarried(parcel.channel, up_to, true, carried));
        if tries.is_multiple_of(7) {
            guard.wake();
            guard.events.clear(); // Whatever was on its way is gone with the room.
        }
    }
    let mut once = taken.clone();
    once.dedup();
    assert!(once.is_sorted(), "a repetition begins no earlier than where it failed");
    let last = guard.room.snapshot(guard.now).seq.0;
    assert_eq!((once[0] + once.len() as u64 - 1, once[once.len() - 1]), (last, last), "each at least once");
    assert!(once.len() as u64 >= ROWS);
}
