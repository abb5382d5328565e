//! Objects that have nothing to do sleep: no alarm of theirs is left in the runtime's own table, and so nothing is written
//! and nothing is delivered until somebody comes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use tests::{
    Edge, Viewer,
    edge::until,
    people::{daily, guild, player},
};

/// Longer than any alarm of the books waits; `PULSE_QUIET_SECONDS` waits for longer.
fn quiet() -> Duration {
    let seconds = std::env::var("PULSE_QUIET_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(12))
}

/// Waits until no object has an alarm, and sees that none gets one again.
async fn assert_quiet(edge: &Edge) -> Result<()> {
    until("every object sleeps", async || Ok(edge.alarms()?.is_empty())).await?;
    let (began, quiet) = (Instant::now(), quiet());
    while began.elapsed() < quiet {
        let look_to = (began.elapsed() + Duration::from_secs(30)).min(quiet);
        until("time passes", async || {
            let alarms = edge.alarms()?;
            ensure!(alarms.is_empty(), "after {:?} there is an alarm again: {alarms:?}", began.elapsed());
            Ok(began.elapsed() >= look_to)
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_command_books_and_room_sleep() -> Result<()> {
    let edge = Edge::start()?;
    edge.post_at_once(vec![daily(&guild(), &player("Ann"))]).await?;
    ensure!(!edge.alarms()?.is_empty(), "the alarm that looks after the delivery");
    assert_quiet(&edge).await?;
    assert_eq!(edge.events().await?.len(), 1);
    Ok(())
}

/// Rows that all objects have written today, by the storage's own counts.
async fn rows(edge: &Edge) -> Result<u64> {
    edge.get("/api/check").await?["room"]["rowsToday"].as_u64().context("the rows")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_comes_alone_writes_eight_rows_in_all() -> Result<()> {
    let (edge, home) = (Edge::start()?, guild());
    let mut written = Vec::new();
    for name in ["First", "Ann", "Ben", "Cid"] {
        until("every object sleeps", async || Ok(edge.alarms()?.is_empty())).await?;
        let before = rows(&edge).await?;
        edge.post_at_once(vec![daily(&home, &player(name))]).await?;
        until("the delivery is told", async || Ok(rows(&edge).await? > before)).await?;
        written.push(rows(&edge).await? - before);
    }
    // The first makes the tables; and now and then minutes are over, which are rows, too.
    println!("rows of all objects: {written:?}");
    assert!(written[0] > 8 && written[1..].iter().min() == Some(&8), "{written:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_own_room_sleeps_when_nobody_watches_it_any_more() -> Result<()> {
    let (edge, home) = (Edge::start()?, guild());
    edge.post_at_once(vec![daily(&home, &player("Ann"))]).await?;
    let room = format!("?room={}", home.id);
    let viewer = Viewer::open(&edge, &room).await.map_err(|status| anyhow!("refused with {status}"))?;
    edge.post_at_once(vec![daily(&home, &player("Ben"))]).await?;
    drop(viewer);
    edge.post_at_once(vec![daily(&home, &player("Cid"))]).await?;
    assert_quiet(&edge).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_room_that_was_away_has_missed_is_delivered_after_a_power_cut_and_then_all_sleep() -> Result<()>
{
    let mut edge = Edge::start_faulty()?;
    edge.stop_room()?;
    let (home, players) = (guild(), ["Ann", "Ben", "Cid"].map(player));
    edge.post_at_once(players.iter().map(|who| daily(&home, who)).collect()).await?;
    edge.wait_for_log("the room did not take the journal")?;
    edge.kill();
    edge.revive()?;
    until("the journal is delivered", async || Ok(edge.events().await?.len() == players.len())).await?;
    assert_quiet(&edge).await?;
    assert_eq!(edge.events().await?.len(), players.len(), "each once");
    Ok(())
}
