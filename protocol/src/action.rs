//! Actions on a server's economy from the page or from a program, and the answers to them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Coins, InteractionId, JournalSeq, UserId,
    number::{self, NumberError},
};

/// The largest action that the edge reads, in bytes.
pub const ACTION_MAX_BYTES: usize = 16 * 1024;
/// The longest reason, in characters.
pub const REASON_MAX_CHARS: usize = 200;
/// The longest key, in characters.
pub const KEY_MAX_CHARS: usize = 64;

/// One action on a server. The same key is the same action: it happens once, and is answered by the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// The sender's own: 1 to [`KEY_MAX_CHARS`] letters, digits, `-` and `_`.
    pub key: String,
    /// Why: 1 to [`REASON_MAX_CHARS`] characters.
    pub reason: String,
    /// The kind of action and its arguments, flat in the JSON beside `key` and `reason`.
    #[serde(flatten)]
    pub deed: ActionKind,
}

/// The kinds of action, told apart by `action` in the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ActionKind {
    /// Coins from the mint for a player.
    Give {
        /// The player, who has to have an account.
        user_id: UserId,
        /// The coins to add, from 1 to [`Coins::PLAYER_CAP`].
        amount: Coins,
    },
    /// Coins of a player are burnt.
    Take {
        /// The player, who has to have an account.
        user_id: UserId,
        /// The coins to take, from 1 to [`Coins::PLAYER_CAP`].
        amount: Coins,
    },
    /// A player holds so many coins from now on.
    Set {
        /// The player, who has to have an account.
        user_id: UserId,
        /// The new balance, from 0 to [`Coins::PLAYER_CAP`].
        amount: Coins,
    },
    /// A player is put back to the beginning: coins, experience, streak and items are gone.
    Reset {
        /// The player, who has to have an account.
        user_id: UserId,
    },
    /// A player's coins stay where they are.
    Freeze {
        /// The player, who has to have an account.
        user_id: UserId,
    },
    /// A frozen player's coins move again.
    Unfreeze {
        /// The player, who has to have an account.
        user_id: UserId,
    },
    /// The coins that a journal row moved go back. A row is undone once.
    Undo {
        /// The number of the row.
        seq: JournalSeq,
    },
    /// Players' commands are refused.
    Pause,
    /// Players' commands work again.
    Resume,
    /// A rule of the server has another value.
    Setting {
        /// The rule's key, such as `daily_base`.
        setting: String,
        /// Its new value, as it would be typed.
        value: String,
    },
    /// Something new on the shelf.
    ItemAdd(Item),
    /// Something on the shelf is changed.
    ItemEdit(Item),
    /// Something leaves the shelf; players keep theirs.
    ItemRemove(Item),
}

/// An item as an action describes it. A field that is left out keeps its value; in a new item it is without a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Its name on the shelf.
    pub item: String,
    /// The new name; only `item_edit` reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The price of one, from 1 to [`Coins::PLAYER_CAP`]; a new item needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Coins>,
    /// A line about the item, of at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The number on the shelf, from 0 to 1 000 000; -1 is without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<i64>,
    /// The most that one player may hold, from 0 to 1 000 000; -1 is without limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// The author of an action: a person on Discord, or a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The account on Discord; `None` for a program, and for who came by the local link.
    pub id: Option<UserId>,
    /// The name, as the journal and the feed show it.
    pub name: String,
}

/// The answer to an action on a server that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// Its row in the server's journal.
    pub seq: JournalSeq,
    /// The row's id; the event in the feed has the same.
    pub id: InteractionId,
    /// The sentence of the action's event.
    pub message: String,
    /// The balance of the action's player after it; `null` for an action on no player.
    pub balance_after: Option<Coins>,
}

