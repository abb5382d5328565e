//! Freezing a player: the coins stay where they are, until they are let go.

use protocol::{Sentence, Severity};
use serde::{Deserialize, Serialize};

use super::{super::context::Context, act::event};
use crate::{
    BooksError, Person,
    books::{Change, Decision, Entry},
    reply::Reply,
    rules::{Account, Refusal},
    sql::Sql,
    text,
};

/// A player is frozen, or let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    pub(crate) target: Person,
    pub(crate) frozen: bool,
    pub(crate) reason: String,
}

impl Freeze {
    pub(super) fn name(&self) -> &'static str {
        if self.frozen { "economy freeze" } else { "economy unfreeze" }
    }

    /// Refusals: `unknown_player`, `nothing_to_change`.
    pub(super) fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let Some(before) = context.books.account(self.target.id)? else {
            return Ok(Decision::refuse(&Refusal::UnknownPlayer));
        };
        if before.frozen == self.frozen {
            return Ok(Decision::refuse(&Refusal::NothingToChange));
        }
        let (severity, done) =
            if self.frozen { (Severity::Warn, "froze") } else { (Severity::Info, "unfroze") };
        let message = Sentence::of(&context.origin.actor.name)
            .words(&format!(" {done} "))
            .name(&self.target.name)
            .words(", because ")
            .name(&self.reason);
        let line = format!("You {done} **{}**.", text::shown(&self.target.name));
        let after = Account { frozen: self.frozen, ..before.clone() };
        Ok(Decision::done(Reply::success("Done", &line).ephemeral())
            .audited()
            .with_entry(Entry {
                target: Some(self.target.id),
                note: Some(self.reason.clone()),
                balance_after: Some(before.balance),
                ..Entry::default()
            })
            .with_event(event(context, severity, Some(&self.target), None, message))
            .with_change(Change { before: Some(before), after }))
    }
}
