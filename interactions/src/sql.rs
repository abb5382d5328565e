//! The database, as little of it as the books need: workerd's SQLite at the edge, rusqlite in tests.

use crate::limit;

/// The largest integer that workerd carries exactly, as floating point. A larger amount travels as text: a column of integers
/// makes an integer of it, and it is selected as text.
pub const EXACT_MAX: u64 = (1 << 53) - 1;

/// A value in a row or a parameter. Integers are at most [`EXACT_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// TEXT.
    Text(String),
}

/// One row of an answer.
pub type Row = Vec<Value>;

/// The database refused a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database refused `{statement}`: {reason}")]
pub struct SqlError {
    /// The statement, without its parameters.
    pub statement: String,
    /// The database's words.
    pub reason: String,
}

impl SqlError {
    /// Whether a limit of the plan is reached: what is read may still be read.
    pub fn is_limit(&self) -> bool {
        limit::is_limit(&self.reason)
    }

    /// Whether the storage has no room for what was to be written.
    pub fn is_full(&self) -> bool {
        is_full(&self.reason)
    }
}

/// Whether this is what the database says when it has no room.
pub fn is_full(reason: &str) -> bool {
    reason.contains("database or disk is full") || reason.contains("SQLITE_FULL")
}

/// A database with one writer. Everything between two awaits commits whole.
pub trait Sql {
    /// The rows that a statement gives.
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// Rows that were written, each index's entry counted, as the storage counts them.
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError>;

    /// Bytes of storage that it takes.
    fn size(&self) -> Result<u64, SqlError>;
}

/// Whether there is a table or an index of this name. What makes tables asks first: where a limit of the plan is reached, even what would
/// change nothing is refused.
pub fn exists(sql: &impl Sql, name: &str) -> Result<bool, SqlError> {
    let statement = "SELECT 1 FROM sqlite_master WHERE name = ?";
    Ok(!sql.query(statement, &[name.into()])?.is_empty())
}

impl<S: Sql> Sql for &S {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        S::query(self, statement, parameters)
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        S::execute(self, statement, parameters)
    }

    fn size(&self) -> Result<u64, SqlError> {
        S::size(self)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<protocol::Coins> for Value {
    /// Writes an amount beyond JavaScript's exact numbers as text, of which a column of integers makes an integer.
    fn from(coins: protocol::Coins) -> Self {
        let number = coins.get();
        if number.unsigned_abs() > EXACT_MAX { Self::Text(number.to_string()) } else { Self::Integer(number) }
    }
}

impl From<protocol::Timestamp> for Value {
    fn from(at: protocol::Timestamp) -> Self {
        at.0.into()
    }
}

impl From<protocol::UserId> for Value {
    fn from(id: protocol::UserId) -> Self {
        Self::Text(id.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
