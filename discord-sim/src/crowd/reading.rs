//! Readings of an answer: a refusal, and the player's balance.

use serde_json::Value;

/// The fields in which an answer says what who asked has now.
const OWN: [&str; 2] = ["Balance", "Payer's balance"];

/// Whether it says no: the footer then has a code, such as `daily_claimed`.
pub(super) fn is_refusal(answer: &Value) -> bool {
    let footer = answer["data"]["embeds"][0]["footer"]["text"].as_str().unwrap_or_default();
    !footer.is_empty() && footer.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_')
}

/// The balance that the answer to one's own deed tells, such as `1,234 coins`; `None` when it tells none.
pub(super) fn balance(answer: &Value) -> Option<u64> {
    let fields = answer["data"]["embeds"][0]["fields"].as_array()?;
    let field = fields.iter().find(|field| OWN.iter().any(|own| field["name"] == *own))?;
    let digits: String = field["value"].as_str()?.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}
