//! `/economy give·take·set user amount reason` and `/economy reset user reason`.

use protocol::{Coins, Sentence, Severity};
use serde::{Deserialize, Serialize};
use twilight_util::builder::command::{IntegerBuilder, SubCommandBuilder};

use super::{
    super::{context::Context, options::Options},
    act::{check_act, event, parse_reason, reason_option, user_option},
    confirm,
};
use crate::{
    BooksError, Person,
    books::{Change, Decision, Entry, Party, Write},
    parse_error::ParseError,
    reply::Reply,
    rules::{self, Account, Adjusted, Adjustment, Refusal},
    settings::Key,
    sql::Sql,
    text,
};

/// `/economy give·take·set user amount reason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjust {
    target: Person,
    adjustment: Adjustment,
    reason: String,
}

/// `/economy reset user reason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    target: Person,
    reason: String,
}

pub(super) fn definitions() -> [SubCommandBuilder; 4] {
    let adjust = |name: &str, about: &str, least: i64| {
        let amount = IntegerBuilder::new("amount", "How many coins");
        SubCommandBuilder::new(name, about)
            .option(user_option())
            .option(amount.min_value(least).max_value(Coins::PLAYER_CAP.get()).required(true))
            .option(reason_option())
    };
    let reset = SubCommandBuilder::new("reset", "Put a player back to the beginning; asks twice")
        .option(user_option())
        .option(reason_option());
    [
        adjust("give", "Make coins for a player", 1),
        adjust("take", "Burn coins of a player", 1),
        adjust("set", "Let a player hold exactly so many coins", 0),
        reset,
    ]
}

impl Adjust {
    pub(crate) fn new(target: Person, adjustment: Adjustment, reason: String) -> Self {
        Self { target, adjustment, reason }
    }

    pub(super) fn parse(act: &str, options: &mut Options) -> Result<Self, ParseError> {
        let target = options.person("user")?.ok_or(options.bad("user"))?;
        let amount = options.coins("amount")?.ok_or(options.bad("amount"))?;
        let adjustment = match act {
            "give" => Adjustment::Give(amount),
            "take" => Adjustment::Take(amount),
            _ => Adjustment::Set(amount),
        };
        Ok(Self { target, adjustment, reason: parse_reason(options)? })
    }

    pub(super) fn name(&self) -> &'static str {
        match self.adjustment {
            Adjustment::Give(_) => "economy give",
            Adjustment::Take(_) => "economy take",
            Adjustment::Set(_) => "economy set",
        }
    }

    pub(super) fn decide(
        &self,
        context: &Context<'_, impl Sql>,
        confirmed: bool,
    ) -> Result<Decision, BooksError> {
        if let Err(refusal) = check_act(&self.target, &self.reason) {
            return Ok(Decision::refuse(&refusal));
        }
        if self.target.absent && !self.only_takes(context)? {
            return Ok(Decision::refuse(&Refusal::NotAMember));
        }
        self.decide_checked(context, confirmed)
    }

    /// Whether an account can have no more coins by it: what somebody who has left may be cleared with.
    fn only_takes(&self, context: &Context<'_, impl Sql>) -> Result<bool, BooksError> {
        Ok(match (self.adjustment, context.books.account(self.target.id)?) {
            (_, None) | (Adjustment::Give(_), _) => false,
            (Adjustment::Take(_), Some(_)) => true,
            (Adjustment::Set(amount), Some(account)) => amount <= account.balance,
        })
    }

    /// Returns the act in the words of the feed.
    fn done(&self) -> Sentence {
        let (name, amount) = (&self.target.name, self.adjustment.amount());
        match self.adjustment {
            Adjustment::Give(_) => Sentence::new("gave ").name(name).words(" ").coins(amount),
            Adjustment::Take(_) => Sentence::new("took ").coins(amount).words(" from ").name(name),
            Adjustment::Set(_) => Sentence::new("set the balance of ").name(name),
        }
    }

    /// The rules that look at the account.
    pub(super) fn decide_checked(
        &self,
        context: &Context<'_, impl Sql>,
        confirmed: bool,
    ) -> Result<Decision, BooksError> {
        let before = context.books.account(self.target.id)?;
        let account = match (&before, self.adjustment) {
            (Some(account), _) => account.clone(),
            (None, Adjustment::Take(_)) => return Ok(Decision::refuse(&Refusal::UnknownPlayer)),
            (None, _) => Account::open(&self.target, context.now),
        };
        let adjusted = match rules::adjust(account, self.adjustment) {
            Ok(adjusted) => adjusted,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let moved = Coins::new(adjusted.change.get().abs());
        if !confirmed && self.adjustment.amount().max(moved) > context.settings.coins(Key::ConfirmAbove) {
            let amount = text::coins(self.adjustment.amount());
            let question = match self.adjustment {
                Adjustment::Give(_) => format!("Give **{amount}** to"),
                Adjustment::Take(_) => format!("Take **{amount}** from"),
                Adjustment::Set(_) => format!("Set to **{amount}** the balance of"),
            };
            return Ok(confirm::ask(context, &format!("{question} **{}**?", text::shown(&self.target.name))));
        }
        let message = Sentence::of(&context.origin.actor.name)
            .words(" ")
            .then(self.done())
            .words(": ")
            .number(before.as_ref().map_or(0, |before| before.balance.get()))
            .words(" → ")
            .coins(adjusted.account.balance)
            .words(", because ")
            .name(&self.reason);
        let act = Act { target: &self.target, reason: &self.reason, severity: Severity::Info, message };
        Ok(act.decision(context, before, adjusted))
    }
}

