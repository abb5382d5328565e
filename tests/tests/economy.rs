//! Every command over the real edge: what it says, what it costs, and that it comes, however late.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context, Result};
use discord_sim::{
    Config, Guild, Payload, Player, Server, Typed,
    faults::{Effect, Fault},
    original_responses::{Original, Standing},
    payload::Value,
};
use serde_json::{Value as Json, json};
use tests::{
    Edge,
    edge::{signer, until},
    people::{daily, field, guild, interaction, pay, player},
    program::free_port,
};

fn typed(guild: &Guild, who: &Player, typed: Typed) -> Json {
    Payload::command(interaction(), typed).by(who).in_guild(guild).build()
}

fn managed(guild: &Guild, who: &Player, typed: Typed) -> Json {
    Payload::command(interaction(), typed).by(who).managing().in_guild(guild).build()
}

fn economy(act: &str, target: &Player, amount: i64) -> Typed {
    Typed::new("economy")
        .under(act)
        .with("user", Value::User(target.clone()))
        .with("amount", Value::Integer(amount))
        .with("reason", Value::Text("contest".into()))
}

fn rule(key: &str, value: &str) -> Typed {
    let typed = Typed::new("economy").under("settings");
    typed.with("key", Value::Text(key.into())).with("value", Value::Text(value.into()))
}

fn hat() -> Typed {
    let typed = Typed::new("economy").under("item").under("add");
    typed
        .with("item", Value::Text("Hat".into()))
        .with("price", Value::Integer(30))
        .with("stock", Value::Integer(9))
}

fn buy() -> Typed {
    Typed::new("buy").with("item", Value::Text("hat".into()))
}

fn announce() -> Typed {
    Typed::new("economy").under("announce").with("channel", Value::Channel(77))
}

fn press_remind(guild: &Guild, who: &Player) -> Json {
    let message = json!({"content": "", "embeds": []});
    Payload::button(interaction(), "daily:remind", message).by(who).in_guild(guild).build()
}

fn coinflip() -> Typed {
    Typed::new("coinflip").with("side", Value::Text("heads".into())).with("amount", Value::Integer(5))
}

/// Posts, and gives the reply with what it cost.
async fn said(edge: &Edge, body: &Json) -> Result<(Json, u64)> {
    let answer = edge.discord().post(body).await?;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let rows = answer.headers.get("Pulse-Rows-Written").context("what it cost")?.to_str()?.parse()?;
    Ok((answer.json(), rows))
}

