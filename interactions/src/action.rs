//! Actions from the page, by somebody who may act. They become acts of `/economy`, and follow the same rules.

use protocol::{
    GuildId, UserId,
    action::{self, Action, ActionKind, Actor, BadAction},
};
use serde::{Deserialize, Serialize};

use crate::text;

/// An action that may be looked at, and who asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The server to act on.
    pub guild: GuildId,
    /// The person or program that asks.
    pub actor: Actor,
    /// The action, its reason cleaned.
    pub action: Action,
}

/// The outcome of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionOutcome {
    /// It is done; the JSON of a [`protocol::action::Done`].
    Done(String),
    /// A rule said no; the JSON of an error with the rule's code.
    Refused(String),
    /// Another action was sent with this key.
    KeyReused,
    /// These books have never been used.
    UnknownServer,
}

impl Order {
    /// Cleans the texts of an action, and checks what every action has.
    pub fn new(guild: GuildId, actor: Actor, mut action: Action) -> Result<Self, BadAction> {
        action.reason = text::clean_note(&action.reason);
        action::check(&action.key, &action.reason)?;
        Ok(Self { guild, actor, action })
    }

    /// Returns the player that it is about; `None` for an action on the server.
    pub(crate) fn user(&self) -> Option<UserId> {
        match &self.action.deed {
            ActionKind::Give { user_id, .. }
            | ActionKind::Take { user_id, .. }
            | ActionKind::Set { user_id, .. }
            | ActionKind::Reset { user_id }
            | ActionKind::Freeze { user_id }
            | ActionKind::Unfreeze { user_id } => Some(*user_id),
            _ => None,
        }
    }
}
