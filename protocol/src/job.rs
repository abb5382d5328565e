//! Work that needs the bot's token: the edge hands it out, the bot-worker does it at least once and says so.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{GuildId, Timestamp, UserId};

/// The most jobs that one pull hands out.
pub const JOBS_PER_PULL: usize = 20;
/// The value of `?takes=` by which a bot-worker says that it delivers late answers.
pub const ANSWERS: &str = "answers";
/// The largest answer to a pull that the bot-worker reads, in bytes.
pub const JOBS_MAX_BYTES: usize = 256 * 1024;
/// The largest settlement that the edge reads, in bytes.
pub const SETTLEMENT_MAX_BYTES: usize = 16 * 1024;
/// The longest message of a job that answers, in bytes of JSON: so many of them fit into an answer to a pull.
pub const JOB_MESSAGE_MAX_BYTES: usize = JOBS_MAX_BYTES / (JOBS_PER_PULL + 1);
/// The longest text of a job, in characters: what a message of Discord's holds.
pub const JOB_TEXT_MAX: usize = 2_000;

/// The answer of `GET /api/jobs`: the oldest jobs that are due and not settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jobs {
    /// At most [`JOBS_PER_PULL`], oldest first. A job comes again with each pull until it is settled or expires.
    pub jobs: Vec<Job>,
    /// The text below the bot's name; the bot-worker's own words when it is not given.
    #[serde(default)]
    pub presence: Option<String>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The identity of the job over all pulls: letters, digits, `-`, `_` and `:`, at most 64.
    pub id: String,
    /// From when on it may be done.
    pub due_at: Timestamp,
    /// After this it is pointless, and dropped.
    pub expires_at: Timestamp,
    /// The kind of job and its arguments, flat in the JSON.
    #[serde(flatten)]
    pub task: Task,
}

/// The kinds of job, told apart by `kind` in the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Task {
    /// A direct message to a player who asked for it.
    Remind {
        /// The player who asked for it.
        user_id: UserId,
        /// The server that it is about.
        guild_id: GuildId,
        /// At most [`JOB_TEXT_MAX`] characters; mentions in it ping nobody.
        text: String,
    },
    /// A message in a channel of a server.
    Announce {
        /// The server of the channel.
        guild_id: GuildId,
        /// The channel's id, as a string.
        channel_id: String,
        /// At most [`JOB_TEXT_MAX`] characters; mentions in it ping nobody.
        text: String,
    },
    /// An answer to a player that the edge had promised, and that Discord did not take from it: it takes the place of the
    /// promise, however often it is written there. Only a bot-worker that asks for these gets them.
    Answer {
        /// The server in which the command was used.
        guild_id: GuildId,
        /// The application of the interaction.
        application_id: String,
        /// The interaction's token, by which the promise can be changed for 15 minutes. No log holds it.
        token: String,
        /// The message, as Discord takes it; at most [`JOB_MESSAGE_MAX_BYTES`].
        message: Value,
    },
}

/// The body of `POST /api/jobs/{id}`: the job is over. The same again is taken again, and changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Settlement {
    /// The message stands on Discord.
    Done,
    /// It will never be done; the edge tells it as a warning event.
    Dropped {
        /// Why, for people: `Discord answered 403 …`.
        reason: String,
        /// Whether the player takes no messages of the bot: they are reminded no more until they ask again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unwelcome: bool,
    },
}

impl Task {
    /// The server whose books have asked for it.
    pub fn guild_id(&self) -> GuildId {
        let (Self::Remind { guild_id, .. } | Self::Announce { guild_id, .. } | Self::Answer { guild_id, .. }) =
            self;
        *guild_id
    }
}

impl Job {
    /// Whether its id and token can stand in a path and its text in a message.
    pub fn is_well_formed(&self) -> bool {
        let is_fit = match &self.task {
            Task::Remind { text, .. } | Task::Announce { text, .. } => {
                (1..=JOB_TEXT_MAX).contains(&text.chars().count())
            }
            Task::Answer { application_id, token, message, .. } => {
                let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.=".contains(letter);
                let is_part = |text: &str| (1..=512).contains(&text.len()) && text.chars().all(is_plain);
                let bytes = serde_json::to_string(message).map_or(usize::MAX, |json| json.len());
                is_part(application_id)
                    && is_part(token)
                    && message.is_object()
                    && bytes <= JOB_MESSAGE_MAX_BYTES
            }
        };
        is_fit && is_id(&self.id)
    }
}

/// Whether this can be a job's id: letters, digits, `-`, `_` and `:`, at most 64.
pub fn is_id(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_:".contains(letter);
    (1..=64).contains(&text.len()) && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn remind() -> Value {
        json!({
            "id": "remind:7", "dueAt": 1_000, "expiresAt": 2_000, "kind": "remind", "userId": "5", "guildId": "6",
            "text": "Your daily is ready.",
        })
    }

    #[test]
    fn jobs_and_settlements_are_written_as_the_protocol_says() {
        let pulled = json!({ "jobs": [remind()] });
        let jobs: Jobs = serde_json::from_value(pulled).unwrap();
        assert_eq!(serde_json::to_value(&jobs.jobs[0]).unwrap(), remind());
        assert_eq!((jobs.jobs[0].is_well_formed(), jobs.presence), (true, None));
        let cases = [
            (false, json!({ "outcome": "dropped", "reason": "403" })),
            (true, json!({ "outcome": "dropped", "reason": "403", "unwelcome": true })),
        ];
        for (unwelcome, written) in cases {
            let dropped = Settlement::Dropped { reason: "403".into(), unwelcome };
            assert_eq!(serde_json::to_value(&dropped).unwrap(), written);
            assert_eq!(serde_json::from_value::<Settlement>(written).unwrap(), dropped);
        }
        assert_eq!(serde_json::to_value(Settlement::Done).unwrap(), json!({ "outcome": "done" }));
    }

    #[test]
    fn a_late_answer_is_a_job_of_its_own_kind() {
        let written = json!({
            "id": "answer:7", "dueAt": 1_000, "expiresAt": 2_000, "kind": "answer", "guildId": "6", "applicationId": "5",
            "token": "aW50-x_y.z=", "message": { "embeds": [] },
        });
        let job: Job = serde_json::from_value(written.clone()).unwrap();
        assert!(job.is_well_formed());
        assert_eq!((job.task.guild_id(), serde_json::to_value(&job).unwrap()), (GuildId(6), written.clone()));
        for (field, value) in [
            ("token", json!("a/b")),
            ("token", json!("")),
            ("applicationId", json!("../5")),
            ("message", json!("text")),
            ("message", json!({ "content": "x".repeat(JOB_MESSAGE_MAX_BYTES) })),
        ] {
            let mut bent = written.clone();
            bent[field] = value;
            let job: Job = serde_json::from_value(bent).unwrap();
            assert!(!job.is_well_formed(), "{field}");
        }
    }

    #[test]
    fn an_id_has_to_fit_in_a_path() {
        let job: Job = serde_json::from_value(remind()).unwrap();
        for id in ["", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(!Job { id: id.into(), ..job.clone() }.is_well_formed(), "{id}");
        }
    }
}
