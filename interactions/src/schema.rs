//! A server's tables, as numbered steps that run once each, in order.

use std::collections::HashSet;

use protocol::text::{self, NAME_MAX_CHARS, fold};

use crate::sql::{Sql, SqlError, Value, exists};

/// The steps. A step that has been released is never changed; the next one is added below it. Old and new code may run
/// side by side during a deployment, so a step only adds what the older code can pass over.
const STEPS: [&[&str]; 8] = [
    &[
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
    ],
    &[
        // The level that experience makes, to order by: it changes far less often.
        "ALTER TABLE accounts ADD COLUMN level INTEGER NOT NULL DEFAULT 0",
        "WITH RECURSIVE levels (level) AS (SELECT 1 UNION ALL SELECT level + 1 FROM levels WHERE level < 500)
        UPDATE accounts SET level = COALESCE(
            (SELECT MAX(levels.level) FROM levels WHERE 50 * levels.level * (levels.level + 1) <= xp), 0
        ) WHERE xp >= 100",
        "ALTER TABLE accounts ADD COLUMN last_work INTEGER",
        "ALTER TABLE accounts ADD COLUMN sent_since INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE accounts ADD COLUMN sent_total INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE accounts ADD COLUMN received_since INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE accounts ADD COLUMN received_total INTEGER NOT NULL DEFAULT 0",
        // The newest row that moved this account's coins; each such row names the one before it. A player's history is
        // this chain, and costs no index.
        "ALTER TABLE accounts ADD COLUMN last_row INTEGER",
        "ALTER TABLE journal ADD COLUMN debit_prev INTEGER",
        "ALTER TABLE journal ADD COLUMN credit_prev INTEGER",
        "ALTER TABLE journal ADD COLUMN debit_after INTEGER",
        "ALTER TABLE journal ADD COLUMN credit_after INTEGER",
        // The row's changes of the standings, for counting them up again from the last snapshot.
        "ALTER TABLE journal ADD COLUMN moves TEXT",
        "ALTER TABLE journal ADD COLUMN shop INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE journal ADD COLUMN house INTEGER NOT NULL DEFAULT 0",
        // 1 for what those who manage the server did: the audit.
        "ALTER TABLE journal ADD COLUMN audit INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX journal_audit ON journal (seq) WHERE audit = 1",
        "WITH parties AS (
            SELECT seq, debit AS user FROM journal WHERE debit <> 'mint'
            UNION ALL SELECT seq, credit FROM journal WHERE credit IS NOT NULL
        ), chain AS (
            SELECT seq, user, LAG(seq) OVER (PARTITION BY user ORDER BY seq) AS prev FROM parties
        )
        UPDATE journal SET
            debit_prev = (SELECT prev FROM chain WHERE chain.seq = journal.seq AND chain.user = journal.debit),
            credit_prev = (SELECT prev FROM chain WHERE chain.seq = journal.seq AND chain.user = journal.credit)
        WHERE debit IS NOT NULL",
        "UPDATE accounts SET last_row = parties.seq FROM (
            SELECT user, MAX(seq) AS seq FROM (
                SELECT seq, debit AS user FROM journal WHERE debit IS NOT NULL
                UNION ALL SELECT seq, credit FROM journal WHERE credit IS NOT NULL
            ) GROUP BY user
        ) AS parties WHERE parties.user = accounts.user",
        // Only who has something stands on a board: an account that is opened by a payment is one entry, not three.
        "DROP INDEX accounts_by_balance",
        "DROP INDEX accounts_by_xp",
        "DROP INDEX accounts_by_streak",
        "CREATE INDEX accounts_by_balance ON accounts (balance DESC, user) WHERE balance > 0",
        "CREATE INDEX accounts_by_level ON accounts (level DESC, user) WHERE level > 0",
        "CREATE INDEX accounts_by_streak ON accounts (streak DESC, user) WHERE streak > 0",
        // The settings that the server has changed; the rest has its default.
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        // The shop. A removed item keeps its row, because players still hold it.
        "CREATE TABLE items (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, description TEXT,
            price INTEGER NOT NULL CHECK (price > 0), stock INTEGER CHECK (stock >= 0), per_player INTEGER,
            removed INTEGER NOT NULL DEFAULT 0
        )",
        "CREATE UNIQUE INDEX items_on_the_shelf ON items (name) WHERE removed = 0",
        "CREATE TABLE holdings (
            user TEXT NOT NULL, item INTEGER NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (user, item)
        ) WITHOUT ROWID",
        // Acts that wait for a button.
        "CREATE TABLE pending (id TEXT PRIMARY KEY, at INTEGER NOT NULL, call TEXT NOT NULL) WITHOUT ROWID",
        // The standings as of a journal row.
        "CREATE TABLE standings (
            only INTEGER PRIMARY KEY CHECK (only = 0), seq INTEGER NOT NULL, ladders TEXT NOT NULL
        )",
        // The progress of the work in the background.
        "CREATE TABLE upkeep (
            only INTEGER PRIMARY KEY CHECK (only = 0), pruned_to INTEGER NOT NULL,
            streaks_day INTEGER NOT NULL, streaks_after TEXT
        )",
        "INSERT INTO upkeep VALUES (0, 0, 0, NULL)",
    ],
    &[
        // 1 for who wants a message when the next daily can be claimed.
        "ALTER TABLE accounts ADD COLUMN remind INTEGER NOT NULL DEFAULT 0",
        // The row's orders to the bot-worker; they travel with the row.
        "ALTER TABLE journal ADD COLUMN jobs TEXT",
        // The channel for announcements of who has become the richest. An id of 64 bits is no setting.
        "CREATE TABLE announce (only INTEGER PRIMARY KEY CHECK (only = 0), channel TEXT)",
    ],
    &[
        // The last row that the server's own room has. Without a row here, nobody looks at this server alone.
        "CREATE TABLE followed (only INTEGER PRIMARY KEY CHECK (only = 0), acknowledged INTEGER NOT NULL)",
    ],
    &[
        // 1 where coins have to stay where they are.
        "ALTER TABLE accounts ADD COLUMN frozen INTEGER NOT NULL DEFAULT 0",
        // The row that this one undoes; a row is undone once.
        "ALTER TABLE journal ADD COLUMN undoes INTEGER",
        "CREATE UNIQUE INDEX journal_undoes ON journal (undoes) WHERE undoes IS NOT NULL",
        // Of an action from the page: the sender's key, the action, and who acted. Its answer is in `reply`.
        "ALTER TABLE journal ADD COLUMN key TEXT",
        "ALTER TABLE journal ADD COLUMN action TEXT",
        "ALTER TABLE journal ADD COLUMN actor_name TEXT",
        "CREATE UNIQUE INDEX journal_key ON journal (key) WHERE key IS NOT NULL",
        // The maintenance state as the room last said, and the number of that change.
        "CREATE TABLE maintenance (
            only INTEGER PRIMARY KEY CHECK (only = 0), is_on INTEGER NOT NULL, change INTEGER NOT NULL
        )",
    ],
    &[
        // The key that an item is found by; `give_items_keys` fills it in. An older release writes none.
        "ALTER TABLE items ADD COLUMN key TEXT",
        "DROP INDEX items_on_the_shelf", // Names change places; it is made anew below.
        "CREATE UNIQUE INDEX items_by_key ON items (key) WHERE removed = 0",
    ],
    &[
        // The life of the journal: the moment at which it began, the last row that it has from the one before, and 1 where
        // the books were set back.
        "CREATE TABLE life (
            only INTEGER PRIMARY KEY CHECK (only = 0), id INTEGER NOT NULL, after INTEGER NOT NULL,
            is_set_back INTEGER NOT NULL
        )",
    ],
    &[
        // The last mark of the storage's fullness that was told, in percent.
        "ALTER TABLE upkeep ADD COLUMN told_percent INTEGER NOT NULL DEFAULT 0",
        // To which row replies have been let go.
        "ALTER TABLE upkeep ADD COLUMN let_go_to INTEGER NOT NULL DEFAULT 0",
    ],
];

