//! Reports that tell the room more than the moment: samples of the past, and a farewell.

use crate::samples::{EPOCH, NOON, report};
use protocol::{
    report::{MISSED_MAX, Missed},
    room::{Input, Room},
    stats::BotStatus,
};

#[test]
fn samples_of_a_time_without_the_edge_fill_the_gap_in_history() {
    let (mut room, _) = Room::new(EPOCH);
    let (before, after) = (NOON, NOON.plus(120_000));
    room.handle(before, Input::Reported(report(before)));
    // The worker's clock is ten minutes off, and says the same of both moments.
    let off = |ms: u64| after.plus(600_000).minus(ms);
    let missed = (1..24).map(|step| Missed { at: off(step * 5_000), ms: 70.0 }).collect();
    room.handle(after, Input::Reported(protocol::Report { missed, at: off(0), ..report(after) }));
    let history = room.snapshot(after).history;
    let filled: Vec<_> = history.iter().filter(|point| point.at > before && point.at < after).collect();
    assert_eq!(filled.len(), 23);
    assert!(filled.iter().all(|point| point.ping == Some(70.0)), "{filled:?}");
    assert!(history.windows(2).all(|pair| pair[0].at < pair[1].at));
}

#[test]
fn a_clock_that_is_off_changes_no_uptime() {
    for (ahead, behind) in [(0, 0), (600_400, 0), (0, 599_700)] {
        let (mut room, _) = Room::new(EPOCH);
        let off = |at: protocol::Timestamp| at.plus(ahead).minus(behind);
        let told = protocol::Report { at: off(NOON), started_at: off(NOON.minus(3_600_000)), ..report(NOON) };
        room.handle(NOON, Input::Reported(told));
        let snapshot = room.snapshot(NOON.plus(1_000));
        let uptime = snapshot.stats.uptime.unwrap();
        assert!(uptime.abs_diff(3_601) <= 1, "{ahead} ahead, {behind} behind: {uptime}");
        let started_at = snapshot.history.last().unwrap().started_at.unwrap();
        assert!(started_at.0.abs_diff(NOON.0 - 3_600_000) < 1_000, "{ahead} ahead, {behind} behind");
    }
}

#[test]
fn too_many_samples_and_impossible_ones_are_left_out() {
    let missed = vec![Missed { at: NOON, ms: 1.0 }; MISSED_MAX + 5];
    let mut many = protocol::Report { missed, ..report(NOON) };
    many.missed[0].ms = -1.0;
    many.missed[1].ms = f64::NAN;
    assert_eq!(many.believable().missed.len(), MISSED_MAX - 2);
}

#[test]
fn who_says_farewell_is_offline_at_once() {
    let (mut room, _) = Room::new(EPOCH);
    room.handle(NOON, Input::Reported(report(NOON)));
    let later = NOON.plus(1_000);
    room.handle(later, Input::Reported(protocol::Report { leaving: true, ..report(later) }));
    let stats = room.snapshot(later).stats;
    assert_eq!((stats.bot.status, stats.ping.avg, stats.uptime), (BotStatus::Offline, None, None));
    assert!(stats.recent_events[0].message.ends_with("asked to stop"));
}
