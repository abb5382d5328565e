//! The real bot-worker on Discord's bad days and the edge's: one clear line each, and it goes on.

#![allow(clippy::unwrap_used, reason = "a test may fail wherever it likes")]

use anyhow::Result;
use discord_sim::{
    Server,
    faults::{Effect, Fault, Weather},
    gateway::Order,
};
use protocol::{Report, report::Shard};
use tests::{
    SmallEdge, bot,
    edge::{PATIENCE, http},
    program::Program,
    small_edge::Manner,
};

/// A Discord, an edge and a worker between them that reports.
struct Stage {
    discord: Server,
    edge: SmallEdge,
    worker: Program,
}

impl Stage {
    async fn set() -> Result<Self> {
        Self::set_with(bot::discord_like(|_| {}).await?, &[]).await
    }

    async fn set_with(discord: Server, settings: &[(&str, &str)]) -> Result<Self> {
        let edge = SmallEdge::start().await?;
        let worker = bot::command("run", &edge.url, &discord, settings)?;
        Ok(Self { discord, edge, worker })
    }

    /// Waits until the worker reports from an active gateway connection with a latency.
    async fn connected(&self) -> Result<Report> {
        self.edge.next_report(is_connected).await
    }

    /// The worker's lines with these words, once it has ended.
    fn said_at_the_end(&mut self, code: i32, words: &str) -> Result<usize> {
        assert_eq!(self.worker.exit_code(PATIENCE)?, Some(code));
        Ok(count(&self.worker.all_lines(), words))
    }

    /// Ends it in good order; gives its lines.
    fn end(&mut self) -> Result<Vec<String>> {
        self.worker.terminate()?;
        assert_eq!(self.worker.exit_code(PATIENCE)?, Some(0));
        Ok(self.worker.all_lines())
    }
}

fn is_connected(report: &Report) -> bool {
    let is_up = |shard: &Shard| shard.state == "active" && shard.latency_ms.is_some();
    !report.shards.is_empty() && report.shards.iter().all(is_up)
}

fn count(lines: &[String], words: &str) -> usize {
    let with_words = lines.iter().filter(|line| line.contains(words)).count();
    if with_words == 0 {
        eprintln!("no `{words}` in:\n{}", lines.join("\n"));
    }
    with_words
}

