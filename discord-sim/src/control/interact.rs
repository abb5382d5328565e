//! `POST /control/interactions`: somebody types a command, is typing one, or clicks a button.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State as Shared, http::StatusCode};
use protocol::{GuildId, InteractionId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Error, read};
use crate::{
    fixtures::{self, Guild, Player},
    payload::{self, Payload},
    state::State,
    typed::{self, Typed},
};

/// The interaction that is to happen. A person who is not of the known ones comes into being with the given name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    /// The command; not for a button.
    #[serde(default)]
    name: String,
    #[serde(default)]
    options: Vec<WantedOption>,
    /// The button, in place of a command.
    custom_id: Option<String>,
    /// The message that the button is on: the answer to the interaction with this token.
    message_of: Option<String>,
    /// Or the message itself.
    #[serde(default)]
    message: Value,
    guild_id: Option<GuildId>,
    user_id: Option<UserId>,
    user_name: Option<String>,
    /// The member's permissions in the channel: a bit set, as a string.
    permissions: Option<String>,
    id: Option<InteractionId>,
    #[serde(default)]
    direct_message: bool,
}

/// An option as Discord sends it; `userName` and `bot` say more about a user.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WantedOption {
    name: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    options: Vec<WantedOption>,
    #[serde(default)]
    focused: bool,
    user_name: Option<String>,
    #[serde(default)]
    bot: bool,
}

/// `POST /control/interactions`: gives the interaction's id and token, and the edge's status and body.
pub(super) async fn interact(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Value>, Error> {
    let wanted: Wanted = read(&body)?;
    let edge = state.edge.as_ref().ok_or_else(|| {
        let message = "there is no edge: start discord-sim with --edge-url and --signing-key";
        Error(StatusCode::CONFLICT, "no_edge", message.into())
    })?;
    let id = wanted.id.unwrap_or_else(|| InteractionId(state.fresh_id()));
    let payload = wanted.payload(&state, id)?;
    let answer = state
        .post(edge, &payload)
        .await
        .map_err(|error| Error(StatusCode::BAD_GATEWAY, "edge_unreachable", error.to_string()))?;
    Ok(Json(json!({ "id": id, "status": answer.status, "body": answer.json(), "token": payload::token(id) })))
}

impl Wanted {
    fn payload(self, state: &State, id: InteractionId) -> Result<Payload, Error> {
        let somebody = || fixtures::players(1).remove(0).id;
        let actor = player(state, self.user_id.unwrap_or_else(somebody), self.user_name.clone());
        let (in_dm, guild_id, permissions) = (self.direct_message, self.guild_id, self.permissions.clone());
        let mut payload = self.kind(state, id)?.by(&actor);
        if let Some(permissions) = permissions {
            let bits = permissions.parse().map_err(|_| {
                let message = format!("permissions `{permissions}` are not a number in a string");
                Error(StatusCode::BAD_REQUEST, "bad_permissions", message)
            })?;
            payload = payload.permitted(bits);
        }
        if in_dm {
            return Ok(payload.in_direct_message());
        }
        Ok(match guild_id {
            Some(id) => payload.in_guild(&guild(state, id)),
            None => state.guilds.first().map_or(payload.clone(), |guild| payload.in_guild(guild)),
        })
    }

    fn kind(self, state: &State, id: InteractionId) -> Result<Payload, Error> {
        if let Some(custom_id) = self.custom_id {
            let answered = self.message_of.and_then(|token| state.originals.get(&token));
            let message = answered.map_or(self.message, |original| original.message);
            return Ok(Payload::button(id, custom_id, message));
        }
        let (typed, is_focused) = typed(Typed::new(self.name), self.options, state)?;
        Ok(if is_focused { Payload::autocomplete(id, typed) } else { Payload::command(id, typed) })
    }
}

/// Subcommands and groups (types 1 and 2) hold the options. One that is focused makes it an autocomplete.
fn typed(mut typed: Typed, options: Vec<WantedOption>, state: &State) -> Result<(Typed, bool), Error> {
    let mut is_focused = false;
    let mut left: std::collections::VecDeque<_> = options.into();
    while let Some(option) = left.pop_front() {
        if matches!(option.kind, 1 | 2) {
            typed = typed.under(option.name);
            left.extend(option.options);
        } else {
            is_focused |= option.focused;
            let name = option.name.clone();
            typed = typed.with(name, option.value(state)?);
        }
    }
    Ok((typed, is_focused))
}

impl WantedOption {
    fn value(self, state: &State) -> Result<typed::Value, Error> {
        let value = match (self.kind, &self.value) {
            (3 | 4 | 10, Value::String(text)) if self.focused => Some(typed::Value::Partial(text.clone())),
            (3, Value::String(text)) => Some(typed::Value::Text(text.clone())),
            (4, Value::Number(number)) => number.as_i64().map(typed::Value::Integer),
            (5, Value::Bool(flag)) => Some(typed::Value::Flag(*flag)),
            (6, Value::String(id)) => id
                .parse()
                .ok()
                .map(|id| typed::Value::User(Player { bot: self.bot, ..player(state, id, self.user_name) })),
            (7, Value::String(id)) => id.parse().ok().map(typed::Value::Channel),
            (8, Value::String(id)) => id.parse().ok().map(typed::Value::Role),
            (10, Value::Number(number)) => number.as_f64().map(typed::Value::Number),
            _ => None,
        };
        value.ok_or_else(|| {
            let message = format!(
                "option `{}` has type {} and value {}: use 1 or 2 with options, 3 with a string, 4 with an integer, 5 \
                 with a bool, 6, 7 or 8 with a user's, channel's or role's id as a string, 10 with a number",
                self.name, self.kind, self.value
            );
            Error(StatusCode::BAD_REQUEST, "bad_option", message)
        })
    }
}

fn player(state: &State, id: UserId, name: Option<String>) -> Player {
    match (state.players.iter().find(|known| known.id == id), name) {
        (Some(known), None) => known.clone(),
        (_, Some(name)) => Player::named(id, &name),
        (None, None) => Player::named(id, &format!("Player {}", id.0 % 10_000)),
    }
}

fn guild(state: &State, id: GuildId) -> Guild {
    let known = state.guilds.iter().find(|known| known.id == id);
    known.cloned().unwrap_or_else(|| Guild { id, name: format!("Server {}", id.0 % 10_000) })
}
