//! The bot's gateway connections: twilight keeps them, and the board says how they are.

mod refusal;
mod shard_runner;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
    time::{Duration, Instant},
};

use protocol::report::{self, ACTIVE, ReportedGuilds};
use tokio::{sync::watch, task::JoinSet};
use twilight_gateway::{Config, ConfigBuilder, Intents, Shard, ShardId, ShardState, queue::InMemoryQueue};
use twilight_model::gateway::{
    connection_info::BotConnectionInfo,
    payload::outgoing::update_presence::UpdatePresencePayload,
    presence::{Activity, ActivityType, MinimalActivity, Status},
};

use self::shard_runner::ShardRunner;
use crate::{
    config,
    roster::{Change, Roster},
    sessions::{KeptSession, Sessions},
};

/// A heartbeat's answer that is older says nothing of now: Discord asks for one every 41 s.
const LATENCY_VALID: Duration = Duration::from_secs(90);
/// The longest that closing connections may take.
const CLOSING: Duration = Duration::from_secs(2);

/// The connections of all shards; one task keeps each.
#[derive(Debug)]
pub struct Gateway {
    state: Arc<SharedState>,
    stop: watch::Sender<bool>,
    presence: watch::Sender<String>,
    token_refused: watch::Receiver<bool>,
    shards: JoinSet<Option<KeptSession>>,
    total: u32,
}

/// The state that all shards write and the reports read.
#[derive(Debug)]
struct SharedState {
    shards: Mutex<BTreeMap<u32, View>>,
    roster: Mutex<Roster>,
    token_refused: watch::Sender<bool>,
    told_refusal: Once,
}

#[derive(Clone, Copy, Debug)]
struct View {
    state: &'static str,
    latency: Option<(Duration, Instant)>,
    /// The moment since which it does not work, and the tries that have failed since then.
    down: Option<(Instant, u32)>,
}

impl Gateway {
    /// Connects every shard that Discord recommends; those that were kept resume.
    pub fn start(
        settings: &config::Discord,
        info: &BotConnectionInfo,
        presence: &str,
        mut kept: Sessions,
    ) -> Self {
        let mut roster = Roster::default();
        for (shard, face) in kept.guilds.drain(..) {
            roster.apply(shard, Change::Here(face));
        }
        let state = Arc::new(SharedState {
            shards: Mutex::default(),
            roster: Mutex::new(roster),
            token_refused: watch::Sender::new(false),
            told_refusal: Once::new(),
        });
        let (stop, stopped) = watch::channel(false);
        let (presence, shown) = watch::channel(presence.to_owned());
        let config = config_for(settings, info, &shown.borrow());
        let mut tasks = JoinSet::new();
        for number in 0..info.shards {
            let mut builder = ConfigBuilder::from(config.clone());
            if let Some(kept) = kept.take(number, info.shards) {
                builder = builder.session(kept.session).resume_url(kept.resume_url);
            }
            let shard = Shard::with_config(ShardId::new(number, info.shards), builder.build());
            state.note(&shard);
            let runner = ShardRunner::new(&state);
            tasks.spawn(runner.keep(shard, stopped.clone(), shown.clone()));
        }
        let token_refused = state.token_refused.subscribe();
        Self { state, stop, presence, token_refused, shards: tasks, total: info.shards }
    }

    /// The state of each shard. A latency that is not of now is `None`.
    pub fn shards(&self) -> Vec<report::Shard> {
        let now = Instant::now();
        lock(&self.state.shards).iter().map(|(&id, view)| view.report(id, now)).collect()
    }

    /// How many shards there are.
    pub fn shard_count(&self) -> u32 {
        self.total
    }

    /// The servers of all shards.
    pub fn guilds(&self) -> ReportedGuilds {
        lock(&self.state.roster).report()
    }

