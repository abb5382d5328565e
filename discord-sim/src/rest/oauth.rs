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
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::UserId;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{fixtures::Player, grants::Grant, lock::lock, objects, state::State};

/// Seconds that a token lives.
const EXPIRES_IN: u64 = 604_800;
/// The one client secret that is not the application's.
const WRONG_SECRET: &str = "wrong";
/// People that the page offers to be.
const PEOPLE_SHOWN: usize = 8;
/// Permissions of somebody who may change every server.
const ADMINISTRATOR: u64 = 8;

/// Below `/oauth2`, outside of the API: what a browser opens.
pub(crate) fn page() -> Router<Arc<State>> {
    Router::new().route("/oauth2/authorize", get(authorize))
}

/// The token routes below `/api/v10`; the form authorizes them, not the bot's token.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route("/oauth2/token", post(token)).route("/oauth2/token/revoke", post(revoke))
}

#[derive(Deserialize)]
struct Wish {
    client_id: u64,
    redirect_uri: String,
    response_type: String,
    #[serde(default)]
    state: String,
    /// RFC 7636; only the method S256 is known here, as there.
    code_challenge: Option<String>,
    /// The person who signs in without being asked; of the stand-in, not of Discord.
    user: Option<UserId>,
    /// The person says no; of the stand-in, not of Discord.
    #[serde(default)]
    deny: bool,
}

/// Sends the browser back with a code; without `user`, shows a page that asks who one is.
async fn authorize(Shared(state): Shared<Arc<State>>, Query(wish): Query<Wish>) -> Response {
    if wish.client_id != state.application || wish.response_type != "code" {
        return (StatusCode::BAD_REQUEST, Html("<h1>Invalid client_id or response_type</h1>"))
            .into_response();
    }
    let Ok(mut back) = reqwest::Url::parse(&wish.redirect_uri) else {
        return (StatusCode::BAD_REQUEST, Html("<h1>Invalid redirect_uri</h1>")).into_response();
    };
    let known = lock(&state.redirects).clone();
    if !known.is_empty() && !known.contains(&wish.redirect_uri) {
        let words = "<h1>Invalid OAuth2 redirect_uri</h1>";
        return (StatusCode::BAD_REQUEST, Html(words)).into_response();
    }
    let Some(user) = wish.user else { return Html(choice(&state, &wish)).into_response() };
    if wish.deny {
        back.query_pairs_mut().append_pair("error", "access_denied");
    } else {
        let code = format!("code-{:x}", state.fresh_id());
        let grant = Grant { redirect_uri: wish.redirect_uri, user, challenge: wish.code_challenge };
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
        ("code_challenge", wish.code_challenge.clone().unwrap_or_default()),
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
    client_id: u64,
    client_secret: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
}

impl Exchange {
    /// The person who allowed this, if the code or the refresh token is good. A code is good once.
    fn user(&self, state: &State) -> Option<UserId> {
        if self.grant_type == "refresh_token" {
            return self.refresh_token.as_ref()?.strip_prefix("refresh-")?.parse().ok();
        }
        let grant = lock(&state.grants).remove(self.code.as_ref()?)?;
        let challenge = grant.challenge.filter(|challenge| !challenge.is_empty());
        let shown =
            self.code_verifier.as_ref().map(|word| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(word)));
        let same = self.redirect_uri.as_ref() == Some(&grant.redirect_uri) && challenge == shown;
        same.then_some(grant.user)
    }
}

/// The application shows its id and any secret in the form, but the one that is wrong.
async fn token(Shared(state): Shared<Arc<State>>, Form(exchange): Form<Exchange>) -> Response {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    if !is_the_application(&state, exchange.client_id, &exchange.client_secret) {
        return invalid_client();
    }
    if exchange.grant_type == "client_credentials" {
        return own_token(&state, exchange.scope.as_deref());
    }
    if !["authorization_code", "refresh_token"].contains(&exchange.grant_type.as_str()) {
        return refused("unsupported_grant_type");
    }
    let Some(user) = exchange.user(&state).filter(|user| !state.rights_of(*user).revoked) else {
        return refused("invalid_grant");
    };
    if exchange.grant_type == "authorization_code" {
        lock(&state.let_go).remove(&user); // Who says yes again has allowed it again.
    } else if lock(&state.let_go).contains(&user) {
        return refused("invalid_grant");
    }
    Json(json!({
        "access_token": format!("user-{user}"), "token_type": "Bearer", "expires_in": EXPIRES_IN,
        "refresh_token": format!("refresh-{user}"), "scope": "identify guilds",
    }))
    .into_response()
}

/// A token of the application itself, in its owner's name, and none to refresh it with.
///
/// Source: <https://discord.com/developers/docs/topics/oauth2#client-credentials-grant>.
fn own_token(state: &State, scope: Option<&str>) -> Response {
    let Some(scope) = scope.filter(|scope| !scope.is_empty()) else {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_scope" }))).into_response();
    };
    let owner = state.owner().id;
    Json(json!({
        "access_token": format!("user-{owner}"), "token_type": "Bearer", "expires_in": EXPIRES_IN, "scope": scope,
    }))
    .into_response()
}

fn is_the_application(state: &State, id: u64, secret: &str) -> bool {
    id == state.application && !["", WRONG_SECRET].contains(&secret)
}

fn invalid_client() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response()
}

#[derive(Deserialize)]
struct Revocation {
    client_id: u64,
    client_secret: String,
    token: String,
}

/// With one token end all of what the person has allowed. One that is not known is no error (RFC 7009).
///
/// Source: <https://discord.com/developers/docs/topics/oauth2#authorization-code-grant-token-revocation-example>.
async fn revoke(Shared(state): Shared<Arc<State>>, Form(wish): Form<Revocation>) -> Response {
    if !is_the_application(&state, wish.client_id, &wish.client_secret) {
        return invalid_client();
    }
    let id = wish.token.strip_prefix("user-").or_else(|| wish.token.strip_prefix("refresh-"));
    if let Some(user) = id.and_then(|id| id.parse::<UserId>().ok()) {
        lock(&state.let_go).insert(user);
        state.tally.revoked();
    }
    Json(json!({})).into_response()
}

/// The person whose access token this is; `None` for any other token, or one that was revoked.
pub(super) fn person(state: &State, headers: &HeaderMap) -> Option<Player> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let id = given.strip_prefix("Bearer user-")?.parse::<UserId>().ok()?;
    if state.rights_of(id).revoked || lock(&state.let_go).contains(&id) {
        return None;
    }
    let known = state.players.iter().find(|player| player.id == id).cloned();
    Some(known.unwrap_or_else(|| Player::named(id, "somebody")))
}

/// The servers of a person.
pub(super) fn guilds(state: &State, person: &Player) -> Json<Value> {
    let rights = state.rights_of(person.id);
    let guilds = state.guilds.iter().enumerate().filter_map(|(index, guild)| {
        let (owner, permissions) = match &rights.servers {
            None if index == 0 => (true, ADMINISTRATOR),
            None => (false, objects::MEMBER_PERMISSIONS),
            Some(servers) => (false, *servers.get(&guild.id)?),
        };
        Some(json!({
            "banner": null, "features": [], "icon": null, "id": guild.id, "name": guild.name,
            "owner": owner, "permissions": permissions.to_string(),
        }))
    });
    Json(guilds.collect())
}
