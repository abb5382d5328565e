//! Events delivered a second while the offered rate grows, until one in a hundred takes more than 250 ms from the moment
//! when its command was to be sent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use discord_sim::EdgeClient;
use tests::{Served, Subject};
use tokio::task::JoinSet;

use crate::{
    Scale,
    load::{Players, post},
    row::{Goal, Table},
    subjects,
    watchers::{Sightings, Watchers},
};

/// The most that the 99th percentile of the events' delays may be, in milliseconds.
const P99_MAX_MS: f64 = 250.0;
/// The time for which a rate is offered, and the wait for its last events.
const STEP: Duration = Duration::from_millis(1_500);
const REST: Duration = Duration::from_secs(2);
/// Commands a second at first, or fewer where that were more deliveries than so many; and how each rate grows.
const FIRST_RATE: f64 = 20.0;
const FIRST_PER_SECOND: f64 = 10_000.0;
const GROWTH: f64 = 1.5;

pub async fn measure(scale: Scale) -> Result<Table> {
    let sizes: &[(usize, usize)] = scale.pick(&[(1_000, 2), (5_000, 1)], &[(10, 1)]);
    let mut table = Table::default();
    for &(viewers, rounds) in sizes {
        for round in 1..=rounds {
            for subject in subjects() {
                let served = subject.start()?;
                let best = climb(&served, viewers, scale).await?;
                println!(
                    "  {viewers} viewers, round {round}, {}: {:.0} events/s",
                    subject.name(),
                    best.per_second
                );
                let what = format!("fan-out to {viewers}");
                table.add(&what, "events/s", subject, best.per_second);
                table.add(&format!("{what}, at"), "commands/s", subject, best.rate);
            }
        }
        table.goal(&format!("fan-out to {viewers}"), Goal::LeastTimes(10.0, Subject::JsWorker));
        table.goal(&format!("fan-out to {viewers}"), Goal::LeastTimes(0.7, Subject::Bun));
    }
    Ok(table)
}

/// A rate that was kept up with.
#[derive(Clone, Copy, Default)]
struct Kept {
    /// Commands a second.
    rate: f64,
    /// Events a second, over all viewers.
    per_second: f64,
}

async fn climb(served: &Served, viewers: usize, scale: Scale) -> Result<Kept> {
    let watchers = Watchers::join(served, viewers).await?;
    let (client, mut players) = (served.discord()?, Players::new());
    let first_rate = FIRST_RATE.min(FIRST_PER_SECOND / viewers as f64);
    step(&client, &mut players, &watchers, first_rate).await?; // Warms up.
    let (mut best, mut rate) = (Kept::default(), first_rate);
    // A rate that is not kept up with gets a second chance: the machine may have been busy with something else.
    let mut chances = 2;
    while chances > 0 {
        match step(&client, &mut players, &watchers, rate).await? {
            Some(kept) => {
                best = kept;
                rate *= GROWTH;
            }
            None => chances -= 1,
        }
        if scale == Scale::Smoke {
            break;
        }
    }
    Ok(best)
}

/// Offers a rate; `None` when it was not kept up with.
async fn step(
    client: &EdgeClient,
    players: &mut Players,
    watchers: &Watchers,
    rate: f64,
) -> Result<Option<Kept>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let count = (rate * STEP.as_secs_f64()) as usize;
    let signed = players.dailies(count);
    let sightings: Arc<Sightings> = Sightings::of(signed[0].number, count);
    watchers.look_for(&sightings);
    let mut posts = JoinSet::new();
    let began = Instant::now();
    for (turn, one) in signed.into_iter().enumerate() {
        let due = began + Duration::from_secs_f64(turn as f64 / rate);
        tokio::time::sleep_until(due.into()).await;
        // From when it was to be sent: a generator that is late must not make anybody look faster.
        sightings.offer(one.number, due);
        let client = client.clone();
        posts.spawn(async move { post(&client, one).await });
    }
    while let Some(post) = posts.join_next().await {
        post??;
    }
    let all_seen = sightings.all_seen(watchers.count(), REST).await;
    let seconds = began.elapsed().as_secs_f64();
    watchers.check()?;
    if !all_seen {
        // Events that are still under way must not burden the next step.
        sightings.all_seen(watchers.count(), 8 * REST).await;
        return Ok(None);
    }
    let kept = Kept { rate, per_second: sightings.seen() as f64 / seconds };
    Ok((sightings.percentile(0.99) <= P99_MAX_MS).then_some(kept))
}
