//! `bot-worker`: the process that holds the bot's token.

mod backlog;
mod check;
mod clock;
mod config;
mod discord;
mod edge;
mod gateway;
mod jobs;
mod latency;
mod line;
mod monitor;
mod register;
mod retry;
mod roster;
mod sessions;
mod setup;
mod time_scale;
mod worker;

use std::{
    io::IsTerminal,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{LogFormat, Registration, Settings, Task},
    discord::{Discord, DiscordError},
    setup::{Outcome, Stop},
    worker::Fatal,
};

/// A setting is missing or malformed.
const EXIT_BAD_SETTING: u8 = 2;
/// A process that is well answers sooner.
const HEALTH_WITHIN: Duration = Duration::from_secs(3);
/// Discord refuses the token.
const EXIT_TOKEN_REFUSED: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = config::Arguments::parse();
    log_as(arguments.log_format());
    match arguments.task() {
        Ok(Task::Check(settings)) => check(&settings).await,
        Ok(Task::Register(settings, wanted)) => match Discord::new(&settings) {
            Ok(discord) => register(&discord, wanted).await,
            Err(error) => no_client(&error),
        },
        Ok(Task::Setup(settings)) => set_up(&settings).await,
        Ok(Task::Health(address)) => health(address).await,
        Ok(Task::Run(settings)) => run(settings).await,
        Err(error) => {
            eprintln!("bot-worker: {error}");
            ExitCode::from(EXIT_BAD_SETTING)
        }
    }
}

fn log_as(format: LogFormat) {
    // twilight's own lines repeat what ours say.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off,bot_worker=info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}

async fn run(settings: Settings) -> ExitCode {
    let stop = async {
        asked_to_stop().await;
        tracing::info!("asked to stop");
    };
    match worker::run(settings, stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            match error {
                Fatal::TokenRefused => ExitCode::from(EXIT_TOKEN_REFUSED),
                Fatal::NoClient(_) | Fatal::Listen(_) => ExitCode::FAILURE,
            }
        }
    }
}

async fn check(settings: &Settings) -> ExitCode {
    match check::check(settings).await {
        Ok(findings) => {
            print!("{findings}");
            if findings.all_well() {
                ExitCode::SUCCESS
            } else if findings.token_refused {
                ExitCode::from(EXIT_TOKEN_REFUSED)
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => no_client(&error),
    }
}

async fn set_up(settings: &config::Setup) -> ExitCode {
    let mut questions = setup::of_whoever_is_there(settings.yes);
    match setup::setup(settings, questions.as_mut()).await {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::SomethingIsWrong) | Err(Stop::Told) => ExitCode::FAILURE,
        Err(Stop::TokenRefused) => ExitCode::from(EXIT_TOKEN_REFUSED),
        Err(error) => {
            eprintln!("bot-worker: {error}");
            ExitCode::from(if matches!(error, Stop::BadSetting(_)) { EXIT_BAD_SETTING } else { 1 })
        }
    }
}

/// Asks the process that serves there, on this machine, how it is.
async fn health(mut address: SocketAddr) -> ExitCode {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    let client = match reqwest::Client::builder().no_proxy().timeout(HEALTH_WITHIN).build() {
        Ok(client) => client,
        Err(error) => return no_client(&error),
    };
    match client.get(format!("http://{address}/healthz")).send().await {
        Ok(answer) if answer.status().is_success() => ExitCode::SUCCESS,
        Ok(answer) => {
            eprint!("bot-worker: {}", answer.text().await.unwrap_or_default());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bot-worker: nobody serves /healthz at {address}: {}", error.without_url());
            ExitCode::FAILURE
        }
    }
}

fn no_client(error: &reqwest::Error) -> ExitCode {
    eprintln!("bot-worker: no HTTP client: {error}");
    ExitCode::FAILURE
}

async fn register(discord: &Discord, wanted: Registration) -> ExitCode {
    match register::register(discord, wanted).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bot-worker: {error}");
            match error {
                DiscordError::Unauthorized => ExitCode::from(EXIT_TOKEN_REFUSED),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

async fn asked_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return drop(tokio::signal::ctrl_c().await);
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
