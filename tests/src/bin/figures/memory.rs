//! The resident memory of whoever serves, and of the bot-worker of a large bot.

use std::{process::Command, time::Duration};

use anyhow::{Context, Result};
use discord_sim::Config;
use tests::{
    Subject, bot,
    edge::{BOT_TOKEN, PATIENCE},
    program::{Program, resident_bytes},
};

use crate::{
    Scale,
    load::{Players, post_all},
    row::{Goal, Table},
    subjects,
    watchers::{Sightings, Watchers},
};

const MIB: f64 = 1024.0 * 1024.0;

pub async fn measure(scale: Scale) -> Result<Table> {
    let (viewers, commands) = scale.pick((1_000, 1_500), (10, 10));
    let mut table = Table::default();
    for subject in subjects() {
        let served = subject.start()?;
        post_all(&served.discord()?, Players::new().dailies(8), 8).await?;
        let mut add = |what: &str| -> Result<()> {
            table.add(what, "MiB", subject, served.memory()? as f64 / MIB);
            Ok(())
        };
        add("nobody watches")?;
        let watchers = Watchers::join(&served, viewers).await?;
        add(&format!("{viewers} idle viewers"))?;
        let signed = Players::new().dailies(commands);
        let sightings = Sightings::of(signed[0].number, commands);
        watchers.look_for(&sightings);
        post_all(&served.discord()?, signed, 16).await?;
        sightings.all_seen(viewers, PATIENCE).await;
        watchers.check()?;
        add(&format!("{viewers} viewers after {commands} events"))?;
    }
    let (guilds, seconds) = scale.pick((2_500, 15), (5, 0));
    bot_worker(guilds, seconds, &mut table).await?;
    Ok(table)
}

/// Beside this program, as cargo builds it.
async fn bot_worker(guilds: usize, seconds: u64, table: &mut Table) -> Result<()> {
    let program = std::env::current_exe()?.parent().context("a folder")?.join("bot-worker");
    let edge = Subject::Pulse.start()?;
    let discord = bot::discord_like(|config: &mut Config| {
        config.edge_url = Some(edge.url.clone());
        config.guilds = guilds;
    })
    .await?;
    let mut command = Command::new(program);
    command.arg("run").env("DISCORD_TOKEN", bot::DISCORD_TOKEN).env("EDGE_URL", &edge.url);
    command.env("BOT_TOKEN", BOT_TOKEN).env("DISCORD_API", format!("{}/api/v10", discord.url()));
    let worker = Program::start(&mut command)?;
    tokio::task::block_in_place(|| worker.wait_for("bot-worker ready", PATIENCE))?;
    // Three reports are 15 s: by then it has met all of its servers.
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let what = format!("bot-worker in {guilds} servers");
    table.add(&what, "MiB", Subject::Pulse, resident_bytes(worker.id())? as f64 / MIB);
    table.goal(&what, Goal::Most(60.0));
    Ok(())
}
