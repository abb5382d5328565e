//! Messages in channels, those between the bot and one person included.
//!
//! Sources: <https://discord.com/developers/docs/resources/message#create-message>,
//! <https://discord.com/developers/docs/resources/user#create-dm>.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State as Shared},
    routing::post,
};
use protocol::UserId;
use serde_json::{Value, json};

use super::{Answer, Error, extend};
use crate::{
    fixtures::{self, Player},
    lock::lock,
    objects,
    reply::check_message,
    state::State,
};

/// Letters of a nonce at most.
const NONCE_MAX: usize = 25;
/// Messages that are kept; older ones are let go.
const KEPT: usize = 10_000;

pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/users/@me/channels", post(create_direct_channel))
        .route("/channels/{channel}/messages", post(create_message))
}

/// A message's contents, or Discord's words about them.
pub(super) fn checked(contents: Value, is_new: bool) -> Result<Value, Error> {
    check_message(contents, is_new).map_err(|problem| match problem.0.as_str() {
        "an empty message" => Error::EMPTY_MESSAGE,
        "content over 2000 characters" => {
            Error::form("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
        }
        "more than 10 embeds" => {
            Error::form("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
        }
        "more than 5 rows of components" => {
            Error::form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        }
        _ => Error::malformed(),
    })
}

/// A channel with one person has that person's id plus one, as interactions tell it, too.
async fn create_direct_channel(Shared(state): Shared<Arc<State>>, Json(wanted): Json<Value>) -> Answer {
    let recipient = wanted["recipient_id"].as_str().and_then(|id| id.parse::<UserId>().ok());
    let recipient = recipient
        .ok_or_else(|| Error::form("recipient_id", "NUMBER_TYPE_COERCE", "Value is not snowflake."))?;
    let known = state.players.iter().find(|player| player.id == recipient).cloned();
    let person = known.unwrap_or_else(|| Player::named(recipient, "somebody"));
    Ok(Json(json!({
        "flags": 0, "id": (recipient.0 + 1).to_string(), "last_message_id": null,
        "recipients": [objects::user(&person)], "type": 1,
    })))
}

/// With `enforce_nonce`, a nonce that was used gives the message that was made with it, and makes no other.
async fn create_message(
    Shared(state): Shared<Arc<State>>,
    Path(channel): Path<u64>,
    Json(contents): Json<Value>,
) -> Answer {
    let contents = checked(contents, true)?;
    if contents["nonce"].as_str().is_some_and(|nonce| nonce.chars().count() > NONCE_MAX) {
        return Err(Error::form("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."));
    }
    // A channel with one person has that person's id plus one.
    let person = channel.checked_sub(1).map(|person| state.rights_of(UserId(person)));
    if person.is_some_and(|person| person.servers.is_some_and(|servers| servers.is_empty())) {
        return Err(Error::NO_MUTUAL_GUILDS);
    }
    let mut messages = lock(&state.messages);
    let channel_id = json!(channel.to_string());
    if contents["enforce_nonce"] == true
        && let Some(made) = messages
            .iter()
            .find(|made| made["channel_id"] == channel_id && made["nonce"] == contents["nonce"])
    {
        return Ok(Json(made.clone()));
    }
    let mut message =
        objects::message(state.fresh_id(), channel, &fixtures::bot(state.application), &contents);
    extend(&mut message, json!({ "channel_id": channel_id }));
    messages.push_back(message.clone());
    if messages.len() > KEPT {
        messages.pop_front();
    }
    Ok(Json(message))
}
