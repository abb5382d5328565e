//! `GET /api/guilds/{id}/journal`: pages of the journal. For rows of one player, or changes alone, a long journal may have to be
//! looked through: a piece a request to the object, so that it answers commands in between.

use interactions::books::audit::{JournalPage, JournalPiece, journal_csv};
use protocol::{
    GuildId, InteractionId, JournalSeq, UserId,
    audit::{JOURNAL_PAGE_MAX, JournalRow},
};
use worker::{Request, Response, Url};

use super::{
    Inner,
    reading::{ask, number, unread},
};
use crate::{
    answer::{Problem, csv_response},
    session::query,
    settings::Settings,
};

/// Without `limit`, this many rows.
const PAGE: u64 = 50;
/// With `around`, at most this many rows before the one that is asked for are newer.
const AROUND_NEWER: u64 = 20;
/// The most pieces that are asked for in one answer. Beyond it the answer says where to go on, though its page is not full.
const PIECES_MAX: usize = 40;

/// The Worker's end: as many pieces as the page takes.
pub(super) async fn read(
    request: &Request,
    settings: &Settings,
    guild: GuildId,
    as_table: bool,
) -> Result<Response, Problem> {
    let url = request.url()?;
    let limit = limit_of(request)?;
    let mut rows: Vec<JournalRow> = Vec::new();
    let mut next = None;
    for _ in 0..PIECES_MAX {
        let place = going_on(&url, next, limit - rows.len() as u64);
        let mut answer =
            ask(settings, guild, &format!("journal/piece?{}", place.query().unwrap_or_default())).await?;
        if answer.status_code() != 200 {
            return Ok(answer);
        }
        let piece: JournalPiece = answer.json().await?;
        rows.extend(piece.rows);
        next = piece.next;
        if next.is_none() || rows.len() as u64 >= limit {
            break;
        }
    }
    let response = if as_table { csv_response(journal_csv(&rows))? } else { Response::from_json(&rows)? };
    if next.is_some() {
        let place = going_on(&url, next, limit);
        let query = place.query().unwrap_or_default();
        response.headers().set("Link", &format!("<{}?{query}>; rel=\"next\"", place.path()))?;
    }
    Ok(response)
}

/// The same question, of the rows before this one.
fn going_on(asked: &Url, before: Option<JournalSeq>, limit: u64) -> Url {
    let mut place = asked.clone();
    let kept = |name: &str| name != "limit" && (before.is_none() || !["before", "around"].contains(&name));
    let pairs: Vec<_> = asked.query_pairs().filter(|(name, _)| kept(name)).collect();
    let mut query = place.query_pairs_mut();
    query.clear().extend_pairs(pairs).append_pair("limit", &limit.to_string());
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    drop(query);
    place
}

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

fn limit_of(request: &Request) -> Result<u64, Problem> {
    let limit = number(request, "limit")?.unwrap_or(PAGE);
    if !(1..=JOURNAL_PAGE_MAX).contains(&limit) {
        return Err(Problem::new(400, "bad_query", format!("`limit` is from 1 to {JOURNAL_PAGE_MAX}.")));
    }
    Ok(limit)
}

fn page_of(request: &Request) -> Result<JournalPage, Problem> {
    Ok(JournalPage {
        before: number(request, "before")?.map(JournalSeq),
        limit: limit_of(request)?,
        player: number(request, "player")?.map(UserId),
        changes_only: match query(request, "only")?.as_deref() {
            None | Some("") => false,
            Some("changes") => true,
            Some(_) => return Err(Problem::new(400, "bad_query", "`only` takes `changes`.")),
        },
    })
}
