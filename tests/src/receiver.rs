//! Somebody's server that takes webhooks: a channel's on Discord, or one that checks signatures. It answers as a test says.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode, Uri},
    response::IntoResponse,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// How an address that Discord gives begins.
const CHANNEL: &str = "/api/webhooks/";
/// The token of the channel's address.
pub const TOKEN: &str = "a-token-of-a-channel";

/// A request that came.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub path: String,
    /// Its headers, by names in small letters.
    pub headers: HashMap<String, String>,
    /// Its body.
    pub body: String,
}

/// How a request is answered, once.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With this status, one header and this body.
    Status(u16, Option<(&'static str, String)>, String),
    /// Never.
    Silence,
    /// With a byte a second.
    Drip,
    /// With ten megabytes.
    Flood,
}

impl Answer {
    /// A status alone.
    pub fn status(status: u16) -> Self {
        Self::Status(status, None, String::new())
    }
}

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Vec<Heard>>,
    answers: Mutex<VecDeque<Answer>>,
    messages: Mutex<BTreeMap<u64, Value>>,
}

/// The receiver. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Receiver {
    /// One that takes everything.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { url, shared, task })
    }

    /// The address of the channel's webhook.
    pub fn channel(&self) -> String {
        format!("{}{CHANNEL}123/{TOKEN}", self.url)
    }

    /// The next requests are answered so, one after the other.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.shared.answers).extend(answers);
    }

    /// The requests that came, oldest first.
    pub fn heard(&self) -> Vec<Heard> {
        lock(&self.shared.heard).clone()
    }

    /// The embeds of the messages that stand in the channel, oldest first.
    pub fn messages(&self) -> Vec<Value> {
        lock(&self.shared.messages).values().map(|message| message["embeds"][0].clone()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let text = String::from_utf8_lossy(&body).into_owned();
    let named = headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let heard = Heard { method: method.clone(), path, headers: named.collect(), body: text.clone() };
    lock(&shared.heard).push(heard);
    let next = lock(&shared.answers).pop_front();
    match next {
        None if uri.path().starts_with(CHANNEL) => as_discord(&shared, &method, &uri, &text),
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Answer::Status(status, header, body)) => {
            let mut response = Response::builder().status(status);
            if let Some((name, value)) = header {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap_or_default()
        }
        Some(Answer::Silence) => std::future::pending().await,
        Some(Answer::Drip) => {
            let drops = stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some((Ok::<_, std::io::Error>("x"), ()))
            });
            Body::from_stream(drops).into_response()
        }
        Some(Answer::Flood) => vec![b'x'; 10 * 1024 * 1024].into_response(),
    }
}

/// A channel's webhook: a message is made, or edited.
fn as_discord(shared: &Shared, method: &Method, uri: &Uri, text: &str) -> Response<Body> {
    let mut messages = lock(&shared.messages);
    let Ok(contents) = serde_json::from_str::<Value>(text) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let edited = uri.path().rsplit_once("/messages/").and_then(|(_, id)| id.parse::<u64>().ok());
    let id = match (method, edited) {
        (&Method::POST, None) if uri.query().is_some_and(|query| query.contains("wait=true")) => {
            messages.len() as u64 + 1_000
        }
        (&Method::PATCH, Some(id)) if messages.contains_key(&id) => id,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    messages.insert(id, contents);
    let answer = json!({ "id": id.to_string() }).to_string();
    ([("Content-Type", "application/json")], answer).into_response()
}
