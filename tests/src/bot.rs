//! The real bot-worker, against a stand-in for Discord and an edge.

use std::process::Command;

use anyhow::Result;
use discord_sim::{Config, Server};

use crate::{
    edge::{BOT_TOKEN, Edge, PATIENCE, signer},
    program::{Program, binary},
};

/// The token of the stand-in's bot.
pub const DISCORD_TOKEN: &str = "a-discord-token-of-the-tests";

/// A quiet stand-in for Discord that posts to a real edge.
pub async fn discord(edge: &Edge) -> Result<Server> {
    discord_like(|config| config.edge_url = Some(edge.url.clone())).await
}

/// A quiet stand-in for Discord, set up a little differently. Its heartbeats are quick.
pub async fn discord_like(change: impl FnOnce(&mut Config)) -> Result<Server> {
    let mut config = Config { bot_token: DISCORD_TOKEN.into(), ..Config::quiet(signer()) };
    change(&mut config);
    let server = Server::start(config).await?;
    let settings =
        discord_sim::gateway::Settings { heartbeat_ms: 1_000, ..server.state().gateway.settings() };
    server.state().gateway.set(settings);
    Ok(server)
}

/// The settings of an edge where people sign in through this stand-in; `admin_ids` see everything.
pub fn signing_in(discord: &Server, admin_ids: &str) -> serde_json::Value {
    serde_json::json!({
        "ADMIN_IDS": admin_ids,
        "DISCORD_API": format!("{}/api/v10", discord.url()),
        "DISCORD_APPLICATION_ID": discord.state().application.to_string(),
        "DISCORD_CLIENT_SECRET": "a-client-secret-of-the-tests",
    })
}

/// A quiet stand-in for Discord and an edge where people sign in through it, with these settings over the usual ones. Each
/// knows where the other is.
pub async fn acquainted(settings: serde_json::Value) -> Result<(Edge, Server)> {
    let discord = discord_like(|_| {}).await?;
    let mut all = signing_in(&discord, "101");
    if let (Some(all), serde_json::Value::Object(more)) = (all.as_object_mut(), settings) {
        all.extend(more);
    }
    let edge = Edge::start_with(all)?;
    discord.state().set_endpoint(Some(format!("{}/interactions", edge.url)));
    Ok((edge, discord))
}

/// The bot-worker with these settings over the usual ones, started and not waited for.
pub fn start(edge: &Edge, discord: &Server, settings: &[(&str, &str)]) -> Result<Program> {
    command("run", &edge.url, discord, settings)
}

/// One of the bot-worker's commands, such as `run` or `register --dry-run`.
pub fn command(words: &str, edge_url: &str, discord: &Server, settings: &[(&str, &str)]) -> Result<Program> {
    command_of(binary("bot-worker")?, words, edge_url, discord, settings)
}

/// The same of this program, which another checkout may have built.
pub fn command_of(
    mut command: Command,
    words: &str,
    edge_url: &str,
    discord: &Server,
    settings: &[(&str, &str)],
) -> Result<Program> {
    command
        .args(words.split_whitespace())
        .env("DISCORD_TOKEN", DISCORD_TOKEN)
        .env("EDGE_URL", edge_url)
        .env("BOT_TOKEN", BOT_TOKEN)
        .env("DISCORD_API", format!("{}/api/v10", discord.url()));
    for (name, value) in settings {
        command.env(name, value);
    }
    Program::start(&mut command)
}

/// Runs one of the bot-worker's commands to its end; gives its exit code and what it said.
pub fn told(
    words: &str,
    edge_url: &str,
    discord: &Server,
    settings: &[(&str, &str)],
) -> Result<(i32, String)> {
    let mut program = command(words, edge_url, discord, settings)?;
    let code = program.exit_code(PATIENCE)?.unwrap_or(-1);
    Ok((code, program.all_lines().into_iter().map(|line| line + "\n").collect()))
}

/// The bot-worker, once it reports.
pub fn run(edge: &Edge, discord: &Server) -> Result<Program> {
    let program = start(edge, discord, &[])?;
    program.wait_for("bot-worker ready", PATIENCE)?;
    Ok(program)
}
