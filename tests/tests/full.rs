//! Books that are full, over the wire: it is told in time, looks are answered, those who manage the server can act, and whoever is
//! refused loses nothing.

use anyhow::Result;
use discord_sim::{Guild, Payload, Player, Typed, client::Answer};
use serde_json::{Value, json};
use tests::{
    Disk, Edge,
    edge::until,
    load::pages,
    people::{balance, daily, guild, interaction, pay, player},
};

fn code(answer: &Answer) -> Value {
    answer.json()["data"]["embeds"][0]["footer"]["text"].clone()
}

fn economy(guild: &Guild, boss: &Player, act: &str) -> Value {
    let typed = Typed::new("economy").under(act);
    Payload::command(interaction(), typed).by(boss).managing().in_guild(guild).build()
}

async fn holds(edge: &Edge, guild: &Guild, who: &Player) -> Result<Value> {
    let profile = edge.get(&format!("/api/guilds/{}/players/{}", guild.id, who.id)).await?;
    Ok(profile["balance"].clone())
}

/// A payment, which would move coins, is refused; a look is answered.
async fn assert_full(edge: &Edge, guild: &Guild, ann: &Player, bob: &Player) -> Result<()> {
    let before = (holds(edge, guild, ann).await?, holds(edge, guild, bob).await?);
    let refused = edge.discord().post(&pay(guild, ann, bob, 1)).await?;
    assert_eq!((refused.status, code(&refused)), (200, json!("store_full")), "{}", refused.json());
    let look = edge.discord().post(&balance(guild, ann)).await?;
    let shown = look.json()["data"]["embeds"][0]["description"].to_string();
    assert!(look.status == 200 && shown.contains("coin"), "{}", look.json());
    assert_eq!((holds(edge, guild, ann).await?, holds(edge, guild, bob).await?), before, "nothing is lost");
    Ok(())
}

#[tokio::test]
async fn full_books_are_told_of_and_go_on_with_what_needs_no_room() -> Result<()> {
    let edge = Edge::start_with(json!({ "STORE_MAX_MB": "1" }))?;
    let (home, ann, bob) = (guild(), player("Ann"), player("Bob"));
    edge.post_at_once(vec![daily(&home, &ann), daily(&home, &bob)]).await?;
    let discord = edge.discord();
    let is_full = async || {
        let at_once = (0..8).map(|turn| {
            let (from, to) = if turn % 2 == 0 { (&ann, &bob) } else { (&bob, &ann) };
            pay(&home, from, to, 1)
        });
        let answers = at_once.map(|body| {
            let discord = discord.clone();
            async move { discord.post(&body).await }
        });
        let answers = futures_util::future::try_join_all(answers).await?;
        assert!(answers.iter().all(|answer| answer.status == 200));
        anyhow::Ok(answers.iter().any(|answer| code(answer) == "store_full"))
    };
    until("the books are full", is_full).await?;
    assert_full(&edge, &home, &ann, &bob).await?;

    let told: Vec<String> = pages(&edge, "/api/events")
        .await?
        .into_iter()
        .filter_map(|event| {
            let mark = event["id"].as_str()?.split_once("-store-")?.1.to_owned();
            Some(format!("{mark} {}", event["severity"].as_str()?))
        })
        .collect();
    assert_eq!(told, ["50 warn", "80 warn", "98 error"]);
    let check = edge.get("/api/check").await?;
    assert_eq!(check["room"]["fullest"]["guildId"], home.id.to_string(), "{check}");
    assert!(check["room"]["fullest"]["percent"].as_u64() >= Some(98), "{check}");

    let paused = discord.post(&economy(&home, &ann, "pause")).await?;
    assert!(paused.json().to_string().contains("Paused."), "{}", paused.json());
    assert_eq!(code(&discord.post(&pay(&home, &ann, &bob, 1)).await?), "paused");
    let proof = edge.get(&format!("/api/guilds/{}/proof", home.id)).await?;
    assert_eq!((&proof["sum"], &proof["mismatches"]), (&json!("0"), &json!([])));
    Ok(())
}

#[tokio::test]
async fn a_disk_that_is_full_loses_nothing_and_refuses_politely() -> Result<()> {
    let Some(disk) = Disk::of(60_000)? else {
        println!("skipped: a disk of a test's own cannot be made here (unshare)");
        return Ok(());
    };
    let edge = Edge::start_faulty_on(disk)?;
    let (home, ann, bob) = (guild(), player("Ann"), player("Bob"));
    edge.post_at_once(vec![daily(&home, &ann), daily(&home, &bob)]).await?;
    edge.fill_disk()?;
    let discord = edge.discord();
    until("the full disk is felt", async || {
        Ok(code(&discord.post(&pay(&home, &ann, &bob, 1)).await?) == "store_full")
    })
    .await?;
    assert_full(&edge, &home, &ann, &bob).await?;
    edge.free_disk()?;
    let answer = discord.post(&pay(&home, &ann, &bob, 1)).await?;
    assert_eq!((answer.status, code(&answer)), (200, Value::Null), "{}", answer.json());
    let proof = edge.get(&format!("/api/guilds/{}/proof", home.id)).await?;
    assert_eq!((&proof["sum"], &proof["mismatches"]), (&json!("0"), &json!([])));
    Ok(())
}
