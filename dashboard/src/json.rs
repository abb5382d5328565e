//! Answers that are only shown: read by the browser's own parser, field by field. A missing field is empty.

use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::JsValue;

/// A value of JSON.
#[derive(Clone, Debug)]
pub struct Json(pub JsValue);

impl Json {
    /// Parses a text; `None` when it is not JSON.
    pub fn parse(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Self)
    }

    /// Writes the value as JSON.
    pub fn write(&self) -> Option<String> {
        JSON::stringify(&self.0).ok().map(String::from)
    }

    /// A field of an object; `undefined` when it is missing.
    pub fn get(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &name.into()).unwrap_or(JsValue::UNDEFINED))
    }

    /// A field as text: of a string, or of a whole number.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "numbers of JSON that are whole: ids of rows, moments, counts"
    )]
    pub fn text(&self, name: &str) -> String {
        let value = self.get(name).0;
        value
            .as_string()
            .or_else(|| value.as_f64().map(|number| (number as i64).to_string()))
            .unwrap_or_default()
    }

    /// Whether a field is true, or anything else that JavaScript takes for true.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).0.is_truthy()
    }

    /// The elements of an array; none when it is not an array.
    pub fn items(&self) -> Vec<Self> {
        if Array::is_array(&self.0) { Array::from(&self.0).iter().map(Self).collect() } else { Vec::new() }
    }

    /// A string of its own, not a field.
    pub fn as_text(&self) -> Option<String> {
        self.0.as_string()
    }
}
