//! A server's own room: whoever looks at one server alone sees that server, whole, and nothing of another.

use anyhow::{Context, Result};
use discord_sim::{Guild, Payload, Player, Typed, splitmix::SplitMix, typed::Value as OptionValue};
use protocol::{Event, Report, ServerMessage, Snapshot, Source, VERSION, stats::BotStatus};
use serde_json::{Value, json};
use tests::{
    Edge, Viewer,
    edge::{ADMIN_TOKEN, BOT_TOKEN, http, until},
    people::{daily, guild, interaction, player},
};

/// Asserts that no other server is in what is shown, neither by its id nor by its name.
fn assert_alone(shown: &str, others: &[Guild]) {
    for other in others {
        assert!(!shown.contains(&other.id.to_string()), "server {} is in {shown}", other.id);
        assert!(!shown.contains(&other.name), "{} is in {shown}", other.name);
    }
}

/// Random commands in random servers, by people who play in all of them and by some who play in one.
struct Mixture {
    seed: u64,
    chance: SplitMix,
    guilds: Vec<Guild>,
    everywhere: Vec<Player>,
    /// The players of each server who play nowhere else.
    at_home: Vec<Vec<Player>>,
}

impl Mixture {
    fn new(guilds: usize) -> Result<Self> {
        let seed = u64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_nanos() & u128::from(u64::MAX))?;
        let some = |name: &str, count: usize| (0..count).map(|_| player(name)).collect::<Vec<_>>();
        Ok(Self {
            seed,
            chance: SplitMix::new(seed),
            guilds: (0..guilds).map(|_| guild()).collect(),
            everywhere: some("Everywhere", 4),
            at_home: (0..guilds).map(|_| some("At home", 3)).collect(),
        })
    }

    async fn play(&mut self, edge: &Edge, commands: usize) -> Result<()> {
        let mut bodies = Vec::new();
        for _ in 0..commands {
            let guild = usize::try_from(self.chance.below(self.guilds.len() as u64))?;
            let people: Vec<&Player> = self.everywhere.iter().chain(&self.at_home[guild]).collect();
            let (from, to) = (*self.chance.pick(&people).unwrap(), *self.chance.pick(&people).unwrap());
            let amount = 1 + self.chance.below(60).cast_signed();
            let typed = match self.chance.below(10) {
                0..=3 => Typed::new("daily"),
                4..=6 => Typed::new("pay")
                    .with("user", OptionValue::User(to.clone()))
                    .with("amount", OptionValue::Integer(amount)),
                7 => Typed::new("work"),
                8 => Typed::new("coinflip")
                    .with("side", OptionValue::Text("heads".into()))
                    .with("amount", OptionValue::Integer(amount)),
                _ => Typed::new("leaderboard"),
            };
            bodies
                .push(Payload::command(interaction(), typed).by(from).in_guild(&self.guilds[guild]).build());
        }
        edge.post_at_once(bodies).await.with_context(|| format!("seed {}", self.seed))?;
        Ok(())
    }

    /// Nothing of the other servers, and nobody who plays only there.
    fn assert_first_alone(&self, shown: &str) {
        assert_alone(shown, &self.guilds[1..]);
        for stranger in self.at_home[1..].iter().flatten() {
            assert!(
                !shown.contains(&stranger.id.to_string()),
                "seed {}: {} is in {shown}",
                self.seed,
                stranger.id
            );
        }
    }
}

async fn plays(edge: &Edge, guild: &Guild, name: &str) -> Result<()> {
    let answer = edge.discord().post(&daily(guild, &player(name))).await?;
    assert_eq!(answer.status, 200);
    Ok(())
}

