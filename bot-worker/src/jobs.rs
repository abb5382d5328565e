//! Work that the edge hands out because it needs the bot's token. At least once: a job is over when the edge has heard
//! so. The message itself is made once, by a nonce that follows from the job's id.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use protocol::{
    Timestamp,
    job::{Job, Settlement, Task},
};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use twilight_model::id::Id;

use crate::{
    clock::now,
    discord::{Discord, DiscordError},
    edge::{Edge, EdgeError},
    monitor::Monitor,
    pace::Pace,
};

/// How often the edge is asked.
const EVERY: Duration = Duration::from_secs(5);
/// How often an edge is asked that does not know the route.
const RARELY: Duration = Duration::from_mins(10);
/// Jobs that are remembered as over.
const REMEMBERED: usize = 1_000;

/// Does jobs until the token is refused.
pub async fn work(
    edge: Edge,
    discord: Arc<Discord>,
    presence: watch::Sender<Option<String>>,
    monitor: Monitor,
    pace: Pace,
) -> DiscordError {
    let mut jobs = Workbench { edge, discord, monitor, over: Over::default() };
    loop {
        let wait = match jobs.pull(&presence).await {
            Ok(()) => EVERY,
            Err(Stopped::Edge(EdgeError::NotOffered)) => RARELY,
            // Reports tell that the edge is away; twice would be noise.
            Err(Stopped::Edge(error)) => {
                tracing::debug!("no jobs: {error}");
                EVERY
            }
            Err(Stopped::TokenRefused) => return DiscordError::Unauthorized,
        };
        tokio::time::sleep(pace.of(wait)).await;
    }
}

enum Stopped {
    Edge(EdgeError),
    TokenRefused,
}

struct Workbench {
    edge: Edge,
    discord: Arc<Discord>,
    monitor: Monitor,
    over: Over,
}

impl Workbench {
    async fn pull(&mut self, presence: &watch::Sender<Option<String>>) -> Result<(), Stopped> {
        let pulled = self.edge.jobs().await.map_err(Stopped::Edge)?;
        presence.send_replace(pulled.presence);
        for job in pulled.jobs {
            let Some(settlement) = self.settlement(&job).await? else { continue };
            self.edge.settle(&job.id, &settlement).await.map_err(Stopped::Edge)?;
        }
        Ok(())
    }

    /// How the job ended; `None`: not yet, and it will come again.
    async fn settlement(&mut self, job: &Job) -> Result<Option<Settlement>, Stopped> {
        if let Some(known) = self.over.get(&job.id) {
            return Ok(Some(known.clone()));
        }
        let settlement = match triage(job, now()) {
            Triage::Early => return Ok(None),
            Triage::Drop(reason) => Settlement::Dropped { reason: reason.into(), unwelcome: false },
            Triage::Do => match self.perform(job).await {
                Ok(()) => Settlement::Done,
                Err(DiscordError::Unauthorized) => return Err(Stopped::TokenRefused),
                Err(error) if is_final(&error) => Settlement::Dropped {
                    reason: error.to_string(),
                    unwelcome: is_unwelcome(&job.task, &error),
                },
                Err(error) => {
                    tracing::debug!(job = job.id, "not done yet: {error}");
                    return Ok(None);
                }
            },
        };
        match &settlement {
            Settlement::Done => tracing::info!(job = job.id, "job done"),
            Settlement::Dropped { reason, .. } => tracing::warn!(job = job.id, "job dropped: {reason}"),
        }
        self.monitor.job(&settlement);
        self.over.insert(job.id.clone(), settlement.clone());
        Ok(Some(settlement))
    }

