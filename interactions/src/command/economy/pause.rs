//! `/economy pause` and `/economy resume`: maintenance mode of one server.

use protocol::{Sentence, Severity};
use serde::{Deserialize, Serialize};

use super::{super::context::Context, act::event};
use crate::{
    books::{Decision, Write},
    reply::Reply,
    rules::Refusal,
    sql::Sql,
};

/// `/economy pause` and `/economy resume`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub(crate) paused: bool,
}

impl Pause {
    pub(super) fn decide<S: Sql>(self, context: &Context<'_, S>) -> Decision {
        if context.settings.paused() == self.paused {
            return Decision::refuse(&Refusal::NothingToChange);
        }
        let (severity, done, line) = if self.paused {
            (Severity::Warn, "paused", "Paused. Players' commands are refused until `/economy resume`.")
        } else {
            (Severity::Info, "resumed", "Players' commands work again.")
        };
        let message = Sentence::of(&context.origin.actor.name).words(&format!(" {done} the economy"));
        Decision::done(Reply::success("Economy", line).ephemeral())
            .audited()
            .with_event(event(context, severity, None, None, message))
            .with_write(Write::Paused(self.paused))
    }
}
