//! An hour of Discord's weather in minutes: faults of every kind at once, and the worker is well at the end.

use anyhow::Result;
use discord_sim::{faults::Weather, gateway::Order};
use tests::{
    Stage, bot,
    edge::http,
    program::resident_bytes,
    stage::{complaints, is_connected},
};

/// An hour has 720 reports, at a tenth of their distance.
const HOUR_REPORTS: usize = 720;
/// The number of reports without `PULSE_SLOW=1`.
const SQUALL_REPORTS: usize = 30;
/// After so many reports a server comes or goes.
const MOVING_REPORTS: usize = 10;
/// Servers, of which one at a time is away.
const GUILDS: usize = 12;

fn storm() -> Weather {
    Weather {
        jitter_ms: 100,
        error_percent: 10,
        limited_percent: 2,
        cut_percent: 5,
        silent_percent: 1,
        gateway_cut_percent: 3,
        gateway_reconnect_percent: 3,
        gateway_invalid_percent: 1,
        gateway_unacknowledged_percent: 5,
        ..Weather::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_is_well_after_the_storm() -> Result<()> {
    let slow = std::env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1");
    let reports = if slow { HOUR_REPORTS } else { SQUALL_REPORTS };
    let discord = bot::discord_like(|config| config.guilds = GUILDS).await?;
    let gateway = discord_sim::gateway::Settings { heartbeat_ms: 500, ..discord.state().gateway.settings() };
    discord.state().gateway.set(gateway);
    let mut stage = Stage::set_with(discord, &[]).await?;
    stage.connected().await?;
    let before = resident_bytes(stage.worker.id())?;
    let mut halfway = before;
    stage.discord.state().faults.set_weather(storm());
    let mut away = None;
    for number in 1..=reports {
        stage.relay.next_report(|_| true).await?;
        if number % MOVING_REPORTS == 0 {
            let guild = stage.discord.state().guilds[number / MOVING_REPORTS % GUILDS].id;
            if let Some(guild) = away.replace(guild) {
                stage.discord.state().gateway.order(&Order::Join { guild });
            }
            stage.discord.state().gateway.order(&Order::Leave { guild });
        }
        if number == reports / 2 {
            halfway = resident_bytes(stage.worker.id())?;
        }
    }
    if let Some(guild) = away {
        stage.discord.state().gateway.order(&Order::Join { guild });
    }
    stage.discord.state().faults.set_weather(Weather::default());
    stage
        .relay
        .next_report(|report| {
            is_connected(report) && report.rest_ms.is_some() && report.guilds.count == GUILDS as u64
        })
        .await?;
    stage.connected().await?;
    stage.shown(|stats| stats.guilds.count == GUILDS as u64).await?;

    let after = resident_bytes(stage.worker.id())?;
    assert!(after < before + before / 2, "{before} bytes became {halfway}, and then {after}");
    assert!(after < halfway + halfway / 4, "{before} bytes became {halfway}, and then {after}");
    let stats = http().get(format!("{}/control/stats", stage.discord.url())).send().await?;
    let stats: serde_json::Value = stats.json().await?;
    assert!(stats["invalidRequests"].as_u64().is_some_and(|count| count < 100), "{stats}");
    let watch = stage.discord.state().gateway.watch();
    let struck = stage.discord.state().faults.struck();
    let lines = stage.end()?;
    let told = complaints(&lines).len();
    println!(
        "{reports} reports: {before} bytes, {halfway}, {after}; {told} complaints; {stats}; {watch:?}; {struck:?}"
    );
    Ok(())
}
