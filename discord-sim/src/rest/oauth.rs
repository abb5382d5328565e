//! Signing in with Discord, as an application meets it: a page that asks, a code, a token, and who it belongs to.
//!
//! Source: <https://discord.com/developers/docs/topics/oauth2#authorization-code-grant>.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Form, Query, State as Shared},
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, LOCATION},
    },
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use protocol::UserId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cast::Player,
    objects,
    state::{State, lock},
};

/// Seconds that a token lives.
const EXPIRES_IN: u64 = 604_800;
/// People that the page offers to be.
const PEOPLE_SHOWN: usize = 8;
/// Permissions of somebody who may change every server.
const ADMINISTRATOR: &str = "8";

/// Below `/oauth2`, outside of the API: what a browser opens.
pub(crate) fn page() -> Router<Arc<State>> {
    Router::new().route("/oauth2/authorize", get(authorize))
}

/// Below the API.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route("/oauth2/token", post(token))
}

/// A permission to be exchanged for a token, once.
#[derive(Clone, Debug)]
pub struct Grant {
    redirect_uri: String,
    user: UserId,
}

#[derive(Deserialize)]
struct Wish {
    client_id: u64,
    redirect_uri: String,
    response_type: String,
    #[serde(default)]
    state: String,
    /// Of the stand-in: who signs in, without being asked.
    user: Option<UserId>,
    /// Of the stand-in: they say no.
    #[serde(default)]
    deny: bool,
}

/// Without `user`, a page that asks who one is.
async fn authorize(Shared(state): Shared<Arc<State>>, Query(wish): Query<Wish>) -> Response {
    if wish.client_id != state.application || wish.response_type != "code" {
        return (StatusCode::BAD_REQUEST, Html("<h1>Invalid client_id or response_type</h1>"))
            .into_response();
    }
    let Ok(mut back) = reqwest::Url::parse(&wish.redirect_uri) else {
        return (StatusCode::BAD_REQUEST, Html("<h1>Invalid redirect_uri</h1>")).into_response();
    };
    let Some(user) = wish.user else { return Html(choice(&state, &wish)).into_response() };
    if wish.deny {
        back.query_pairs_mut().append_pair("error", "access_denied");
    } else {
        let code = format!("code-{:x}", state.fresh_id());
        let grant = Grant { redirect_uri: wish.redirect_uri, user };
        lock(&state.grants).insert(code.clone(), grant);
        back.query_pairs_mut().append_pair("code", &code);
    }
    back.query_pairs_mut().append_pair("state", &wish.state);
    (StatusCode::FOUND, [(LOCATION, String::from(back))]).into_response()
}

fn choice(state: &State, wish: &Wish) -> String {
    let fields = [
        ("client_id", wish.client_id.to_string()),
        ("redirect_uri", wish.redirect_uri.clone()),
        ("response_type", wish.response_type.clone()),
        ("state", wish.state.clone()),
    ];
    let quoted = |value: &str| value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let hidden: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("<input type=hidden name={name} value=\"{}\">", quoted(value)))
        .collect();
    let people = state.players.iter().take(PEOPLE_SHOWN);
    let buttons: Vec<String> = people
        .map(|who| format!("<p><button name=user value={}>{}</button>", who.id, quoted(&who.username)))
        .collect();
    let (hidden, buttons) = (hidden.concat(), buttons.concat());
    format!(
        "<!doctype html><title>Stand-in for Discord</title><h1>Authorize Pulse</h1><form>{hidden}{buttons}\
         <p><label><input type=checkbox name=deny value=true> say no</label></form>"
    )
}

#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    code: String,
    redirect_uri: String,
}

/// The application shows its id and secret as HTTP Basic, or in the form; any secret is right here.
async fn token(Shared(state): Shared<Arc<State>>, Form(exchange): Form<Exchange>) -> Response {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    if exchange.grant_type != "authorization_code" {
        return refused("unsupported_grant_type");
    }
    let grant = lock(&state.grants).remove(&exchange.code);
    let Some(grant) = grant.filter(|grant| grant.redirect_uri == exchange.redirect_uri) else {
        return refused("invalid_grant");
    };
    Json(json!({
        "access_token": format!("user-{}", grant.user), "token_type": "Bearer", "expires_in": EXPIRES_IN,
        "refresh_token": format!("refresh-{}", grant.user), "scope": "identify guilds",
    }))
    .into_response()
}

/// Whose token this is, if it is a person's.
pub(super) fn person(state: &State, headers: &HeaderMap) -> Option<Player> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let id = given.strip_prefix("Bearer user-")?.parse::<UserId>().ok()?;
    let known = state.players.iter().find(|player| player.id == id).cloned();
    Some(known.unwrap_or_else(|| Player::named(id, "somebody")))
}

/// The servers of a person: all of them, as owner of the first.
pub(super) fn guilds(state: &State) -> Json<Value> {
    let guilds = state.guilds.iter().enumerate().map(|(index, guild)| {
        let permissions =
            if index == 0 { ADMINISTRATOR.to_owned() } else { objects::MEMBER_PERMISSIONS.to_string() };
        json!({
            "banner": null, "features": [], "icon": null, "id": guild.id, "name": guild.name,
            "owner": index == 0, "permissions": permissions,
        })
    });
    Json(guilds.collect())
}
