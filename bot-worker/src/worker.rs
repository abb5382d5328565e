//! The worker's life: get to know Discord, register, then report every 5 seconds whatever happens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::{
    Report, Timestamp,
    report::{NamedGuild, REPORT_EVERY_MS, ReportedBot, ReportedGuilds},
};
use tokio::time::{Instant, MissedTickBehavior};
use twilight_model::id::{Id, marker::ApplicationMarker};

use crate::{
    config::Settings,
    discord::{Discord, DiscordError},
    latency,
    register::Difference,
    report::{ReportError, Reporter},
    retry::{Change, Health, wait_after},
};

/// How old the list of servers may be.
const GUILDS_EVERY: Duration = Duration::from_mins(1);

/// What ends the worker.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// No token, no bot.
    #[error("Discord refuses DISCORD_TOKEN (401): copy it again from the Developer Portal under Bot")]
    TokenRefused,
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    NoClient(#[from] reqwest::Error),
}

/// Everything that is learned before the first report.
#[derive(Debug)]
struct Acquaintance {
    bot: ReportedBot,
    guilds: Vec<NamedGuild>,
}

/// Works until it is dropped, or the token is refused.
pub async fn run(settings: Settings) -> Result<std::convert::Infallible, Fatal> {
    let discord = Discord::new(&settings);
    let reporter = Reporter::new(&settings)?;
    let started_at = now();
    let Acquaintance { bot, guilds } = get_acquainted(&discord).await?;
    tracing::info!("bot-worker ready: reporting to {}", settings.edge_url);
    let mut worker = Worker {
        discord,
        reporter,
        started_at,
        bot,
        guilds,
        guilds_at: Instant::now(),
        discord_health: Health::default(),
        edge_health: Health::default(),
    };
    let mut ticks = tokio::time::interval(Duration::from_millis(REPORT_EVERY_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        worker.report().await?;
    }
}

/// Tries until it succeeds; only a refused token ends it.
async fn get_acquainted(discord: &Discord) -> Result<Acquaintance, Fatal> {
    let mut health = Health::default();
    loop {
        match try_to_get_acquainted(discord).await {
            Ok(known) => {
                tell_of_discord(health.observe(true), None);
                return Ok(known);
            }
            Err(DiscordError::Unauthorized) => return Err(Fatal::TokenRefused),
            Err(error) => tell_of_discord(health.observe(false), Some(&error)),
        }
        tokio::time::sleep(wait_after(health.failures())).await;
    }
}

async fn try_to_get_acquainted(discord: &Discord) -> Result<Acquaintance, DiscordError> {
    let application = discord.application().await?;
    let bot = discord.bot().await?;
    match register(discord, application).await {
        // Asking again would change nothing, and the latency is worth knowing all the same.
        Err(error @ DiscordError::Refused { status: 400..500, .. }) => {
            tracing::error!("commands not registered: {error}");
        }
        registered => registered?,
    }
    let guilds = discord.guilds().await?;
    tracing::info!("{} ({}) is in {} servers", bot.name, bot.id, guilds.len());
    Ok(Acquaintance { bot, guilds })
}

async fn register(discord: &Discord, application: Id<ApplicationMarker>) -> Result<(), DiscordError> {
    let wanted = interactions::command::definitions();
    let difference = Difference::between(&wanted, &discord.commands(application).await?);
    if difference.is_empty() {
        tracing::info!("{} commands are registered and up to date", wanted.len());
        return Ok(());
    }
    discord.set_commands(application, &wanted).await?;
    let Difference { added, changed, removed } = difference;
    tracing::info!(?added, ?changed, ?removed, "commands registered");
    Ok(())
}

#[derive(Debug)]
struct Worker {
    discord: Discord,
    reporter: Reporter,
    started_at: Timestamp,
    bot: ReportedBot,
    guilds: Vec<NamedGuild>,
    guilds_at: Instant,
    discord_health: Health,
    edge_health: Health,
}

impl Worker {
    /// Measures once, and tells the edge.
    async fn report(&mut self) -> Result<(), Fatal> {
        let rest_ms = self.measured().await?;
        if rest_ms.is_some() && self.guilds_at.elapsed() >= GUILDS_EVERY {
            self.refresh_guilds().await?;
        }
        let sent = self.reporter.send(&self.look(rest_ms)).await;
        tell_of_edge(self.edge_health.observe(sent.is_ok()), sent.err().as_ref());
        Ok(())
    }

    async fn measured(&mut self) -> Result<Option<f64>, Fatal> {
        match latency::measure(&self.discord).await {
            Ok(ms) => {
                tell_of_discord(self.discord_health.observe(true), None);
                Ok(Some(ms))
            }
            Err(DiscordError::Unauthorized) => Err(Fatal::TokenRefused),
            Err(error) => {
                tell_of_discord(self.discord_health.observe(false), Some(&error));
                Ok(None)
            }
        }
    }

    /// An old list is better than none: a failure is left to the next minute.
    async fn refresh_guilds(&mut self) -> Result<(), Fatal> {
        self.guilds_at = Instant::now();
        match self.discord.guilds().await {
            Ok(guilds) => self.guilds = guilds,
            Err(DiscordError::Unauthorized) => return Err(Fatal::TokenRefused),
            Err(error) => tracing::debug!("the list of servers stays as it was: {error}"),
        }
        Ok(())
    }

    fn look(&self, rest_ms: Option<f64>) -> Report {
        Report {
            version: protocol::VERSION,
            started_at: self.started_at,
            at: now(),
            bot: self.bot.clone(),
            shards: Vec::new(),
            rest_ms,
            guilds: ReportedGuilds {
                count: self.guilds.len() as u64,
                members: 0,
                named: self.guilds.clone(),
            },
        }
    }
}

fn tell_of_discord(change: Option<Change>, error: Option<&DiscordError>) {
    match (change, error) {
        (Some(Change::Failing), Some(error)) => {
            tracing::warn!("{error}; trying again, and silent until it works");
        }
        (Some(Change::Recovered(failures)), _) => {
            tracing::info!("Discord answers again, after {failures} failed tries");
        }
        _ => {}
    }
}

fn tell_of_edge(change: Option<Change>, error: Option<&ReportError>) {
    match (change, error) {
        (Some(Change::Failing), Some(error)) => {
            tracing::warn!("{error}; reporting on, and silent until one arrives");
        }
        (Some(Change::Recovered(failures)), _) => {
            tracing::info!("the edge takes reports again, after {failures} failed ones");
        }
        _ => {}
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
