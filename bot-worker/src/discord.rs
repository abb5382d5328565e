//! Discord's REST, behind one gate.

mod application;
mod gate;
mod shape;

use std::time::{Duration, Instant, SystemTime};

use interactions::rest::{Meaning, Refusal, USER_AGENT, seconds_to_ms};
use protocol::{UserId, report::ReportedBot};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{AUTHORIZATION, DATE, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use twilight_model::{
    gateway::connection_info::BotConnectionInfo,
    id::{
        Id,
        marker::{ApplicationMarker, ChannelMarker, GuildMarker},
    },
};

pub use self::{
    gate::Held,
    shape::{Application, Registered},
};
use self::{
    gate::{Gate, Outcome, Route},
    shape::{Channel, Server, User},
};
use crate::{
    clock::skew_seconds,
    config::{self, Secret},
};

/// No request takes longer, the waiting for a rate limit included.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request to Discord that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// The token is wrong, or has been revoked.
    #[error("Discord refuses DISCORD_TOKEN (401)")]
    Unauthorized,
    /// Discord answered with an error; not for the token's sake.
    #[error("Discord answered {} to {asked}: {refusal}", refusal.status)]
    Refused {
        /// The request, such as `GET /users/@me`.
        asked: &'static str,
        /// The answer's status, error code, message, and the wait that it asks for.
        refusal: Refusal,
    },
    /// Discord asked to wait for longer than a request may take. The gate has told so.
    #[error("{0}")]
    Held(Held),
    /// No answer in time.
    #[error("Discord did not answer {asked} within {} s", PATIENCE.as_secs())]
    TimedOut {
        /// The request, such as `GET /users/@me`.
        asked: &'static str,
    },
    /// No connection.
    #[error("Discord cannot be reached for {asked}: {reason}")]
    Unreachable {
        /// The request, such as `GET /users/@me`.
        asked: &'static str,
        /// The system's reason.
        reason: String,
    },
    /// An interaction can be answered for 15 minutes, which are over.
    #[error("{asked}: the interaction can be answered no more")]
    TooLate {
        /// The request, by method and path.
        asked: &'static str,
    },
    /// An id that Discord cannot have made.
    #[error("an id is 0, so there is nothing to ask {asked}")]
    NoId {
        /// The request that would have been made.
        asked: &'static str,
    },
    /// An answer that is not Discord's.
    #[error("{asked}: {reason}")]
    Broken {
        /// The request, such as `GET /users/@me`.
        asked: &'static str,
        /// The error of reading the answer.
        reason: String,
    },
}

impl DiscordError {
    /// The status of Discord's answer, or of the one for which this waits; `None` when none came.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized => Some(401),
            Self::Refused { refusal, .. } => Some(refusal.status),
            Self::Held(held) => held.status,
            _ => None,
        }
    }

    /// The meaning of a refusal; `None` when Discord has not refused, or only the token.
    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.meaning()),
            _ => None,
        }
    }
}

/// Discord, as this bot.
#[derive(Debug)]
pub struct Discord {
    http: reqwest::Client,
    url: String,
    token: Secret,
    gate: Gate,
}

/// Discord's answer, and the time that it took, without the waits before the request.
struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
    took: Duration,
}

