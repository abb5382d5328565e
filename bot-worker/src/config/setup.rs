//! The options of `setup`, and the settings that it makes of them: by their names, from the command line, the environment,
//! files, Discord, or somebody's hands.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;

use super::{
    BadSetting, DISCORD, Discord, Edge, LogFormat, RawSettings, Secret, Settings,
    checking::{BOT_TOKEN_HINT, CLIENT_SECRET_HINT, DISCORD_TOKEN_HINT, discord_host, secret},
    name,
};
use crate::time_scale::TimeScale;

/// Options of `setup`.
#[derive(Args)]
pub(super) struct RawSetup {
    #[command(flatten)]
    settings: RawSettings,
    /// The application's client secret, from the Developer Portal under `OAuth2`
    #[arg(long, env = "DISCORD_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
    /// Discord user ids of those who see and do everything, separated by commas; the application's owner when left out
    #[arg(long, env = "ADMIN_IDS")]
    admin_ids: Option<String>,
    /// The secret for programs of your own; a random one when left out
    #[arg(long, env = "ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
    /// The file for `wrangler deploy --secrets-file`
    #[arg(long, value_name = "FILE", default_value = "pulse.secrets")]
    secrets_file: PathBuf,
    /// The file with what `bot-worker run` needs in its environment
    #[arg(long, value_name = "FILE", default_value = "bot-worker.env")]
    env_file: PathBuf,
    /// Write other values over those in the files, and move the commands here from another address
    #[arg(long)]
    force: bool,
    /// Ask nothing: what is missing is named instead
    #[arg(long, short)]
    yes: bool,
}

/// The values that `setup` was given.
#[derive(Debug)]
pub struct Setup {
    given: BTreeMap<&'static str, Secret>,
    /// The file for the Worker.
    pub secrets_file: PathBuf,
    /// The file for bot-worker.
    pub env_file: PathBuf,
    /// Whether to write over what is there.
    pub force: bool,
    /// Whether to ask nobody.
    pub yes: bool,
}

impl RawSetup {
    pub(super) fn log_format(&self) -> LogFormat {
        self.settings.log_format
    }

    pub(super) fn check(self) -> Setup {
        let settings = self.settings;
        let api = (settings.discord_api != DISCORD).then_some(settings.discord_api);
        let given = [
            (name::DISCORD_TOKEN, settings.discord_token),
            (name::BOT_TOKEN, settings.bot_token),
            (name::ADMIN_TOKEN, self.admin_token),
            (name::EDGE_URL, settings.edge_url),
            (name::APPLICATION_ID, settings.discord_application_id),
            (name::PUBLIC_KEY, settings.discord_public_key),
            (name::CLIENT_SECRET, self.client_secret),
            (name::ADMIN_IDS, self.admin_ids),
            (name::API, api),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value?.trim().to_owned())));
        Setup {
            given: given
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, Secret(value)))
                .collect(),
            secrets_file: self.secrets_file,
            env_file: self.env_file,
            force: self.force,
            yes: self.yes,
        }
    }
}

impl Setup {
    /// The value that was given under this name.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(Secret::reveal)
    }
}

impl Discord {
    /// Discord with this token, at this address or where it always is.
    pub fn with(token: &str, api: Option<&str>) -> Result<Self, BadSetting> {
        let token = secret(name::DISCORD_TOKEN, Some(token), DISCORD_TOKEN_HINT)?;
        Ok(Self { token, host: discord_host(api.unwrap_or(DISCORD))? })
    }
}

impl Secret {
    /// A client secret as it was typed.
    pub fn client(value: &str) -> Result<Self, BadSetting> {
        secret(name::CLIENT_SECRET, Some(value), CLIENT_SECRET_HINT)
    }

    /// A token that programs of ours share.
    pub fn shared(name: &'static str, value: &str) -> Result<Self, BadSetting> {
        secret(name, Some(value), BOT_TOKEN_HINT)
    }
}

impl Settings {
    /// The settings without which neither Discord nor the edge can be asked.
    pub fn of(discord: Discord, edge: Edge) -> Self {
        let time_scale = TimeScale::default();
        Self {
            discord,
            edge,
            public_key: None,
            application_id: None,
            metrics_listen: None,
            session_file: None,
            time_scale,
        }
    }
}
