//! The bot-worker's way to the real edge, on which answers are overheard, and replaced when a test says so: an edge
//! answers nonsense only when something between is broken.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use protocol::{
    Report, Timestamp,
    check::EdgeCheck,
    job::Settlement,
    report::{NextReport, REPORT_AT_REST_EVERY_MS},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::edge::{Edge, PATIENCE, http};

/// Everything that has come by.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Reports that the edge has taken, in their order.
    pub reports: Vec<Report>,
    /// Jobs that the edge was told are over, in their order, doubles included.
    pub settled: Vec<(String, Settlement)>,
    /// Requests that never got through to the edge.
    pub spoilt: usize,
    /// The number of times that the edge was asked for jobs.
    pub pulls: usize,
}

/// A fault of the requests of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Spoiler {
    /// The beginning of their path.
    pub path: &'static str,
    /// The method that they have.
    pub method: &'static str,
    /// They are answered with this status and page, and the edge never hears of them; status 0 is no answer at all.
    pub answer: (u16, &'static str),
}

/// A way to one edge. It ends when it is dropped.
#[derive(Debug)]
pub struct Relay {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    shared: Arc<Shared>,
    heard: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    edge_url: String,
    http: reqwest::Client,
    spoiler: Mutex<Option<Spoiler>>,
    clock_ahead_ms: AtomicI64,
    at_rest: AtomicBool,
    heard: watch::Sender<Heard>,
}

impl Relay {
    /// One on which nothing is lost.
    pub async fn start(edge: &Edge) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sender, heard) = watch::channel(Heard::default());
        let shared = Arc::new(Shared {
            edge_url: edge.url.clone(),
            http: http(),
            spoiler: Mutex::default(),
            clock_ahead_ms: AtomicI64::new(0),
            at_rest: AtomicBool::new(false),
            heard: sender,
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { url, shared, heard, task })
    }

    /// From now on this happens; `None`: nothing does.
    pub fn spoil(&self, spoiler: Option<Spoiler>) {
        *self.shared.spoiler() = spoiler;
    }

    /// From now on both sides are told the times that they would hear if the worker's clock were so far ahead of the edge's.
    pub fn set_clock_ahead(&self, ms: i64) {
        self.shared.clock_ahead_ms.store(ms, Ordering::Relaxed);
    }

    /// From now on the worker hears that nobody has watched or played for long, as from an edge of which that is so.
    pub fn set_at_rest(&self, at_rest: bool) {
        self.shared.at_rest.store(at_rest, Ordering::Relaxed);
    }

    /// Waits until what has come by is like this; gives it.
    pub async fn until(&self, condition: impl Fn(&Heard) -> bool) -> Result<Heard> {
        let mut heard = self.heard.clone();
        let waited = tokio::time::timeout(PATIENCE * 4, heard.wait_for(|heard| condition(heard))).await;
        let Ok(found) = waited else {
            let heard = self.heard.borrow();
            let (last, reports) = (heard.reports.last(), heard.reports.len());
            anyhow::bail!("not in time; {reports} reports, {:?}, the last {last:?}", heard.settled);
        };
        Ok(found.context("the relay ended")?.clone())
    }

    /// Waits for a report like this; gives it.
    pub async fn report(&self, condition: impl Fn(&Report) -> bool) -> Result<Report> {
        let heard = self.until(|heard| heard.reports.iter().any(&condition)).await?;
        heard.reports.into_iter().find(|report| condition(report)).context("it was there")
    }

    /// Waits for a report like this that has yet to come.
    pub async fn next_report(&self, condition: impl Fn(&Report) -> bool) -> Result<Report> {
        let so_far = self.heard.borrow().reports.len();
        let later =
            |heard: &Heard| heard.reports.iter().skip(so_far).find(|report| condition(report)).cloned();
        later(&self.until(|heard| later(heard).is_some()).await?).context("it was there")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn spoiler(&self) -> MutexGuard<'_, Option<Spoiler>> {
        self.spoiler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body that the edge gets in place of this: a report whose times are as far ahead as the worker's clock.
    fn told(&self, path: &str, body: Bytes) -> Bytes {
        let ahead = self.clock_ahead_ms.load(Ordering::Relaxed);
        let Ok(mut report) = serde_json::from_slice::<Report>(&body) else { return body };
        if path != "/api/report" || ahead == 0 {
            return body;
        }
        let off = |at: Timestamp| Timestamp(at.0.saturating_add_signed(ahead));
        (report.at, report.started_at) = (off(report.at), off(report.started_at));
        report.missed.iter_mut().for_each(|missed| missed.at = off(missed.at));
        serde_json::to_vec(&report).map_or(body, Bytes::from)
    }

    /// The body that the worker gets in place of this: a check whose time is as far behind.
    fn answered(&self, path: &str, body: Bytes) -> Bytes {
        let ahead = self.clock_ahead_ms.load(Ordering::Relaxed);
        if path != "/api/check" || ahead == 0 {
            return body;
        }
        let Ok(mut check) = serde_json::from_slice::<EdgeCheck>(&body) else { return body };
        check.now = Timestamp(check.now.0.saturating_add_signed(-ahead));
        serde_json::to_vec(&check).map_or(body, Bytes::from)
    }

    /// Notes a report or a settlement that the edge has taken.
    fn note(&self, path: &str, body: &[u8]) {
        if path == "/api/report"
            && let Ok(report) = serde_json::from_slice(body)
        {
            self.heard.send_modify(|heard| heard.reports.push(report));
        }
        if let Some(job) = path.strip_prefix("/api/jobs/")
            && let Ok(settlement) = serde_json::from_slice(body)
        {
            self.heard.send_modify(|heard| heard.settled.push((job.to_owned(), settlement)));
        }
    }

    async fn forward(&self, method: Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Result<Response> {
        let mut request = self.http.request(method, format!("{}{uri}", self.edge_url));
        for name in ["authorization", "content-type", "x-signature-ed25519", "x-signature-timestamp"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.body(self.told(uri.path(), body.clone())).send().await?;
        let status = answer.status();
        if status == StatusCode::NO_CONTENT {
            self.note(uri.path(), &body);
        }
        if uri.path() == "/api/jobs" {
            self.heard.send_modify(|heard| heard.pulls += 1);
        }
        let mut said = HeaderMap::new();
        for name in [NextReport::IN_MS_HEADER, NextReport::JOBS_DUE_HEADER] {
            said.extend(
                answer.headers().get(name).map(|value| (HeaderName::from_static(name), value.clone())),
            );
        }
        if uri.path() == "/api/report" && self.at_rest.load(Ordering::Relaxed) {
            said.insert(NextReport::IN_MS_HEADER, HeaderValue::from(REPORT_AT_REST_EVERY_MS));
        }
        let answer = answer.bytes().await?;
        Ok((status, said, Body::from(self.answered(uri.path(), answer))).into_response())
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let spoiler = *shared.spoiler();
    let Some(Spoiler { answer: (status, page), .. }) =
        spoiler.filter(|each| method == each.method && uri.path().starts_with(each.path))
    else {
        let answer = shared.forward(method, &uri, &headers, body).await;
        return answer.unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response());
    };
    shared.heard.send_modify(|heard| heard.spoilt += 1);
    if status == 0 {
        return std::future::pending().await;
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}
