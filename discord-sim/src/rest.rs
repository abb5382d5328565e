//! Discord's REST routes that a bot calls, in the shapes of its documentation.
//!
//! Source: <https://discord.com/developers/docs/reference>.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Request, State as Shared},
    http::{
        StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, patch},
};
use protocol::UserId;
use serde_json::{Map, Value, json};

use crate::{cast::Player, payload, state::State};

/// Commands that one scope holds at most.
const COMMANDS_MAX: usize = 100;

/// The routes below `/api/v10`; each answer waits for the current latency.
pub fn routes(state: Arc<State>) -> Router {
    let for_bots = Router::new()
        .route("/users/@me", get(current_user))
        .route("/users/@me/guilds", get(current_guilds))
        .route("/applications/@me", get(application))
        .route("/oauth2/applications/@me", get(application))
        .route("/gateway/bot", get(gateway))
        .route("/applications/{application}/commands", get(commands).put(overwrite_commands))
        .route(
            "/applications/{application}/guilds/{guild}/commands",
            get(guild_commands).put(overwrite_guild_commands),
        )
        .route_layer(middleware::from_fn_with_state(Arc::clone(&state), only_the_bot));
    // The token in the path is what authorizes these.
    let for_answers =
        Router::new().route("/webhooks/{application}/{token}/messages/@original", patch(edit_original));
    for_bots
        .merge(for_answers)
        .fallback(async || Error::NOT_FOUND)
        .method_not_allowed_fallback(async || Error::METHOD_NOT_ALLOWED)
        .layer(middleware::map_response(in_discords_words))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), wait))
        .with_state(state)
}

/// An error as Discord tells it.
struct Error(StatusCode, u32, &'static str);

impl Error {
    const UNAUTHORIZED: Self = Self(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized");
    const NOT_FOUND: Self = Self(StatusCode::NOT_FOUND, 0, "404: Not Found");
    const METHOD_NOT_ALLOWED: Self = Self(StatusCode::METHOD_NOT_ALLOWED, 0, "405: Method Not Allowed");
    const UNKNOWN_APPLICATION: Self = Self(StatusCode::NOT_FOUND, 10_002, "Unknown Application");
    const UNKNOWN_WEBHOOK: Self = Self(StatusCode::NOT_FOUND, 10_015, "Unknown Webhook");
    const MISSING_ACCESS: Self = Self(StatusCode::FORBIDDEN, 50_001, "Missing Access");
    const INVALID_FORM: Self = Self(StatusCode::BAD_REQUEST, 50_035, "Invalid Form Body");
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.2, "code": self.1 }))).into_response()
    }
}

type Answer = Result<Json<Value>, Error>;

async fn wait(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    tokio::time::sleep(state.latency()).await;
    next.run(request).await
}

/// A path or a body that cannot be read is told in axum's plain words; Discord always speaks JSON.
async fn in_discords_words(response: Response) -> Response {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if response.status().is_client_error() && !is_json {
        Error::INVALID_FORM.into_response()
    } else {
        response
    }
}

async fn only_the_bot(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bot ")) != Some(state.bot_token.as_str()) {
        return Error::UNAUTHORIZED.into_response();
    }
    next.run(request).await
}

async fn current_user(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let mut user = payload::user(&bot(&state));
    let more = json!({
        "accent_color": null, "banner": null, "banner_color": null, "bio": "", "email": null, "flags": 0,
        "locale": "en-US", "mfa_enabled": true, "premium_type": 0, "verified": true,
    });
    extend(&mut user, more);
    Json(user)
}

async fn current_guilds(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let guilds = state.guilds.iter().map(|guild| {
        json!({
            "banner": null, "features": [], "icon": null, "id": guild.id, "name": guild.name, "owner": false,
            "permissions": "2248473465835073",
        })
    });
    Json(guilds.collect())
}

async fn application(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(json!({
        "approximate_guild_count": state.guilds.len(),
        "bot": payload::user(&bot(&state)),
        "bot_public": true,
        "bot_require_code_grant": false,
        "description": "An economy, live.",
        "flags": 0,
        "hook": true,
        "icon": null,
        "id": state.application.to_string(),
        "integration_types_config": { "0": {} },
        "interactions_endpoint_url": null,
        "is_monetized": false,
        "name": "Pulse",
        "redirect_uris": [],
        "summary": "",
        "team": null,
        "type": null,
        "verify_key": state.public_key,
    }))
}

