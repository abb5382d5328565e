//! An option while it is being typed.

use protocol::GuildId;
use serde::{Deserialize, Serialize};

/// An option that is being typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autocomplete {
    /// The server in which it is typed.
    pub guild: GuildId,
    /// Whether who types may manage the server.
    pub manager: bool,
    /// The name of the command, such as `buy`.
    pub command: String,
    /// The text in the option so far, cleaned.
    pub typed: String,
}
