//! The real bot-worker, against a stand-in for Discord and a real edge.

use anyhow::Result;
use discord_sim::{Config, Server};

use crate::{
    edge::{BOT_TOKEN, Edge, PATIENCE, signer},
    program::{Program, binary},
};

/// The token of the stand-in's bot.
pub const DISCORD_TOKEN: &str = "a-discord-token-of-the-tests";

/// A quiet stand-in for Discord.
pub async fn discord(edge: &Edge) -> Result<Server> {
    let config = Config {
        edge_url: Some(edge.url.clone()),
        bot_token: DISCORD_TOKEN.into(),
        ..Config::quiet(signer())
    };
    Ok(Server::start(config).await?)
}

/// The bot-worker with these settings over the usual ones, started and not waited for.
pub fn start(edge: &Edge, discord: &Server, settings: &[(&str, &str)]) -> Result<Program> {
    let mut command = binary("bot-worker")?;
    command
        .arg("run")
        .env("DISCORD_TOKEN", DISCORD_TOKEN)
        .env("EDGE_URL", &edge.url)
        .env("BOT_TOKEN", BOT_TOKEN)
        .env("DISCORD_API", format!("{}/api/v10", discord.url()));
    for (name, value) in settings {
        command.env(name, value);
    }
    Program::start(&mut command)
}

/// The bot-worker, once it reports.
pub fn run(edge: &Edge, discord: &Server) -> Result<Program> {
    let program = start(edge, discord, &[])?;
    program.wait_for("bot-worker ready", PATIENCE)?;
    Ok(program)
}
