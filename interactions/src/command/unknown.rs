//! A command that Discord still shows and Pulse does not know: a polite answer for the player, a red line for the admin.

use protocol::{Severity, Source, Timestamp, record::Outcome};
use serde::{Deserialize, Serialize};

use crate::{Call, books::Decision, reply::Reply, text};

/// The longest name that is kept; Discord's own limit.
const NAME_MAX_CHARS: usize = 32;

/// The name that was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown(String);

impl Unknown {
    pub(super) fn new(name: &str) -> Self {
        Self(text::clean_note(name).chars().take(NAME_MAX_CHARS).collect())
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    pub(super) fn decide(&self, call: &Call, now: Timestamp) -> Decision {
        let line = "I do not know this command. It may have just been removed; try again in a minute.";
        let message = format!("/{} is registered with Discord but unknown to Pulse", self.0);
        Decision::done(Reply::refusal(line, "unknown_command"))
            .ended(Outcome::Failed)
            .with_event(super::event(call, now, Severity::Error, Source::Command, message))
    }
}
