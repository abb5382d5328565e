//! `/economy pause` and `/economy resume`: maintenance mode of one server.

use protocol::{Sentence, Severity};
use serde::{Deserialize, Serialize};

use super::{Turn, event};
use crate::{
    books::{Decision, Write},
    ledger::Refusal,
    reply::Reply,
    sql::Sql,
};

/// `/economy pause` and `/economy resume`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub(crate) paused: bool,
}

impl Pause {
    pub(super) fn decide<S: Sql>(self, turn: &Turn<'_, S>) -> Decision {
        if turn.settings.paused() == self.paused {
            return Decision::refuse(&Refusal::NothingToChange);
        }
        let (severity, done, line) = if self.paused {
            (Severity::Warn, "paused", "Paused. Players' commands are refused until `/economy resume`.")
        } else {
            (Severity::Info, "resumed", "Players' commands work again.")
        };
        let message = Sentence::of(&turn.call.actor.name).words(&format!(" {done} the economy"));
        Decision::done(Reply::success("Economy", line).private())
            .audited()
            .with_event(event(turn, severity, None, None, message))
            .with_write(Write::Paused(self.paused))
    }
}