/// Posts each twice, and gives the rows that it wrote the first time: never more than are allowed.
async fn measure(edge: &Edge, steps: &[(&'static str, Json, u64)]) -> Result<BTreeMap<&'static str, u64>> {
    let mut measured = BTreeMap::new();
    for (what, body, most) in steps {
        let (reply, rows) = said(edge, body).await?;
        println!("{what}: {rows} rows");
        measured.insert(*what, rows);
        assert!((1..=*most).contains(&rows), "{what} wrote {rows} rows: {reply}");
        let (again, rows) = said(edge, body).await?;
        assert_eq!((again, rows), (reply, 0), "{what}, repeated");
    }
    Ok(measured)
}

#[tokio::test]
async fn every_command_writes_few_rows() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann, bob, boss) = (guild(), player("Ann"), player("Bob"), player("Boss"));
    let steps = [
        ("a first daily", daily(&guild, &ann), 6),
        ("a daily refused", daily(&guild, &ann), 2),
        ("a first daily of somebody else", daily(&guild, &bob), 6),
        ("work", typed(&guild, &ann, Typed::new("work")), 5),
        ("a payment", pay(&guild, &ann, &bob, 20), 8),
        ("a payment that opens an account", pay(&guild, &ann, &player("New"), 20), 8),
        ("a look", typed(&guild, &ann, Typed::new("balance")), 3),
        ("a board", typed(&guild, &ann, Typed::new("leaderboard")), 3),
        ("a history", typed(&guild, &ann, Typed::new("history")), 3),
        ("gambling is let in", managed(&guild, &boss, rule("gambling", "on")), 4),
        ("a coin", typed(&guild, &ann, coinflip()), 5),
        ("a hat is put up", managed(&guild, &boss, hat()), 6),
        ("a hat is bought", typed(&guild, &ann, buy()), 7),
        ("a reminder is wanted", press_remind(&guild, &ann), 3),
        ("a channel is named", managed(&guild, &boss, announce()), 5),
        ("coins are given", managed(&guild, &boss, economy("give", &bob, 50)), 6),
    ];
    let mut measured = measure(edge, &steps).await?;
    // Both are one command away from a new level.
    let (cleo, dan) = (player("Cleo"), player("Dan"));
    for who in [&cleo, &dan] {
        said(edge, &managed(&guild, &boss, economy("give", who, 1_000))).await?;
        for _ in 0..9 {
            said(edge, &typed(&guild, who, coinflip())).await?;
        }
    }
    let steps = [
        ("a daily with a new level", daily(&guild, &cleo), 6),
        ("a payment with a new level", pay(&guild, &dan, &cleo, 20), 8),
    ];
    measured.extend(measure(edge, &steps).await?);
    println!("json {}", json!({"bench": "rows", "rowsWritten": measured}));
    for who in [&cleo, &dan] {
        let profile = edge.get(&format!("/api/guilds/{}/players/{}", guild.id, who.id)).await?;
        assert_eq!(profile["level"], 1, "{profile}");
    }
    let proof = edge.get(&format!("/api/guilds/{}/proof", guild.id)).await?;
    assert_eq!((&proof["sum"], &proof["mismatches"]), (&json!("0"), &json!([])), "{proof}");
    Ok(())
}

#[tokio::test]
async fn buttons_choices_and_pages_work_over_the_wire() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann, boss) = (guild(), player("Ann"), player("Boss"));
    let question = said(edge, &managed(&guild, &boss, economy("give", &ann, 500_000))).await?.0;
    assert_eq!((&question["type"], &question["data"]["flags"]), (&json!(4), &json!(64)));
    let custom_id = |label: &str| {
        let buttons = question["data"]["components"][0]["components"].as_array().unwrap();
        let button = buttons.iter().find(|button| button["label"] == label).unwrap();
        button["custom_id"].as_str().unwrap().to_owned()
    };
    let press = |by: &Player, label: &str| {
        let message = json!({"content": "", "embeds": []});
        Payload::button(interaction(), custom_id(label), message).by(by).managing().in_guild(&guild).build()
    };
    let presses = edge.post_at_once((0..8).map(|_| press(&boss, "Yes, do it")).collect()).await?;
    let done =
        presses.iter().filter(|reply| serde_json::from_slice::<Json>(reply).unwrap()["type"] == 7).count();
    assert_eq!(done, 1, "eight presses at once let it happen once");
    let profile = edge.get(&format!("/api/guilds/{}/players/{}", guild.id, ann.id)).await?;
    assert_eq!(profile["balance"], "500000");

    said(edge, &managed(&guild, &boss, hat())).await?;
    let part = Typed::new("buy").with("item", Value::Partial("ha".into()));
    let lookup = Payload::autocomplete(interaction(), part).by(&ann).in_guild(&guild).build();
    let choices = edge.discord().post(&lookup).await?.json();
    assert_eq!(
        choices,
        json!({"type": 8, "data": {"choices": [{"name": "Hat · 30 coins", "value": "Hat"}]}})
    );
    said(edge, &typed(&guild, &ann, buy())).await?;
    let profile = edge.get(&format!("/api/guilds/{}/players/{}", guild.id, ann.id)).await?;
    assert_eq!(profile["items"], json!([{"name": "Hat", "quantity": 1}]));
    let page = edge.get(&format!("/api/guilds/{}/players?by=wealth&page=1", guild.id)).await?;
    assert_eq!(
        (&page["players"][0]["name"], &page["pages"], &page["by"]),
        (&json!("Ann"), &json!(1), &json!("wealth"))
    );
    for query in ["by=luck", "page=0", "page=x", "page=101"] {
        let url = format!("/api/guilds/{}/players?{query}", guild.id);
        let error = edge.get(&url).await.unwrap_err().to_string();
        assert!(error.contains("400") && error.contains("bad_query"), "{error}");
    }
    Ok(())
}

