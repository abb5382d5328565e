//! A sentence whose numbers travel as numbers, so that whoever shows it writes them as their reader does.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};

use crate::{Coins, text::isolated};

/// One part of a sentence: a string in JSON, or an object with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words, with names isolated where that matters.
    Text(String),
    /// An amount with its unit: `{"coins":"1000"}` is `1,000 coins`.
    Coins(Coins),
    /// Another whole number: `{"number":7}`.
    Number(i64),
    /// Of a kind that a newer version knows. The sentence is then read from `message`.
    Unknown,
}

/// A sentence in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence(Vec<Part>);

impl Sentence {
    /// Words of our own, to begin with.
    pub fn new(words: &str) -> Self {
        Self::default().words(words)
    }

    /// Somebody's name or words, to begin with.
    pub fn of(name: &str) -> Self {
        Self::default().name(name)
    }

    /// Words of our own.
    #[must_use]
    pub fn words(mut self, words: &str) -> Self {
        if let Some(Part::Text(text)) = self.0.last_mut() {
            text.push_str(words);
        } else if !words.is_empty() {
            self.0.push(Part::Text(words.to_owned()));
        }
        self
    }

    /// Adds text that somebody wrote: it cannot reorder what stands around it.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.words(&isolated(name))
    }

    /// An amount, with its unit.
    #[must_use]
    pub fn coins(mut self, amount: Coins) -> Self {
        self.0.push(Part::Coins(amount));
        self
    }

    /// A whole number; what does not fit is the largest that does.
    #[must_use]
    pub fn number(mut self, number: impl TryInto<i64>) -> Self {
        self.0.push(Part::Number(number.try_into().unwrap_or(i64::MAX)));
        self
    }

    /// A number of these.
    #[must_use]
    pub fn count(self, number: i64, unit: &str) -> Self {
        self.number(number).words(" ").words(unit).words(if number == 1 { "" } else { "s" })
    }

    /// Another sentence within this one.
    #[must_use]
    pub fn then(self, other: Self) -> Self {
        other.0.into_iter().fold(self, |mut sentence, part| match part {
            Part::Text(words) => sentence.words(&words),
            part => {
                sentence.0.push(part);
                sentence
            }
        })
    }

    /// The parts; none where words alone say it all.
    pub fn into_parts(self) -> Vec<Part> {
        if self.0.iter().all(|part| matches!(part, Part::Text(_))) { Vec::new() } else { self.0 }
    }
}

/// As it is read in English.
impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(words) => f.write_str(words),
            Part::Coins(amount) => f.write_str(&coins(*amount)),
            Part::Number(number) => f.write_str(&grouped(*number)),
            Part::Unknown => Ok(()),
        })
    }
}

impl From<String> for Sentence {
    fn from(words: String) -> Self {
        Self::new(&words)
    }
}

impl From<&str> for Sentence {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Text(words) = self {
            return serializer.serialize_str(words);
        }
        let mut part = serializer.serialize_map(Some(1))?;
        match self {
            Self::Coins(amount) => part.serialize_entry("coins", amount)?,
            Self::Number(number) => part.serialize_entry("number", number)?,
            Self::Text(_) | Self::Unknown => part.serialize_entry("unknown", &true)?,
        }
        part.end()
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or an object with a number")
    }

    fn visit_str<E>(self, words: &str) -> Result<Part, E> {
        Ok(Part::Text(words.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
        let mut part = Part::Unknown;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "coins" => part = Part::Coins(map.next_value()?),
                "number" => part = Part::Number(map.next_value()?),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(part)
    }
}

/// Digits in groups of three: `1,234,567`.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        grouped.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 coin`, `2 coins`.
pub fn coins(amount: Coins) -> String {
    let unit = if amount == Coins::new(1) { " coin" } else { " coins" };
    grouped(amount.get()) + unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_carries_its_numbers() {
        let sentence = Sentence::of("ﷺ").words(" paid ").coins(Coins::new(1_959)).words(" to ").name("Ann");
        assert_eq!(sentence.to_string(), "\u{2068}ﷺ\u{2069} paid 1,959 coins to Ann");
        let json = serde_json::to_string(&sentence.into_parts()).unwrap();
        assert_eq!(json, "[\"\u{2068}ﷺ\u{2069} paid \",{\"coins\":\"1959\"},\" to Ann\"]");
        let parts: Vec<Part> = serde_json::from_str(&json).unwrap();
        assert_eq!(parts[1], Part::Coins(Coins::new(1_959)));
        assert!(Sentence::new("Nothing to count").into_parts().is_empty());
    }

    #[test]
    fn a_part_of_a_newer_version_is_passed_over() {
        let json = r#"["x ",{"number":7},{"date":1,"style":{"a":[2]}}]"#;
        let parts: Vec<Part> = serde_json::from_str(json).unwrap();
        assert_eq!(parts, [Part::Text("x ".to_owned()), Part::Number(7), Part::Unknown]);
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
