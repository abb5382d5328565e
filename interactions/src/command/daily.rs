//! `/daily`: once per UTC calendar day, more with each day in a row; and the button that asks for a reminder.

use protocol::{Event, Sentence, Severity, Source, record::JobOrder};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

use super::{Options, Play, Turn, defined};
use crate::{
    BooksError,
    books::{Change, Decision, Entry},
    errand,
    interaction::NotUnderstood,
    ledger::{self, Refusal},
    reply::Reply,
    sql::Sql,
    text,
};

/// The word of the button in its `custom_id`.
const REMIND: &str = "remind";

/// `/daily`, which has no options, or the button below its reply. A command is `null` between the edge's parts, as it
/// was before there was the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily(Option<Button>);

/// A button below the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Button {
    /// A reminder is wanted, or is not wanted any more.
    Remind,
}

impl Play for Daily {
    const NAME: &'static str = "daily";

    fn definition() -> Definition {
        defined(Self::NAME, "Claim today's coins; more with each day in a row").build()
    }

    fn parse(_: &mut Options) -> Result<Self, NotUnderstood> {
        Ok(Self(None))
    }

    fn press<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        (words.next() == Some(REMIND) && words.next().is_none()).then_some(Self(Some(Button::Remind)))
    }

    /// Everybody sees the claim, and anybody may press its button.
    fn is_apart(&self) -> bool {
        self.0.is_some()
    }

    fn name(&self) -> &str {
        if self.0.is_some() { "daily remind" } else { Self::NAME }
    }

    fn decide(&self, turn: &Turn<'_, impl Sql>) -> Result<Decision, BooksError> {
        if self.0 == Some(Button::Remind) {
            return toggle(turn);
        }
        let before = turn.own()?;
        let daily = match ledger::daily(turn.opened(before.as_ref()), &turn.settings, turn.now) {
            Ok(daily) => daily,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let rank = turn.desk.rank_after(before.as_ref(), &daily.account)?;
        Ok(Decision::done(reply_to(&daily, rank, turn))
            .with_entry(Entry::earned(turn.call.actor.id, daily.amount, daily.account.balance))
            .with_event(event(&daily, turn))
            .with_jobs(reminders(before.as_ref(), &daily, turn))
            .with_change(Change { before, after: daily.account }))
    }
}

/// Returns the orders of a player who wants reminders: that of the claimed daily is taken back, the next one asked for.
fn reminders<S: Sql>(
    before: Option<&ledger::Account>,
    daily: &ledger::Daily,
    turn: &Turn<'_, S>,
) -> Vec<JobOrder> {
    let Some(before) = before.filter(|before| before.remind) else { return Vec::new() };
    let guild = turn.call.guild;
    vec![errand::remind_no_more(guild, before, turn.now), errand::remind(guild, &daily.account, turn.now)]
}

/// Asks for reminders, or for none any more.
fn toggle(turn: &Turn<'_, impl Sql>) -> Result<Decision, BooksError> {
    let Some(before) = turn.own()? else { return Ok(Decision::refuse(&Refusal::NoAccount)) };
    let guild = turn.call.guild;
    let after = ledger::Account { remind: !before.remind, ..before.clone() };
    let (line, order) = if after.remind {
        let line = "I will write to you when your next daily is ready. Press again for no more reminders.";
        (line, errand::remind(guild, &after, turn.now))
    } else {
        ("No more reminders.", errand::remind_no_more(guild, &after, turn.now))
    };
    Ok(Decision::done(Reply::success("Daily", line).apart())
        .with_jobs([order])
        .with_change(Change { before: Some(before), after }))
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
    let reminded = if account.remind { " I will remind you." } else { "" };
    lines.push(format!("Next daily {}.{reminded}", text::relative_time(turn.now.day().next().start())));
    Reply::success("Daily", &lines.join("\n"))
        .field("Balance", &text::coins(account.balance))
        .field("Streak", &text::counted(account.streak, "day"))
        .field("Rank", &format!("#{rank}"))
        .button("Remind me", "daily:remind", true)
}

fn event<S: Sql>(daily: &ledger::Daily, turn: &Turn<'_, S>) -> Event {
    let (name, streak) = (&turn.call.actor.name, daily.account.streak);
    let claimed = Sentence::of(name).words(" claimed ").coins(daily.amount);
    let message = claimed.words(" (day ").number(streak).words(")");
    Event { amount: Some(daily.amount), ..turn.event(Severity::Success, Source::Daily, message) }
}
