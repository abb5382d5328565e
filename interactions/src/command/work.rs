//! `/work`: some coins now and then.

use protocol::{Event, Sentence, Severity, Source};
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
    parse_error::ParseError,
    reply::Reply,
    rules,
    sql::Sql,
    text,
};

/// Two to this many kinds of work.
const SHIFT_BITS: u32 = 3;

/// The lines about the work that was done; drawn by the same entropy as the pay.
const SHIFTS: [&str; 1 << SHIFT_BITS] = [
    "You sorted the mail.",
    "You watered every plant in the office.",
    "You walked seven dogs at once.",
    "You repaired the coffee machine.",
    "You carried the piano to the fourth floor.",
    "You found the bug. It was a missing comma.",
    "You baked bread for the whole street.",
    "You tuned the bells of the tower.",
];

/// `/work`, which has no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work;

impl SlashCommand for Work {
    const NAME: &'static str = "work";

    fn definition() -> Definition {
        defined(Self::NAME, "Earn some coins; again after a while").build()
    }

    fn parse(_: &mut Options) -> Result<Self, ParseError> {
        Ok(Self)
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let before = context.own()?;
        let account = context.opened(before.as_ref());
        let shift = match rules::work(account, &context.settings, context.now, context.entropy) {
            Ok(shift) => shift,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let done = SHIFTS[usize::from(context.entropy.to_le_bytes()[0] % (1 << SHIFT_BITS))];
        let earned = text::coins(shift.amount);
        let next = text::relative_time(shift.next);
        let message =
            Sentence::of(&context.origin.actor.name).words(" earned ").coins(shift.amount).words(" at work");
        let event = context.event(Severity::Success, Source::Work, message);
        let reply = Reply::success("Work", &format!("{done} That is **{earned}**.\nNext shift {next}."))
            .field("Balance", &text::coins(shift.account.balance))
            .field("Level", &shift.account.level().to_string());
        Ok(Decision::done(reply)
            .with_entry(Entry::earned(context.origin.actor.id, shift.amount, shift.account.balance))
            .with_event(Event { amount: Some(shift.amount), ..event })
            .with_change(Change { before, after: shift.account }))
    }
}
