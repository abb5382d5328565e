//! Answers calls and actions: seen before? then the context, the decision and the commit. The only one that knows both the
//! commands and the books.

mod acting;
mod unwritten;

use protocol::Timestamp;

pub use self::unwritten::NoRow;
use self::unwritten::{refused, without_row};
use crate::{
    BooksError, Call, Command,
    autocomplete::Autocomplete,
    books::{Books, Decision, Write},
    command::{self, Context},
    reply::Choice,
    rules::Refusal,
    sql::Sql,
};

/// The reply to a call, and its cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The JSON for Discord.
    pub reply: String,
    /// Rows that the database wrote for it, index entries counted; 0 for a call that had been answered before.
    pub rows_written: u64,
}

impl<S: Sql> Books<S> {
    /// Answers a call. The same interaction gets the same answer, and changes nothing again. `entropy` is 64 random
    /// bits; `handled_ms` is the time since the call arrived at the edge. After an error nothing of it may be kept: the
    /// caller rolls the database back, and calls [`Books::forget`].
    pub fn answer(
        &self,
        now: Timestamp,
        entropy: u64,
        call: &Call,
        handled_ms: u32,
    ) -> Result<Answered, BooksError> {
        if let Some(reply) = self.reply_to(call.id)? {
            return Ok(answered_before(call, reply)?);
        }
        if let Err(wait_ms) = self.count(now, call.actor.id) {
            // Nothing is written down, which is the point: the same interaction is decided anew when it is sent again.
            return Ok(refused(&Refusal::TooOften { next: now.plus(wait_ms) }, call.pressed)?);
        }
        self.count_rows_anew();
        let decision = self.decide(call, now, entropy)?;
        if self.keeps_no_row_of(call, &decision)? {
            return Ok(without_row(now, call, decision, NoRow::Full)?);
        }
        let reply = self.commit(now, &call.origin(), decision, handled_ms, None)?;
        Ok(Answered { reply, rows_written: self.rows_written() })
    }

    fn decide(&self, call: &Call, now: Timestamp, entropy: u64) -> Result<Decision, BooksError> {
        let context =
            Context { origin: call.origin(), books: self, settings: self.settings()?, now, entropy };
        let decision = match (call.command.is_administrative(), self.maintenance()?.is_on) {
            (false, true) => Decision::refuse(&Refusal::Maintenance),
            (false, false) if context.settings.paused() => Decision::refuse(&Refusal::Paused),
            _ => call.command.decide(&context)?,
        };
        if decision.waits() {
            let waiting = Write::Pend { id: call.id, call: serde_json::to_string(call)? };
            return Ok(decision.with_write(waiting));
        }
        Ok(decision)
    }

    /// Returns what an option could be completed to, at most 25 choices. Nothing is written.
    pub fn autocomplete(&self, lookup: &Autocomplete) -> Result<Vec<Choice>, BooksError> {
        command::autocomplete(lookup, self)
    }

    /// Whether a command gets no row because the storage is full: those who manage the server go on.
    fn keeps_no_row_of(&self, call: &Call, decision: &Decision) -> Result<bool, BooksError> {
        let is_for_managers = matches!(call.command, Command::Economy(_)) && !decision.is_refused();
        Ok(!is_for_managers && self.is_full()?)
    }
}

/// A reply that is not kept any more is none: whoever asks so late is told that nothing has happened now.
fn answered_before(call: &Call, reply: String) -> Result<Answered, serde_json::Error> {
    if reply.is_empty() {
        return refused(&Refusal::AnsweredBefore, call.pressed);
    }
    Ok(Answered { reply, rows_written: 0 })
}
