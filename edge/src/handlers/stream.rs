//! `/ws`, and what the room of all servers answers to those that may look.

use worker::{Request, Response};

use super::authorize::own_origin;
use crate::{answer::Problem, query::query, session::Credential, settings::Settings, stubs::room::ask};

/// `GET /ws`: checks what can be checked before the upgrade, and hands the socket to the room.
pub async fn open_socket(request: Request, settings: &Settings) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    if let Some(origin) = request.headers().get("Origin")?
        && origin != own_origin(&request, settings)?
    {
        return Err(Problem::new(403, "foreign_origin", "Another site may not open this socket."));
    }
    let upgrade = request.headers().get("Upgrade")?.unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Err(Problem::new(426, "upgrade_required", "Open this address as a WebSocket."));
    }
    // Any other epoch, of whatever form, is one that was never issued: its bearer gets everything.
    match (query(&request, "epoch")?, query(&request, "since")?) {
        (None, None) => {}
        (Some(_), Some(since)) if since.parse::<u64>().is_ok() => {}
        _ => return Err(bad_resume()),
    }
    ask(&credential, settings, &format!("/ws{}", search(&request)?), true).await
}

/// `GET /api/…`: the room answers those that may look.
pub async fn get(request: Request, settings: &Settings, path: &str) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    ask(&credential, settings, &format!("{path}{}", search(&request)?), false).await
}

fn search(request: &Request) -> Result<String, Problem> {
    Ok(request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default())
}

fn bad_resume() -> Problem {
    Problem::new(400, "bad_resume", "`epoch` takes what HELLO gave, `since` a whole number; both or none.")
}
