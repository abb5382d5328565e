//! The room's rows in SQLite: one table, a kind, a key that sorts, JSON.

use interactions::sql::{Sql, SqlError, Value};
use protocol::{
    Epoch, Event, Severity,
    room::{Kind, Memory, RING_LEN, Row},
};
use worker::{Request, console_error};

use crate::{answer::Problem, session::query, sql::ObjectSql};

/// The most events in one answer of `/api/events`.
const EVENTS_PAGE_MAX: usize = 200;
/// Without `limit`, this many.
const EVENTS_PAGE: usize = 50;
/// Rows that one request may look through: a filter that matches little must not read the whole table.
const EVENTS_LOOKED_THROUGH_MAX: usize = 10_000;
/// Rows read at a time.
const EVENTS_STEP: usize = 500;

/// The room's table.
pub struct Store<'a>(pub &'a ObjectSql);

impl Store<'_> {
    /// Makes the table.
    pub fn prepare(&self) -> Result<(), SqlError> {
        let statement = "CREATE TABLE IF NOT EXISTS memory
            (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID";
        self.0.execute(statement, &[]).map(|_| ())
    }

    /// Writes a row over the one of the same kind and key.
    pub fn write(&self, row: &Row) -> Result<(), SqlError> {
        let value = row.value().map_err(|error| SqlError {
            statement: format!("write {}", row.kind().word()),
            reason: error.to_string(),
        })?;
        let parameters = [row.kind().word().into(), Row::key_text(row.key()).into(), value.into()];
        self.0.execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", &parameters).map(|_| ())
    }

    /// Deletes the rows of a kind whose keys are below.
    pub fn forget(&self, kind: Kind, below: u64) -> Result<(), SqlError> {
        let parameters = [kind.word().into(), Row::key_text(below).into()];
        self.0.execute("DELETE FROM memory WHERE kind = ? AND key < ?", &parameters).map(|_| ())
    }

    /// All that the room remembers; `None` when it has never been. Of the events, only the ring.
    pub fn remember(&self) -> Result<Option<Memory>, SqlError> {
        let mut rows = self
            .0
            .query("SELECT kind, key, value FROM memory WHERE kind <> 'event' ORDER BY kind, key", &[])?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut ring = self.0.query(
            "SELECT kind, key, value FROM memory WHERE kind = 'event' ORDER BY key DESC LIMIT ?",
            &[Value::from(RING_LEN as u64)],
        )?;
        ring.reverse();
        rows.append(&mut ring);
        let mut memory = Memory::new(Epoch(0));
        for row in rows {
            let [Value::Text(kind), Value::Text(key), Value::Text(value)] = row.as_slice() else { continue };
            // A kind that an older version does not know is left alone during a deployment.
            let Some(kind) = Kind::from_word(kind) else { continue };
            match memory.add(kind, key, value) {
                // Without these two the stream or the outbox would be wrong; without any other, a figure is missing.
                Err(error) if matches!(kind, Kind::Epoch | Kind::Guild) => {
                    return Err(SqlError { statement: "remember".to_owned(), reason: error.to_string() });
                }
                Err(error) => console_error!("passed over: {error}"),
                Ok(()) => {}
            }
        }
        Ok(Some(memory))
    }
}

/// `/api/events?before=SEQ&limit=N&severity=&source=&q=`.
pub struct EventQuery {
    before: u64,
    limit: usize,
    severity: Option<Severity>,
    source: Option<String>,
    words: Option<String>,
}

impl EventQuery {
    /// Reads the parameters; an empty one is as good as none.
    pub fn parse(request: &Request) -> Result<Self, Problem> {
        let text = |name| Ok::<_, Problem>(query(request, name)?.filter(|value| !value.is_empty()));
        let number = |name, default: u64| match text(name)? {
            None => Ok(default),
            Some(value) => value
                .parse()
                .map_err(|_| Problem::new(400, "bad_query", format!("`{name}` takes a whole number."))),
        };
        let severity = match text("severity")? {
            None => None,
            Some(word) => Some(serde_json::from_value(word.into()).map_err(|_| {
                Problem::new(400, "bad_query", "`severity` is one of success, info, warn, error.")
            })?),
        };
        let limit = usize::try_from(number("limit", EVENTS_PAGE as u64)?).unwrap_or(usize::MAX);
        if !(1..=EVENTS_PAGE_MAX).contains(&limit) {
            let message = format!("`limit` is from 1 to {EVENTS_PAGE_MAX}.");
            return Err(Problem::new(400, "bad_query", message));
        }
        Ok(Self {
            before: number("before", u64::MAX)?,
            limit,
            severity,
            source: text("source")?,
            words: text("q")?.map(|words| words.to_lowercase()),
        })
    }

    /// The events, newest first.
    pub fn run(&self, sql: &ObjectSql) -> Result<Vec<Event>, Problem> {
        let statement = "SELECT value FROM memory WHERE kind = 'event' AND key < ? ORDER BY key DESC LIMIT ?";
        let (mut found, mut before, mut looked_through) = (Vec::new(), self.before, 0);
        while found.len() < self.limit && looked_through < EVENTS_LOOKED_THROUGH_MAX {
            let parameters = [Row::key_text(before).into(), Value::from(EVENTS_STEP as u64)];
            let rows =
                sql.query(statement, &parameters).map_err(|error| Problem::failure("The events", &error))?;
            looked_through += EVENTS_STEP;
            let last = rows.len() < EVENTS_STEP;
            for row in rows {
                let [Value::Text(value)] = row.as_slice() else { continue };
                let event: Event =
                    serde_json::from_str(value).map_err(|error| Problem::failure("An event", &error))?;
                before = event.seq.0;
                if found.len() < self.limit && self.matches(&event) {
                    found.push(event);
                }
            }
            if last {
                break;
            }
        }
        Ok(found)
    }

    fn matches(&self, event: &Event) -> bool {
        let source =
            |word: &String| serde_json::to_value(event.source).is_ok_and(|source| source == word.as_str());
        self.severity.is_none_or(|severity| severity == event.severity)
            && self.source.as_ref().is_none_or(source)
            && self.words.as_ref().is_none_or(|words| event.message.to_lowercase().contains(words))
    }
}
