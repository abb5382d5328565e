//! `/daily`: once per UTC calendar day, more with each day in a row.

use protocol::{Event, Severity, Source};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

use super::{Options, Play, Turn, defined};
use crate::{
    BooksError,
    books::{Change, Decision, Entry},
    interaction::NotUnderstood,
    ledger,
    reply::{self, Reply},
    sql::Sql,
    text,
};

/// `/daily`, which has no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily;

impl Play for Daily {
    const NAME: &'static str = "daily";

    fn definition() -> Definition {
        defined(Self::NAME, "Claim today's coins; more with each day in a row").build()
    }

    fn parse(_: &mut Options) -> Result<Self, NotUnderstood> {
        Ok(Self)
    }

    fn decide(&self, turn: &Turn<'_, impl Sql>) -> Result<Decision, BooksError> {
        let before = turn.own()?;
        let daily = match ledger::daily(turn.opened(before.as_ref()), &turn.settings, turn.now) {
            Ok(daily) => daily,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let rank = turn.desk.rank_after(before.as_ref(), &daily.account)?;
        Ok(Decision::done(reply_to(&daily, rank, turn))
            .with_entry(Entry::earned(turn.call.actor.id, daily.amount, daily.account.balance))
            .with_event(event(&daily, turn))
            .with_change(Change { before, after: daily.account }))
    }
}

fn reply_to<S: Sql>(daily: &ledger::Daily, rank: u64, turn: &Turn<'_, S>) -> Reply {
    let account = &daily.account;
    let mut lines = vec![format!("You claimed **{}**.", text::coins(daily.amount))];
    if daily.freeze_used {
        lines.push("A freeze saved your streak.".to_owned());
    }
    if daily.freeze_earned {
        lines.push("You earned a freeze: it forgives one missed day.".to_owned());
    }
    lines.push(format!("Next daily {}.", reply::relative_time(turn.now.day().next().start())));
    Reply::success("Daily", &lines.join("\n"))
        .field("Balance", &text::coins(account.balance))
        .field("Streak", &text::counted(account.streak, "day"))
        .field("Rank", &format!("#{rank}"))
}

fn event<S: Sql>(daily: &ledger::Daily, turn: &Turn<'_, S>) -> Event {
    let (name, streak) = (&turn.call.actor.name, daily.account.streak);
    let message = format!("{name} claimed {} (day {streak})", text::coins(daily.amount));
    Event { amount: Some(daily.amount), ..turn.event(Severity::Success, Source::Daily, message) }
}
