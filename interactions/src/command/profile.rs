//! `/profile [user]`: all that the books say about somebody.

use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;
use twilight_util::builder::command::UserBuilder;

use super::{
    context::Context,
    definition::{SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError, Person,
    books::{Change, Decision, Holding, Measure},
    parse_error::ParseError,
    reply::Reply,
    rules::{Account, Refusal, xp_for_level},
    sql::Sql,
    text,
};

/// Kinds of items that are named.
const ITEMS_SHOWN: usize = 8;
/// Pieces of the bar that shows the way to the next level.
const BAR: u64 = 10;

/// `/profile [user]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    user: Option<Person>,
}

impl SlashCommand for Profile {
    const NAME: &'static str = "profile";

    fn definition() -> Definition {
        defined(Self::NAME, "See level, streak and items; yours, or somebody else's")
            .option(UserBuilder::new("user", "Whose; yours when left out"))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        Ok(Self { user: options.person("user")? })
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let own = context.own()?;
        let (whose, shown) = context.subject(self.user.as_ref(), own.as_ref())?;
        let Some(account) = shown else {
            return Ok(Decision::refuse(&match whose {
                Person { bot: true, .. } => Refusal::BotRecipient,
                Person { absent: true, .. } => Refusal::NotAMember,
                Person { id, .. } if *id == context.origin.actor.id => Refusal::NoAccount,
                _ => Refusal::UnknownPlayer,
            }));
        };
        let rank = context.books.rank(Measure::Wealth, account.balance.get())?;
        let streak = text::counted(account.streak_on(context.now.day()), "day");
        let freezes = text::counted(account.freezes, "freeze");
        let left = if whose.absent { "\nNot in this server any more." } else { "" };
        let reply = Reply::info(&text::shown(&whose.name), &(progress(&account) + left))
            .field("Balance", &text::coins(account.balance))
            .field("Rank", &format!("#{rank}"))
            .field("Streak", &format!("{streak}, {freezes}"))
            .field("Items", &items(&context.books.holdings(whose.id)?))
            .field("Member since", &text::date(account.created_at));
        Ok(Decision::done(reply).with_change(own.map(Change::none)))
    }
}

fn progress(account: &Account) -> String {
    let level = account.level();
    let (from, to) = (xp_for_level(level), xp_for_level(level + 1));
    let full = (account.xp - from) * BAR / (to - from);
    let bar: String = (0..BAR).map(|piece| if piece < full { '▰' } else { '▱' }).collect();
    let number = |xp: u64| text::grouped(i64::try_from(xp).unwrap_or(i64::MAX));
    format!("**Level {level}** {bar} {} of {} xp", number(account.xp), number(to))
}

fn items(holdings: &[Holding]) -> String {
    let mut shown: Vec<_> = holdings
        .iter()
        .take(ITEMS_SHOWN)
        .map(|held| format!("{} × {}", held.quantity, text::shown(&held.name)))
        .collect();
    match holdings.len() {
        0 => return "none".to_owned(),
        kinds if kinds > ITEMS_SHOWN => shown.push(format!("and {} more", kinds - ITEMS_SHOWN)),
        _ => {}
    }
    shown.join("\n")
}
