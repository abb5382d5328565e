//! The messages that interactions were answered with, and what their webhooks made of them.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    lock::lock,
    reply::{EPHEMERAL, LOADING, Reply},
};

/// Answers that are kept; older ones are let go.
const KEPT: usize = 10_000;

/// The answer to one interaction, as `GET /control/originals/TOKEN` shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Original {
    /// The progress of the answer.
    pub state: Standing,
    /// The message's contents now; `null` while there is none.
    pub message: Value,
    /// Every edit that was taken, in its order.
    pub edits: Vec<Value>,
    /// Further messages, in their order.
    pub follow_ups: Vec<Value>,
    /// Requests to the webhook, those that were refused included.
    pub attempts: u64,
}

/// The progress of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// Not posted by this stand-in, but by a test's own client: what it was answered is not known.
    #[default]
    Unseen,
    /// Posted, and not answered yet: the webhook does not exist.
    Waiting,
    /// Answered, the message to follow.
    Deferred,
    /// There is a message.
    Answered,
    /// The message was deleted.
    Deleted,
    /// Answered wrongly, too late or not at all: the webhook will never exist.
    Failed,
}

/// All answers, by the interaction's token.
#[derive(Debug, Default)]
pub struct OriginalResponses(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_token: HashMap<String, Original>,
    order: VecDeque<String>,
}

impl OriginalResponses {
    /// An interaction was posted; `pressed` is the message of a component.
    pub fn posted(&self, token: &str, pressed: Option<Value>) {
        self.change(token, |original| {
            original.state = Standing::Waiting;
            original.message = pressed.unwrap_or_default();
        });
    }

    /// It was answered; `None`: in no way that Discord takes.
    pub fn answered(&self, token: &str, reply: Option<&Reply>) {
        self.change(token, |original| {
            let (state, message) = match reply {
                None => (Standing::Failed, Value::Null),
                Some(Reply::Message(message)) => (Standing::Answered, message.clone()),
                Some(Reply::Deferred { ephemeral }) => {
                    let flags = if *ephemeral { LOADING | EPHEMERAL } else { LOADING };
                    (Standing::Deferred, json!({ "content": "", "flags": flags }))
                }
                Some(Reply::UpdateDeferred) => (Standing::Answered, original.message.clone()),
                Some(Reply::Update(message)) => {
                    (Standing::Answered, overwritten(original.message.clone(), message))
                }
                Some(Reply::Pong | Reply::Choices(_) | Reply::Modal(_)) => (Standing::Answered, Value::Null),
            };
            // A webhook may have been quicker than the answer that made it.
            if matches!(original.state, Standing::Unseen | Standing::Waiting) {
                (original.state, original.message) = (state, message);
            }
        });
    }

    /// Counts a request to the webhook.
    pub fn attempted(&self, token: &str) {
        self.change(token, |original| original.attempts += 1);
    }

    /// Edits the message; gives the new one, or `None` when there is no such webhook.
    pub fn edit(&self, token: &str, edit: &Value) -> Option<Value> {
        self.change(token, |original| {
            if matches!(original.state, Standing::Waiting | Standing::Failed | Standing::Deleted) {
                return None;
            }
            let mut message = overwritten(original.message.take(), edit);
            if let Some(flags) = message["flags"].as_u64() {
                message["flags"] = json!(flags & !LOADING);
            }
            original.message = message.clone();
            original.state = Standing::Answered;
            original.edits.push(edit.clone());
            Some(message)
        })
    }

    /// Adds a further message; `false` when there is no such webhook.
    pub fn follow_up(&self, token: &str, message: Value) -> bool {
        self.change(token, |original| {
            let exists = !matches!(original.state, Standing::Waiting | Standing::Failed);
            if exists {
                original.follow_ups.push(message);
            }
            exists
        })
    }

    /// Deletes the message; `false` when there is none.
    pub fn delete(&self, token: &str) -> bool {
        self.change(token, |original| {
            let exists = matches!(original.state, Standing::Deferred | Standing::Answered);
            if exists {
                (original.state, original.message) = (Standing::Deleted, Value::Null);
            }
            exists
        })
    }

    /// A copy of the answer to this token; `None` when it was never posted, or is not among the last 10 000.
    pub fn get(&self, token: &str) -> Option<Original> {
        lock(&self.0).by_token.get(token).cloned()
    }

    fn change<T>(&self, token: &str, change: impl FnOnce(&mut Original) -> T) -> T {
        let mut kept = lock(&self.0);
        if !kept.by_token.contains_key(token) {
            kept.order.push_back(token.to_owned());
            while kept.order.len() > KEPT {
                if let Some(oldest) = kept.order.pop_front() {
                    kept.by_token.remove(&oldest);
                }
            }
        }
        change(kept.by_token.entry(token.to_owned()).or_default())
    }
}

/// Fields that are given win.
fn overwritten(mut message: Value, edit: &Value) -> Value {
    if message.is_null() {
        message = json!({});
    }
    if let (Some(message), Some(edit)) = (message.as_object_mut(), edit.as_object()) {
        message.extend(edit.clone());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_exists_once_its_interaction_is_answered() {
        let originals = OriginalResponses::default();
        originals.posted("t", None);
        assert_eq!(originals.edit("t", &json!({ "content": "too early" })), None);
        originals.answered("t", Some(&Reply::Deferred { ephemeral: true }));
        let edited = originals.edit("t", &json!({ "content": "late" })).unwrap();
        assert_eq!(edited, json!({ "content": "late", "flags": EPHEMERAL }));
        let original = originals.get("t").unwrap();
        assert_eq!((original.state, original.edits.len()), (Standing::Answered, 1));
    }

    #[test]
    fn an_update_keeps_what_it_does_not_name() {
        let originals = OriginalResponses::default();
        originals.posted("t", Some(json!({ "content": "Ready?", "components": [1] })));
        originals.answered("t", Some(&Reply::Update(json!({ "components": [] }))));
        assert_eq!(originals.get("t").unwrap().message, json!({ "content": "Ready?", "components": [] }));
    }

    #[test]
    fn what_was_posted_elsewhere_may_be_edited_and_what_failed_may_not() {
        let originals = OriginalResponses::default();
        assert!(originals.edit("elsewhere", &json!({ "content": "x" })).is_some());
        originals.posted("t", None);
        originals.answered("t", None);
        assert_eq!(originals.edit("t", &json!({ "content": "x" })), None);
        assert!(!originals.follow_up("t", json!({})) && !originals.delete("t"));
    }
}
