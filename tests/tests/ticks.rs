//! The alarm that brings the numbers: on time while anyone watches, and not at all when nobody does.

use std::time::{Duration, Instant};

use anyhow::Result;
use protocol::{ServerMessage, Timestamp, room::STATS_EVERY_MS};
use tests::{Edge, Viewer, edge::until};

/// The moments of the next updates.
async fn moments(viewer: &mut Viewer, count: usize) -> Result<Vec<Timestamp>> {
    let mut moments = Vec::new();
    while moments.len() < count {
        if let ServerMessage::StatsUpdate { data, .. } = viewer.next().await? {
            moments.push(data.as_of);
        }
    }
    Ok(moments)
}

async fn clock(edge: &Edge) -> Result<u64> {
    Ok(edge.get("/api/snapshot").await?["stats"]["asOf"].as_u64().unwrap())
}

/// Nobody watches, and for longer than two ticks none comes.
async fn assert_no_tick(edge: &Edge) -> Result<()> {
    until("nobody watches", async || Ok(edge.room().await?.viewers == 0)).await?;
    let (ticks, began) = (edge.room().await?.ticks, clock(edge).await?);
    // Asking keeps the object in memory, and with it its count.
    until("time passes", async || Ok(clock(edge).await? > began + 5 * STATS_EVERY_MS / 2)).await?;
    assert_eq!(edge.room().await?.ticks, ticks);
    Ok(())
}

#[tokio::test]
async fn for_a_minute_the_numbers_come_every_five_seconds() -> Result<()> {
    let edge = Edge::start()?;
    let mut viewer = Viewer::join(&edge).await?;
    let moments = moments(&mut viewer, 13).await?;
    for pair in moments.windows(2) {
        // A second of the protocol's, and two of a busy machine's.
        let between = pair[1].since(pair[0]);
        assert!((4_000..=8_000).contains(&between), "{between} ms between two updates: {moments:?}");
    }
    assert_eq!(edge.room().await?.ticks, 12);
    Ok(())
}

#[tokio::test]
async fn no_alarm_without_viewers_and_again_with_the_next() -> Result<()> {
    let edge = Edge::start()?;
    assert_no_tick(&edge).await?;
    let (mut one, mut two) = (Viewer::join(&edge).await?, Viewer::join(&edge).await?);
    moments(&mut one, 2).await?;
    drop(one);
    moments(&mut two, 3).await?;
    assert!(edge.room().await?.ticks >= 2, "one who stays is enough");
    drop(two);
    assert_no_tick(&edge).await?;
    let before = edge.room().await?.ticks;
    moments(&mut Viewer::join(&edge).await?, 2).await?;
    assert_eq!(edge.room().await?.ticks, before + 1);
    Ok(())
}

#[tokio::test]
async fn an_alarm_that_a_power_cut_left_behind_does_not_stand_in_the_way() -> Result<()> {
    let mut edge = Edge::start()?;
    let mut viewer = Viewer::join(&edge).await?;
    moments(&mut viewer, 2).await?;
    edge.kill();
    let killed = Instant::now();
    until("the alarm is past due", async || {
        Ok(killed.elapsed() > Duration::from_millis(STATS_EVERY_MS + 500))
    })
    .await?;
    edge.revive()?;
    let mut viewer = Viewer::join(&edge).await?;
    let moments = moments(&mut viewer, 3).await?;
    assert!(moments.is_sorted(), "{moments:?}");
    drop(viewer);
    assert_no_tick(&edge).await
}

#[tokio::test]
async fn an_object_that_is_rebuilt_goes_on_ticking() -> Result<()> {
    let edge = Edge::start()?;
    let mut viewer = Viewer::join(&edge).await?;
    moments(&mut viewer, 2).await?;
    edge.evict_room()?;
    moments(&mut viewer, 2).await?;
    let room = edge.room().await?;
    assert_eq!((room.viewers, room.ticks), (1, 2), "the socket outlived it, and the count began anew");
    Ok(())
}