    async fn perform(&self, job: &Job) -> Result<(), DiscordError> {
        let (channel, text) = match &job.task {
            Task::Remind { user_id, text, .. } => (self.discord.direct_channel(*user_id).await?, text),
            Task::Announce { channel_id, text, .. } => {
                let channel = channel_id.parse().ok().and_then(Id::new_checked);
                (channel.ok_or(DiscordError::NoId { asked: "POST /channels/{id}/messages" })?, text)
            }
        };
        self.discord.write(channel, text, &nonce(&job.id)).await
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Triage {
    Early,
    Do,
    Drop(&'static str),
}

fn triage(job: &Job, now: Timestamp) -> Triage {
    if now >= job.expires_at {
        Triage::Drop("expired before it could be done")
    } else if !job.is_well_formed() {
        Triage::Drop("not a job that this bot-worker understands")
    } else if now < job.due_at {
        Triage::Early
    } else {
        Triage::Do
    }
}

/// Asking again would change nothing.
fn is_final(error: &DiscordError) -> bool {
    match error {
        DiscordError::Refused { status, .. } => matches!(status, 400..=499) && *status != 429,
        DiscordError::NoId { .. } => true,
        _ => false,
    }
}

/// Whether this person takes no messages of the bot: their messages are closed, or they share no server with it.
fn is_unwelcome(task: &Task, error: &DiscordError) -> bool {
    matches!((task, error), (Task::Remind { .. }, DiscordError::Refused { status: 403, .. }))
}

/// Discord takes 25 letters; 24 of a hash keep jobs apart.
fn nonce(job: &str) -> String {
    hex::encode(&Sha256::digest(job.as_bytes())[..12])
}

/// How jobs ended, for as long as the edge may ask again.
#[derive(Debug, Default)]
struct Over {
    ended: HashMap<String, Settlement>,
    order: VecDeque<String>,
}

impl Over {
    fn get(&self, job: &str) -> Option<&Settlement> {
        self.ended.get(job)
    }

    fn insert(&mut self, job: String, settlement: Settlement) {
        self.order.push_back(job.clone());
        self.ended.insert(job, settlement);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{GuildId, UserId};

    use super::*;

    fn job(id: &str) -> Job {
        let task = Task::Remind { user_id: UserId(1), guild_id: GuildId(2), text: "Ready.".into() };
        Job { id: id.into(), due_at: Timestamp(100), expires_at: Timestamp(200), task }
    }

    #[test]
    fn a_job_has_its_time() {
        let cases = [(99, Triage::Early), (100, Triage::Do), (199, Triage::Do)];
        for (now, expected) in cases {
            assert_eq!(triage(&job("a"), Timestamp(now)), expected, "{now}");
        }
        assert!(matches!(triage(&job("a"), Timestamp(200)), Triage::Drop(_)));
        assert!(matches!(triage(&job("a/b"), Timestamp(100)), Triage::Drop(_)));
    }

    #[test]
    fn only_what_asking_again_cannot_change_is_final() {
        let refused = |status| DiscordError::Refused { asked: "x", status, reason: String::new() };
        let cases = [(403, true), (404, true), (400, true), (429, false), (500, false)];
        for (status, expected) in cases {
            assert_eq!(is_final(&refused(status)), expected, "{status}");
        }
        assert!(!is_final(&DiscordError::TimedOut { asked: "x" }));
    }

    #[test]
    fn only_a_person_can_be_without_a_wish_for_messages() {
        let announce = Task::Announce { guild_id: GuildId(2), channel_id: "7".into(), text: "Up.".into() };
        let refused = |status| DiscordError::Refused { asked: "x", status, reason: String::new() };
        for (task, status, expected) in
            [(job("a").task, 403, true), (job("a").task, 404, false), (announce, 403, false)]
        {
            assert_eq!(is_unwelcome(&task, &refused(status)), expected, "{task:?} {status}");
        }
    }

    #[test]
    fn a_nonce_follows_from_the_id() {
        assert_eq!(nonce("remind:7"), nonce("remind:7"));
        assert_ne!(nonce("remind:7"), nonce("remind:8"));
        assert_eq!(nonce("remind:7").len(), 24);
    }

    #[test]
    fn what_is_over_is_remembered_and_at_last_forgotten() {
        let mut over = Over::default();
        for number in 0..=REMEMBERED {
            over.insert(number.to_string(), Settlement::Done);
        }
        assert_eq!((over.get("0"), over.get("1")), (None, Some(&Settlement::Done)));
    }
}
