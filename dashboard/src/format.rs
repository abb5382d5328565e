//! Numbers and dates as the browser's language writes them, by its `Intl`.

use js_sys::{Array, BigInt, Date, Function, Intl, Object, Reflect};
use protocol::{Coins, Event, Timestamp, sentence::Part};
use wasm_bindgen::JsValue;

/// Below this, a latency shows one decimal, in milliseconds.
const WHOLE_MS_FROM: f64 = 10.0;

/// The formatters of the browser's language; making one is slow, using one is not.
struct Formats {
    whole: Function,
    short: Function,
    tenths: Function,
    clock: Function,
    moment: Function,
    minute: Function,
    day: Function,
    /// From 0 to 9.
    digits: [String; 10],
}

thread_local! {
    static FORMATS: Formats = Formats {
        whole: numbers(&[("maximumFractionDigits", 0.into())]),
        digits: {
            let format = numbers(&[]);
            std::array::from_fn(|digit| call(&format, &BigInt::from(digit as u64)))
        },
        short: numbers(&[("notation", "compact".into()), ("maximumSignificantDigits", 4.into())]),
        tenths: numbers(&[("minimumFractionDigits", 1.into()), ("maximumFractionDigits", 1.into())]),
        clock: dates(&[("timeStyle", "medium".into())]),
        moment: dates(&[("dateStyle", "medium".into()), ("timeStyle", "medium".into())]),
        minute: dates(&[("timeStyle", "short".into())]),
        day: dates(&[("month", "short".into()), ("day", "numeric".into())]),
    };
}

/// A whole number, grouped.
pub fn count(number: u64) -> String {
    FORMATS.with(|formats| call(&formats.whole, &BigInt::from(number)))
}

/// Coins, grouped, to the last digit.
pub fn coins(amount: Coins) -> String {
    FORMATS.with(|formats| call(&formats.whole, &BigInt::from(amount.get())))
}

/// Words of the page with their digits in the script of all other numbers.
pub fn digits(words: &str) -> String {
    FORMATS.with(|formats| {
        let mut text = String::with_capacity(words.len());
        for c in words.chars() {
            match c.to_digit(10) {
                Some(digit) => text.push_str(&formats.digits[digit as usize]),
                None => text.push(c),
            }
        }
        text
    })
}

/// Writes an event as a sentence, with the numbers as the browser's language writes them.
pub fn sentence(event: &Event) -> String {
    if event.parts.is_empty() || event.parts.contains(&Part::Unknown) {
        return event.message.clone();
    }
    let mut text = String::new();
    for part in &event.parts {
        match part {
            Part::Text(words) => text.push_str(words),
            Part::Coins(amount) => {
                text.push_str(&coins(*amount));
                text.push_str(if amount.get() == 1 { " coin" } else { " coins" });
            }
            Part::Number(number) => text.push_str(&coins(Coins::new(*number))),
            Part::Unknown => {}
        }
    }
    text
}

/// A whole number that was counted with decimals, grouped.
pub fn number(number: f64) -> String {
    FORMATS.with(|formats| call(&formats.whole, &number.into()))
}

/// A number as short as it can be told apart by: on an axis.
pub fn short(number: f64) -> String {
    FORMATS.with(|formats| call(&formats.short, &number.into()))
}

/// Coins that came as text; what is no number stays as it came.
pub fn coins_of(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |amount| coins(Coins::new(amount)))
}

/// A number with one decimal.
pub fn tenths(number: f64) -> String {
    FORMATS.with(|formats| call(&formats.tenths, &number.into()))
}

/// Milliseconds, without the unit.
pub fn ms(number: f64) -> String {
    if number > 0.0 && number < WHOLE_MS_FROM {
        tenths(number)
    } else {
        FORMATS.with(|formats| call(&formats.whole, &number.into()))
    }
}

/// A mark on the axis of time: the day, or the time of day to the minute.
pub fn tick(at: Timestamp, is_day: bool) -> String {
    FORMATS.with(|formats| call(if is_day { &formats.day } else { &formats.minute }, &date(at)))
}

/// The time of day.
pub fn clock(at: Timestamp) -> String {
    FORMATS.with(|formats| call(&formats.clock, &date(at)))
}

/// Date and time of day.
pub fn moment(at: Timestamp) -> String {
    FORMATS.with(|formats| call(&formats.moment, &date(at)))
}

/// Writes a moment for `<time datetime>`; empty for one that JavaScript has no date for.
pub fn iso(at: Timestamp) -> String {
    let date = date(at);
    if date.get_time().is_nan() { String::new() } else { date.to_iso_string().into() }
}

#[expect(clippy::cast_precision_loss, reason = "dates are far below 2^53 ms")]
fn date(at: Timestamp) -> Date {
    Date::new(&(at.0 as f64).into())
}

fn numbers(options: &[(&str, JsValue)]) -> Function {
    Intl::NumberFormat::new(&Array::new(), &object(options)).format()
}

fn dates(options: &[(&str, JsValue)]) -> Function {
    Intl::DateTimeFormat::new(&Array::new(), &object(options)).format()
}

fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in entries {
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object
}

fn call(format: &Function, value: &JsValue) -> String {
    format.call1(&JsValue::UNDEFINED, value).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
