//! `GET /api/guilds/{id}/…`: an administrator reads a server's books.

use interactions::{
    BooksError,
    books::{
        Measure,
        audit::{JournalPage, journal_csv},
    },
};
use protocol::{
    GuildId, InteractionId, JournalSeq, Timestamp, UserId,
    audit::{JOURNAL_PAGE_MAX, JournalRow, PLAYERS_PAGES_MAX},
};
use worker::{Method, Request, Response};

use super::{BINDING, Inner};
use crate::{
    answer::{Problem, csv_response},
    room,
    session::{Credential, query},
    settings::Settings,
};

/// Without `limit`, this many rows of the journal.
const JOURNAL_PAGE: u64 = 50;
/// With `around`, at most this many rows before the one that is asked for are newer.
const AROUND_NEWER: u64 = 20;

/// Hands a reader who may look to the object.
pub async fn audit(
    request: &Request,
    settings: &Settings,
    guild: &str,
    path: &str,
) -> Result<Response, Problem> {
    let credential = Credential::of(request, settings)?; // Who is nobody is not told which addresses there are.
    let guild: GuildId = guild.parse().map_err(|_| Problem::not_found())?;
    room::admit(&credential, settings, guild).await?;
    let search = request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default();
    let inner = Request::new(&format!("https://guild/{path}{search}"), Method::Get)?;
    Ok(settings.objects(BINDING)?.get_by_name(&guild.to_string())?.fetch_with_request(inner).await?)
}

impl Inner {
    pub(super) fn read(&self, request: &Request) -> Result<Response, Problem> {
        let books = &self.books;
        let now = Timestamp(worker::Date::now().as_millis());
        let path = request.path();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["proof"] => Ok(Response::from_json(&books.prove().map_err(unread)?)?),
            ["journal"] => Ok(Response::from_json(&self.journal(request)?)?),
            ["journal.csv"] => csv_response(journal_csv(&self.journal(request)?)),
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

    fn journal(&self, request: &Request) -> Result<Vec<JournalRow>, Problem> {
        let mut page = journal_page(request)?;
        if let Some(id) = number(request, "around")? {
            let row = self.books.row_of(InteractionId(id)).map_err(unread)?.ok_or_else(Problem::not_found)?;
            page.before = Some(JournalSeq(row.0.saturating_add(1 + AROUND_NEWER)));
        }
        self.books.journal(page).map_err(unread)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unread(error: BooksError) -> Problem {
    Problem::failure("The books could not be read", &error)
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, Problem> {
    let given = query(request, name)?.filter(|value| !value.is_empty());
    given
        .map(|value| value.parse::<u64>())
        .transpose()
        .map_err(|_| Problem::new(400, "bad_query", format!("`{name}` takes a whole number.")))
}

fn journal_page(request: &Request) -> Result<JournalPage, Problem> {
    let limit = number(request, "limit")?.unwrap_or(JOURNAL_PAGE);
    if !(1..=JOURNAL_PAGE_MAX).contains(&limit) {
        return Err(Problem::new(400, "bad_query", format!("`limit` is from 1 to {JOURNAL_PAGE_MAX}.")));
    }
    Ok(JournalPage {
        before: number(request, "before")?.map(JournalSeq),
        limit,
        player: number(request, "player")?.map(UserId),
        changes_only: match query(request, "only")?.as_deref() {
            None | Some("") => false,
            Some("changes") => true,
            Some(_) => return Err(Problem::new(400, "bad_query", "`only` takes `changes`.")),
        },
    })
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
