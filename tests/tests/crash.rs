//! The power goes, at any moment, under load; objects are dropped, rows are damaged, the disk is full. Whatever was answered
//! is in the books, nothing is there twice, and the room ends with every event exactly once.

use std::collections::HashSet;

use anyhow::{Result, ensure};
use serde_json::Value;
use tests::{
    Disk, Edge, Load,
    edge::{ADMIN_TOKEN, http, until},
    load::{id_of, is_carried_out, paid, sound_journal, told},
};

/// Answers between two power cuts.
const ANSWERS: usize = 60;
/// The same between two shocks.
const ANSWERS_BETWEEN: usize = 12;
/// The size of the disk, in kilobytes.
const DISK_KB: u64 = 200_000;

fn is_slow() -> bool {
    std::env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_every_power_cut() -> Result<()> {
    let cuts = if is_slow() { 50 } else { 5 };
    let mut edge = Edge::start()?;
    let (load, workers) = Load::begin(&edge);
    for cut in 1..=cuts {
        load.until_count(cut * ANSWERS).await;
        edge.kill();
        edge.revive()?;
    }
    load.until_count((cuts + 1) * ANSWERS).await;
    let answered = load.end(workers).await?;
    assert_all_is_well(&edge, &load, &answered, |_| true).await
}

/// Something that befalls the edge.
#[derive(Clone, Copy, Debug)]
enum Shock {
    PowerCut,
    BooksDropped,
    RoomDropped,
    BooksDamaged,
    RoomDamaged,
    DiskFull,
    DiskFullAndPowerCut,
}

const SHOCKS: [Shock; 7] = [
    Shock::PowerCut,
    Shock::BooksDropped,
    Shock::DiskFull,
    Shock::RoomDropped,
    Shock::BooksDamaged,
    Shock::DiskFullAndPowerCut,
    Shock::RoomDamaged,
];

impl Shock {
    async fn strike(self, edge: &mut Edge, load: &Load) -> Result<()> {
        let (books, guild) = (format!("/api/guilds/{}/settings", load.guild.id), load.guild.id.to_string());
        match self {
            Self::PowerCut => {
                edge.kill();
                edge.revive()
            }
            Self::BooksDropped => drop_object(edge, load, "Guild", &guild).await,
            Self::RoomDropped => drop_object(edge, load, "Room", "room").await,
            Self::BooksDamaged => {
                let damage = "UPDATE schema SET step = -step";
                edge.let_run("Guild", damage)?;
                let before = load.count();
                load.until_count(before + 8).await; // One of them has carried it along.
                drop_object(edge, load, "Guild", &guild).await?;
                until_status(edge, &books, 500).await?;
                edge.let_run("Guild", damage)?;
                until_status(edge, &books, 200).await
            }
            Self::RoomDamaged => {
                edge.let_run("Room", "UPDATE memory SET value = 'damaged ' || value WHERE kind = 'epoch'")?;
                until_status(edge, "/api/room", 200).await?;
                drop_object(edge, load, "Room", "room").await?;
                until_status(edge, "/api/room", 500).await?;
                edge.let_run("Room", "UPDATE memory SET value = substr(value, 9) WHERE kind = 'epoch'")?;
                until_status(edge, "/api/room", 200).await
            }
            Self::DiskFull => {
                edge.fill_disk()?;
                until_refused(edge, load).await?;
                edge.free_disk()
            }
            Self::DiskFullAndPowerCut => {
                edge.fill_disk()?;
                until_refused(edge, load).await?;
                edge.kill();
                edge.free_disk()?;
                edge.revive()
            }
        }
    }
}

/// The runtime drops an object only once nobody waits for it.
async fn drop_object(edge: &Edge, load: &Load, class: &str, name: &str) -> Result<()> {
    load.pause().await;
    edge.settled_objects_asked().await?;
    edge.evict(class, name)?;
    load.go_on();
    Ok(())
}

async fn until_status(edge: &Edge, path: &str, status: u16) -> Result<()> {
    until(&format!("{path} is {status}"), async || {
        let answer = http().get(format!("{}{path}", edge.url)).bearer_auth(ADMIN_TOKEN).send().await;
        Ok(answer.is_ok_and(|answer| answer.status() == status))
    })
    .await
}

/// Waits until a claim is no longer carried out: it is refused politely, or not answered.
async fn until_refused(edge: &Edge, load: &Load) -> Result<()> {
    until("the full disk is felt", async || {
        let claim = tests::people::daily(&load.guild, &tests::people::player("Nobody"));
        let answer = edge.discord().post(&claim).await;
        Ok(!answer.is_ok_and(|answer| is_carried_out(&answer)))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_damaged_rows_and_a_full_disk() -> Result<()> {
    let shocks = std::env::var("PULSE_SHOCKS").ok().and_then(|count| count.parse().ok());
    let shocks: usize = shocks.unwrap_or(if is_slow() { 1_000 } else { SHOCKS.len() });
    let Some(disk) = Disk::of(DISK_KB)? else {
        println!("skipped: a disk of a test's own cannot be made here (unshare)");
        return Ok(());
    };
    let mut edge = Edge::start_faulty_on(disk)?;
    let (load, workers) = Load::begin(&edge);
    let mut reached = 0;
    for (number, shock) in SHOCKS.into_iter().cycle().take(shocks).enumerate() {
        load.until_count(reached + ANSWERS_BETWEEN).await;
        shock.strike(&mut edge, &load).await?;
        reached = load.count();
        println!("{}: {shock:?}, {reached} answered", number + 1);
    }
    load.until_count(reached + ANSWERS).await;
    let answered = load.end(workers).await?;
    // While the disk is full, a rule that says no leaves no row.
    let has_row = |reply: &[u8]| {
        let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
        !reply["data"]["embeds"][0]["footer"]["text"].is_string()
    };
    assert_all_is_well(&edge, &load, &answered, has_row).await
}

async fn assert_all_is_well(
    edge: &Edge,
    load: &Load,
    answered: &[(String, Vec<u8>)],
    has_row: impl Fn(&[u8]) -> bool,
) -> Result<()> {
    let journal = sound_journal(edge, &load.guild).await?;
    let ids: HashSet<String> = journal.iter().map(id_of).collect();
    for (id, reply) in answered.iter().filter(|(_, reply)| has_row(reply)) {
        assert!(ids.contains(id), "{id} was answered, and is not in the journal: {reply:?}");
    }
    let asked: HashSet<&str> = answered.iter().map(|(id, _)| id.as_str()).collect();
    let by_players = |row: &&Value| row["actorName"].as_str().is_some_and(|name| name.starts_with('P'));
    let unasked = journal.iter().filter(by_players).find(|row| !asked.contains(id_of(row).as_str()));
    ensure!(unasked.is_none(), "nobody was told of {unasked:?}");

    // The last answer pushed whatever was kept from the room.
    let paid = paid(&journal);
    let mut seen = Vec::new();
    until("the room has every event", async || {
        seen = told(edge).await?;
        Ok(seen.len() >= paid.len())
    })
    .await?;
    assert_eq!(seen, paid, "every event once, in the journal's order");
    Ok(())
}
