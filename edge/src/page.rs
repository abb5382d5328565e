//! The document arrives with the numbers in it, for whoever may see them; for everybody else it holds none. They stand at
//! its end: a browser paints the page before they have arrived.

use worker::{Headers, Request, Response};

use crate::{answer::Problem, limits, room, session::cookie, settings::Settings};

/// Where the numbers go.
const PLACE: &str = "<!--snapshot-->";

/// `GET /`: the page.
pub async fn document(request: Request, settings: &Settings) -> Result<Response, Problem> {
    let mut file = settings.assets()?.fetch("https://assets/", None).await?;
    let html = file.text().await?;
    let (is_shown, address) = (cookie::is_shown(&request)?, limits::address(&request)?);
    let snapshot = snapshot(request, settings).await;
    if is_shown && snapshot.is_none() {
        // The page itself is shown to everybody; what was shown for it was refused.
        limits::count_refused(address);
    }
    let headers = Headers::new();
    headers.set("Content-Type", "text/html; charset=utf-8")?;
    headers.set("Cache-Control", if snapshot.is_some() { "private, no-store" } else { "no-cache" })?;
    let block = snapshot.map(|snapshot| block(&snapshot)).unwrap_or_default();
    Ok(Response::ok(html.replacen(PLACE, &block, 1))?.with_headers(headers))
}

/// No numbers are no reason for no page: it says by itself why it has none.
async fn snapshot(request: Request, settings: &Settings) -> Option<String> {
    let mut answer = room::get(request, settings, "/document").await.ok()?;
    if answer.status_code() == 200 { answer.text().await.ok() } else { None }
}

/// Data, not a script. What players have written cannot end it: `<` occurs in JSON only within strings.
fn block(snapshot: &str) -> String {
    format!(r#"<script type="application/json" id="snapshot">{}</script>"#, snapshot.replace('<', "\\u003c"))
}
