//! `/api/…`, with the session's cookie.

use std::pin::Pin;

use js_sys::{Object, Reflect};
use leptos::prelude::window;
use protocol::{GuildId, Snapshot, link::PollError};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use view_model::{answer, words};

/// The timeout of a request, in milliseconds.
const TIMEOUT_MS: u32 = 8_000;
/// The timeout of a proof, in milliseconds: it reads a whole journal.
const PROOF_TIMEOUT_MS: u32 = 60_000;

/// An address of a server's books.
pub fn guild_path(server: GuildId, rest: &str) -> String {
    ["/api/guilds/", &server.to_string(), "/", rest].concat()
}

/// Runs what waits for an answer. As one type for all of them: each type of a task is half a kilobyte.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    spawn_boxed(Box::pin(task));
}

fn spawn_boxed(task: Pin<Box<dyn Future<Output = ()>>>) {
    wasm_bindgen_futures::spawn_local(task);
}

/// Asks for all that the page needs, by the snapshot's address.
pub async fn snapshot(path: &str) -> Result<Box<Snapshot>, PollError> {
    let answer = send("GET", path, TIMEOUT_MS).await.map_err(|_| PollError::Unavailable)?;
    answer::snapshot(answer.status, &answer.body)
}

/// Asks for something; an `Err` is a sentence for the reader.
pub async fn text(path: &str) -> Result<String, &'static str> {
    let patience = if path.ends_with("/proof") { PROOF_TIMEOUT_MS } else { TIMEOUT_MS };
    answered(send("GET", path, patience).await)
}

/// Asks for a page of a journal; with it, the row before which the next one begins, empty where the answer names none.
pub async fn page(path: &str) -> Result<(String, String), &'static str> {
    let answer = send("GET", path, TIMEOUT_MS).await;
    let next = answer.as_ref().map(|answer| answer::older_than(&answer.link)).unwrap_or_default();
    Ok((answered(answer)?, next))
}

/// Asks for something to be done that needs no more words; an `Err` is a sentence for the reader.
pub async fn post(path: &str) -> Result<String, &'static str> {
    answered(send("POST", path, TIMEOUT_MS).await)
}

/// The parts of the answer that are read.
struct Answer {
    status: u16,
    body: String,
    link: String,
}

fn answered(answer: Result<Answer, JsValue>) -> Result<String, &'static str> {
    match answer {
        Ok(Answer { status: 200..300, body, .. }) => Ok(body),
        Ok(Answer { status, .. }) => Err(words::refusal(status)),
        Err(_) => Err(words::refusal(0)),
    }
}

async fn send(method: &str, path: &str, patience_ms: u32) -> Result<Answer, JsValue> {
    let wishes = RequestInit::new();
    wishes.set_method(method);
    wishes.set_signal(Some(&AbortSignal::timeout_with_u32(patience_ms)));
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &wishes)).await?;
    let answer: Response = answer.unchecked_into();
    let body = JsFuture::from(answer.text()?).await?.as_string().unwrap_or_default();
    let link = answer.headers().get("Link")?.unwrap_or_default();
    Ok(Answer { status: answer.status(), body, link })
}

/// Sends an action; the status and the answer.
pub async fn act(path: &str, body: &str) -> Result<(u16, String), JsValue> {
    let (wishes, headers) = (RequestInit::new(), Object::new());
    Reflect::set(&headers, &"content-type".into(), &"application/json".into())?;
    wishes.set_method("POST");
    wishes.set_headers(&headers);
    wishes.set_body(&body.into());
    wishes.set_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)));
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &wishes)).await?;
    let answer: Response = answer.unchecked_into();
    let body = JsFuture::from(answer.text()?).await?;
    Ok((answer.status(), body.as_string().unwrap_or_default()))
}
