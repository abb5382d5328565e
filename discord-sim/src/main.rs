//! `discord-sim`: the stand-in as a program.

use std::{net::SocketAddr, process::ExitCode};

use clap::Parser;
use discord_sim::{
    Config, Server, Signer, server::StartError, signing::BadSeed, snowflake::DEFAULT_APPLICATION,
};
use protocol::number::typed;

/// A stand-in for Discord, for tests and the demo. It listens on loopback only.
///
/// It answers the bot's REST calls under /api/v10, and posts signed interactions to the edge: those of a crowd of players,
/// and those asked for on its control routes. The edge's later answers, on an interaction's webhook, are kept by the
/// interaction's token.
#[derive(Parser)]
#[command(version, after_long_help = include_str!("control.txt"))]
struct Arguments {
    /// The loopback address to listen on; port 0 takes a free one
    #[arg(long, env = "DISCORD_SIM_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The edge's origin, with its scheme; without it nothing is posted
    #[arg(long, env = "EDGE_URL")]
    edge_url: Option<String>,
    /// The application's id
    #[arg(long, env = "DISCORD_APPLICATION_ID", default_value_t = DEFAULT_APPLICATION)]
    application_id: u64,
    /// The secret half of the application's key: an Ed25519 seed of 64 hexadecimal digits; a fresh one when left out
    #[arg(long, env = "DISCORD_SIM_SIGNING_KEY", hide_env_values = true)]
    signing_key: Option<String>,
    /// The delay of each REST answer, in milliseconds
    #[arg(long, env = "DISCORD_SIM_LATENCY_MS", default_value_t = 40, value_parser = typed::<u64>)]
    latency_ms: u64,
    /// Players at a time; others take their turns. 0: no crowd
    #[arg(long, env = "DISCORD_SIM_PLAYERS", default_value_t = 24, value_parser = typed::<usize>)]
    players: usize,
    /// Servers that the bot is in
    #[arg(long, env = "DISCORD_SIM_GUILDS", default_value_t = 3, value_parser = typed::<usize>)]
    guilds: usize,
    /// The only bot token that is accepted
    #[arg(long, env = "DISCORD_TOKEN", hide_env_values = true, default_value = "sim-bot-token")]
    bot_token: String,
    /// Decides what the crowd does
    #[arg(long, env = "DISCORD_SIM_SEED", default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("discord-sim: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Problem> {
    let signer = signer(arguments.signing_key.as_deref())?;
    let server = Server::start(arguments.config(signer)).await?;
    println!("discord-sim ready {}", server.url());
    asked_to_stop().await;
    Ok(())
}

/// A reason why the stand-in cannot start.
#[derive(Debug, thiserror::Error)]
enum Problem {
    // The key itself is not repeated: it is a secret.
    #[error("--signing-key (DISCORD_SIM_SIGNING_KEY): {0}")]
    SigningKey(#[from] BadSeed),
    #[error("no entropy for a key ({0}): give --signing-key")]
    Entropy(#[from] getrandom::Error),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Arguments {
    fn config(self, signer: Signer) -> Config {
        Config {
            listen: self.listen,
            edge_url: self.edge_url,
            application: self.application_id,
            signer,
            latency_ms: self.latency_ms,
            players: self.players,
            guilds: self.guilds,
            bot_token: self.bot_token,
            seed: self.seed,
        }
    }
}

fn signer(key: Option<&str>) -> Result<Signer, Problem> {
    if let Some(key) = key {
        return Ok(Signer::from_hex(key)?);
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let signer = Signer::from_seed(seed);
    eprintln!("discord-sim: no --signing-key; this run's DISCORD_PUBLIC_KEY is {}", signer.public_key_hex());
    Ok(signer)
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return drop(tokio::signal::ctrl_c().await);
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
