//! `/economy audit [page]`: who did what to whom, when, why.

use protocol::Coins;
use serde::{Deserialize, Serialize};
use twilight_util::builder::command::{IntegerBuilder, SubCommandBuilder};

use super::super::context::Context;
use crate::{
    BooksError,
    books::{Decision, Moved},
    reply::Reply,
    rules::Refusal,
    sql::Sql,
    text,
};

/// The last page that can be asked for.
const PAGES_MAX: u64 = 100;

/// `/economy audit [page]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    pub(super) page: u64,
}

pub(super) fn definition() -> SubCommandBuilder {
    let last = i64::try_from(PAGES_MAX).unwrap_or(i64::MAX);
    SubCommandBuilder::new("audit", "See who did what to whom, when, and why")
        .option(IntegerBuilder::new("page", "Which page").min_value(1).max_value(last))
}

impl Audit {
    pub(super) fn decide(self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let is_page = (1..=PAGES_MAX).contains(&self.page);
        let (acts, more) = if is_page { context.books.acts(self.page)? } else { (Vec::new(), false) };
        if acts.is_empty() {
            return Ok(Decision::refuse(&Refusal::NoSuchPage { last: context.books.acts_pages(PAGES_MAX)? }));
        }
        let lines: Vec<_> = acts.iter().map(line).collect();
        let reply = Reply::info("Audit", &lines.join("\n"))
            .ephemeral()
            .footer(&format!("page {}", self.page))
            .button("◀ Newer", &format!("economy:audit:{}", self.page - 1), self.page > 1)
            .button("Older ▶", &format!("economy:audit:{}", self.page + 1), more && self.page < PAGES_MAX);
        Ok(Decision::done(reply))
    }
}

/// `3 minutes ago · @Ann · give · 100 coins · @Bob → 170: contest`.
fn line(act: &Moved) -> String {
    let what = act.command.strip_prefix("economy ").unwrap_or(&act.command);
    let who = act.actor_name.as_ref().map_or_else(|| format!("<@{}>", act.actor), |name| text::shown(name));
    let mut facts = vec![text::relative_time(act.at), who, format!("**{what}**")];
    facts.extend((act.amount != Coins::ZERO).then(|| text::coins(act.amount)));
    facts.extend(act.target.map(|target| format!("<@{target}>")));
    let after = act.after.map(|after| format!(" → {}", text::grouped(after.get())));
    let note = act.note.as_ref().map(|note| format!(": {}", text::shown(&text::brief(note))));
    format!("{}{}{}", facts.join(" · "), after.unwrap_or_default(), note.unwrap_or_default())
}
