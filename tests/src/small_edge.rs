//! The edge's routes for the bot-worker and nothing else, for what a real edge would never do: answer nonsense, be
//! away, hand out a job twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use protocol::{
    Report,
    job::{Job, Jobs, Settlement},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::edge::{BOT_TOKEN, PATIENCE};

/// Everything that has arrived.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Reports that were taken, in their order.
    pub reports: Vec<Report>,
    /// Requests that were answered wrongly.
    pub spoilt: usize,
    /// Jobs that were settled, in their order, doubles included.
    pub settled: Vec<(String, Settlement)>,
    /// Settlements that were answered wrongly.
    pub settled_in_vain: usize,
}

/// How it answers.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// To reports: this status and body in place of 204; status 0 is no answer at all.
    pub to_reports: Option<(u16, &'static str)>,
    /// To settlements: this status in place of 204.
    pub to_settlements: Option<u16>,
    /// Jobs that are not settled.
    pub jobs: Vec<Job>,
    /// What the bot is to show.
    pub presence: Option<String>,
}

/// A small edge. It ends when it is dropped.
#[derive(Debug)]
pub struct SmallEdge {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    shared: Arc<Shared>,
    heard: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    manner: Mutex<Manner>,
    heard: watch::Sender<Heard>,
}

impl SmallEdge {
    /// One that behaves.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (sender, heard) = watch::channel(Heard::default());
        let shared = Arc::new(Shared { manner: Mutex::default(), heard: sender });
        let router = Router::new()
            .route("/api/report", post(report))
            .route("/api/jobs", get(jobs))
            .route("/api/jobs/{id}", post(settle))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { url, shared, heard, task })
    }

    /// It behaves like this from now on.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner() = manner;
    }

    /// Waits until what has arrived is like this; gives it.
    pub async fn until(&self, condition: impl Fn(&Heard) -> bool) -> Result<Heard> {
        let mut heard = self.heard.clone();
        let waited = tokio::time::timeout(PATIENCE * 4, heard.wait_for(|heard| condition(heard))).await;
        let Ok(found) = waited else {
            let heard = self.heard.borrow();
            let (last, reports) = (heard.reports.last(), heard.reports.len());
            anyhow::bail!("not in time; {reports} reports, {:?}, the last {last:?}", heard.settled);
        };
        Ok(found.context("the small edge ended")?.clone())
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

impl Drop for SmallEdge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn manner(&self) -> MutexGuard<'_, Manner> {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_the_bot(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|given| given == &format!("Bearer {BOT_TOKEN}"))
}

async fn report(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(report): Json<Report>,
) -> Response {
    if !is_the_bot(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let manner = shared.manner().to_reports;
    let Some((status, body)) = manner else {
        shared.heard.send_modify(|heard| heard.reports.push(report));
        return StatusCode::NO_CONTENT.into_response();
    };
    shared.heard.send_modify(|heard| heard.spoilt += 1);
    if status == 0 {
        return std::future::pending().await;
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "text/html")], body).into_response()
}

async fn jobs(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if !is_the_bot(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let manner = shared.manner().clone();
    Json(Jobs { jobs: manner.jobs, presence: manner.presence }).into_response()
}

async fn settle(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Json(settlement): Json<Settlement>,
) -> StatusCode {
    let mut manner = shared.manner();
    if let Some(status) = manner.to_settlements {
        shared.heard.send_modify(|heard| heard.settled_in_vain += 1);
        return StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    manner.jobs.retain(|job| job.id != id);
    shared.heard.send_modify(|heard| heard.settled.push((id, settlement)));
    StatusCode::NO_CONTENT
}