/// Why an action was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAction {
    /// Not the JSON of an action.
    #[error("not an action: {0}")]
    Malformed(String),
    /// The key is not one.
    #[error("`key` takes 1 to {KEY_MAX_CHARS} letters, digits, `-` and `_`")]
    Key,
    /// There is no reason.
    #[error("say why: `reason` takes 1 to {REASON_MAX_CHARS} characters")]
    ReasonMissing,
    /// The reason is too long.
    #[error("`reason` takes at most {REASON_MAX_CHARS} characters")]
    ReasonTooLong,
    /// An amount or a price that is not a number.
    #[error("`{field}` takes whole coins: {why}")]
    Amount {
        /// The field's name in the JSON: `amount` or `price`.
        field: &'static str,
        /// The reason, with the text that was typed and an example.
        why: NumberError,
    },
    /// A stock or a limit that is neither a number nor without end.
    #[error("`{field}` takes `no limit` or a number: {why}")]
    Count {
        /// The field's name in the JSON: `stock` or `limit`.
        field: &'static str,
        /// The reason, with the text that was typed and an example.
        why: NumberError,
    },
}

impl BadAction {
    /// Stable, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "bad_action",
            Self::Key => "bad_key",
            Self::ReasonMissing => "reason_missing",
            Self::ReasonTooLong => "reason_too_long",
            Self::Amount { .. } => "bad_amount",
            Self::Count { .. } => "bad_count",
        }
    }
}

impl Action {
    /// Reads the JSON of an action, whose numbers may be as somebody typed them.
    pub fn read(json: &[u8]) -> Result<Self, BadAction> {
        let malformed = |error: serde_json::Error| BadAction::Malformed(error.to_string());
        let another_type = |field, expected| BadAction::Malformed(format!("`{field}` takes {expected}"));
        let mut action: Value = serde_json::from_slice(json).map_err(malformed)?;
        for field in ["amount", "price"] {
            let Some(amount) = action.get_mut(field).filter(|amount| !amount.is_null()) else { continue };
            let typed = amount.as_str().ok_or_else(|| another_type(field, "a text, such as \"1500\""))?;
            let coins = number::WHOLE.parse(typed).map_err(|why| BadAction::Amount { field, why })?;
            *amount = Coins::new(coins).to_string().into();
        }
        for field in ["stock", "limit"] {
            let Some(count) = action.get_mut(field).filter(|count| !count.is_null()) else { continue };
            let read = match count.as_str() {
                Some(typed) => number::limit(typed).map_err(|why| BadAction::Count { field, why })?,
                None => {
                    Some(count.as_i64().ok_or_else(|| another_type(field, "a whole number, such as 25"))?)
                }
            };
            *count = read.unwrap_or(number::ENDLESS).into();
        }
        serde_json::from_value(action).map_err(malformed)
    }
}

/// Whether this can be a key.
pub fn is_key(key: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=KEY_MAX_CHARS).contains(&key.len()) && key.chars().all(fits)
}

