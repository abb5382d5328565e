//! What a request's address asks for.

use protocol::audit::JOURNAL_PAGE_MAX;
use worker::Request;

use crate::answer::Problem;

/// Without `limit`, this many rows.
const PAGE: u64 = 50;

/// Returns a query parameter, decoded; the first one of that name.
pub fn query(request: &Request, name: &str) -> Result<Option<String>, Problem> {
    Ok(request.url()?.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()))
}

/// Returns a query parameter that is a whole number; `None` when it is missing or empty.
pub fn number(request: &Request, name: &str) -> Result<Option<u64>, Problem> {
    let given = query(request, name)?.filter(|value| !value.is_empty());
    given
        .map(|value| value.parse::<u64>())
        .transpose()
        .map_err(|_| Problem::new(400, "bad_query", format!("`{name}` takes a whole number.")))
}

/// Returns how many rows of the journal are wanted.
pub fn journal_limit(request: &Request) -> Result<u64, Problem> {
    let limit = number(request, "limit")?.unwrap_or(PAGE);
    if !(1..=JOURNAL_PAGE_MAX).contains(&limit) {
        return Err(Problem::new(400, "bad_query", format!("`limit` is from 1 to {JOURNAL_PAGE_MAX}.")));
    }
    Ok(limit)
}
