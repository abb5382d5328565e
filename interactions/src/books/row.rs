//! Rows as the database gives them, read value by value.

use std::vec;

use protocol::{Coins, UserId};

use super::BooksError;
use crate::sql::{Row, Value};

/// Reads a row's values in order.
pub(super) struct Reader {
    table: &'static str,
    values: vec::IntoIter<Value>,
}

impl Reader {
    pub(super) fn new(table: &'static str, row: Option<Row>) -> Self {
        Self { table, values: row.unwrap_or_default().into_iter() }
    }

    pub(super) fn integer(&mut self) -> Result<i64, BooksError> {
        match self.values.next() {
            Some(Value::Integer(number)) => Ok(number),
            _ => Err(BooksError::Shape(self.table)),
        }
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, BooksError> {
        u64::try_from(self.integer()?).map_err(|_| BooksError::Shape(self.table))
    }

    /// An amount; one that does not fit into a number of JavaScript's is text.
    pub(super) fn coins(&mut self) -> Result<Coins, BooksError> {
        let coins = match self.values.next() {
            Some(Value::Integer(number)) => Some(number),
            Some(Value::Text(digits)) => digits.parse().ok(),
            _ => None,
        };
        coins.map(Coins::new).ok_or(BooksError::Shape(self.table))
    }

    pub(super) fn text(&mut self) -> Result<String, BooksError> {
        self.optional_text()?.ok_or(BooksError::Shape(self.table))
    }

    pub(super) fn optional_text(&mut self) -> Result<Option<String>, BooksError> {
        match self.values.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(BooksError::Shape(self.table)),
        }
    }

    pub(super) fn optional(&mut self) -> Result<Option<u64>, BooksError> {
        match self.values.next() {
            Some(Value::Integer(number)) => {
                u64::try_from(number).map(Some).map_err(|_| BooksError::Shape(self.table))
            }
            Some(Value::Null) => Ok(None),
            _ => Err(BooksError::Shape(self.table)),
        }
    }

    pub(super) fn user(&mut self) -> Result<UserId, BooksError> {
        self.text()?.parse().map_err(|_| BooksError::Shape(self.table))
    }
}
