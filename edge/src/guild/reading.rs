//! `GET /api/guilds/{id}/…`: an administrator reads a server's books.

use interactions::{BooksError, books::Measure};
use protocol::audit::PLAYERS_PAGES_MAX;
use worker::{Request, Response};

use super::Inner;
use crate::{
    answer::Problem,
    clock::now,
    query::{number, query},
};

impl Inner {
    pub(super) fn read(&self, request: &Request) -> Result<Response, Problem> {
        let books = &self.books;
        let now = now();
        let path = request.path();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["journal", "piece"] => Ok(Response::from_json(&self.journal_piece(request)?)?),
            ["settings"] => Ok(Response::from_json(&books.rules().map_err(unread)?)?),
            ["shop"] => Ok(Response::from_json(&books.shop().map_err(unread)?)?),
            ["players"] => {
                let (by, page) = players_page(request)?;
                Ok(Response::from_json(&books.players(by, page, now).map_err(unread)?)?)
            }
            ["players", user] => {
                let user = user.parse().map_err(|_| Problem::not_found())?;
                let profile = books.profile(user, now).map_err(unread)?.ok_or_else(Problem::not_found)?;
                Ok(Response::from_json(&profile)?)
            }
            _ => Err(Problem::not_found()),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn unread(error: BooksError) -> Problem {
    Problem::failure("The books could not be read", &error)
}

fn players_page(request: &Request) -> Result<(Measure, u64), Problem> {
    let by = match query(request, "by")?.filter(|word| !word.is_empty()) {
        None => Measure::default(),
        Some(word) => Measure::named(&word)
            .ok_or_else(|| Problem::new(400, "bad_query", "`by` is one of wealth, level, streak."))?,
    };
    let page = number(request, "page")?.unwrap_or(1);
    if !(1..=PLAYERS_PAGES_MAX).contains(&page) {
        return Err(Problem::new(400, "bad_query", format!("`page` is from 1 to {PLAYERS_PAGES_MAX}.")));
    }
    Ok((by, page))
}
