//! Settings: each is named, and what is wrong with it is said in one line. Secrets are never shown.

use std::{
    fmt,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use reqwest::Url;

use crate::pace::Pace;

/// Discord's own.
const DISCORD: &str = "https://discord.com/api/v10";

/// The process that holds the bot's token.
///
/// It registers the slash commands, keeps the bot's gateway connection, measures its latency, and reports to the edge
/// every 5 seconds. Exit codes: 0 asked to stop, or all is well; 1 `check` found a problem, `register` was refused, or
/// a port is taken; 2 a setting is missing or malformed; 3 Discord refuses the token.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: RawSettings,
}

#[derive(Subcommand)]
enum Command {
    /// Look whether everything fits together, and say what to do where it does not
    Check(RawSettings),
    /// Show how the registered commands differ from ours, and register ours
    Register {
        #[command(flatten)]
        settings: RawSettings,
        /// Only in this server, where a change shows at once; everywhere when left out
        #[arg(long, value_name = "ID")]
        guild: Option<NonZeroU64>,
        /// Show the difference and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Remove all commands instead
        #[arg(long)]
        delete: bool,
    },
    /// Register the commands, stay connected and report until asked to stop; what happens without a command, too
    Run(RawSettings),
}

/// Settings as they were typed. All are optional here, so that what is missing is told in our words.
#[derive(Args, Clone, Default)]
struct RawSettings {
    /// The bot's token, from the Developer Portal under Bot
    #[arg(long, env = "DISCORD_TOKEN", hide_env_values = true)]
    discord_token: Option<String>,
    /// The edge's origin
    #[arg(long, env = "EDGE_URL")]
    edge_url: Option<String>,
    /// The secret shared with the edge
    #[arg(long, env = "BOT_TOKEN", hide_env_values = true)]
    bot_token: Option<String>,
    /// The base URL of Discord's API
    #[arg(long, env = "DISCORD_API", default_value = DISCORD)]
    discord_api: String,
    /// The public key that the edge has, for `check` to compare
    #[arg(long, env = "DISCORD_PUBLIC_KEY")]
    discord_public_key: Option<String>,
    /// The application's id that the edge has, for `check` to compare
    #[arg(long, env = "DISCORD_APPLICATION_ID")]
    discord_application_id: Option<String>,
    /// How log lines look
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// Serve /healthz and /metrics there, such as 127.0.0.1:9100; nowhere when left out
    #[arg(long, env = "METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Keep the gateway's sessions there when stopping, to resume them at the next start
    #[arg(long, env = "SESSION_FILE")]
    session_file: Option<PathBuf>,
    /// How many times as fast everything that recurs goes: for tests
    #[arg(long, env = "PULSE_PACE", hide = true)]
    pace: Option<NonZeroU32>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug)]
pub enum Task {
    /// Look whether everything fits together.
    Check(Settings),
    /// Register the commands.
    Register(Discord, Registration),
    /// Work until asked to stop.
    Run(Settings),
}

/// How to register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// In this server, or everywhere.
    pub guild: Option<NonZeroU64>,
    /// Change nothing.
    pub dry_run: bool,
    /// Remove instead.
    pub delete: bool,
}

impl Arguments {
    /// How log lines are to look.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            Some(Command::Check(settings) | Command::Run(settings) | Command::Register { settings, .. }) => {
                settings.log_format
            }
            None => self.settings.log_format,
        }
    }

    /// Checks every setting that the task needs.
    pub fn task(self) -> Result<Task, BadSetting> {
        Ok(match self.command {
            Some(Command::Check(raw)) => Task::Check(raw.check()?),
            Some(Command::Register { settings, guild, dry_run, delete }) => {
                Task::Register(settings.discord()?, Registration { guild, dry_run, delete })
            }
            Some(Command::Run(raw)) => Task::Run(raw.check()?),
            None => Task::Run(self.settings.check()?),
        })
    }
}

/// Settings that can be worked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Discord, and who we are there.
    pub discord: Discord,
    /// The edge.
    pub edge: Edge,
    /// The public key that the edge has, if it was told: 64 hexadecimal digits.
    pub public_key: Option<String>,
    /// The application's id that the edge has, if it was told.
    pub application_id: Option<String>,
    /// Where to serve health and metrics, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Where the gateway's sessions are kept, if anywhere.
    pub session_file: Option<PathBuf>,
    /// How fast what recurs comes round.
    pub pace: Pace,
}

/// Discord, and the bot's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discord {
    /// The bot's token.
    pub token: Secret,
    /// Where Discord is.
    pub host: DiscordHost,
}

/// The edge, and what it knows us by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The edge's origin, without a slash at its end.
    pub url: String,
    /// The secret shared with the edge.
    pub token: Secret,
}

/// A string that is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The string, to be sent and not to be shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where Discord's API is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscordHost {
    /// Host and port.
    pub authority: String,
    /// Without TLS, as the stand-in.
    pub plain_http: bool,
}

impl DiscordHost {
    /// The base URL of the API.
    pub fn api_url(&self) -> String {
        let scheme = if self.plain_http { "http" } else { "https" };
        format!("{scheme}://{}/api/v10", self.authority)
    }
}

