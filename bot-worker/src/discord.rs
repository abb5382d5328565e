//! Discord's REST, through twilight and its rate limits.

mod shape;

use std::{future::IntoFuture, time::Duration};

use protocol::{UserId, report::ReportedBot};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use twilight_http::{
    Client, Response, error::ErrorType, request::Request, response::marker::EmptyBody, routing::Route,
};
use twilight_model::{
    application::command::Command,
    gateway::connection_info::BotConnectionInfo,
    id::{
        Id,
        marker::{ApplicationMarker, ChannelMarker, GuildMarker},
    },
};

pub use self::shape::{Application, Registered};
use self::shape::{Channel, User};
use crate::config;

/// No request takes longer, the waiting for a rate limit included.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request to Discord that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// The token is wrong, or has been revoked.
    #[error("Discord refuses DISCORD_TOKEN (401)")]
    Unauthorized,
    /// Discord said no.
    #[error("Discord answered {status} to {asked}: {reason}")]
    Refused {
        /// What was asked.
        asked: &'static str,
        /// The HTTP status.
        status: u16,
        /// Discord's reason.
        reason: String,
    },
    /// No answer in time.
    #[error("Discord did not answer {asked} within {} s", PATIENCE.as_secs())]
    TimedOut {
        /// What was asked.
        asked: &'static str,
    },
    /// No connection.
    #[error("Discord cannot be reached for {asked}: {reason}")]
    Unreachable {
        /// What was asked.
        asked: &'static str,
        /// The system's reason.
        reason: String,
    },
    /// An id that Discord cannot have made.
    #[error("an id is 0, so there is nothing to ask {asked}")]
    NoId {
        /// What would have been asked.
        asked: &'static str,
    },
    /// An answer that is not Discord's.
    #[error("{asked}: {reason}")]
    Broken {
        /// What was asked.
        asked: &'static str,
        /// What is known.
        reason: String,
    },
}

/// Discord, as this bot.
#[derive(Debug)]
pub struct Discord {
    client: Client,
}

impl Discord {
    /// A client for the bot of these settings. It connects when it is first used.
    pub fn new(settings: &config::Discord) -> Self {
        let client = Client::builder()
            .token(settings.token.reveal().to_owned())
            .proxy(settings.host.authority.clone(), settings.host.plain_http)
            .timeout(PATIENCE)
            .build();
        Self { client }
    }

    /// The application that the bot belongs to.
    pub async fn application(&self) -> Result<Application, DiscordError> {
        let asked = "GET /applications/@me";
        read(asked, answer(asked, self.client.current_user_application()).await?).await
    }

    /// Sets the endpoint's address to what it is, so that Discord tests it again with a PING and a forged request.
    pub async fn test_endpoint(&self, url: &str) -> Result<(), DiscordError> {
        let asked = "PATCH /applications/@me";
        answer(asked, self.client.update_current_user_application().interactions_endpoint_url(url)).await?;
        Ok(())
    }

    /// Where the gateway is, and how it wants to be used.
    pub async fn gateway(&self) -> Result<BotConnectionInfo, DiscordError> {
        let asked = "GET /gateway/bot";
        let response = answer(asked, self.client.gateway().authed()).await?;
        response.model().await.map_err(|error| broken(asked, &error))
    }

    /// The bot itself.
    pub async fn bot(&self) -> Result<ReportedBot, DiscordError> {
        let asked = "GET /users/@me";
        let user: User = read(asked, answer(asked, self.client.current_user()).await?).await?;
        Ok(user.into())
    }

    /// The cheapest real request, for measuring.
    pub async fn touch(&self) -> Result<(), DiscordError> {
        let asked = "GET /users/@me";
        body_of(asked, answer(asked, self.client.current_user()).await?).await?;
        Ok(())
    }

    /// The commands that are registered in this server, or everywhere. A list that cannot be read has none of ours.
    pub async fn commands(&self, scope: Scope) -> Result<Vec<Registered>, DiscordError> {
        let interaction = self.client.interaction(scope.application);
        let (asked, answered) = match scope.guild {
            None => {
                let asked = "GET /applications/{id}/commands";
                (asked, answer(asked, interaction.global_commands().with_localizations(true)).await)
            }
            Some(guild) => {
                let asked = "GET /applications/{id}/guilds/{id}/commands";
                (asked, answer(asked, interaction.guild_commands(guild).with_localizations(true)).await)
            }
        };
        let body = body_of(asked, answered?).await?;
        let commands: Vec<Value> = serde_json::from_slice(&body).unwrap_or_default();
        Ok(commands.into_iter().map(Registered::from).collect())
    }

