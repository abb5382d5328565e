//! The arithmetic of time, by tables: what counts in which step, for how long, and what is stored and let go of.

use super::*;
use crate::{
    Epoch, JournalSeq, record,
    room::row::{Kind, Memory},
};

/// Reads again what has been stored.
fn remembered(outputs: Vec<Output>) -> Memory {
    let mut memory = Memory::new(Epoch(1));
    for output in outputs {
        if let Output::Store(row) = output {
            memory.add(row.kind(), &Row::key_text(row.key()), &row.value().unwrap()).unwrap();
        }
    }
    memory.with_open_steps()
}

/// The rows of everything that has changed, the open steps' last.
fn saved(timeline: &mut Timeline, now: Timestamp) -> Vec<Output> {
    let mut outputs = Vec::new();
    let steps = timeline.save(now, &mut outputs);
    outputs.push(Output::Store(Row::Open(steps)));
    outputs
}

fn restored(memory: Memory) -> Timeline {
    Timeline::restore(memory.buckets, memory.months, memory.active, memory.open_steps_written)
}

/// The beginning of a step at every resolution.
const NOON: Timestamp = Timestamp(1_768_478_400_000);

fn record(outcome: Outcome, minted: i64, burned: i64, handled_ms: u32) -> Record {
    Record {
        seq: JournalSeq(1),
        at: NOON,
        outcome,
        handled_ms,
        minted: Coins::new(minted),
        burned: Coins::new(burned),
        activity: None,
        events: Vec::new(),
        jobs: Vec::new(),
    }
}

fn minutes(count: u64) -> u64 {
    count * MINUTE_MS
}

#[test]
fn steps_and_spans_are_as_the_contract_says() {
    let found = Resolution::ALL.map(|resolution| (resolution.step_ms(), resolution.span_ms()));
    assert_eq!(found, [(5_000, 3_600_000), (60_000, 86_400_000), (900_000, 2_592_000_000)]);
}

#[test]
fn a_mean_is_of_its_samples() {
    let bucket = |sum, count| Bucket { ping_sum: sum, ping_count: count, ..Bucket::default() };
    for (sum, count, mean) in
        [(0.0, 0, None), (40.0, 1, Some(40.0)), (100.0, 3, Some(33.3)), (0.0, 2, Some(0.0))]
    {
        assert_eq!(bucket(sum, count).ping(), mean, "{sum} of {count}");
    }
}

#[test]
fn commands_are_summed_by_how_they_ended() {
    let mut timeline = Timeline::default();
    for (outcome, minted, burned) in [
        (Outcome::Done, 100, 0),
        (Outcome::Done, 0, 30),
        (Outcome::Refused, 0, 0),
        (Outcome::Refused, 0, 0),
        (Outcome::Failed, 0, 0),
    ] {
        timeline.add_record(NOON, &record(outcome, minted, burned, 7));
    }
    let sums = Sums { commands: 5, refused: 2, failed: 1, minted: Coins::new(100), burned: Coins::new(30) };
    // Over more than one step, too.
    timeline.add_record(NOON.plus(minutes(2)), &record(Outcome::Failed, 1, 2, 7));
    let both = Sums { commands: 6, refused: 2, failed: 2, minted: Coins::new(101), burned: Coins::new(32) };
    for (after, last_hour) in [
        (0, both),
        (minutes(60), both),
        (
            minutes(60) + 1,
            Sums { commands: 1, refused: 0, failed: 1, minted: Coins::new(1), burned: Coins::new(2) },
        ),
    ] {
        assert_eq!(timeline.last_hour(NOON.plus(after)), last_hour, "after {after} ms");
    }
    assert_eq!(timeline.last_day(NOON.plus(DAY_MS)), both);
    assert_eq!(timeline.last_day(NOON.plus(DAY_MS + 1)).commands, 1);
    assert_eq!(sums.commands + 1, both.commands);
}