    /// The servers, to be changed.
    pub fn roster(&self) -> MutexGuard<'_, Roster> {
        lock(&self.state.roster)
    }

    /// Shows this text below the bot's name, if it is another than before.
    pub fn show(&self, presence: &str) {
        self.presence.send_if_modified(|shown| {
            let differs = shown != presence;
            if differs {
                presence.clone_into(shown);
            }
            differs
        });
    }

    /// Waits until the gateway refuses the token.
    pub async fn token_refused(&mut self) {
        if self.token_refused.wait_for(|refused| *refused).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Closes every connection so that its session can be resumed; gives what that needs.
    pub async fn close(mut self) -> Sessions {
        self.stop.send_replace(true);
        let mut sessions = Vec::new();
        let all_closed = async {
            while let Some(closed) = self.shards.join_next().await {
                sessions.extend(closed.ok().flatten());
            }
        };
        // A connection that has not closed by then is cut off, and resumes no session.
        let _ = tokio::time::timeout(CLOSING, all_closed).await;
        let guilds = lock(&self.state.roster).faces();
        Sessions { shards: self.total, kept: sessions, guilds }
    }
}

fn config_for(settings: &config::Discord, info: &BotConnectionInfo, presence: &str) -> Config {
    let limit = &info.session_start_limit;
    let reset_after = Duration::from_millis(limit.reset_after);
    let queue = InMemoryQueue::new(limit.max_concurrency, limit.remaining, reset_after, limit.total);
    let builder = ConfigBuilder::new(settings.token.reveal().to_owned(), Intents::GUILDS)
        .queue(queue)
        .proxy_url(info.url.trim_end_matches('/').to_owned());
    match presence_of(presence) {
        Some(presence) => builder.presence(presence).build(),
        None => builder.build(),
    }
}

fn activity(text: &str) -> Activity {
    let mut activity =
        Activity::from(MinimalActivity { kind: ActivityType::Custom, name: text.into(), url: None });
    activity.state = Some(text.into());
    activity
}

fn presence_of(text: &str) -> Option<UpdatePresencePayload> {
    UpdatePresencePayload::new([activity(text)], false, None, Status::Online).ok()
}

impl SharedState {
    fn note(&self, shard: &Shard) {
        let latency = shard.latency();
        let state = state_name(shard.state());
        let mut shards = lock(&self.shards);
        let before = shards.get(&shard.id().number()).and_then(|view| view.down);
        let down = (state != ACTIVE).then(|| before.unwrap_or((Instant::now(), 0)));
        let latency = latency.recent().first().copied().zip(latency.received());
        shards.insert(shard.id().number(), View { state, latency, down });
    }

    /// One more try to connect has failed.
    fn note_failure(&self, shard: u32) {
        if let Some(View { down: Some((_, tries)), .. }) = lock(&self.shards).get_mut(&shard) {
            *tries = tries.saturating_add(1);
        }
    }
}

impl View {
    fn report(&self, id: u32, now: Instant) -> report::Shard {
        let is_active = self.state == ACTIVE;
        let valid =
            self.latency.filter(|(_, at)| is_active && now.saturating_duration_since(*at) < LATENCY_VALID);
        let latency_ms = valid.map(|(took, _)| crate::latency::milliseconds(took));
        let down_ms = self.down.map(|(since, _)| now.saturating_duration_since(since).as_millis());
        report::Shard {
            id,
            state: self.state.to_owned(),
            latency_ms,
            down_ms: down_ms.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX)),
            tries: self.down.map(|(_, tries)| tries).unwrap_or_default(),
        }
    }
}

const fn state_name(state: ShardState) -> &'static str {
    match state {
        ShardState::Active => ACTIVE,
        ShardState::Disconnected { .. } => "disconnected",
        ShardState::FatallyClosed => "refused",
        ShardState::Identifying => "identifying",
        ShardState::Resuming => "resuming",
    }
}

/// A panic elsewhere leaves nothing half-written behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_told_while_it_is_of_now() {
        let now = Instant::now();
        let took = Duration::from_micros(41_260);
        let cases = [
            (ACTIVE, Some((took, now)), Some(41.3)),
            (ACTIVE, None, None),
            ("resuming", Some((took, now)), None),
        ];
        for (state, latency, expected) in cases {
            assert_eq!(View { state, latency, down: None }.report(0, now).latency_ms, expected, "{state}");
            assert_eq!(
                View { state, latency, down: None }.report(0, now + LATENCY_VALID).latency_ms,
                None,
                "{state}"
            );
        }
    }
}
