//! Actions from the page: they are decided as acts of `/economy`, and answered once.

use protocol::{
    InteractionId, Timestamp, UserId,
    action::{ActionKind, Item},
};

use crate::{
    BooksError, Person,
    action::{ActionOutcome, Order},
    books::{Books, Decision, NOBODY},
    command::{
        Context,
        definition::SlashCommand as _,
        economy::{Adjust, Economy, Freeze, ItemAct, Pause, Reset, Rules, Undo, Wanted},
    },
    origin::Origin,
    rules::{Account, Adjustment, Refusal},
    sql::Sql,
    text,
};

/// Ids of actions have this bit, which Discord's ids get in the year 2084.
const ACTION_BIT: u64 = 1 << 63;

impl<S: Sql> Books<S> {
    /// Does what an action asks for, once. `entropy` is 64 random bits. After an error nothing of it may be kept, as
    /// with [`Books::answer`].
    pub fn act(
        &self,
        now: Timestamp,
        entropy: u64,
        order: &Order,
        handled_ms: u32,
    ) -> Result<ActionOutcome, BooksError> {
        if let Some(acted) = self.acted(order)? {
            return Ok(acted);
        }
        if self.is_unused()? {
            return Ok(ActionOutcome::UnknownServer);
        }
        self.count_rows_anew();
        let about = order.user().map(|user| self.account(user)).transpose()?.flatten();
        let (id, name) = (order.actor.id.unwrap_or(NOBODY), order.actor.name.clone());
        let actor = Person { id, name, bot: false, absent: false };
        let act = order.act(about.as_ref());
        let id = InteractionId(entropy | ACTION_BIT);
        let command = act.name();
        let origin = Origin { id, guild: order.guild, actor: &actor, manager: true, pressed: false, command };
        let context = Context { origin, books: self, settings: self.settings()?, now, entropy };
        // The page names who is acted on by the id alone; an account has the name.
        let mut decision = if order.user().is_some() && about.is_none() {
            Decision::refuse(&Refusal::UnknownPlayer)
        } else {
            act.decide_action(&context, &order.action.reason)?
        };
        if order.actor.id.is_none() {
            for event in decision.events_mut() {
                event.actor_id = None;
            }
        }
        let refused = decision.is_refused();
        let answer = self.commit(now, &origin, decision, handled_ms, Some(order))?;
        Ok(if refused { ActionOutcome::Refused(answer) } else { ActionOutcome::Done(answer) })
    }
}

impl Order {
    /// The act of `/economy` that it is. `account` is that of whom it is about.
    fn act(&self, account: Option<&Account>) -> Economy {
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
            ActionKind::Give { user_id, amount } => adjust(user_id, Adjustment::Give(*amount)),
            ActionKind::Take { user_id, amount } => adjust(user_id, Adjustment::Take(*amount)),
            ActionKind::Set { user_id, amount } => adjust(user_id, Adjustment::Set(*amount)),
            ActionKind::Reset { user_id } => Economy::Reset(Reset::new(target(*user_id), reason())),
            ActionKind::Freeze { user_id } => freeze(user_id, true),
            ActionKind::Unfreeze { user_id } => freeze(user_id, false),
            ActionKind::Undo { seq } => Economy::Undo(Undo { row: *seq, reason: reason() }),
            ActionKind::Pause => Economy::Pause(Pause { paused: true }),
            ActionKind::Resume => Economy::Pause(Pause { paused: false }),
            ActionKind::Setting { setting, value } => Economy::Rules(Rules::to_set(setting, value)),
            ActionKind::ItemAdd(item) => Economy::Item(ItemAct::Add(wanted(item))),
            ActionKind::ItemEdit(item) => Economy::Item(ItemAct::Edit(wanted(item))),
            ActionKind::ItemRemove(item) => Economy::Item(ItemAct::Remove(wanted(item))),
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