impl Discord {
    /// A client for the bot of these settings. It connects when it is first used.
    pub fn new(settings: &config::Discord) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().user_agent(USER_AGENT).redirect(Policy::none()).build()?;
        let (url, token) = (settings.host.api_url(), settings.token.clone());
        Ok(Self { http, url, token, gate: Gate::default() })
    }

    /// The gateway's address, the number of shards, and the identifies that are left.
    pub async fn gateway(&self) -> Result<BotConnectionInfo, DiscordError> {
        let asked = "GET /gateway/bot";
        read(asked, &self.get(asked, "/gateway/bot").await?)
    }

    /// The bot's own account, in the form of a report.
    pub async fn bot(&self) -> Result<ReportedBot, DiscordError> {
        let asked = "GET /users/@me";
        Ok(read::<User>(asked, &self.get(asked, "/users/@me").await?)?.into())
    }

    /// The cheapest real request, for measuring: how long it took. It waits for no limit: the report is due.
    pub async fn touch(&self) -> Result<Duration, DiscordError> {
        let request = || self.as_bot(self.http.get(format!("{}/users/@me", self.url)));
        Ok(self.ask(route("GET /users/@me"), Duration::ZERO, request).await?.took)
    }

    /// The lead of this machine's clock over Discord's, in seconds; `None` when Discord does not tell its time.
    pub async fn skew_seconds(&self) -> Option<i64> {
        let answer = self.get("GET /gateway", "/gateway").await.ok()?;
        skew_seconds(httpdate::parse_http_date(answer.headers.get(DATE)?.to_str().ok()?).ok()?)
    }

    /// The commands that are registered in this server, or everywhere. A list that cannot be read has none of ours.
    pub async fn commands(&self, scope: Scope) -> Result<Vec<Registered>, DiscordError> {
        let asked = match scope.guild {
            None => "GET /applications/{id}/commands",
            Some(_) => "GET /applications/{id}/guilds/{id}/commands",
        };
        let answer = self.get(asked, &format!("{}?with_localizations=true", scope.path())).await?;
        let commands: Vec<Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(commands.into_iter().map(Registered::from).collect())
    }

    /// Registers these commands there, instead of all others.
    pub async fn set_commands(&self, scope: Scope, commands: &[Value]) -> Result<(), DiscordError> {
        let asked = match scope.guild {
            None => "PUT /applications/{id}/commands",
            Some(_) => "PUT /applications/{id}/guilds/{id}/commands",
        };
        self.send(route(asked), Method::PUT, &scope.path(), commands).await.map(drop)
    }

    /// The servers that the bot is in; at most 200 of them.
    pub async fn servers(&self) -> Result<Vec<Id<GuildMarker>>, DiscordError> {
        let asked = "GET /users/@me/guilds";
        let servers: Vec<Server> = read(asked, &self.get(asked, "/users/@me/guilds").await?)?;
        Ok(servers.into_iter().map(|server| server.id).collect())
    }

    /// The channel between the bot and this person.
    pub async fn direct_channel(&self, person: UserId) -> Result<Id<ChannelMarker>, DiscordError> {
        let asked = "POST /users/@me/channels";
        let wanted = json!({ "recipient_id": person });
        let answer = self.send(route(asked), Method::POST, "/users/@me/channels", &wanted).await?;
        Ok(read::<Channel>(asked, &answer)?.id)
    }

    /// Writes a message that pings nobody. The same nonce within some minutes makes no second one.
    pub async fn write(
        &self,
        channel: Id<ChannelMarker>,
        text: &str,
        nonce: &str,
    ) -> Result<(), DiscordError> {
        let route = Route { asked: "POST /channels/{id}/messages", channel: Some(channel.get()) };
        let body = json!({
            "content": text, "nonce": nonce, "enforce_nonce": true, "allowed_mentions": { "parse": [] },
        });
        self.send(route, Method::POST, &format!("/channels/{channel}/messages"), &body).await.map(drop)
    }

    /// Puts a message in the place of what an interaction was promised. The same again changes nothing.
    pub async fn answer(&self, application: &str, token: &str, message: &Value) -> Result<(), DiscordError> {
        let asked = "PATCH /webhooks/{id}/{token}/messages/@original";
        let url = format!("{}/webhooks/{application}/{token}/messages/@original", self.url);
        // The token in the address is the interaction's; the bot's own is not asked for, and not to blame.
        let request = || self.http.patch(&url).json(message);
        match self.ask(route(asked), PATIENCE, request).await {
            Err(DiscordError::Unauthorized) => Err(DiscordError::TooLate { asked }),
            answer => answer.map(drop),
        }
    }

    async fn get(&self, asked: &'static str, path: &str) -> Result<Answer, DiscordError> {
        self.ask(route(asked), PATIENCE, || self.as_bot(self.http.get(format!("{}{path}", self.url)))).await
    }

    async fn send<T: Serialize + ?Sized>(
        &self,
        route: Route,
        method: Method,
        path: &str,
        body: &T,
    ) -> Result<Answer, DiscordError> {
        let url = format!("{}{path}", self.url);
        self.ask(route, PATIENCE, || self.as_bot(self.http.request(method.clone(), &url).json(body))).await
    }

    fn as_bot(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, format!("Bot {}", self.token.reveal()))
    }

    /// Every request goes this way. Limited, it is made again if the gate opens in time.
    async fn ask(
        &self,
        route: Route,
        waits: Duration,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, DiscordError> {
        let began = Instant::now();
        let (deadline, open_by) = (began + PATIENCE, began + waits);
        loop {
            let permit = self.gate.pass(route, open_by).await.map_err(DiscordError::Held)?;
            let left = deadline.saturating_duration_since(Instant::now());
            let began = Instant::now();
            let response = match request().timeout(left).send().await {
                Ok(response) => response,
                Err(error) => {
                    permit.heard(if error.is_connect() { Outcome::NotSent } else { Outcome::Lost });
                    return Err(not_answered(route.asked, &error.without_url()));
                }
            };
            let (status, headers) = (response.status(), response.headers().clone());
            let body = body_of(response).await;
            if status.is_success() {
                permit.heard(Outcome::Done { used_up_for: used_up_for(&headers) });
                let body = body.map_err(|error| not_read(route.asked, &error.without_url()))?;
                return Ok(Answer { headers, body, took: began.elapsed() });
            }
            let refusal =
                Refusal::read(status.as_u16(), |name| told(&headers, name), &body.unwrap_or_default());
            permit.heard(Outcome::Refused(&refusal));
            match refusal.meaning() {
                // It knows how long, too.
                _ if gate::tells(&refusal) => {}
                Meaning::Token => return Err(DiscordError::Unauthorized),
                _ => return Err(DiscordError::Refused { asked: route.asked, refusal }),
            }
        }
    }
}

