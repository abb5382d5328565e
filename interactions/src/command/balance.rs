//! `/balance [user]`: what somebody has.

use protocol::Coins;
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;
use twilight_util::builder::command::UserBuilder;

use super::{Options, Play, Turn, defined};
use crate::{
    BooksError, Person,
    books::{Change, Decision, Measure},
    interaction::NotUnderstood,
    reply::Reply,
    sql::Sql,
    text,
};

/// `/balance [user]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    user: Option<Person>,
}

impl Play for Balance {
    const NAME: &'static str = "balance";

    fn definition() -> Definition {
        defined(Self::NAME, "See your coins, or somebody else's")
            .option(UserBuilder::new("user", "Whose; yours when left out"))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, NotUnderstood> {
        Ok(Self { user: options.person("user")? })
    }

    fn decide(&self, turn: &Turn<'_, impl Sql>) -> Result<Decision, BooksError> {
        let own = turn.own()?;
        let (whose, shown) = turn.subject(self.user.as_ref(), own.as_ref())?;
        let name = text::escape(&whose.name);
        let reply = match shown {
            Some(account) => {
                let rank = turn.desk.rank(Measure::Wealth, account.balance.get())?;
                Reply::info("Balance", &format!("**{name}** has **{}**.", text::coins(account.balance)))
                    .field("Rank", &format!("#{rank}"))
                    .field("Level", &account.level().to_string())
            }
            None => Reply::info(
                "Balance",
                &format!(
                    "**{name}** has **{}** and no account yet. `/daily` opens one.",
                    text::coins(Coins::ZERO)
                ),
            ),
        };
        Ok(Decision::done(reply).with_change(own.map(Change::none)))
    }
}
