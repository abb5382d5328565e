//! The edge's report on itself for `bot-worker check`: what is set and whether it can be used, and never a value.

use serde::{Deserialize, Serialize};

use crate::{GuildId, Timestamp};

/// The largest answer that a reader takes, in bytes.
pub const CHECK_MAX_BYTES: usize = 64 * 1024;

/// The answer of `GET /api/check`. Whatever is missing in it, an edge of another release does not tell: a reader goes on
/// without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EdgeCheck {
    /// [`crate::VERSION`] there.
    pub version: u32,
    /// The release, such as `0.1.0`.
    pub release: String,
    /// The edge's clock at the moment of the answer.
    pub now: Timestamp,
    /// Each setting that the edge reads.
    pub settings: Vec<SettingCheck>,
    /// The objects and assets that it is bound to.
    pub bindings: Vec<BindingCheck>,
    /// Whether the key that was asked about is the one that is set; left out when none was, or none is usable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key_matches: Option<bool>,
    /// Discord's verdict on the application's id and client secret.
    pub client_secret: ClientSecret,
    /// Why that is not known, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_why: Option<String>,
    /// The room of all servers; `null` when it does not answer.
    pub room: Option<RoomCheck>,
    /// The plan, where `CLOUDFLARE_PLAN` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// A setting, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingCheck {
    /// The setting's name, such as `BOT_TOKEN`.
    pub name: String,
    /// Whether it is there and not empty.
    pub set: bool,
    /// The fault and its remedy in words, without the value; left out when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A binding of `wrangler.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingCheck {
    /// The binding's name, such as `ROOM`.
    pub name: String,
    /// Whether it is there.
    pub bound: bool,
    /// Whether the edge works without.
    #[serde(default)]
    pub optional: bool,
}

/// Discord's verdict when it is shown the application's id and client secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClientSecret {
    /// Discord takes them.
    Accepted,
    /// They do not belong together.
    Refused,
    /// Discord could not be asked, or said neither; `clientSecretWhy` has its words.
    Unreachable,
    /// One of them is not set, so nobody was asked.
    NotSet,
    /// A word of another release.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The room of all servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomCheck {
    /// Servers that the bot is in, or, until it has told, those with books.
    pub servers: u64,
    /// Pages that are open.
    pub viewers: u64,
    /// Rows that all objects have written since midnight (UTC), those of indexes and alarms counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_today: Option<u64>,
    /// The same of the last 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_last_day: Option<u64>,
    /// Whether the storage takes no rows, because the plan's are used up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_limited: bool,
    /// How large its database is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Of the servers whose books take up at least half of their storage, the one with the fullest; left out when there is
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fullest: Option<FullBooks>,
}

/// Books whose storage is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FullBooks {
    /// The server.
    pub guild_id: GuildId,
    /// How full their storage is.
    pub percent: u64,
}

/// The plan of Cloudflare's that the edge runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Rows beyond its allowance are refused until midnight (UTC).
    Free,
    /// Rows beyond its allowance are paid for.
    Paid,
    /// A word of another release.
    #[serde(other)]
    Unknown,
}

impl Plan {
    /// The plan of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "free" => Some(Self::Free),
            "paid" => Some(Self::Paid),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_another_release_is_read_as_far_as_it_is_known() {
        let read = |json: &str| serde_json::from_str::<EdgeCheck>(json).unwrap();
        assert_eq!(read("{}"), EdgeCheck::default());
        let newer = read(
            r#"{"version":9,"release":"4.0.0","clientSecret":"expired","rows":{},"room":{"servers":3,"viewers":1,"x":1},
                "settings":[{"name":"NEW","set":true,"since":5}],"bindings":[{"name":"R2","bound":false}]}"#,
        );
        assert_eq!((newer.version, newer.client_secret), (9, ClientSecret::Unknown));
        assert_eq!(newer.settings, [SettingCheck { name: "NEW".into(), set: true, problem: None }]);
        assert_eq!(newer.bindings, [BindingCheck { name: "R2".into(), bound: false, optional: false }]);
        assert_eq!(newer.room, Some(RoomCheck { servers: 3, viewers: 1, ..RoomCheck::default() }));
    }
}
