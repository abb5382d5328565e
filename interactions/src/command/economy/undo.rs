//! Undoing a row of the journal: an entry that is the row's own, turned round, and names it. Only coins go back;
//! experience, streaks and items stay.

use protocol::{Coins, JournalSeq, Sentence, Severity};
use serde::{Deserialize, Serialize};

use super::{super::context::Context, act::event};
use crate::{
    BooksError, Person,
    books::{Change, Decision, Entry, MovedRow, Party},
    reply::Reply,
    rules::{self, Account, Refusal},
    sql::Sql,
    text,
};

/// The undo of a row: the coins that it moved go back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pub(crate) row: JournalSeq,
    pub(crate) reason: String,
}

/// One side of the entry that goes back: who, and what the account holds before and after it, if it is a player's.
struct Side {
    party: Party,
    change: Option<Change>,
}

impl Undo {
    /// Refusals: `unknown_row`, `is_undo`, `moved_nothing`, `already_undone`, `undo_below_zero`, `undo_over_cap`.
    pub(super) fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let Some(row) = context.books.moved_row(self.row)? else {
            return Ok(Decision::refuse(&Refusal::UnknownRow));
        };
        if row.undoes {
            return Ok(Decision::refuse(&Refusal::IsUndo));
        }
        let (Some(giver), Some(getter)) = (row.debit, row.credit) else {
            return Ok(Decision::refuse(&Refusal::MovedNothing));
        };
        if let Some(by) = row.undone_by {
            return Ok(Decision::refuse(&Refusal::AlreadyUndone { by }));
        }
        // The tax was burnt on the way, and comes back out of what was burnt.
        let arrived = row.amount.saturating_minus(row.tax);
        for (party, amount) in [(getter, arrived), (Party::Burn, row.tax)] {
            if let Some(held) = context.books.held_by(party)?
                && held < amount
            {
                return Ok(Decision::refuse(&Refusal::UndoBelowZero { balance: held }));
            }
        }
        let from = side(context, getter, Coins::ZERO.saturating_minus(arrived))?;
        let to = side(context, giver, row.amount)?;
        match (from, to) {
            (Ok(from), Ok(to)) => Ok(self.decision(context, &row, from, to)),
            (Err(refusal), _) | (_, Err(refusal)) => Ok(Decision::refuse(&refusal)),
        }
    }

    fn decision<S: Sql>(&self, context: &Context<'_, S>, row: &MovedRow, from: Side, to: Side) -> Decision {
        let arrived = row.amount.saturating_minus(row.tax);
        // The target is the player who gets coins back, otherwise the one who loses them.
        let about = to.change.as_ref().or(from.change.as_ref()).map(|change| change.after.clone());
        let target = about.as_ref().map(person_of);
        let words = |side: &Side| {
            side.change.as_ref().map_or_else(
                || format!("the {}", side.party.word()).into(),
                |change| Sentence::of(&change.after.name),
            )
        };
        let what = Sentence::new(&format!("row {} ({}): ", self.row, row.command))
            .coins(row.amount)
            .words(" from ")
            .then(words(&from))
            .words(" back to ")
            .then(words(&to));
        let line = format!("You undid {}.", text::escape(&what.to_string()));
        let reply = Reply::success("Done", &line).ephemeral();
        let actor = Sentence::of(&context.origin.actor.name);
        let message = actor.words(" undid ").then(what).words(", because ").name(&self.reason);
        Decision::done(reply)
            .audited()
            .undoing(self.row)
            .with_entry(Entry {
                debit: Some(from.party),
                credit: Some(to.party),
                amount: arrived,
                tax: Coins::ZERO.saturating_minus(row.tax),
                target: target.as_ref().map(|target| target.id),
                note: Some(self.reason.clone()),
                balance_after: about.map(|account| account.balance),
            })
            .with_event(event(context, Severity::Warn, target.as_ref(), Some(row.amount), message))
            .with_change(from.change)
            .with_change(to.change)
    }
}

fn person_of(account: &Account) -> Person {
    Person { id: account.user, name: account.name.clone(), bot: false, absent: false }
}

/// One side, with what its account holds after `by` more coins; or why it cannot.
fn side(
    context: &Context<'_, impl Sql>,
    party: Party,
    by: Coins,
) -> Result<Result<Side, Refusal>, BooksError> {
    let Party::Player(user) = party else { return Ok(Ok(Side { party, change: None })) };
    let Some(before) = context.books.account(user)? else { return Ok(Err(Refusal::UnknownPlayer)) };
    Ok(rules::put_back(before.clone(), by)
        .map(|after| Side { party, change: Some(Change { before: Some(before), after }) }))
}
