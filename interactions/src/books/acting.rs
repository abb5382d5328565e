//! Actions from the page: the same key is answered by the same bytes, and happens once.

use protocol::{Coins, Event, InteractionId, JournalSeq, UserId, action::Done};
use serde_json::json;

use super::{Books, BooksError, Entry, Party, row::Reader};
use crate::{
    action::{ActionOutcome, Order},
    rules::Refusal,
    sql::Sql,
};

/// Stands for the actor of an action who has no account on Discord.
pub(crate) const NOBODY: UserId = UserId(0);

/// The coins that a row of the journal moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedRow {
    /// The name of the command that moved them.
    pub command: String,
    /// The party that gave; `None` when no coins moved.
    pub debit: Option<Party>,
    /// The party that got.
    pub credit: Option<Party>,
    /// The coins that the debited account lost.
    pub amount: Coins,
    /// The part of them that was burnt.
    pub tax: Coins,
    /// Whether it undid another row.
    pub undoes: bool,
    /// The row that undid it.
    pub undone_by: Option<JournalSeq>,
}

impl<S: Sql> Books<S> {
    /// Whether nobody has used these books yet.
    pub(crate) fn is_unused(&self) -> Result<bool, BooksError> {
        Ok(self.totals()?.seq == JournalSeq(0))
    }

    /// Returns the outcome of an earlier order with this key, if there was one.
    pub(crate) fn acted(&self, order: &Order) -> Result<Option<ActionOutcome>, BooksError> {
        let statement = "SELECT action, actor, outcome, reply FROM journal WHERE key = ?";
        let row = self.sql.query(statement, &[order.action.key.as_str().into()])?.into_iter().next();
        let Some(row) = row else { return Ok(None) };
        let mut row = Reader::new("journal", Some(row));
        let (action, actor, outcome, reply) = (row.text()?, row.user()?, row.text()?, row.text()?);
        let same =
            actor == order.actor.id.unwrap_or(NOBODY) && action == serde_json::to_string(&order.action)?;
        Ok(Some(match (same, outcome.as_str()) {
            (false, _) => ActionOutcome::KeyReused,
            (true, "done") => ActionOutcome::Done(reply),
            (true, _) => ActionOutcome::Refused(reply),
        }))
    }

    /// Reads what a row of the journal moved; `None` where there is no such row.
    pub fn moved_row(&self, seq: JournalSeq) -> Result<Option<MovedRow>, BooksError> {
        let statement = "SELECT command, debit, credit, amount, tax, undoes,
            (SELECT undo.seq FROM journal AS undo WHERE undo.undoes = journal.seq) FROM journal WHERE seq = ?";
        // A number that the database cannot hold is of no row.
        let Ok(number) = i64::try_from(seq.0) else { return Ok(None) };
        let Some(row) = self.sql.query(statement, &[number.into()])?.into_iter().next() else {
            return Ok(None);
        };
        let mut row = Reader::new("journal", Some(row));
        let party = |word: Option<String>| {
            word.map(|word| Party::named(&word).ok_or(BooksError::Shape("journal"))).transpose()
        };
        Ok(Some(MovedRow {
            command: row.text()?,
            debit: party(row.optional_text()?)?,
            credit: party(row.optional_text()?)?,
            amount: row.coins()?,
            tax: row.coins()?,
            undoes: row.optional()?.is_some(),
            undone_by: row.optional()?.map(JournalSeq),
        }))
    }

    /// Returns the coins of burn, shop or house; `None` for a player, and for the mint, which may owe any number of coins.
    pub fn held_by(&self, party: Party) -> Result<Option<Coins>, BooksError> {
        let totals = self.totals()?;
        Ok(match party {
            Party::Burn => Some(totals.burn),
            Party::Shop => Some(totals.shop),
            Party::House => Some(totals.house),
            Party::Mint | Party::Player(_) => None,
        })
    }
}

/// The JSON that an action is answered by.
pub(super) fn answer(
    seq: JournalSeq,
    id: InteractionId,
    refusal: Option<&Refusal>,
    entry: &Entry,
    events: &[Event],
) -> Result<String, BooksError> {
    if let Some(refusal) = refusal {
        let error = json!({ "error": { "code": refusal.code(), "message": refusal.line() } });
        return Ok(serde_json::to_string(&error)?);
    }
    let message = events.first().map(|event| event.message.clone()).unwrap_or_default();
    Ok(serde_json::to_string(&Done { seq, id, message, balance_after: entry.balance_after })?)
}
