//! Settings: each is named, and what is wrong with it is said in one line. Secrets are never shown.

mod checking;
pub mod name;
mod setup;

use std::{
    fmt,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroU64},
    path::PathBuf,
};

pub use self::{
    checking::{BadSetting, edge_url},
    setup::Setup,
};
use crate::time_scale::TimeScale;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The base URL of Discord's own API.
const DISCORD: &str = "https://discord.com/api/v10";

/// The process that holds the bot's token.
///
/// It registers the slash commands, keeps the bot's gateway connection, measures its latency, and reports to the edge
/// every 5 seconds. Exit codes: 0 asked to stop, or all is well; 1 `check` or `setup` found a problem, `register` was
/// refused, or a port is taken; 2 a setting is missing or malformed; 3 Discord refuses the token.
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
    /// Make the files that a deployment needs, tell Discord of the Worker, and end with a check; again and again, until all is
    /// well
    Setup(setup::RawSetup),
    /// Ask the process that runs here whether its reports arrive: for a container's health check
    Health {
        /// Where it serves /healthz
        #[arg(long, env = "METRICS_LISTEN")]
        metrics_listen: Option<SocketAddr>,
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
    /// A file with the bot's token, instead of the token itself
    #[arg(long, env = "DISCORD_TOKEN_FILE")]
    discord_token_file: Option<PathBuf>,
    /// The edge's origin
    #[arg(long, env = "EDGE_URL")]
    edge_url: Option<String>,
    /// The secret shared with the edge
    #[arg(long, env = "BOT_TOKEN", hide_env_values = true)]
    bot_token: Option<String>,
    /// A file with that secret, instead of the secret itself
    #[arg(long, env = "BOT_TOKEN_FILE")]
    bot_token_file: Option<PathBuf>,
    /// The base URL of Discord's API
    #[arg(long, env = "DISCORD_API", default_value = DISCORD)]
    discord_api: String,
    /// The public key that the edge has, for `check` to compare
    #[arg(long, env = "DISCORD_PUBLIC_KEY")]
    discord_public_key: Option<String>,
    /// The application's id that the edge has, for `check` to compare
    #[arg(long, env = "DISCORD_APPLICATION_ID")]
    discord_application_id: Option<String>,
    /// The form of log lines
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    /// Serve /healthz and /metrics there, such as 127.0.0.1:9100; nowhere when left out
    #[arg(long, env = "METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Keep the gateway's sessions there when stopping, to resume them at the next start
    #[arg(long, env = "SESSION_FILE")]
    session_file: Option<PathBuf>,
    /// The factor by which everything that recurs goes faster: for tests
    #[arg(long, env = "PULSE_PACE", hide = true)]
    time_scale: Option<NonZeroU32>,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The task of this process.
#[derive(Debug)]
pub enum Task {
    /// Look whether everything fits together.
    Check(Settings),
    /// Register the commands.
    Register(Discord, Registration),
    /// Set up a deployment.
    Setup(Setup),
    /// Ask the process that serves there how it is.
    Health(SocketAddr),
    /// Work until asked to stop.
    Run(Settings),
}

/// The options of `register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// In this server, or everywhere.
    pub guild: Option<NonZeroU64>,
    /// Shows the difference, and changes nothing.
    pub dry_run: bool,
    /// Removes all commands instead.
    pub delete: bool,
}

impl Arguments {
    /// The form of log lines that is asked for.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            Some(Command::Check(settings) | Command::Run(settings) | Command::Register { settings, .. }) => {
                settings.log_format
            }
            Some(Command::Setup(setup)) => setup.log_format(),
            Some(Command::Health { .. }) => LogFormat::Text,
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
            Some(Command::Setup(raw)) => Task::Setup(raw.check()),
            Some(Command::Health { metrics_listen }) => {
                let hint = "give the address that the running process has";
                Task::Health(metrics_listen.ok_or(BadSetting::Missing("METRICS_LISTEN", hint))?)
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
    /// The address at which health and metrics are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// The file in which the gateway's sessions are kept, if anywhere.
    pub session_file: Option<PathBuf>,
    /// The pace of everything that recurs; 1 but in tests.
    pub time_scale: TimeScale,
}

/// Discord, and the bot's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discord {
    /// The bot's token.
    pub token: Secret,
    /// The host of Discord's API.
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

/// The host at which Discord's API is served.
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
