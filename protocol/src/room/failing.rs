//! Commands that the edge could not carry out, as events.

use super::Room;
use crate::{Event, GuildId, Sentence, Severity, Source, Timestamp, record::Outcome, room::Output};

impl Room {
    /// A command failed; it is counted once.
    pub(super) fn failed(&mut self, now: Timestamp, event: Event, outputs: &mut Vec<Output>) {
        if self.ring.iter().any(|known| known.id == event.id) {
            return; // A server's own room is told of it until it knows.
        }
        self.timeline.add_outcome(now, Outcome::Failed);
        self.save_steps(now, outputs);
        self.number(event, outputs);
        self.look_out(now, outputs);
        self.send_events(now, outputs);
        self.arm_unwatched(now, outputs);
        self.flush_or_wait(now, outputs);
    }
}

/// An event of the edge itself, for the room to number.
pub fn edge_failure(id: String, at: Timestamp, guild_id: GuildId, message: String) -> Event {
    Event::new(id, at, guild_id, Severity::Error, Source::Edge, message)
}

/// The same of something that is no failure of the edge.
pub(super) fn edge_warning(id: String, at: Timestamp, guild_id: GuildId, message: Sentence) -> Event {
    Event::new(id, at, guild_id, Severity::Warn, Source::Edge, message)
}
