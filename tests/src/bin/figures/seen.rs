//! Signed `/daily` until its event is at every viewer, at a pace that nobody is kept busy by.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::{Subject, edge::PATIENCE};

use crate::{
    Scale,
    load::{Players, post},
    row::{Goal, Table},
    serve,
    watchers::{Sightings, Watchers},
};

/// Longer than any window in which events wait for one another.
const PACE: Duration = Duration::from_millis(120);

pub async fn measure(scale: Scale) -> Result<Table> {
    let (rounds, commands) = scale.pick((3, 25), (1, 3));
    let sizes: &[usize] = scale.pick(&[1, 100, 1_000], &[1, 10]);
    let mut all: Vec<_> = serve()?.into_iter().map(|served| (served, Players::new())).collect();
    let mut table = Table::default();
    for &viewers in sizes {
        // The first round warms up, and is not counted.
        for round in 0..=rounds {
            for (served, players) in &mut all {
                let (client, signed) = (served.discord()?, players.dailies(commands));
                let watchers = Watchers::join(served, viewers).await?;
                let sightings = Sightings::of(signed[0].number, commands);
                watchers.look_for(&sightings);
                for one in signed {
                    let began = Instant::now();
                    sightings.offer(one.number, began);
                    post(&client, one).await?;
                    tokio::time::sleep_until((began + PACE).into()).await;
                }
                ensure!(
                    sightings.all_seen(viewers, PATIENCE).await,
                    "{}: events are missing",
                    served.subject.name()
                );
                watchers.check()?;
                if round > 0 {
                    let mut add = |part: &str, value| {
                        table.add(&format!("seen by {viewers}, {part}"), "ms", served.subject, value);
                    };
                    add("p50", sightings.percentile(0.5));
                    add("p99", sightings.percentile(0.99));
                }
            }
        }
        println!("  {viewers} viewers are through");
        table.goal(&format!("seen by {viewers}, p99"), Goal::MostTimes(1.0, Subject::JsWorker));
    }
    table.goal("seen by 100, p99", Goal::Most(25.0));
    Ok(table)
}
