//! The middleware of every request: latency, faults, rate limits, and counting.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{OriginalUri, Request, State as Shared},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, DATE, RETRY_AFTER, USER_AGENT},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    faults::{ERRORS, Effect},
    rate_limit::{BUCKET_SIZE, BUCKET_WINDOW},
    state::State,
};

/// Waits, strikes, limits and counts.
pub(super) async fn pass(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    tokio::time::sleep(state.faults.latency()).await;
    // As it was asked for: inside of a nested router the path has lost its beginning.
    let asked = request.extensions().get::<OriginalUri>().map_or(request.uri(), |original| &original.0);
    let path = asked.path().to_owned();
    note_attempt(&state, &path);
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let is_named = agent.starts_with("DiscordBot (") && agent.contains(')');
    let response: Response = match state.faults.effect_on(request.method().as_str(), &path) {
        // Discord may block a program without the name that it asks for, and Cloudflare says so.
        _ if !is_named => page(403, None),
        Some(Effect::Delay { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            limited(&state, &path, request, next).await
        }
        Some(effect @ Effect::Status { status: 429, code: 0, global: false, .. }) => {
            let bucket = format!("{} {path}", request.method());
            with_headers(struck(effect).await, &bucket, 0, BUCKET_WINDOW)
        }
        Some(effect) => struck(effect).await,
        None => limited(&state, &path, request, next).await,
    };
    state.tally.rest(response.status().as_u16());
    dated(response, state.faults.weather().clock_ahead_seconds)
}

fn dated(mut response: Response, ahead_seconds: i64) -> Response {
    let skew = Duration::from_secs(ahead_seconds.unsigned_abs());
    let now = SystemTime::now();
    let date = if ahead_seconds < 0 { now - skew } else { now + skew };
    if let Ok(value) = HeaderValue::from_str(&httpdate::fmt_http_date(date)) {
        response.headers_mut().insert(DATE, value);
    }
    response
}

async fn limited(state: &State, path: &str, request: Request, next: Next) -> Response {
    let bucket = format!("{} {path}", request.method());
    let usage = state.limits.take(&bucket, Instant::now());
    let response = match usage.remaining {
        Some(_) => next.run(request).await,
        None => too_many(usage.reset_after.as_secs_f64(), 0, false),
    };
    with_headers(response, &bucket, usage.remaining.unwrap_or_default(), usage.reset_after)
}

/// Adds the headers by which Discord tells of a bucket.
fn with_headers(mut response: Response, bucket: &str, remaining: u32, reset_after: Duration) -> Response {
    let headers = [
        ("x-ratelimit-bucket", crate::snowflake::command_id(bucket)),
        ("x-ratelimit-limit", BUCKET_SIZE.to_string()),
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-reset-after", format!("{:.3}", reset_after.as_secs_f64())),
        ("x-ratelimit-reset", format!("{:.3}", reset_at(reset_after))),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

async fn struck(effect: Effect) -> Response {
    match effect {
        Effect::Status { status: 429, code, retry_after, global } => too_many(retry_after, code, global),
        Effect::Status { status, code, .. } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let plain = || format!("{}: {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
            let message = words(code).map_or_else(plain, str::to_owned);
            (status, Json(json!({ "message": message, "code": code }))).into_response()
        }
        Effect::Html { status, retry_after } => page(status, retry_after),
        Effect::Cut => {
            let broken = Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            let body = Body::from_stream(futures_util::stream::iter([broken]));
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
        Effect::Silence | Effect::Delay { .. } => std::future::pending().await,
    }
}

/// A page of Cloudflare's.
fn page(status: u16, retry_after: Option<f64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = "<html><body><h1>Error 1015</h1>You are being blocked</body></html>";
    let mut response = (status, [(CONTENT_TYPE, "text/html")], page).into_response();
    if let Some(seconds) = retry_after {
        wait(&mut response, seconds);
    }
    response
}

fn words(code: u32) -> Option<&'static str> {
    ERRORS.iter().find(|(known, ..)| *known == code).map(|(.., words)| *words)
}

/// Slow mode's has a code, and no headers of a limit.
///
/// Source: <https://discord.com/developers/docs/topics/rate-limits#exceeding-a-rate-limit>.
fn too_many(retry_after: f64, code: u32, global: bool) -> Response {
    let message = words(code).unwrap_or("You are being rate limited.");
    if code != 0 {
        let body = json!({ "message": message, "code": code, "retry_after": retry_after });
        return (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    }
    let body = json!({ "message": message, "retry_after": retry_after, "global": global });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    let scope = if global { "global" } else { "user" };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-scope", HeaderValue::from_static(scope));
    if global {
        headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
    }
    wait(&mut response, retry_after);
    response
}

fn wait(response: &mut Response, seconds: f64) {
    if let Ok(value) = HeaderValue::from_str(&format!("{}", seconds.ceil())) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
}

fn reset_at(after: Duration) -> f64 {
    let since = SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (since + after).as_secs_f64()
}

/// A webhook counts its requests, those too that never get through to it.
fn note_attempt(state: &State, path: &str) {
    let mut parts = path.split('/').skip_while(|part| *part != "webhooks").skip(2);
    if let Some(token) = parts.next() {
        state.originals.attempted(token);
    }
}
