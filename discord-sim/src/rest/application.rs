//! The application that the bot belongs to: what it shows of itself, and what the bot may change of it.
//!
//! Source: <https://discord.com/developers/docs/resources/application>.

use std::sync::Arc;

use axum::{Json, extract::State as Shared};
use serde_json::{Value, json};

use super::{Answer, Error};
use crate::{fixtures, lock::lock, objects, state::State};

/// The `OAuth2` scopes that a server can be asked for; Discord knows more of them.
const SCOPES: [&str; 2] = ["bot", "applications.commands"];

pub(super) async fn show(Shared(state): Shared<Arc<State>>) -> Json<Value> {
    Json(object(&state))
}

/// All that was sent is taken, or nothing is. Of the documented fields, the endpoint and how the application is added mean
/// something here; whatever else is sent changes nothing, as with Discord: nobody adds a redirect address this way.
pub(super) async fn change(Shared(state): Shared<Arc<State>>, Json(change): Json<Value>) -> Answer {
    let Some(fields) = change.as_object() else { return Err(Error::malformed()) };
    if let Some(install) = fields.get("integration_types_config") {
        check_install(install)?;
    }
    if let Some(endpoint) = fields.get("interactions_endpoint_url") {
        let endpoint = checked_endpoint(&state, endpoint).await?;
        state.set_endpoint(endpoint);
    }
    if let Some(install) = fields.get("integration_types_config") {
        *lock(&state.install) = install.clone();
    }
    Ok(Json(object(&state)))
}

/// It is taken when it answers a PING, and refuses a forged one; `null` and nothing take it away.
async fn checked_endpoint(state: &State, endpoint: &Value) -> Result<Option<String>, Error> {
    let refused = |code, words: &str| Err(Error::form("interactions_endpoint_url", code, words));
    let url = match endpoint {
        Value::Null => return Ok(None),
        Value::String(url) if url.is_empty() => return Ok(None),
        Value::String(url) => url,
        _ => return refused("BASE_TYPE_BAD_TYPE", "Could not interpret the value as string."),
    };
    match reqwest::Url::parse(url) {
        Err(_) => return refused("URL_TYPE_INVALID_URL", "Not a well formed URL."),
        // Discord takes https alone; this machine has no certificate.
        Ok(parsed) if parsed.scheme() == "http" && interactions_may_come(&parsed) => {}
        Ok(parsed) if parsed.scheme() == "https" => {}
        Ok(_) => return refused("URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('https',)."),
    }
    if !state.endpoint_holds(url).await {
        let words = "The specified interactions endpoint url could not be verified.";
        return refused("APPLICATION_INTERACTIONS_ENDPOINT_INVALID", words);
    }
    Ok(Some(url.clone()))
}

fn interactions_may_come(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "[::1]" | "localhost"))
}

/// Servers are 0, people are 1, and each may have what it is asked for.
fn check_install(install: &Value) -> Result<(), Error> {
    const FIELD: &str = "integration_types_config";
    let form = |field: &str, code, words: &str| Err(Error::form(field, code, words));
    let Some(kinds) = install.as_object().filter(|kinds| !kinds.is_empty()) else {
        return form(FIELD, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
    };
    for (kind, config) in kinds {
        let field = format!("{FIELD}.{kind}");
        if !["0", "1"].contains(&kind.as_str()) {
            return form(&field, "BASE_TYPE_CHOICES", "Value must be one of {0, 1}.");
        }
        let Some(params) = config.get("oauth2_install_params") else { continue };
        let field = format!("{field}.oauth2_install_params");
        let scopes = params["scopes"].as_array().filter(|scopes| !scopes.is_empty());
        let is_known = |scope: &Value| scope.as_str().is_some_and(|scope| SCOPES.contains(&scope));
        if !scopes.is_some_and(|scopes| scopes.iter().all(is_known)) {
            return form(&format!("{field}.scopes"), "BASE_TYPE_CHOICES", "Value must be one of the scopes.");
        }
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if !params["permissions"].as_str().is_some_and(is_number) {
            return form(&format!("{field}.permissions"), "BASE_TYPE_REQUIRED", "This field is required");
        }
    }
    Ok(())
}

fn object(state: &State) -> Value {
    json!({
        "approximate_guild_count": state.guilds_here().count(),
        "bot": objects::user(&fixtures::bot(state.application)),
        "bot_public": true,
        "bot_require_code_grant": false,
        "description": "An economy, live.",
        "flags": 0,
        "hook": true,
        "icon": null,
        "id": state.application.to_string(),
        "integration_types_config": *lock(&state.install),
        "interactions_endpoint_url": *lock(&state.endpoint),
        "is_monetized": false,
        "name": "Pulse",
        "owner": objects::user(state.owner()),
        "redirect_uris": *lock(&state.redirects),
        "summary": "",
        "team": null,
        "type": null,
        "verify_key": state.public_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_as_documented() {
        let guild = |params: Value| json!({ "0": { "oauth2_install_params": params } });
        let both = json!(["bot", "applications.commands"]);
        for (install, wrong) in [
            (guild(json!({ "scopes": both, "permissions": "0" })), None),
            (json!({ "0": {}, "1": {} }), None),
            (json!(null), Some("integration_types_config")),
            (json!({}), Some("integration_types_config")),
            (json!({ "2": {} }), Some("2")),
            (guild(json!({ "scopes": [], "permissions": "0" })), Some("scopes")),
            (guild(json!({ "scopes": ["root"], "permissions": "0" })), Some("scopes")),
            (guild(json!({ "scopes": both, "permissions": 0 })), Some("permissions")),
            (guild(json!({ "scopes": both })), Some("permissions")),
        ] {
            let refused = check_install(&install).err().map(|error| error.errors.to_string());
            match wrong {
                None => assert_eq!(refused, None, "{install}"),
                Some(field) => {
                    assert!(refused.unwrap().contains(&format!("\"{field}\":{{\"_errors\"")), "{install}");
                }
            }
        }
    }
}
