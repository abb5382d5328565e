//! Discord's REST, through twilight and its rate limits.

use std::{future::IntoFuture, time::Duration};

use protocol::{
    GuildId, UserId,
    report::{NamedGuild, ReportedBot},
};
use twilight_http::{Client, Response, error::ErrorType};
use twilight_model::{
    application::command::Command,
    id::{Id, marker::ApplicationMarker},
    user::CurrentUser,
    util::ImageHash,
};

use crate::config::Settings;

/// No request takes longer, the waiting for a rate limit included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Servers that one page of the list holds.
const GUILDS_PER_PAGE: u16 = 200;
/// Servers whose names are reported at most: a report has a size.
const GUILDS_MAX: usize = 5_000;

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
    pub fn new(settings: &Settings) -> Self {
        let client = Client::builder()
            .token(settings.discord_token.reveal().to_owned())
            .proxy(settings.discord.authority.clone(), settings.discord.plain_http)
            .timeout(PATIENCE)
            .build();
        Self { client }
    }

    /// The application's id.
    pub async fn application(&self) -> Result<Id<ApplicationMarker>, DiscordError> {
        let asked = "GET /applications/@me";
        let response = answer(asked, self.client.current_user_application()).await?;
        Ok(response.model().await.map_err(|error| broken(asked, &error))?.id)
    }

    /// The bot itself.
    pub async fn bot(&self) -> Result<ReportedBot, DiscordError> {
        let asked = "GET /users/@me";
        let response = answer(asked, self.client.current_user()).await?;
        Ok(reported(response.model().await.map_err(|error| broken(asked, &error))?))
    }

    /// The cheapest real request, for measuring.
    pub async fn touch(&self) -> Result<(), DiscordError> {
        let asked = "GET /users/@me";
        let response = answer(asked, self.client.current_user()).await?;
        response.bytes().await.map_err(|error| broken(asked, &error))?;
        Ok(())
    }

    /// The servers the bot is in.
    pub async fn guilds(&self) -> Result<Vec<NamedGuild>, DiscordError> {
        let asked = "GET /users/@me/guilds";
        let mut guilds: Vec<NamedGuild> = Vec::new();
        while guilds.len() < GUILDS_MAX {
            let mut page = self.client.current_user_guilds().limit(GUILDS_PER_PAGE);
            if let Some(last) = guilds.last().and_then(|guild| Id::new_checked(guild.id.0)) {
                page = page.after(last);
            }
            let page = answer(asked, page).await?.models().await.map_err(|error| broken(asked, &error))?;
            let is_last = page.len() < usize::from(GUILDS_PER_PAGE);
            guilds.extend(page.into_iter().map(|guild| NamedGuild {
                id: GuildId(guild.id.get()),
                name: guild.name,
                icon_url: guild.icon.map(|icon| image_url("icons", guild.id.get(), icon)),
                members: 0,
            }));
            if is_last {
                break;
            }
        }
        Ok(guilds)
    }

    /// The commands that are registered everywhere.
    pub async fn commands(&self, application: Id<ApplicationMarker>) -> Result<Vec<Command>, DiscordError> {
        let asked = "GET /applications/{id}/commands";
        let interaction = self.client.interaction(application);
        let response = answer(asked, interaction.global_commands().with_localizations(true)).await?;
        response.models().await.map_err(|error| broken(asked, &error))
    }

    /// Registers these commands everywhere, instead of all others.
    pub async fn set_commands(
        &self,
        application: Id<ApplicationMarker>,
        commands: &[Command],
    ) -> Result<(), DiscordError> {
        let interaction = self.client.interaction(application);
        answer("PUT /applications/{id}/commands", interaction.set_global_commands(commands)).await?;
        Ok(())
    }
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

fn understood(asked: &'static str, error: &twilight_http::Error) -> DiscordError {
    match error.kind() {
        ErrorType::Unauthorized => DiscordError::Unauthorized,
        ErrorType::Response { status, .. } if status.get() == 401 => DiscordError::Unauthorized,
        ErrorType::Response { status, error, .. } => {
            DiscordError::Refused { asked, status: status.get(), reason: error.to_string() }
        }
        ErrorType::RequestTimedOut => DiscordError::TimedOut { asked },
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

fn reported(user: CurrentUser) -> ReportedBot {
    ReportedBot {
        id: UserId(user.id.get()),
        name: user.global_name.unwrap_or(user.name),
        avatar_url: user.avatar.map(|avatar| image_url("avatars", user.id.get(), avatar)),
    }
}

/// Source: <https://discord.com/developers/docs/reference#image-formatting>.
fn image_url(kind: &str, owner: u64, image: ImageHash) -> String {
    format!("https://cdn.discordapp.com/{kind}/{owner}/{image}.png")
}
