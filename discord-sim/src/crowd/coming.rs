//! Turns: people come and go, so that there is always somebody who has yet to claim, and the crowd lives for days.

use protocol::Timestamp;

use super::{Crowd, TURN_MS};

/// The next member to come, and the time at which they do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    next: usize,
    at: Option<Timestamp>,
}

impl Crowd {
    /// The same crowd, of whom so many play at a time. A member who has left comes again when all others have been there.
    #[must_use]
    pub fn taking_turns(mut self, at_once: usize) -> Self {
        if at_once >= self.members.len() {
            return self;
        }
        self.present.truncate(at_once);
        self.turns = Some(Turns { next: at_once, at: None });
        self
    }

    /// Lets the next member come when it is time; the one of the same server who has been there longest leaves. Its manager
    /// stays.
    pub(super) fn come_and_go(&mut self, now: Timestamp) {
        let Some(mut turns) = self.turns else { return };
        let at = *turns.at.get_or_insert(now.plus(TURN_MS));
        if now >= at {
            let comes = turns.next;
            turns = Turns { next: (comes + 1) % self.members.len(), at: Some(now.plus(TURN_MS)) };
            let guild = self.members[comes].guild;
            let manager = self.manager(guild);
            let leaves =
                self.those(|member| member.guild == guild).into_iter().find(|who| Some(*who) != manager);
            if let Some(leaves) = leaves.filter(|_| !self.present.contains(&comes)) {
                self.present.retain(|who| *who != leaves);
                self.members[leaves].offer = None;
                self.present.push(comes);
            }
        }
        self.turns = Some(turns);
    }
}
