//! The log: JSON lines. Never a body, a token, a cookie, a code, or the query that may hold one.

use serde_json::json;
use worker::{Request, console_error, console_log};

/// Says what went wrong.
pub fn error(what: &dyn std::fmt::Display) {
    console_error!("{}", json!({ "level": "error", "message": what.to_string() }));
}

/// Says what is worth knowing.
pub fn info(what: &dyn std::fmt::Display) {
    console_log!("{}", json!({ "level": "info", "message": what.to_string() }));
}

/// One request, for the line about it.
pub struct Seen {
    /// The name of the request, in the answer's `X-Request-Id` too: Cloudflare's own name for it, where it has one.
    pub id: String,
    method: String,
    path: String,
    arrived_at: u64,
}

impl Seen {
    /// Notes a request that has arrived.
    pub fn of(request: &Request) -> Self {
        let given = request.headers().get("CF-Ray").ok().flatten();
        let given = given.filter(|id| {
            id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        Self {
            id: given.unwrap_or_else(random_id),
            method: request.method().to_string(),
            path: request.path(),
            arrived_at: worker::Date::now().as_millis(),
        }
    }

    /// One line for what could not be answered; what went well is not worth one.
    pub fn tell(&self, status: u16, code: Option<&str>) {
        if status >= 500 {
            let ms = worker::Date::now().as_millis().saturating_sub(self.arrived_at);
            let Self { id, method, path, .. } = self;
            let line = json!({
                "level": "error", "requestId": id, "method": method, "path": path, "status": status, "code": code,
                "ms": ms,
            });
            console_error!("{line}");
        }
    }
}

fn random_id() -> String {
    let mut bytes = [0; 8];
    // A name that is taken twice is no harm.
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}