/// The step that gives items their keys, from 0.
const ITEM_KEYS: usize = 5;

/// Brings the tables to the newest step. Runs in the object's constructor, before anything else.
pub fn migrate(sql: &impl Sql) -> Result<(), SqlError> {
    migrate_to(sql, STEPS.len())
}

/// Brings the tables to a step: the state that an older release left behind.
pub fn migrate_to(sql: &impl Sql, step: usize) -> Result<(), SqlError> {
    if !exists(sql, "schema")? {
        sql.execute("CREATE TABLE schema (step INTEGER PRIMARY KEY)", &[])?;
    }
    let done = match sql.query("SELECT step FROM schema ORDER BY step DESC LIMIT 1", &[])?.first() {
        Some(row) => match row.first() {
            Some(Value::Integer(step)) => usize::try_from(*step).unwrap_or(0),
            _ => 0,
        },
        None => 0,
    };
    for (index, statements) in STEPS.iter().enumerate().take(step).skip(done) {
        for statement in *statements {
            sql.execute(statement, &[])?;
        }
        if index == ITEM_KEYS {
            give_items_keys(sql)?;
        }
        sql.execute("INSERT INTO schema VALUES (?)", &[Value::from(index as u64 + 1)])?;
    }
    Ok(())
}

/// Writes the keys of all items for sale, and their names as they are kept now. Where two have been one word all
/// along, the later one is numbered: both can still be bought, and nobody loses what they hold.
fn give_items_keys(sql: &impl Sql) -> Result<(), SqlError> {
    let rows = sql.query("SELECT id, name FROM items WHERE removed = 0 ORDER BY id", &[])?;
    let (count, mut taken) = (rows.len(), HashSet::new());
    for row in rows {
        let [id, Value::Text(old)] = row.as_slice() else { continue };
        let kept = text::name(old, NAME_MAX_CHARS);
        let base = kept.unwrap_or_else(|| match id {
            Value::Integer(id) => format!("Item {id}"),
            _ => old.clone(),
        });
        let numbered = |number: usize| {
            let suffix = if number > 1 { format!(" ({number})") } else { String::new() };
            text::shortened(&base, NAME_MAX_CHARS - suffix.len()).to_owned() + &suffix
        };
        // One more name than there are items: one of them is free.
        let free = (1..=count + 1).map(numbered).find(|name| taken.insert(fold(name)));
        let name = free.unwrap_or_else(|| old.clone());
        let key = fold(&name);
        sql.execute(
            "UPDATE items SET name = ?, key = ? WHERE id = ?",
            &[name.into(), key.into(), id.clone()],
        )?;
    }
    sql.execute("CREATE UNIQUE INDEX items_on_the_shelf ON items (name) WHERE removed = 0", &[])?;
    Ok(())
}
