//! The checks of settings as they were typed, one by one.

use std::{fs, io::ErrorKind, path::Path};

use interactions::transport::is_confidential;
use reqwest::Url;

use super::{Discord, DiscordHost, Edge, RawSettings, Secret, Settings};
use crate::time_scale::TimeScale;

/// A setting that is missing or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// Not set, or empty.
    #[error("{0} is not set: {1}")]
    Missing(&'static str, &'static str),
    /// A secret with characters that no header can carry.
    #[error("{0} has spaces or other characters that a token never has: copy it again, {1}")]
    NotAToken(&'static str, &'static str),
    /// A file that should hold a secret.
    #[error("{0} names a file that cannot be read: {1}")]
    Unreadable(&'static str, ErrorKind),
    /// Not the origin of the edge.
    #[error("EDGE_URL is not an http(s) origin: expected something like https://pulse.example.workers.dev")]
    EdgeUrl,
    /// Not where Discord's API could be.
    #[error(
        "DISCORD_API is not a base URL that can be used: expected https://discord.com/api/v10, or another http(s) \
         origin with no path or with /api/v10"
    )]
    DiscordApi,
    /// Not a list of Discord's user ids.
    #[error("ADMIN_IDS is no list of Discord user ids: digits, separated by commas")]
    AdminIds,
    /// Characters that a file of settings would need quotes for.
    #[error(
        "{0} has a character for which a file of settings would need quotes: letters, digits and -._~:/,=+ are taken"
    )]
    Strange(&'static str),
    /// A way on which others could read the token.
    #[error("{0} is http:// beyond this machine, and the token would travel for all to read: use https://")]
    Readable(&'static str),
}

pub(super) const DISCORD_TOKEN_HINT: &str = "it is in the Developer Portal under Bot, Reset Token";
pub(super) const BOT_TOKEN_HINT: &str =
    "give the same secret as to the edge (`wrangler secret put BOT_TOKEN`)";
pub(super) const CLIENT_SECRET_HINT: &str = "it is in the Developer Portal under OAuth2, Reset Secret";
const EDGE_URL_HINT: &str = "give the edge's origin, such as https://pulse.example.workers.dev";

impl RawSettings {
    pub(super) fn discord(&self) -> Result<Discord, BadSetting> {
        Ok(Discord {
            token: given_or_read(
                ("DISCORD_TOKEN", self.discord_token.as_deref()),
                ("DISCORD_TOKEN_FILE", self.discord_token_file.as_deref()),
                DISCORD_TOKEN_HINT,
            )?,
            host: discord_host(&self.discord_api)?,
        })
    }

    pub(super) fn check(self) -> Result<Settings, BadSetting> {
        let discord = self.discord()?;
        let url = edge_url(self.edge_url.as_deref())?;
        let token = given_or_read(
            ("BOT_TOKEN", self.bot_token.as_deref()),
            ("BOT_TOKEN_FILE", self.bot_token_file.as_deref()),
            BOT_TOKEN_HINT,
        )?;
        let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        Ok(Settings {
            discord,
            edge: Edge { url, token },
            public_key: given(self.discord_public_key),
            application_id: given(self.discord_application_id),
            metrics_listen: self.metrics_listen,
            session_file: self.session_file,
            time_scale: self.time_scale.map(TimeScale::from).unwrap_or_default(),
        })
    }
}

/// A secret, or else what a file holds, as containers are handed them.
fn given_or_read(
    (name, value): (&'static str, Option<&str>),
    (file_name, file): (&'static str, Option<&Path>),
    hint: &'static str,
) -> Result<Secret, BadSetting> {
    match (value.filter(|value| !value.trim().is_empty()), file) {
        (None, Some(file)) => {
            let read = fs::read_to_string(file);
            let read = read.map_err(|error| BadSetting::Unreadable(file_name, error.kind()))?;
            secret(name, Some(&read), hint)
        }
        (value, _) => secret(name, value, hint),
    }
}

pub(super) fn secret(
    name: &'static str,
    value: Option<&str>,
    hint: &'static str,
) -> Result<Secret, BadSetting> {
    let value = value.unwrap_or_default();
    let token = value.trim();
    if token.is_empty() {
        return Err(BadSetting::Missing(name, hint));
    }
    if !token.chars().all(|letter| letter.is_ascii_graphic()) {
        return Err(BadSetting::NotAToken(name, hint));
    }
    Ok(Secret(token.to_owned()))
}

/// The edge's origin, without a slash at its end.
pub fn edge_url(value: Option<&str>) -> Result<String, BadSetting> {
    let value = value.unwrap_or_default();
    if value.trim().is_empty() {
        return Err(BadSetting::Missing("EDGE_URL", EDGE_URL_HINT));
    }
    let url = origin(value).filter(|url| url.path() == "/").ok_or(BadSetting::EdgeUrl)?;
    if !is_confidential(&url) {
        return Err(BadSetting::Readable("EDGE_URL"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

pub(super) fn discord_host(value: &str) -> Result<DiscordHost, BadSetting> {
    let url = origin(value).ok_or(BadSetting::DiscordApi)?;
    if !matches!(url.path(), "/" | "/api/v10" | "/api/v10/") {
        return Err(BadSetting::DiscordApi);
    }
    if !is_confidential(&url) {
        return Err(BadSetting::Readable("DISCORD_API"));
    }
    Ok(DiscordHost { authority: url.authority().to_owned(), plain_http: url.scheme() == "http" })
}

/// An http(s) URL with a host, and without what would be lost: credentials, query, fragment.
fn origin(value: &str) -> Option<Url> {
    let url = Url::parse(value.trim()).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain && url.fragment().is_none())
        .then_some(url)
}

#[cfg(test)]
mod tests;
