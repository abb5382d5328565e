//! A thousand viewers are cut off, a hundred events go by, and all come back at once.

use std::time::Instant;

use anyhow::{Result, ensure};
use tests::edge::{PATIENCE, until};

use crate::{
    Scale,
    load::{Players, milliseconds, post_all},
    row::{Goal, Table},
    serve,
    watchers::{Sightings, Watchers, head},
};

const MISSED: usize = 100;

pub async fn measure(scale: Scale) -> Result<Table> {
    let (rounds, viewers) = scale.pick((3, 1_000), (1, 10));
    let mut all: Vec<_> = serve()?.into_iter().map(|served| (served, Players::new())).collect();
    let mut table = Table::default();
    let what = format!("{viewers} resume, {MISSED} events each, the last is current after");
    for round in 0..=rounds {
        for (served, players) in &mut all {
            drop(Watchers::join(served, viewers).await?);
            let before = head(served).await?;
            let signed = players.dailies(MISSED);
            let sightings = Sightings::of(signed[0].number, MISSED);
            post_all(&served.discord()?, signed, 8).await?;
            let seq: usize = before.seq + MISSED;
            until("the room has it all", async || Ok(head(served).await?.seq >= seq)).await?;

            let query = format!("?epoch={}&since={}", before.epoch, before.seq);
            let began = Instant::now();
            let seen = std::sync::Arc::clone(&sightings);
            let watchers = Watchers::join_at(served, viewers, &query, viewers, Some(seen)).await?;
            ensure!(
                sightings.all_seen(viewers, PATIENCE).await,
                "{}: not all was told",
                served.subject.name()
            );
            let took = milliseconds(began.elapsed());
            watchers.check()?;
            // The first round warms up, and is not counted.
            if round > 0 || scale == Scale::Smoke {
                table.add(&what, "ms", served.subject, took);
            }
        }
        println!("  round {round} of {rounds}");
    }
    table.goal(&what, Goal::Most(2_000.0));
    Ok(table)
}
