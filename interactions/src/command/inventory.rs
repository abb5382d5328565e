//! `/inventory`: what one has bought.

use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

use super::{
    context::Context,
    definition::{SlashCommand, defined},
    options::Options,
};
use crate::{BooksError, books::Decision, parse_error::ParseError, reply::Reply, sql::Sql, text};

/// Kinds of items that fit into one reply.
const SHOWN: usize = 40;

/// `/inventory`, which has no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory;

impl SlashCommand for Inventory {
    const NAME: &'static str = "inventory";
    const EPHEMERAL: bool = true;

    fn definition() -> Definition {
        defined(Self::NAME, "See what you have bought").build()
    }

    fn parse(_: &mut Options) -> Result<Self, ParseError> {
        Ok(Self)
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let holdings = context.books.holdings(context.origin.actor.id)?;
        let shown = holdings.iter().take(SHOWN);
        let mut lines: Vec<_> =
            shown.map(|held| format!("{} × **{}**", held.quantity, text::shown(&held.name))).collect();
        if holdings.len() > SHOWN {
            lines.push(format!("and {} more kinds", holdings.len() - SHOWN));
        }
        if lines.is_empty() {
            lines.push("You have bought nothing yet. `/shop` shows what there is.".to_owned());
        }
        let reply = Reply::info("Your things", &lines.join("\n")).ephemeral();
        Ok(Decision::done(reply).with_change(context.seen()?))
    }
}
