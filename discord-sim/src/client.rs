//! The way to the edge: a signed POST, and how long its answer took.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protocol::Timestamp;

use crate::signing::{SIGNATURE_HEADER, Signer, TIMESTAMP_HEADER};

/// The time that Discord waits for the first answer to an interaction.
pub const DISCORD_WAITS: Duration = Duration::from_secs(3);

/// Posts interactions to one edge.
#[derive(Clone, Debug)]
pub struct EdgeClient {
    http: reqwest::Client,
    endpoint: String,
    signer: Signer,
}

/// The edge's answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// From the start of the request to the end of the body.
    pub took: Duration,
}

impl Answer {
    /// The body as JSON, or as a JSON string when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| String::from_utf8_lossy(&self.body).into())
    }
}

/// The edge could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not the origin of an edge.
    #[error("`{0}` is not the URL of an edge: expected something like http://127.0.0.1:8787")]
    BadUrl(String),
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    NoClient(reqwest::Error),
    /// No answer came, or not in time.
    #[error("no answer from {endpoint}: {source}")]
    NoAnswer {
        /// The URL that was posted to.
        endpoint: String,
        /// The HTTP client's reason.
        source: reqwest::Error,
    },
}

impl EdgeClient {
    /// A client of the edge at this URL (its origin, without `/interactions`).
    pub fn new(edge_url: &str, signer: Signer) -> Result<Self, ClientError> {
        let endpoint = format!("{}/interactions", edge_url.trim_end_matches('/'));
        if !reqwest::Url::parse(&endpoint).is_ok_and(|url| url.has_host() && url.scheme().starts_with("http"))
        {
            return Err(ClientError::BadUrl(edge_url.to_owned()));
        }
        let http = reqwest::Client::builder().timeout(DISCORD_WAITS).no_proxy().build();
        Ok(Self { http: http.map_err(ClientError::NoClient)?, endpoint, signer })
    }

    /// The same with another patience than Discord's [`DISCORD_WAITS`], for machines that are busy.
    pub fn waiting(self, at_most: Duration) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder().timeout(at_most).no_proxy().build();
        Ok(Self { http: http.map_err(ClientError::NoClient)?, ..self })
    }

    /// Posts an interaction, signed now.
    pub async fn post(&self, payload: &serde_json::Value) -> Result<Answer, ClientError> {
        self.post_bytes(payload.to_string().into_bytes()).await
    }

    /// Posts any bytes, signed now.
    pub async fn post_bytes(&self, body: Vec<u8>) -> Result<Answer, ClientError> {
        let timestamp = now().seconds().to_string();
        let signature = self.signer.sign(&timestamp, &body);
        self.post_with(&[(TIMESTAMP_HEADER, &timestamp), (SIGNATURE_HEADER, &signature)], body).await
    }

    /// Posts an interaction with a signature that does not hold, as Discord does now and then to see whether it is
    /// refused.
    pub async fn post_forged(&self, payload: &serde_json::Value) -> Result<Answer, ClientError> {
        let (timestamp, body) = (now().seconds().to_string(), payload.to_string().into_bytes());
        let signature = self.signer.sign(&format!("{timestamp}0"), &body);
        self.post_with(&[(TIMESTAMP_HEADER, &timestamp), (SIGNATURE_HEADER, &signature)], body).await
    }

    /// Posts any bytes with exactly these headers, for tests of what must not be believed.
    pub async fn post_with(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer, ClientError> {
        self.exchange(headers, body).await.map_err(|source| ClientError::NoAnswer {
            endpoint: self.endpoint.clone(),
            source: source.without_url(),
        })
    }

    async fn exchange(&self, headers: &[(&str, &str)], body: Vec<u8>) -> reqwest::Result<Answer> {
        let started = Instant::now();
        let mut request = self
            .http
            .post(&self.endpoint)
            .header("Content-Type", "application/json")
            .header("User-Agent", "Discord-Interactions/1.0 (+https://discord.com)")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await?.to_vec();
        Ok(Answer { status, headers, body, took: started.elapsed() })
    }
}

/// The clock on the wall.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