#[test]
fn handling_is_of_the_last_five_minutes() {
    let mut timeline = Timeline::default();
    for (at, handled_ms) in [(0, 2), (5_000, 2), (5_000, 2), (10_000, 20)] {
        timeline.add_record(NOON.plus(at), &record(Outcome::Done, 0, 0, handled_ms));
    }
    let of = |after: u64| timeline.handling(NOON.plus(after));
    assert_eq!(of(10_000), Handling { p50: Some(2), p99: Some(20) });
    assert_eq!(of(minutes(5) + 5_000), Handling { p50: Some(2), p99: Some(20) });
    assert_eq!(of(minutes(5) + 10_000), Handling { p50: Some(20), p99: Some(20) });
    assert_eq!(of(minutes(5) + 10_001), Handling { p50: None, p99: None });
}

#[test]
fn months_are_compared_with_the_month_before() {
    let mut timeline = Timeline::default();
    let (january, february) = (Timestamp(5 * DAY_MS), Timestamp(40 * DAY_MS));
    let count = |timeline: &mut Timeline, at, times| {
        (0..times).for_each(|_| timeline.add_outcome(at, Outcome::Done));
    };
    count(&mut timeline, january, 4);
    assert_eq!(timeline.change_from_last_month(january), None);
    count(&mut timeline, february, 5);
    assert_eq!(timeline.change_from_last_month(february), Some(25.0));
    // A command of January can be delivered in February.
    count(&mut timeline, january, 1);
    assert_eq!(timeline.change_from_last_month(february), Some(0.0));
    assert_eq!(timeline.change_from_last_month(Timestamp(70 * DAY_MS)), Some(-100.0));
    assert_eq!(timeline.change_from_last_month(Timestamp(100 * DAY_MS)), None);
    // Two months late, it is in neither of the two that are compared.
    count(&mut timeline, Timestamp(70 * DAY_MS), 5);
    count(&mut timeline, january, 3);
    assert_eq!(timeline.change_from_last_month(Timestamp(70 * DAY_MS)), Some(0.0));
    // After a month without any, there is nothing to compare with.
    count(&mut timeline, Timestamp(130 * DAY_MS), 1);
    assert_eq!(timeline.change_from_last_month(Timestamp(130 * DAY_MS)), None);
}

#[test]
fn an_hour_ago_is_the_mean_of_the_minutes_around_it() {
    let mut timeline = Timeline::default();
    let now = NOON.plus(minutes(90));
    // Minutes before now, and the latency then.
    for (ago, ms) in [(66, 1_000.0), (65, 10.0), (60, 20.0), (55, 60.0), (54, 5_000.0)] {
        timeline.add_report(now.minus(minutes(ago)), NOON, Some(ms));
    }
    assert_eq!(timeline.ping_one_hour_ago(now), Some(30.0));
    assert_eq!(timeline.ping_one_hour_ago(now.plus(minutes(20))), None);
    assert_eq!(timeline.ping_one_hour_ago(now.minus(minutes(20))), None);
}

