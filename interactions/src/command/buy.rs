//! `/buy item [quantity]`: something from the shop.

use protocol::{
    Event, Sentence, Severity, Source,
    text::{contains, fold, isolated},
};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;
use twilight_util::builder::command::{IntegerBuilder, StringBuilder};

use super::{
    context::Context,
    definition::{SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError,
    autocomplete::Autocomplete,
    books::{Books, Change, Decision, Entry, Party, Write},
    parse_error::ParseError,
    reply::{CHOICES_MAX, Choice, Reply},
    rules::{self, QUANTITY_MAX, Refusal},
    sql::Sql,
    text,
};

/// `/buy item [quantity]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buy {
    item: String,
    quantity: u64,
}

impl SlashCommand for Buy {
    const NAME: &'static str = "buy";

    fn definition() -> Definition {
        let most = i64::try_from(QUANTITY_MAX).unwrap_or(i64::MAX);
        defined(Self::NAME, "Buy something from the shop")
            .option(StringBuilder::new("item", "What").autocomplete(true).required(true))
            .option(
                IntegerBuilder::new("quantity", "How many; one when left out").min_value(1).max_value(most),
            )
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let item = options.text("item")?.ok_or(options.bad("item"))?;
        // A number that can be no quantity becomes 0, which the rule refuses with its range.
        let quantity =
            options.integer("quantity")?.map_or(1, |quantity| u64::try_from(quantity).unwrap_or(0));
        Ok(Self { item: text::clean_name(&item), quantity })
    }

    fn autocomplete(lookup: &Autocomplete, books: &Books<impl Sql>) -> Result<Vec<Choice>, BooksError> {
        let typed = fold(&lookup.typed);
        let for_sale = books.shop_items()?.into_iter();
        let fitting = for_sale.filter(|item| contains(&item.name, &typed));
        Ok(fitting
            .take(CHOICES_MAX)
            .map(|item| Choice {
                name: format!("{} · {}", isolated(&item.name), text::coins(item.price)),
                value: item.name,
            })
            .collect())
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let Context { origin, books, now, .. } = context;
        let Some(item) = books.item(&self.item)? else { return Ok(Decision::refuse(&Refusal::UnknownItem)) };
        let before = context.own()?;
        let held = books.held(origin.actor.id, item.id)?;
        let account = context.opened(before.as_ref());
        let bought = match rules::purchase(account, item, held, self.quantity, *now) {
            Ok(bought) => bought,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let (item, cost) = (&bought.item, text::coins(bought.cost));
        let what = Sentence::default().number(self.quantity).words(" × ").name(&item.name);
        let event = context.event(
            Severity::Success,
            Source::Shop,
            Sentence::of(&origin.actor.name)
                .words(" bought ")
                .then(what.clone())
                .words(" for ")
                .coins(bought.cost),
        );
        let line = format!("**{} × {}** for **{cost}**.", self.quantity, text::shown(&item.name));
        let reply = Reply::success("Bought", &line)
            .field("Balance", &text::coins(bought.account.balance))
            .field("You hold", &bought.held.to_string());
        let stock = item.stock.map(|left| Write::Stock { item: item.id, left });
        let holding = Write::Holding { user: origin.actor.id, item: item.id, quantity: bought.held };
        let decision = stock.into_iter().fold(Decision::done(reply), Decision::with_write);
        Ok(decision
            .with_entry(Entry {
                debit: Some(Party::Player(origin.actor.id)),
                credit: Some(Party::Shop),
                amount: bought.cost,
                note: Some(what.to_string()),
                balance_after: Some(bought.account.balance),
                ..Entry::default()
            })
            .with_write(holding)
            .with_event(Event { amount: Some(bought.cost), ..event })
            .with_change(Change { before, after: bought.account }))
    }
}
