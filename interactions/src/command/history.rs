//! `/history [page]`: what one's own coins did.

use protocol::UserId;
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;
use twilight_util::builder::command::IntegerBuilder;

use super::{
    context::Context,
    definition::{SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError,
    books::{Change, Decision, Moved},
    parse_error::ParseError,
    reply::Reply,
    rules::Refusal,
    sql::Sql,
    text,
};

/// The last page: the way there is walked row by row.
const PAGES_MAX: u64 = 100;

/// `/history [page]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    page: u64,
}

impl SlashCommand for History {
    const NAME: &'static str = "history";
    const EPHEMERAL: bool = true;

    fn definition() -> Definition {
        let last = i64::try_from(PAGES_MAX).unwrap_or(i64::MAX);
        defined(Self::NAME, "See what your coins did")
            .option(IntegerBuilder::new("page", "Which page").min_value(1).max_value(last))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        Ok(Self { page: options.page()? })
    }

    fn from_component<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        Some(Self { page: words.next()?.parse().ok()? })
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let Some(own) = context.own()? else { return Ok(Decision::refuse(&Refusal::NoSuchPage { last: 0 })) };
        let is_page = (1..=PAGES_MAX).contains(&self.page);
        let (rows, more) =
            if is_page { context.books.history(&own, self.page)? } else { (Vec::new(), false) };
        if rows.is_empty() {
            let last = context.books.history_pages(&own, PAGES_MAX)?;
            return Ok(Decision::refuse(&Refusal::NoSuchPage { last }));
        }
        let lines: Vec<_> = rows.iter().map(|row| line(row, own.user)).collect();
        let reply = Reply::info("Your coins", &lines.join("\n"))
            .footer(&format!("You have {} · page {}", text::coins(own.balance), self.page))
            .ephemeral()
            .button("◀ Newer", &format!("{}:{}", Self::NAME, self.page.saturating_sub(1)), self.page > 1)
            .button("Older ▶", &format!("{}:{}", Self::NAME, self.page + 1), more && self.page < PAGES_MAX);
        Ok(Decision::done(reply).with_change(Change::none(own)))
    }
}

/// `3 minutes ago · pay · −30 to @Bob → 70`.
fn line(row: &Moved, own: UserId) -> String {
    let own = own.to_string();
    let gave = row.debit.as_deref() == Some(own.as_str());
    let (sign, amount, preposition, other) = if gave {
        ("−", row.amount, "to", &row.credit)
    } else {
        ("+", row.amount.saturating_minus(row.tax), "from", &row.debit)
    };
    let other = other.as_deref().unwrap_or_default();
    let other = if other.parse::<UserId>().is_ok() { format!("<@{other}>") } else { format!("the {other}") };
    let note =
        row.note.as_ref().map(|note| format!(": {}", text::shown(&text::brief(note)))).unwrap_or_default();
    let amount = text::grouped(amount.get());
    let after = row.after.map(|coins| format!(" → **{}**", text::grouped(coins.get())));
    format!(
        "{} · {} · **{sign}{amount}** {preposition} {other}{}{note}",
        text::relative_time(row.at),
        row.command,
        after.unwrap_or_default(),
    )
}
