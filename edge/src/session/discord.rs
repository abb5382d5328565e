//! Requests to Discord when somebody signs in, and every ten minutes after that.
//!
//! Source: <https://discord.com/developers/docs/topics/oauth2#authorization-code-grant>.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use futures_util::future::{Either, select};
use interactions::rest::{Meaning, Refusal};
use protocol::{
    GuildId, UserId,
    check::ClientSecret,
    session::{Membership, Person, managed},
    text::{self, NAME_MAX_CHARS},
    time::SECOND_MS,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{Delay, Fetch, Headers, Method, Request, RequestInit, Response, Url};

use crate::{
    answer::Problem,
    discord::{named, refusal},
    settings::Settings,
};

/// The longest that Discord may take for one answer, in milliseconds.
const ANSWER_MAX_MS: u64 = 5 * SECOND_MS;
/// The longest wait for a limit of Discord's before it is asked again, in milliseconds.
const LIMITED_MAX_MS: u64 = 3 * SECOND_MS;
/// The path at which Discord gives tokens.
const TOKEN: &str = "/oauth2/token";
/// Discord's code for an application whose secret is another.
const INVALID_CLIENT: &str = "invalid_client";
/// The address of the avatars at Discord.
const PICTURES: &str = "https://cdn.discordapp.com/avatars";

/// The tokens that let us ask in somebody's name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    access: String,
    refresh: String,
}

/// Why Discord did not tell.
pub enum OAuthError {
    /// It says no: the code, or the permission that somebody gave us, is good no more.
    Refused,
    /// It cannot be asked now.
    Away(String),
}

impl From<worker::Error> for OAuthError {
    fn from(error: worker::Error) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<Problem> for OAuthError {
    fn from(problem: Problem) -> Self {
        Self::Away(problem.to_string())
    }
}

/// Returns the address at Discord where people say yes.
pub fn authorize_url(settings: &Settings) -> Result<Url, Problem> {
    let base =
        Url::parse(&settings.discord_api()?).map_err(|error| Problem::bad_setting("DISCORD_API", error))?;
    base.join("/oauth2/authorize").map_err(|error| Problem::bad_setting("DISCORD_API", error))
}

/// Exchanges a code for a token.
pub async fn exchange(
    settings: &Settings,
    code: &str,
    redirect_uri: &str,
    verifier: &str,
) -> Result<Token, OAuthError> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
    ];
    ask_for_token(settings, &fields).await
}

/// Asks Discord whether it takes the application's id and secret; gives the reason where that stays unknown. It asks for a
/// token of the application itself, and lets it run out: to revoke it would revoke what the owner has allowed.
///
/// Source: <https://discord.com/developers/docs/topics/oauth2#client-credentials-grant>.
pub async fn client_secret(settings: &Settings) -> (ClientSecret, Option<String>) {
    if ["DISCORD_APPLICATION_ID", "DISCORD_CLIENT_SECRET"].iter().any(|name| settings.text(name).is_none()) {
        return (ClientSecret::NotSet, None);
    }
    let asked = async {
        let init = token_request(settings, &[("grant_type", "client_credentials"), ("scope", "identify")])?;
        answer(settings, TOKEN, &init).await
    };
    match asked.await {
        Ok(Ok(_)) => (ClientSecret::Accepted, None),
        Ok(Err(refusal)) if refusal.message == INVALID_CLIENT => (ClientSecret::Refused, None),
        Ok(Err(refusal)) => (ClientSecret::Unreachable, Some(words(TOKEN, &refusal))),
        Err(OAuthError::Away(why)) => (ClientSecret::Unreachable, Some(why)),
        Err(OAuthError::Refused) => (ClientSecret::Unreachable, None),
    }
}

/// Somebody, and the servers that they manage.
pub async fn who(settings: &Settings, token: &Token) -> Result<(Person, BTreeSet<GuildId>), OAuthError> {
    let user: User = get(settings, "/users/@me", token).await?;
    Ok((user.into_person(), servers(settings, token).await?))
}

/// The servers that somebody manages now, and the token to ask with the next time.
pub async fn rights(settings: &Settings, token: &Token) -> Result<(BTreeSet<GuildId>, Token), OAuthError> {
    match servers(settings, token).await {
        Ok(servers) => Ok((servers, token.clone())),
        Err(OAuthError::Refused) => {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", token.refresh.as_str())];
            let fresh = ask_for_token(settings, &fields).await?;
            Ok((servers(settings, &fresh).await?, fresh))
        }
        Err(away) => Err(away),
    }
}

/// Tells Discord that this is used no more: with it end all tokens of what the person has allowed.
///
/// Source: <https://discord.com/developers/docs/topics/oauth2#authorization-code-grant-token-revocation-example>.
pub async fn revoke(settings: &Settings, token: &Token) -> Result<(), OAuthError> {
    let fields = [("token", token.refresh.as_str()), ("token_type_hint", "refresh_token")];
    post_form(settings, "/oauth2/token/revoke", &fields).await.map(drop)
}

async fn servers(settings: &Settings, token: &Token) -> Result<BTreeSet<GuildId>, OAuthError> {
    let memberships: Vec<Membership> = get(settings, "/users/@me/guilds", token).await?;
    Ok(managed(&memberships))
}

#[derive(Deserialize)]
struct User {
    id: UserId,
    username: String,
    #[serde(default)]
    global_name: Option<String>,
    #[serde(default)]
    avatar: Option<String>,
}

