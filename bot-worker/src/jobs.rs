//! Work that the edge hands out because it needs the bot's token. At least once: a job is over when the edge has heard
//! so. The message itself is made once, by a nonce that follows from the job's id.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use interactions::rest::Meaning;
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
    time_scale::TimeScale,
};

/// The period at which the edge is asked while somebody watches or plays, or while something is due.
pub const EVERY: Duration = Duration::from_secs(5);
/// The period at which it is asked otherwise: reports bring word of what is due, but not of what the bot shows below its
/// name.
pub const AT_REST_EVERY: Duration = Duration::from_mins(1);
/// The period at which an edge is asked that does not know the route.
const RARELY: Duration = Duration::from_mins(10);
/// Jobs that are remembered as finished.
const REMEMBERED: usize = 1_000;

/// Does jobs until the token is refused; asks the edge as often as `every` says, and at once when that changes.
pub async fn work(
    edge: Edge,
    discord: Arc<Discord>,
    presence: watch::Sender<Option<String>>,
    mut every: watch::Receiver<Duration>,
    monitor: Monitor,
    time_scale: TimeScale,
) -> DiscordError {
    let mut jobs = JobRunner { edge, discord, monitor, finished: FinishedJobs::default() };
    loop {
        let usual = *every.borrow_and_update();
        let wait = match jobs.pull(&presence).await {
            Ok(()) => usual,
            Err(Stopped::Edge(EdgeError::NotOffered)) => RARELY,
            // Reports tell that the edge is away; twice would be noise.
            Err(Stopped::Edge(error)) => {
                tracing::debug!("no jobs: {error}");
                usual
            }
            Err(Stopped::TokenRefused) => return DiscordError::Unauthorized,
        };
        tokio::select! {
            () = tokio::time::sleep(time_scale.of(wait)) => {}
            Ok(()) = every.changed() => {}
        }
    }
}

enum Stopped {
    Edge(EdgeError),
    TokenRefused,
}

struct JobRunner {
    edge: Edge,
    discord: Arc<Discord>,
    monitor: Monitor,
    finished: FinishedJobs,
}

impl JobRunner {
    async fn pull(&mut self, presence: &watch::Sender<Option<String>>) -> Result<(), Stopped> {
        let pulled = self.edge.jobs().await.map_err(Stopped::Edge)?;
        presence.send_replace(pulled.presence);
        for job in pulled.jobs {
            let Some(settlement) = self.settlement(&job).await? else { continue };
            self.edge.settle(&job.id, &settlement).await.map_err(Stopped::Edge)?;
        }
        Ok(())
    }

    /// Does a job when it is time; gives how it ended. `None`: it has not ended, and will come again.
    async fn settlement(&mut self, job: &Job) -> Result<Option<Settlement>, Stopped> {
        if let Some(known) = self.finished.get(&job.id) {
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
        self.finished.insert(job.id.clone(), settlement.clone());
        Ok(Some(settlement))
    }

    async fn perform(&self, job: &Job) -> Result<(), DiscordError> {
        let (channel, text) = match &job.task {
            Task::Answer { application_id, token, message, .. } => {
                return self.discord.answer(application_id, token, message).await;
            }
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
    let says_no = matches!(error.meaning(), Some(Meaning::Unwelcome | Meaning::Channel | Meaning::Final));
    says_no || matches!(error, DiscordError::NoId { .. } | DiscordError::TooLate { .. })
}

/// Whether this person takes no messages of the bot: their messages are closed, or they share no server with it.
fn is_unwelcome(task: &Task, error: &DiscordError) -> bool {
    matches!(task, Task::Remind { .. }) && error.meaning() == Some(Meaning::Unwelcome)
}

/// Discord takes 25 letters; 24 of a hash keep jobs apart.
fn nonce(job: &str) -> String {
    hex::encode(&Sha256::digest(job.as_bytes())[..12])
}

/// The last `REMEMBERED` jobs that ended, and how: the edge may ask for one of them again.
#[derive(Debug, Default)]
struct FinishedJobs {
    ended: HashMap<String, Settlement>,
    order: VecDeque<String>,
}

impl FinishedJobs {
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
    use interactions::rest::Refusal;
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
    fn discords_code_says_whether_a_job_is_over_and_whose_wish_it_is() {
        let announce = Task::Announce { guild_id: GuildId(2), channel_id: "7".into(), text: "Up.".into() };
        let refused = |status, code: u32| {
            let body = format!(r#"{{"message":"No","code":{code}}}"#);
            let refusal = Refusal::read(status, |_| None, body.as_bytes());
            DiscordError::Refused { asked: "x", refusal }
        };
        for (status, code, is_over, ends_reminders) in [
            (400, 50_007, true, true),
            (403, 50_007, true, true),
            (403, 50_278, true, true),
            (403, 40_003, false, false),
            (403, 20_026, false, false),
            (403, 50_013, true, false),
            (404, 10_003, true, false),
            (403, 0, true, false),
            (500, 0, false, false),
        ] {
            let error = refused(status, code);
            let told = (is_final(&error), is_unwelcome(&job("a").task, &error));
            assert_eq!(told, (is_over, ends_reminders), "{status} {code}");
            assert!(!is_unwelcome(&announce, &error), "a channel has no wishes");
        }
        let page = Refusal::read(403, |_| None, b"<h1>Sorry, you have been blocked</h1>");
        assert!(!is_final(&DiscordError::Refused { asked: "x", refusal: page }));
        assert!(!is_final(&DiscordError::TimedOut { asked: "x" }));
    }

    #[test]
    fn a_nonce_follows_from_the_id() {
        assert_eq!(nonce("remind:7"), nonce("remind:7"));
        assert_ne!(nonce("remind:7"), nonce("remind:8"));
        assert_eq!(nonce("remind:7").len(), 24);
    }

    #[test]
    fn what_is_over_is_remembered_and_at_last_forgotten() {
        let mut finished = FinishedJobs::default();
        for number in 0..=REMEMBERED {
            finished.insert(number.to_string(), Settlement::Done);
        }
        assert_eq!((finished.get("0"), finished.get("1")), (None, Some(&Settlement::Done)));
    }
}
