//! The contract that a client may rely on, held by Pulse as it is deployed and by its peers: the comparison is fair.

use anyhow::Result;
use discord_sim::{Payload, Player};
use protocol::{Event, ServerMessage};
use serde_json::Value;
use tests::{
    Served, Subject,
    people::{balance, daily, field, guild, interaction, pay, player},
};

/// All that can be started here.
fn subjects() -> impl Iterator<Item = Served> {
    let there = Subject::ALL.into_iter().filter(|subject| {
        let is_there = subject.is_there();
        if !is_there {
            println!("{} is not installed, and passed over", subject.name());
        }
        is_there
    });
    there.map(|subject| subject.start().unwrap())
}

async fn reply(served: &Served, body: &Value) -> Value {
    let answer = served.discord().unwrap().post(body).await.unwrap();
    assert_eq!(answer.status, 200, "{}: {}", served.subject.name(), answer.json());
    answer.json()
}

/// The code of a refusal, in small print below it; only whoever asked reads it.
fn refusal(reply: &Value) -> Option<&str> {
    (reply["data"]["flags"] == 64).then(|| reply["data"]["embeds"][0]["footer"]["text"].as_str())?
}

#[tokio::test]
async fn only_what_discord_signed_is_answered() -> Result<()> {
    for served in subjects() {
        let (name, discord) = (served.subject.name(), served.discord()?);
        let ping = Payload::ping(interaction()).build();
        let forged = discord.post_forged(&ping).await?;
        assert_eq!(
            (forged.status, forged.body.as_slice()),
            (401, "invalid request signature".as_bytes()),
            "{name}"
        );
        for headers in [&[][..], &[("X-Signature-Ed25519", "zz"), ("X-Signature-Timestamp", "1")]] {
            assert_eq!(discord.post_with(headers, b"{}".to_vec()).await?.status, 401, "{name}: {headers:?}");
        }
        let answer = discord.post(&ping).await?;
        assert_eq!((answer.status, answer.body.as_slice()), (200, r#"{"type":1}"#.as_bytes()), "{name}");
        assert_eq!(discord.post_bytes(b"not JSON".to_vec()).await?.status, 400, "{name}");
        assert_eq!(discord.post_bytes(vec![b' '; 300 * 1024]).await?.status, 413, "{name}");
        assert_eq!(served.watch("").await.map(drop).ok(), Some(()), "{name}");
        let foreign = tests::Viewer::dial(&served.url, "", &[("Authorization", "Bearer x")]).await;
        assert_eq!(foreign.map(drop), Err(401), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_daily_pays_once_and_an_interaction_is_answered_once() -> Result<()> {
    for served in subjects() {
        let name = served.subject.name();
        let (guild, ann) = (guild(), player("Ann"));
        let (first, discord) = (daily(&guild, &ann), served.discord()?);
        let answer = discord.post(&first).await?;
        assert_eq!(field(&answer.json(), "Balance").as_deref(), Some("100 coins"), "{name}");
        assert_eq!(field(&answer.json(), "Streak").as_deref(), Some("1 day"), "{name}");
        assert_eq!(field(&answer.json(), "Rank").as_deref(), Some("#1"), "{name}");
        let again = discord.post(&first).await?;
        assert_eq!(again.body, answer.body, "{name}: byte for byte");
        let refused = reply(&served, &daily(&guild, &ann)).await;
        assert_eq!(refusal(&refused), Some("daily_claimed"), "{name}: {refused}");
        assert_eq!(holds(&served, &guild, &ann).await, 100, "{name}");

        let bob = player("Bob");
        let one = daily(&guild, &bob);
        let posts = (0..16).map(|_| {
            let (discord, one) = (discord.clone(), one.clone());
            tokio::spawn(async move { discord.post(&one).await.unwrap().body })
        });
        let posts: Vec<_> = posts.collect();
        let mut bodies = Vec::new();
        for post in posts {
            bodies.push(post.await?);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{name}");
        assert_eq!(holds(&served, &guild, &bob).await, 100, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_payment_moves_coins_or_says_why_not() -> Result<()> {
    for served in subjects() {
        let name = served.subject.name();
        let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
        reply(&served, &daily(&guild, &ann)).await;
        let robot = Player { bot: true, ..player("Robot") };
        for (order, code) in [
            (pay(&guild, &ann, &ann, 1), "self_transfer"),
            (pay(&guild, &ann, &robot, 1), "bot_recipient"),
            (pay(&guild, &ann, &bob, 0), "amount_too_small"),
            (pay(&guild, &ann, &bob, 1_000_001), "amount_too_large"),
            (pay(&guild, &ann, &bob, 101), "insufficient_funds"),
            (pay(&guild, &bob, &ann, 1), "insufficient_funds"),
        ] {
            let refused = reply(&served, &order).await;
            assert_eq!(refusal(&refused), Some(code), "{name}: {refused}");
        }
        let paid = reply(&served, &pay(&guild, &ann, &bob, 40)).await;
        assert_eq!(field(&paid, "Payer's balance").as_deref(), Some("60 coins"), "{name}");
        assert_eq!(paid["data"]["allowed_mentions"]["users"][0], bob.id.to_string(), "{name}");
        let held = (holds(&served, &guild, &ann).await, holds(&served, &guild, &bob).await);
        assert_eq!(held, (60, 40), "{name}");
    }
    Ok(())
}

/// The balance of a player, as `/balance` tells it.
async fn holds(served: &Served, guild: &discord_sim::Guild, player: &Player) -> u64 {
    let shown = reply(served, &balance(guild, player)).await;
    let told = shown["data"]["embeds"][0]["description"].as_str().unwrap().to_owned();
    let digits =
        told.split("**").find_map(|part| part.strip_suffix(" coins")).unwrap_or_else(|| panic!("{told}"));
    digits.replace(' ', "").parse().unwrap()
}

#[tokio::test]
async fn the_stream_tells_everything_and_goes_on_where_it_broke_off() -> Result<()> {
    for served in subjects() {
        let name = served.subject.name();
        let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
        let mut viewer = served.watch("").await?;
        let ServerMessage::Hello { version, epoch, seq, resumed, .. } = viewer.next().await? else {
            panic!("{name}: HELLO comes first")
        };
        assert_eq!((version, resumed), (protocol::VERSION, false), "{name}");
        let ServerMessage::Snapshot { data } = viewer.next().await? else { panic!("{name}: then SNAPSHOT") };
        assert_eq!((data.epoch, data.seq), (epoch, seq), "{name}");
        let ServerMessage::StatsUpdate { .. } = viewer.next().await? else {
            panic!("{name}: then STATS_UPDATE")
        };
        viewer.say("ping".into()).await?;
        assert_eq!(viewer.next_text().await?, "pong", "{name}");

        reply(&served, &daily(&guild, &ann)).await;
        let seen = loop {
            match viewer.next().await? {
                ServerMessage::NewEvent { data } => break data,
                other => assert!(matches!(other, ServerMessage::StatsUpdate { .. }), "{name}: {other:?}"),
            }
        };
        assert_eq!((seen.actor_id, seen.guild_id, seen.seq.0), (Some(ann.id), guild.id, seq.0 + 1), "{name}");
        assert_eq!(seen.amount.map(protocol::Coins::get), Some(100), "{name}");
        drop(viewer);

        for amount in 1..=5 {
            reply(&served, &pay(&guild, &ann, &bob, amount)).await;
        }
        reply(&served, &pay(&guild, &ann, &bob, 1_000)).await; // Refused, and no event.
        let is_fifth = |event: &Event| event.amount.is_some_and(|amount| amount.get() == 5);
        let mut viewer = served.watch(&format!("?epoch={epoch}&since={}", seen.seq)).await?;
        let ServerMessage::Hello { resumed, .. } = viewer.next().await? else { panic!("{name}: HELLO") };
        assert!(resumed, "{name}");
        let missed = viewer.events_until(is_fifth).await?;
        let told: Vec<_> = missed.iter().map(|event| (event.seq.0, event.amount.unwrap().get())).collect();
        let after = |amount: u64| (seen.seq.0 + amount, i64::try_from(amount).unwrap());
        assert_eq!(told, (1..=5).map(after).collect::<Vec<_>>(), "{name}");

        let mut stranger = served.watch("?epoch=00000000000000ff&since=0").await?;
        let ServerMessage::Hello { resumed, .. } = stranger.next().await? else { panic!("{name}: HELLO") };
        assert!(!resumed, "{name}: of another epoch");
        let stats = loop {
            // Numbers come every 5 s, and the last command's may come after the first ones.
            if let ServerMessage::StatsUpdate { data, .. } = stranger.next().await?
                && data.commands.total >= 7
            {
                break data;
            }
        };
        assert!(stats.viewers >= 1, "{name}: {stats:?}");
        assert_eq!(stats.economy.total_wealth.get(), 100, "{name}");
        assert_eq!(stats.leaderboards.wealth[0].name, "Ann", "{name}");
    }
    Ok(())
}
