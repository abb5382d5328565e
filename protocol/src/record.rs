//! Deliveries from a server's books to the room: the journal's new rows, and the totals after them.

use serde::{Deserialize, Serialize};

use crate::{Coins, Event, GuildId, JournalSeq, Timestamp, job::Job, stats::Leaderboards};

/// The most records in one push.
pub const PUSH_MAX_RECORDS: usize = 200;

/// One delivery from a server's books to the room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Push {
    /// [`crate::VERSION`] of the sender: old and new code run side by side during a deployment.
    pub version: u32,
    /// The server whose books these are.
    pub guild_id: GuildId,
    /// Rows in ascending, gapless order. The room passes over those it has seen.
    pub records: Vec<Record>,
    /// The books after the last of these rows.
    pub totals: GuildTotals,
    /// The last row that this room has said it has: the rows before these. `None` where the room is to ask for none of them,
    /// and from books of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<JournalSeq>,
    /// The life of the journal that the rows are of; `None` from books of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
    /// With the first rows after books or a room were set back: all reminders that the server's players wait for, in the place of those
    /// that the room has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Vec<JobOrder>>,
    /// Rows that the server's books have written since their last delivery, those of indexes and alarms counted; 0 from books
    /// of an older version, and where another room hears of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows: u64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references; it is only told where they are larger"
)]
fn is_zero(rows: &u64) -> bool {
    *rows == 0
}

/// A journal's life. Books that were restored to an earlier state write other rows under numbers that have been told already,
/// and new books under the name of old ones begin with the first: either begins another life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    /// The moment at which it began: later than the one before.
    pub id: Timestamp,
    /// The last row that it has from the one before.
    pub after: JournalSeq,
    /// It began because the books were set back.
    #[serde(default)]
    pub is_set_back: bool,
}

/// The room's answer to a [`Push`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledgement {
    /// The last row of this server that the room has stored.
    pub seq: JournalSeq,
    /// The moment of the newest commit among the rows that it has stored; `None` from a room that does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_at: Option<Timestamp>,
    /// Nothing was taken: under numbers that the room has, there are rows that it has not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflicts: bool,
    /// Nothing was taken: rows after [`Self::seq`] are missing here that were told already. The room was set back, and is to
    /// be told them again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub misses: bool,
    /// The maintenance state; `None` from a room of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
}

/// The maintenance state: everything is paused, or goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Maintenance {
    /// Whether players' commands are refused everywhere.
    pub is_on: bool,
    /// The number of changes so far. Books that hear of an earlier change after a later one pass over it.
    pub change: u64,
}

/// One journal row, as far as the room needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its row in the server's journal.
    pub seq: JournalSeq,
    /// The moment of the commit.
    pub at: Timestamp,
    /// The outcome, which the room counts.
    pub outcome: Outcome,
    /// From the arrival at the edge to the commit, in milliseconds.
    pub handled_ms: u32,
    /// The coins that came from the mint; negative when an undo sends them back.
    pub minted: Coins,
    /// The coins that were burnt, taxes included; negative when an undo takes them back.
    pub burned: Coins,
    /// The player's activity; `None` for refusals, actions from the page, and people without an account.
    #[serde(default)]
    pub activity: Option<Activity>,
    /// The events to show, not numbered yet.
    #[serde(default)]
    pub events: Vec<Event>,
    /// The jobs that the bot-worker is to do, or need not do any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<JobOrder>,
}

impl Record {
    /// By how much there are more coins after it than before.
    pub fn made(&self) -> Coins {
        self.minted.saturating_minus(self.burned)
    }
}

/// An order about a job, from a journal row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobOrder {
    /// A job to hand out when it is due. One of this id that waits already stays as it is.
    Give(Job),
    /// The job of this id need not be done any more.
    Withdraw(String),
}

/// The activity of a player: a command, and the moment of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// The same player's last command before this one.
    pub previous: Option<Timestamp>,
}

/// The outcome of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It did what was asked.
    Done,
    /// A rule said no.
    Refused,
    /// Pulse could not do it.
    Failed,
}

/// The totals of a server's books.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuildTotals {
    /// The number of players' accounts.
    pub players: u64,
    /// The coins that these accounts hold together.
    pub wealth: Coins,
    /// Their levels, added up.
    pub levels: u64,
    /// Journal rows since the beginning: interactions answered, and actions from the page.
    pub commands: u64,
    /// Whether all accounts, the mint and the sinks included, add up to zero.
    pub balanced: bool,
    /// The commit of the newest journal row.
    pub last_command_at: Option<Timestamp>,
    /// The server's own top ten lists.
    #[serde(default)]
    pub leaderboards: Leaderboards,
    /// How full the storage of the books is, in percent; left out while that is next to nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub store_percent: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Old and new code run side by side during a deployment.
    #[test]
    fn a_row_without_orders_is_a_row_as_before() {
        let without = json!({
            "seq": 1, "at": 2, "outcome": "done", "handledMs": 3, "minted": "0", "burned": "0", "activity": null,
            "events": [],
        });
        let record: Record = serde_json::from_value(without.clone()).unwrap();
        assert_eq!(record.jobs, []);
        assert_eq!(serde_json::to_value(&record).unwrap(), without);
        let withdraw = JobOrder::Withdraw("remind:7".into());
        let with = serde_json::to_value(Record { jobs: vec![withdraw], ..record }).unwrap();
        assert_eq!(with["jobs"], json!([{ "withdraw": "remind:7" }]));
    }
}
