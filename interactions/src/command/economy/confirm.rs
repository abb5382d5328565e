//! Acts that cannot be taken back ask twice: the call waits, and a button lets it happen or not.

use protocol::InteractionId;
use serde::{Deserialize, Serialize};

use super::Context;
use crate::{
    BooksError, Command,
    books::{Decision, Write},
    reply::Reply,
    rules::Refusal,
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
pub(super) fn ask<S: Sql>(context: &Context<'_, S>, question: &str) -> Decision {
    let id = context.call.id;
    let reply = Reply::warning("Are you sure?", question)
        .ephemeral()
        .danger("Yes, do it", &format!("economy:yes:{id}"))
        .button("No", &format!("economy:no:{id}"), true);
    Decision::done(reply).with_write(Write::Pend(Box::new(context.call.clone())))
}

impl Confirm {
    pub(super) fn decide(self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let waiting = context.books.pending(self.of, context.now)?;
        let Some(waiting) = waiting.filter(|waiting| waiting.actor.id == context.call.actor.id) else {
            return Ok(Decision::refuse(&Refusal::ConfirmationGone));
        };
        let Command::Economy(act) = &waiting.command else {
            return Ok(Decision::refuse(&Refusal::ConfirmationGone));
        };
        let decision = if self.yes {
            act.act(context, true)?.named(waiting.command.name())
        } else {
            Decision::done(Reply::info("Cancelled", "Nothing has changed.").ephemeral())
        };
        Ok(decision.with_write(Write::Settle(self.of)))
    }
}
