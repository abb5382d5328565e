//! `/pay user amount [note]`: coins from one player to another.

use protocol::{Coins, Event, Sentence, Severity, Source};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;
use twilight_util::builder::command::{IntegerBuilder, StringBuilder, UserBuilder};

use super::{
    context::Context,
    definition::{INTEGER_OPTION_MAX, SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError, Person,
    books::{Change, Decision, Entry, Party},
    parse_error::ParseError,
    reply::Reply,
    rules::{self, Account, TransferOrder},
    sql::Sql,
    text,
};

/// `/pay user amount [note]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    to: Person,
    amount: Coins,
    note: Option<String>,
}

impl SlashCommand for Pay {
    const NAME: &'static str = "pay";

    fn definition() -> Definition {
        let note_max = u16::try_from(text::NOTE_MAX_CHARS).unwrap_or(u16::MAX);
        let amount =
            IntegerBuilder::new("amount", "How many coins").min_value(1).max_value(INTEGER_OPTION_MAX);
        defined(Self::NAME, "Give coins to somebody")
            .option(UserBuilder::new("user", "To whom").required(true))
            .option(amount.required(true))
            .option(StringBuilder::new("note", "What for").max_length(note_max))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let note = options.text("note")?.map(|note| text::clean_note(&note));
        Ok(Self {
            to: options.person("user")?.ok_or(options.bad("user"))?,
            amount: options.coins("amount")?.ok_or(options.bad("amount"))?,
            note: note.filter(|note| !note.is_empty()),
        })
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let Context { origin, books, settings, now, .. } = context;
        let order = TransferOrder { to: &self.to, amount: self.amount, note: self.note.as_deref() };
        if let Err(refusal) = rules::check_order(origin.actor, order, settings, *now) {
            return Ok(Decision::refuse(&refusal));
        }
        let (from_before, to_before) = (context.own()?, books.account(self.to.id)?);
        let mut to = to_before.clone().unwrap_or_else(|| Account::open(&self.to, *now));
        to.name.clone_from(&self.to.name);
        let from = context.opened(from_before.as_ref());
        let transfer = match rules::transfer(from, to, self.amount, settings, *now) {
            Ok(transfer) => transfer,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        Ok(Decision::done(self.reply_to(&transfer))
            .with_entry(Entry {
                debit: Some(Party::Player(origin.actor.id)),
                credit: Some(Party::Player(self.to.id)),
                amount: transfer.amount,
                tax: transfer.tax,
                target: Some(self.to.id),
                note: self.note.clone(),
                balance_after: Some(transfer.from.balance),
            })
            .with_event(self.event(context))
            .with_change(Change { before: from_before, after: transfer.from })
            .with_change(Change { before: to_before, after: transfer.to }))
    }
}

impl Pay {
    fn reply_to(&self, transfer: &rules::Transfer) -> Reply {
        let arrived = transfer.amount.saturating_minus(transfer.tax);
        let mut lines = vec![format!("**{}** got **{}**.", text::shown(&self.to.name), text::coins(arrived))];
        if transfer.tax > Coins::ZERO {
            lines.push(format!("{} went to tax.", text::coins(transfer.tax)));
        }
        if let Some(note) = &self.note {
            lines.push(format!("> {}", text::shown(note)));
        }
        Reply::success("Payment", &lines.join("\n"))
            .mentioning(self.to.id)
            .field("Payer's balance", &text::coins(transfer.from.balance))
    }

    fn event<S: Sql>(&self, context: &Context<'_, S>) -> Event {
        let from = Sentence::of(&context.origin.actor.name);
        let message = from.words(" paid ").coins(self.amount).words(" to ").name(&self.to.name);
        Event {
            amount: Some(self.amount),
            target_id: Some(self.to.id),
            target_name: Some(self.to.name.clone()),
            ..context.event(Severity::Success, Source::Transfer, message)
        }
    }
}
