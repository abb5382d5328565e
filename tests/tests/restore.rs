//! Cloudflare can restore an object's database to an earlier moment. Under load, and with reminders waiting, the rooms and the
//! books agree again afterwards, whichever of them was set back.

use std::collections::HashSet;

use anyhow::{Context, Result};
use discord_sim::{Payload, Player};
use serde_json::{Value, json};
use tests::{
    Edge, Load,
    edge::until,
    load::{id_of, paid, sound_journal, told},
    people::{daily, interaction, player},
};

/// Rows between the moment that is gone back to and the restore, at least.
const ROWS: usize = 20;

/// Claims, and asks to be reminded.
async fn asks_for_a_reminder(edge: &Edge, load: &Load, who: &Player) -> Result<()> {
    let claimed = edge.discord().post(&daily(&load.guild, who)).await?.json();
    let button = &claimed["data"]["components"][0]["components"][0]["custom_id"];
    let button = button.as_str().context("no button below the claim")?;
    let pressed =
        Payload::button(interaction(), button, claimed["data"].clone()).by(who).in_guild(&load.guild);
    let answer = edge.discord().post(&pressed.build()).await?;
    assert_eq!(answer.status, 200);
    Ok(())
}

/// The players whom the bot is to remind, by the room's rows.
fn reminders(edge: &Edge) -> Result<HashSet<String>> {
    let jobs = edge.rows("Room", "SELECT value FROM memory WHERE kind = 'job'")?;
    let whom = |job: &String| {
        let job: Value = serde_json::from_str(job).ok()?;
        job["userId"].as_str().map(str::to_owned)
    };
    Ok(jobs.iter().filter_map(whom).collect())
}

const NEWEST: &str = "SELECT CAST(MAX(seq) AS TEXT) FROM journal";
const ACKNOWLEDGED: &str = "SELECT CAST(acknowledged AS TEXT) FROM outbox";

/// A number that the books of the only server hold.
fn of_books(edge: &Edge, what: &str) -> Result<u64> {
    let found = edge.rows("Guild", what)?;
    Ok(found.first().context("there are no books")?.parse()?)
}

/// The server, as the room of all shows it, is what its books hold.
async fn until_agreed(edge: &Edge, load: &Load) -> Result<()> {
    until("the room says what the books hold", async || {
        let journal = sound_journal(edge, &load.guild).await?;
        let rows = journal.last().map(|row| row["seq"].clone()).unwrap_or_default();
        let players = edge.get(&format!("/api/guilds/{}/players", load.guild.id)).await?;
        let balances = players["players"].as_array().into_iter().flatten();
        let wealth: i64 = balances.filter_map(|player| player["balance"].as_str()?.parse::<i64>().ok()).sum();
        let listed = edge.get("/api/guilds").await?;
        let listed = listed.as_array().into_iter().flatten();
        let shown = listed.clone().find(|guild| guild["id"] == load.guild.id.to_string()).cloned();
        let shown = shown.unwrap_or_default();
        Ok(shown["commands"] == rows && shown["wealth"] == json!(wealth.to_string()))
    })
    .await
}

async fn warnings(edge: &Edge, prefix: &str) -> Result<usize> {
    let events = tests::load::pages(edge, "/api/events").await?;
    Ok(events.iter().filter(|event| id_of(event).starts_with(prefix)).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn books_that_are_set_back_under_load_are_what_the_room_shows() -> Result<()> {
    let mut edge = Edge::start()?;
    let (load, workers) = Load::begin(&edge);
    let (ann, ben) = (player("Ann"), player("Ben"));
    load.until_count(30).await;
    asks_for_a_reminder(&edge, &load, &ann).await?;
    until("the reminder waits", async || Ok(reminders(&edge)?.len() == 1)).await?;
    edge.kill();
    let earlier = edge.save("Guild")?;
    edge.revive()?;

    let then = load.count();
    load.until_count(then + ROWS).await;
    asks_for_a_reminder(&edge, &load, &ben).await?;
    until("both reminders wait", async || Ok(reminders(&edge)?.len() == 2)).await?;
    edge.kill();
    edge.restore(&earlier)?;
    edge.revive()?;

    let then = load.count();
    load.until_count(then + 3 * ROWS).await;
    load.end(workers).await?;
    until_agreed(&edge, &load).await?;
    assert_eq!(warnings(&edge, "set-back-").await?, 1, "it is told, once");
    assert_eq!(reminders(&edge)?, HashSet::from([ann.id.to_string()]), "Ben has never claimed");
    let (paid, told) = (paid(&sound_journal(&edge, &load.guild).await?), told(&edge).await?);
    // An interaction that was on its way at the restore may have been told before it, and is carried out anew after it.
    let mut once = HashSet::new();
    let mut last: Vec<&String> = told.iter().rev().filter(|id| once.insert(*id)).collect();
    last.reverse();
    assert!(told.len() - last.len() <= Load::AT_ONCE, "rows were told twice");
    last.retain(|id| paid.contains(id));
    assert_eq!(last, paid.iter().collect::<Vec<_>>(), "each row that is in the books once, in their order");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_set_back_under_load_shows_what_is_in_the_books() -> Result<()> {
    let mut edge = Edge::start()?;
    let (load, workers) = Load::begin(&edge);
    let (ann, ben) = (player("Ann"), player("Ben"));
    load.until_count(30).await;
    asks_for_a_reminder(&edge, &load, &ann).await?;
    until("the reminder waits", async || Ok(reminders(&edge)?.len() == 1)).await?;
    let epoch = edge.room().await?.epoch;
    edge.kill();
    let (earlier, rows) = (edge.save("Room")?, of_books(&edge, NEWEST)?);
    edge.revive()?;

    let then = load.count();
    load.until_count(then + ROWS).await;
    asks_for_a_reminder(&edge, &load, &ben).await?;
    until("both reminders wait", async || Ok(reminders(&edge)?.len() == 2)).await?;
    // The background's work writes down how far the room has come.
    until("the books know that the room has more", async || Ok(of_books(&edge, ACKNOWLEDGED)? > rows))
        .await?;
    edge.kill();
    edge.restore(&earlier)?;
    edge.revive()?;

    let then = load.count();
    load.until_count(then + ROWS).await;
    load.end(workers).await?;
    until_agreed(&edge, &load).await?;
    assert_ne!(edge.room().await?.epoch, epoch, "viewers have other events under its numbers");
    assert_eq!(warnings(&edge, "room-set-back-").await?, 1, "it is told, once");
    assert_eq!(reminders(&edge)?, HashSet::from([ann.id.to_string(), ben.id.to_string()]));
    let paid = paid(&sound_journal(&edge, &load.guild).await?);
    assert_eq!(told(&edge).await?, paid, "every event once, in the journal's order");
    Ok(())
}
