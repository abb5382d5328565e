//! The points of the charts: which an update brings, and how far they go back.

use protocol::{
    Seq, ServerMessage, Timestamp,
    history::Range,
    room::{Input, Output, SocketId},
};

use super::house::{House, ONE};
use crate::samples::{EPOCH, HARBOUR, NOON, push, report};

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
