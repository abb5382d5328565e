//! Routes for tests and people: what the real Discord would never let one do. No latency here.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as Shared},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use protocol::{GuildId, InteractionId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cast::{self, Guild, Player},
    payload::{self, Payload, Typed},
    state::{Counts, State},
};

/// The longest latency that can be set, in milliseconds.
const LATENCY_MAX_MS: u64 = 60_000;

/// The routes below `/control`.
pub fn routes(state: Arc<State>) -> Router {
    Router::new()
        .route("/latency", get(latency).put(set_latency))
        .route("/interactions", post(interact))
        .route("/commands", get(commands))
        .route("/players", put(set_players))
        .route("/stats", get(stats))
        .route("/edits/{token}", get(edit))
        .with_state(state)
}

struct Error(StatusCode, &'static str, String);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": { "code": self.1, "message": self.2 } }))).into_response()
    }
}

/// Whatever content type it claims to be: `curl -d` says nothing of JSON.
fn read<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, Error> {
    serde_json::from_slice(body)
        .map_err(|error| Error(StatusCode::BAD_REQUEST, "malformed_request", error.to_string()))
}

#[derive(Deserialize)]
struct Latency {
    ms: u64,
}

async fn latency(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(json!({ "ms": state.latency_ms.load(Ordering::Relaxed) }))
}

async fn set_latency(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Value>, Error> {
    let Latency { ms } = read(&body)?;
    if ms > LATENCY_MAX_MS {
        let message = format!("{ms} ms is over the {LATENCY_MAX_MS} ms that can be set");
        return Err(Error(StatusCode::BAD_REQUEST, "latency_too_long", message));
    }
    state.latency_ms.store(ms, Ordering::Relaxed);
    Ok(Json(json!({ "ms": ms })))
}

#[derive(Deserialize)]
struct Running {
    running: bool,
}

async fn set_players(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Value>, Error> {
    let Running { running } = read(&body)?;
    state.playing.store(running, Ordering::Relaxed);
    Ok(Json(json!({ "running": running })))
}

async fn stats(Shared(state): Shared<Arc<State>>) -> Json<Counts> {
    Json(state.tally.counts())
}

async fn commands(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let guilds: Value = state
        .guilds
        .iter()
        .map(|guild| (guild.id.to_string(), Value::from(state.commands(Some(guild.id.0)))))
        .collect();
    Json(json!({ "global": state.commands(None), "guilds": guilds }))
}

async fn edit(Shared(state): Shared<Arc<State>>, Path(token): Path<String>) -> Result<Json<Value>, Error> {
    state.edit_of(&token).map(Json).ok_or_else(|| {
        Error(StatusCode::NOT_FOUND, "not_edited", "the answer to this token has not been edited".into())
    })
}

/// A command to be typed. Who is not of the cast comes into being with the given name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    name: String,
    #[serde(default)]
    options: Vec<WantedOption>,
    guild_id: Option<GuildId>,
    user_id: Option<UserId>,
    user_name: Option<String>,
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
    value: Value,
    user_name: Option<String>,
    #[serde(default)]
    bot: bool,
}

async fn interact(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Value>, Error> {
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
        let mut typed = Typed::new(self.name);
        for option in self.options {
            let name = option.name.clone();
            typed = typed.with(name, option.value(state)?);
        }
        let somebody = || cast::players(1).remove(0).id;
        let actor = player(state, self.user_id.unwrap_or_else(somebody), self.user_name);
        let payload = Payload::command(id, typed).by(&actor);
        if self.direct_message {
            return Ok(payload.in_direct_message());
        }
        Ok(match self.guild_id {
            Some(id) => payload.in_guild(&guild(state, id)),
            None => state.guilds.first().map_or(payload.clone(), |guild| payload.in_guild(guild)),
        })
    }
}

impl WantedOption {
    fn value(self, state: &State) -> Result<payload::Value, Error> {
        let value = match (self.kind, &self.value) {
            (3, Value::String(text)) => Some(payload::Value::Text(text.clone())),
            (4, Value::Number(number)) => number.as_i64().map(payload::Value::Integer),
            (5, Value::Bool(flag)) => Some(payload::Value::Flag(*flag)),
            (6, Value::String(id)) => id.parse().ok().map(|id| {
                payload::Value::User(Player { bot: self.bot, ..player(state, id, self.user_name) })
            }),
            _ => None,
        };
        value.ok_or_else(|| {
            let message = format!(
                "option `{}` has type {} and value {}: use 3 with a string, 4 with an integer, 5 with a bool, 6 with a user's id as a string",
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
