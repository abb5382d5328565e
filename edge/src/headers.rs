//! What every answer says to browsers about itself.

use worker::Response;

/// Nothing but what Pulse brings along itself runs, is shown or is talked to; the wasm is compiled, not evaluated. The
/// pictures are Discord's avatars and icons. `dashboard/static/_headers` says the same for the page's own files.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data: https://cdn.discordapp.com; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

const ALWAYS: [(&str, &str); 6] = [
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
];

/// The header that names a request, here and in the log.
pub const REQUEST_ID: &str = "X-Request-Id";

/// Adds what every answer says. A socket's answer is left as it is: nothing reads headers there.
pub fn dress(response: Response, request_id: &str) -> worker::Result<Response> {
    if response.status_code() == 101 {
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
