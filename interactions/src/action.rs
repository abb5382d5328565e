//! Actions from the page, by somebody who may act. They become acts of `/economy`, and follow the same rules.

use protocol::{
    GuildId, UserId,
    action::{self, Action, Actor, BadAction, Deed, Item},
};
use serde::{Deserialize, Serialize};

use crate::{
    command::economy::{Adjust, Economy, Freeze, ItemAct, Pause, Reset, Rules, Undo, Wanted},
    interaction::Person,
    rules::{Account, Adjustment},
    text,
};

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
pub enum Acted {
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
            Deed::Give { user_id, .. }
            | Deed::Take { user_id, .. }
            | Deed::Set { user_id, .. }
            | Deed::Reset { user_id }
            | Deed::Freeze { user_id }
            | Deed::Unfreeze { user_id } => Some(*user_id),
            _ => None,
        }
    }

    /// The act of `/economy` that it is. `account` is that of whom it is about.
    pub(crate) fn act(&self, account: Option<&Account>) -> Economy {
        let reason = || self.action.reason.clone();
        let target = |id: UserId| Person {
            id,
            name: account.map_or_else(|| id.to_string(), |account| account.name.clone()),
            bot: false,
            absent: false,
        };
        let adjust =
            |user: &UserId, adjustment| Economy::Adjust(Adjust::new(target(*user), adjustment, reason()));
        let freeze = |user: &UserId, frozen| {
            Economy::Freeze(Freeze { target: target(*user), frozen, reason: reason() })
        };
        match &self.action.deed {
            Deed::Give { user_id, amount } => adjust(user_id, Adjustment::Give(*amount)),
            Deed::Take { user_id, amount } => adjust(user_id, Adjustment::Take(*amount)),
            Deed::Set { user_id, amount } => adjust(user_id, Adjustment::Set(*amount)),
            Deed::Reset { user_id } => Economy::Reset(Reset::new(target(*user_id), reason())),
            Deed::Freeze { user_id } => freeze(user_id, true),
            Deed::Unfreeze { user_id } => freeze(user_id, false),
            Deed::Undo { seq } => Economy::Undo(Undo { row: *seq, reason: reason() }),
            Deed::Pause => Economy::Pause(Pause { paused: true }),
            Deed::Resume => Economy::Pause(Pause { paused: false }),
            Deed::Setting { setting, value } => Economy::Rules(Rules::to_set(setting, value)),
            Deed::ItemAdd(item) => Economy::Item(ItemAct::Add(wanted(item))),
            Deed::ItemEdit(item) => Economy::Item(ItemAct::Edit(wanted(item))),
            Deed::ItemRemove(item) => Economy::Item(ItemAct::Remove(wanted(item))),
        }
    }
}

fn wanted(item: &Item) -> Wanted {
    let cleaned = |name: &String| text::clean_name(name);
    Wanted {
        name: cleaned(&item.item),
        new_name: item.name.as_ref().map(cleaned),
        price: item.price,
        description: item.description.as_deref().map(text::clean_note),
        stock: item.stock,
        limit: item.limit,
    }
}
