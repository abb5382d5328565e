//! Who acts, and who is acted on.

use protocol::UserId;
use serde::{Deserialize, Serialize};

/// A person or a bot on Discord.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The user id.
    pub id: UserId,
    /// The name shown in the server, cleaned, not escaped.
    pub name: String,
    /// Whether it is a bot.
    pub bot: bool,
    /// Whether they are not in the server, or not any more. Discord names them among the users, and not among the
    /// members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
}
