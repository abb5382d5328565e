//! Signed `/daily` and `/pay` until the HTTP reply, one and 64 at a time; and what the runtime takes of it by itself.

use anyhow::Result;
use discord_sim::EdgeClient;
use tests::{Served, Subject};

use crate::{
    Scale,
    load::{Players, Took, post_all, post_plain},
    row::{Goal, Table},
    serve,
};

const MANY: usize = 64;
/// Rounds that are not counted. Until then the runtime compiles what it has found to be hot, and that would be counted in.
const WARM_UP: usize = 3;

pub async fn measure(scale: Scale) -> Result<Table> {
    let (rounds, singly, together) = scale.pick((5, 150, 1_000), (1, 8, 64));
    let mut all: Vec<_> = serve()?.into_iter().map(|served| (served, Players::new())).collect();
    let floor = Subject::Floor.start()?;
    let mut table = Table::default();
    let warm_up = scale.pick(WARM_UP, 1);
    for round in 1..=warm_up + rounds {
        let mut measured = Table::default();
        for (served, players) in &mut all {
            let client = served.discord()?;
            for (at_once, count) in [(1, singly), (MANY, together)] {
                play(served, &client, players, (at_once, count), &mut measured).await?;
            }
        }
        for path in ["empty", "object", "insert"] {
            let took = post_plain(&format!("{}/{path}", floor.url), singly).await?;
            measured.add(
                &format!("floor: an {path}, 1 at a time, p50"),
                "ms",
                Subject::Floor,
                took.percentile(0.5),
            );
        }
        if round > warm_up {
            table.extend(measured);
        }
        println!("  round {round} of {}", warm_up + rounds);
    }
    let js = Subject::JsWorker;
    for command in ["daily", "pay"] {
        table.goal(&format!("/{command}, 1 at a time, p50"), Goal::MostTimes(1.1, js));
        table.goal(&format!("/{command}, {MANY} at a time"), Goal::LeastTimes(1.5, js));
    }
    Ok(table)
}

/// New players claim, and then pay.
async fn play(
    served: &Served,
    client: &EdgeClient,
    players: &mut Players,
    (at_once, count): (usize, usize),
    table: &mut Table,
) -> Result<()> {
    for command in ["daily", "pay"] {
        let signed = if command == "daily" { players.dailies(count) } else { players.payments() };
        let before = served.processor_seconds()?;
        let took: Took = post_all(client, signed, at_once).await?;
        let processor = (served.processor_seconds()? - before) * 1e6 / count as f64;
        let what = format!("/{command}, {at_once} at a time");
        let mut add = |what: &str, unit, value| table.add(what, unit, served.subject, value);
        if at_once > 1 {
            add(&what, "replies/s", took.per_second());
        }
        add(&format!("{what}, processor"), "µs each", processor);
        add(&format!("{what}, p50"), "ms", took.percentile(0.5));
        add(&format!("{what}, p99"), "ms", took.percentile(0.99));
    }
    Ok(())
}
