//! The way to the edge: reports there, jobs back.

use std::time::Duration;

use protocol::{
    Report,
    check::{CHECK_MAX_BYTES, EdgeCheck},
    job::{ANSWERS, JOBS_MAX_BYTES, Jobs, Settlement},
    report::{NextReport, REPORT_EVERY_MS},
};
use reqwest::{Response, StatusCode, Url, header::LOCATION, redirect::Policy};

use serde::de::DeserializeOwned;

use crate::config::{self, Secret};

/// No request takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Except for this one, for which the edge asks Discord.
const PATIENCE_FOR_A_CHECK: Duration = Duration::from_secs(15);

/// A request to the edge that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The edge knows another `BOT_TOKEN`.
    #[error("the edge refuses BOT_TOKEN (401): give both the same secret")]
    Unauthorized,
    /// The edge said something else than what the protocol says.
    #[error(
        "the edge answered {0}, which is not Pulse's answer: look at its log, and whether EDGE_URL is right"
    )]
    Status(StatusCode),
    /// The edge does not know this route; it is older than this program.
    #[error("the edge does not know this route")]
    NotOffered,
    /// No answer.
    #[error("the edge cannot be reached: {0}")]
    Unreachable(String),
    /// An answer that is not what the protocol says.
    #[error("the edge's answer is not understood: {0}")]
    ParseError(String),
}

/// The edge's sign-in, as its redirect to Discord tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The application that they sign in to.
    pub application: String,
    /// The address to which Discord is to send them back.
    pub leads_back_to: String,
}

impl SignIn {
    fn of(consent: &Url) -> Option<Self> {
        let field = |name: &str| Some(consent.query_pairs().find(|(known, _)| known == name)?.1.into_owned());
        Some(Self { application: field("client_id")?, leads_back_to: field("redirect_uri")? })
    }
}

/// The edge, as this bot.
#[derive(Clone, Debug)]
pub struct Edge {
    http: reqwest::Client,
    url: String,
    token: Secret,
}

impl Edge {
    /// A client of the edge of these settings.
    pub fn new(settings: &config::Edge) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).build()?;
        Ok(Self { http, url: settings.url.clone(), token: settings.token.clone() })
    }

    /// Sends one report; gives when the next one is wanted. An edge that does not say wants it as ever, and to be asked for
    /// jobs.
    pub async fn report(&self, report: &Report) -> Result<NextReport, EdgeError> {
        let request = self.http.post(format!("{}/api/report", self.url)).json(report);
        let answer = self.ask(request, StatusCode::NO_CONTENT).await?;
        let said = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        Ok(NextReport {
            in_ms: said(NextReport::IN_MS_HEADER).and_then(|ms| ms.parse().ok()).unwrap_or(REPORT_EVERY_MS),
            jobs_due: said(NextReport::JOBS_DUE_HEADER).is_none_or(|due| due == "yes"),
        })
    }

    /// Fetches the jobs that are due, and the text below the bot's name.
    pub async fn jobs(&self) -> Result<Jobs, EdgeError> {
        let request = self.http.get(format!("{}/api/jobs?takes={ANSWERS}", self.url));
        read(self.ask(request, StatusCode::OK).await?, JOBS_MAX_BYTES).await
    }

    /// Asks the edge what it tells of itself, and whether this is its public key.
    pub async fn check(&self, public_key: Option<&str>) -> Result<EdgeCheck, EdgeError> {
        let mut url = format!("{}/api/check", self.url);
        if let Some(key) = public_key {
            url.push_str("?publicKey=");
            url.extend(key.chars().filter(char::is_ascii_hexdigit));
        }
        let request = self.http.get(url).timeout(PATIENCE_FOR_A_CHECK);
        read(self.ask(request, StatusCode::OK).await?, CHECK_MAX_BYTES).await
    }

    /// This job is over.
    pub async fn settle(&self, job: &str, settlement: &Settlement) -> Result<(), EdgeError> {
        let request = self.http.post(format!("{}/api/jobs/{job}", self.url)).json(settlement);
        self.ask(request, StatusCode::NO_CONTENT).await.map(drop)
    }

    /// Asks whether the edge knows our `BOT_TOKEN`: it looks at the token before it refuses an empty report.
    pub async fn knows_us(&self) -> Result<(), EdgeError> {
        let request = self.http.post(format!("{}/api/report", self.url)).json(&serde_json::json!({}));
        self.ask(request, StatusCode::BAD_REQUEST).await.map(drop)
    }

    /// Sends a request that nobody signed to `/interactions`; gives the status of the answer.
    pub async fn forged(&self) -> Result<StatusCode, EdgeError> {
        let request = self
            .http
            .post(format!("{}/interactions", self.url))
            .header("X-Signature-Ed25519", "00".repeat(64))
            .header("X-Signature-Timestamp", "0")
            .body(r#"{"type":1}"#);
        let answer = request.send().await.map_err(|error| unreachable_edge(&error.without_url()))?;
        Ok(answer.status())
    }

    /// The edge's sign-in; `None` when nobody can sign in there.
    pub async fn sign_in(&self) -> Result<Option<SignIn>, EdgeError> {
        let answer = self.http.get(format!("{}/login", self.url)).send().await;
        let answer = answer.map_err(|error| unreachable_edge(&error.without_url()))?;
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let consent = location.and_then(|location| Url::parse(location).ok());
        Ok(consent.and_then(|consent| SignIn::of(&consent)))
    }

    async fn ask(
        &self,
        request: reqwest::RequestBuilder,
        expected: StatusCode,
    ) -> Result<Response, EdgeError> {
        let answer = request.bearer_auth(self.token.reveal()).send().await;
        let answer = answer.map_err(|error| unreachable_edge(&error.without_url()))?;
        match answer.status() {
            status if status == expected => Ok(answer),
            StatusCode::UNAUTHORIZED => Err(EdgeError::Unauthorized),
            StatusCode::NOT_FOUND => Err(EdgeError::NotOffered),
            status => Err(EdgeError::Status(status)),
        }
    }
}

/// Reads an answer of at most so many bytes.
async fn read<T: DeserializeOwned>(mut answer: Response, max_bytes: usize) -> Result<T, EdgeError> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| unreachable_edge(&error))? {
        body.extend_from_slice(&part);
        if body.len() > max_bytes {
            return Err(EdgeError::ParseError(format!("over {max_bytes} bytes")));
        }
    }
    serde_json::from_slice(&body).map_err(|error| EdgeError::ParseError(error.to_string()))
}

/// The last cause says it best: "Connection refused".
fn unreachable_edge(error: &reqwest::Error) -> EdgeError {
    if error.is_timeout() {
        return EdgeError::Unreachable(format!("no answer within {} s", PATIENCE.as_secs()));
    }
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    EdgeError::Unreachable(causes.last().map(ToString::to_string).unwrap_or_default())
}
