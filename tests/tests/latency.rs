//! The real bot-worker's view of Discord, as the dashboard's numbers tell it.

use anyhow::Result;
use protocol::{DashboardStats, ServerMessage, stats::BotStatus};
use tests::{
    Edge, Viewer, bot,
    edge::{PATIENCE, http},
};

async fn stats_until(
    viewer: &mut Viewer,
    condition: impl Fn(&DashboardStats) -> bool,
) -> Result<DashboardStats> {
    loop {
        if let ServerMessage::StatsUpdate { data, .. } = viewer.next().await?
            && condition(&data)
        {
            return Ok(*data);
        }
    }
}

// The stand-in answers on another thread while the test waits for a program.
#[tokio::test(flavor = "multi_thread")]
async fn latency_follows_the_network_and_is_never_stale() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let set_latency = async |ms: u64| {
        let url = format!("{}/control/latency", discord.url());
        http().put(url).json(&serde_json::json!({ "ms": ms })).send().await?.error_for_status()?;
        anyhow::Ok(())
    };
    set_latency(40).await?;
    let mut viewer = Viewer::join(&edge).await?;
    let mut worker = bot::run(&edge, &discord)?;
    let calm = stats_until(&mut viewer, |stats| stats.ping.rest.is_some()).await?;
    assert_eq!(calm.bot.status, BotStatus::Online);
    assert!(calm.ping.avg.is_some_and(|ms| (40.0..200.0).contains(&ms)), "{:?}", calm.ping);
    assert!(calm.guilds.count > 0);

    set_latency(400).await?;
    let slow = stats_until(&mut viewer, |stats| stats.ping.rest.is_some_and(|ms| ms >= 400.0)).await?;
    assert!(slow.ping.avg > calm.ping.avg);

    worker.kill();
    let gone = stats_until(&mut viewer, |stats| stats.bot.status == BotStatus::Offline).await?;
    assert_eq!((gone.ping.avg, gone.ping.rest, gone.uptime), (None, None, None));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_registered_once() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let worker = bot::run(&edge, &discord)?;
    let commands: serde_json::Value =
        http().get(format!("{}/control/commands", discord.url())).send().await?.json().await?;
    let listed = commands.to_string();
    for name in ["daily", "balance", "pay"] {
        assert!(listed.contains(&format!("\"name\":\"{name}\"")), "{listed}");
    }
    drop(worker);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_asked_to_end_ends_well() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let mut worker = bot::run(&edge, &discord)?;
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_setting_and_a_wrong_token_are_named() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let mut worker = bot::start(&edge, &discord, &[("EDGE_URL", "")])?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(2));
    let said = worker.lines().join("\n");
    assert!(said.contains("EDGE_URL"), "{said}");

    let mut worker = bot::start(&edge, &discord, &[("DISCORD_TOKEN", "revoked-token")])?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(3));
    let said = worker.lines().join("\n");
    assert!(!said.contains("revoked-token"), "a secret never reaches a log");
    Ok(())
}
