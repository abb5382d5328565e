//! Discord's objects as its documentation shows them: users, members, messages.
//!
//! Sources: <https://discord.com/developers/docs/resources/user>,
//! <https://discord.com/developers/docs/resources/message>.

use serde_json::{Map, Value, json};

use crate::fixtures::Player;

/// The permissions of a member in a channel unless told otherwise: no more than talk.
pub const MEMBER_PERMISSIONS: u64 = 2_248_473_465_835_073;
/// The bit that lets a member change a server's settings: Manage Server.
pub const MANAGE_GUILD: u64 = 1 << 5;

/// A user object.
pub fn user(player: &Player) -> Value {
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
pub fn member(player: &Player, permissions: u64) -> Map<String, Value> {
    object(json!({
        "avatar": null,
        "banner": null,
        "communication_disabled_until": null,
        "flags": 0,
        "joined_at": "2024-03-09T18:21:04.117000+00:00",
        "nick": player.nick,
        "pending": false,
        "permissions": permissions.to_string(),
        "premium_since": null,
        "roles": [],
        "unusual_dm_activity_until": null,
    }))
}

/// A message of this author with these contents over the empty ones.
pub fn message(id: u64, channel: u64, author: &Player, contents: &Value) -> Value {
    let mut message = object(json!({
        "attachments": [], "author": user(author), "channel_id": channel.to_string(), "components": [], "content": "",
        "edited_timestamp": null, "embeds": [], "flags": 0, "id": id.to_string(), "mention_everyone": false,
        "mention_roles": [], "mentions": [], "pinned": false, "timestamp": "2024-03-09T18:21:04.117000+00:00",
        "tts": false, "type": 0,
    }));
    if let Value::Object(contents) = contents {
        // `allowed_mentions` says how to post a message, and is no part of it.
        let kept = contents.iter().filter(|(name, _)| *name != "allowed_mentions");
        message.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    }
    message.into()
}

/// The fields of an object literal.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => unreachable!("an object literal is an object, not {other}"),
    }
}
