//! `/daily`: once per UTC calendar day, more with each day in a row.

use protocol::{Event, Severity, Source, Timestamp};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::{Command as Definition, CommandType};
use twilight_util::builder::command::CommandBuilder;

use crate::{
    BooksError, Call,
    books::{Change, Decision, Desk, Entry, Party},
    ledger::{self, Account},
    reply::{self, Reply},
    sql::Sql,
    text,
};

pub(super) const NAME: &str = "daily";

/// `/daily`, which has no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily;

pub(super) fn definition() -> Definition {
    CommandBuilder::new(NAME, "Claim today's coins; more with each day in a row", CommandType::ChatInput)
        .contexts([twilight_model::application::interaction::InteractionContextType::Guild])
        .build()
}

impl Daily {
    pub(super) fn decide(
        call: &Call,
        desk: &Desk<'_, impl Sql>,
        now: Timestamp,
    ) -> Result<Decision, BooksError> {
        let before = desk.account(call.actor.id)?;
        let account = before.clone().unwrap_or_else(|| Account::open(&call.actor, now));
        let daily = match ledger::daily(account, desk.settings(), now) {
            Ok(daily) => daily,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let rank = desk.rank(daily.account.balance)?;
        Ok(Decision::done(reply_to(&daily, rank, now))
            .with_entry(Entry {
                debit: Some(Party::Mint),
                credit: Some(Party::Player(call.actor.id)),
                amount: daily.amount,
                balance_after: Some(daily.account.balance),
                ..Entry::default()
            })
            .with_event(event(call, &daily, now))
            .with_change(Change { before, after: daily.account }))
    }
}

fn reply_to(daily: &ledger::Daily, rank: u64, now: Timestamp) -> Reply {
    let account = &daily.account;
    let mut lines = vec![format!("You claimed **{}**.", text::coins(daily.amount))];
    if daily.freeze_used {
        lines.push("A freeze saved your streak.".to_owned());
    }
    if daily.freeze_earned {
        lines.push("You earned a freeze: it forgives one missed day.".to_owned());
    }
    lines.push(format!("Next daily {}.", reply::relative_time(now.day().next().start())));
    Reply::success("Daily", &lines.join("\n"))
        .field("Balance", &text::coins(account.balance))
        .field("Streak", &reply::days(account.streak))
        .field("Rank", &format!("#{rank}"))
}

fn event(call: &Call, daily: &ledger::Daily, now: Timestamp) -> Event {
    let streak = daily.account.streak;
    let message = format!("{} claimed {} (day {streak})", call.actor.name, text::coins(daily.amount));
    Event { amount: Some(daily.amount), ..super::event(call, now, Severity::Success, Source::Daily, message) }
}
