//! Work that waits for the bot-worker: it comes with journal rows, is handed out when it is due, and is gone when it is
//! settled, withdrawn or too old.

use std::collections::{BTreeMap, HashMap};

use super::{
    Output, Room,
    row::{Kind, Row},
};
use crate::{
    Event, GuildId, Sentence, Severity, Source, Timestamp,
    job::{JOBS_PER_PULL, Job, Jobs, Settlement, Task},
    record::JobOrder,
    text,
};

/// The most jobs that wait; what comes beyond them is not taken.
pub const JOBS_KEPT_MAX: usize = 20_000;
/// Jobs that one pull looks through for those that have expired.
const LOOKED_AT_PER_PULL: usize = 500;
/// The longest reason that an event repeats, in characters.
const REASON_MAX_CHARS: usize = 200;

/// The kinds of jobs that a bot-worker asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Messages alone, as one of an older version does.
    Messages,
    /// Answers, too.
    Answers,
}

impl Takes {
    const fn takes(self, task: &Task) -> bool {
        matches!(self, Self::Answers) || !matches!(task, Task::Answer { .. })
    }
}

/// By when a job is due, and a number that tells those of one moment apart.
type Place = (Timestamp, u64);

#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    jobs: BTreeMap<Place, Job>,
    places: HashMap<String, Place>,
    last: u64,
}

impl Waiting {
    pub(super) fn restore(jobs: BTreeMap<u64, Job>) -> Self {
        let mut waiting = Self::default();
        for (number, job) in jobs {
            waiting.put(number, job);
        }
        waiting
    }

    /// Takes an order. Says whether there was room for it.
    pub(super) fn take(&mut self, order: JobOrder, outputs: &mut Vec<Output>) -> bool {
        match order {
            JobOrder::Withdraw(id) => drop(self.remove(&id, outputs)),
            JobOrder::Give(job) if !job.is_well_formed() || self.places.contains_key(&job.id) => {}
            JobOrder::Give(_) if self.jobs.len() >= JOBS_KEPT_MAX => return false,
            JobOrder::Give(job) => {
                let number = self.last + 1;
                outputs.push(Output::Store(Row::Job(number, job.clone())));
                self.put(number, job);
            }
        }
        true
    }

    /// Returns the jobs that are due, oldest first, and the number of those that were let go because they had expired.
    pub(super) fn due(
        &mut self,
        now: Timestamp,
        takes: Takes,
        outputs: &mut Vec<Output>,
    ) -> (Vec<Job>, usize) {
        let until = (now, u64::MAX);
        let expired: Vec<String> = self
            .jobs
            .range(..=until)
            .take(LOOKED_AT_PER_PULL)
            .filter(|(_, job)| job.expires_at <= now)
            .map(|(_, job)| job.id.clone())
            .collect();
        for id in &expired {
            self.remove(id, outputs);
        }
        let is_wanted = |job: &&Job| job.expires_at > now && takes.takes(&job.task);
        let due = self.jobs.range(..=until).map(|(_, job)| job).filter(is_wanted);
        (due.take(JOBS_PER_PULL).cloned().collect(), expired.len())
    }

    /// Lets go of all that a server's books have asked for.
    pub(super) fn remove_all_of(&mut self, guild: GuildId, outputs: &mut Vec<Output>) {
        let theirs = |job: &&Job| job.task.guild_id() == guild;
        let ids: Vec<String> = self.jobs.values().filter(theirs).map(|job| job.id.clone()).collect();
        for id in ids {
            self.remove(&id, outputs);
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether anything is due.
    pub(super) fn is_any_due(&self, now: Timestamp) -> bool {
        self.jobs.range(..=(now, u64::MAX)).next().is_some()
    }

    /// Lets go of a job; `None` when it is not there, or not any more.
    pub(super) fn remove(&mut self, id: &str, outputs: &mut Vec<Output>) -> Option<Job> {
        let place = self.places.remove(id)?;
        outputs.push(Output::Delete(Kind::Job, place.1));
        self.jobs.remove(&place)
    }

    fn put(&mut self, number: u64, job: Job) {
        let place = (job.due_at, number);
        self.last = self.last.max(number);
        self.places.insert(job.id.clone(), place);
        self.jobs.insert(place, job);
    }
}

impl Room {
    /// Hands out what is due.
    pub(super) fn pulled(&mut self, now: Timestamp, takes: Takes, outputs: &mut Vec<Output>) {
        let (jobs, expired) = self.waiting.due(now, takes, outputs);
        self.tell_lost(now, GuildId::NONE, expired, "expired before the bot could do them", outputs);
        outputs.push(Output::HandOut(Jobs { jobs, presence: self.presence() }));
        self.flush_or_wait(now, outputs);
    }

    /// Keeps an answer that the edge could not deliver.
    pub(super) fn undelivered(&mut self, now: Timestamp, job: Job, outputs: &mut Vec<Output>) {
        let guild = job.task.guild_id();
        let refused = usize::from(!self.waiting.take(JobOrder::Give(job), outputs));
        self.tell_lost(now, guild, refused, "found no room among those that wait", outputs);
        self.flush_or_wait(now, outputs);
    }

    /// Lets go of a job that is over.
    pub(super) fn settled(
        &mut self,
        now: Timestamp,
        job: &str,
        settlement: &Settlement,
        outputs: &mut Vec<Output>,
    ) {
        let Some(job) = self.waiting.remove(job, outputs) else { return };
        if let Settlement::Dropped { reason, unwelcome } = settlement {
            self.number(dropped(now, &job, reason, *unwelcome), outputs);
            if let (true, Task::Remind { user_id, guild_id, .. }) = (unwelcome, &job.task) {
                outputs.push(Output::RemindNoMore(*guild_id, *user_id));
            }
            self.flush_or_wait(now, outputs);
        }
    }

    /// Tells of jobs that were let go, in one event.
    pub(super) fn tell_lost(
        &mut self,
        now: Timestamp,
        guild: GuildId,
        count: usize,
        why: &str,
        outputs: &mut Vec<Output>,
    ) {
        if count > 0 {
            self.number(lost(now, guild, count, why), outputs);
        }
    }
}

/// The warning that a job will never be done.
fn dropped(now: Timestamp, job: &Job, reason: &str, unwelcome: bool) -> Event {
    let (what, guild, target_id) = match &job.task {
        Task::Remind { user_id, guild_id, .. } => ("A reminder", *guild_id, Some(*user_id)),
        Task::Announce { guild_id, .. } => ("An announcement", *guild_id, None),
        Task::Answer { guild_id, .. } => ("A late answer", *guild_id, None),
    };
    let reason = text::clean(reason);
    let reason = text::shortened(&reason, REASON_MAX_CHARS);
    let no_more = if unwelcome { ", and no more will come until one is asked for again" } else { "" };
    let message = format!("{what} was dropped{no_more}: {reason}");
    Event { target_id, ..warning(format!("{}-dropped-{now}", job.id), now, guild, message) }
}

/// The warning that jobs were let go without the bot-worker.
fn lost(now: Timestamp, guild: GuildId, count: usize, why: &str) -> Event {
    let jobs = if count == 1 { "job" } else { "jobs" };
    let message = Sentence::default().number(count as u64).words(&format!(" {jobs} {why}"));
    warning(format!("jobs-lost-{guild}-{now}"), now, guild, message)
}

fn warning(id: String, now: Timestamp, guild: GuildId, message: impl Into<Sentence>) -> Event {
    Event::new(id, now, guild, Severity::Warn, Source::Bot, message)
}
