//! The way to the edge: one report at a time.

use std::time::Duration;

use protocol::Report;
use reqwest::StatusCode;

use crate::config::{Secret, Settings};

/// No report takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A report that did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The edge knows another `BOT_TOKEN`.
    #[error("the edge refuses BOT_TOKEN (401): give both the same secret")]
    Unauthorized,
    /// The edge said something else than 2xx.
    #[error("the edge answered {0} to the report")]
    Status(StatusCode),
    /// No answer.
    #[error("the edge cannot be reached: {0}")]
    Unreachable(String),
}

/// Sends reports.
#[derive(Debug)]
pub struct Reporter {
    http: reqwest::Client,
    endpoint: String,
    token: Secret,
}

impl Reporter {
    /// A reporter to the edge of these settings.
    pub fn new(settings: &Settings) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
        let endpoint = format!("{}/api/report", settings.edge_url);
        Ok(Self { http, endpoint, token: settings.bot_token.clone() })
    }

    /// Sends one report.
    pub async fn send(&self, report: &Report) -> Result<(), ReportError> {
        let request = self.http.post(&self.endpoint).bearer_auth(self.token.reveal()).json(report);
        let response = request.send().await.map_err(|error| unreachable_edge(&error.without_url()))?;
        match response.status() {
            StatusCode::UNAUTHORIZED => Err(ReportError::Unauthorized),
            status if status.is_success() => Ok(()),
            status => Err(ReportError::Status(status)),
        }
    }
}

/// The last cause says it best: "Connection refused".
fn unreachable_edge(error: &reqwest::Error) -> ReportError {
    if error.is_timeout() {
        return ReportError::Unreachable(format!("no answer within {} s", PATIENCE.as_secs()));
    }
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    ReportError::Unreachable(causes.last().map(ToString::to_string).unwrap_or_default())
}
