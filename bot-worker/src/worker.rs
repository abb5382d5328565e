//! The worker's life: get to know Discord, register, connect, then measure every 5 seconds whatever happens, and report as
//! often as the edge wants to hear.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use interactions::rest::Meaning;
use protocol::{
    Report, Timestamp,
    report::{NextReport, REPORT_AT_REST_EVERY_MS, REPORT_EVERY_MS, ReportedBot, RestFailure},
};
use tokio::{sync::watch, time::MissedTickBehavior};
use twilight_model::gateway::connection_info::BotConnectionInfo;

use crate::{
    backlog::Backlog,
    clock::{self, now, on_the_wall},
    config::Settings,
    discord::{Discord, DiscordError, Scope},
    edge::{Edge, EdgeError},
    gateway::Gateway,
    jobs, latency,
    monitor::Monitor,
    register,
    retry::{Change, Health, jittered, wait_after},
    sessions::Sessions,
    time_scale::TimeScale,
};

/// The longest that the last report may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// A reason for which the worker ends by itself.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// No token, no bot.
    #[error("Discord refuses DISCORD_TOKEN: copy it again from the Developer Portal under Bot")]
    TokenRefused,
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    NoClient(#[from] reqwest::Error),
    /// The port is taken, or not allowed.
    #[error("METRICS_LISTEN: cannot listen there: {0}")]
    Listen(#[from] std::io::Error),
}

/// Works until `stop` is ready, or the token is refused.
pub async fn run(settings: Settings, stop: impl Future<Output = ()>) -> Result<(), Fatal> {
    let mut stop = pin!(stop);
    let discord = Arc::new(Discord::new(&settings.discord)?);
    let edge = Edge::new(&settings.edge)?;
    let monitor = Monitor::default();
    let mut watched = tokio::task::JoinSet::new();
    if let Some(address) = settings.metrics_listen {
        watched.spawn(monitor.listen(address).await?);
    }
    let started_at = now();
    let known = tokio::select! {
        known = start_up(&discord, &settings) => known?,
        () = &mut stop => return Ok(()),
    };
    let kept = match &settings.session_file {
        Some(file) => Sessions::take_from(file, known.gateway.shards),
        None => Sessions::default(),
    };
    let resumed = kept.kept.len();
    let gateway = Gateway::start(&settings.discord, &known.gateway, &presence(known.guilds), kept);
    let (asked_presence, presence_asked) = watch::channel(None);
    let (jobs_every, pull_every) = watch::channel(jobs::EVERY);
    let work = jobs::work(
        edge.clone(),
        Arc::clone(&discord),
        asked_presence,
        pull_every,
        monitor.clone(),
        settings.time_scale,
    );
    tell_of_start(&known.gateway, resumed, &settings.edge.url);
    let mut worker = Worker {
        discord,
        edge,
        gateway,
        monitor,
        time_scale: settings.time_scale,
        started_at,
        bot: known.bot,
        guilds_at_start: known.guilds,
        presence: presence_asked,
        jobs_every,
        backlog: Backlog::default(),
        rest_failure: None,
        next_report: Instant::now(),
        wanted_every_ms: REPORT_EVERY_MS,
        told: None,
        discord_health: Health::default(),
        edge_health: Health::default(),
    };
    let ended = worker.report_until(stop, work).await;
    worker.farewell(&settings).await;
    ended
}

/// Logs that the worker is ready, or which of its shards have to wait.
fn tell_of_start(gateway: &BotConnectionInfo, resumed: usize, edge: &str) {
    let left = usize::try_from(gateway.session_start_limit.remaining).unwrap_or(usize::MAX);
    let shards = usize::try_from(gateway.shards).unwrap_or(usize::MAX);
    let needed = shards.saturating_sub(resumed);
    if shards == 0 {
        tracing::warn!(
            "Discord recommends 0 shards, so there is no gateway connection; reporting to {edge} without"
        );
    } else if needed > left {
        let until = on_the_wall(Duration::from_millis(gateway.session_start_limit.reset_after));
        tracing::warn!(
            "{left} identifies are left, and {needed} of {shards} shards need one each: some wait until {until}; \
             reporting to {edge} meanwhile"
        );
    } else {
        tracing::info!("bot-worker ready: reporting to {edge}");
    }
}

/// Everything that is learned before the first report.
#[derive(Debug)]
struct Startup {
    bot: ReportedBot,
    guilds: u64,
    gateway: BotConnectionInfo,
}

/// Tries until it succeeds; only a refused token ends it.
async fn start_up(discord: &Discord, settings: &Settings) -> Result<Startup, Fatal> {
    let mut health = Health::default();
    loop {
        match try_to_start_up(discord).await {
            Ok(known) => {
                tell_of_discord(health.observe(true), None);
                let skew = discord.skew_seconds().await;
                if let Some(complaint) = skew.and_then(clock::complaint) {
                    tracing::warn!("{complaint}");
                }
                return Ok(known);
            }
            Err(DiscordError::Unauthorized) => return Err(Fatal::TokenRefused),
            // The gate has told it, and when to ask again.
            Err(DiscordError::Held(held)) => {
                tokio::time::sleep_until(held.until.into()).await;
                continue;
            }
            Err(error) => tell_of_discord(health.observe(false), Some(&error)),
        }
        tokio::time::sleep(settings.time_scale.of(jittered(wait_after(health.failures()), entropy()))).await;
    }
}

async fn try_to_start_up(discord: &Discord) -> Result<Startup, DiscordError> {
    let application = discord.application().await?;
    let bot = discord.bot().await?;
    let gateway = discord.gateway().await?;
    match register::where_different(discord, Scope { application: application.id, guild: None }).await {
        // Asking again would change nothing, and the latency is worth knowing all the same.
        Err(error) if matches!(error.meaning(), Some(Meaning::Final | Meaning::Channel)) => {
            tracing::error!("commands not registered: {error}");
        }
        registered => tracing::info!("{}", registered?),
    }
    let guilds = application.guilds.unwrap_or_default();
    let (servers, shards) = (counted(guilds, "server"), counted(gateway.shards.into(), "shard"));
    tracing::info!("{} ({}) is in {servers}, on {shards}", bot.name, bot.id);
    Ok(Startup { bot, guilds, gateway })
}

#[derive(Debug)]
struct Worker {
    discord: Arc<Discord>,
    edge: Edge,
    gateway: Gateway,
    monitor: Monitor,
    time_scale: TimeScale,
    started_at: Timestamp,
    bot: ReportedBot,
    guilds_at_start: u64,
    presence: watch::Receiver<Option<String>>,
    backlog: Backlog,
    jobs_every: watch::Sender<Duration>,
    rest_failure: Option<RestFailure>,
    next_report: Instant,
    /// The period of reports that the edge wanted last, in milliseconds.
    wanted_every_ms: u64,
    /// The last report that arrived.
    told: Option<Report>,
    discord_health: Health,
    edge_health: Health,
}

impl Worker {
    async fn report_until(
        &mut self,
        mut stop: impl Future<Output = ()> + Unpin,
        work: impl Future<Output = DiscordError>,
    ) -> Result<(), Fatal> {
        let mut work = pin!(work);
        let mut ticks = tokio::time::interval(self.time_scale.of(Duration::from_millis(REPORT_EVERY_MS)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let tick = async {
                ticks.tick().await;
                self.report().await
            };
            tokio::select! {
                reported = tick => reported?,
                _ = &mut work => return Err(Fatal::TokenRefused),
                () = &mut stop => return Ok(()),
            }
        }
    }

    /// Measures once, and tells the edge.
    async fn report(&mut self) -> Result<(), Fatal> {
        let measured = tokio::select! {
            biased;
            () = self.gateway.token_refused() => return Err(Fatal::TokenRefused),
            measured = latency::measure(&self.discord) => measured,
        };
        let rest_ms = self.understood(measured)?;
        let report = self.look(rest_ms);
        let asked = self.presence.borrow_and_update().clone();
        self.gateway.show(&asked.unwrap_or_else(|| presence(report.guilds.count)));
        let is_early = Instant::now() < self.next_report;
        if is_early && self.edge_health.failures() > 0 {
            self.backlog.push(report.at, report.sample());
            self.monitor.report(&report, false);
        } else if is_early && self.has_told(&report) {
            self.backlog.push(report.at, report.sample());
            self.monitor.measured(&report);
        } else {
            self.send(report).await;
        }
        Ok(())
    }

    /// Whether there is nothing in it but measurements that the edge does not know. Anything else is told at once.
    fn has_told(&self, report: &Report) -> bool {
        let told = self.told.as_ref();
        report.guilds.named.is_empty() && told.is_some_and(|told| told.says_the_same(report))
    }

    fn understood(&mut self, measured: Result<f64, DiscordError>) -> Result<Option<f64>, Fatal> {
        match measured {
            Ok(ms) => {
                self.rest_failure = None;
                tell_of_discord(self.discord_health.observe(true), None);
                Ok(Some(ms))
            }
            Err(DiscordError::Unauthorized) => Err(Fatal::TokenRefused),
            Err(error) => {
                let count = self.rest_failure.map_or(0, |failure| failure.count).saturating_add(1);
                self.rest_failure = Some(RestFailure { status: error.status(), count });
                // The gate has told of a wait.
                if !matches!(error, DiscordError::Held(_)) {
                    tell_of_discord(self.discord_health.observe(false), Some(&error));
                }
                Ok(None)
            }
        }
    }

    async fn send(&mut self, report: Report) {
        let sent = self.edge.report(&report).await;
        let change = self.edge_health.observe(sent.is_ok());
        self.monitor.report(&report, sent.is_ok());
        if let Ok(next) = sent {
            self.backlog.clear();
            self.gateway.roster().heard(&report.guilds.named);
            self.plan(&report, next);
            self.told = Some(report);
        } else {
            self.backlog.push(report.at, report.sample());
            let wait = jittered(wait_after(self.edge_health.failures()), entropy());
            self.next_report = Instant::now() + self.time_scale.of(wait);
        }
        if let Some(Change::Recovered(_)) = change {
            // It may be another edge now, with an empty memory.
            self.gateway.roster().tell_again();
        }
        tell_of_edge(change, sent.err().as_ref());
    }

    /// Plans the next report: not later than this report has promised, nor than the edge wants.
    fn plan(&mut self, report: &Report, next: NextReport) {
        let wanted_ms = next.in_ms.clamp(REPORT_EVERY_MS, REPORT_AT_REST_EVERY_MS);
        // The next look is due a moment before or after, as clocks go.
        let wait_ms = report.next_in_ms.min(wanted_ms).saturating_sub(REPORT_EVERY_MS / 2);
        self.next_report = Instant::now() + self.time_scale.of(Duration::from_millis(wait_ms));
        self.wanted_every_ms = wanted_ms;
        let is_at_rest = wanted_ms > REPORT_EVERY_MS && !next.jobs_due;
        let every = if is_at_rest { jobs::AT_REST_EVERY } else { jobs::EVERY };
        self.jobs_every.send_if_modified(|asked| std::mem::replace(asked, every) != every);
    }

    fn look(&self, rest_ms: Option<f64>) -> Report {
        let mut guilds = self.gateway.guilds();
        if guilds.count == 0 {
            // The gateway has not told them yet; Discord's REST has.
            guilds.count = self.guilds_at_start;
        }
        Report {
            version: protocol::VERSION,
            started_at: self.started_at,
            at: now(),
            bot: self.bot.clone(),
            shards: self.gateway.shards(),
            shard_count: Some(self.gateway.shard_count()),
            rest_ms,
            rest_failure: self.rest_failure,
            guilds,
            missed: self.backlog.missed(),
            next_in_ms: self.wanted_every_ms,
            leaving: false,
        }
    }

    /// The last report, while the gateway is closed.
    async fn farewell(self, settings: &Settings) {
        let report = Report { leaving: true, ..self.look(None) };
        let told = tokio::time::timeout(FAREWELL, self.edge.report(&report));
        let (told, sessions) = tokio::join!(told, self.gateway.close());
        if !matches!(told, Ok(Ok(_))) {
            tracing::debug!("the edge was not told that this was the last report");
        }
        if let Some(file) = &settings.session_file
            && let Err(error) = sessions.write_to(file)
        {
            tracing::warn!("SESSION_FILE: the sessions are not kept: {error}");
        }
    }
}

/// The text that the bot shows below its name when the edge does not say.
fn presence(guilds: u64) -> String {
    format!("/daily in {}", counted(guilds, "server"))
}

fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// Only for spreading tries; without any, they are not spread.
fn entropy() -> u64 {
    getrandom::u64().unwrap_or_default()
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

fn tell_of_edge(change: Option<Change>, error: Option<&EdgeError>) {
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
