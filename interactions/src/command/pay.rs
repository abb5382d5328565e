//! `/pay user amount [note]`: coins from one player to another.

use protocol::{Coins, Event, Severity, Source, Timestamp};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::{Command as Definition, CommandType};
use twilight_util::builder::command::{CommandBuilder, IntegerBuilder, StringBuilder, UserBuilder};

use super::Options;
use crate::{
    BooksError, Call, Person,
    books::{Change, Decision, Desk, Entry, Party},
    interaction::NotUnderstood,
    ledger::{self, Account, TransferOrder},
    reply::Reply,
    sql::Sql,
    text,
};

pub(super) const NAME: &str = "pay";

/// The largest whole number that Discord lets anybody type.
const INTEGER_OPTION_MAX: i64 = (1 << 53) - 1;

/// `/pay user amount [note]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    to: Person,
    amount: Coins,
    note: Option<String>,
}

pub(super) fn definition() -> Definition {
    let note_max = u16::try_from(ledger::NOTE_MAX_CHARS).unwrap_or(u16::MAX);
    CommandBuilder::new(NAME, "Give coins to somebody", CommandType::ChatInput)
        .contexts([twilight_model::application::interaction::InteractionContextType::Guild])
        .option(UserBuilder::new("user", "To whom").required(true))
        .option(
            IntegerBuilder::new("amount", "How many coins")
                .required(true)
                .min_value(1)
                .max_value(INTEGER_OPTION_MAX),
        )
        .option(StringBuilder::new("note", "What for").max_length(note_max))
        .build()
}

impl Pay {
    pub(super) fn parse(options: &mut Options) -> Result<Self, NotUnderstood> {
        let missing = |option| NotUnderstood::BadOption { command: NAME, option };
        let note = options.text(NAME, "note")?.map(|note| text::clean_note(&note));
        Ok(Self {
            to: options.person(NAME, "user")?.ok_or(missing("user"))?,
            amount: options.coins(NAME, "amount")?.ok_or(missing("amount"))?,
            note: note.filter(|note| !note.is_empty()),
        })
    }

    pub(super) fn decide(
        &self,
        call: &Call,
        desk: &Desk<'_, impl Sql>,
        now: Timestamp,
    ) -> Result<Decision, BooksError> {
        let order = TransferOrder { to: &self.to, amount: self.amount, note: self.note.as_deref() };
        if let Err(refusal) = ledger::check_order(&call.actor, order, desk.settings(), now) {
            return Ok(Decision::refuse(&refusal));
        }
        let (from_before, to_before) = (desk.account(call.actor.id)?, desk.account(self.to.id)?);
        let from = from_before.clone().unwrap_or_else(|| Account::open(&call.actor, now));
        let mut to = to_before.clone().unwrap_or_else(|| Account::open(&self.to, now));
        to.name.clone_from(&self.to.name);
        let transfer = match ledger::transfer(from, to, self.amount, desk.settings(), now) {
            Ok(transfer) => transfer,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        Ok(Decision::done(self.reply_to(&transfer))
            .with_entry(Entry {
                debit: Some(Party::Player(call.actor.id)),
                credit: Some(Party::Player(self.to.id)),
                amount: transfer.amount,
                tax: transfer.tax,
                target: Some(self.to.id),
                note: self.note.clone(),
                balance_after: Some(transfer.from.balance),
            })
            .with_event(self.event(call, now))
            .with_change(Change { before: from_before, after: transfer.from })
            .with_change(Change { before: to_before, after: transfer.to }))
    }

    fn reply_to(&self, transfer: &ledger::Transfer) -> Reply {
        let arrived = transfer.amount.saturating_minus(transfer.tax);
        let mut lines =
            vec![format!("**{}** got **{}**.", text::escape(&self.to.name), text::coins(arrived))];
        if transfer.tax > Coins::ZERO {
            lines.push(format!("{} went to tax.", text::coins(transfer.tax)));
        }
        if let Some(note) = &self.note {
            lines.push(format!("> {}", text::escape(note)));
        }
        Reply::success("Payment", &lines.join("\n"))
            .mentioning(self.to.id)
            .field("Your balance", &text::coins(transfer.from.balance))
    }

    fn event(&self, call: &Call, now: Timestamp) -> Event {
        let message = format!("{} paid {} to {}", call.actor.name, text::coins(self.amount), self.to.name);
        Event {
            amount: Some(self.amount),
            target_id: Some(self.to.id),
            target_name: Some(self.to.name.clone()),
            ..super::event(call, now, Severity::Success, Source::Transfer, message)
        }
    }
}
