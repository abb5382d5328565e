//! Acts that cannot be taken back ask twice: the call waits, and a button lets it happen or not.

use protocol::InteractionId;
use serde::{Deserialize, Serialize};

use super::{
    super::{context::Context, definition::SlashCommand as _},
    Economy,
};
use crate::{
    BooksError, Person,
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

/// A call that waits, as far as its button needs it.
#[derive(Deserialize)]
struct Waiting {
    actor: Person,
    command: WaitingCommand,
}

/// No other command waits for a button.
#[derive(Deserialize)]
enum WaitingCommand {
    Economy(Economy),
}

/// Lets a call wait for its button.
pub(super) fn ask<S: Sql>(context: &Context<'_, S>, question: &str) -> Decision {
    let id = context.origin.id;
    let reply = Reply::warning("Are you sure?", question)
        .ephemeral()
        .danger("Yes, do it", &format!("economy:yes:{id}"))
        .button("No", &format!("economy:no:{id}"), true);
    Decision::done(reply).waiting()
}

impl Confirm {
    pub(super) fn decide(self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let waiting = context.books.pending(self.of, context.now)?;
        let waiting = waiting.map(|call| serde_json::from_str::<Waiting>(&call)).transpose()?;
        let Some(waiting) = waiting.filter(|waiting| waiting.actor.id == context.origin.actor.id) else {
            return Ok(Decision::refuse(&Refusal::ConfirmationGone));
        };
        let WaitingCommand::Economy(act) = &waiting.command;
        let decision = if self.yes {
            act.act(context, true)?.named(act.name())
        } else {
            Decision::done(Reply::info("Cancelled", "Nothing has changed.").ephemeral())
        };
        Ok(decision.with_write(Write::Settle(self.of)))
    }
}
