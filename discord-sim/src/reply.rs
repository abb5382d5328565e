//! An application's answer to an interaction, read as strictly as Discord reads it.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction>.

use serde_json::Value;

/// Characters of a message's content at most.
const CONTENT_MAX: usize = 2_000;
/// Embeds of a message at most.
const EMBEDS_MAX: usize = 10;
/// Rows of components of a message at most.
const ROWS_MAX: usize = 5;
/// Choices of an autocomplete result at most.
const CHOICES_MAX: usize = 25;
/// The flag of a message that only one person sees.
pub const EPHEMERAL: u64 = 1 << 6;
/// The flag of a message that is still to come.
pub const LOADING: u64 = 1 << 7;

/// An answer to an interaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// To a PING, type 1.
    Pong,
    /// A message, type 4.
    Message(Value),
    /// A message that follows by an edit, type 5. Whether only one person sees it is settled here.
    Deferred {
        /// Only who asked sees it.
        ephemeral: bool,
    },
    /// To a component: nothing to see yet, type 6.
    UpdateDeferred,
    /// To a component: the message it is on becomes this, type 7.
    Update(Value),
    /// Proposed values, type 8.
    Choices(Vec<Value>),
    /// A form, type 9.
    Modal(Value),
}

/// An answer that Discord would not take; the player sees "The application did not respond".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a reply that Discord takes: {0}")]
pub struct BadReply(pub String);

impl Reply {
    /// Reads the JSON of an answer.
    pub fn read(answer: &Value) -> Result<Self, BadReply> {
        let data = || answer["data"].clone();
        match answer["type"].as_u64() {
            Some(1) => Ok(Self::Pong),
            Some(4) => check_message(data(), true).map(Self::Message),
            Some(5) => {
                let flags = answer["data"]["flags"].as_u64().unwrap_or_default();
                Ok(Self::Deferred { ephemeral: flags & EPHEMERAL != 0 })
            }
            Some(6) => Ok(Self::UpdateDeferred),
            Some(7) => check_message(data(), false).map(Self::Update),
            Some(8) => choices(&answer["data"]["choices"]).map(Self::Choices),
            Some(9) => Ok(Self::Modal(data())),
            _ => Err(BadReply(format!("type {}", answer["type"]))),
        }
    }
}

/// A message's contents within Discord's bounds; a new one has to say something.
pub(crate) fn check_message(message: Value, is_new: bool) -> Result<Value, BadReply> {
    let length = |field: &str| message[field].as_array().map_or(0, Vec::len);
    let content = message["content"].as_str().unwrap_or_default();
    let problem = if !message.is_object() {
        Some("no object")
    } else if content.chars().count() > CONTENT_MAX {
        Some("content over 2000 characters")
    } else if length("embeds") > EMBEDS_MAX {
        Some("more than 10 embeds")
    } else if length("components") > ROWS_MAX {
        Some("more than 5 rows of components")
    } else if is_new && content.is_empty() && length("embeds") == 0 && length("components") == 0 {
        Some("an empty message")
    } else {
        None
    };
    problem.map_or(Ok(message), |problem| Err(BadReply(problem.into())))
}

fn choices(choices: &Value) -> Result<Vec<Value>, BadReply> {
    let choices = choices.as_array().cloned().unwrap_or_default();
    let is_named = |choice: &Value| {
        let name = choice["name"].as_str().unwrap_or_default();
        (1..=100).contains(&name.chars().count()) && !choice["value"].is_null()
    };
    if choices.len() > CHOICES_MAX || !choices.iter().all(is_named) {
        return Err(BadReply(
            "choices: 25 at most, each with a value and a name of 1 to 100 characters".into(),
        ));
    }
    Ok(choices)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_answer_is_known() {
        let message = json!({ "content": "hi" });
        let cases = [
            (json!({ "type": 1 }), Some(Reply::Pong)),
            (json!({ "type": 4, "data": message }), Some(Reply::Message(message.clone()))),
            (json!({ "type": 5 }), Some(Reply::Deferred { ephemeral: false })),
            (json!({ "type": 5, "data": { "flags": 64 } }), Some(Reply::Deferred { ephemeral: true })),
            (json!({ "type": 6 }), Some(Reply::UpdateDeferred)),
            (
                json!({ "type": 7, "data": { "components": [] } }),
                Some(Reply::Update(json!({ "components": [] }))),
            ),
            (json!({ "type": 8, "data": { "choices": [] } }), Some(Reply::Choices(vec![]))),
            (json!({ "type": 4, "data": {} }), None),
            (json!({ "type": 4, "data": { "content": "x".repeat(2_001) } }), None),
            (json!({ "type": 8, "data": { "choices": [{ "name": "", "value": "x" }] } }), None),
            (json!({ "type": 2 }), None),
            (json!("not found"), None),
        ];
        for (answer, expected) in cases {
            assert_eq!(Reply::read(&answer).ok(), expected, "{answer}");
        }
    }
}
