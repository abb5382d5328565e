//! The application: what Discord says of it, and what it lets a bot change.
//!
//! Source: <https://discord.com/developers/docs/resources/application>.

use reqwest::{Method, Url, header::CONTENT_TYPE};
use serde_json::{Value, json};
use twilight_model::id::{Id, marker::ApplicationMarker};

use super::{Answer, Application, Discord, DiscordError, PATIENCE, read, route};
use crate::config::Secret;

const CHANGE: &str = "PATCH /applications/@me";

impl Discord {
    /// The application that the bot belongs to.
    pub async fn application(&self) -> Result<Application, DiscordError> {
        let asked = "GET /applications/@me";
        read(asked, &self.get(asked, "/applications/@me").await?)
    }

    /// Sets the endpoint's address, also to what it is: Discord tests it each time with a PING and a forged request.
    pub async fn set_endpoint(&self, url: &str) -> Result<(), DiscordError> {
        self.change_application(&json!({ "interactions_endpoint_url": url })).await.map(drop)
    }

    /// Sets who can add the application, and what they are asked for; gives what Discord made of it.
    pub async fn set_install(&self, install: &Value) -> Result<Value, DiscordError> {
        let answer = self.change_application(&json!({ "integration_types_config": install })).await?;
        Ok(read::<Application>(CHANGE, &answer)?.install)
    }

    async fn change_application(&self, change: &Value) -> Result<Answer, DiscordError> {
        self.send(route(CHANGE), Method::PATCH, "/applications/@me", change).await
    }

    /// Whether this is the application's client secret. Discord is asked for a token of the application itself, which nobody
    /// keeps.
    ///
    /// Source: <https://discord.com/developers/docs/topics/oauth2#client-credentials-grant>.
    pub async fn takes_client_secret(
        &self,
        application: Id<ApplicationMarker>,
        secret: &Secret,
    ) -> Result<bool, DiscordError> {
        let asked = "POST /oauth2/token";
        let form = form(&[
            ("grant_type", "client_credentials"),
            ("scope", "identify"),
            ("client_id", &application.to_string()),
            ("client_secret", secret.reveal()),
        ]);
        let request = || {
            let request = self.http.post(format!("{}/oauth2/token", self.url)).body(form.clone());
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        };
        match self.ask(route(asked), PATIENCE, request).await {
            Ok(_) => Ok(true),
            Err(DiscordError::Unauthorized) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Fields as a form's body.
fn form(fields: &[(&str, &str)]) -> String {
    // Only its query is of interest: that is written as forms are.
    let url = Url::parse_with_params("form:", fields).ok();
    url.and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}
