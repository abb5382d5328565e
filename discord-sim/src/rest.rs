//! Discord's REST routes that a bot calls, in the shapes of its documentation.
//!
//! Source: <https://discord.com/developers/docs/reference>.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State as Shared},
    http::{
        StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value, json};

use crate::{fixtures, objects, state::State};

mod application;
mod commands;
mod layer;
mod messages;
pub mod oauth;
mod webhooks;

/// The routes below `/api/v10`; each answer waits for the current latency.
pub fn routes(state: Arc<State>) -> Router {
    let for_bots = Router::new()
        .route("/users/@me", get(current_user))
        .route("/users/@me/guilds", get(current_guilds))
        .route("/applications/@me", get(application::show).patch(application::change))
        .route("/oauth2/applications/@me", get(application::show))
        .route("/gateway/bot", get(gateway))
        .merge(commands::routes())
        .merge(messages::routes())
        .route_layer(middleware::from_fn_with_state(Arc::clone(&state), only_the_bot));
    // The token in the path is what authorizes the webhooks.
    for_bots
        .merge(webhooks::routes())
        .merge(oauth::routes())
        .route("/gateway", get(gateway_url))
        .fallback(async || Error::NOT_FOUND)
        .method_not_allowed_fallback(async || Error::METHOD_NOT_ALLOWED)
        .layer(middleware::map_response(in_discords_words))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), layer::pass))
        .with_state(state)
}

/// An error as Discord tells it.
#[derive(Debug, PartialEq)]
struct Error {
    status: StatusCode,
    code: u32,
    message: &'static str,
    /// The errors by field, as in Discord's Invalid Form Body; `null` where no field is wrong.
    errors: Value,
}

impl Error {
    const UNAUTHORIZED: Self = Self::plain(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized");
    const NOT_FOUND: Self = Self::plain(StatusCode::NOT_FOUND, 0, "404: Not Found");
    const METHOD_NOT_ALLOWED: Self =
        Self::plain(StatusCode::METHOD_NOT_ALLOWED, 0, "405: Method Not Allowed");
    const UNKNOWN_APPLICATION: Self = Self::plain(StatusCode::NOT_FOUND, 10_002, "Unknown Application");
    const UNKNOWN_WEBHOOK: Self = Self::plain(StatusCode::NOT_FOUND, 10_015, "Unknown Webhook");
    const UNKNOWN_MESSAGE: Self = Self::plain(StatusCode::NOT_FOUND, 10_008, "Unknown Message");
    const EMPTY_MESSAGE: Self = Self::plain(StatusCode::BAD_REQUEST, 50_006, "Cannot send an empty message");
    const MISSING_ACCESS: Self = Self::plain(StatusCode::FORBIDDEN, 50_001, "Missing Access");
    const NO_MUTUAL_GUILDS: Self = Self::plain(
        StatusCode::FORBIDDEN,
        50_278,
        "Cannot send messages to this user due to having no mutual guilds",
    );
    const ENTRY_POINT: Self = Self::plain(
        StatusCode::BAD_REQUEST,
        50_240,
        "You cannot remove this app's Entry Point command in a bulk update operation. Include the Entry Point command in \
         your update request or delete it separately.",
    );

    const fn plain(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self { status, code, message, errors: Value::Null }
    }

    /// A field that is not as documented, such as `0.options.3.name`.
    ///
    /// Source: <https://discord.com/developers/docs/reference#error-messages>.
    fn form(field: &str, code: &str, message: &str) -> Self {
        let mut errors = json!({ "_errors": [{ "code": code, "message": message }] });
        for part in field.split('.').rev() {
            errors = json!({ part: errors });
        }
        Self { errors, ..Self::plain(StatusCode::BAD_REQUEST, 50_035, "Invalid Form Body") }
    }

    fn malformed() -> Self {
        Self::plain(StatusCode::BAD_REQUEST, 50_109, "The request body contains invalid JSON.")
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut body = json!({ "message": self.message, "code": self.code });
        if !self.errors.is_null() {
            body["errors"] = self.errors;
        }
        (self.status, Json(body)).into_response()
    }
}

type Answer = Result<Json<Value>, Error>;

/// A path or a body that cannot be read is told in axum's plain words; Discord always speaks JSON.
async fn in_discords_words(response: Response) -> Response {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if response.status().is_client_error() && !is_json {
        Error::malformed().into_response()
    } else {
        response
    }
}

/// People may ask who they are and where they are, too.
async fn only_the_bot(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bot ")) == Some(state.bot_token.as_str()) {
        return next.run(request).await;
    }
    match (oauth::person(&state, request.headers()), request.uri().path()) {
        (Some(person), "/users/@me") => Json(objects::user(&person)).into_response(),
        (Some(person), "/users/@me/guilds") => oauth::guilds(&state, &person).into_response(),
        _ => Error::UNAUTHORIZED.into_response(),
    }
}

async fn current_user(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let mut user = objects::user(&fixtures::bot(state.application));
    let more = json!({
        "accent_color": null, "banner": null, "banner_color": null, "bio": "", "email": null, "flags": 0,
        "locale": "en-US", "mfa_enabled": true, "premium_type": 0, "verified": true,
    });
    extend(&mut user, more);
    Json(user)
}

async fn current_guilds(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let guilds = state.guilds_here().map(|guild| {
        json!({
            "banner": null, "features": [], "icon": null, "id": guild.id, "name": guild.name, "owner": false,
            "permissions": "2248473465835073",
        })
    });
    Json(guilds.collect())
}

async fn gateway_url(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(json!({ "url": state.gateway_url() }))
}

async fn gateway(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    let settings = state.gateway.settings();
    Json(json!({
        "url": state.gateway_url(),
        "shards": settings.shards,
        "session_start_limit": {
            "total": 1_000, "remaining": settings.identifies_left, "reset_after": 86_400_000, "max_concurrency": 1,
        },
    }))
}

fn extend(value: &mut Value, more: Value) {
    let more: Map<String, Value> = if let Value::Object(fields) = more { fields } else { Map::new() };
    if let Value::Object(fields) = value {
        fields.extend(more);
    }
}
