//! The interaction or the action that a journal row comes from.

use protocol::{Event, GuildId, InteractionId, Sentence, Severity, Source, Timestamp};

use crate::Person;

/// Everything about an interaction or an action but what it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its id: it is answered once.
    pub id: InteractionId,
    /// The server in which it happens.
    pub guild: GuildId,
    /// The person who acts.
    pub actor: &'a Person,
    /// Whether the actor may manage the server.
    pub manager: bool,
    /// Whether it is a button: the answer then changes the message that it is below.
    pub pressed: bool,
    /// The command's name in the journal.
    pub command: &'a str,
}

impl Origin<'_> {
    /// Returns an event of it, to be filled in.
    pub(crate) fn event(
        &self,
        now: Timestamp,
        severity: Severity,
        source: Source,
        message: impl Into<Sentence>,
    ) -> Event {
        Event {
            actor_id: Some(self.actor.id),
            actor_name: Some(self.actor.name.clone()),
            ..Event::new(self.id.to_string(), now, self.guild, severity, source, message)
        }
    }
}
