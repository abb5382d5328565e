//! The cost of a day on which nobody plays: rows written, requests, and rows read when the room wakes up.

use protocol::{
    Report, Timestamp,
    history::Range,
    report::{NextReport, REPORT_AT_REST_EVERY_MS, REPORT_EVERY_MS},
    room::{Input, Output, REST_AFTER_MS, Room, Row},
    stats::BotStatus,
    time::{DAY_MS, HOUR_MS},
};

use super::{
    database::Database,
    house::{House, ONE, TWO, tells},
};
use crate::samples::{EPOCH, HARBOUR, NOON, push, report};

/// After how many reports at rest the room leaves memory in these tests: each would take minutes, and show no more.
const REPORTS_PER_WAKE: u64 = 25;

/// Performs outputs, and counts an alarm as the row that it is.
fn perform(database: &mut Database, outputs: &[Output]) {
    for output in outputs {
        database.perform(output);
        database.written += u64::from(matches!(output, Output::TickIn(_)));
    }
}

/// A house, its database, and a bot-worker that looks every five seconds and reports when it is wanted to.
struct Day {
    house: House,
    database: Database,
    every_ms: u64,
    next_report: Timestamp,
    reports: u64,
}

impl Day {
    fn begins_with(house: House) -> Self {
        let mut database = Database::default();
        database.perform(&Output::Store(Row::Epoch(EPOCH)));
        let next_report = house.now;
        Self { house, database, every_ms: REPORT_EVERY_MS, next_report, reports: 0 }
    }

    /// Lets time pass. `leaves_memory`: at rest, the room leaves memory after a report.
    fn pass(&mut self, ms: u64, leaves_memory: bool) {
        let end = self.house.now.plus(ms);
        while self.house.now < end {
            if self.house.now >= self.next_report {
                let promised_ms = self.every_ms;
                self.report();
                let is_left = self.reports.is_multiple_of(REPORTS_PER_WAKE);
                if leaves_memory && is_left && promised_ms > REPORT_EVERY_MS {
                    self.house.room = Room::restore(self.database.memory(), []);
                }
            }
            if self.house.room.state().viewers > 0 {
                perform(&mut self.database, &self.house.handle(Input::Ticked));
            }
            self.house.now = self.house.now.plus(REPORT_EVERY_MS);
        }
    }

    fn report(&mut self) {
        let now = self.house.now;
        let started_at = NOON.minus(DAY_MS);
        let said = Report { started_at, at: now, next_in_ms: self.every_ms, ..report(now) };
        perform(&mut self.database, &self.house.handle(Input::Reported(said)));
        let next = self.house.room.next_report(now);
        self.next_report = now.plus(self.every_ms.min(next.in_ms));
        self.every_ms = next.in_ms;
        self.reports += 1;
    }

    /// Rows written and reports taken by a day, when one has gone before.
    fn second_day(&mut self) -> (u64, u64) {
        self.pass(DAY_MS + 2 * HOUR_MS, true);
        (self.database.written, self.reports) = (0, 0);
        self.pass(DAY_MS, true);
        (self.database.written, self.reports)
    }
}

#[test]
fn a_day_at_rest_takes_few_rows_and_few_reports() {
    let mut day = Day::begins_with(House::empty());
    let (written, reports) = day.second_day();
    assert!((3_000..=4_000).contains(&written), "{written} rows are written");
    // Besides these, the jobs are asked for once a minute.
    assert!(reports + DAY_MS / 60_000 <= 6_000, "{reports} reports are taken");
    let read = day.database.rows.len();
    assert!(read <= 100, "{read} rows are read each time the room wakes up");
}

#[test]
fn a_day_with_a_page_open_takes_less_than_twenty_thousand_rows() {
    let mut day = Day::begins_with(House::watched());
    let (written, reports) = day.second_day();
    assert!(written <= 20_000, "{written} rows are written, alarms included");
    assert_eq!(reports, DAY_MS / REPORT_EVERY_MS, "every five seconds, as long as somebody looks");
}

