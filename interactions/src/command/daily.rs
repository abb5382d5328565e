//! `/daily`: once per UTC calendar day, more with each day in a row; and the button that asks for a reminder.

use protocol::{Event, Sentence, Severity, Source, record::JobOrder};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

use super::{
    context::Context,
    definition::{SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError,
    books::{Change, Decision, Entry},
    job,
    parse_error::ParseError,
    reply::Reply,
    rules::{self, Refusal},
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

impl SlashCommand for Daily {
    const NAME: &'static str = "daily";

    fn definition() -> Definition {
        defined(Self::NAME, "Claim today's coins; more with each day in a row").build()
    }

    fn parse(_: &mut Options) -> Result<Self, ParseError> {
        Ok(Self(None))
    }

    fn from_component<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        (words.next() == Some(REMIND) && words.next().is_none()).then_some(Self(Some(Button::Remind)))
    }

    /// Everybody sees the claim, and anybody may press its button.
    fn answers_with_new_message(&self) -> bool {
        self.0.is_some()
    }

    fn name(&self) -> &str {
        if self.0.is_some() { "daily remind" } else { Self::NAME }
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        if self.0 == Some(Button::Remind) {
            return toggle(context);
        }
        let before = context.own()?;
        let daily = match rules::daily(context.opened(before.as_ref()), &context.settings, context.now) {
            Ok(daily) => daily,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let rank = context.books.rank_after(before.as_ref(), &daily.account)?;
        Ok(Decision::done(reply_to(&daily, rank, context))
            .with_entry(Entry::earned(context.origin.actor.id, daily.amount, daily.account.balance))
            .with_event(event(&daily, context))
            .with_jobs(reminders(before.as_ref(), &daily, context))
            .with_change(Change { before, after: daily.account }))
    }
}

/// Returns the orders of a player who wants reminders: that of the claimed daily is taken back, the next one asked for.
fn reminders<S: Sql>(
    before: Option<&rules::Account>,
    daily: &rules::Daily,
    context: &Context<'_, S>,
) -> Vec<JobOrder> {
    let Some(before) = before.filter(|before| before.remind) else { return Vec::new() };
    let guild = context.origin.guild;
    vec![job::remind_no_more(guild, before, context.now), job::remind(guild, &daily.account, context.now)]
}

/// Asks for reminders, or for none any more.
fn toggle(context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
    let Some(before) = context.own()? else { return Ok(Decision::refuse(&Refusal::NoAccount)) };
    let guild = context.origin.guild;
    let after = rules::Account { remind: !before.remind, ..before.clone() };
    let (line, order) = if after.remind {
        let line = "I will write to you when your next daily is ready. Press again for no more reminders.";
        (line, job::remind(guild, &after, context.now))
    } else {
        ("No more reminders.", job::remind_no_more(guild, &after, context.now))
    };
    Ok(Decision::done(Reply::success("Daily", line).apart())
        .with_jobs([order])
        .with_change(Change { before: Some(before), after }))
}

fn reply_to<S: Sql>(daily: &rules::Daily, rank: u64, context: &Context<'_, S>) -> Reply {
    let account = &daily.account;
    let mut lines = vec![format!("You claimed **{}**.", text::coins(daily.amount))];
    if daily.freeze_used {
        lines.push("A freeze saved your streak.".to_owned());
    }
    if daily.freeze_earned {
        lines.push("You earned a freeze: it forgives one missed day.".to_owned());
    }
    let reminded = if account.remind { " I will remind you." } else { "" };
    lines.push(format!("Next daily {}.{reminded}", text::relative_time(context.now.day().next().start())));
    Reply::success("Daily", &lines.join("\n"))
        .field("Balance", &text::coins(account.balance))
        .field("Streak", &text::counted(account.streak, "day"))
        .field("Rank", &format!("#{rank}"))
        .button("Remind me", "daily:remind", true)
}

fn event<S: Sql>(daily: &rules::Daily, context: &Context<'_, S>) -> Event {
    let (name, streak) = (&context.origin.actor.name, daily.account.streak);
    let claimed = Sentence::of(name).words(" claimed ").coins(daily.amount);
    let message = claimed.words(" (day ").number(streak).words(")");
    Event { amount: Some(daily.amount), ..context.event(Severity::Success, Source::Daily, message) }
}
