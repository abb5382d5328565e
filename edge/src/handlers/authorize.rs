//! Who may: the room of all servers decides about sessions, and the page's own origin is checked here.

use protocol::{GuildId, action::Actor};
use worker::{Request, Response};

use crate::{
    answer::Problem,
    session::{CloseSession, Credential, OpenSession, SessionOpened},
    settings::Settings,
    stubs::room::{BINDING, RoomAddress, ask_at, tell},
};

/// Checks that the owner of a credential may look at a server's books; fails with 401, 403 or 404 otherwise.
pub async fn admit(credential: &Credential, settings: &Settings, guild: GuildId) -> Result<(), Problem> {
    if *credential == Credential::Program {
        return Ok(());
    }
    let answer =
        ask_at(RoomAddress::Everyone, credential, settings, &format!("/admit?room={guild}"), false).await?;
    match answer.status_code() {
        200 => Ok(()),
        403 => Err(Problem::forbidden()),
        404 => Err(Problem::not_found()),
        401 => Err(Problem::signed_out()),
        status => Err(unavailable(status)),
    }
}

/// Returns the owner of a credential if they may act on a server, or on everything where none is named.
pub async fn admit_actor(
    credential: &Credential,
    settings: &Settings,
    on: Option<GuildId>,
) -> Result<Actor, Problem> {
    let on = on.map(|guild| format!("?room={guild}")).unwrap_or_default();
    let mut answer =
        ask_at(RoomAddress::Everyone, credential, settings, &format!("/actor{on}"), false).await?;
    match answer.status_code() {
        200 => Ok(answer.json().await?),
        401 => Err(Problem::signed_out()),
        403 => Err(Problem::forbidden()),
        status => Err(unavailable(status)),
    }
}

fn unavailable(status: u16) -> Problem {
    Problem::new(503, "unavailable", format!("The room answered {status}."))
}

/// Opens a session, where there is something to look at.
pub async fn open_session(settings: &Settings, opening: &OpenSession) -> Result<SessionOpened, Problem> {
    let answer = tell(&settings.objects(BINDING)?, "/sessions", opening).await?;
    serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer is not JSON", &error))
}

/// Closes a session, and sends its sockets away.
pub async fn close_session(settings: &Settings, closing: &CloseSession) -> Result<(), Problem> {
    tell(&settings.objects(BINDING)?, "/sessions/close", closing).await.map(drop)
}

/// Answers `GET /api/me`: the owner of a credential, as JSON.
pub async fn me(credential: &Credential, settings: &Settings) -> Result<Response, Problem> {
    ask_at(RoomAddress::Everyone, credential, settings, "/me", false).await
}

/// A browser names the page's origin with each POST. A cookie that comes without, or from elsewhere, proves nothing.
pub fn require_own_origin(request: &Request, settings: &Settings) -> Result<(), Problem> {
    let own = own_origin(request, settings)?;
    match request.headers().get("Origin")? {
        Some(origin) if origin == own => Ok(()),
        _ => Err(Problem::new(403, "foreign_origin", "Another site may not act here.")),
    }
}

/// The origin of Pulse's own page.
pub fn own_origin(request: &Request, settings: &Settings) -> Result<String, Problem> {
    let own = match settings.text("PUBLIC_URL") {
        Some(url) => {
            let parsed = worker::Url::parse(&url).ok();
            let usable = parsed.filter(|url| url.has_host() && url.scheme().starts_with("http"));
            usable.ok_or_else(|| {
                Problem::bad_setting("PUBLIC_URL", "expected something like https://pulse.example")
            })?
        }
        None => request.url()?,
    };
    Ok(own.origin().ascii_serialization())
}
