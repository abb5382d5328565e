//! Twenty minutes of a busy day: fifty events a second, five hundred viewers that come and go. workerd's memory has to
//! stay where it was after the first quarter. Runs with `PULSE_SLOW=1`; `PULSE_SOAK_MINUTES=5` makes it shorter.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tests::{
    Crowd, Edge, Follower, Viewer,
    edge::until,
    program::{child_of, resident_bytes},
};

const MINUTES: u64 = 20;
const VIEWERS: u64 = 500;
const PER_SECOND: u32 = 50;
const FOLLOWERS: usize = 5;
/// A viewer stays for at most this many frames, and for at least one.
const STAYS_FRAMES: u64 = 1_200;
const SAMPLE_EVERY: Duration = Duration::from_secs(15);
/// The most that the memory of the last quarter may be of that of the second one.
const GROWTH_MAX: f64 = 1.10;

/// Counts of what all viewers together have received.
#[derive(Default)]
struct Traffic {
    sockets: AtomicU64,
    frames: AtomicU64,
    bytes: AtomicU64,
}

/// Comes, reads for a while, leaves without a word, and comes again.
async fn come_and_go(edge: Arc<Edge>, number: u64, traffic: Arc<Traffic>) {
    for visit in 0_u64.. {
        let Ok(mut viewer) = Viewer::join(&edge).await else { continue };
        traffic.sockets.fetch_add(1, Ordering::Relaxed);
        let stays = 1 + (number * 7_919 + visit * 104_729) % STAYS_FRAMES;
        for _ in 0..stays {
            let Ok(text) = viewer.next_text().await else { break };
            traffic.frames.fetch_add(1, Ordering::Relaxed);
            traffic.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        }
    }
}

/// workerd's memory in MiB, at each moment.
async fn sample(edge: &Edge, traffic: &Traffic, lasts: Duration) -> Result<Vec<f64>> {
    let (began, mut samples) = (Instant::now(), Vec::new());
    let mut moments = tokio::time::interval(SAMPLE_EVERY);
    while began.elapsed() < lasts {
        moments.tick().await;
        #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
        let mib = resident_bytes(child_of(edge.process()?, "workerd")?)? as f64 / 1024.0 / 1024.0;
        let room = edge.room().await?;
        println!(
            "{:>5} s  {mib:>6.1} MiB  {:>6} events  {:>4} viewers  {:>6} sockets  {:>9} frames",
            began.elapsed().as_secs(),
            room.seq.0,
            room.viewers,
            traffic.sockets.load(Ordering::Relaxed),
            traffic.frames.load(Ordering::Relaxed),
        );
        samples.push(mib);
    }
    Ok(samples)
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_flat_while_viewers_come_and_go() -> Result<()> {
    if env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1") {
        let minutes = env::var("PULSE_SOAK_MINUTES").map_or(MINUTES, |minutes| minutes.parse().unwrap());
        soak(Duration::from_mins(minutes)).await?;
    }
    Ok(())
}

async fn soak(lasts: Duration) -> Result<()> {
    let edge = Arc::new(Edge::start()?);
    let crowd = Crowd::new(&edge, 16);
    let traffic = Arc::<Traffic>::default();
    let mut followers = Vec::new();
    for _ in 0..FOLLOWERS {
        followers.push(Follower::join(&edge).await?);
    }
    let viewers: Vec<_> = (0..VIEWERS)
        .map(|number| tokio::spawn(come_and_go(Arc::clone(&edge), number, Arc::clone(&traffic))))
        .collect();
    let commands = usize::try_from(lasts.as_secs())? * PER_SECOND as usize;
    let typing = crowd.clone();
    let typed = tokio::spawn(async move { typing.type_commands(commands, Some(PER_SECOND)).await });
    let samples = sample(&edge, &traffic, lasts).await?;
    typed.await??;
    viewers.iter().for_each(tokio::task::JoinHandle::abort);

    until("the room has it all", async || Ok(edge.room().await?.seq.0 >= crowd.told())).await?;
    let head = edge.room().await?.seq;
    until("the followers have it all", async || {
        Ok(followers.iter().all(|follower| follower.head() >= head || !follower.is_well()))
    })
    .await?;
    for follower in followers {
        let seen = follower.end().await?;
        ensure!((seen.sockets, seen.gaps) == (1, 0), "{} sockets, {} gaps", seen.sockets, seen.gaps);
    }
    let quarter = samples.len() / 4;
    let (early, late) = (median(&samples[quarter..2 * quarter]), median(&samples[3 * quarter..]));
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let gib = traffic.bytes.load(Ordering::Relaxed) as f64 / 1024.0 / 1024.0 / 1024.0;
    println!("second quarter {early:.1} MiB, last quarter {late:.1} MiB; {gib:.2} GiB of frames read");
    assert!(late <= early * GROWTH_MAX, "grew from {early:.1} to {late:.1} MiB");
    Ok(())
}
