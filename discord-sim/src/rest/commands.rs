//! Application commands: a `PUT` overwrites all of a scope.
//!
//! Source: <https://discord.com/developers/docs/interactions/application-commands>.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State as Shared},
    routing::get,
};
use serde_json::{Value, json};

use super::{Answer, Error, extend};
use crate::state::{ENTRY_POINT, State};

mod limits;

pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route("/applications/{application}/commands", get(commands).put(overwrite_commands)).route(
        "/applications/{application}/guilds/{guild}/commands",
        get(guild_commands).put(overwrite_guild_commands),
    )
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
    let definitions = definitions(body.0)?;
    let has_entry_point = |commands: &[Value]| commands.iter().any(|command| command["type"] == ENTRY_POINT);
    if has_entry_point(&state.commands(None)) && !has_entry_point(&definitions) {
        return Err(Error::ENTRY_POINT);
    }
    Ok(Json(state.overwrite_commands(None, definitions).into()))
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

fn known_application(state: &State, application: u64) -> Result<(), Error> {
    if application == state.application { Ok(()) } else { Err(Error::UNKNOWN_APPLICATION) }
}

fn known_guild(state: &State, (application, guild): (u64, u64)) -> Result<(), Error> {
    known_application(state, application)?;
    if state.guilds.iter().any(|known| known.id.0 == guild) { Ok(()) } else { Err(Error::MISSING_ACCESS) }
}

/// Definitions as Discord keeps them: what is left out gets its default, what says nothing is dropped. New applications may
/// be installed in servers and by people for themselves, and so may a command that does not say otherwise.
fn definitions(body: Value) -> Result<Vec<Value>, Error> {
    let Value::Array(definitions) = body else { return Err(Error::malformed()) };
    limits::check(&definitions)?;
    Ok(definitions.into_iter().map(definition).collect())
}

fn definition(mut definition: Value) -> Value {
    drop_what_says_nothing(&mut definition);
    let mut kept = json!({
        "contexts": null, "default_member_permissions": null, "description": "", "dm_permission": true,
        "integration_types": [0, 1], "nsfw": false, "type": 1,
    });
    extend(&mut kept, definition);
    kept
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
