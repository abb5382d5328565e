//! The books' SQL on workerd's SQLite.

use interactions::sql::{Row, Sql, SqlError, Value};
use wasm_bindgen::JsValue;
use worker::{SqlCursor, SqlStorage, SqlStorageValue};

/// An object's own database.
pub struct ObjectSql(pub SqlStorage);

impl ObjectSql {
    fn run(&self, statement: &str, parameters: &[Value]) -> Result<SqlCursor, SqlError> {
        let parameters: Vec<JsValue> = parameters.iter().map(to_js).collect();
        self.0.exec_raw(statement, parameters).map_err(|error| refused(statement, &error))
    }
}

impl Sql for ObjectSql {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        let cursor = self.run(statement, parameters)?;
        cursor
            .raw()
            .map(|row| row?.into_iter().map(from_js).collect::<worker::Result<Row>>())
            .collect::<worker::Result<_>>()
            .map_err(|error| refused(statement, &error))
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        Ok(self.run(statement, parameters)?.rows_written() as u64)
    }
}

fn refused(statement: &str, error: &worker::Error) -> SqlError {
    SqlError { statement: statement.to_owned(), reason: error.to_string() }
}

fn to_js(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        #[expect(clippy::cast_precision_loss, reason = "the books keep integers below 2^53")]
        Value::Integer(number) => JsValue::from_f64(*number as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

fn from_js(value: SqlStorageValue) -> worker::Result<Value> {
    match value {
        SqlStorageValue::Null => Ok(Value::Null),
        SqlStorageValue::Integer(number) => Ok(Value::Integer(number)),
        SqlStorageValue::String(text) => Ok(Value::Text(text)),
        other => {
            Err(worker::Error::RustError(format!("a column holds {other:?}, which the schema has nowhere")))
        }
    }
}
