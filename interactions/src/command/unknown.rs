//! A command or a button that Discord still shows and Pulse does not know: a polite answer for the player, a red line
//! for the admin.

use protocol::{Severity, Source, record::Outcome};
use serde::{Deserialize, Serialize};

use super::context::Context;
use crate::{books::Decision, reply::Reply, sql::Sql, text};

/// The name that was typed, or what the button carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown(String);

impl Unknown {
    pub(super) fn new(name: &str) -> Self {
        Self(text::clean_name(name))
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    pub(super) fn decide<S: Sql>(&self, context: &Context<'_, S>) -> Decision {
        let (what, line) = if context.origin.pressed {
            ("The button ", "I do not know this button any more. Type the command again.")
        } else {
            ("/", "I do not know this command. It may have just been removed; try again in a minute.")
        };
        let message = format!("{what}{} is registered with Discord but unknown to Pulse", self.0);
        Decision::done(Reply::refusal(line, "unknown_command"))
            .ended(Outcome::Failed)
            .with_event(context.event(Severity::Error, Source::Command, message))
    }
}
