//! `/leaderboard [by] [page]`: who has the most.

use protocol::{UserId, text::isolated};
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
    books::{Change, Decision, Measure, Standing},
    parse_error::ParseError,
    reply::Reply,
    rules::{Account, Refusal},
    sql::Sql,
    text,
};

/// Lines on a page.
const PAGE: u64 = 10;
/// The last page: nobody turns further, and a page has to cost the same in every server.
const PAGES_MAX: u64 = 100;

/// `/leaderboard [by] [page]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaderboard {
    by: Measure,
    page: u64,
    /// The person whose rank stands below the board: the one who typed the command, whoever turns its pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<UserId>,
}

impl SlashCommand for Leaderboard {
    const NAME: &'static str = "leaderboard";

    fn definition() -> Definition {
        let choices = [("Wealth", "wealth"), ("Level", "level"), ("Streak", "streak")];
        let last = i64::try_from(PAGES_MAX).unwrap_or(i64::MAX);
        defined(Self::NAME, "See who has the most")
            .option(StringBuilder::new("by", "Of what; wealth when left out").choices(choices))
            .option(IntegerBuilder::new("page", "Which page").min_value(1).max_value(last))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let by = match options.text("by")? {
            Some(word) => Measure::named(&word).ok_or(options.bad("by"))?,
            None => Measure::default(),
        };
        Ok(Self { by, page: options.page()?, of: None })
    }

    fn from_component<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (by, page) = (Measure::named(words.next()?)?, words.next()?.parse().ok()?);
        Some(Self { by, page, of: words.next().map(str::parse).transpose().ok()? })
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let own = context.own()?;
        let pages = context.books.ranked(self.by)?.div_ceil(PAGE).min(PAGES_MAX);
        if self.page == 0 || self.page > pages.max(1) {
            return Ok(Decision::refuse(&Refusal::NoSuchPage { last: pages }));
        }
        let board = context.books.board(self.by, (self.page - 1) * PAGE, PAGE)?;
        let of = if context.origin.pressed { self.of } else { Some(context.origin.actor.id) };
        let whose = of.map(|user| self.rank_of(user, context)).transpose()?.unwrap_or_default();
        let footer = format!("{whose}page {} of {}", self.page, pages.max(1));
        let of = of.map(|user| format!(":{user}")).unwrap_or_default();
        let word = |page: u64| format!("{}:{}:{page}{of}", Self::NAME, self.by.word());
        let reply = Reply::info(self.title(), &self.lines(&board))
            .footer(&footer)
            .button("◀ Better", &word(self.page.saturating_sub(1)), self.page > 1)
            .button("Next ▶", &word(self.page + 1), self.page < pages);
        Ok(Decision::done(reply).with_change(own.map(Change::none)))
    }
}

impl Leaderboard {
    fn title(self) -> &'static str {
        match self.by {
            Measure::Wealth => "The richest",
            Measure::Level => "The highest levels",
            Measure::Streak => "The longest streaks",
        }
    }

    /// Returns the line with somebody's rank. Everybody reads it, so it says who that is.
    fn rank_of(self, user: UserId, context: &Context<'_, impl Sql>) -> Result<String, BooksError> {
        let actor = &context.origin.actor;
        let account = if user == actor.id { context.own()? } else { context.books.account(user)? };
        let name = match &account {
            _ if user == actor.id => actor.name.as_str(),
            Some(account) => account.name.as_str(),
            None => return Ok(String::new()),
        };
        let name = isolated(name);
        Ok(match account.as_ref().filter(|account| self.by.of(account) > 0) {
            Some(account) => {
                let rank = context.books.rank(self.by, self.by.of(account))?;
                format!("{name} is #{rank} with {} · ", self.value(account))
            }
            None => format!("{name} is not on it yet · "),
        })
    }

    fn lines(self, board: &[Standing]) -> String {
        if board.is_empty() {
            return "Nobody yet. Be the first with `/daily`.".to_owned();
        }
        let line = |standing: &Standing| {
            let name = text::shown(&standing.account.name);
            format!("**#{}** {name} · {}", standing.rank, self.value(&standing.account))
        };
        board.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn value(self, account: &Account) -> String {
        match self.by {
            Measure::Wealth => text::coins(account.balance),
            Measure::Level => format!("level {}", account.level()),
            Measure::Streak => text::counted(account.streak, "day"),
        }
    }
}