#[test]
fn a_sample_that_comes_late_goes_where_it_belongs() {
    let mut timeline = Timeline::default();
    let gauges = Gauges { guilds: 3, active: 2, avg_level: 1.5, top_streak: 9 };
    timeline.set_standing(NOON, Coins::new(70), gauges);
    let now = NOON.plus(HOUR_MS);
    timeline.add_report(now, NOON, Some(40.0));
    let mut outputs = Vec::new();
    timeline.save(now, &mut outputs);
    // To be left out as too old, at the very edge, in a step of its own, and twice in the newest.
    for (ago, ms) in [(HOUR_MS + 5_000, 1.0), (HOUR_MS, 2.0), (10_000, 10.0), (0, 60.0)] {
        timeline.add_missed(now.minus(ago), ms);
    }
    let pings: Vec<(u64, Option<f64>)> =
        timeline.fine.iter().map(|bucket| (now.since(bucket.at), bucket.ping())).collect();
    assert_eq!(pings, [(HOUR_MS, Some(2.0)), (10_000, Some(10.0)), (0, Some(50.0))]);
    let late = &timeline.fine[1];
    assert_eq!((late.wealth, late.gauges), (Coins::new(70), Some(gauges)), "what stood then stands there");
    assert_eq!(late.point().active, Some(2));
    let missed: Vec<f64> = timeline.pings_after(now.minus(10_000)).map(|missed| missed.ms).collect();
    assert_eq!(missed, [50.0], "after, and not at");
    let mut outputs = Vec::new();
    timeline.save(now, &mut outputs);
    let pages = outputs.iter().filter_map(|output| match output {
        Output::Store(Row::Page(Kind::Minutes, at, steps)) => {
            Some((now.since(*at), steps.iter().map(|step| now.since(step.at)).collect::<Vec<_>>()))
        }
        _ => None,
    });
    let expected = [(2 * HOUR_MS, vec![HOUR_MS + 60_000]), (HOUR_MS, vec![HOUR_MS, 60_000])];
    assert_eq!(pages.collect::<Vec<_>>(), expected, "from the oldest change on; the newest is not over");
    let is_fine = |output: &Output| matches!(output, Output::Store(Row::Page(Kind::Fives, ..)));
    assert!(!outputs.iter().any(is_fine), "without commands they are not kept");
}

#[test]
fn what_is_too_old_is_let_go_of_a_sixteenth_later() {
    let forgotten = |after: u64| {
        let mut timeline = Timeline::default();
        timeline.add_report(NOON, NOON, None);
        timeline.add_report(NOON.plus(HOUR_MS), NOON, None);
        let mut outputs = Vec::new();
        let now = NOON.plus(after);
        timeline.save(now, &mut outputs);
        let below = outputs.iter().find_map(|output| match output {
            Output::Forget(Kind::FiveSeconds, below) => Some(*below),
            _ => None,
        });
        (below.map(|below| now.0 - below), timeline.fine.len())
    };
    let late = HOUR_MS / 16 * 17;
    assert_eq!(forgotten(HOUR_MS), (None, 2));
    assert_eq!(forgotten(late), (None, 2));
    assert_eq!(forgotten(late + 1), (Some(HOUR_MS), 1));
    // A step that begins where the span does is kept.
    let mut timeline = Timeline::default();
    for at in [0, HOUR_MS / 8] {
        timeline.add_report(NOON.plus(at), NOON, None);
    }
    timeline.save(NOON.plus(HOUR_MS / 8 + HOUR_MS), &mut Vec::new());
    assert_eq!(timeline.fine.len(), 1);
    // And a clock that has stepped back lets go of nothing.
    let mut timeline = Timeline::default();
    timeline.add_report(NOON, NOON, None);
    let mut outputs = Vec::new();
    timeline.save(NOON.minus(DAY_MS), &mut outputs);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Forget(..))));
}

#[test]
fn where_nothing_has_happened_nothing_is_stored() {
    let (mut timeline, mut outputs) = (Timeline::default(), Vec::new());
    timeline.save(NOON, &mut outputs);
    assert_eq!(outputs, []);
}

#[test]
fn points_begin_with_what_is_asked_for_and_carry_what_stands() {
    let mut timeline = Timeline::default();
    let gauges = Gauges { guilds: 1, active: 1, avg_level: 1.0, top_streak: 1 };
    timeline.set_standing(NOON, Coins::new(70), gauges);
    timeline.set_standing(NOON.plus(10_000), Coins::new(90), gauges);
    let points = |from: u64| -> Vec<(u64, i64)> {
        let points = timeline.points(NOON.plus(15_000), NOON.plus(from), Resolution::FiveSeconds);
        points.iter().map(|point| (point.at.since(NOON), point.wealth.get())).collect()
    };
    assert_eq!(points(0), [(0, 70), (5_000, 70), (10_000, 90), (15_000, 90)]);
    assert_eq!(points(5_000), [(5_000, 70), (10_000, 90), (15_000, 90)]);
    assert_eq!(points(5_001), [(10_000, 90), (15_000, 90)]);
    assert_eq!(points(10_001), [(15_000, 90)]);
}

