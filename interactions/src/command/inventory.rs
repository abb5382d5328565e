//! `/inventory`: what one has bought.

use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

use super::{Options, Play, Turn, defined};
use crate::{BooksError, books::Decision, interaction::NotUnderstood, reply::Reply, sql::Sql, text};

/// Kinds of items that fit into one reply.
const SHOWN: usize = 40;

/// `/inventory`, which has no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory;

impl Play for Inventory {
    const NAME: &'static str = "inventory";
    const PRIVATE: bool = true;

    fn definition() -> Definition {
        defined(Self::NAME, "See what you have bought").build()
    }

    fn parse(_: &mut Options) -> Result<Self, NotUnderstood> {
        Ok(Self)
    }

    fn decide(&self, turn: &Turn<'_, impl Sql>) -> Result<Decision, BooksError> {
        let holdings = turn.desk.holdings(turn.call.actor.id)?;
        let shown = holdings.iter().take(SHOWN);
        let mut lines: Vec<_> =
            shown.map(|held| format!("{} × **{}**", held.quantity, text::shown(&held.name))).collect();
        if holdings.len() > SHOWN {
            lines.push(format!("and {} more kinds", holdings.len() - SHOWN));
        }
        if lines.is_empty() {
            lines.push("You have bought nothing yet. `/shop` shows what there is.".to_owned());
        }
        let reply = Reply::info("Your things", &lines.join("\n")).private();
        Ok(Decision::done(reply).with_change(turn.seen()?))
    }
}
