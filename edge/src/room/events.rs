//! `/api/events`: the stored events in pages, newest first, as JSON or as a table for spreadsheets.

use interactions::sql::{Sql, Value};
use protocol::{
    Event, GuildId, Severity, csv,
    room::Row,
    text::{contains, fold},
};
use worker::{Request, Response, Url};

use crate::{
    answer::{Problem, csv_response},
    query::query,
    sql::ObjectSql,
};

/// The most events in one page.
const PAGE_MAX: usize = 200;
/// Without `limit`, this many.
const PAGE: usize = 50;
/// Rows that one request may look through: a filter that matches little must not read the whole table.
const LOOKED_THROUGH_MAX: usize = 10_000;
/// Rows read at a time.
const STEP: usize = 500;

/// `?before=SEQ&limit=N&severity=&source=&guild=&q=`; `severity` may come several times.
pub struct EventQuery {
    url: Url,
    before: u64,
    limit: usize,
    /// Any, when there is none.
    severities: Vec<Severity>,
    source: Option<String>,
    guild: Option<GuildId>,
    /// Words to look for in the message, folded.
    words: Option<String>,
}

/// One page of older events, newest first.
pub struct EventPage {
    events: Vec<Event>,
    /// The address of the next page, when there may be one.
    next: Option<String>,
}

impl EventQuery {
    /// Reads the parameters; an empty one is as good as none.
    pub fn parse(request: &Request) -> Result<Self, Problem> {
        let text = |name| Ok::<_, Problem>(query(request, name)?.filter(|value| !value.is_empty()));
        let number = |name, default: u64| match text(name)? {
            None => Ok(default),
            Some(value) => {
                value.parse().map_err(|_| Problem::bad_query(&format_args!("`{name}` takes a whole number")))
            }
        };
        let url = request.url()?;
        let severities = url.query_pairs().filter(|(name, word)| name == "severity" && !word.is_empty());
        let severities: Result<Vec<Severity>, _> =
            severities.map(|(_, word)| serde_json::from_value(word.into())).collect();
        let guild = text("guild")?.map(|id| id.parse()).transpose();
        let limit = usize::try_from(number("limit", PAGE as u64)?).unwrap_or(usize::MAX);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Problem::bad_query(&format_args!("`limit` is from 1 to {PAGE_MAX}")));
        }
        Ok(Self {
            url,
            before: number("before", u64::MAX)?,
            limit,
            severities: severities
                .map_err(|_| Problem::bad_query(&"`severity` is one of success, info, warn, error"))?,
            source: text("source")?,
            guild: guild.map_err(|_| Problem::bad_query(&"`guild` takes a server's id"))?,
            words: text("q")?.map(|words| fold(&words)),
        })
    }

    /// Looks the events up, newest first.
    pub fn run(self, sql: &ObjectSql) -> Result<EventPage, Problem> {
        let statement = "SELECT value FROM memory WHERE kind = 'event' AND key < ? ORDER BY key DESC LIMIT ?";
        let (mut events, mut before, mut looked_through) = (Vec::new(), self.before, 0);
        loop {
            let parameters = [Row::key_text(before).into(), Value::from(STEP as u64)];
            let rows =
                sql.query(statement, &parameters).map_err(|error| Problem::failure("The events", &error))?;
            for row in &rows {
                let [Value::Text(value)] = row.as_slice() else { continue };
                let event: Event =
                    serde_json::from_str(value).map_err(|error| Problem::failure("An event", &error))?;
                before = event.seq.0;
                if self.matches(&event) {
                    events.push(event);
                }
                if events.len() == self.limit {
                    return Ok(EventPage { events, next: Some(self.next(before)) });
                }
            }
            looked_through += STEP;
            if rows.len() < STEP {
                return Ok(EventPage { events, next: None });
            }
            if looked_through >= LOOKED_THROUGH_MAX {
                return Ok(EventPage { events, next: Some(self.next(before)) });
            }
        }
    }

    fn matches(&self, event: &Event) -> bool {
        (self.severities.is_empty() || self.severities.contains(&event.severity))
            && self.guild.is_none_or(|guild| guild == event.guild_id)
            && self.source.as_ref().is_none_or(|word| word == event.source.word())
            && self.words.as_ref().is_none_or(|words| contains(&event.message, words))
    }

    /// The same question, further back.
    fn next(&self, before: u64) -> String {
        let mut url = self.url.clone();
        let kept: Vec<(String, String)> =
            self.url.query_pairs().into_owned().filter(|(name, _)| name != "before").collect();
        url.query_pairs_mut().clear().extend_pairs(kept).append_pair("before", &before.to_string());
        format!("/api{}?{}", url.path(), url.query().unwrap_or_default())
    }
}

impl EventPage {
    pub fn into_json(self) -> Result<Response, Problem> {
        let response = Response::from_json(&self.events)?;
        self.link_next(response)
    }

    pub fn into_csv(self) -> Result<Response, Problem> {
        let response = csv_response(csv::events(&self.events))?;
        self.link_next(response)
    }

    /// The way RFC 8288 has it.
    fn link_next(self, response: Response) -> Result<Response, Problem> {
        if let Some(next) = self.next {
            response.headers().set("Link", &format!("<{next}>; rel=\"next\""))?;
        }
        Ok(response)
    }
}
