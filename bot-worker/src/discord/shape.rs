//! The shapes of Discord's answers: only what is used, so that a field that Discord adds, leaves out or writes in another
//! way breaks nothing.

use protocol::{UserId, report::ReportedBot};
use serde::Deserialize;
use serde_json::Value;
use twilight_model::{
    application::command::{Command, CommandType},
    id::{
        Id,
        marker::{ApplicationMarker, ChannelMarker, GuildMarker},
    },
};

use super::image_url;

/// The application that the bot belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: Id<ApplicationMarker>,
    /// The public key that verifies interactions.
    pub verify_key: String,
    /// The URL to which Discord posts interactions, if it is set.
    #[serde(rename = "interactions_endpoint_url")]
    pub endpoint: Option<String>,
    /// About how many servers the bot is in.
    #[serde(rename = "approximate_guild_count")]
    pub guilds: Option<u64>,
    #[serde(default)]
    owner: Value,
    #[serde(default)]
    team: Value,
    #[serde(default)]
    redirect_uris: Value,
    /// The settings of each way to add it, by integration type: `0` for a server, `1` for a person.
    #[serde(rename = "integration_types_config", default)]
    pub install: Value,
}

impl Application {
    /// The person whose application it is: of a team, its owner. A team has an account of its own, which is nobody's.
    pub fn owner(&self) -> Option<UserId> {
        let person = if self.team.is_object() { &self.team["owner_user_id"] } else { &self.owner["id"] };
        person.as_str()?.parse().ok()
    }

    /// Whether a sign-in may lead back to this address; `None` when Discord does not tell them.
    pub fn leads_back_to(&self, url: &str) -> Option<bool> {
        Some(self.redirect_uris.as_array()?.iter().any(|known| known == url))
    }
}

/// The bot's own account.
#[derive(Deserialize)]
pub(super) struct User {
    id: UserId,
    username: String,
    global_name: Option<String>,
    avatar: Option<String>,
}

/// The channel between the bot and a person.
#[derive(Deserialize)]
pub(super) struct Channel {
    pub(super) id: Id<ChannelMarker>,
}

/// A command as it is registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Registered {
    /// The name as it is typed.
    pub name: String,
    /// The type: typed after a slash, or chosen from a menu.
    pub kind: CommandType,
    /// The definition; `None` when it has something that none of ours have, and cannot be read for it.
    pub definition: Option<Command>,
    /// The definition as Discord gives it.
    pub given: Value,
}

/// The type of the command that opens an Activity of the application. Discord refuses a list of commands without the one
/// that it has.
const ENTRY_POINT: u8 = 4;

impl Registered {
    /// Whether it is Discord's, and not ours to remove.
    pub fn is_entry_point(&self) -> bool {
        u8::from(self.kind) == ENTRY_POINT
    }
}

/// A server that the bot is in.
#[derive(Deserialize)]
pub(super) struct Server {
    pub(super) id: Id<GuildMarker>,
}

impl From<User> for ReportedBot {
    fn from(user: User) -> Self {
        let is_plain = |hash: &String| hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        Self {
            id: user.id,
            name: user.global_name.unwrap_or(user.username),
            avatar_url: user.avatar.filter(is_plain).map(|hash| image_url("avatars", user.id.0, hash)),
        }
    }
}

impl From<Value> for Registered {
    fn from(command: Value) -> Self {
        let kind = command["type"].as_u64().and_then(|kind| u8::try_from(kind).ok());
        Self {
            name: command["name"].as_str().unwrap_or("?").to_owned(),
            kind: kind.map_or(CommandType::ChatInput, CommandType::from),
            definition: Command::deserialize(&command).ok(),
            given: command,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_used_may_be_anything() {
        let application: Application = serde_json::from_value(json!({
            "id": "7", "verify_key": "ab", "owner_user_id": null, "owner": null, "icon": {"hash": "v2"}, "team": 5,
            "interactions_endpoint_url": null, "approximate_guild_count": null, "flags": "1180591620717411303424",
        }))
        .unwrap();
        assert_eq!((application.owner(), application.leads_back_to("https://x")), (None, None));
        assert_eq!((application.id.get(), application.endpoint, application.guilds), (7, None, None));
        for (avatar, url) in [
            (json!(null), None),
            (json!("a_0f"), Some("https://cdn.discordapp.com/avatars/7/a_0f.png")),
            (json!("v2_Zz9"), Some("https://cdn.discordapp.com/avatars/7/v2_Zz9.png")),
            (json!("../x"), None),
        ] {
            let user = json!({"id": "7", "username": "pulse", "global_name": null, "avatar": avatar, "flags": "2^70"});
            let bot = ReportedBot::from(serde_json::from_value::<User>(user).unwrap());
            assert_eq!((bot.name.as_str(), bot.avatar_url.as_deref()), ("pulse", url));
        }
        let channel = json!({"id": "9", "type": 99, "recipients": null, "flags": []});
        assert_eq!(serde_json::from_value::<Channel>(channel).unwrap().id.get(), 9);
    }

    #[test]
    fn an_application_is_a_persons_or_a_teams() {
        let application = |more: Value| {
            let mut fields =
                json!({"id": "7", "verify_key": "ab", "redirect_uris": ["https://a/login/callback"]});
            fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Application>(fields).unwrap()
        };
        let owner = json!({"id": "11", "username": "ann"});
        for (more, person) in [
            (json!({"owner": owner, "team": null}), Some(UserId(11))),
            (
                json!({"owner": {"id": "99", "username": "team99"}, "team": {"owner_user_id": "12"}}),
                Some(UserId(12)),
            ),
            (json!({"owner": owner, "team": {"owner_user_id": null}}), None),
            (json!({"owner": {"id": "me"}}), None),
            (json!({}), None),
        ] {
            assert_eq!(application(more.clone()).owner(), person, "{more}");
        }
        let known = application(json!({}));
        let led = |url| known.leads_back_to(url);
        assert_eq!(
            (led("https://a/login/callback"), led("https://a/login/callback/")),
            (Some(true), Some(false))
        );
    }

    #[test]
    fn a_command_that_cannot_be_read_keeps_its_name() {
        let with = |field: &str, value: Value| {
            let mut command = json!({"id": "1", "version": "1", "type": 1, "name": "old", "description": "x", "options": []});
            command[field] = value;
            Registered::from(command)
        };
        assert!(with("id", json!("2")).definition.is_some());
        for (field, value) in [
            ("options", json!([{"type": 12, "name": "a", "description": "x"}])),
            ("default_member_permissions", json!("1180591620717411303424")),
            ("description", json!(5)),
        ] {
            let read = with(field, value);
            assert_eq!((read.name.as_str(), read.kind), ("old", CommandType::ChatInput));
            assert_eq!(read.definition, None, "{field}");
        }
        assert_eq!(Registered::from(json!(null)).name, "?");
    }
}
