//! What a command and a watched hour cost on Cloudflare, at the prices that docs/FACTS.md names: each request, row and
//! second that is counted there, as it is measured here.

use anyhow::{Context, Result, ensure};
use tests::{
    Subject,
    people::{daily, guild, pay, player},
};

use crate::{
    Scale,
    rooms::{House, rows},
    row::{Goal, Table},
};

/// Dollars for one.
const WORKER_REQUEST: f64 = 0.30e-6;
const OBJECT_REQUEST: f64 = 0.15e-6;
const ROW_WRITTEN: f64 = 1.00e-6;
const GIGABYTE_SECOND: f64 = 12.50e-6;
/// What an object is counted with while it computes or waits.
const OBJECT_GIGABYTES: f64 = 0.128;
const SECONDS_PER_TICK: f64 = 5.0;

pub async fn measure(scale: Scale) -> Result<Table> {
    let edge = Subject::Pulse.start()?;
    let (discord, guild, ann, bob) = (edge.discord()?, guild(), player("Ann"), player("Bob"));
    for newcomer in [&ann, &bob] {
        discord.post(&daily(&guild, newcomer)).await?; // The server's first commands make its tables.
    }
    let mut table = Table::default();
    let mut house = House::with(8, 100);
    for turn in 0..scale.pick(20, 2) {
        let room_rows = rows(&house.record(1, turn + 2, 100)) as f64;
        for (command, body) in
            [("/daily", daily(&guild, &player("New"))), ("/pay", pay(&guild, &ann, &bob, 1))]
        {
            let answer = discord.post(&body).await?;
            ensure!(answer.status == 200, "answered {}", answer.status);
            let written = answer.headers.get("Pulse-Rows-Written").context("no Pulse-Rows-Written")?;
            let written: f64 = written.to_str()?.parse()?;
            let took = answer.took.as_secs_f64();
            // The push is one more request, for which both objects are up. What looks after it (the alarm, and the
            // acknowledgement that it writes down) is two rows in ten seconds, however many commands there are.
            let all_rows = written + room_rows;
            let seconds = 2.0 * took;
            let dollars = WORKER_REQUEST
                + 2.0 * OBJECT_REQUEST
                + all_rows * ROW_WRITTEN
                + seconds * OBJECT_GIGABYTES * GIGABYTE_SECOND;
            let mut add = |what: &str, unit, value| {
                table.add(&format!("{command}, {what}"), unit, Subject::Pulse, value);
            };
            add("rows of the books", "rows", written);
            add("rows of the room, each pushed alone", "rows", room_rows);
            add("a million", "$", dollars * 1e6);
        }
    }
    for command in ["/daily", "/pay"] {
        table.goal(&format!("{command}, a million"), Goal::Most(10.0));
    }
    let ticks = 3_600.0 / SECONDS_PER_TICK;
    let rows_a_tick = rows(&house.tick()) as f64;
    let hour = ticks * (rows_a_tick * ROW_WRITTEN + OBJECT_REQUEST);
    table.add("a watched hour without commands", "$", Subject::Pulse, hour);
    Ok(table)
}
