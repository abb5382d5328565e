//! The database, as little of it as the books need: workerd's SQLite at the edge, rusqlite in tests.

/// A value in a row or a parameter. Integers stay below 2^53: workerd carries them as floating point.
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
    /// The statement.
    pub statement: String,
    /// What the database said.
    pub reason: String,
}

/// A database with one writer. Everything between two awaits commits whole.
pub trait Sql {
    /// The rows that a statement gives.
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// Rows that were written, each index's entry counted, as the storage counts them.
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError>;
}

impl<S: Sql> Sql for &S {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        S::query(self, statement, parameters)
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        S::execute(self, statement, parameters)
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
    fn from(coins: protocol::Coins) -> Self {
        Self::Integer(coins.get())
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