#[test]
fn a_command_that_comes_alone_takes_two_rows_and_a_share_of_the_steps() {
    const EVERY_MS: u64 = 40_000;
    let [mut quiet, mut played] = [0, 1].map(|_| Day::begins_with(House::watched()));
    for seq in 1..=2 * DAY_MS / EVERY_MS {
        if seq == DAY_MS / EVERY_MS {
            (quiet.database.written, played.database.written) = (0, 0);
        }
        let mut push = push(HARBOUR, seq..=seq);
        push.records[0].at = played.house.now;
        let outputs = played.house.handle(Input::Recorded(push));
        perform(&mut played.database, &outputs);
        quiet.pass(EVERY_MS, false);
        played.pass(EVERY_MS, false);
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = (played.database.written - quiet.database.written) as f64 / (DAY_MS / EVERY_MS) as f64;
    assert!((2.0..=2.5).contains(&each), "{each} rows for each");
}

#[test]
fn rows_that_were_written_are_known_after_a_restart() {
    let mut day = Day::begins_with(House::empty());
    let mut told = push(HARBOUR, 1..=1);
    told.rows = 6;
    let outputs = day.house.handle(Input::Recorded(told));
    perform(&mut day.database, &outputs);
    day.house.room.note_rows(day.house.now, 3);
    day.report();
    let check = Room::restore(day.database.memory(), []).check(day.house.now);
    assert_eq!((check.rows_today, check.rows_last_day), (Some(9), Some(9)));
}

#[test]
fn a_room_that_left_memory_between_reports_shows_what_one_that_did_not_shows() {
    let [mut often, mut never] = [true, false].map(|leaves_memory| {
        let mut day = Day::begins_with(House::empty());
        perform(&mut day.database, &day.house.record(7));
        day.pass(6 * HOUR_MS, leaves_memory);
        day
    });
    let now = often.house.now;
    for range in [Range::Day, Range::Month] {
        assert_eq!(often.house.room.history(now, range), never.house.room.history(now, range), "{range:?}");
    }
    let told = [&mut often, &mut never].map(|day| {
        let stats = day.house.room.stats(now);
        (stats.bot.status, stats.uptime, stats.ping.avg, stats.commands, stats.economy)
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, BotStatus::Online);
}

#[test]
fn reports_come_often_again_for_whoever_looks_or_plays() {
    let rests = NextReport { in_ms: REPORT_AT_REST_EVERY_MS, jobs_due: false };
    let hurries = NextReport { in_ms: REPORT_EVERY_MS, jobs_due: false };
    let next = |house: &House| house.room.next_report(house.now);
    let resting = || {
        let mut house = House::empty();
        house.handle(Input::Reported(report(house.now)));
        assert_eq!(next(&house), hurries, "nobody has been here for long, but the room has just come up");
        house.now = house.now.plus(REST_AFTER_MS);
        assert_eq!(next(&house), rests);
        house
    };

    let mut watched = resting();
    watched.join(ONE, None);
    watched.now = watched.now.plus(DAY_MS);
    assert_eq!(next(&watched), hurries, "somebody watches all day");
    watched.handle(Input::Left(ONE));
    watched.now = watched.now.plus(REST_AFTER_MS - 1);
    assert_eq!(next(&watched), hurries, "who has left may come back");
    watched.now = watched.now.plus(1);
    assert_eq!(next(&watched), rests);

    let mut played = resting();
    played.record(1);
    assert_eq!(next(&played), hurries);

    let mut looked_at = resting();
    looked_at.room.look(looked_at.now);
    assert_eq!(next(&looked_at), hurries, "a server's own room asks, or a program does");
}

#[test]
fn a_bot_at_rest_is_offline_ten_seconds_after_the_report_that_it_promised() {
    let mut house = House::empty();
    house.join(ONE, None);
    let said = Report { next_in_ms: REPORT_AT_REST_EVERY_MS, ..report(house.now) };
    house.handle(Input::Reported(said));
    house.now = house.now.plus(39_999);
    assert_eq!(house.room.stats(house.now).bot.status, BotStatus::Online);
    assert_eq!(tells(&house.handle(Input::Ticked)), []);
    house.now = house.now.plus(1);
    let outputs = house.handle(Input::Ticked);
    assert_eq!(tells(&outputs).len(), 1);
    let events = house.room.snapshot(house.now).events;
    let messages: Vec<&str> = events.iter().map(|event| event.message.as_str()).collect();
    assert!(messages.contains(&"Pulse went offline: no report for 40 s"), "{messages:?}");

    // However long it promises, half a minute is all that it gets.
    let mut house = House::empty();
    house.join(TWO, None);
    house.handle(Input::Reported(Report { next_in_ms: u64::MAX, ..report(house.now) }));
    assert_eq!(house.room.stats(house.now.plus(40_000)).bot.status, BotStatus::Offline);
}