/// The scope in which commands are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The application that they belong to.
    pub application: Id<ApplicationMarker>,
    /// In this server, or everywhere.
    pub guild: Option<Id<GuildMarker>>,
}

impl Scope {
    fn path(self) -> String {
        let application = self.application;
        self.guild.map_or_else(
            || format!("/applications/{application}/commands"),
            |guild| format!("/applications/{application}/guilds/{guild}/commands"),
        )
    }
}

const fn route(asked: &'static str) -> Route {
    Route { asked, channel: None }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// A header, with a date as the seconds until then: a proxy may ask to wait in either way.
fn told(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = text(headers, name)?;
    match httpdate::parse_http_date(&value) {
        Ok(date) if name == RETRY_AFTER.as_str() => {
            Some(date.duration_since(SystemTime::now()).unwrap_or_default().as_secs().to_string())
        }
        _ => Some(value),
    }
}

/// The time for which a bucket takes no more, when this was its last request.
fn used_up_for(headers: &HeaderMap) -> Option<Duration> {
    let is_last = text(headers, "x-ratelimit-remaining")? == "0";
    let ms = seconds_to_ms(&text(headers, "x-ratelimit-reset-after")?)?;
    is_last.then(|| Duration::from_millis(ms))
}

async fn body_of(response: Response) -> reqwest::Result<Vec<u8>> {
    Ok(response.bytes().await?.into())
}

/// Parses an answer's body; fails as [`DiscordError::Broken`].
fn read<T: DeserializeOwned>(asked: &'static str, answer: &Answer) -> Result<T, DiscordError> {
    serde_json::from_slice(&answer.body).map_err(|error| broken(asked, &error))
}

fn not_answered(asked: &'static str, error: &reqwest::Error) -> DiscordError {
    if error.is_timeout() {
        DiscordError::TimedOut { asked }
    } else {
        DiscordError::Unreachable { asked, reason: last_cause(error) }
    }
}

fn not_read(asked: &'static str, error: &reqwest::Error) -> DiscordError {
    if error.is_timeout() { DiscordError::TimedOut { asked } } else { broken(asked, error) }
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
