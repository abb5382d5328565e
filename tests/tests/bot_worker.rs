//! The real bot-worker before the real edge, on Discord's bad days and on the edge's: one clear line each, and it goes on.

mod edge;
mod faults;
mod resting;

use anyhow::{Context, Result};
use discord_sim::{
    Server,
    faults::{Effect, Fault, Weather},
    gateway::{Order, Settings, Watch},
};
use protocol::{DashboardStats, stats::BotStatus};
use tests::{
    Stack, bot,
    edge::{PATIENCE, http},
    program::free_port,
    stack::{complaints, count, is_connected},
};

/// A Discord whose gateway is set a little differently.
async fn gateway_like(guilds: usize, change: impl FnOnce(&mut Settings)) -> Result<Server> {
    let discord = bot::discord_like(|config| config.guilds = guilds).await?;
    let mut settings = discord.state().gateway.settings();
    change(&mut settings);
    discord.state().gateway.set(settings);
    Ok(discord)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shard_is_connected_and_every_server_told() -> Result<()> {
    let discord = gateway_like(12, |settings| settings.shards = 2).await?;
    let mut stack = Stack::set_with(discord, &[]).await?;
    let report = stack.connected().await?;
    assert_eq!((report.shards.len(), report.guilds.count), (2, 12));
    assert!(report.guilds.members > 12);
    stack.relay.next_report(|_| true).await?;
    let heard = stack.relay.until(|_| true).await?;
    let named: usize = heard.reports.iter().map(|report| report.guilds.named.len()).sum();
    assert_eq!(named, 12, "each name is told once");
    let Watch { presence, connections, compressed, .. } = stack.discord.state().gateway.watch();
    assert_eq!((connections, compressed), (2, 2));
    assert_eq!(presence["activities"][0]["state"], "/daily in 12 servers");
    assert!(complaints(&stack.end()?).is_empty());
    stack.shown_offline().await
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_servers_at_once_are_told_in_parts() -> Result<()> {
    let discord = bot::discord_like(|config| config.guilds = 2_500).await?;
    let mut stack = Stack::set_with(discord, &[]).await?;
    stack.shown(|stats| stats.guilds.count == 2_500).await?;
    let all_named = |heard: &tests::relay::Heard| {
        heard.reports.iter().map(|report| report.guilds.named.len()).sum::<usize>() == 2_500
    };
    stack.relay.until(all_named).await?;
    let listed = stack.edge.get("/api/guilds").await?;
    let named = listed.as_array().unwrap().iter().filter(|guild| guild["name"] != guild["id"]).count();
    assert_eq!(named, 2_500, "the edge knows all of them by their names");
    stack.connected().await?;
    assert!(complaints(&stack.end()?).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_is_told_once_and_ends_it() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    stack.discord.state().faults.add(Fault::new("/api/v10/", Effect::status(401)));
    let lines = stack.ended(3)?;
    assert_eq!((count(&lines, "Discord refuses DISCORD_TOKEN"), complaints(&lines).len()), (1, 1));
    stack.shown_offline().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_refuses_the_token_ends_it() -> Result<()> {
    let discord = gateway_like(3, |settings| settings.refuses = Some(4004)).await?;
    let mut stack = Stack::set_with(discord, &[]).await?;
    let lines = stack.ended(3)?;
    assert_eq!((count(&lines, "Discord refuses DISCORD_TOKEN"), complaints(&lines).len()), (1, 1));
    stack.shown_offline().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_refuses_an_intent_leaves_the_latency_of_requests() -> Result<()> {
    let discord = gateway_like(3, |settings| settings.refuses = Some(4014)).await?;
    let mut stack = Stack::set_with(discord, &[]).await?;
    let report =
        stack.relay.report(|report| report.shards.iter().any(|shard| shard.state == "refused")).await?;
    assert_eq!(report.shards[0].latency_ms, None);
    let shown = stack.shown(|stats| stats.ping.rest.is_some()).await?;
    assert_eq!((shown.bot.status, shown.ping.gateway), (BotStatus::Online, None));
    let lines = stack.end()?;
    assert_eq!((count(&lines, "4014"), complaints(&lines).len()), (1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cannot_be_connected_to_yet_is_told_with_its_time() -> Result<()> {
    for (shards, identifies_left, words) in [(1, 0, "some wait until"), (0, 1_000, "recommends 0 shards")] {
        let discord = gateway_like(3, |settings| {
            (settings.shards, settings.identifies_left) = (shards, identifies_left);
        })
        .await?;
        let mut stack = Stack::set_with(discord, &[]).await?;
        stack.shown(|stats| stats.bot.status == BotStatus::Online && stats.ping.rest.is_some()).await?;
        let lines = stack.end()?;
        assert_eq!((count(&lines, words), complaints(&lines).len()), (1, 1), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("bot-worker ready")), "{lines:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_cannot_be_registered_are_told_once_and_the_rest_goes_on() -> Result<()> {
    for status in [403, 404] {
        let discord = bot::discord_like(|_| {}).await?;
        discord.state().faults.add(Fault::new("/commands", Effect::status(status)).method("PUT"));
        let mut stack = Stack::set_with(discord, &[]).await?;
        stack.connected().await?;
        let lines = stack.end()?;
        assert_eq!((count(&lines, "commands not registered"), complaints(&lines).len()), (1, 1));
        assert_eq!(count(&lines, &format!("answered {status}")), 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_are_waited_for() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    for global in [false, true] {
        let effect = Effect::Status { status: 429, code: 0, retry_after: 1.0, global };
        stack.discord.state().faults.add(Fault::new("/users/@me", effect).times(1));
        let spent = || stack.discord.state().faults.list().iter().all(|fault| fault.times == Some(0));
        stack.relay.next_report(|_| spent()).await?;
        stack.relay.next_report(|report| report.rest_ms.is_some()).await?;
        stack.shown(|stats| stats.bot.status == BotStatus::Online && stats.ping.rest.is_some()).await?;
    }
    assert!(complaints(&stack.end()?).len() <= 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_starts_while_it_is_limited_waits_and_then_starts() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    let limited = |retry_after| Effect::Html { status: 429, retry_after: Some(retry_after) };
    discord.state().faults.add(Fault::new("/api/v10/", limited(6.0)).times(1));
    discord.state().faults.add(Fault::new("/api/v10/", limited(1.0)).times(1));
    let mut stack = Stack::set_with(discord, &[]).await?;
    stack.connected().await?;
    assert_eq!(stack.discord.state().tally.counts().invalid_requests, 2);
    let lines = stack.end()?;
    assert_eq!((count(&lines, "every request waits"), complaints(&lines).len()), (2, 2), "{lines:?}");
    assert_eq!(count(&lines, "bot-worker ready"), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cuts_reconnects_and_invalidates_is_come_back_to() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    let watch = || stack.discord.state().gateway.watch();
    for order in
        [Order::Cut, Order::Reconnect, Order::Close { code: 4000 }, Order::InvalidSession { resumable: true }]
    {
        let resumes = watch().resumes;
        stack.discord.state().gateway.order(&order);
        let report =
            stack.relay.next_report(|report| is_connected(report) && watch().resumes > resumes).await?;
        assert_eq!(report.guilds.count, 3, "{order:?}");
    }
    stack.discord.state().gateway.order(&Order::InvalidSession { resumable: false });
    stack.relay.next_report(|report| is_connected(report) && watch().identifies == 2).await?;
    stack.connected().await?;
    assert!(complaints(&stack.end()?).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_does_not_acknowledge_is_left_and_one_that_is_closed_waited_for() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    let gateway = &stack.discord.state().gateway;
    let (calm, connections) = (gateway.settings(), gateway.watch().connections);
    gateway.set(Settings { acknowledges: false, ..calm.clone() });
    stack.relay.next_report(|_| gateway.watch().connections > connections).await?;
    gateway.set(Settings { open: false, ..calm.clone() });
    gateway.order(&Order::Cut);
    stack.shown(|stats| stats.bot.status == BotStatus::Online && stats.ping.gateway.is_none()).await?;
    let lines = stack.worker.lines_to("silent until it works", PATIENCE)?;
    assert_eq!(complaints(&lines).len(), 1);
    gateway.set(calm);
    stack.connected().await?;
    let lines = stack.end()?;
    assert_eq!((count(&lines, "is connected again"), complaints(&lines).len()), (1, 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_lost_shows_as_such_and_so_does_its_return() -> Result<()> {
    let stack = Stack::set().await?;
    stack.connected().await?;
    let gateway = &stack.discord.state().gateway;
    let calm = gateway.settings();
    gateway.set(Settings { open: false, ..calm.clone() });
    gateway.order(&Order::Cut);
    let lost = |stats: &DashboardStats| {
        let gateway = stats.gateway?;
        (gateway.active == 0 && gateway.losses == 1).then_some(gateway)
    };
    let stats = stack.shown(|stats| lost(stats).is_some()).await?;
    let told = lost(&stats).context("it is lost")?;
    assert_eq!((stats.bot.status, told.shards), (BotStatus::Online, 1));
    assert!(told.tries > 0 && told.lost_since.is_some(), "{told:?}");
    gateway.set(calm);
    let stats = stack.shown(|stats| stats.gateway.is_some_and(|gateway| gateway.active == 1)).await?;
    assert_eq!(stats.gateway.map(|gateway| (gateway.lost_since, gateway.losses)), Some((None, 1)));
    let events = stack.edge.get("/api/events?source=bot").await?;
    let messages: Vec<&str> =
        events.as_array().into_iter().flatten().filter_map(|event| event["message"].as_str()).collect();
    let [back, lost, ..] = messages[..] else { panic!("{messages:?}") };
    assert!(back.contains("is connected to Discord's gateway again, after "), "{messages:?}");
    assert!(lost.ends_with("lost its connection to Discord's gateway"), "{messages:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discord_that_is_nowhere_is_told_of_once() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    let mut stack = Stack::set_with(discord, &[("DISCORD_API", "https://nowhere.invalid")]).await?;
    let lines = stack.worker.lines_to("Discord cannot be reached", PATIENCE)?;
    assert_eq!(complaints(&lines).len(), 1);
    assert!(complaints(&stack.end()?).is_empty());
    stack.shown(|stats| stats.bot.status == BotStatus::Unknown && stats.ping.avg.is_none()).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told_once_and_does_no_harm() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    discord.state().faults.set_weather(Weather { clock_ahead_seconds: 600, ..Weather::default() });
    let mut stack = Stack::set_with(discord, &[]).await?;
    stack.relay.set_clock_ahead(-600_000);
    stack.connected().await?;
    stack.relay.next_report(|_| true).await?;
    stack.relay.next_report(|_| true).await?;
    let stats = stack.shown(|stats| stats.bot.status == BotStatus::Online).await?;
    assert!(stats.ping.avg.is_some() && stats.uptime.is_some_and(|seconds| seconds < 300), "{stats:?}");
    let lines = stack.end()?;
    assert_eq!((count(&lines, "s behind Discord's"), complaints(&lines).len()), (1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_resumes_the_session() -> Result<()> {
    let file = std::env::temp_dir().join(format!("pulse-sessions-e2e-{}", std::process::id()));
    let settings = [("SESSION_FILE", file.to_str().unwrap())];
    let mut stack = Stack::set_with(bot::discord_like(|_| {}).await?, &settings).await?;
    stack.connected().await?;
    stack.end()?;
    stack.shown_offline().await?;
    assert_eq!(stack.discord.state().gateway.watch().last_close, Some(4000));

    stack.restart(&settings)?;
    let report = stack.connected().await?;
    let watch = stack.discord.state().gateway.watch();
    assert_eq!((watch.identifies, watch.resumes, report.guilds.count), (1, 1, 3));
    stack.end()?;
    std::fs::remove_file(file)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_metrics_and_logs_are_for_machines_too() -> Result<()> {
    let port = free_port()?;
    let address = format!("127.0.0.1:{port}");
    let settings = [("METRICS_LISTEN", address.as_str()), ("LOG_FORMAT", "json")];
    let mut stack = Stack::set_with(bot::discord_like(|_| {}).await?, &settings).await?;
    stack.connected().await?;
    stack.relay.next_report(|_| true).await?;
    let get = async |path: &str| http().get(format!("http://{address}{path}")).send().await;
    assert_eq!(get("/healthz").await?.status(), 200);
    let metrics = get("/metrics").await?.text().await?;
    for line in
        ["pulse_bot_guilds 3", "pulse_bot_shard_up{shard=\"0\"} 1", "pulse_bot_heartbeat_milliseconds{"]
    {
        assert!(metrics.contains(line), "no `{line}` in {metrics}");
    }
    for line in stack.end()? {
        let line: serde_json::Value = serde_json::from_str(&line)?;
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
    Ok(())
}