async fn gateway(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(json!({
        "url": state.url.replacen("http", "ws", 1),
        "shards": 1,
        "session_start_limit": { "total": 1_000, "remaining": 1_000, "reset_after": 0, "max_concurrency": 1 },
    }))
}

async fn commands(Shared(state): Shared<Arc<State>>, Path(application): Path<u64>) -> Answer {
    known_application(&state, application)?;
    Ok(Json(state.commands(None).into()))
}

async fn overwrite_commands(
    Shared(state): Shared<Arc<State>>,
    Path(application): Path<u64>,
    body: Json<Value>,
) -> Answer {
    known_application(&state, application)?;
    Ok(Json(state.overwrite_commands(None, definitions(body.0)?).into()))
}

async fn guild_commands(Shared(state): Shared<Arc<State>>, Path(path): Path<(u64, u64)>) -> Answer {
    known_guild(&state, path)?;
    Ok(Json(state.commands(Some(path.1)).into()))
}

async fn overwrite_guild_commands(
    Shared(state): Shared<Arc<State>>,
    Path(path): Path<(u64, u64)>,
    body: Json<Value>,
) -> Answer {
    known_guild(&state, path)?;
    Ok(Json(state.overwrite_commands(Some(path.1), definitions(body.0)?).into()))
}

async fn edit_original(
    Shared(state): Shared<Arc<State>>,
    Path((application, token)): Path<(u64, String)>,
    Json(edit): Json<Value>,
) -> Answer {
    if application != state.application {
        return Err(Error::UNKNOWN_WEBHOOK);
    }
    let mut message = json!({
        "application_id": application.to_string(), "attachments": [], "author": payload::user(&bot(&state)),
        "channel_id": "1", "components": [], "content": "", "edited_timestamp": null, "embeds": [], "flags": 0,
        "id": state.fresh_id().to_string(), "mention_everyone": false, "mention_roles": [], "mentions": [],
        "pinned": false, "timestamp": "2024-03-09T18:21:04.117000+00:00", "tts": false, "type": 20,
        "webhook_id": application.to_string(),
    });
    extend(&mut message, edit.clone());
    state.edit(token, edit);
    Ok(Json(message))
}

fn known_application(state: &State, application: u64) -> Result<(), Error> {
    if application == state.application { Ok(()) } else { Err(Error::UNKNOWN_APPLICATION) }
}

fn known_guild(state: &State, (application, guild): (u64, u64)) -> Result<(), Error> {
    known_application(state, application)?;
    if state.guilds.iter().any(|known| known.id.0 == guild) { Ok(()) } else { Err(Error::MISSING_ACCESS) }
}

/// The bot has the application's id, as every bot made since 2016 has.
fn bot(state: &State) -> Player {
    Player {
        id: UserId(state.application),
        username: "Pulse".into(),
        global_name: None,
        nick: None,
        bot: true,
    }
}

/// Definitions as Discord keeps them: what is left out gets its default, what says nothing is dropped.
fn definitions(body: Value) -> Result<Vec<Value>, Error> {
    let Value::Array(definitions) = body else { return Err(Error::INVALID_FORM) };
    if definitions.len() > COMMANDS_MAX {
        return Err(Error::INVALID_FORM);
    }
    definitions.into_iter().map(definition).collect()
}

fn definition(mut definition: Value) -> Result<Value, Error> {
    let name_is_good =
        definition["name"].as_str().is_some_and(|name| (1..=32).contains(&name.chars().count()));
    if !name_is_good || !definition.is_object() {
        return Err(Error::INVALID_FORM);
    }
    drop_what_says_nothing(&mut definition);
    let mut kept = json!({
        "contexts": null, "default_member_permissions": null, "description": "", "dm_permission": true,
        "integration_types": [0], "nsfw": false, "type": 1,
    });
    extend(&mut kept, definition);
    Ok(kept)
}

fn drop_what_says_nothing(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_what_says_nothing);
            fields.retain(|_, field| {
                !field.is_null()
                    && *field != Value::Bool(false)
                    && field.as_array().is_none_or(|all| !all.is_empty())
            });
        }
        Value::Array(items) => items.iter_mut().for_each(drop_what_says_nothing),
        _ => {}
    }
}

fn extend(value: &mut Value, more: Value) {
    let more: Map<String, Value> = if let Value::Object(fields) = more { fields } else { Map::new() };
    if let Value::Object(fields) = value {
        fields.extend(more);
    }
}
