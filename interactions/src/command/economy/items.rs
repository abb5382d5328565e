//! `/economy item add·edit·remove`: what the shop sells.

use protocol::{Coins, Sentence, Severity, number::ENDLESS, text::NAME_MAX_CHARS};
use serde::{Deserialize, Serialize};
use twilight_util::builder::command::{
    IntegerBuilder, StringBuilder, SubCommandBuilder, SubCommandGroupBuilder,
};

use super::{
    super::{context::Context, options::Options},
    act::event,
};
use crate::{
    BooksError,
    books::{Decision, Entry, SHOP_MAX, Write},
    parse_error::ParseError,
    reply::Reply,
    rules::{Item, Refusal},
    sql::Sql,
    text,
};

/// The longest description, in characters.
const DESCRIPTION_MAX_CHARS: usize = 100;
/// The largest stock and the largest limit a player.
const COUNT_MAX: i64 = 1_000_000;

/// `/economy item add·edit·remove`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemAct {
    /// A new item in the shop.
    Add(Wanted),
    /// Another price, name, …
    Edit(Wanted),
    /// Out of the shop; players keep theirs.
    Remove(Wanted),
}

/// The item as it was typed or sent, its texts cleaned. `None` was left out, and -1 is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub(crate) name: String,
    pub(crate) new_name: Option<String>,
    pub(crate) price: Option<Coins>,
    pub(crate) description: Option<String>,
    pub(crate) stock: Option<i64>,
    pub(crate) limit: Option<i64>,
}

pub(super) fn definition() -> SubCommandGroupBuilder {
    let name = || StringBuilder::new("item", "Its name").required(true);
    let price =
        || IntegerBuilder::new("price", "What one costs").min_value(1).max_value(Coins::PLAYER_CAP.get());
    let count =
        |name: &str, about: &str| IntegerBuilder::new(name, about).min_value(ENDLESS).max_value(COUNT_MAX);
    let most = u16::try_from(DESCRIPTION_MAX_CHARS).unwrap_or(u16::MAX);
    let longest = u16::try_from(NAME_MAX_CHARS).unwrap_or(u16::MAX);
    let described = |subcommand: SubCommandBuilder| {
        subcommand
            .option(StringBuilder::new("description", "What it is").max_length(most))
            .option(count("stock", "How many there are; -1 for no limit"))
            .option(count("limit", "How many one player may hold; -1 for no limit"))
    };
    let add = SubCommandBuilder::new("add", "Put something on the shelf")
        .option(name().max_length(longest))
        .option(price().required(true));
    let edit = SubCommandBuilder::new("edit", "Change something on the shelf")
        .option(name().autocomplete(true))
        .option(price())
        .option(StringBuilder::new("name", "Its new name").max_length(longest));
    let remove = SubCommandBuilder::new("remove", "Take something off the shelf; players keep theirs")
        .option(name().autocomplete(true));
    SubCommandGroupBuilder::new("item", "The shop's shelf").subcommands([
        described(add),
        described(edit),
        remove,
    ])
}

impl ItemAct {
    pub(super) fn parse(act: &str, options: &mut Options) -> Result<Self, ParseError> {
        let cleaned = |name: String| text::clean_name(&name);
        let wanted = Wanted {
            name: options.text("item")?.map(cleaned).ok_or(options.bad("item"))?,
            new_name: options.text("name")?.map(cleaned),
            price: options.coins("price")?,
            description: options.text("description")?.map(|text| text::clean_note(&text)),
            stock: options.integer("stock")?,
            limit: options.integer("limit")?,
        };
        match act {
            "add" => Ok(Self::Add(wanted)),
            "edit" => Ok(Self::Edit(wanted)),
            "remove" => Ok(Self::Remove(wanted)),
            _ => Err(options.bad("subcommand")),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "economy item add",
            Self::Edit(_) => "economy item edit",
            Self::Remove(_) => "economy item remove",
        }
    }

