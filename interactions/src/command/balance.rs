//! `/balance [user]`: what somebody has.

use protocol::Coins;
use serde::{Deserialize, Serialize};
use twilight_model::application::command::{Command as Definition, CommandType};
use twilight_util::builder::command::{CommandBuilder, UserBuilder};

use super::Options;
use crate::{
    BooksError, Call, Person,
    books::{Change, Decision, Desk},
    interaction::NotUnderstood,
    reply::Reply,
    sql::Sql,
    text,
};

pub(super) const NAME: &str = "balance";

/// `/balance [user]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    user: Option<Person>,
}

pub(super) fn definition() -> Definition {
    CommandBuilder::new(NAME, "See your coins, or somebody else's", CommandType::ChatInput)
        .contexts([twilight_model::application::interaction::InteractionContextType::Guild])
        .option(UserBuilder::new("user", "Whose; yours when left out"))
        .build()
}

impl Balance {
    pub(super) fn parse(options: &mut Options) -> Result<Self, NotUnderstood> {
        Ok(Self { user: options.person(NAME, "user")? })
    }

    pub(super) fn decide(&self, call: &Call, desk: &Desk<'_, impl Sql>) -> Result<Decision, BooksError> {
        let own = desk.account(call.actor.id)?;
        let shown = match &self.user {
            Some(user) if user.id != call.actor.id => desk.account(user.id)?,
            _ => own.clone(),
        };
        let name = text::escape(&self.user.as_ref().unwrap_or(&call.actor).name);
        let reply = match shown {
            Some(account) => {
                Reply::info("Balance", &format!("**{name}** has **{}**.", text::coins(account.balance)))
                    .field("Rank", &format!("#{}", desk.rank(account.balance)?))
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
        let decision = Decision::done(reply);
        Ok(match own {
            Some(own) => decision.with_change(Change { before: Some(own.clone()), after: own }),
            None => decision,
        })
    }
}