/// A setting that is missing or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// Not set, or empty.
    #[error("{0} is not set: {1}")]
    Missing(&'static str, &'static str),
    /// A secret with characters that no header can carry.
    #[error("{0} has spaces or other characters that a token never has: copy it again, {1}")]
    NotAToken(&'static str, &'static str),
    /// Not the origin of the edge.
    #[error("EDGE_URL is not an http(s) origin: expected something like https://pulse.example.workers.dev")]
    EdgeUrl,
    /// Not where Discord's API could be.
    #[error(
        "DISCORD_API is not a base URL that can be used: expected https://discord.com/api/v10, or another http(s) \
         origin with no path or with /api/v10"
    )]
    DiscordApi,
}

const DISCORD_TOKEN_HINT: &str = "it is in the Developer Portal under Bot, Reset Token";
const BOT_TOKEN_HINT: &str = "give the same secret as to the edge (`wrangler secret put BOT_TOKEN`)";
const EDGE_URL_HINT: &str = "give the edge's origin, such as https://pulse.example.workers.dev";

impl RawSettings {
    fn discord(&self) -> Result<Discord, BadSetting> {
        Ok(Discord {
            token: secret("DISCORD_TOKEN", self.discord_token.as_deref(), DISCORD_TOKEN_HINT)?,
            host: discord_host(&self.discord_api)?,
        })
    }

    fn check(self) -> Result<Settings, BadSetting> {
        let discord = self.discord()?;
        let url = edge_url(self.edge_url.as_deref())?;
        let token = secret("BOT_TOKEN", self.bot_token.as_deref(), BOT_TOKEN_HINT)?;
        let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        Ok(Settings {
            discord,
            edge: Edge { url, token },
            public_key: given(self.discord_public_key),
            application_id: given(self.discord_application_id),
            metrics_listen: self.metrics_listen,
            session_file: self.session_file,
            pace: self.pace.map(Pace::from).unwrap_or_default(),
        })
    }
}

fn secret(name: &'static str, value: Option<&str>, hint: &'static str) -> Result<Secret, BadSetting> {
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

fn edge_url(value: Option<&str>) -> Result<String, BadSetting> {
    let value = value.unwrap_or_default();
    if value.trim().is_empty() {
        return Err(BadSetting::Missing("EDGE_URL", EDGE_URL_HINT));
    }
    let url = origin(value).filter(|url| url.path() == "/").ok_or(BadSetting::EdgeUrl)?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn discord_host(value: &str) -> Result<DiscordHost, BadSetting> {
    let url = origin(value).ok_or(BadSetting::DiscordApi)?;
    if !matches!(url.path(), "/" | "/api/v10" | "/api/v10/") {
        return Err(BadSetting::DiscordApi);
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
mod tests {
    use super::*;

    type Spoil = fn(&mut RawSettings);

    fn raw() -> RawSettings {
        RawSettings {
            discord_token: Some("discord-secret".into()),
            edge_url: Some("http://127.0.0.1:8787/".into()),
            bot_token: Some("shared-secret".into()),
            discord_api: DISCORD.into(),
            ..RawSettings::default()
        }
    }

    #[test]
    fn good_settings_are_taken_and_secrets_not_shown() {
        let settings = raw().check().unwrap();
        assert_eq!(settings.edge.url, "http://127.0.0.1:8787");
        assert_eq!(settings.edge.token.reveal(), "shared-secret");
        assert_eq!(settings.discord.host.api_url(), DISCORD);
        assert!(!format!("{settings:?}").contains("-secret"));
    }

    #[test]
    fn a_bad_setting_is_named() {
        let cases: [(&str, Spoil); 8] = [
            ("DISCORD_TOKEN", |raw| raw.discord_token = None),
            ("DISCORD_TOKEN", |raw| raw.discord_token = Some("two words".into())),
            ("BOT_TOKEN", |raw| raw.bot_token = Some("  ".into())),
            ("EDGE_URL", |raw| raw.edge_url = None),
            ("EDGE_URL", |raw| raw.edge_url = Some("pulse.example".into())),
            ("EDGE_URL", |raw| raw.edge_url = Some("https://pulse.example/api".into())),
            ("DISCORD_API", |raw| raw.discord_api = "ftp://discord.com".into()),
            ("DISCORD_API", |raw| raw.discord_api = "https://discord.com/api/v9".into()),
        ];
        for (name, spoil) in cases {
            let mut spoilt = raw();
            spoil(&mut spoilt);
            let message = spoilt.check().unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
        }
    }

    #[test]
    fn registering_needs_no_edge() {
        let words = ["bot-worker", "register", "--guild", "7", "--dry-run", "--discord-token", "x"];
        let Ok(Task::Register(_, wanted)) = Arguments::parse_from(words).task() else {
            panic!("no register")
        };
        assert_eq!(wanted, Registration { guild: NonZeroU64::new(7), dry_run: true, delete: false });
    }

    #[test]
    fn discord_may_be_elsewhere() {
        let cases = [
            ("https://discord.com/api/v10", "discord.com", false),
            ("https://discord.com/api/v10/", "discord.com", false),
            ("http://127.0.0.1:4000", "127.0.0.1:4000", true),
            ("http://[::1]:4000/", "[::1]:4000", true),
        ];
        for (url, authority, plain_http) in cases {
            let host = DiscordHost { authority: authority.into(), plain_http };
            assert_eq!(discord_host(url), Ok(host), "{url}");
        }
    }
}