    pub(super) fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let decided = match self {
            Self::Add(wanted) => wanted.add(context)?,
            Self::Edit(wanted) => wanted.edit(context)?,
            Self::Remove(wanted) => wanted.remove(context)?,
        };
        let (write, act) = match decided {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let done = act.to_string();
        let message = Sentence::of(&context.origin.actor.name).words(" ").then(act);
        Ok(Decision::done(Reply::success("Shop", &format!("You {}.", text::escape(&done))).ephemeral())
            .audited()
            .with_entry(Entry { note: Some(done), ..Entry::default() })
            .with_event(event(context, Severity::Info, None, None, message))
            .with_write(write))
    }
}

/// The write, and the act in words; or why not.
type Decided = Result<(Write, Sentence), Refusal>;

impl Wanted {
    fn add(&self, context: &Context<'_, impl Sql>) -> Result<Decided, BooksError> {
        if self.name.is_empty() {
            return Ok(Err(Refusal::NameMissing));
        }
        if context.books.item(&self.name)?.is_some() {
            return Ok(Err(Refusal::ItemExists));
        }
        if context.books.shop_items()?.len() as u64 >= SHOP_MAX {
            return Ok(Err(Refusal::ShelfFull { max: SHOP_MAX }));
        }
        let item = Item {
            id: context.books.next_item()?,
            name: self.name.clone(),
            description: None,
            price: Coins::ZERO,
            stock: None,
            per_player: None,
        };
        Ok(self.applied_to(item).map(|item| {
            let act = Sentence::new("added ").name(&item.name).words(" for ").coins(item.price);
            (Write::Item(item), act)
        }))
    }

    fn edit(&self, context: &Context<'_, impl Sql>) -> Result<Decided, BooksError> {
        let Some(old) = context.books.item(&self.name)? else { return Ok(Err(Refusal::UnknownItem)) };
        if self.new_name.as_ref().is_some_and(String::is_empty) {
            return Ok(Err(Refusal::NameMissing));
        }
        if let Some(name) = &self.new_name
            && let Some(other) = context.books.item(name)?
            && other.id != old.id
        {
            return Ok(Err(Refusal::ItemExists));
        }
        let mut named = old.clone();
        if let Some(name) = &self.new_name {
            named.name.clone_from(name);
        }
        Ok(self.applied_to(named).and_then(|item| {
            if item == old {
                return Err(Refusal::NothingToChange);
            }
            let change = Sentence::new("changed ").name(&old.name).words(" to ").name(&item.name);
            let act = change.words(" for ").coins(item.price);
            Ok((Write::Item(item), act))
        }))
    }

    fn remove(&self, context: &Context<'_, impl Sql>) -> Result<Decided, BooksError> {
        let item = context.books.item(&self.name)?.ok_or(Refusal::UnknownItem);
        Ok(item.map(|item| (Write::RemoveItem(item.id), Sentence::new("removed ").name(&item.name))))
    }

    /// Everything but the name.
    fn applied_to(&self, mut item: Item) -> Result<Item, Refusal> {
        if let Some(price) = self.price {
            item.price = price;
        }
        if let Some(description) = &self.description {
            item.description = Some(description.clone()).filter(|description| !description.is_empty());
        }
        let mut counts = [self.stock, self.limit].into_iter().flatten();
        if counts.any(|count| !(ENDLESS..=COUNT_MAX).contains(&count)) {
            return Err(Refusal::BadCount { max: COUNT_MAX });
        }
        if let Some(stock) = self.stock {
            item.stock = u64::try_from(stock).ok();
        }
        if let Some(limit) = self.limit {
            item.per_player = u64::try_from(limit).ok();
        }
        if item.price < Coins::new(1) {
            return Err(Refusal::AmountTooSmall { min: Coins::new(1) });
        }
        if item.price > Coins::PLAYER_CAP {
            return Err(Refusal::AmountTooLarge { max: Coins::PLAYER_CAP });
        }
        if item.description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_MAX_CHARS) {
            return Err(Refusal::NoteTooLong);
        }
        Ok(item)
    }
}
