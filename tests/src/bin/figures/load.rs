//! Commands as Discord would send them, signed before the clock runs, and how long their answers took.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use discord_sim::{
    EdgeClient, Guild, Player, Signer,
    client::now,
    signing::{SIGNATURE_HEADER, TIMESTAMP_HEADER},
};
use tests::{
    edge::{http, signer},
    people,
};
use tokio::task::JoinSet;

/// Servers that a load is spread over.
const GUILDS: usize = 8;
/// An interaction with its signature, which the edge takes for five minutes.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Stands in its actor's name, and so in its event.
    pub number: u64,
    pub body: Vec<u8>,
    pub signature: Signature,
}

/// The two headers of a signature that was made at a moment.
#[derive(Clone, Debug)]
pub struct Signature {
    timestamp: String,
    hex: String,
}

impl Signature {
    /// Signs now: the edge takes nothing that is older than five minutes.
    pub fn now(signer: &Signer, body: &[u8]) -> Self {
        let timestamp = now().seconds().to_string();
        Self { hex: signer.sign(&timestamp, body), timestamp }
    }

    pub fn headers(&self) -> [(&str, &str); 2] {
        [(TIMESTAMP_HEADER, &self.timestamp), (SIGNATURE_HEADER, &self.hex)]
    }
}

/// The players of a load, in servers that nobody else has played in.
pub struct Players {
    guilds: Vec<Guild>,
    signer: Signer,
    last: Vec<(usize, Player)>,
}

impl Players {
    /// Players in servers that nobody has played in.
    pub fn new() -> Self {
        Self { guilds: (0..GUILDS).map(|_| people::guild()).collect(), signer: signer(), last: Vec::new() }
    }

    /// `/daily` of so many new players.
    pub fn dailies(&mut self, count: usize) -> Vec<Signed> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        self.last.clear();
        let mut signed = Vec::with_capacity(count);
        for turn in 0..count {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let (guild, player) = (turn % self.guilds.len(), people::player(&marker(number)));
            signed.push(self.sign(number, &people::daily(&self.guilds[guild], &player)));
            self.last.push((guild, player));
        }
        signed
    }

    /// `/pay` by each of the last new players to the next of the same server.
    pub fn payments(&self) -> Vec<Signed> {
        let to = self.last.iter().cycle().skip(self.guilds.len());
        let paid = self.last.iter().zip(to);
        paid.map(|((guild, from), (_, to))| self.sign(0, &people::pay(&self.guilds[*guild], from, to, 1)))
            .collect()
    }

    fn sign(&self, number: u64, body: &serde_json::Value) -> Signed {
        let body = body.to_string().into_bytes();
        Signed { number, signature: Signature::now(&self.signer, &body), body }
    }
}

/// A player's name by which an event's command is known again.
fn marker(number: u64) -> String {
    format!("Load{number:010}")
}

/// Posts one; gives the milliseconds until its answer was there.
pub async fn post(client: &EdgeClient, signed: Signed) -> Result<f64> {
    let answer = client.post_with(&signed.signature.headers(), signed.body).await?;
    ensure!(answer.status == 200, "answered {}: {}", answer.status, answer.json());
    Ok(milliseconds(answer.took))
}

/// The times of a load.
pub struct Took {
    /// Each answer's, in milliseconds, sorted.
    pub each: Vec<f64>,
    /// From the first request to the last answer.
    pub seconds: f64,
}

impl Took {
    /// Answers a second.
    pub fn per_second(&self) -> f64 {
        self.each.len() as f64 / self.seconds
    }

    /// A percentile in milliseconds, from 0 to 1.
    pub fn percentile(&self, part: f64) -> f64 {
        percentile(&self.each, part)
    }
}

/// Posts all of them, so many at a time.
pub async fn post_all(client: &EdgeClient, signed: Vec<Signed>, at_once: usize) -> Result<Took> {
    let (signed, next) = (Arc::new(signed), Arc::new(AtomicUsize::new(0)));
    let mut places = JoinSet::new();
    let began = Instant::now();
    for _ in 0..at_once {
        let (client, signed, next) = (client.clone(), Arc::clone(&signed), Arc::clone(&next));
        places.spawn(async move {
            let mut took = Vec::new();
            while let Some(one) = signed.get(next.fetch_add(1, Ordering::Relaxed)) {
                took.push(post(&client, one.clone()).await?);
            }
            anyhow::Ok(took)
        });
    }
    let mut each = Vec::new();
    while let Some(took) = places.join_next().await {
        each.extend(took??);
    }
    let seconds = began.elapsed().as_secs_f64();
    each.sort_by(f64::total_cmp);
    Ok(Took { each, seconds })
}

/// Posts to a route that wants no signature, one at a time.
pub async fn post_plain(url: &str, count: usize) -> Result<Took> {
    let body = people::daily(&people::guild(), &people::player("Nobody")).to_string();
    let http = http();
    let mut each = Vec::new();
    let began = Instant::now();
    for _ in 0..count {
        let sent = Instant::now();
        let response = http.post(url).body(body.clone()).send().await?.error_for_status()?;
        response.bytes().await?;
        each.push(milliseconds(sent.elapsed()));
    }
    each.sort_by(f64::total_cmp);
    Ok(Took { each, seconds: began.elapsed().as_secs_f64() })
}

/// A percentile of sorted values, from 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into what is in memory"
)]
pub fn percentile(sorted: &[f64], part: f64) -> f64 {
    let index = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

/// A time as a figure.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
