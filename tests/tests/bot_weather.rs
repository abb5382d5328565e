//! An hour of Discord's weather in minutes: faults of every kind at once, and the worker is well at the end.

use anyhow::{Context, Result};
use discord_sim::faults::Weather;
use protocol::Report;
use tests::{
    SmallEdge, bot,
    edge::{PATIENCE, http},
};

/// An hour has 720 reports; each of these meets what ten meet in an hour of bad weather.
const STORMY_REPORTS: usize = 72;
/// Without `--slow`.
const SQUALL_REPORTS: usize = 4;

fn storm() -> Weather {
    Weather {
        jitter_ms: 300,
        error_percent: 10,
        limited_percent: 5,
        cut_percent: 5,
        silent_percent: 3,
        gateway_cut_percent: 3,
        gateway_reconnect_percent: 3,
        gateway_invalid_percent: 1,
        gateway_unacknowledged_percent: 10,
        ..Weather::default()
    }
}

/// Resident memory of a process, in pages.
fn resident_pages(process: u32) -> Result<u64> {
    let memory = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
    Ok(memory.split(' ').nth(1).context("statm has a second field")?.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_is_well_after_the_storm() -> Result<()> {
    let slow = std::env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1");
    let reports = if slow { STORMY_REPORTS } else { SQUALL_REPORTS };
    let discord = bot::discord_like(|_| {}).await?;
    let edge = SmallEdge::start().await?;
    let mut worker = bot::command("run", &edge.url, &discord, &[])?;
    let is_well = |report: &Report| {
        report.rest_ms.is_some()
            && report.shards.iter().all(|shard| shard.state == "active" && shard.latency_ms.is_some())
    };
    edge.report(is_well).await?;
    let pages_before = resident_pages(worker.id())?;
    discord.state().faults.set_weather(storm());
    for _ in 0..reports {
        edge.next_report(|_| true).await?;
    }
    discord.state().faults.set_weather(Weather::default());
    edge.next_report(is_well).await?;

    let pages = resident_pages(worker.id())?;
    assert!(pages < pages_before + pages_before / 2, "{pages_before} pages became {pages}");
    let stats = http().get(format!("{}/control/stats", discord.url())).send().await?;
    let stats: serde_json::Value = stats.json().await?;
    assert!(stats["invalidRequests"].as_u64().is_some_and(|count| count < 100), "{stats}");
    println!("{reports} reports in a storm: {pages_before} pages before, {pages} after; {stats}");
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));
    Ok(())
}