fn complaints(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shard_is_connected_and_every_server_told() -> Result<()> {
    let discord = bot::discord_like(|config| config.guilds = 12).await?;
    let settings = discord_sim::gateway::Settings { shards: 2, ..discord.state().gateway.settings() };
    discord.state().gateway.set(settings);
    let mut stage = Stage::set_with(discord, &[]).await?;
    stage.edge.behave(Manner { presence: Some("2 players, 40 coins".into()), ..Manner::default() });
    let report = stage.connected().await?;
    assert_eq!((report.shards.len(), report.guilds.count), (2, 12));
    assert!(report.guilds.members > 12);
    let heard = stage.edge.until(|_| true).await?;
    let named: usize = heard.reports.iter().map(|report| report.guilds.named.len()).sum();
    assert_eq!(named, 12, "each name is told once");
    stage.edge.next_report(|_| true).await?;
    stage.edge.next_report(|_| true).await?;
    let presence = stage.discord.state().gateway.watch().presence;
    assert_eq!(presence["activities"][0]["state"], "2 players, 40 coins");
    assert!(complaints(&stage.end()?).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_servers_at_once_are_told_in_parts() -> Result<()> {
    let stage = Stage::set_with(bot::discord_like(|config| config.guilds = 2_500).await?, &[]).await?;
    let all_named = |heard: &tests::small_edge::Heard| {
        heard.reports.iter().map(|report| report.guilds.named.len()).sum::<usize>() == 2_500
    };
    let heard = stage.edge.until(all_named).await?;
    assert_eq!(heard.reports.last().unwrap().guilds.count, 2_500);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked_is_told_once_and_ends_it() -> Result<()> {
    let mut stage = Stage::set().await?;
    stage.connected().await?;
    stage.discord.state().faults.add(Fault::new("/api/v10/", Effect::status(401)));
    stage.edge.report(|report| report.leaving).await?;
    assert_eq!(stage.said_at_the_end(3, "Discord refuses DISCORD_TOKEN")?, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_refuses_the_token_ends_it_and_one_that_refuses_an_intent_does_not() -> Result<()> {
    let refusing = async |code: u16| {
        let discord = bot::discord_like(|_| {}).await?;
        let settings =
            discord_sim::gateway::Settings { refuses: Some(code), ..discord.state().gateway.settings() };
        discord.state().gateway.set(settings);
        Stage::set_with(discord, &[]).await
    };
    let mut stage = refusing(4004).await?;
    assert_eq!(stage.said_at_the_end(3, "Discord refuses DISCORD_TOKEN")?, 1);

    let mut stage = refusing(4014).await?;
    let report =
        stage.edge.report(|report| report.shards.iter().any(|shard| shard.state == "refused")).await?;
    assert_eq!(report.shards[0].latency_ms, None);
    stage.edge.next_report(|report| report.rest_ms.is_some()).await?;
    stage.edge.next_report(|report| report.rest_ms.is_some()).await?;
    let lines = stage.end()?;
    assert_eq!((count(&lines, "4014"), complaints(&lines).len()), (1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_cannot_be_registered_are_told_once_and_the_rest_goes_on() -> Result<()> {
    for status in [403, 404] {
        let discord = bot::discord_like(|_| {}).await?;
        let fault = Fault::new("/commands", Effect::status(status)).method("PUT");
        discord.state().faults.add(fault);
        let mut stage = Stage::set_with(discord, &[]).await?;
        stage.connected().await?;
        let lines = stage.end()?;
        assert_eq!((count(&lines, "commands not registered"), complaints(&lines).len()), (1, 1));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_are_waited_for() -> Result<()> {
    let mut stage = Stage::set().await?;
    stage.connected().await?;
    for global in [false, true] {
        let effect = Effect::Status { status: 429, code: 0, retry_after: 1.0, global };
        stage.discord.state().faults.add(Fault::new("/users/@me", effect).times(1));
        stage
            .edge
            .next_report(|_| stage.discord.state().faults.list().iter().all(|fault| fault.times == Some(0)))
            .await?;
        stage.edge.next_report(|report| report.rest_ms.is_some()).await?;
    }
    assert!(complaints(&stage.end()?).len() <= 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cuts_reconnects_and_invalidates_is_come_back_to() -> Result<()> {
    let mut stage = Stage::set().await?;
    stage.connected().await?;
    let watch = || stage.discord.state().gateway.watch();
    for order in
        [Order::Cut, Order::Reconnect, Order::Close { code: 4000 }, Order::InvalidSession { resumable: true }]
    {
        let resumes = watch().resumes;
        stage.discord.state().gateway.order(&order);
        let report =
            stage.edge.next_report(|report| is_connected(report) && watch().resumes > resumes).await?;
        assert_eq!(report.guilds.count, 3, "{order:?}");
    }
    stage.discord.state().gateway.order(&Order::InvalidSession { resumable: false });
    stage.edge.next_report(|report| is_connected(report) && watch().identifies == 2).await?;
    assert!(complaints(&stage.end()?).is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_does_not_acknowledge_is_left_and_one_that_is_closed_waited_for() -> Result<()> {
    let mut stage = Stage::set().await?;
    stage.connected().await?;
    let gateway = &stage.discord.state().gateway;
    let (calm, connections) = (gateway.settings(), gateway.watch().connections);
    gateway.set(discord_sim::gateway::Settings { acknowledges: false, ..calm.clone() });
    stage.edge.next_report(|_| gateway.watch().connections > connections).await?;
    gateway.set(discord_sim::gateway::Settings { open: false, ..calm.clone() });
    gateway.order(&Order::Cut);
    stage.edge.next_report(|report| report.shards[0].latency_ms.is_none()).await?;
    stage.worker.wait_for("silent until it works", PATIENCE)?;
    gateway.set(calm);
    stage.connected().await?;
    assert_eq!(count(&stage.end()?, "is connected again"), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_answers_nonsense_is_told_of_once() -> Result<()> {
    let cases: [(u16, &'static str, &str); 5] = [
        (0, "", "no answer within 5 s"),
        (401, "", "refuses BOT_TOKEN"),
        (500, "", "answered 500"),
        (200, "<html>Welcome</html>", "answered 200"),
        (404, "<html>Not here</html>", "does not know this route"),
    ];
    let mut told = tokio::task::JoinSet::new();
    for (status, body, words) in cases {
        told.spawn(async move { nonsense_is_told_once((status, body), words).await });
    }
    while let Some(case) = told.join_next().await {
        case??;
    }
    Ok(())
}

async fn nonsense_is_told_once(answer: (u16, &'static str), words: &str) -> Result<()> {
    let mut stage = Stage::set().await?;
    stage.connected().await?;
    stage.edge.behave(Manner { to_reports: Some(answer), ..Manner::default() });
    let heard = stage.edge.until(|heard| heard.spoilt >= 2).await?;
    stage.edge.behave(Manner::default());
    let back = stage.edge.until(|now| now.reports.len() > heard.reports.len()).await?;
    assert!(!back.reports.last().unwrap().missed.is_empty(), "what was missed comes later");
    stage.edge.next_report(|report| report.missed.is_empty()).await?;
    let lines = stage.end()?;
    assert_eq!((count(&lines, words), complaints(&lines).len()), (1, 1), "{answer:?}");
    assert_eq!(count(&lines, "takes reports again"), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_lead_nowhere_are_told_once() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    let nowhere = "http://nowhere.invalid";
    let mut worker = bot::command("run", nowhere, &discord, &[])?;
    worker.wait_for("the edge cannot be reached", PATIENCE)?;
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));

    let edge = SmallEdge::start().await?;
    let mut worker = bot::command("run", &edge.url, &discord, &[("DISCORD_API", nowhere)])?;
    worker.wait_for("Discord cannot be reached", PATIENCE)?;
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told_once_and_does_no_harm() -> Result<()> {
    let discord = bot::discord_like(|_| {}).await?;
    discord.state().faults.set_weather(Weather { clock_ahead_seconds: 600, ..Weather::default() });
    let mut stage = Stage::set_with(discord, &[]).await?;
    stage.connected().await?;
    let lines = stage.end()?;
    assert_eq!((count(&lines, "s behind Discord's"), complaints(&lines).len()), (1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_resumes_the_session() -> Result<()> {
    let file = std::env::temp_dir().join(format!("pulse-sessions-e2e-{}", std::process::id()));
    let settings = [("SESSION_FILE", file.to_str().unwrap())];
    let mut stage = Stage::set_with(bot::discord_like(|_| {}).await?, &settings).await?;
    stage.connected().await?;
    stage.end()?;
    stage.edge.report(|report| report.leaving).await?;
    assert_eq!(stage.discord.state().gateway.watch().last_close, Some(4000));

    stage.worker = bot::command("run", &stage.edge.url, &stage.discord, &settings)?;
    let report = stage.connected().await?;
    let watch = stage.discord.state().gateway.watch();
    assert_eq!((watch.identifies, watch.resumes, report.guilds.count), (1, 1, 3));
    stage.end()?;
    std::fs::remove_file(file)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_metrics_and_logs_are_for_machines_too() -> Result<()> {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let address = format!("127.0.0.1:{port}");
    let settings = [("METRICS_LISTEN", address.as_str()), ("LOG_FORMAT", "json")];
    let mut stage = Stage::set_with(bot::discord_like(|_| {}).await?, &settings).await?;
    stage.connected().await?;
    stage.edge.next_report(|_| true).await?;
    let get = async |path: &str| http().get(format!("http://{address}{path}")).send().await;
    assert_eq!(get("/healthz").await?.status(), 200);
    let metrics = get("/metrics").await?.text().await?;
    for line in
        ["pulse_bot_guilds 3", "pulse_bot_shard_up{shard=\"0\"} 1", "pulse_bot_heartbeat_milliseconds{"]
    {
        assert!(metrics.contains(line), "no `{line}` in {metrics}");
    }
    for line in stage.end()? {
        let line: serde_json::Value = serde_json::from_str(&line)?;
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
    Ok(())
}
