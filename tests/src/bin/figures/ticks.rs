//! The stats tick, by how many servers and players there are: the pure core, the frame written out.

use std::time::Instant;

use anyhow::{Context, Result};
use protocol::{ServerMessage, room::Output};
use tests::Subject;

use crate::{
    Scale,
    rooms::House,
    row::{Goal, Table},
};

const BATCH: usize = 40;

pub fn measure(scale: Scale) -> Result<Table> {
    let servers: &[u64] = scale.pick(&[1, 100, 10_000], &[1, 10]);
    let mut houses: Vec<_> = servers.iter().map(|&count| (count, House::with(count, 1_000))).collect();
    let mut table = Table::default();
    for round in 0..=scale.pick(15, 1) {
        for (count, house) in &mut houses {
            let mut times = Vec::with_capacity(BATCH);
            for turn in 0..BATCH {
                // Something has happened since the last tick, as it has wherever anybody looks.
                house.record(1, (round * BATCH + turn + 2) as u64, 1_000);
                let began = Instant::now();
                let outputs = house.tick();
                let frame = outputs.iter().find_map(|output| match output {
                    Output::Broadcast(message @ ServerMessage::StatsUpdate { .. }) => Some(message),
                    _ => None,
                });
                let text = serde_json::to_string(frame.context("a tick without numbers")?)?;
                times.push(began.elapsed().as_secs_f64() * 1e6);
                std::hint::black_box(text);
            }
            times.sort_by(f64::total_cmp);
            if round > 0 {
                table.add(
                    &format!("a stats tick of {count} servers"),
                    "µs",
                    Subject::Pulse,
                    times[BATCH / 2],
                );
            }
        }
    }
    let (fewest, most) = (servers[0], servers[servers.len() - 1]);
    let of = |count: u64| table.median(&format!("a stats tick of {count} servers"), Subject::Pulse);
    let growth = of(most).zip(of(fewest)).map(|(most, fewest)| most / fewest);
    let what = format!("a stats tick, {most} servers to {fewest}");
    table.add(&what, "×", Subject::Pulse, growth.context("no ticks")?);
    table.goal(&what, Goal::Most(1.3));
    Ok(table)
}