impl User {
    fn into_person(self) -> Person {
        // A hash that cannot be the name of a picture is passed over.
        let avatar =
            self.avatar.filter(|hash| hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        let mut names = [self.global_name, Some(self.username)].into_iter().flatten();
        let name = names.find_map(|name| text::name(&name, NAME_MAX_CHARS));
        Person {
            id: self.id,
            name: name.unwrap_or_else(|| self.id.to_string()),
            avatar_url: avatar.map(|hash| format!("{PICTURES}/{}/{hash}.png?size=64", self.id)),
        }
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    refresh_token: String,
}

async fn ask_for_token(settings: &Settings, fields: &[(&str, &str)]) -> Result<Token, OAuthError> {
    let granted: Granted = read(TOKEN, post_form(settings, TOKEN, fields).await?).await?;
    Ok(Token { access: granted.access_token, refresh: granted.refresh_token })
}

/// Posts as the application, which shows its own secret.
async fn post_form(settings: &Settings, path: &str, fields: &[(&str, &str)]) -> Result<Response, OAuthError> {
    ask(settings, path, &token_request(settings, fields)?).await
}

fn token_request(settings: &Settings, fields: &[(&str, &str)]) -> Result<RequestInit, OAuthError> {
    let mut form = Url::parse("form:").map_err(|error| OAuthError::Away(error.to_string()))?;
    form.query_pairs_mut()
        .append_pair("client_id", &settings.needed("DISCORD_APPLICATION_ID")?)
        .append_pair("client_secret", &settings.needed("DISCORD_CLIENT_SECRET")?)
        .extend_pairs(fields);
    let headers = named(Headers::new())?;
    headers.set("Content-Type", "application/x-www-form-urlencoded")?;
    let mut init = RequestInit::new();
    let body = form.query().unwrap_or_default().to_owned();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(body.into()));
    Ok(init)
}

async fn get<T: DeserializeOwned>(settings: &Settings, path: &str, token: &Token) -> Result<T, OAuthError> {
    let headers = named(Headers::new())?;
    headers.set("Authorization", &format!("Bearer {}", token.access))?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    read(path, ask(settings, path, &init).await?).await
}

async fn read<T: DeserializeOwned>(path: &str, mut answer: Response) -> Result<T, OAuthError> {
    answer.json().await.map_err(|_| OAuthError::Away(format!("{path}: not the JSON we know")))
}

async fn ask(settings: &Settings, path: &str, init: &RequestInit) -> Result<Response, OAuthError> {
    answer(settings, path, init).await?.map_err(|refusal| silence(path, &refusal))
}

/// Asks Discord, and once more if it is limited for a short time.
async fn answer(
    settings: &Settings,
    path: &str,
    init: &RequestInit,
) -> Result<Result<Response, Refusal>, OAuthError> {
    let url = format!("{}{path}", settings.discord_api()?);
    let mut response = fetch(path, &url, init).await?;
    let mut refused = refused(&mut response).await;
    if let Some(wait) = refused.as_ref().and_then(short_wait) {
        Delay::from(wait).await;
        response = fetch(path, &url, init).await?;
        refused = self::refused(&mut response).await;
    }
    Ok(refused.map_or(Ok(response), Err))
}

async fn fetch(path: &str, url: &str, init: &RequestInit) -> Result<Response, OAuthError> {
    let request = Request::new_with_init(url, init)?;
    let asked = pin!(async { Fetch::Request(request).send().await });
    match select(asked, Delay::from(Duration::from_millis(ANSWER_MAX_MS))).await {
        Either::Left((response, _)) => Ok(response?),
        Either::Right(_) => Err(OAuthError::Away(format!("{path}: no answer in {ANSWER_MAX_MS} ms"))),
    }
}

async fn refused(response: &mut Response) -> Option<Refusal> {
    if response.status_code() == 200 { None } else { Some(refusal(response).await) }
}

fn short_wait(refusal: &Refusal) -> Option<Duration> {
    let wait = refusal.retry_after_ms.filter(|ms| *ms <= LIMITED_MAX_MS);
    wait.filter(|_| refusal.meaning() == Meaning::Limited).map(Duration::from_millis)
}

/// Only Discord's own no to the code or the token ends something.
fn silence(path: &str, refusal: &Refusal) -> OAuthError {
    match (refusal.meaning(), refusal.message.as_str()) {
        (_, INVALID_CLIENT) => OAuthError::Away(words(path, refusal)),
        (Meaning::Token, _) | (Meaning::Final, "invalid_grant") => OAuthError::Refused,
        _ => OAuthError::Away(words(path, refusal)),
    }
}

/// A refusal in words. Of Discord's, those are repeated that hold no secret.
fn words(path: &str, refusal: &Refusal) -> String {
    match (refusal.meaning(), refusal.message.as_str()) {
        (_, INVALID_CLIENT) => {
            "DISCORD_CLIENT_SECRET is not that of DISCORD_APPLICATION_ID: Discord answers invalid_client"
                .into()
        }
        (Meaning::Proxy, _) => {
            format!(
                "{path}: {} from a proxy before Discord; it may have blocked this address",
                refusal.status
            )
        }
        (Meaning::Limited, _) => {
            let wait_s = refusal.retry_after_ms.unwrap_or(SECOND_MS).div_ceil(SECOND_MS);
            format!("{path}: 429, wait {wait_s} s")
        }
        _ => format!("{path}: {} (code {})", refusal.status, refusal.code),
    }
}
