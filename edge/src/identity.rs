//! The identity of an object. Its name decides what it may do, so one that cannot tell does nothing.

use interactions::sql::{Sql, SqlError, Value, exists};
use worker::State;

use crate::sql::ObjectSql;

/// Why an object does not know which one it is.
#[derive(Debug, thiserror::Error)]
pub enum Nameless {
    /// It was not asked for by name, and nothing is written down.
    #[error("this object has no name")]
    Unnamed,
    /// The table could not be read or written.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

/// The object's name. The runtime says it to an object that was asked for by name; it is written down, because the runtime
/// need not say it to one that its alarm has woken.
pub fn name(state: &State, sql: &ObjectSql) -> Result<String, Nameless> {
    if !exists(sql, "identity")? {
        let table = "CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 0), name TEXT NOT NULL)";
        sql.execute(table, &[])?;
    }
    let written = sql.query("SELECT name FROM identity", &[])?;
    if let Some(Value::Text(name)) = written.into_iter().flatten().next() {
        return Ok(name);
    }
    let name = state.id().name().ok_or(Nameless::Unnamed)?;
    sql.execute("INSERT INTO identity (only, name) VALUES (0, ?)", &[name.as_str().into()])?;
    Ok(name)
}
