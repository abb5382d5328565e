//! The books' database natively: the very statements that run at the edge, on rusqlite.

use std::cell::{Cell, RefCell};

use interactions::sql::{Row, Sql, SqlError, Value};
use rusqlite::{Connection, StatementStatus, types::ValueRef};

/// A database, and what was asked of it.
pub struct Sqlite {
    pub connection: Connection,
    /// Statements, when they are to be looked at.
    pub asked: Option<RefCell<Vec<String>>>,
    /// Steps of the database's machine so far: what a statement costs, whatever the clock says.
    pub steps: Cell<u64>,
}

impl Sqlite {
    pub fn run(&self, statements: &str) {
        self.connection.execute_batch(statements).expect("statements of the test");
    }
}

impl Sql for Sqlite {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        let refused =
            |error: rusqlite::Error| SqlError { statement: statement.to_owned(), reason: error.to_string() };
        if let Some(asked) = &self.asked {
            asked.borrow_mut().push(statement.to_owned());
        }
        let mut prepared = self.connection.prepare_cached(statement).map_err(refused)?;
        let columns = prepared.column_count();
        let mut rows =
            prepared.query(rusqlite::params_from_iter(parameters.iter().map(to_sql))).map_err(refused)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(refused)? {
            let values = (0..columns).map(|column| row.get_ref(column).map(from_sql));
            all.push(values.collect::<Result<_, _>>().map_err(refused)?);
        }
        drop(rows);
        let steps = prepared.reset_status(StatementStatus::VmStep);
        self.steps.set(self.steps.get() + u64::try_from(steps).unwrap_or(0));
        Ok(all)
    }

    /// Without the entries of indexes: only the storage at the edge counts them.
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        self.query(statement, parameters).map(|_| self.connection.changes())
    }

    /// As workerd counts it: pages that hold something.
    fn size(&self) -> Result<u64, SqlError> {
        let pages = "SELECT (page_count - freelist_count) * page_size
            FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
        let bytes =
            self.connection.query_row(pages, [], |row| row.get::<_, i64>(0)).expect("a database has pages");
        Ok(u64::try_from(bytes).unwrap_or(0))
    }
}

fn to_sql(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => rusqlite::types::Value::Integer(through_javascript(*number)),
        Value::Text(text) => rusqlite::types::Value::Text(text.clone()),
    }
}

/// On workerd an integer is a number of JavaScript's on its way, and loses what that cannot hold.
fn through_javascript(number: i64) -> i64 {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "it is the point")]
    let number = number as f64 as i64;
    number
}

fn from_sql(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(through_javascript(number)),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        other => panic!("the books hold no {other:?}"),
    }
}