    /// Registers these commands there, instead of all others.
    pub async fn set_commands(&self, scope: Scope, commands: &[Command]) -> Result<(), DiscordError> {
        let interaction = self.client.interaction(scope.application);
        match scope.guild {
            None => {
                answer("PUT /applications/{id}/commands", interaction.set_global_commands(commands)).await?;
            }
            Some(guild) => {
                let asked = "PUT /applications/{id}/guilds/{id}/commands";
                answer(asked, interaction.set_guild_commands(guild, commands)).await?;
            }
        }
        Ok(())
    }

    /// The channel between the bot and this person.
    pub async fn direct_channel(&self, person: UserId) -> Result<Id<ChannelMarker>, DiscordError> {
        let asked = "POST /users/@me/channels";
        let person = Id::new_checked(person.0).ok_or(DiscordError::NoId { asked })?;
        let channel: Channel =
            read(asked, answer(asked, self.client.create_private_channel(person)).await?).await?;
        Ok(channel.id)
    }

    /// Writes a message that pings nobody. The same nonce within some minutes makes no second one.
    pub async fn write(
        &self,
        channel: Id<ChannelMarker>,
        text: &str,
        nonce: &str,
    ) -> Result<(), DiscordError> {
        let asked = "POST /channels/{id}/messages";
        let broken = |error| broken(asked, &error);
        // twilight's own builder knows neither a nonce in letters nor `enforce_nonce`.
        let body = json!({
            "content": text, "nonce": nonce, "enforce_nonce": true, "allowed_mentions": { "parse": [] },
        });
        let route = Route::CreateMessage { channel_id: channel.get() };
        let request = Request::builder(&route).json(&body).build().map_err(broken)?;
        answer(asked, self.client.request::<EmptyBody>(request)).await?;
        Ok(())
    }
}

/// Where commands are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// For this application.
    pub application: Id<ApplicationMarker>,
    /// In this server, or everywhere.
    pub guild: Option<Id<GuildMarker>>,
}

async fn answer<T>(
    asked: &'static str,
    request: impl IntoFuture<Output = Result<Response<T>, twilight_http::Error>>,
) -> Result<Response<T>, DiscordError> {
    match tokio::time::timeout(PATIENCE, request.into_future()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(understood(asked, &error)),
        Err(_) => Err(DiscordError::TimedOut { asked }),
    }
}

/// What is used of an answer.
async fn read<T: DeserializeOwned, M>(asked: &'static str, answer: Response<M>) -> Result<T, DiscordError> {
    let body = body_of(asked, answer).await?;
    serde_json::from_slice(&body).map_err(|error| broken(asked, &error))
}

async fn body_of<M>(asked: &'static str, answer: Response<M>) -> Result<Vec<u8>, DiscordError> {
    answer.bytes().await.map_err(|error| broken(asked, &error))
}

fn understood(asked: &'static str, error: &twilight_http::Error) -> DiscordError {
    match error.kind() {
        ErrorType::Unauthorized => DiscordError::Unauthorized,
        ErrorType::Response { status, .. } if status.get() == 401 => DiscordError::Unauthorized,
        ErrorType::Response { status, error, .. } => {
            DiscordError::Refused { asked, status: status.get(), reason: error.to_string() }
        }
        ErrorType::RequestTimedOut | ErrorType::RequestCanceled => DiscordError::TimedOut { asked },
        ErrorType::RequestError => DiscordError::Unreachable { asked, reason: last_cause(error) },
        _ => broken(asked, error),
    }
}

/// The last cause says it best: "Connection refused".
fn last_cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// The whole chain of causes in one line: from what was done to why it failed.
fn broken(asked: &'static str, error: &dyn std::error::Error) -> DiscordError {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    DiscordError::Broken { asked, reason: causes.collect::<Vec<_>>().join(": ") }
}

/// Source: <https://discord.com/developers/docs/reference#image-formatting>.
pub fn image_url(kind: &str, owner: u64, image: impl std::fmt::Display) -> String {
    format!("https://cdn.discordapp.com/{kind}/{owner}/{image}.png")
}

#[cfg(test)]
mod tests;
