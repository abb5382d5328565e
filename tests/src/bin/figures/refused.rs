//! The cost of a request that is refused: the wait of its sender, and the time that the serving process computes, beside a
//! command that is answered. `tests/tests/door.rs` says how many objects each of them asks.

use std::time::Instant;

use anyhow::{Result, ensure};
use discord_sim::{EdgeClient, client};
use reqwest::{Method, RequestBuilder};
use tests::{
    Served, Subject,
    edge::{http, signer},
    people::{balance, daily, guild, player},
};

use crate::{Scale, row::Table};

/// Requests in one round.
const BATCH: usize = 200;

/// A kind of request: how it is told, and the status that it gets.
struct Kind {
    what: &'static str,
    status: u16,
    method: Method,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
}

impl Kind {
    fn new(what: &'static str, status: u16, method: Method, path: &'static str) -> Self {
        Self { what, status, method, path, headers: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn request(&self, client: &reqwest::Client, served: &Served) -> RequestBuilder {
        let request = client.request(self.method.clone(), format!("{}{}", served.url, self.path)).body("{}");
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }
}

/// A request that a stranger may try.
fn kinds(now: &str) -> Vec<Kind> {
    let forged = signer().sign(now, b"another body");
    let cookie = format!("__Host-pulse={}.{}", "0a".repeat(32), "0b".repeat(32));
    let interaction =
        |what| Kind::new(what, 401, Method::POST, "/interactions").with("X-Signature-Ed25519", &*forged);
    vec![
        Kind::new("an interaction without a signature", 401, Method::POST, "/interactions"),
        interaction("an interaction signed long ago").with("X-Signature-Timestamp", "1700000000"),
        interaction("an interaction with a forged signature").with("X-Signature-Timestamp", now),
        Kind::new("numbers with nothing shown", 401, Method::GET, "/api/snapshot"),
        Kind::new("numbers with a guessed token", 401, Method::GET, "/api/snapshot")
            .with("Authorization", "Bearer a-guess"),
        Kind::new("numbers with an invented session", 401, Method::GET, "/api/snapshot")
            .with("Cookie", &*cookie),
        Kind::new("the page with an invented session", 200, Method::GET, "/").with("Cookie", &*cookie),
        Kind::new("signing everybody out from elsewhere", 403, Method::POST, "/logout/everywhere")
            .with("Origin", "https://evil.example")
            .with("Cookie", cookie),
        Kind::new("a report with a guessed token", 401, Method::POST, "/api/report")
            .with("Authorization", "Bearer a-guess"),
        Kind::new("an address that is none", 404, Method::GET, "/no/such/place"),
    ]
}

pub async fn measure(scale: Scale) -> Result<Table> {
    let edge = Subject::Pulse.start()?;
    let (discord, home, ann) = (edge.discord()?, guild(), player("Ann"));
    discord.post(&daily(&home, &ann)).await?;
    let (mut table, client) = (Table::default(), http());
    for round in 0..scale.pick(15, 1) {
        let batch = scale.pick(BATCH, 5);
        let kinds = kinds(&client::now().seconds().to_string());
        for kind in &kinds {
            let ask = async || {
                let status = kind.request(&client, &edge).send().await?.status().as_u16();
                ensure!(status == kind.status, "{}: {status}", kind.what);
                Ok(())
            };
            add(&mut table, &edge, kind.what, batch, ask, round > 0 || scale == Scale::Smoke).await?;
        }
        let answered = async || command(&discord, balance(&home, &ann)).await;
        let what = "for comparison, a command that is answered";
        add(&mut table, &edge, what, batch, answered, round > 0 || scale == Scale::Smoke).await?;
    }
    Ok(table)
}

async fn command(discord: &EdgeClient, body: serde_json::Value) -> Result<()> {
    let status = discord.post(&body).await?.status;
    ensure!(status == 200, "a command: {status}");
    Ok(())
}

/// One round of one kind, one after the other. The first warms up, and is not counted.
async fn add(
    table: &mut Table,
    edge: &Served,
    what: &str,
    batch: usize,
    ask: impl AsyncFn() -> Result<()>,
    counts: bool,
) -> Result<()> {
    let (computed, began) = (edge.processor_seconds()?, Instant::now());
    for _ in 0..batch {
        ask().await?;
    }
    let each = |seconds: f64| seconds * 1e6 / batch as f64;
    if counts {
        table.add(&format!("{what}, waited"), "µs", Subject::Pulse, each(began.elapsed().as_secs_f64()));
        let computed = edge.processor_seconds()? - computed;
        table.add(&format!("{what}, computed"), "µs", Subject::Pulse, each(computed));
    }
    Ok(())
}
