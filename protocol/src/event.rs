//! One line of the live feed.

use serde::{Deserialize, Serialize};

use crate::{
    Coins, GuildId, Seq, Timestamp, UserId,
    sentence::{Part, Sentence},
};

/// Something that happened, as an administrator reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Place in the room's stream. [`Seq`] 0 means: not numbered yet; only the room numbers.
    pub seq: Seq,
    /// Unique for ever: the interaction's id with a suffix, or a name of the room's own.
    pub id: String,
    /// The moment at which it was committed or noticed, by the edge's clock.
    pub at: Timestamp,
    /// The importance of the event; the feed filters by it.
    pub severity: Severity,
    /// The cause of the event; the feed filters by it.
    pub source: Source,
    /// The server; [`GuildId::NONE`] when it concerns no server.
    pub guild_id: GuildId,
    /// The server's name, when the bot has told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guild_name: Option<String>,
    /// The person who acted, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<UserId>,
    /// The actor's name at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// The person to whom it was done, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<UserId>,
    /// The target's name at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_name: Option<String>,
    /// The coins that moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Coins>,
    /// One plain-text sentence; never markup.
    pub message: String,
    /// The same sentence with its numbers as numbers; left out where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// From the arrival at the edge to the commit, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handled_ms: Option<u32>,
}

impl Event {
    /// An event with what every event has; the rest is filled in by whoever knows it.
    pub fn new(
        id: String,
        at: Timestamp,
        guild_id: GuildId,
        severity: Severity,
        source: Source,
        message: impl Into<Sentence>,
    ) -> Self {
        let message = message.into();
        Self {
            seq: Seq(0),
            id,
            at,
            severity,
            source,
            guild_id,
            guild_name: None,
            actor_id: None,
            actor_name: None,
            target_id: None,
            target_name: None,
            amount: None,
            message: message.to_string(),
            parts: message.into_parts(),
            handled_ms: None,
        }
    }
}

/// The importance of an event, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something went as a player wished.
    Success,
    /// Something changed, and nobody has to act.
    Info,
    /// Somebody should look at it, such as a bot that went offline.
    Warn,
    /// Pulse failed at a command or at its answer.
    Error,
}

impl Severity {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// The cause of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `/daily`.
    Daily,
    /// `/pay`.
    Transfer,
    /// `/work`.
    Work,
    /// `/coinflip`.
    Coinflip,
    /// `/buy`.
    Shop,
    /// Acts of administrators, with `/economy` or from the page.
    Admin,
    /// A player reached a new level.
    LevelUp,
    /// A command that Pulse does not know, or could not carry out.
    Command,
    /// The bot's own state.
    Bot,
    /// The edge's own state.
    Edge,
    /// A kind that a newer version knows; older readers show the message all the same.
    #[serde(other)]
    Other,
}

impl Source {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Transfer => "transfer",
            Self::Work => "work",
            Self::Coinflip => "coinflip",
            Self::Shop => "shop",
            Self::Admin => "admin",
            Self::LevelUp => "level_up",
            Self::Command => "command",
            Self::Bot => "bot",
            Self::Edge => "edge",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_wire() {
        for severity in [Severity::Success, Severity::Info, Severity::Warn, Severity::Error] {
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.word());
        }
        let sources = [
            Source::Daily,
            Source::Transfer,
            Source::Work,
            Source::Coinflip,
            Source::Shop,
            Source::Admin,
            Source::LevelUp,
            Source::Command,
            Source::Bot,
            Source::Edge,
            Source::Other,
        ];
        for source in sources {
            assert_eq!(serde_json::to_value(source).unwrap(), source.word());
        }
    }
}
