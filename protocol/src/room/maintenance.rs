//! Everything is paused, or goes on: who said so, and which servers have to hear of it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Output, Room, Row};
use crate::{
    Event, GuildId, Sentence, ServerMessage, Severity, Source, Timestamp,
    action::{Action, ActionKind, Actor},
    message::{MAINTENANCE, MAINTENANCE_OVER, Notice},
    record::Maintenance,
    time::DAY_MS,
};

/// So many servers are told at once, each by a request of its own: the smallest plan allows an invocation 50, and some are
/// made again. Each tick and each report is another invocation.
pub const SPREAD_AT_ONCE: usize = 30;
/// So many of the last actions are remembered by their keys.
const REMEMBERED: usize = 100;

/// The maintenance state, and the actions that made it so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceRow {
    /// The state in force.
    pub current: Maintenance,
    /// The last actions, oldest first.
    pub actions: Vec<Remembered>,
}

/// An action that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remembered {
    /// The author of the action.
    pub actor: Actor,
    /// The action as it was sent: another one with its key is refused.
    pub action: Action,
    /// The answer, which a repetition gets again.
    pub answer: Answer,
}

/// The outcome of an action on everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// It is done: JSON.
    Done(String),
    /// It would have changed nothing: the JSON of an error.
    Refused(String),
    /// Another action was sent with this key.
    KeyReused,
    /// Not an action on everything.
    NotOffered,
}

impl Room {
    /// Returns the maintenance state in force.
    pub fn maintenance(&self) -> Maintenance {
        self.maintenance.current
    }

    pub(super) fn heard(&mut self, now: Timestamp, said: Maintenance, outputs: &mut Vec<Output>) {
        if said.change > self.maintenance.current.change {
            self.maintenance.current = said;
            outputs.push(Output::Store(Row::Maintenance(self.maintenance.clone())));
            self.flush(now, outputs);
            self.broadcast(now, self.maintenance_notice(), outputs);
            self.broadcast(now, self.stats_update(now, now), outputs);
        }
    }

    /// Returns the notice for viewers.
    pub(super) fn maintenance_notice(&self) -> ServerMessage {
        let (code, message) = if self.maintenance.current.is_on {
            (MAINTENANCE, "Everything is paused: commands are refused until an administrator resumes.")
        } else {
            (MAINTENANCE_OVER, "Everything goes on: commands are answered again.")
        };
        ServerMessage::Notice { data: Notice { code: code.to_owned(), message: message.to_owned() } }
    }

    pub(super) fn acted(&mut self, now: Timestamp, actor: Actor, action: Action, outputs: &mut Vec<Output>) {
        let row = &self.maintenance;
        if let Some(known) = row.actions.iter().find(|known| known.action.key == action.key) {
            let same = known.action == action && known.actor.id == actor.id;
            let answer = if same { known.answer.clone() } else { Answer::KeyReused };
            return outputs.push(Output::Answer(answer));
        }
        let is_on = match action.deed {
            ActionKind::Pause => true,
            ActionKind::Resume => false,
            _ => return outputs.push(Output::Answer(Answer::NotOffered)),
        };
        let answer = if row.current.is_on == is_on {
            let error =
                json!({ "error": { "code": "nothing_to_change", "message": "It is like that already." } });
            Answer::Refused(error.to_string())
        } else {
            self.switch(now, is_on, &actor, &action.reason, outputs)
        };
        let is_done = matches!(answer, Answer::Done(_));
        let row = &mut self.maintenance;
        row.actions.push(Remembered { actor, action, answer: answer.clone() });
        let excess = row.actions.len().saturating_sub(REMEMBERED);
        row.actions.drain(..excess);
        outputs.push(Output::Store(Row::Maintenance(row.clone())));
        outputs.push(Output::Answer(answer));
        // Numbers that run ahead of the events would look like a loss.
        self.flush(now, outputs);
        if is_done {
            self.broadcast(now, self.maintenance_notice(), outputs);
            if let Some(notice) = self.lasting_incidents().filter(|_| !self.maintenance.current.is_on) {
                self.broadcast(now, notice, outputs);
            }
        }
        self.broadcast(now, self.stats_update(now, now), outputs);
    }

    fn switch(
        &mut self,
        now: Timestamp,
        is_on: bool,
        actor: &Actor,
        reason: &str,
        outputs: &mut Vec<Output>,
    ) -> Answer {
        let current = Maintenance { is_on, change: self.maintenance.current.change + 1 };
        self.maintenance.current = current;
        let (severity, done) = if is_on { (Severity::Warn, "paused") } else { (Severity::Info, "resumed") };
        let actor_name = Sentence::of(&actor.name);
        let message = actor_name.words(&format!(" {done} everything, because ")).name(reason);
        let id = format!("maintenance-{}", current.change);
        let answer = json!({ "id": id, "message": message.to_string() }).to_string();
        let event = Event::new(id, now, GuildId::NONE, severity, Source::Admin, message);
        self.number(Event { actor_id: actor.id, actor_name: Some(actor.name.clone()), ..event }, outputs);
        self.untold = self.aggregates.played_since(now.minus(DAY_MS)).into();
        self.spread_on(outputs);
        Answer::Done(answer)
    }

    /// Tells the next servers. The others hear it with the acknowledgement of what they deliver.
    pub(super) fn spread_on(&mut self, outputs: &mut Vec<Output>) {
        let next = self.untold.len().min(SPREAD_AT_ONCE);
        if next > 0 {
            let guilds = self.untold.drain(..next).collect();
            outputs.push(Output::Spread(self.maintenance.current, guilds));
        }
    }
}