/// Reports these servers and this latency as the bot-worker would.
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
    let mut mixture = Mixture::new(3)?;
    let guilds = mixture.guilds.clone();
    let ours = &guilds[0];
    plays(&edge, ours, "First").await?;
    mixture.play(&edge, 60).await?;
    report(&edge, &guilds, 40.0).await?;
    let query = format!("?room={}", ours.id);
    let mut viewer = Viewer::open(&edge, &query).await.map_err(|status| anyhow::anyhow!("{status}"))?;
    let ServerMessage::Hello { epoch, .. } = viewer.next().await? else { panic!("HELLO comes first") };
    let ServerMessage::Snapshot { data } = viewer.next().await? else { panic!("then SNAPSHOT") };
    let mut heard: Vec<Event> = data.events.into_iter().rev().collect();

    // Random commands of all servers, then one that is known to be the last; over a cut of power, too.
    for round in 0..3 {
        mixture.play(&edge, 100).await?;
        report(&edge, &guilds, 60.0).await?;
        let last = player("Last");
        edge.discord().post(&daily(ours, &last)).await?;
        loop {
            let text = viewer.next_text().await?;
            mixture.assert_first_alone(&text);
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
    assert!(heard.len() > 10, "seed {}: {} events", mixture.seed, heard.len());
    let numbers: Vec<u64> = heard.iter().map(|event| event.seq.0).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "gapless: {numbers:?}");

    // Each of our rows is here as it is in the room of all, and in its order.
    let everyones = edge.get(&format!("/api/events?limit=200&guild={}", ours.id)).await?;
    let everyones: Vec<Event> = serde_json::from_value(everyones)?;
    let ids = |events: &mut dyn Iterator<Item = &Event>| -> Vec<String> {
        events.map(|event| event.id.clone()).collect()
    };
    let (truth, heard) =
        (ids(&mut everyones.iter().rev()), ids(&mut heard.iter().filter(|event| event.guild_id == ours.id)));
    let both = truth.len().min(heard.len());
    assert_eq!(heard[heard.len() - both..], truth[truth.len() - both..], "seed {}", mixture.seed);

    for path in ["snapshot", "events", "events.csv", "history"] {
        let url = format!("{}/api/{path}{query}&range=1h", edge.url);
        let shown = http().get(url).bearer_auth(ADMIN_TOKEN).send().await?;
        assert_eq!(shown.status(), 200, "{path}");
        mixture.assert_first_alone(&shown.text().await?);
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

/// The points of an hour in which something happened: when, how many commands, and the wealth at the end.
async fn points(edge: &Edge, query: &str) -> Result<Vec<(u64, u64, i64)>> {
    let snapshot: Snapshot = serde_json::from_value(edge.get(&format!("/api/snapshot{query}")).await?)?;
    let played = snapshot.history.iter().filter(|point| point.commands > 0);
    Ok(played.map(|point| (point.at.0, point.commands, point.wealth.get())).collect())
}

/// The events that tell of the bot: it came, went, or lost its gateway.
async fn told_of_the_bot(edge: &Edge, query: &str) -> Result<Vec<String>> {
    let events: Vec<Event> = serde_json::from_value(edge.get(&format!("/api/events{query}")).await?)?;
    let of_the_bot = events.into_iter().filter(|event| event.source == Source::Bot);
    Ok(of_the_bot.map(|event| event.message).collect())
}

/// Commands that are posted at once.
const BATCH: u64 = 50;

#[tokio::test]
async fn what_came_while_nobody_watched_is_shown_when_it_was_and_as_it_was() -> Result<()> {
    let edge = Edge::start()?;
    let ours = guild();
    let query = format!("?room={}", ours.id);
    plays(&edge, &ours, "First").await?;
    report(&edge, std::slice::from_ref(&ours), 40.0).await?;
    // Looked at once, and left.
    drop(Viewer::open(&edge, &query).await.map_err(|status| anyhow::anyhow!("{status}"))?);
    until("nobody watches", async || Ok(edge.get(&format!("/api/room{query}")).await?["viewers"] == 0))
        .await?;

    // A thousand commands over several steps of the charts, with a bot that is up all the time. The room of all hears each
    // of them as it happens.
    let (mut count, mut steps) = (1, 0);
    while count < 1_001 || steps < 4 {
        let batch = (0..BATCH).map(|_| daily(&ours, &player("Player"))).collect();
        edge.post_at_once(batch).await?;
        report(&edge, std::slice::from_ref(&ours), 40.0).await?;
        count += BATCH;
        steps = points(&edge, "").await?.len();
    }
    let has_all = async |query: &str| {
        let total: u64 = points(&edge, query).await?.iter().map(|point| point.1).sum();
        anyhow::Ok(total == count)
    };
    until("the room of all has all", async || has_all("").await).await?;

    let viewer = Viewer::open(&edge, &query).await.map_err(|status| anyhow::anyhow!("{status}"))?;
    until("the server's room has all", async || has_all(&query).await).await?;
    let (own, all) = (points(&edge, &query).await?, points(&edge, "").await?);
    let moments = |points: &[(u64, u64, i64)]| points.iter().map(|point| point.0).collect::<Vec<_>>();
    assert_eq!(moments(&own), moments(&all), "the same steps");
    // What is delivered just after a step's end is counted in the next one, and the two rooms need not hear it at once.
    let (mut own_so_far, mut all_so_far) = (0, 0);
    for (own, all) in own.iter().zip(&all) {
        (own_so_far, all_so_far) = (own_so_far + own.1, all_so_far + all.1);
        assert!(own_so_far.abs_diff(all_so_far) <= BATCH, "each command in its own step: {own:?}, {all:?}");
    }
    let coins = |points: &[(u64, u64, i64)]| points.last().map(|last| last.2);
    assert_eq!(coins(&own), coins(&all), "the same coins at the end");
    // Where this test was too slow to report, the bot was away, and both rooms say so.
    let kind = |told: &String| told.split(':').next().unwrap_or_default().to_owned();
    let of_all: Vec<String> = told_of_the_bot(&edge, "?source=bot").await?.iter().map(kind).collect();
    let own = told_of_the_bot(&edge, &query).await?;
    assert!(own.iter().all(|told| of_all.contains(&kind(told))), "the bot never went: {own:?}, {of_all:?}");
    drop(viewer);
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
