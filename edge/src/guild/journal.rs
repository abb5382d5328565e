//! `GET /api/guilds/{id}/journal`: pages of the journal. For rows of one player, or changes alone, a long journal may have to be
//! looked through: a piece a request to the object, so that it answers commands in between.

use interactions::books::audit::{JournalPage, JournalPiece};
use protocol::{InteractionId, JournalSeq, UserId};
use worker::Request;

use super::{Inner, reading::unread};
use crate::{
    answer::Problem,
    query::{journal_limit, number, query},
};

/// With `around`, at most this many rows before the one that is asked for are newer.
const AROUND_NEWER: u64 = 20;

impl Inner {
    /// Reads a piece of the journal, at the object's end.
    pub(super) fn journal_piece(&self, request: &Request) -> Result<JournalPiece, Problem> {
        let mut page = page_of(request)?;
        if let Some(id) = number(request, "around")? {
            let row = self.books.row_of(InteractionId(id)).map_err(unread)?.ok_or_else(Problem::not_found)?;
            page.before = Some(JournalSeq(row.0.saturating_add(1 + AROUND_NEWER)));
        }
        self.books.journal(page).map_err(unread)
    }
}

fn page_of(request: &Request) -> Result<JournalPage, Problem> {
    Ok(JournalPage {
        before: number(request, "before")?.map(JournalSeq),
        limit: journal_limit(request)?,
        player: number(request, "player")?.map(UserId),
        changes_only: match query(request, "only")?.as_deref() {
            None | Some("") => false,
            Some("changes") => true,
            Some(_) => return Err(Problem::new(400, "bad_query", "`only` takes `changes`.")),
        },
    })
}