#[test]
fn everything_outlives_a_restart() {
    let mut timeline = Timeline::default();
    let first = Some(record::Activity { previous: None });
    timeline.add_record(NOON, &Record { activity: first, ..record(Outcome::Done, 5, 0, 7) });
    timeline.add_report(NOON.plus(5_000), NOON, Some(40.0));
    let restored = restored(remembered(saved(&mut timeline, NOON.plus(5_000))));
    assert_eq!(restored.months, timeline.months);
    assert_eq!(restored.active(NOON), 1);
    assert_ne!(restored.months, Months::default());
    for resolution in Resolution::ALL {
        assert_eq!(restored.ring(resolution), timeline.ring(resolution), "{resolution:?}");
    }
}

#[test]
fn whoever_was_active_is_counted_after_a_restart_at_any_moment() {
    let quarter = minutes(15);
    // A newcomer; one who stays; one who comes back later; a step back of the clock; a day that passes.
    let (mut timeline, mut stored) = (Timeline::default(), Vec::new());
    for (at, previous, active) in [
        (NOON, None, 1),
        (NOON.plus(1), Some(NOON), 1),
        (NOON.plus(2), None, 2),
        (NOON.plus(quarter), Some(NOON.plus(1)), 2),
        (NOON.plus(quarter + 1), None, 3),
        (NOON.plus(2), None, 4),
        (NOON.plus(DAY_MS), None, 5),
        (NOON.plus(DAY_MS + quarter), Some(NOON.plus(2)), 4),
        (NOON.plus(4 * DAY_MS), None, 1),
    ] {
        let activity = Some(record::Activity { previous });
        timeline.add_record(at, &Record { activity, ..record(Outcome::Done, 0, 0, 1) });
        stored.extend(saved(&mut timeline, at));
        let restored = restored(remembered(stored.clone()));
        assert_eq!((timeline.active(at), restored.active(at)), (active, active), "at {at:?}");
    }
}

#[test]
fn pages_and_open_steps_are_all_that_a_restart_needs_after_any_minute() {
    let (mut timeline, mut stored) = (Timeline::default(), Vec::new());
    for minute in 0..200 {
        let at = NOON.plus(minutes(minute));
        timeline.add_report(at, NOON, Some(40.0));
        stored.extend(saved(&mut timeline, at));
        if minute % 7 != 0 {
            continue;
        }
        let restored = restored(remembered(stored.clone()));
        for resolution in [Resolution::Minute, Resolution::QuarterHour] {
            assert_eq!(restored.ring(resolution), timeline.ring(resolution), "{resolution:?}, {minute} min");
        }
    }
    let pages = stored.iter().filter(|output| matches!(output, Output::Store(Row::Page(..)))).count();
    assert_eq!(pages, 200 / 2 - 1 + 200 / 15, "one each two minutes, one a quarter of an hour");
}

#[test]
fn a_page_takes_the_place_of_the_single_rows_of_an_older_version() {
    let mut memory = Memory::new(Epoch(1));
    let single = |minute: u64| format!(r#"{{"at":{},"commands":1}}"#, NOON.plus(minutes(minute)).0);
    for minute in [0, 1, 2, 70] {
        let key = Row::key_text(NOON.plus(minutes(minute)).0);
        memory.add(Kind::Minute, &key, &single(minute)).unwrap();
    }
    let page = [(1, 7), (2, 8)].map(|(minute, commands)| Bucket {
        at: NOON.plus(minutes(minute)),
        commands,
        ..Bucket::default()
    });
    let row = Row::Page(Kind::Minutes, NOON, page.to_vec());
    memory.add(row.kind(), &Row::key_text(row.key()), &row.value().unwrap()).unwrap();
    let timeline = restored(memory.with_open_steps());
    let told: Vec<_> =
        timeline.minutes.iter().map(|step| (step.at.since(NOON) / MINUTE_MS, step.commands)).collect();
    assert_eq!(told, [(0, 1), (1, 7), (2, 8), (70, 1)]);
}
