//! Answers that leave no row, because the storage takes none: a look is answered, and a change is refused and not lost.

use protocol::Timestamp;

use super::{Answered, answered_before};
use crate::{
    BooksError, Call,
    books::{Books, Decision, Write},
    limit,
    reply::Reply,
    rules::Refusal,
    sql::Sql,
};

/// The reason for which the storage takes no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRow {
    /// It has no room.
    Full,
    /// A limit of the plan is reached, until midnight (UTC).
    Limited,
}

impl NoRow {
    /// Refuses a command, typed or pressed.
    ///
    /// # Errors
    /// The reply cannot be written as JSON.
    pub fn refuse(self, now: Timestamp, pressed: bool) -> Result<Answered, serde_json::Error> {
        let refusal = match self {
            Self::Full => Refusal::StoreFull,
            Self::Limited => Refusal::LimitReached { next: limit::ends_at(now) },
        };
        refused(&refusal, pressed)
    }
}

impl<S: Sql> Books<S> {
    /// Answers a call for which the storage takes no row: repeats, looks and refusals as ever, and anything else with when to
    /// come again. Nothing is written down of it, so that the same interaction is decided anew when it is sent again. A storage
    /// without room still changes a row in its place: the server is paused, or goes on.
    ///
    /// # Errors
    /// Not even reading works; nothing has happened.
    pub fn answer_without_row(
        &self,
        now: Timestamp,
        entropy: u64,
        call: &Call,
        why: NoRow,
    ) -> Result<Answered, BooksError> {
        if let Some(reply) = self.reply_to(call.id)? {
            return Ok(answered_before(call, reply)?);
        }
        let decision = self.decide(call, now, entropy)?;
        if let (NoRow::Full, [Write::Paused(paused)]) = (why, decision.writes()) {
            self.count_rows_anew();
            self.pause(*paused)?;
            let rows_written = self.rows_written();
            return Ok(Answered { rows_written, ..unwritten(decision.into_reply(), call.pressed)? });
        }
        Ok(without_row(now, call, decision, why)?)
    }
}

/// Answers with what was decided, if it needs no row.
pub(super) fn without_row(
    now: Timestamp,
    call: &Call,
    decision: Decision,
    why: NoRow,
) -> Result<Answered, serde_json::Error> {
    if decision.needs_row() {
        why.refuse(now, call.pressed)
    } else {
        unwritten(decision.into_reply(), call.pressed)
    }
}

/// Refuses, and writes nothing down of it.
pub(super) fn refused(refusal: &Refusal, pressed: bool) -> Result<Answered, serde_json::Error> {
    unwritten(refusal.into(), pressed)
}

fn unwritten(reply: Reply, pressed: bool) -> Result<Answered, serde_json::Error> {
    Ok(Answered { reply: serde_json::to_string(&reply.into_response(pressed))?, rows_written: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_lasts_until_midnight_and_only_who_asked_reads_it() {
        let answered = NoRow::Limited.refuse(Timestamp(1_795_348_800_000), true).unwrap();
        let reply: serde_json::Value = serde_json::from_str(&answered.reply).unwrap();
        assert_eq!(
            (&reply["type"], &reply["data"]["flags"]),
            (&4.into(), &64.into()),
            "a message of its own"
        );
        let text = reply["data"]["embeds"][0]["description"].as_str().unwrap();
        assert!(text.contains("coins are safe") && text.contains("<t:1795392000:R>"), "{text}");
        assert_eq!(reply["data"]["embeds"][0]["footer"]["text"], "limit_reached");
    }
}
