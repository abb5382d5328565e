//! A Discord, a real edge and a real bot-worker between them that is in a hurry: half a second is five.

use anyhow::{Result, ensure};
use discord_sim::Server;
use protocol::{
    DashboardStats, Report,
    report::Shard,
    stats::{BotStatus, Ping},
};

use crate::{
    Relay, bot,
    edge::{Edge, PATIENCE, until},
    program::Program,
};

/// The setting that makes the bot-worker's reports, jobs and retries ten times as fast.
pub const PACE: (&str, &str) = ("PULSE_PACE", "10");

/// The three of them, and what is overheard on the way to the edge.
#[derive(Debug)]
pub struct Stack {
    /// The stand-in for Discord.
    pub discord: Server,
    /// The edge, which nothing but the worker's reports tells of the bot.
    pub edge: Edge,
    /// The worker's way to the edge.
    pub relay: Relay,
    /// The bot-worker.
    pub worker: Program,
}

impl Stack {
    /// One with a Discord that has nothing special.
    pub async fn set() -> Result<Self> {
        Self::set_with(bot::discord_like(|_| {}).await?, &[]).await
    }

    /// One with this Discord, and these settings of the worker over the usual ones.
    pub async fn set_with(discord: Server, settings: &[(&str, &str)]) -> Result<Self> {
        let edge = Edge::start()?;
        let relay = Relay::start(&edge).await?;
        let worker = run(&relay, &discord, settings)?;
        Ok(Self { discord, edge, relay, worker })
    }

    /// Starts another worker in place of the one that has ended.
    pub fn restart(&mut self, settings: &[(&str, &str)]) -> Result<()> {
        self.worker = run(&self.relay, &self.discord, settings)?;
        Ok(())
    }

    /// Waits until the worker reports from active gateway connections with a latency, and the page says so.
    pub async fn connected(&self) -> Result<Report> {
        let report = self.relay.next_report(is_connected).await?;
        self.shown(|stats| stats.bot.status == BotStatus::Online && stats.ping.gateway.is_some()).await?;
        Ok(report)
    }

    /// Waits until the page shows this; gives all that it shows.
    pub async fn shown(&self, condition: impl Fn(&DashboardStats) -> bool) -> Result<DashboardStats> {
        let mut shown = None;
        let looked = until("the page shows it", async || {
            let mut snapshot = self.edge.get("/api/snapshot").await?;
            let stats: DashboardStats = serde_json::from_value(snapshot["stats"].take())?;
            Ok(condition(shown.insert(stats)))
        });
        let (done, shown) = (looked.await, shown);
        match (done, shown) {
            (Ok(()), Some(stats)) => Ok(stats),
            (done, shown) => anyhow::bail!("{done:?}; {shown:?}"),
        }
    }

    /// Waits until the page says that the bot is offline; no number is left of it.
    pub async fn shown_offline(&self) -> Result<()> {
        let stats = self.shown(|stats| stats.bot.status == BotStatus::Offline).await?;
        let Ping { avg, gateway, rest, .. } = stats.ping;
        ensure!((avg, gateway, rest, stats.uptime) == (None, None, None, None), "{stats:?}");
        Ok(())
    }

    /// Its lines, once it has ended by itself with this code.
    pub fn ended(&mut self, code: i32) -> Result<Vec<String>> {
        let ended = self.worker.exit_code(PATIENCE)?;
        ensure!(ended == Some(code), "ended with {ended:?}, not {code}: {:?}", self.worker.all_lines());
        Ok(self.worker.all_lines())
    }

    /// Ends it in good order; gives its lines.
    pub fn end(&mut self) -> Result<Vec<String>> {
        self.worker.terminate()?;
        self.ended(0)
    }
}

fn run(relay: &Relay, discord: &Server, settings: &[(&str, &str)]) -> Result<Program> {
    let mut all = vec![PACE];
    all.extend(settings);
    bot::command("run", &relay.url, discord, &all)
}

/// Whether every shard is active and has a latency.
pub fn is_connected(report: &Report) -> bool {
    let is_up = |shard: &Shard| shard.state == "active" && shard.latency_ms.is_some();
    !report.shards.is_empty() && report.shards.iter().all(is_up)
}

/// Counts the lines that contain these words; prints all lines when none does.
pub fn count(lines: &[String], words: &str) -> usize {
    let with_words = lines.iter().filter(|line| line.contains(words)).count();
    if with_words == 0 {
        eprintln!("no `{words}` in:\n{}", lines.join("\n"));
    }
    with_words
}

/// The lines that tell that something is wrong.
pub fn complaints(lines: &[String]) -> Vec<&String> {
    lines.iter().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect()
}
