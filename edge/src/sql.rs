//! The books' SQL on workerd's SQLite.

use interactions::sql::{Row, Sql, SqlError, Value};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{SqlCursor, SqlStorage, SqlStorageValue, State};

#[wasm_bindgen]
extern "C" {
    /// The storage's transactions, which the SDK does not wrap.
    type Transactional;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactional,
        body: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// An object's own database.
pub struct ObjectSql {
    statements: SqlStorage,
    storage: JsValue,
}

impl ObjectSql {
    pub fn new(state: &State) -> Self {
        let storage = state.storage();
        Self { statements: storage.sql(), storage: JsValue::from(storage.as_raw()) }
    }

    /// Everything that `body` writes is kept, or, when it fails, nothing of it.
    pub fn atomically<T, E: From<worker::Error>>(&self, body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let (mut body, mut outcome) = (Some(body), None);
        let committed = self.storage.unchecked_ref::<Transactional>().transaction_sync(&mut || {
            outcome = body.take().map(|body| body());
            match outcome {
                Some(Ok(_)) => Ok(JsValue::UNDEFINED),
                _ => Err(JsValue::from_str("rolled back")),
            }
        });
        match (outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), Ok(_)) => Ok(value),
            (_, Err(error)) => Err(worker::Error::from(error).into()),
            (None, Ok(_)) => Err(worker::Error::RustError("a transaction ran nothing".to_owned()).into()),
        }
    }

    fn run(&self, statement: &str, parameters: &[Value]) -> Result<SqlCursor, SqlError> {
        let parameters: Vec<JsValue> = parameters.iter().map(to_js).collect();
        self.statements.exec_raw(statement, parameters).map_err(|error| refused(statement, &error))
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
