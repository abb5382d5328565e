//! Simulated days: rows that are written and requests to objects that are made, counted as the storage counts them. The room's
//! are those of its core over two days, of which the second counts; the books' are measured at the edge, a command at a time.

use std::collections::BTreeSet;

use anyhow::Result;
use protocol::{
    Epoch, GuildId, JournalSeq, Report, Timestamp,
    report::{REPORT_AT_REST_EVERY_MS, REPORT_EVERY_MS},
    room::{Input, Kind, Output, Room, SocketId},
    time::{DAY_MS, MINUTE_MS, SECOND_MS},
};
use serde_json::json;

use crate::rooms::{NOON, push};

/// How often bot-worker asks for jobs while somebody watches or plays, and otherwise, in milliseconds.
const JOBS_EVERY_MS: u64 = 5 * SECOND_MS;
const JOBS_AT_REST_EVERY_MS: u64 = MINUTE_MS;
/// Servers, players of each, and commands a day in all, of a bot that is played.
pub const SERVERS: u64 = 10;
const PLAYERS: u64 = 100;
pub const COMMANDS: u64 = 2_000;
/// Rows of the books' that each command which comes alone takes beside its own: the alarm that looks after its delivery, and a
/// sixteenth of the acknowledgement.
const ALARM_ROWS: f64 = 1.0 + 1.0 / 16.0;

/// The commands and pages of a day.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// A page is open day and night.
    pub is_watched: bool,
    /// Commands, evenly over the day and the servers.
    pub commands: u64,
    /// Rows that the books write for one of them.
    pub rows_of_a_command: f64,
}

/// Rows and requests of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Rows written, by all objects.
    pub rows: f64,
    /// Requests to objects, alarms counted.
    pub object_requests: f64,
}

/// The second of two days of this plan.
pub fn spent(plan: Plan) -> Result<Spent> {
    let mut day = Day::new(plan.is_watched)?;
    day.pass(plan, DAY_MS);
    let before = day.spent;
    day.pass(plan, DAY_MS);
    let mut spent = Spent {
        rows: day.spent.rows - before.rows,
        object_requests: day.spent.object_requests - before.object_requests,
    };
    let commands = plan.commands as f64;
    spent.rows += commands * (plan.rows_of_a_command + ALARM_ROWS);
    spent.object_requests += 2.0 * commands; // The call, and the alarm; the delivery is the room's.
    Ok(spent)
}

/// A room, the rows of its table, and what everything has taken so far.
struct Day {
    room: Room,
    now: Timestamp,
    rows: BTreeSet<(Kind, u64)>,
    spent: Spent,
    report: Report,
    next_report: Timestamp,
    next_pull: Timestamp,
    next_tick: Timestamp,
    next_command: Timestamp,
    played: u64,
}

impl Day {
    fn new(is_watched: bool) -> Result<Self> {
        let now = Timestamp(NOON);
        let report = serde_json::from_value(json!({
            "version": protocol::VERSION, "startedAt": now.minus(DAY_MS), "at": now,
            "bot": { "id": "1", "name": "Pulse", "avatarUrl": null },
            "shards": [{ "id": 0, "state": "active", "latencyMs": 40.0 }], "restMs": 80.0,
            "guilds": { "count": SERVERS, "members": SERVERS * PLAYERS, "named": [] },
        }))?;
        let mut day = Self {
            room: Room::new(Epoch(1)).0,
            now,
            rows: BTreeSet::new(),
            spent: Spent::default(),
            report,
            next_report: now,
            next_pull: now,
            next_tick: now,
            next_command: now,
            played: 0,
        };
        if is_watched {
            day.handle(Input::Joined(SocketId(1), None, None));
        }
        Ok(day)
    }

    fn pass(&mut self, plan: Plan, ms: u64) {
        let (end, every_ms) = (self.now.plus(ms), DAY_MS.checked_div(plan.commands).unwrap_or(u64::MAX));
        while self.now < end {
            if self.now >= self.next_report {
                self.report();
            }
            if self.now >= self.next_pull {
                let is_busy = self.room.next_report(self.now).in_ms == REPORT_EVERY_MS;
                self.handle(Input::Pulled(protocol::room::Takes::Answers));
                self.next_pull = self.now.plus(if is_busy { JOBS_EVERY_MS } else { JOBS_AT_REST_EVERY_MS });
            }
            if plan.is_watched && self.now >= self.next_tick {
                self.next_tick = self.now.plus(REPORT_EVERY_MS);
                self.handle(Input::Ticked);
            }
            if plan.commands > 0 && self.now >= self.next_command {
                self.next_command = self.next_command.plus(every_ms);
                let (guild, seq) = (self.played % SERVERS + 1, self.played / SERVERS + 1);
                self.played += 1;
                let push = push(GuildId(guild << 20), JournalSeq(seq), self.now, PLAYERS);
                self.handle(Input::Recorded(push));
            }
            self.now = self.now.plus(SECOND_MS);
        }
    }

    fn report(&mut self) {
        let next_in_ms = self.room.next_report(self.now).in_ms.min(REPORT_AT_REST_EVERY_MS);
        let report = Report { at: self.now, next_in_ms, ..self.report.clone() };
        self.handle(Input::Reported(report));
        self.next_report = self.now.plus(self.room.next_report(self.now).in_ms);
    }

    fn handle(&mut self, input: Input<'_>) {
        self.spent.object_requests += 1.0;
        for output in self.room.handle(self.now, input) {
            self.spent.rows += self.written(&output) as f64;
        }
    }

    fn written(&mut self, output: &Output) -> usize {
        match output {
            Output::Store(row) => {
                self.rows.insert((row.kind(), row.key()));
                1
            }
            Output::Forget(kind, below) => {
                let before = self.rows.len();
                self.rows.retain(|(kept, key)| kept != kind || key >= below);
                before - self.rows.len()
            }
            Output::Delete(kind, key) => usize::from(self.rows.remove(&(*kind, *key))),
            Output::TickIn(_) => 1, // An alarm is a row, too.
            _ => 0,
        }
    }
}
