//! An interaction as Discord documents it.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object>.

use protocol::InteractionId;
use serde_json::{Map, json};

pub use crate::typed::{Choice, Typed, Value};
use crate::{
    fixtures::{self, Guild, Player},
    objects::{self, MANAGE_GUILD, MEMBER_PERMISSIONS, member, object, user},
    snowflake::DEFAULT_APPLICATION,
};

#[derive(Clone, Debug, PartialEq)]
enum Place {
    Guild(Guild),
    DirectMessage,
}

/// The bot's permissions in the channel, as a decimal bit set.
const APP_PERMISSIONS: &str = "2248473465835073";

/// Builds one interaction. Without further words: the first player of all, in its first server.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    id: InteractionId,
    application: u64,
    kind: Kind,
    actor: Player,
    permissions: u64,
    place: Place,
    is_brought: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Ping,
    Command(Typed),
    Autocomplete(Typed),
    Component(Press),
}

/// A component that somebody used, and the message it is on.
#[derive(Clone, Debug, PartialEq)]
pub struct Press {
    /// The component's `custom_id`.
    pub custom_id: String,
    /// A button is 2, a select menu of strings 3.
    pub component: u8,
    /// The selected values; empty for a button.
    pub values: Vec<String>,
    /// The message: its contents as they were sent, such as the `data` of the reply that made it.
    pub message: serde_json::Value,
    /// The message's id.
    pub message_id: u64,
}

impl Payload {
    /// Somebody uses a slash command.
    pub fn command(id: InteractionId, typed: Typed) -> Self {
        let actor = fixtures::players(1).remove(0);
        let place = Place::Guild(fixtures::guilds(1).remove(0));
        let kind = Kind::Command(typed);
        Self {
            id,
            application: DEFAULT_APPLICATION,
            kind,
            actor,
            permissions: MEMBER_PERMISSIONS,
            place,
            is_brought: false,
        }
    }

    /// Somebody is typing a command, and the application may propose values. One option is a [`Value::Partial`].
    pub fn autocomplete(id: InteractionId, typed: Typed) -> Self {
        Self { kind: Kind::Autocomplete(typed), ..Self::ping(id) }
    }

    /// Somebody clicks the button with this `custom_id` on a message of the bot.
    pub fn button(id: InteractionId, custom_id: impl Into<String>, message: serde_json::Value) -> Self {
        let press = Press {
            custom_id: custom_id.into(),
            component: 2,
            values: Vec::new(),
            message,
            message_id: id.0 - 1,
        };
        Self::component(id, press)
    }

    /// Somebody uses a component.
    pub fn component(id: InteractionId, press: Press) -> Self {
        Self { kind: Kind::Component(press), ..Self::ping(id) }
    }

    /// Discord asks whether the endpoint is there.
    pub fn ping(id: InteractionId) -> Self {
        Self { kind: Kind::Ping, ..Self::command(id, Typed::new("")) }
    }

    /// The same, by this player.
    #[must_use]
    pub fn by(self, actor: &Player) -> Self {
        Self { actor: actor.clone(), ..self }
    }

    /// The same, by somebody with these permissions in the channel: a bit set, in place of a plain member's.
    #[must_use]
    pub fn permitted(self, permissions: u64) -> Self {
        Self { permissions, ..self }
    }

    /// The same, by somebody who has Manage Server.
    #[must_use]
    pub fn managing(self) -> Self {
        Self { permissions: self.permissions | MANAGE_GUILD, ..self }
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

    /// The same, in a server that has not added the application: who uses it has installed it for themselves.
    #[must_use]
    pub fn brought_along(self) -> Self {
        Self { is_brought: true, ..self }
    }

    /// The same, for this application.
    #[must_use]
    pub fn for_application(self, application: u64) -> Self {
        Self { application, ..self }
    }

    /// The JSON that Discord would send.
    pub fn build(&self) -> serde_json::Value {
        let mut payload = self.frame();
        let (kind, data) = match &self.kind {
            Kind::Ping => {
                payload.insert("user".into(), user(&self.actor));
                return payload.into();
            }
            Kind::Command(typed) => (2, typed.data(self.in_server())),
            Kind::Component(press) => {
                payload.insert("message".into(), self.pressed_message(press));
                (3, press.data())
            }
            Kind::Autocomplete(typed) => (4, typed.data(self.in_server())),
        };
        payload.insert("type".into(), json!(kind));
        payload.insert("data".into(), data.into());
        payload.insert("locale".into(), json!("en-GB"));
        match &self.place {
            Place::Guild(guild) => payload.extend(self.in_guild_fields(guild)),
            Place::DirectMessage => payload.extend(self.direct_message_fields()),
        }
        payload.into()
    }

    fn in_server(&self) -> bool {
        matches!(self.place, Place::Guild(_))
    }

    fn channel(&self) -> u64 {
        match &self.place {
            Place::Guild(guild) => guild.id.0 + 1,
            Place::DirectMessage => self.actor.id.0 + 1,
        }
    }

    fn pressed_message(&self, press: &Press) -> serde_json::Value {
        objects::message(press.message_id, self.channel(), &fixtures::bot(self.application), &press.message)
    }

    /// The fields that every interaction has, as a PING.
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
        let mut member = member(&self.actor, self.permissions);
        member.insert("user".into(), user(&self.actor));
        member.insert("deaf".into(), json!(false));
        member.insert("mute".into(), json!(false));
        let channel = self.channel().to_string();
        let owners = if self.is_brought { json!({ "1": self.actor.id }) } else { json!({ "0": guild.id }) };
        object(json!({
            "authorizing_integration_owners": owners,
            "channel": {
                "flags": 0, "guild_id": guild.id, "id": channel, "last_message_id": null, "name": "economy", "nsfw": false,
                "parent_id": null, "permissions": self.permissions.to_string(), "position": 0, "rate_limit_per_user": 0,
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
        let channel = self.channel().to_string();
        object(json!({
            "authorizing_integration_owners": { "0": "0" },
            "channel": { "flags": 0, "id": channel, "last_message_id": null, "recipients": [user(&self.actor)], "type": 1 },
            "channel_id": channel,
            "context": 1,
            "user": user(&self.actor),
        }))
    }
}

impl Press {
    fn data(&self) -> Map<String, serde_json::Value> {
        let mut data =
            object(json!({ "component_type": self.component, "custom_id": self.custom_id, "id": 2 }));
        if !self.values.is_empty() {
            data.insert("values".into(), json!(self.values));
        }
        data
    }
}

/// The barest PING: nothing but its type.
pub fn bare_ping() -> serde_json::Value {
    json!({ "type": 1 })
}

/// A token for answering this interaction. Discord's are secret and opaque; these follow from the id.
pub fn token(id: InteractionId) -> String {
    format!("aW50ZXJhY3Rpb246{:016x}{:016x}", id.0, id.0.rotate_left(32) ^ u64::MAX)
}

#[cfg(test)]
mod tests;
