//! The room is away, under load. Players notice nothing; afterwards every event arrives, in order, once.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use discord_sim::{Guild, Player};
use protocol::GuildId;
use tests::{
    Edge, Viewer,
    edge::until,
    people::{daily, guild, pay, player},
};

const GUILDS: usize = 4;
const PLAYERS: usize = 5;
/// The time that the room is away.
const OUTAGE: Duration = Duration::from_secs(30);

/// One round of everybody paying the next one: as many events as players.
async fn play(edge: &Edge, guilds: &[(Guild, Vec<Player>)]) -> Result<()> {
    let ring = |players: &[Player]| {
        (0..PLAYERS).map(|n| (players[n].clone(), players[(n + 1) % PLAYERS].clone())).collect::<Vec<_>>()
    };
    let payments = guilds.iter().flat_map(|(guild, players)| {
        ring(players).into_iter().map(move |(from, to)| pay(guild, &from, &to, 1))
    });
    for reply in edge.post_at_once(payments.collect()).await? {
        let reply: serde_json::Value = serde_json::from_slice(&reply)?;
        assert_eq!(
            (&reply["type"], &reply["data"]["embeds"][0]["title"]),
            (&4.into(), &"Payment".into()),
            "{reply}"
        );
    }
    Ok(())
}

async fn journals(edge: &Edge, guilds: &[(Guild, Vec<Player>)]) -> Result<HashMap<GuildId, Vec<String>>> {
    let mut all = HashMap::new();
    for (guild, _) in guilds {
        let mut ids: Vec<String> = Vec::new();
        let mut before = String::new();
        loop {
            let page = edge.get(&format!("/api/guilds/{}/journal?limit=200{before}", guild.id)).await?;
            let rows = page.as_array().context("rows")?;
            let Some(last) = rows.last() else { break };
            before = format!("&before={}", last["seq"]);
            ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        }
        ids.reverse();
        all.insert(guild.id, ids);
    }
    Ok(all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_away_for_thirty_seconds_costs_nobody_anything() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let guilds: Vec<_> = (0..GUILDS)
        .map(|_| (guild(), (0..PLAYERS).map(|n| player(&format!("P{n}"))).collect::<Vec<_>>()))
        .collect();
    let claims = guilds.iter().flat_map(|(guild, players)| players.iter().map(move |who| daily(guild, who)));
    edge.post_at_once(claims.collect()).await?;
    let mut viewer = Viewer::join(&edge).await?;
    edge.stop_room()?;
    let (began, mut rounds) = (Instant::now(), 0);
    while began.elapsed() < OUTAGE {
        play(&edge, &guilds).await?;
        rounds += 1;
    }
    edge.start_room()?;
    let expected = journals(&edge, &guilds).await?;
    assert_eq!(expected.values().map(Vec::len).sum::<usize>(), GUILDS * PLAYERS * (rounds + 1));

    // The guilds come back by themselves: nobody types another command.
    let mut seen: HashMap<GuildId, Vec<String>> = HashMap::new();
    until("every event has arrived", async || {
        let events = viewer.next_events().await?;
        for event in events.into_iter().filter(|event| event.source == protocol::Source::Transfer) {
            seen.entry(event.guild_id).or_default().push(event.id);
        }
        Ok(seen.values().map(Vec::len).sum::<usize>() >= GUILDS * PLAYERS * rounds)
    })
    .await?;
    for (guild, ids) in expected {
        assert_eq!(seen[&guild], ids[PLAYERS..], "server {guild}: in the journal's order, once");
    }
    let stored = edge.events().await?;
    let unique: std::collections::HashSet<_> = stored.iter().map(|(_, id)| id).collect();
    assert_eq!(unique.len(), stored.len(), "and stored once");
    Ok(())
}
