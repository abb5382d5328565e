//! Requests of the Worker's to Discord: their name, and how a refusal is read.

use interactions::rest::{Refusal, USER_AGENT};
use worker::{Headers, Response};

/// The headers, with the name that Discord asks every program for.
pub fn named(headers: Headers) -> worker::Result<Headers> {
    headers.set("User-Agent", USER_AGENT)?;
    Ok(headers)
}

/// Reads an answer that is no success. A body that cannot be read says nothing.
pub async fn refusal(response: &mut Response) -> Refusal {
    let body = response.bytes().await.unwrap_or_default();
    let headers = response.headers();
    Refusal::read(response.status_code(), |name| headers.get(name).ok().flatten(), &body)
}
