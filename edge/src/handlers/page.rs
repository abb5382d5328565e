//! The document arrives with the numbers in it, for whoever may see them; for everybody else it holds none. They stand at
//! its end: a browser paints the page before they have arrived.

use std::rc::Rc;

use futures_util::{StreamExt, stream};
use worker::{Request, Response};

use crate::{
    answer::Problem,
    limits,
    session::{Credential, cookie},
    settings::Settings,
};

/// The mark in the document that the snapshot replaces: behind everything that is painted without it.
const PLACE: &str = "<!--snapshot-->";

/// `GET /`: the page. What can be painted leaves at once; the numbers follow when the room has told them.
pub async fn document(request: Request, settings: &Rc<Settings>) -> Result<Response, Problem> {
    let mut file = settings.assets()?.fetch("https://assets/", None).await?;
    let html = file.text().await?;
    let is_shown = cookie::is_shown(&request)?;
    let may_look = Credential::of(&request, settings).is_ok();
    if is_shown && !may_look {
        // The page itself is shown to everybody; what was shown for it is refused.
        limits::count_refused(limits::address(&request)?);
    }
    let (head, foot) = html.split_once(PLACE).unwrap_or((&html, ""));
    let mut response = if may_look {
        let (head, foot) = (head.to_owned(), foot.to_owned());
        let settings = Rc::clone(settings);
        let rest = async move {
            snapshot(request, &settings).await.map(|snapshot| block(&snapshot)).unwrap_or_default() + &foot
        };
        let parts = stream::iter([head]).chain(stream::once(rest));
        Response::from_stream(parts.map(Ok::<_, worker::Error>))?
    } else {
        Response::ok([head, foot].concat())?
    };
    let headers = response.headers_mut();
    headers.set("Content-Type", "text/html; charset=utf-8")?;
    headers.set("Cache-Control", if may_look { "private, no-store" } else { "no-cache" })?;
    Ok(response)
}

/// No numbers are no reason for no page: it says by itself why it has none.
async fn snapshot(request: Request, settings: &Settings) -> Option<String> {
    let address = limits::address(&request).ok()?;
    let mut answer = super::stream::get(request, settings, "/document").await.ok()?;
    match answer.status_code() {
        200 => answer.text().await.ok(),
        401 => {
            limits::count_refused(address); // A session that is over.
            None
        }
        _ => None,
    }
}

/// Data, not a script. What players have written cannot end it: `<` occurs in JSON only within strings.
fn block(snapshot: &str) -> String {
    format!(r#"<script type="application/json" id="snapshot">{}</script>"#, snapshot.replace('<', "\\u003c"))
}
