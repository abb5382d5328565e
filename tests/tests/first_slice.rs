//! A signed command changes the ledger and, at once, an administrator's stream.

use anyhow::Result;
use protocol::{ServerMessage, Severity, Source, UserId};
use serde_json::Value;
use tests::{
    Edge, Viewer,
    people::{balance, daily, field, guild, pay, player},
};

#[tokio::test]
async fn a_daily_is_seen_live_and_the_reply_is_the_ledgers() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = (guild(), player("Ann"));
    let mut viewer = Viewer::join(edge).await?;
    let answer = edge.discord().post(&daily(&guild, &ann)).await?;
    assert_eq!(answer.status, 200);
    let reply = answer.json();
    assert_eq!(field(&reply, "Balance").as_deref(), Some("100 coins"));

    let of_ann = |actor: Option<UserId>| actor == Some(ann.id);
    let event = viewer.events_until(|event| of_ann(event.actor_id)).await?.pop().unwrap();
    assert_eq!((event.source, event.severity), (Source::Daily, Severity::Success));
    assert_eq!((event.guild_id, event.amount.unwrap().get()), (guild.id, 100));
    assert_eq!(event.message, "Ann claimed 100 coins (day 1)");

    let shown = edge.discord().post(&balance(&guild, &ann)).await?.json();
    assert!(shown["data"]["embeds"][0]["description"].as_str().unwrap().contains("100 coins"));
    Ok(())
}

#[tokio::test]
async fn a_payment_reaches_the_other_account() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
    edge.discord().post(&daily(&guild, &ann)).await?;
    let reply = edge.discord().post(&pay(&guild, &ann, &bob, 40)).await?.json();
    assert_eq!(field(&reply, "Payer's balance").as_deref(), Some("60 coins"));
    let shown = edge.discord().post(&balance(&guild, &bob)).await?.json();
    assert!(shown["data"]["embeds"][0]["description"].as_str().unwrap().contains("40 coins"));
    Ok(())
}

#[tokio::test]
async fn the_stream_begins_with_hello_snapshot_and_stats() -> Result<()> {
    let edge = Edge::shared();
    let mut viewer = Viewer::join(edge).await?;
    let ServerMessage::Hello { version, epoch, seq, resumed, heartbeat_ms, .. } = viewer.next().await? else {
        panic!("HELLO comes first");
    };
    assert_eq!((version, resumed, heartbeat_ms), (protocol::VERSION, false, 25_000));
    let ServerMessage::Snapshot { data } = viewer.next().await? else { panic!("then SNAPSHOT") };
    assert_eq!((data.epoch, data.seq), (epoch, seq));
    let ServerMessage::StatsUpdate { data, .. } = viewer.next().await? else { panic!("then STATS_UPDATE") };
    assert!(data.viewers >= 1);
    viewer.say("ping".into()).await?;
    loop {
        if viewer.next_text().await? == "pong" {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_viewer_that_returns_gets_exactly_what_it_missed() -> Result<()> {
    let mut edge = Edge::start()?;
    let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
    let mut viewer = Viewer::join(&edge).await?;
    let ServerMessage::Hello { epoch, .. } = viewer.next().await? else { panic!("HELLO comes first") };
    edge.discord().post(&daily(&guild, &ann)).await?;
    let seen = viewer.events_until(|event| event.actor_id == Some(ann.id)).await?.pop().unwrap().seq;
    drop(viewer);

    for amount in 1..=5 {
        edge.discord().post(&pay(&guild, &ann, &bob, amount)).await?;
    }
    edge.kill();
    edge.revive()?;
    // The next command of this server also pushes what the power cut may have kept from the room.
    edge.discord().post(&daily(&guild, &bob)).await?;
    let mut viewer = Viewer::resume(&edge, epoch, seen).await?;
    let ServerMessage::Hello { resumed, .. } = viewer.next().await? else { panic!("HELLO comes first") };
    assert!(resumed);
    let missed = viewer.events_until(|event| event.actor_id == Some(bob.id)).await?;
    let amounts: Vec<i64> = missed.iter().map(|event| event.amount.unwrap().get()).collect();
    assert_eq!(amounts, [1, 2, 3, 4, 5, 100]);
    for (event, after) in missed.iter().zip(1..) {
        assert_eq!(event.seq.0, seen.0 + after);
    }
    Ok(())
}

#[tokio::test]
async fn one_interaction_sixty_four_times_is_one_row_and_equal_replies() -> Result<()> {
    let edge = Edge::start()?;
    let (guild, ann) = (guild(), player("Ann"));
    let replies = edge.post_at_once(vec![daily(&guild, &ann); 64]).await?;
    assert!(replies.iter().all(|reply| *reply == replies[0]));
    // The journal's rows are what the room counts as commands: one, and one more for the marker behind it.
    let mut viewer = Viewer::join(&edge).await?;
    edge.discord().post(&daily(&guild, &player("Marker"))).await?;
    let guilds = loop {
        viewer.next().await?;
        let guilds = edge.get("/api/guilds").await?;
        if guilds[0]["players"] == 2 {
            break guilds;
        }
    };
    assert_eq!(guilds[0]["commands"], 2, "{guilds}");
    assert_eq!(guilds[0]["wealth"], "200");
    Ok(())
}

#[tokio::test]
async fn the_snapshot_has_what_the_stream_had() -> Result<()> {
    let edge = Edge::start()?;
    let (guild, ann) = (guild(), player("Ann"));
    let mut viewer = Viewer::join(&edge).await?;
    edge.discord().post(&daily(&guild, &ann)).await?;
    let event = viewer.next_events().await?.pop().unwrap();
    let snapshot: Value = edge.get("/api/snapshot").await?;
    assert_eq!(snapshot["version"], protocol::VERSION);
    assert_eq!(snapshot["events"][0], serde_json::to_value(&event)?);
    assert_eq!(snapshot["stats"]["economy"]["totalWealth"], "100");
    assert_eq!(snapshot["stats"]["economy"]["balanced"], true);
    assert_eq!(snapshot["stats"]["users"]["total"], 1);
    assert_eq!(snapshot["stats"]["users"]["active"], 1);
    assert_eq!(snapshot["stats"]["commands"]["total"], 1);
    assert_eq!(snapshot["stats"]["bot"]["status"], "unknown");
    assert_eq!(snapshot["stats"]["ping"]["avg"], Value::Null);
    assert_eq!(snapshot["stats"]["leaderboards"]["wealth"][0]["name"], "Ann");
    Ok(())
}
