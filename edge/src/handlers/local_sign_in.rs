//! The one-time link of a developer's machine. This module is not in a build that is deployed.

use subtle::ConstantTimeEq;
use worker::{Request, Response};

use super::authorize;
use crate::{
    answer::{Problem, see_other},
    query::query,
    session::{OpenSession, Principal, SessionOpened, cookie, hash},
    settings::Settings,
};

/// `GET /login/local?ticket=…`: a session, once, within ten minutes.
pub async fn link(request: &Request, settings: &Settings) -> Result<Response, Problem> {
    let refused = || {
        Problem::new(
            401,
            "link_invalid",
            "This link is used up or too old. Start `cargo xtask dev` again for a new one.",
        )
    };
    let now = worker::Date::now().as_millis();
    let given = query(request, "ticket")?.unwrap_or_default();
    let link = settings.text("DEV_LINK").ok_or_else(refused)?;
    let (ticket, expires_at) = link.split_once('.').ok_or_else(refused)?;
    let fresh = expires_at.parse().is_ok_and(|expires_at: u64| now < expires_at);
    if !fresh || !bool::from(ticket.as_bytes().ct_eq(given.as_bytes())) {
        return Err(refused());
    }
    let opening = OpenSession {
        visitor: Principal { local: true, ..Principal::default() },
        link: Some(hash(ticket)),
        instead_of: None,
    };
    match authorize::open_session(settings, &opening).await? {
        SessionOpened::Session(token) => {
            let response = see_other("/")?;
            response.headers().append("Set-Cookie", &cookie::session(&request.url()?, &token, settings)?)?;
            Ok(response)
        }
        SessionOpened::Nothing => Err(refused()),
    }
}
