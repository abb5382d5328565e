//! A stranger with sixteen connections, on each route in turn: no object is asked, and whoever plays and whoever watches goes
//! on. A second a route; a minute with `--slow`, and then how long each has waited is told beside a quiet minute.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use discord_sim::Guild;
use tests::{
    Edge, Viewer,
    edge::{http, signer},
    people::{daily, guild, player},
};
use tokio::task::JoinHandle;

const CONNECTIONS: usize = 16;
/// The address that all of the stranger's requests come from.
const ADDRESS: (&str, &str) = ("CF-Connecting-IP", "198.51.100.7");

/// A kind of request of the stranger's: its name, method, path and headers.
type Knock = (&'static str, &'static str, &'static str, Vec<(&'static str, String)>);

fn knocks() -> Vec<Knock> {
    let cookie = ("Cookie", format!("pulse={}.{}", "0a".repeat(32), "0b".repeat(32)));
    let guess = ("Authorization", "Bearer a-guess".to_owned());
    let now = discord_sim::client::now().seconds().to_string();
    let forged = ("X-Signature-Ed25519", signer().sign(&now, b"another body"));
    let upgrade = [("Upgrade", "websocket".to_owned()), ("Connection", "Upgrade".to_owned())];
    let origin = ("Origin", "https://evil.example".to_owned());
    vec![
        ("an unsigned interaction", "POST", "/interactions", vec![]),
        ("a forged interaction", "POST", "/interactions", vec![forged, ("X-Signature-Timestamp", now)]),
        ("the page with an invented session", "GET", "/", vec![cookie.clone()]),
        ("numbers with an invented session", "GET", "/api/snapshot", vec![cookie.clone()]),
        (
            "a socket with an invented session",
            "GET",
            "/ws",
            [upgrade.to_vec(), vec![cookie.clone()]].concat(),
        ),
        ("a proof with a guessed token", "GET", "/api/guilds/810000000000000001/proof", vec![guess.clone()]),
        ("a report with a guessed token", "POST", "/api/report", vec![guess]),
        ("signing everybody out", "POST", "/logout/everywhere", vec![origin, cookie]),
        ("finishing a sign-in", "GET", "/login/callback?code=1&state=1", vec![]),
        ("an address that is none", "GET", "/no/such/place", vec![]),
        ("health", "GET", "/healthz", vec![]),
    ]
}

/// Knocks on sixteen connections until it is told to stop; gives how often each status came.
fn begin(edge: &Edge, knock: &Knock, over: &Arc<AtomicBool>) -> Vec<JoinHandle<Result<BTreeMap<u16, u64>>>> {
    let (_, method, path, headers) = knock.clone();
    let url = format!("{}{path}", edge.url);
    let one = || {
        let (client, url, headers, over) = (http(), url.clone(), headers.clone(), Arc::clone(over));
        tokio::spawn(async move {
            let mut statuses = BTreeMap::new();
            while !over.load(Ordering::Relaxed) {
                let request = client.request(method.parse()?, &url).header(ADDRESS.0, ADDRESS.1).body("{}");
                let request =
                    headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
                *statuses.entry(request.send().await?.status().as_u16()).or_default() += 1;
            }
            Ok(statuses)
        })
    };
    (0..CONNECTIONS).map(|_| one()).collect()
}

async fn end(
    over: &AtomicBool,
    strangers: Vec<JoinHandle<Result<BTreeMap<u16, u64>>>>,
) -> Result<BTreeMap<u16, u64>> {
    over.store(true, Ordering::Relaxed);
    let mut all = BTreeMap::new();
    for stranger in strangers {
        for (status, count) in stranger.await?? {
            *all.entry(status).or_default() += count;
        }
    }
    Ok(all)
}

/// How long players have waited for their claims, and the administrator for the events of them, in milliseconds.
#[derive(Default)]
struct Waits {
    answered: Vec<f64>,
    seen: Vec<f64>,
}

impl Waits {
    fn p99(waits: &mut [f64]) -> f64 {
        waits.sort_unstable_by(f64::total_cmp);
        waits.get(waits.len().saturating_sub(1) * 99 / 100).copied().unwrap_or(f64::NAN)
    }

    fn words(&mut self) -> String {
        let count = self.answered.len();
        format!(
            "{count} claims, p99 answered {:.1} ms, seen {:.1} ms",
            Self::p99(&mut self.answered),
            Self::p99(&mut self.seen)
        )
    }
}

/// Claims of one player after the other for so long, each seen on the administrator's stream before the next.
async fn watch(edge: &Edge, viewer: &mut Viewer, home: &Guild, moment: Duration) -> Result<Waits> {
    let (began, mut waits, discord) = (Instant::now(), Waits::default(), edge.discord());
    while began.elapsed() < moment || waits.answered.is_empty() {
        let claim = daily(home, &player("Ann"));
        let asked = Instant::now();
        let answer = discord.post(&claim).await?;
        ensure!(answer.status == 200, "a claim was answered {}", answer.status);
        waits.answered.push(asked.elapsed().as_secs_f64() * 1e3);
        while !viewer.next_events().await?.iter().any(|event| claim["id"] == event.id) {}
        waits.seen.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    Ok(waits)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_connections_of_a_stranger_wake_nobody_and_hold_nobody_up() -> Result<()> {
    let is_slow = std::env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1");
    let seconds = std::env::var("PULSE_KNOCK_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let moment = Duration::from_secs(seconds.unwrap_or(if is_slow { 60 } else { 1 }));
    let edge = Edge::start_faulty()?;
    let home = guild();
    let mut viewer = Viewer::join(&edge).await?;
    watch(&edge, &mut viewer, &home, Duration::ZERO).await?; // The first finds nothing warm.
    println!("quiet: {}", watch(&edge, &mut viewer, &home, moment).await?.words());
    for knock in knocks() {
        // The stranger alone: whatever is asked of an object, it is for the stranger.
        let over = Arc::new(AtomicBool::new(false));
        let before = edge.settled_objects_asked().await?;
        let strangers = begin(&edge, &knock, &over);
        tokio::time::sleep(moment.min(Duration::from_secs(2))).await;
        end(&over, strangers).await?;
        assert_eq!(edge.objects_asked()?, before, "{} has asked an object", knock.0);

        let over = Arc::new(AtomicBool::new(false));
        let strangers = begin(&edge, &knock, &over);
        let mut waits = watch(&edge, &mut viewer, &home, moment).await?;
        let statuses = end(&over, strangers).await?;
        println!("{}: {statuses:?}; {}", knock.0, waits.words());
    }
    println!("quiet: {}", watch(&edge, &mut viewer, &home, moment).await?.words());
    Ok(())
}
