//! An hour of Discord's weather in minutes: faults of every kind at once, and the worker is well at the end.

use anyhow::Result;
use discord_sim::{faults::Weather, gateway::Order};
use tests::{
    Stack, bot,
    edge::http,
    program::resident_bytes,
    stack::{complaints, is_connected},
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
    let mut stack = Stack::set_with(discord, &[]).await?;
    stack.connected().await?;
    let before = resident_bytes(stack.worker.id())?;
    let mut halfway = before;
    stack.discord.state().faults.set_weather(storm());
    let mut away = None;
    for number in 1..=reports {
        stack.relay.next_report(|_| true).await?;
        if number % MOVING_REPORTS == 0 {
            let guild = stack.discord.state().guilds[number / MOVING_REPORTS % GUILDS].id;
            if let Some(guild) = away.replace(guild) {
                stack.discord.state().gateway.order(&Order::Join { guild });
            }
            stack.discord.state().gateway.order(&Order::Leave { guild });
        }
        if number == reports / 2 {
            halfway = resident_bytes(stack.worker.id())?;
        }
    }
    if let Some(guild) = away {
        stack.discord.state().gateway.order(&Order::Join { guild });
    }
    stack.discord.state().faults.set_weather(Weather::default());
    stack
        .relay
        .next_report(|report| {
            is_connected(report) && report.rest_ms.is_some() && report.guilds.count == GUILDS as u64
        })
        .await?;
    stack.connected().await?;
    stack.shown(|stats| stats.guilds.count == GUILDS as u64).await?;

    let after = resident_bytes(stack.worker.id())?;
    assert!(after < before + before / 2, "{before} bytes became {halfway}, and then {after}");
    assert!(after < halfway + halfway / 4, "{before} bytes became {halfway}, and then {after}");
    let stats = http().get(format!("{}/control/stats", stack.discord.url())).send().await?;
    let stats: serde_json::Value = stats.json().await?;
    assert!(stats["invalidRequests"].as_u64().is_some_and(|count| count < 100), "{stats}");
    let watch = stack.discord.state().gateway.watch();
    let struck = stack.discord.state().faults.struck();
    let lines = stack.end()?;
    let told = complaints(&lines).len();
    println!(
        "{reports} reports: {before} bytes, {halfway}, {after}; {told} complaints; {stats}; {watch:?}; {struck:?}"
    );
    Ok(())
}
