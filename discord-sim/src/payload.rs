//! An interaction as Discord documents it.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object>.

use protocol::InteractionId;
use serde_json::{Map, json};

use crate::cast::{self, Guild, Player};

/// What a player typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// The command's name, without the slash.
    pub command: String,
    /// The options, in their order.
    pub options: Vec<Choice>,
}

impl Typed {
    /// A command without options.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), options: Vec::new() }
    }

    /// The same with one more option.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, value: Value) -> Self {
        self.options.push(Choice { name: option.into(), value });
        self
    }
}

/// One option and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The option's name.
    pub name: String,
    /// What was chosen.
    pub value: Value,
}

/// A value, by the types that Discord gives options.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// STRING, 3.
    Text(String),
    /// INTEGER, 4.
    Integer(i64),
    /// BOOLEAN, 5.
    Flag(bool),
    /// USER, 6.
    User(Player),
}

#[derive(Clone, Debug, PartialEq)]
enum Place {
    Guild(Guild),
    DirectMessage,
}

/// The application that payloads are for unless told otherwise.
pub const DEFAULT_APPLICATION: u64 = 1_090_000_000_000_000_000;

/// What the bot may do in the channel.
const APP_PERMISSIONS: &str = "2248473465835073";
/// What a player may do there: no more than talk.
const MEMBER_PERMISSIONS: &str = "2248473465835073";

/// Builds one interaction. Without further words: the first player of the cast, in its first server.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    id: InteractionId,
    application: u64,
    typed: Option<Typed>,
    actor: Player,
    place: Place,
}

impl Payload {
    /// Somebody uses a slash command.
    pub fn command(id: InteractionId, typed: Typed) -> Self {
        let actor = cast::players(1).remove(0);
        let place = Place::Guild(cast::guilds(1).remove(0));
        Self { id, application: DEFAULT_APPLICATION, typed: Some(typed), actor, place }
    }

    /// Discord asks whether the endpoint is there.
    pub fn ping(id: InteractionId) -> Self {
        Self { typed: None, ..Self::command(id, Typed::new("")) }
    }

    /// The same, by this player.
    #[must_use]
    pub fn by(self, actor: &Player) -> Self {
        Self { actor: actor.clone(), ..self }
    }

    /// The same, in this server.
    #[must_use]
    pub fn in_guild(self, guild: &Guild) -> Self {
        Self { place: Place::Guild(guild.clone()), ..self }
    }

    /// The same, in a direct message to the bot: `user` instead of `member`, and no server.
    #[must_use]
    pub fn in_direct_message(self) -> Self {
        Self { place: Place::DirectMessage, ..self }
    }

    /// The same, for this application.
    #[must_use]
    pub fn for_application(self, application: u64) -> Self {
        Self { application, ..self }
    }

    /// The JSON that Discord would send.
    pub fn build(&self) -> serde_json::Value {
        let mut payload = self.frame();
        let Some(typed) = &self.typed else {
            payload.insert("user".into(), user(&self.actor));
            return payload.into();
        };
        payload.insert("type".into(), json!(2));
        payload.insert("data".into(), self.command_data(typed));
        payload.insert("locale".into(), json!("en-GB"));
        match &self.place {
            Place::Guild(guild) => payload.extend(self.in_guild_fields(guild)),
            Place::DirectMessage => payload.extend(self.direct_message_fields()),
        }
        payload.into()
    }

    /// What every interaction has, as a PING.
    fn frame(&self) -> Map<String, serde_json::Value> {
        object(json!({
            "app_permissions": APP_PERMISSIONS,
            "application_id": self.application.to_string(),
            "attachment_size_limit": 10_485_760,
            "authorizing_integration_owners": {},
            "entitlements": [],
            "id": self.id,
            "token": token(self.id),
            "type": 1,
            "version": 1,
        }))
    }

    fn in_guild_fields(&self, guild: &Guild) -> Map<String, serde_json::Value> {
        let mut member = member(&self.actor);
        member.insert("user".into(), user(&self.actor));
        member.insert("deaf".into(), json!(false));
        member.insert("mute".into(), json!(false));
        let channel = (guild.id.0 + 1).to_string();
        object(json!({
            "authorizing_integration_owners": { "0": guild.id },
            "channel": {
                "flags": 0, "guild_id": guild.id, "id": channel, "last_message_id": null, "name": "economy", "nsfw": false,
                "parent_id": null, "permissions": MEMBER_PERMISSIONS, "position": 0, "rate_limit_per_user": 0,
                "topic": null, "type": 0,
            },
            "channel_id": channel,
            "context": 0,
            "guild": { "features": [], "id": guild.id, "locale": "en-US" },
            "guild_id": guild.id,
            "guild_locale": "en-US",
            "member": member,
        }))
    }

    fn direct_message_fields(&self) -> Map<String, serde_json::Value> {
        let channel = (self.actor.id.0 + 1).to_string();
        object(json!({
            "authorizing_integration_owners": { "0": "0" },
            "channel": { "flags": 0, "id": channel, "last_message_id": null, "recipients": [user(&self.actor)], "type": 1 },
            "channel_id": channel,
            "context": 1,
            "user": user(&self.actor),
        }))
    }

