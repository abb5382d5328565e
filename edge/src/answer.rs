//! Answers of every kind: JSON errors with a stable code, and bodies that are read no further than their bound.

use crate::log;
use base64::{Engine, prelude::BASE64_STANDARD};
use interactions::{limit, sql::SqlError};
use protocol::{Timestamp, time::SECOND_MS, version::ReadError};
use serde_json::json;
use sha2::{Digest, Sha256};
use worker::{Request, Response};

/// The code of what a limit of the plan refuses.
pub const LIMIT: &str = "limit_reached";

/// An answer that is not what was asked for.
#[derive(Debug)]
pub struct Problem {
    status: u16,
    code: &'static str,
    message: String,
    header: Option<(&'static str, String)>,
}

impl Problem {
    /// `{"error":{"code","message"}}` with this status.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    /// Returns its code: stable, `snake_case`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether it has this code.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    pub fn not_found() -> Self {
        Self::new(404, "not_found", "There is nothing at this address.")
    }

    pub fn method_not_allowed(allow: &'static str) -> Self {
        let problem = Self::new(405, "method_not_allowed", format!("Use {allow}."));
        Self { header: Some(("Allow", allow.to_owned())), ..problem }
    }

    pub fn signed_out() -> Self {
        Self::new(401, "signed_out", "Sign in, or send a valid bearer token.")
    }

    pub fn too_often(retry_in_ms: u64) -> Self {
        Self::new(429, "too_often", "Too many requests from here. Wait as long as Retry-After says.")
            .retry_after(retry_in_ms)
    }

    pub fn forbidden() -> Self {
        Self::new(403, "forbidden", "This is not yours to look at.")
    }

    /// A parameter that cannot be used; `what` says which and why.
    pub fn bad_query(what: &dyn std::fmt::Display) -> Self {
        Self::new(400, "bad_query", format!("{what}."))
    }

    /// A message between programs that was not read: of an unknown version, or else not of its shape.
    pub fn unread(code: &'static str, why: &ReadError) -> Self {
        match why {
            ReadError::UnknownVersion(_) => Self::new(400, "unknown_version", format!("{why}.")),
            ReadError::Malformed(_) => Self::new(400, code, format!("Not of that shape: {why}.")),
        }
    }

    /// The same, and when to try again: whole seconds, rounded up.
    pub fn retry_after(self, ms: u64) -> Self {
        Self { header: Some(("Retry-After", ms.div_ceil(SECOND_MS).to_string())), ..self }
    }

    pub fn too_large(max_bytes: usize) -> Self {
        Self::new(413, "too_large", format!("At most {max_bytes} bytes."))
    }

    /// A setting that cannot be used, named in the answer and in the log.
    pub fn bad_setting(name: &str, what: impl std::fmt::Display) -> Self {
        log::error(&format_args!("{name}: {what}"));
        Self::new(500, "bad_setting", format!("{name}: {what}"))
    }

    /// Our own failure: the log says what, the answer says that.
    pub fn failure(what: &str, error: &dyn std::fmt::Display) -> Self {
        log::error(&format_args!("{what}: {error}"));
        Self::new(500, "failure", format!("{what}. It is in the log."))
    }

    /// A limit of the plan is reached: said with the moment at which it ends.
    pub fn limit(now: Timestamp) -> Self {
        let message = "The limit of the plan that Pulse runs on is reached: nothing more is written until midnight (UTC). \
                       Nothing has happened.";
        Self::new(503, LIMIT, message).retry_after(limit::ends_at(now).since(now))
    }

    /// The database has refused a statement: because of a limit, or by a failure of ours.
    pub fn database(what: &str, error: &SqlError) -> Self {
        if error.is_limit() { Self::limit(crate::clock::now()) } else { Self::failure(what, error) }
    }

    pub fn into_response(self) -> worker::Result<Response> {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        let response = Response::from_json(&body)?.with_status(self.status);
        if let Some((name, value)) = self.header {
            response.headers().set(name, &value)?;
        }
        Ok(response)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)
    }
}

impl From<worker::Error> for Problem {
    fn from(error: worker::Error) -> Self {
        if limit::is_limit(&error.to_string()) {
            return Self::limit(crate::clock::now());
        }
        Self::failure("The edge could not answer", &error)
    }
}

/// Sends a browser somewhere else, by GET.
pub fn see_other(location: &str) -> Result<Response, Problem> {
    let response = Response::empty()?.with_status(303);
    response.headers().set("Location", location)?;
    Ok(response)
}

/// A page of one sentence, for somebody who cannot be shown what they came for.
pub fn page(status: u16, title: &str, words: &str) -> Result<Response, Problem> {
    const STYLE: &str = "body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.6 system-ui,sans-serif}\
         main{max-width:34rem;padding:2rem}h1{font-size:1.5rem;line-height:1.2}a{color:inherit;font-weight:600}";
    let (title, words) = (escaped(title), escaped(words));
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <meta name=color-scheme content=\"light dark\"><title>{title} — Pulse</title><style>{STYLE}</style>\
         <main><h1>{title}</h1><p>{words}</p><p><a href=\"/login\">Sign in with Discord</a></p></main></html>"
    );
    let response = Response::from_html(html)?.with_status(status);
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'");
    response.headers().set("Content-Security-Policy", &policy)?;
    Ok(response)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A table for spreadsheets, to be saved rather than shown.
pub fn csv_response(csv: String) -> Result<Response, Problem> {
    let response = Response::ok(csv)?;
    response.headers().set("Content-Type", "text/csv; charset=utf-8")?;
    response.headers().set("Content-Disposition", "attachment")?;
    Ok(response)
}

/// Reads a body of at most `max_bytes`; one that is longer is not read to its end.
pub async fn read_bounded(request: &mut Request, max_bytes: usize) -> Result<Vec<u8>, Problem> {
    use futures_util::StreamExt;

    let announced = request.headers().get("Content-Length")?.and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(Problem::too_large(max_bytes));
    }
    if announced.is_some() {
        // The runtime holds the body to its announced length. A stream would be many objects more.
        return Ok(request.bytes().await?);
    }
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    let mut body = Vec::new();
    let mut chunks = request.stream()?;
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > max_bytes {
            return Err(Problem::too_large(max_bytes));
        }
    }
    Ok(body)
}

/// The JSON of an answer that is kept, byte for byte.
pub fn json(body: String, status: u16) -> Result<Response, Problem> {
    let response = Response::ok(body)?.with_status(status);
    response.headers().set("Content-Type", "application/json")?;
    Ok(response)
}

/// Another action was sent with the same key.
pub fn key_reused() -> Problem {
    Problem::new(409, "key_reused", "Another action was sent with this key. Choose a new one.")
}
