//! Headers that every answer has, for browsers.

use worker::{Headers, Response, ResponseBody};

/// Nothing but what Pulse brings along itself runs, is shown or is talked to; the wasm is compiled, not evaluated. The
/// pictures are Discord's avatars and icons. `dashboard/static/_headers` says the same for the page's own files.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data: https://cdn.discordapp.com; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

const ALWAYS: [(&str, &str); 6] = [
    ("Strict-Transport-Security", "max-age=63072000"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// The header that names a request, here and in the log.
pub const REQUEST_ID: &str = "X-Request-Id";

thread_local! {
    /// The headers of an answer in JSON, copied in one call: one by one it would be nine, and players wait for it.
    static JSON: worker::Result<Headers> = json_headers();
}

fn json_headers() -> worker::Result<Headers> {
    let headers = Headers::new();
    headers.set("Content-Type", "application/json")?;
    Ok(dress(Response::empty()?.with_headers(headers), "")?.headers().clone())
}

/// An answer in JSON, dressed but for its name.
pub fn json(body: String) -> worker::Result<Response> {
    let headers = JSON.with(|headers| headers.as_ref().ok().cloned()).map_or_else(json_headers, Ok)?;
    Ok(Response::from_body(ResponseBody::Body(body.into_bytes()))?.with_headers(headers))
}

/// Adds what every answer says. A socket's answer is left as it is: nothing reads headers there.
pub fn dress(response: Response, request_id: &str) -> worker::Result<Response> {
    if response.status_code() == 101 {
        return Ok(response);
    }
    if response.headers().has(REQUEST_ID)? {
        // From [`json`].
        response.headers().set(REQUEST_ID, request_id)?;
        return Ok(response);
    }
    let headers = response.headers().clone();
    headers.set(REQUEST_ID, request_id)?;
    for (name, value) in ALWAYS {
        headers.set(name, value)?;
    }
    if headers.get("Content-Security-Policy")?.is_none() {
        headers.set("Content-Security-Policy", POLICY)?;
    }
    if headers.get("Cache-Control")?.is_none() {
        headers.set("Cache-Control", "no-store")?;
    }
    Ok(response.with_headers(headers))
}