impl Reset {
    pub(crate) fn new(target: Person, reason: String) -> Self {
        Self { target, reason }
    }

    pub(super) fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let target = options.person("user")?.ok_or(options.bad("user"))?;
        Ok(Self { target, reason: parse_reason(options)? })
    }

    pub(super) fn decide(
        &self,
        context: &Context<'_, impl Sql>,
        confirmed: bool,
    ) -> Result<Decision, BooksError> {
        if let Err(refusal) = check_act(&self.target, &self.reason) {
            return Ok(Decision::refuse(&refusal));
        }
        self.decide_checked(context, confirmed)
    }

    /// The rules that look at the account.
    pub(super) fn decide_checked(
        &self,
        context: &Context<'_, impl Sql>,
        confirmed: bool,
    ) -> Result<Decision, BooksError> {
        let Some(before) = context.books.account(self.target.id)? else {
            let refusal = if self.target.absent { Refusal::NotAMember } else { Refusal::UnknownPlayer };
            return Ok(Decision::refuse(&refusal));
        };
        if !confirmed {
            let name = text::shown(&self.target.name);
            let held = text::coins(before.balance);
            return Ok(confirm::ask(
                context,
                &format!(
                    "Reset **{name}**: {held}, level {}, streak and items are gone for good?",
                    before.level()
                ),
            ));
        }
        let actor = Sentence::of(&context.origin.actor.name);
        let message = actor.words(" reset ").name(&self.target.name).words(", because ").name(&self.reason);
        let adjusted = rules::reset(&before);
        let act = Act { target: &self.target, reason: &self.reason, severity: Severity::Warn, message };
        Ok(act.decision(context, Some(before), adjusted).with_write(Write::ForgetHoldings(self.target.id)))
    }
}

/// The parts of a decision that differ between adjusting and resetting.
struct Act<'a> {
    target: &'a Person,
    reason: &'a str,
    severity: Severity,
    message: Sentence,
}

impl Act<'_> {
    fn decision<S: Sql>(
        self,
        context: &Context<'_, S>,
        before: Option<Account>,
        adjusted: Adjusted,
    ) -> Decision {
        let player = Party::Player(self.target.id);
        let Adjusted { mut account, change } = adjusted;
        account.name.clone_from(&self.target.name);
        let (debit, credit) = match change.get() {
            0 => (None, None),
            1.. => (Some(Party::Mint), Some(player)),
            _ => (Some(player), Some(Party::Burn)),
        };
        let amount = Coins::new(change.get().abs());
        let held = before.as_ref().map(|before| before.balance).unwrap_or_default();
        let reply = Reply::success(
            "Done",
            &format!("**{}**: {}", text::shown(&self.target.name), text::shown(self.reason)),
        )
        .ephemeral()
        .field("Before", &text::coins(held))
        .field("After", &text::coins(account.balance));
        Decision::done(reply)
            .audited()
            .with_entry(Entry {
                debit,
                credit,
                amount,
                target: Some(self.target.id),
                note: Some(self.reason.to_owned()),
                balance_after: Some(account.balance),
                ..Entry::default()
            })
            .with_event(event(context, self.severity, Some(self.target), Some(amount), self.message))
            .with_change(Change { before, after: account })
    }
}
