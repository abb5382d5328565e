//! The cost of a command in a server of 1 000, 100 000 and 1 000 000 players, side by side in one run: the books' own
//! statements on rusqlite, in a file with a write-ahead log as at the edge, one transaction a command. Prints a table, and a
//! line of JSON for `cargo xtask bench`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to say")]
#![allow(missing_docs, reason = "a program")]

#[path = "../tests/books/sqlite.rs"]
mod sqlite;

use std::{cell::Cell, time::Instant};

use interactions::{Books, Call, Command, Person, command::Options, schema};
use protocol::{GuildId, InteractionId, Timestamp, UserId, time::DAY_MS};
use rusqlite::Connection;
use serde_json::{Value, json};
use sqlite::Sqlite;

const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];
const COMMANDS: [&str; 6] = ["daily", "pay", "work", "balance", "leaderboard", "history"];
/// Commands in one measurement, and measurements of each command in each size.
const BATCH: u64 = 50;
const ROUNDS: u64 = 21;
/// The most that a command may cost among a million players, in times of what it costs among a thousand.
const GROWTH_MAX: f64 = 1.3;
/// 2026-11-22T12:00:00Z.
const NOON: u64 = 1_795_348_800_000;

struct Server {
    players: u64,
    books: Books<Sqlite>,
    last_id: u64,
    now: u64,
}

impl Server {
    fn with(players: u64) -> Self {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let connection = Connection::open(folder.join(format!("{players}.db"))).unwrap();
        let sqlite = Sqlite { connection, asked: None, steps: Cell::new(0) };
        sqlite.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
        schema::migrate(&sqlite).unwrap();
        // Coins as they are spread where some play every day and most played once.
        sqlite.run(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {players})
            INSERT INTO accounts (user, name, balance, xp, level, xp_day, xp_today, streak, freezes, created_at, last_at)
            SELECT CAST((669999999000 + i) << 20 AS TEXT), 'Player ' || i,
                CASE WHEN i % 3 = 0 THEN 100 ELSE (i * 7919 % 100003) * (i % 13 + 1) END,
                50 * (i % 10) * (i % 10 + 1) + i % 50, i % 10, 0, 0, i % 30, 0, 0, 0 FROM n;
            INSERT INTO journal (seq, id, at, command, outcome, amount, tax, actor, handled_ms, active, reply,
                players, wealth, levels, mint, burn)
            SELECT 1, '0', 0, 'seed', 'done', 0, 0, '1', 0, 0, '{{}}', COUNT(*), SUM(balance), SUM(level),
                -SUM(balance), 0 FROM accounts"
        ));
        let mut server = Self { players, books: Books::new(sqlite), last_id: 0, now: NOON };
        server.settle();
        server
    }

    /// Does all of the background's work, as between two bursts.
    fn settle(&mut self) {
        while self.books.tidy(Timestamp(self.now)).unwrap() {}
    }

    fn person(&self, number: u64) -> Person {
        let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % self.players;
        Person {
            id: UserId((669_999_999_000 + number) << 20),
            name: format!("Player {number}"),
            bot: false,
            absent: false,
        }
    }

    fn call(&mut self, name: &str) -> Call {
        self.last_id += 1;
        let (actor, other) = (self.person(self.last_id), self.person(self.last_id + 1));
        let values = match name {
            "pay" => vec![("user", json!(other.id)), ("amount", json!(1))],
            _ => Vec::new(),
        };
        let values = values.into_iter().map(|(name, value): (&str, Value)| (name.to_owned(), value));
        let mut options = Options::new(Vec::new(), values.collect(), [(other.id, other)].into());
        let command = Command::parse(name, &mut options).unwrap();
        let (id, guild) = (InteractionId(self.last_id), GuildId(1));
        Call { id, guild, actor, manager: false, pressed: false, command }
    }

    /// Lets the caches hold what they would hold of a server that is being played in.
    fn warm_up(&mut self) {
        self.settle();
        for name in COMMANDS {
            self.measure(name);
        }
    }

    /// Microseconds, command by command: one that was interrupted by something else does not spoil the rest.
    fn measure(&mut self, name: &str) -> Vec<f64> {
        let calls: Vec<Call> = (0..BATCH).map(|_| self.call(name)).collect();
        let mut times = Vec::with_capacity(calls.len());
        for call in &calls {
            let began = Instant::now();
            self.books.sql().run("BEGIN");
            self.books.answer(Timestamp(self.now), self.last_id, call, 1).unwrap();
            self.books.sql().run("COMMIT");
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
        times
    }
}

/// The folder that holds the databases while they are measured.
fn folder() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("pulse-growth-{}", std::process::id()))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    println!("microseconds a command, median of {ROUNDS} rounds of {BATCH}, sizes in turn");
    let mut servers: Vec<Server> = SIZES
        .iter()
        .map(|&players| {
            let began = Instant::now();
            let server = Server::with(players);
            println!("  {players} players are there ({:.1} s)", began.elapsed().as_secs_f64());
            server
        })
        .collect();
    let mut times = vec![vec![Vec::new(); SIZES.len()]; COMMANDS.len()];
    for round in 0..ROUNDS {
        for server in &mut servers {
            server.now = NOON + round * DAY_MS;
            server.warm_up();
        }
        for (command, name) in COMMANDS.iter().enumerate() {
            for (size, server) in servers.iter_mut().enumerate() {
                times[command][size].extend(server.measure(name));
            }
        }
    }
    println!("{:<14}{:>10}{:>10}{:>10}{:>12}", "command", "1 k", "100 k", "1 M", "1 M / 1 k");
    let mut rows = Vec::new();
    for (name, times) in COMMANDS.iter().zip(times) {
        let medians: Vec<f64> = times.into_iter().map(median).collect();
        let ratio = medians[2] / medians[0];
        println!("{name:<14}{:>10.1}{:>10.1}{:>10.1}{ratio:>12.2}", medians[0], medians[1], medians[2]);
        for (players, median) in SIZES.iter().zip(medians) {
            rows.push(row(&format!("/{name} among {players} players"), "µs", median, None));
        }
        rows.push(row(&format!("/{name}, 1 000 000 players to 1 000"), "×", ratio, Some(GROWTH_MAX)));
    }
    std::fs::remove_dir_all(folder()).unwrap();
    println!("json {}", json!({"bench": "growth", "rows": rows}));
}

/// A line of the table of `cargo xtask bench`.
fn row(what: &str, unit: &str, value: f64, most: Option<f64>) -> Value {
    let goal = |most| json!({"goal": format!("≤ {most} ×"), "met": value <= most});
    let goals: Vec<Value> = most.map(goal).into_iter().collect();
    json!({"what": what, "unit": unit, "goals": goals, "pulse": {"median": value, "min": value, "max": value}})
}