/// Checks what every action has. The reason is as it was cleaned.
pub fn check(key: &str, reason: &str) -> Result<(), BadAction> {
    if !is_key(key) {
        return Err(BadAction::Key);
    }
    match reason.chars().count() {
        0 => Err(BadAction::ReasonMissing),
        1..=REASON_MAX_CHARS => Ok(()),
        _ => Err(BadAction::ReasonTooLong),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_action_travels_as_documented() {
        let user = "80351110224678912";
        let cases: [(Value, ActionKind); 7] = [
            (
                json!({"action": "give", "userId": user, "amount": "12"}),
                ActionKind::Give { user_id: UserId(80_351_110_224_678_912), amount: Coins::new(12) },
            ),
            (
                json!({"action": "freeze", "userId": user}),
                ActionKind::Freeze { user_id: UserId(80_351_110_224_678_912) },
            ),
            (
                json!({"action": "reset", "userId": user}),
                ActionKind::Reset { user_id: UserId(80_351_110_224_678_912) },
            ),
            (json!({"action": "undo", "seq": 7}), ActionKind::Undo { seq: JournalSeq(7) }),
            (json!({"action": "pause"}), ActionKind::Pause),
            (
                json!({"action": "setting", "setting": "pay_min", "value": "2"}),
                ActionKind::Setting { setting: "pay_min".into(), value: "2".into() },
            ),
            (
                json!({"action": "item_add", "item": "Hat", "price": "5", "stock": -1}),
                ActionKind::ItemAdd(Item {
                    item: "Hat".into(),
                    price: Some(Coins::new(5)),
                    stock: Some(-1),
                    ..Item::default()
                }),
            ),
        ];
        for (mut wire, deed) in cases {
            wire["key"] = json!("k");
            wire["reason"] = json!("because");
            let action = Action { key: "k".into(), reason: "because".into(), deed };
            assert_eq!(serde_json::to_value(&action).unwrap(), wire);
            assert_eq!(serde_json::from_value::<Action>(wire).unwrap(), action);
        }
    }

    #[test]
    fn keys_and_reasons_have_bounds() {
        let long = "x".repeat(REASON_MAX_CHARS + 1);
        for (key, reason, expected) in [
            ("k", "r", Ok(())),
            ("Az-09_", &long[1..], Ok(())),
            ("", "r", Err("bad_key")),
            (&long[..65], "r", Err("bad_key")),
            ("a b", "r", Err("bad_key")),
            ("ä", "r", Err("bad_key")),
            ("k", "", Err("reason_missing")),
            ("k", &long, Err("reason_too_long")),
        ] {
            assert_eq!(check(key, reason).map_err(|why| why.code()), expected, "{key} {reason}");
        }
    }

    fn read(fields: &Value) -> Result<ActionKind, (&'static str, String)> {
        let mut action = json!({"key": "k", "reason": "r"});
        action.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let read = Action::read(action.to_string().as_bytes());
        read.map(|action| action.deed).map_err(|why| (why.code(), why.to_string()))
    }

    #[test]
    fn an_amount_is_read_as_it_was_typed_or_named() {
        for (typed, amount) in [("12", 12), ("1,000", 1_000), ("1.000", 1_000), ("١٬٠٠٠", 1_000), (" 5 ", 5)]
        {
            let give = json!({"action": "give", "userId": "7", "amount": typed});
            let expected = ActionKind::Give { user_id: UserId(7), amount: Coins::new(amount) };
            assert_eq!(read(&give), Ok(expected), "{typed}");
        }
        for (typed, message) in [
            (
                json!("1,5"),
                "`amount` takes whole coins: “1,5” is not a whole number; write it like 1500 or 1,500",
            ),
            (
                json!("12,50"),
                "`amount` takes whole coins: “12,50” is not a whole number; write it like 1500 or 1,500",
            ),
            (json!("ten"), "`amount` takes whole coins: “ten” is not a number; write it like 1500 or 1,500"),
            (json!(""), "`amount` takes whole coins: a number is missing; write it like 1500 or 1,500"),
        ] {
            let give = json!({"action": "give", "userId": "7", "amount": typed});
            assert_eq!(read(&give), Err(("bad_amount", message.to_owned())));
        }
        assert_eq!(
            read(&json!({"action": "item_add", "item": "Hat", "price": "2,5"})).map_err(|why| why.0),
            Err("bad_amount")
        );
        for (rest, message) in [
            (json!({}), "not an action: missing field `amount`"),
            (json!({"amount": 12}), "not an action: `amount` takes a text, such as \"1500\""),
            (json!({"amount": ["1"]}), "not an action: `amount` takes a text, such as \"1500\""),
        ] {
            let mut give = json!({"action": "give", "userId": "7"});
            give.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            assert_eq!(read(&give), Err(("bad_action", message.to_owned())));
        }
    }

    #[test]
    fn a_stock_is_a_number_or_without_end() {
        for (typed, stock) in [
            (json!(-1), Some(-1)),
            (json!(25), Some(25)),
            (json!("no limit"), Some(-1)),
            (json!("unlimited"), Some(-1)),
            (json!("1,000"), Some(1_000)),
            (json!("0"), Some(0)),
            (Value::Null, None),
        ] {
            let edit = json!({"action": "item_edit", "item": "Hat", "stock": typed});
            let expected = ActionKind::ItemEdit(Item { item: "Hat".into(), stock, ..Item::default() });
            assert_eq!(read(&edit), Ok(expected), "{typed}");
        }
        for (typed, code, message) in [
            (
                json!("ten"),
                "bad_count",
                "`limit` takes `no limit` or a number: “ten” is not a number; write it like 1500 or 1,500",
            ),
            (json!(1.5), "bad_action", "not an action: `limit` takes a whole number, such as 25"),
            (json!([1]), "bad_action", "not an action: `limit` takes a whole number, such as 25"),
        ] {
            let edit = json!({"action": "item_edit", "item": "Hat", "limit": typed});
            assert_eq!(read(&edit), Err((code, message.to_owned())));
        }
    }
}
