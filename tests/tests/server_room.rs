//! A server's own room: whoever looks at one server alone sees that server, whole, and nothing of another.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

use anyhow::Result;
use discord_sim::Guild;
use protocol::{Event, Report, ServerMessage, Snapshot, VERSION, stats::BotStatus};
use serde_json::{Value, json};
use tests::{
    Crowd, Edge, Viewer,
    edge::{ADMIN_TOKEN, BOT_TOKEN, http, until},
    people::{daily, guild, player},
};

/// What an outsider's row would give away: the other servers' ids, in whatever is shown.
fn assert_alone(shown: &str, others: &[Guild]) {
    for other in others {
        assert!(!shown.contains(&other.id.to_string()), "server {} is in {shown}", other.id);
        assert!(!shown.contains(&other.name), "{} is in {shown}", other.name);
    }
}

async fn plays(edge: &Edge, guild: &Guild, name: &str) -> Result<()> {
    let answer = edge.discord().post(&daily(guild, &player(name))).await?;
    assert_eq!(answer.status, 200);
    Ok(())
}

/// What the bot-worker would say.
async fn report(edge: &Edge, guilds: &[Guild], ms: f64) -> Result<()> {
    let at = u64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    let named: Vec<Value> =
        guilds.iter().map(|guild| json!({"id": guild.id, "name": guild.name, "members": 5})).collect();
    let report: Report = serde_json::from_value(json!({
        "version": VERSION, "startedAt": at, "at": at, "bot": {"id": "1", "name": "Pulse"},
        "shards": [{"id": 0, "state": "active", "latencyMs": ms}],
        "guilds": {"count": guilds.len(), "members": 10, "named": named},
    }))?;
    let url = format!("{}/api/report", edge.url);
    let answer = http().post(url).bearer_auth(BOT_TOKEN).json(&report).send().await?;
    assert_eq!(answer.status(), 204);
    Ok(())
}

async fn snapshot(edge: &Edge, guild: &Guild) -> Result<Snapshot> {
    Ok(serde_json::from_value(edge.get(&format!("/api/snapshot?room={}", guild.id)).await?)?)
}

#[tokio::test]
async fn it_tells_of_one_server_from_before_it_was_looked_at() -> Result<()> {
    let edge = Edge::start()?;
    let (ours, theirs) = (guild(), guild());
    for name in ["Ann", "Ben", "Cleo"] {
        plays(&edge, &ours, name).await?;
        plays(&edge, &theirs, name).await?;
    }
    until("all is told", async || Ok(edge.room().await?.seq.0 >= 6)).await?;
    let seen = snapshot(&edge, &ours).await?;
    assert_eq!(seen.events.len(), 3);
    assert_eq!((seen.stats.users.total, seen.stats.commands.total, seen.stats.guilds.count), (3, 3, 1));
    assert_eq!(seen.stats.commands.last_hour, 3);
    assert_eq!(seen.history.iter().map(|point| point.commands).sum::<u64>(), 3);
    assert_eq!(seen.stats.leaderboards.wealth.len(), 3);
    Ok(())
}

#[tokio::test]
async fn its_stream_is_whole_and_of_this_server_alone() -> Result<()> {
    let mut edge = Edge::start()?;
    let crowd = Crowd::new(&edge, 3);
    crowd.type_commands(60, None).await?;
    let guilds: Vec<Guild> = crowd.guilds().to_vec();
    let (ours, others) = (&guilds[0], &guilds[1..]);
    let query = format!("?room={}", ours.id);
    let mut viewer = Viewer::open(&edge, &query).await.map_err(|status| anyhow::anyhow!("{status}"))?;
    let ServerMessage::Hello { epoch, .. } = viewer.next().await? else { panic!("HELLO comes first") };
    let ServerMessage::Snapshot { data } = viewer.next().await? else { panic!("then SNAPSHOT") };
    let mut heard: Vec<Event> = data.events.into_iter().rev().collect();

    // Random commands of all servers, then one that is known to be the last; over a cut of power, too.
    for round in 0..3 {
        crowd.type_commands(100, None).await?;
        let last = player("Last");
        edge.discord().post(&daily(ours, &last)).await?;
        loop {
            let text = viewer.next_text().await?;
            assert_alone(&text, others);
            match serde_json::from_str(&text)? {
                ServerMessage::NewEvent { data } => heard.push(data),
                ServerMessage::Events { data } => heard.extend(data),
                _ => {}
            }
            if heard.iter().any(|event| event.actor_id == Some(last.id)) {
                break;
            }
        }
        if round == 1 {
            edge.kill();
            edge.revive()?;
            let since = heard.last().unwrap().seq;
            let query = format!("{query}&epoch={epoch}&since={since}");
            viewer = Viewer::open(&edge, &query).await.map_err(|status| anyhow::anyhow!("{status}"))?;
            let ServerMessage::Hello { resumed, .. } = viewer.next().await? else { panic!("HELLO first") };
            assert!(resumed);
        }
    }
    assert!(heard.len() > 30, "{} events", heard.len());
    let numbers: Vec<u64> = heard.iter().map(|event| event.seq.0).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "gapless: {numbers:?}");

    // Each of our rows is here as it is in the room of all, and in its order.
    let everyones = edge.get(&format!("/api/events?limit=200&guild={}", ours.id)).await?;
    let everyones: Vec<Event> = serde_json::from_value(everyones)?;
    let ids = |events: &mut dyn Iterator<Item = &Event>| -> Vec<String> {
        events.map(|event| event.id.clone()).collect()
    };
    let truth = ids(&mut everyones.iter().rev());
    assert_eq!(ids(&mut heard.iter()).as_slice(), &truth[truth.len() - heard.len()..]);

    for path in ["snapshot", "events", "events.csv", "history"] {
        let url = format!("{}/api/{path}{query}&range=1h", edge.url);
        let shown = http().get(url).bearer_auth(ADMIN_TOKEN).send().await?;
        assert_eq!(shown.status(), 200, "{path}");
        assert_alone(&shown.text().await?, others);
    }
    Ok(())
}

#[tokio::test]
async fn it_hears_of_the_bot_while_somebody_watches() -> Result<()> {
    let edge = Edge::start()?;
    let guilds = [guild(), guild()];
    report(&edge, &guilds, 40.0).await?;
    let query = format!("?room={}", guilds[0].id);
    let mut viewer = Viewer::open(&edge, &query).await.map_err(|status| anyhow::anyhow!("{status}"))?;
    let mut wanted = vec![40.0, 400.0];
    while let Some(&gateway) = wanted.first() {
        let text = viewer.next_text().await?;
        assert_alone(&text, &guilds[1..]);
        let ServerMessage::StatsUpdate { data, .. } = serde_json::from_str(&text)? else { continue };
        if data.ping.gateway == Some(gateway) {
            assert_eq!((data.bot.status, data.guilds.count), (BotStatus::Online, 1));
            wanted.remove(0);
            report(&edge, &guilds, 400.0).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_nobody_knows_has_no_room() -> Result<()> {
    let edge = Edge::shared();
    for (room, status) in [("5", 404), ("all", 400), ("-1", 400)] {
        for path in ["snapshot", "events", "history", "room"] {
            let url = format!("{}/api/{path}?range=1h&room={room}", edge.url);
            let answer = http().get(url).bearer_auth(ADMIN_TOKEN).send().await?;
            assert_eq!(answer.status(), status, "{path} of {room}");
        }
        assert_eq!(Viewer::open(edge, &format!("?room={room}")).await.err(), Some(status));
    }
    Ok(())
}
