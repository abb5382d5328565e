//! `GET /api/guilds/{id}/…`: an administrator reads a server's books.

use interactions::{BooksError, books::Measure};
use protocol::{GuildId, Timestamp, audit::PLAYERS_PAGES_MAX};
use worker::{Method, Request, Response};

use super::{BINDING, Inner, journal, proving};
use crate::{
    answer::Problem,
    room,
    session::{Credential, query},
    settings::Settings,
};

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
    match path {
        "proof" => proving::prove(&credential, guild, settings).await,
        "journal" | "journal.csv" => journal::read(request, settings, guild, path == "journal.csv").await,
        _ => {
            let search = request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default();
            ask(settings, guild, &format!("{path}{search}")).await
        }
    }
}

/// Asks a server's books for something to read.
pub(super) async fn ask(settings: &Settings, guild: GuildId, what: &str) -> Result<Response, Problem> {
    let inner = Request::new(&format!("https://guild/{what}"), Method::Get)?;
    Ok(settings.objects(BINDING)?.named(&guild.to_string())?.fetch_with_request(inner).await?)
}

impl Inner {
    pub(super) fn read(&self, request: &Request) -> Result<Response, Problem> {
        let books = &self.books;
        let now = Timestamp(worker::Date::now().as_millis());
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

pub(super) fn number(request: &Request, name: &str) -> Result<Option<u64>, Problem> {
    let given = query(request, name)?.filter(|value| !value.is_empty());
    given
        .map(|value| value.parse::<u64>())
        .transpose()
        .map_err(|_| Problem::new(400, "bad_query", format!("`{name}` takes a whole number.")))
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