/// An edge that promises every answer, before a Discord whose webhooks behave like the real ones.
async fn late() -> Result<(Edge, Server)> {
    let listen = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let settings = json!({"DEFER_AFTER_MS": "0", "DISCORD_API": format!("http://{listen}/api/v10")});
    let edge = Edge::start_with(settings)?;
    let edge_url = Some(edge.url.clone());
    let discord = Server::start(Config { listen, edge_url, ..Config::quiet(signer()) }).await?;
    Ok((edge, discord))
}

/// Lets the stand-in's Discord send a command; what stands under its token in the end.
async fn interact(discord: &Server, wanted: Json) -> Result<(Json, Original)> {
    let url = format!("{}/control/interactions", discord.url());
    let answer: Json = reqwest::Client::new().post(url).json(&wanted).send().await?.json().await?;
    let token = answer["token"].as_str().context("a token")?.to_owned();
    until("the late answer has come", async || {
        let original = discord.state().originals.get(&token);
        Ok(original.is_some_and(|original| !original.edits.is_empty() || !original.follow_ups.is_empty()))
    })
    .await?;
    Ok((answer["body"].clone(), discord.state().originals.get(&token).context("an original")?))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_late_takes_the_place_of_its_promise() -> Result<()> {
    let (edge, discord) = late().await?;
    let (promise, original) = interact(&discord, json!({"name": "daily"})).await?;
    assert_eq!(promise, json!({"type": 5}));
    assert_eq!(original.state, Standing::Answered);
    assert_eq!(field(&json!({"data": original.message}), "Balance").as_deref(), Some("100 coins"));

    let page = |status, retry_after| Effect::Html { status, retry_after };
    for (fault, times) in [
        (Effect::status(404), 2),
        (Effect::limited(0.2), 1),
        (page(429, Some(1.0)), 1),
        (page(403, None), 1),
        (Effect::status(502), 1),
    ] {
        discord.state().faults.add(Fault::new("/webhooks/", fault).times(times));
    }
    let (promise, original) = interact(&discord, json!({"name": "history"})).await?;
    assert_eq!(promise, json!({"type": 5, "data": {"flags": 64}}), "a private answer is promised privately");
    assert!(original.attempts > 6, "it was tried until it was taken: {}", original.attempts);
    assert!(original.message.to_string().contains("daily"), "{}", original.message);

    // Anybody may press the button below a claim that everybody sees: the promise must not be to change that message.
    for (custom_id, promise) in [
        ("daily:remind", json!({"type": 5, "data": {"flags": 64}})),
        ("leaderboard:wealth:1", json!({"type": 6})),
    ] {
        let message = json!({"content": "", "embeds": []});
        let press = Payload::button(interaction(), custom_id, message).in_guild(&guild()).build();
        assert_eq!(edge.discord().post(&press).await?.json(), promise, "{custom_id}");
    }

    let (_, refused) = interact(&discord, json!({"name": "daily"})).await?;
    assert!(refused.message.to_string().contains("daily_claimed"), "{}", refused.message);

    let (promise, pressed) = interact(&discord, json!({"customId": "leaderboard:wealth:9"})).await?;
    assert_eq!((promise, pressed.edits.len()), (json!({"type": 6}), 0), "the board that all read stays");
    assert_eq!((pressed.follow_ups.len(), &pressed.follow_ups[0]["flags"]), (1, &json!(64)));
    assert!(pressed.follow_ups[0].to_string().contains("no_such_page"), "{}", pressed.follow_ups[0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_discord_never_takes_is_seen_by_administrators() -> Result<()> {
    let (edge, discord) = late().await?;
    discord.state().faults.add(Fault::new("/webhooks/", Effect::status(403)));
    let url = format!("{}/control/interactions", discord.url());
    reqwest::Client::new().post(url).json(&json!({"name": "daily"})).send().await?;
    until("an event says so", async || {
        let events = edge.get("/api/events?severity=error").await?;
        Ok(events
            .to_string()
            .contains("The late answer to /daily could not be delivered: Discord answered 403"))
    })
    .await
}
