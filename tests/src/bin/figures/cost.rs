//! The cost of a command and of a watched hour on Cloudflare, at the prices that docs/FACTS.md names: each request, row and
//! second that is counted there, as it is measured here.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use protocol::check::EdgeCheck;
use serde_json::Value;
use tests::{
    Served, Subject,
    edge::{ADMIN_TOKEN, PATIENCE, http},
    people::{daily, guild, pay, player},
};

use crate::{
    Scale,
    days::{self, COMMANDS, Plan},
    rooms::{House, rows},
    row::{Goal, Table},
};

/// The line of a command that comes alone.
const ALONE: &str = "/daily that comes alone, rows of all objects";
/// Longer than the alarm that looks after a delivery waits.
const ALARM_OVER: Duration = Duration::from_secs(12);

/// The price of one, in dollars.
const WORKER_REQUEST: f64 = 0.30e-6;
const OBJECT_REQUEST: f64 = 0.15e-6;
const ROW_WRITTEN: f64 = 1.00e-6;
const GIGABYTE_SECOND: f64 = 12.50e-6;
/// The memory that an object is charged for while it computes or waits, in gigabytes.
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
    for _ in 0..scale.pick(3, 1) {
        table.add(ALONE, "rows", Subject::Pulse, alone(&edge, &daily(&guild, &player("Alone"))).await?);
    }
    table.goal(ALONE, Goal::Most(6.0));
    days(&mut table)?;
    Ok(table)
}

/// Rows that a command writes that comes alone: its books, their alarm, and the room. Each object counts by its cursors, and
/// `GET /api/check` tells the sum.
async fn alone(edge: &Served, command: &Value) -> Result<f64> {
    tokio::time::sleep(ALARM_OVER).await; // The alarm of the command before would stand for this one's.
    let before = rows_today(edge).await?;
    edge.discord()?.post(command).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let written = rows_today(edge).await? - before;
        // The books' rows are told with the delivery.
        if written > 0.0 {
            return Ok(written);
        }
        ensure!(Instant::now() < deadline, "nothing was delivered");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn rows_today(edge: &Served) -> Result<f64> {
    let asked = http().get(format!("{}/api/check", edge.url)).bearer_auth(ADMIN_TOKEN).send().await?;
    let check: EdgeCheck = asked.json().await?;
    Ok(check.room.and_then(|room| room.rows_today).context("the edge does not tell its rows")? as f64)
}

/// The days of docs/deploy.
fn days(table: &mut Table) -> Result<()> {
    let mixed = [("/daily, rows of the books", 0.5), ("/pay, rows of the books", 0.5)];
    let rows_of_a_command: f64 =
        mixed.iter().filter_map(|(row, share)| Some(table.median(row, Subject::Pulse)? * share)).sum();
    let plan = |is_watched, commands| Plan { is_watched, commands, rows_of_a_command };
    for (what, plan, most_rows, most_requests) in [
        ("a day, the bot at rest", plan(false, 0), 5_000.0, 6_000.0),
        ("a day, one page open", plan(true, 0), 20_000.0, 100_000.0),
        ("a day, a page, 10 servers, 2 000 commands", plan(true, COMMANDS), 100_000.0, 100_000.0),
    ] {
        let spent = days::spent(plan)?;
        for (unit, value, most) in
            [("rows", spent.rows, most_rows), ("object requests", spent.object_requests, most_requests)]
        {
            let line = format!("{what}: {unit}");
            table.add(&line, unit, Subject::Pulse, value.round());
            table.goal(&line, Goal::Most(most));
        }
    }
    Ok(())
}
