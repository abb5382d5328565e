//! Parts of every act: its options, its refusals and its event.

use protocol::{Coins, Event, Sentence, Severity, Source};
use twilight_util::builder::command::{StringBuilder, UserBuilder};

use super::super::{context::Context, options::Options};
use crate::{
    Person,
    parse_error::ParseError,
    rules::Refusal,
    sql::Sql,
    text::{self, NOTE_MAX_CHARS},
};

pub(super) fn user_option() -> UserBuilder {
    UserBuilder::new("user", "Who").required(true)
}

pub(super) fn reason_option() -> StringBuilder {
    let most = u16::try_from(NOTE_MAX_CHARS).unwrap_or(u16::MAX);
    StringBuilder::new("reason", "Why; it stands in the audit").max_length(most).required(true)
}

pub(super) fn parse_reason(options: &mut Options) -> Result<String, ParseError> {
    Ok(text::clean_note(&options.text("reason")?.ok_or(options.bad("reason"))?))
}

/// Refusals of every act on a player: `bot_recipient`, `reason_missing`, `note_too_long`.
pub(super) fn check_act(target: &Person, reason: &str) -> Result<(), Refusal> {
    if target.bot {
        return Err(Refusal::BotRecipient);
    }
    if reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if reason.chars().count() > NOTE_MAX_CHARS {
        return Err(Refusal::NoteTooLong);
    }
    Ok(())
}

/// The event of an act.
pub(super) fn event<S: Sql>(
    context: &Context<'_, S>,
    severity: Severity,
    target: Option<&Person>,
    amount: Option<Coins>,
    message: Sentence,
) -> Event {
    Event {
        target_id: target.map(|target| target.id),
        target_name: target.map(|target| target.name.clone()),
        amount,
        ..context.event(severity, Source::Admin, message)
    }
}
