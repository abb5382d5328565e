//! Routes for tests and people: what the real Discord would never let one do. No latency here.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as Shared},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use protocol::{GuildId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    faults::{Fault, Weather},
    gateway::{Order, Settings},
    grants::Rights,
    original_responses::Original,
    state::{Counts, State},
};

mod interact;

/// The longest latency that can be set, in milliseconds.
const LATENCY_MAX_MS: u64 = 60_000;

/// The routes below `/control`.
pub fn routes(state: Arc<State>) -> Router {
    Router::new()
        .route("/latency", get(latency).put(set_latency))
        .route("/interactions", post(interact::interact))
        .route("/commands", get(commands))
        .route("/commands/entry-point", post(add_entry_point))
        .route("/application", put(set_application))
        .route("/players", put(set_players))
        .route("/people/{user}", put(set_person))
        .route("/stats", get(stats))
        .route("/edits/{token}", get(edit))
        .route("/originals/{token}", get(original))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/messages", get(messages))
        .route("/gateway", get(gateway).put(set_gateway).post(order_gateway))
        .route("/weather", get(weather).put(set_weather))
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
    Json(json!({ "ms": state.faults.latency_ms.load(Ordering::Relaxed) }))
}

async fn set_latency(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Value>, Error> {
    let Latency { ms } = read(&body)?;
    if ms > LATENCY_MAX_MS {
        let message = format!("{ms} ms is over the {LATENCY_MAX_MS} ms that can be set");
        return Err(Error(StatusCode::BAD_REQUEST, "latency_too_long", message));
    }
    state.faults.latency_ms.store(ms, Ordering::Relaxed);
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Portal {
    redirect_uris: Option<Vec<String>>,
    /// Empty: it is taken away.
    endpoint: Option<String>,
}

/// `PUT /control/application`: sets what a person types into the Developer Portal. Fields that are left out stay as they
/// are.
async fn set_application(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<StatusCode, Error> {
    let Portal { redirect_uris, endpoint } = read(&body)?;
    if let Some(urls) = redirect_uris {
        state.set_redirects(urls);
    }
    if let Some(endpoint) = endpoint {
        state.set_endpoint(Some(endpoint).filter(|url| !url.is_empty()));
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Person {
    /// Permissions by server, as Discord writes them: 64 bits as text.
    servers: Option<BTreeMap<GuildId, String>>,
    #[serde(default)]
    revoked: bool,
}

async fn set_person(
    Shared(state): Shared<Arc<State>>,
    Path(user): Path<UserId>,
    body: Bytes,
) -> Result<StatusCode, Error> {
    let Person { servers, revoked } = read(&body)?;
    let number = |permissions: String| permissions.parse::<u64>();
    let servers = servers.map(|servers| {
        servers.into_iter().map(|(guild, permissions)| Ok((guild, number(permissions)?))).collect()
    });
    let servers = servers.transpose().map_err(|error: std::num::ParseIntError| {
        Error(StatusCode::BAD_REQUEST, "malformed_request", format!("permissions: {error}"))
    })?;
    state.set_rights(user, Rights { servers, revoked });
    Ok(StatusCode::NO_CONTENT)
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

/// `POST /control/commands/entry-point`: adds the command that Discord makes when an application turns Activities on.
async fn add_entry_point(Shared(state): Shared<Arc<State>>) -> StatusCode {
    state.add_entry_point();
    StatusCode::NO_CONTENT
}

/// The last edit of the answer to this token.
async fn edit(Shared(state): Shared<Arc<State>>, Path(token): Path<String>) -> Result<Json<Value>, Error> {
    let last = state.originals.get(&token).and_then(|mut original| original.edits.pop());
    last.map(Json).ok_or_else(|| {
        Error(StatusCode::NOT_FOUND, "not_edited", "the answer to this token has not been edited".into())
    })
}

async fn original(
    Shared(state): Shared<Arc<State>>,
    Path(token): Path<String>,
) -> Result<Json<Original>, Error> {
    state.originals.get(&token).map(Json).ok_or_else(|| {
        Error(StatusCode::NOT_FOUND, "unknown_token", "nothing was posted or edited with this token".into())
    })
}

async fn faults(Shared(state): Shared<Arc<State>>) -> Json<Vec<Fault>> {
    Json(state.faults.list())
}

async fn add_fault(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Vec<Fault>>, Error> {
    let fault: Fault = read(&body)?;
    if let Some(mistake) = fault.effect.mistake() {
        return Err(Error(StatusCode::BAD_REQUEST, "no_such_answer", mistake));
    }
    state.faults.add(fault);
    Ok(Json(state.faults.list()))
}

async fn clear_faults(Shared(state): Shared<Arc<State>>) -> StatusCode {
    state.faults.clear();
    StatusCode::NO_CONTENT
}

async fn weather(Shared(state): Shared<Arc<State>>) -> Json<Weather> {
    Json(state.faults.weather())
}

async fn set_weather(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Weather>, Error> {
    state.faults.set_weather(read(&body)?);
    Ok(Json(state.faults.weather()))
}

async fn gateway(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(json!({ "settings": state.gateway.settings(), "watch": state.gateway.watch() }))
}

async fn set_gateway(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<Json<Settings>, Error> {
    state.gateway.set(read(&body)?);
    Ok(Json(state.gateway.settings()))
}

async fn order_gateway(Shared(state): Shared<Arc<State>>, body: Bytes) -> Result<StatusCode, Error> {
    state.gateway.order(&read::<Order>(&body)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn messages(Shared(state): Shared<Arc<State>>) -> Json<Vec<Value>> {
    Json(state.messages())
}
