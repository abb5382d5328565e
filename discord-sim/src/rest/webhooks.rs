//! The webhook of an interaction: its first message, and further ones.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#endpoints>.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State as Shared},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::Value;

use super::{Answer, Error, extend, messages::checked};
use crate::{fixtures, objects, state::State};

pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/webhooks/{application}/{token}", post(follow_up))
        .route("/webhooks/{application}/{token}/messages/@original", get(original).patch(edit).delete(delete))
}

async fn original(
    Shared(state): Shared<Arc<State>>,
    Path((application, token)): Path<(u64, String)>,
) -> Answer {
    known_webhook(&state, application)?;
    match state.originals.get(&token).map(|original| original.message) {
        Some(contents) if !contents.is_null() => Ok(Json(message(&state, &contents))),
        Some(_) => Err(Error::UNKNOWN_MESSAGE),
        None => Err(Error::UNKNOWN_WEBHOOK),
    }
}

async fn edit(
    Shared(state): Shared<Arc<State>>,
    Path((application, token)): Path<(u64, String)>,
    Json(edit): Json<Value>,
) -> Answer {
    known_webhook(&state, application)?;
    let edit = checked(edit, false)?;
    let contents = state.originals.edit(&token, &edit).ok_or(Error::UNKNOWN_WEBHOOK)?;
    Ok(Json(message(&state, &contents)))
}

async fn follow_up(
    Shared(state): Shared<Arc<State>>,
    Path((application, token)): Path<(u64, String)>,
    Json(contents): Json<Value>,
) -> Answer {
    known_webhook(&state, application)?;
    let contents = checked(contents, true)?;
    if !state.originals.follow_up(&token, contents.clone()) {
        return Err(Error::UNKNOWN_WEBHOOK);
    }
    Ok(Json(message(&state, &contents)))
}

async fn delete(
    Shared(state): Shared<Arc<State>>,
    Path((application, token)): Path<(u64, String)>,
) -> Result<StatusCode, Error> {
    known_webhook(&state, application)?;
    state.originals.delete(&token).then_some(StatusCode::NO_CONTENT).ok_or(Error::UNKNOWN_MESSAGE)
}

fn known_webhook(state: &State, application: u64) -> Result<(), Error> {
    if application == state.application { Ok(()) } else { Err(Error::UNKNOWN_WEBHOOK) }
}

fn message(state: &State, contents: &Value) -> Value {
    let mut message = objects::message(state.fresh_id(), 1, &fixtures::bot(state.application), contents);
    let id = state.application.to_string();
    extend(&mut message, serde_json::json!({ "application_id": id, "type": 20, "webhook_id": id }));
    message
}
