//! The books' SQL on workerd's SQLite.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use interactions::sql::{Row, Sql, SqlError, Value};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::State;

#[wasm_bindgen]
extern "C" {
    /// The storage's transactions, which the SDK does not wrap.
    type Transactional;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactional,
        body: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;

    /// The storage's SQL, which the SDK reads a row and a property at a time.
    type Statements;
    type Cursor;
    type Rows;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &Statements, statement: &JsValue, parameters: &Array) -> Result<Cursor, JsValue>;

    #[wasm_bindgen(method, catch, getter, js_name = databaseSize)]
    fn database_size(this: &Statements) -> Result<f64, JsValue>;

    #[wasm_bindgen(method)]
    fn raw(this: &Cursor) -> Rows;

    #[wasm_bindgen(method, getter, js_name = rowsWritten)]
    fn rows_written(this: &Cursor) -> f64;

    #[wasm_bindgen(method, catch, js_name = toArray)]
    fn to_array(this: &Rows) -> Result<Array, JsValue>;
}

/// An object's own database.
pub struct ObjectSql {
    statements: JsValue,
    storage: JsValue,
    /// The statements as JavaScript has them: one that is the same string is not looked up, copied and prepared anew.
    texts: RefCell<HashMap<String, JsValue>>,
    /// Rows that were written since somebody took the count.
    written: Cell<u64>,
}

impl ObjectSql {
    pub fn new(state: &State) -> Self {
        let storage = state.storage();
        let statements = JsValue::from(storage.sql().as_ref());
        Self {
            statements,
            storage: JsValue::from(storage.as_raw()),
            texts: RefCell::default(),
            written: Cell::new(0),
        }
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

    /// Counts a row that is written without a statement: an alarm is one.
    pub fn note_row(&self) {
        self.give_back_rows(1);
    }

    /// How many rows were written since this was last asked, those of indexes counted.
    pub fn take_rows(&self) -> u64 {
        self.written.take()
    }

    /// Counts rows again that were taken and could not be told on.
    pub fn give_back_rows(&self, rows: u64) {
        self.written.set(self.written.get() + rows);
    }

    fn run(&self, statement: &str, parameters: &[Value]) -> Result<Cursor, SqlError> {
        let parameters: Array = parameters.iter().map(to_js).collect();
        let statements = self.statements.unchecked_ref::<Statements>();
        statements.exec(&self.text(statement), &parameters).map_err(|error| refused(statement, &error))
    }

    fn text(&self, statement: &str) -> JsValue {
        let mut texts = self.texts.borrow_mut();
        if let Some(text) = texts.get(statement) {
            return text.clone();
        }
        let text = JsValue::from_str(statement);
        texts.insert(statement.to_owned(), text.clone());
        text
    }
}

impl Sql for ObjectSql {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        let rows = self.run(statement, parameters)?.raw().to_array();
        let rows = rows.map_err(|error| refused(statement, &error))?;
        let read = |row: JsValue| {
            row.unchecked_into::<Array>().iter().map(|value| from_js(&value)).collect::<Option<Row>>()
        };
        rows.iter().map(read).collect::<Option<_>>().ok_or_else(|| SqlError {
            statement: statement.to_owned(),
            reason: "a column holds what the schema has nowhere".to_owned(),
        })
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let rows_written = self.run(statement, parameters)?.rows_written() as u64;
        self.give_back_rows(rows_written);
        Ok(rows_written)
    }

    fn size(&self) -> Result<u64, SqlError> {
        let bytes = self.statements.unchecked_ref::<Statements>().database_size();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        bytes.map(|bytes| bytes as u64).map_err(|error| refused("databaseSize", &error))
    }
}

fn refused(statement: &str, error: &JsValue) -> SqlError {
    let reason = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    SqlError { statement: statement.to_owned(), reason: reason.unwrap_or_else(|| format!("{error:?}")) }
}

fn to_js(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        #[expect(clippy::cast_precision_loss, reason = "larger ones are text: see `EXACT_MAX`")]
        Value::Integer(number) => JsValue::from_f64(*number as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

fn from_js(value: &JsValue) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    if let Some(number) = value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "larger ones are text: see `EXACT_MAX`")]
        return Some(Value::Integer(number as i64));
    }
    value.as_string().map(Value::Text)
}
