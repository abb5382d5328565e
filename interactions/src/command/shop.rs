//! `/shop`: what is on the shelf.

use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

use super::{
    context::Context,
    definition::{SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError,
    books::Decision,
    parse_error::ParseError,
    reply::Reply,
    rules::{Item, Refusal},
    sql::Sql,
    text,
};

/// Items on a page.
const PAGE: usize = 10;

/// `/shop`; further pages come by button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    page: usize,
}

impl SlashCommand for Shop {
    const NAME: &'static str = "shop";

    fn definition() -> Definition {
        defined(Self::NAME, "See what there is to buy").build()
    }

    fn parse(_: &mut Options) -> Result<Self, ParseError> {
        Ok(Self { page: 1 })
    }

    fn from_component<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        Some(Self { page: words.next()?.parse().ok()? })
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let items = context.books.shop_items()?;
        let pages = items.len().div_ceil(PAGE).max(1);
        if self.page == 0 || self.page > pages {
            return Ok(Decision::refuse(&Refusal::NoSuchPage { last: pages as u64 }));
        }
        let lines: Vec<_> = items.iter().skip((self.page - 1) * PAGE).take(PAGE).map(line).collect();
        let text = if lines.is_empty() {
            "The shelf is empty. Who manages the server fills it with `/economy item add`.".to_owned()
        } else {
            lines.join("\n")
        };
        let reply = Reply::info("Shop", &text)
            .footer(&format!("/buy takes one home · page {} of {pages}", self.page))
            .button("◀ Back", &format!("{}:{}", Self::NAME, self.page - 1), self.page > 1)
            .button("More ▶", &format!("{}:{}", Self::NAME, self.page + 1), self.page < pages);
        Ok(Decision::done(reply).with_change(context.seen()?))
    }
}

fn line(item: &Item) -> String {
    let mut facts = vec![format!("**{}**", text::shown(&item.name)), text::coins(item.price)];
    facts.extend(
        item.stock.map(|left| if left == 0 { "sold out".to_owned() } else { format!("{left} left") }),
    );
    facts.extend(item.per_player.map(|max| format!("{max} a player")));
    let described = item.description.as_ref().map(|text| format!("\n{}", text::shown(text)));
    facts.join(" · ") + &described.unwrap_or_default()
}