    fn command_data(&self, typed: &Typed) -> serde_json::Value {
        let mut data = object(json!({ "id": command_id(&typed.command), "name": typed.command, "type": 1 }));
        if !typed.options.is_empty() {
            data.insert("options".into(), typed.options.iter().map(option).collect());
        }
        let mentioned: Vec<&Player> = typed.options.iter().filter_map(|option| option.value.user()).collect();
        if !mentioned.is_empty() {
            let users: Map<_, _> = mentioned.iter().map(|who| (who.id.to_string(), user(who))).collect();
            let members: Map<_, _> =
                mentioned.iter().map(|who| (who.id.to_string(), member(who).into())).collect();
            let resolved = match self.place {
                Place::Guild(_) => json!({ "members": members, "users": users }),
                Place::DirectMessage => json!({ "users": users }),
            };
            data.insert("resolved".into(), resolved);
        }
        data.into()
    }
}

/// The barest PING: nothing but its type.
pub fn bare_ping() -> serde_json::Value {
    json!({ "type": 1 })
}

/// The id that the stand-in gives a command of this name, as registration and interactions both tell it.
pub fn command_id(name: &str) -> String {
    // Any stable spreading of a few names over Discord's ids will do: FNV-1a.
    let spread = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (DEFAULT_APPLICATION + (spread >> 16)).to_string()
}

/// A token for answering this interaction. Discord's are secret and opaque; these follow from the id.
pub fn token(id: InteractionId) -> String {
    format!("aW50ZXJhY3Rpb246{:016x}{:016x}", id.0, id.0.rotate_left(32) ^ u64::MAX)
}

/// A user object.
pub fn user(player: &Player) -> serde_json::Value {
    let mut user = object(json!({
        "avatar": null,
        "avatar_decoration_data": null,
        "clan": null,
        "collectibles": null,
        "discriminator": "0",
        "display_name_styles": null,
        "global_name": player.global_name,
        "id": player.id,
        "primary_guild": null,
        "public_flags": 0,
        "username": player.username,
    }));
    if player.bot {
        user.insert("bot".into(), json!(true));
    }
    user.into()
}

/// A member object as it is among the resolved: without its user, and without `deaf` and `mute`.
fn member(player: &Player) -> Map<String, serde_json::Value> {
    object(json!({
        "avatar": null,
        "banner": null,
        "communication_disabled_until": null,
        "flags": 0,
        "joined_at": "2024-03-09T18:21:04.117000+00:00",
        "nick": player.nick,
        "pending": false,
        "permissions": MEMBER_PERMISSIONS,
        "premium_since": null,
        "roles": [],
        "unusual_dm_activity_until": null,
    }))
}

fn option(choice: &Choice) -> serde_json::Value {
    let (kind, value) = match &choice.value {
        Value::Text(text) => (3, json!(text)),
        Value::Integer(number) => (4, json!(number)),
        Value::Flag(flag) => (5, json!(flag)),
        Value::User(player) => (6, json!(player.id)),
    };
    json!({ "name": choice.name, "type": kind, "value": value })
}

impl Value {
    fn user(&self) -> Option<&Player> {
        match self {
            Self::User(player) => Some(player),
            _ => None,
        }
    }
}

fn object(value: serde_json::Value) -> Map<String, serde_json::Value> {
    match value {
        serde_json::Value::Object(fields) => fields,
        other => unreachable!("an object literal is an object, not {other}"),
    }
}

#[cfg(test)]
mod tests {
    use twilight_model::application::interaction::{Interaction, InteractionData, InteractionType};
    use twilight_model::id::Id;

    use super::*;

    const ID: InteractionId = InteractionId(1_300_000_000_000_000_001);

    fn pay() -> Typed {
        let payee = Player { bot: true, ..cast::players(2).remove(1) };
        Typed::new("pay")
            .with("user", Value::User(payee))
            .with("amount", Value::Integer(25))
            .with("note", Value::Text("for the fish 🐟".into()))
    }

    fn read(payload: &Payload) -> Interaction {
        serde_json::from_value(payload.build()).expect("Discord's own shape")
    }

    #[test]
    fn a_command_in_a_server_is_what_twilight_reads() {
        let guild = cast::guilds(2).remove(1);
        let actor = cast::players(5).remove(4);
        let interaction = read(&Payload::command(ID, pay()).by(&actor).in_guild(&guild));
        assert_eq!(interaction.kind, InteractionType::ApplicationCommand);
        assert_eq!(interaction.id.get(), ID.0);
        assert_eq!(interaction.guild_id.map(Id::get), Some(guild.id.0));
        assert!(interaction.user.is_none());
        let member = interaction.member.unwrap();
        assert_eq!(member.nick, actor.nick);
        assert_eq!(member.user.unwrap().id.get(), actor.id.0);
        let Some(InteractionData::ApplicationCommand(command)) = interaction.data else {
            panic!("no command")
        };
        assert_eq!(command.name, "pay");
        assert_eq!(command.options.len(), 3);
        let resolved = command.resolved.unwrap();
        assert_eq!((resolved.users.len(), resolved.members.len()), (1, 1));
        assert!(resolved.users.values().all(|user| user.bot));
    }

    #[test]
    fn a_direct_message_has_a_user_and_no_server() {
        let interaction = read(&Payload::command(ID, pay()).in_direct_message());
        assert!(interaction.guild_id.is_none() && interaction.member.is_none());
        assert!(interaction.user.is_some());
    }

    #[test]
    fn a_ping_is_a_ping() {
        let interaction = read(&Payload::ping(ID).for_application(42));
        assert_eq!(interaction.kind, InteractionType::Ping);
        assert_eq!(interaction.application_id.get(), 42);
        assert!(interaction.data.is_none());
    }
}
