//! The room's rows in SQLite: one table, a kind, a key that sorts, JSON.

use interactions::sql::{Sql, SqlError, Value, exists};
use protocol::{
    Epoch,
    room::{Kind, Memory, RING_LEN, Row},
};

use crate::{log, sql::ObjectSql};

/// The table `memory`, with the room's rows.
pub struct Store<'a>(pub &'a ObjectSql);

impl Store<'_> {
    /// Makes the table, if it is not there yet.
    pub fn prepare(&self) -> Result<(), SqlError> {
        if exists(self.0, "memory")? {
            return Ok(());
        }
        let statement = "CREATE TABLE memory
            (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID";
        self.0.execute(statement, &[]).map(|_| ())
    }

    /// Writes a row over the one of the same kind and key. Gives, as the others do, how many rows that wrote.
    pub fn write(&self, row: &Row) -> Result<u64, SqlError> {
        let value = row.value().map_err(|error| SqlError {
            statement: format!("write {}", row.kind().word()),
            reason: error.to_string(),
        })?;
        let parameters = [row.kind().word().into(), Row::key_text(row.key()).into(), value.into()];
        self.0.execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", &parameters)
    }

    /// Deletes the rows of a kind whose keys are below.
    pub fn forget(&self, kind: Kind, below: u64) -> Result<u64, SqlError> {
        let parameters = [kind.word().into(), Row::key_text(below).into()];
        self.0.execute("DELETE FROM memory WHERE kind = ? AND key < ?", &parameters)
    }

    /// Deletes the row of this kind and key, if there is one.
    pub fn delete(&self, kind: Kind, key: u64) -> Result<u64, SqlError> {
        let parameters = [kind.word().into(), Row::key_text(key).into()];
        self.0.execute("DELETE FROM memory WHERE kind = ? AND key = ?", &parameters)
    }

    /// All that the room remembers; `None` when it has never been. Of the events, only the ring; incidents that are laid by
    /// are read when somebody asks for them.
    pub fn remember(&self) -> Result<Option<Memory>, SqlError> {
        let mut rows = self.0.query(
            "SELECT kind, key, value FROM memory WHERE kind NOT IN ('event', 'past') ORDER BY kind, key",
            &[],
        )?;
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
                Err(error) => log::error(&format_args!("passed over: {error}")),
                Ok(()) => {}
            }
        }
        Ok(Some(memory))
    }
}
