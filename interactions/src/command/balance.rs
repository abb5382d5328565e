//! `/balance [user]`: what somebody has.

use protocol::Coins;
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
    books::{Change, Decision, Measure},
    parse_error::ParseError,
    reply::Reply,
    sql::Sql,
    text,
};

/// `/balance [user]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    user: Option<Person>,
}

impl SlashCommand for Balance {
    const NAME: &'static str = "balance";

    fn definition() -> Definition {
        defined(Self::NAME, "See your coins, or somebody else's")
            .option(UserBuilder::new("user", "Whose; yours when left out"))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        Ok(Self { user: options.person("user")? })
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let own = context.own()?;
        let (whose, shown) = context.subject(self.user.as_ref(), own.as_ref())?;
        let name = text::shown(&whose.name);
        let reply = if let Some(account) = shown {
            let rank = context.books.rank(Measure::Wealth, account.balance.get())?;
            let left = if whose.absent { " They are not in this server any more." } else { "" };
            let line = format!("**{name}** has **{}**.{left}", text::coins(account.balance));
            Reply::info("Balance", &line)
                .field("Rank", &format!("#{rank}"))
                .field("Level", &account.level().to_string())
        } else {
            let nothing = text::coins(Coins::ZERO);
            Reply::info(
                "Balance",
                &match whose {
                    Person { bot: true, .. } => format!("**{name}** is a bot, and bots have no account."),
                    Person { absent: true, .. } => {
                        format!("**{name}** is not in this server, and has no account here.")
                    }
                    _ => format!("**{name}** has **{nothing}** and no account yet. `/daily` opens one."),
                },
            )
        };
        Ok(Decision::done(reply).with_change(own.map(Change::none)))
    }
}
