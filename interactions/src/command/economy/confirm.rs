//! Acts that cannot be taken back ask twice: the call waits, and a button lets it happen or not.

use protocol::InteractionId;
use serde::{Deserialize, Serialize};

use super::Turn;
use crate::{
    BooksError, Command,
    books::{Decision, Write},
    ledger::Refusal,
    reply::Reply,
    sql::Sql,
};

/// One of the two buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The call that waits.
    pub(super) of: InteractionId,
    /// Whether it shall happen.
    pub(super) yes: bool,
}

/// Lets a call wait for its button.
pub(super) fn ask<S: Sql>(turn: &Turn<'_, S>, question: &str) -> Decision {
    let id = turn.call.id;
    let reply = Reply::warning("Are you sure?", question)
        .private()
        .danger("Yes, do it", &format!("economy:yes:{id}"))
        .button("No", &format!("economy:no:{id}"), true);
    Decision::done(reply).with_write(Write::Pend(Box::new(turn.call.clone())))
}

impl Confirm {
    pub(super) fn decide(self, turn: &Turn<'_, impl Sql>) -> Result<Decision, BooksError> {
        let waiting = turn.desk.pending(self.of, turn.now)?;
        let Some(waiting) = waiting.filter(|waiting| waiting.actor.id == turn.call.actor.id) else {
            return Ok(Decision::refuse(&Refusal::ConfirmationGone));
        };
        let Command::Economy(act) = &waiting.command else {
            return Ok(Decision::refuse(&Refusal::ConfirmationGone));
        };
        let decision = if self.yes {
            act.act(turn, true)?.named(waiting.command.name())
        } else {
            Decision::done(Reply::info("Cancelled", "Nothing has changed.").private())
        };
        Ok(decision.with_write(Write::Settle(self.of)))
    }
}
