//! The two cookies: the session's, and the one that binds a sign-in to the browser that began it.

use protocol::session::SESSION_MAX_MS;
use worker::{Request, Url};

use crate::{answer::Problem, settings::Settings};

/// The session's, and the sign-in's.
const NAMES: [&str; 2] = ["pulse", "pulse-sign-in"];
/// With this prefix a browser takes a cookie only over TLS, only for this very host, and from nobody else.
const PREFIX: &str = "__Host-";
/// The longest that a sign-in may take, in seconds.
const SIGN_IN_SECONDS: u64 = 600;

/// A developer's machine has no TLS. A deployed build knows no other name than the safe one.
fn is_plain(url: &Url) -> bool {
    cfg!(feature = "local-link") && url.scheme() == "http"
}

fn name(url: &Url, which: &str) -> String {
    if is_plain(url) { which.to_owned() } else { format!("{PREFIX}{which}") }
}

fn set(url: &Url, which: &str, value: &str, seconds: u64) -> String {
    let secure = if is_plain(url) { "" } else { "; Secure" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", name(url, which))
}

fn read(request: &Request, which: &str) -> Result<Option<String>, Problem> {
    let wanted = name(&request.url()?, which);
    let cookies = request.headers().get("Cookie")?.unwrap_or_default();
    let value = cookies.split(';').find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == wanted).then(|| value.to_owned())
    });
    Ok(value)
}

/// The `Set-Cookie` of a session: its token, sealed.
pub fn session(url: &Url, token: &str, settings: &Settings) -> Result<String, Problem> {
    let sealed = settings.with_seal_keys(|keys| keys.first().map(|key| key.seal(token)));
    let sealed = sealed.ok_or_else(|| Problem::bad_setting("BOT_TOKEN", "not set"))?;
    Ok(set(url, NAMES[0], &sealed, SESSION_MAX_MS / 1_000))
}

/// The `Set-Cookie` that ends it.
pub fn no_session(url: &Url) -> String {
    set(url, NAMES[0], "", 0)
}

/// The `Set-Cookie` of a sign-in that has begun.
pub fn sign_in(url: &Url, value: &str) -> String {
    set(url, NAMES[1], value, SIGN_IN_SECONDS)
}

/// The `Set-Cookie` that ends it.
pub fn no_sign_in(url: &Url) -> String {
    set(url, NAMES[1], "", 0)
}

/// The token of the session that a browser shows, if this deployment has sealed it: nothing else is worth waking the room.
pub fn session_of(request: &Request, settings: &Settings) -> Result<Option<String>, Problem> {
    let Some(sealed) = read(request, NAMES[0])? else { return Ok(None) };
    Ok(settings.with_seal_keys(|keys| keys.iter().find_map(|key| key.open(&sealed)).map(str::to_owned)))
}

/// Whether a browser shows anything in the place of a session.
pub fn is_shown(request: &Request) -> Result<bool, Problem> {
    Ok(read(request, NAMES[0])?.is_some())
}

/// Returns the value of the cookie that was set when the sign-in began.
pub fn sign_in_of(request: &Request) -> Result<Option<String>, Problem> {
    read(request, NAMES[1])
}
