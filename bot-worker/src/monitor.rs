//! `/healthz` and `/metrics`, for whoever watches this process. Off unless a port is given.

use std::{
    fmt::Write as _,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use protocol::{Report, job::Settlement, report::ACTIVE};
use tokio::net::TcpListener;

/// So long after a report should have arrived, the process is not healthy: the page says "offline" then, too.
const LATE_BY: Duration = Duration::from_secs(10);

/// The worker's health, as `/healthz` and `/metrics` tell it.
#[derive(Clone, Debug, Default)]
pub struct Monitor(Arc<Mutex<Vitals>>);

#[derive(Debug, Default)]
struct Vitals {
    /// The moment by which the next report has to arrive.
    valid_until: Option<Instant>,
    reports: u64,
    failures: u64,
    jobs_done: u64,
    jobs_dropped: u64,
    last: Option<Report>,
}

impl Monitor {
    /// A report was made, and arrived or not.
    pub fn report(&self, report: &Report, arrived: bool) {
        self.measured(report);
        let mut vitals = self.vitals();
        if arrived {
            vitals.valid_until = Some(Instant::now() + Duration::from_millis(report.next_in_ms) + LATE_BY);
            vitals.reports += 1;
        } else {
            vitals.failures += 1;
        }
    }

    /// A report was made, and is not wanted yet.
    pub fn measured(&self, report: &Report) {
        self.vitals().last = Some(report.clone());
    }

    /// A job is over.
    pub fn job(&self, settlement: &Settlement) {
        let mut vitals = self.vitals();
        match settlement {
            Settlement::Done => vitals.jobs_done += 1,
            Settlement::Dropped { .. } => vitals.jobs_dropped += 1,
        }
    }

    /// Listens there; gives what serves until it is dropped.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<impl Future<Output = ()> + use<>> {
        let listener = TcpListener::bind(address).await?;
        let router = Router::new()
            .route("/healthz", get(healthz))
            .route("/metrics", get(metrics))
            .with_state(self.clone());
        Ok(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!("/healthz and /metrics are served no longer: {error}");
            }
        })
    }

    fn vitals(&self) -> MutexGuard<'_, Vitals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn healthz(State(monitor): State<Monitor>) -> (StatusCode, &'static str) {
    let valid_until = monitor.vitals().valid_until;
    if valid_until.is_some_and(|until| Instant::now() < until) {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "no report has arrived at the edge when it should have\n")
    }
}

async fn metrics(State(monitor): State<Monitor>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], monitor.vitals().exposition())
}

impl Vitals {
    /// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
    fn exposition(&self) -> String {
        let mut text = String::new();
        let mut counter = |name: &str, help: &str, value: u64| {
            // Writing to a string cannot fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
        };
        counter("pulse_bot_reports_total", "Reports that arrived at the edge.", self.reports);
        counter("pulse_bot_report_failures_total", "Reports that did not arrive.", self.failures);
        counter("pulse_bot_jobs_done_total", "Jobs that were done.", self.jobs_done);
        counter("pulse_bot_jobs_dropped_total", "Jobs that were dropped.", self.jobs_dropped);
        if let Some(report) = &self.last {
            gauges(&mut text, report);
        }
        text
    }
}

/// Writes the gauges of a report. A value that is not known has no line.
fn gauges(text: &mut String, report: &Report) {
    let mut gauge = |name: &str, help: &str, lines: &[(String, String)]| {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        for (labels, value) in lines {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    };
    let plain = |value: String| vec![(String::new(), value)];
    gauge("pulse_bot_guilds", "Servers the bot is in.", &plain(report.guilds.count.to_string()));
    gauge("pulse_bot_members", "Their members together.", &plain(report.guilds.members.to_string()));
    let rest: Vec<_> = report.rest_ms.into_iter().map(|ms| (String::new(), ms.to_string())).collect();
    gauge("pulse_bot_rest_milliseconds", "Round trip of a request to Discord.", &rest);
    let label = |id: u32| format!("{{shard=\"{id}\"}}");
    let up: Vec<_> = report
        .shards
        .iter()
        .map(|shard| (label(shard.id), u8::from(shard.state == ACTIVE).to_string()))
        .collect();
    gauge("pulse_bot_shard_up", "Whether a gateway connection is active.", &up);
    let latency: Vec<_> = report
        .shards
        .iter()
        .filter_map(|shard| Some((label(shard.id), shard.latency_ms?.to_string())))
        .collect();
    gauge("pulse_bot_heartbeat_milliseconds", "Round trip of a shard's heartbeat.", &latency);
}
