//! `bot-worker`: the process that holds the bot's token.

mod config;
mod discord;
mod latency;
mod register;
mod report;
mod retry;
mod worker;

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::worker::Fatal;

/// A setting is missing or malformed.
const EXIT_BAD_SETTING: u8 = 2;
/// Discord refuses the token.
const EXIT_TOKEN_REFUSED: u8 = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match config::Arguments::parse().settings() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("bot-worker: {error}");
            return ExitCode::from(EXIT_BAD_SETTING);
        }
    };
    // twilight's own lines repeat what ours say.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,bot_worker=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();

    tokio::select! {
        ended = worker::run(settings) => match ended {
            Ok(never) => match never {},
            Err(error) => {
                tracing::error!("{error}");
                match error {
                    Fatal::TokenRefused => ExitCode::from(EXIT_TOKEN_REFUSED),
                    Fatal::NoClient(_) => ExitCode::FAILURE,
                }
            }
        },
        () = asked_to_stop() => {
            tracing::info!("asked to stop");
            ExitCode::SUCCESS
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
