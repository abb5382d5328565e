//! The payloads that the gateway sends.

use serde_json::{Value, json};

use crate::{
    fixtures::{self, Guild},
    objects,
    state::State,
};

pub(super) fn hello(interval_ms: u64) -> Value {
    json!({ "op": 10, "s": null, "t": null, "d": { "heartbeat_interval": interval_ms, "_trace": ["[\"sim\"]"] } })
}

pub(super) fn acknowledgement() -> Value {
    json!({ "op": 11 })
}

pub(super) fn reconnect() -> Value {
    json!({ "op": 7, "d": null })
}

pub(super) fn invalid_session(resumable: bool) -> Value {
    json!({ "op": 9, "d": resumable })
}

pub(super) fn dispatch(sequence: u64, event: &str, data: &Value) -> Value {
    json!({ "op": 0, "s": sequence, "t": event, "d": data })
}

pub(super) fn ready(state: &State, session: &str, shard: (u32, u32)) -> Value {
    let guilds: Vec<Value> =
        guilds_of(state, shard).map(|guild| json!({ "id": guild.id, "unavailable": true })).collect();
    json!({
        "v": 10, "user": objects::user(&fixtures::bot(state.application)), "guilds": guilds, "session_id": session,
        "resume_gateway_url": state.gateway_url(), "shard": [shard.0, shard.1],
        "application": { "id": state.application.to_string(), "flags": 0 }, "session_type": "normal",
        "user_settings": {}, "relationships": [], "private_channels": [], "presences": [], "auth": {},
    })
}

/// Source: <https://discord.com/developers/docs/events/gateway#sharding-sharding-formula>.
pub(super) fn guilds_of(state: &State, shard: (u32, u32)) -> impl Iterator<Item = &Guild> {
    let (number, total) = (u64::from(shard.0), u64::from(shard.1.max(1)));
    state.guilds_here().filter(move |guild| (guild.id.0 >> 22) % total == number)
}

/// Everything of a server that the stand-in's servers do not have.
const PLAIN_GUILD: &str = include_str!("guild.json");

pub(super) fn guild_create(guild: &Guild) -> Value {
    let mut plain: Value = serde_json::from_str(PLAIN_GUILD).unwrap_or_default();
    plain["id"] = json!(guild.id);
    plain["name"] = json!(guild.name);
    plain["member_count"] = json!(members(guild));
    plain
}

/// Always the same number for the same server.
fn members(guild: &Guild) -> u64 {
    20 + (guild.id.0 >> 22) % 480
}

#[cfg(test)]
mod tests {
    use twilight_model::gateway::payload::incoming::GuildCreate;

    use super::*;

    #[test]
    fn a_server_is_what_twilight_reads() {
        let guild = fixtures::guilds(1).remove(0);
        let GuildCreate::Available(read) = serde_json::from_value(guild_create(&guild)).unwrap() else {
            panic!("not available")
        };
        assert_eq!((read.name, read.member_count), (guild.name.clone(), Some(members(&guild))));
    }
}
