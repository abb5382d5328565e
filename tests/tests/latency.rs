//! The real bot-worker's view of Discord, as the dashboard's numbers tell it.

use anyhow::Result;
use protocol::{DashboardStats, ServerMessage, stats::BotStatus};
use tests::{
    Edge, Viewer, bot,
    edge::{PATIENCE, http},
    program::free_port,
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

    let both = |stats: &DashboardStats, at_least: f64, below: f64| {
        let is_within = |ms: Option<f64>| ms.is_some_and(|ms| (at_least..below).contains(&ms));
        is_within(stats.ping.gateway) && is_within(stats.ping.rest)
    };
    let calm = stats_until(&mut viewer, |stats| both(stats, 40.0, 400.0)).await?;
    set_latency(400).await?;
    let slow = stats_until(&mut viewer, |stats| both(stats, 400.0, 60_000.0)).await?;
    assert!(slow.ping.avg > calm.ping.avg, "the mean of a minute follows: {:?}, {:?}", calm.ping, slow.ping);
    let higher = stats_until(&mut viewer, |stats| stats.ping.avg > slow.ping.avg).await?;
    set_latency(40).await?;
    stats_until(&mut viewer, |stats| both(stats, 40.0, 400.0) && stats.ping.avg < higher.ping.avg).await?;

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

#[tokio::test(flavor = "multi_thread")]
async fn history_has_what_was_measured_while_the_edge_was_down() -> Result<()> {
    // Two minutes are 24 reports; a few say the same sooner.
    let outage = if std::env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1") { 24 } else { 4 };
    let mut edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let port = free_port()?;
    let metrics = format!("127.0.0.1:{port}");
    let mut worker = bot::start(&edge, &discord, &[("METRICS_LISTEN", &metrics)])?;
    let mut viewer = Viewer::join(&edge).await?;
    stats_until(&mut viewer, |stats| stats.ping.gateway.is_some()).await?;
    edge.kill();
    let down_at = discord_sim::client::now();
    let failures = async || -> Result<u64> {
        let text = http().get(format!("http://{metrics}/metrics")).send().await?.text().await?;
        let line = text.lines().find(|line| line.starts_with("pulse_bot_report_failures_total"));
        Ok(line.and_then(|line| line.split(' ').nth(1)).and_then(|count| count.parse().ok()).unwrap_or(0))
    };
    while failures().await? < outage {
        tokio::task::yield_now().await;
    }
    let up_at = discord_sim::client::now();
    edge.revive()?;
    worker.wait_for("the edge takes reports again", PATIENCE * 4)?;
    let snapshot = edge.get("/api/snapshot").await?;
    let within = |point: &&serde_json::Value| {
        point["at"].as_u64().is_some_and(|at| at + 5_000 > down_at.0 && at < up_at.0)
            && point["ping"].is_number()
    };
    let filled = snapshot["history"].as_array().map_or(0, |history| history.iter().filter(within).count());
    assert!(filled as u64 >= outage - 1, "{filled} of {outage}: {}", snapshot["history"]);
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));
    let about_the_edge = worker.all_lines().into_iter().filter(|line| line.contains("edge")).count();
    assert!(about_the_edge <= 1, "beside the two that were waited for");
    Ok(())
}
