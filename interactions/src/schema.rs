//! A server's tables, as numbered steps that run once each, in order.

use crate::sql::{Sql, SqlError, Value};

/// The steps. A step that has been released is never changed; the next one is added below it.
const STEPS: [&[&str]; 1] = [&[
    // One row a player. Discord's ids are text: 64 bits do not survive JavaScript.
    "CREATE TABLE accounts (
        user TEXT PRIMARY KEY, name TEXT NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0),
        xp INTEGER NOT NULL, xp_day INTEGER NOT NULL, xp_today INTEGER NOT NULL,
        streak INTEGER NOT NULL, freezes INTEGER NOT NULL, last_daily INTEGER,
        created_at INTEGER NOT NULL, last_at INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE INDEX accounts_by_balance ON accounts (balance)",
    "CREATE INDEX accounts_by_xp ON accounts (xp)",
    "CREATE INDEX accounts_by_streak ON accounts (streak)",
    // One row an answered interaction: the record, the reply, the outbox, and the running totals after it.
    "CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, command TEXT NOT NULL,
        outcome TEXT NOT NULL, debit TEXT, credit TEXT, amount INTEGER NOT NULL, tax INTEGER NOT NULL,
        actor TEXT NOT NULL, target TEXT, note TEXT, balance_after INTEGER,
        handled_ms INTEGER NOT NULL, previous_at INTEGER, active INTEGER NOT NULL,
        reply TEXT NOT NULL, events TEXT,
        players INTEGER NOT NULL, wealth INTEGER NOT NULL, levels INTEGER NOT NULL,
        mint INTEGER NOT NULL, burn INTEGER NOT NULL
    )",
    "CREATE TABLE outbox (only INTEGER PRIMARY KEY CHECK (only = 0), acknowledged INTEGER NOT NULL)",
    "INSERT INTO outbox VALUES (0, 0)",
]];

/// Brings the tables to the newest step. Runs in the object's constructor, before anything else.
pub fn migrate(sql: &impl Sql) -> Result<(), SqlError> {
    sql.execute("CREATE TABLE IF NOT EXISTS schema (step INTEGER PRIMARY KEY)", &[])?;
    let done = match sql.query("SELECT step FROM schema ORDER BY step DESC LIMIT 1", &[])?.first() {
        Some(row) => match row.first() {
            Some(Value::Integer(step)) => usize::try_from(*step).unwrap_or(0),
            _ => 0,
        },
        None => 0,
    };
    for (index, statements) in STEPS.iter().enumerate().skip(done) {
        for statement in *statements {
            sql.execute(statement, &[])?;
        }
        sql.execute("INSERT INTO schema VALUES (?)", &[Value::from(index as u64 + 1)])?;
    }
    Ok(())
}
