//! Work that needs the bot's token reaches people exactly once, whatever dies in between.

use std::net::SocketAddr;

use anyhow::Result;
use discord_sim::{
    Guild, Payload, Player, Typed,
    faults::{Effect, Fault},
    payload::Value,
};
use protocol::job::Settlement;
use serde_json::json;
use tests::{
    Edge, Relay, Spoiler, Viewer, bot,
    edge::{BOT_TOKEN, http, until},
    people::{daily, guild, interaction, pay, player},
    program::free_port,
    stack::PACE,
};

/// The channel for announcements.
const CHANNEL: u64 = 1_200_000_000_000_000_077;

/// Opts in by the button below a claim, which may be another's.
fn press_remind(guild: &Guild, who: &Player, claim: &serde_json::Value) -> serde_json::Value {
    let button = &claim["data"]["components"][0]["components"][0];
    assert_eq!(button["label"], "Remind me", "{claim}");
    let custom_id = button["custom_id"].as_str().unwrap();
    Payload::button(interaction(), custom_id, claim["data"].clone()).by(who).in_guild(guild).build()
}

async fn said(edge: &Edge, body: &serde_json::Value) -> Result<serde_json::Value> {
    let answer = edge.discord().post(body).await?;
    assert_eq!(answer.status, 200, "{}", answer.json());
    Ok(answer.json())
}

async fn waiting(edge: &Edge) -> Result<Vec<serde_json::Value>> {
    let asked = http().get(format!("{}/api/jobs", edge.url)).bearer_auth(BOT_TOKEN).send().await?;
    assert_eq!(asked.status(), 200);
    Ok(asked.json::<serde_json::Value>().await?["jobs"].as_array().cloned().unwrap_or_default())
}

async fn wait_for_jobs(edge: &Edge, count: usize) -> Result<()> {
    until("the jobs wait in the room", async || Ok(waiting(edge).await?.len() == count)).await
}

/// Bob has an account by a payment and has claimed nothing, so that his reminder is due at once.
async fn ask_for_both(edge: &Edge) -> Result<(Guild, Player, serde_json::Value)> {
    let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
    let claim = said(edge, &daily(&guild, &ann)).await?;
    let typed = Typed::new("economy").under("announce").with("channel", Value::Channel(CHANNEL));
    said(edge, &Payload::command(interaction(), typed).by(&ann).managing().in_guild(&guild).build()).await?;
    said(edge, &pay(&guild, &ann, &bob, 60)).await?;
    let pressed = press_remind(&guild, &bob, &claim);
    let wanted = said(edge, &pressed).await?;
    assert_eq!(
        (&wanted["type"], &wanted["data"]["flags"]),
        (&json!(4), &json!(64)),
        "the claim stays as it is"
    );
    assert_eq!(said(edge, &pressed).await?, wanted, "the same press again");
    Ok((guild, bob, claim))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_and_an_announcement_of_the_books_are_written_once() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let (_, bob, _) = ask_for_both(&edge).await?;
    wait_for_jobs(&edge, 2).await?;
    edge.evict_room()?;
    wait_for_jobs(&edge, 2).await?;

    // The first message is written, the edge does not hear of it, and the worker dies.
    let relay = Relay::start(&edge).await?;
    relay.spoil(Some(Spoiler { path: "/api/jobs/", method: "POST", answer: (500, "") }));
    let mut worker = bot::command("run", &relay.url, &discord, &[PACE])?;
    relay.until(|heard| heard.spoilt >= 1).await?;
    worker.kill();
    assert_eq!(discord.state().messages().len(), 1);
    relay.spoil(None);
    let _worker = bot::command("run", &relay.url, &discord, &[PACE])?;
    let heard = relay.until(|heard| heard.settled.len() == 2).await?;
    assert!(heard.settled.iter().all(|(_, settlement)| *settlement == Settlement::Done), "{heard:?}");
    wait_for_jobs(&edge, 0).await?;
    let messages = discord.state().messages();
    let mut told: Vec<(&str, &str)> = messages
        .iter()
        .map(|message| (message["channel_id"].as_str().unwrap(), message["content"].as_str().unwrap()))
        .collect();
    told.sort_unstable_by_key(|(_, content)| content.len());
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        told[0],
        (CHANNEL.to_string().as_str(), "**Bob** is now the richest here, with **60 coins**.")
    );
    // A channel with one person has that person's id plus one here.
    assert_eq!(told[1].0, (bob.id.0 + 1).to_string());
    assert!(told[1].1.starts_with("Your daily is ready."), "{told:?}");
    until("the bot shows how many play", async || {
        let presence = discord.state().gateway.watch().presence;
        Ok(presence["activities"][0]["state"] == "/daily · 2 players")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_whom_the_bot_may_not_write_to_is_a_warning_that_administrators_see() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let mut viewer = Viewer::join(&edge).await?;
    let (guild, bob, claim) = ask_for_both(&edge).await?;
    let path = format!("/channels/{}/messages", bob.id.0 + 1);
    let unwelcome = Effect::Status { status: 403, code: 50_278, retry_after: 0.0, global: false };
    discord.state().faults.add(Fault::new(&path, unwelcome));
    // The announcement meets a server error first, and is tried again.
    let channel = format!("/channels/{CHANNEL}/messages");
    discord.state().faults.add(Fault::new(&channel, Effect::status(500)).times(1));
    let _worker = bot::start(&edge, &discord, &[PACE])?;
    let seen = viewer.events_until(|event| event.message.starts_with("A reminder was dropped")).await?;
    let dropped = seen.last().unwrap();
    assert!(dropped.message.contains("403"), "{}", dropped.message);
    assert_eq!((dropped.severity, dropped.target_id), (protocol::Severity::Warn, Some(bob.id)));
    wait_for_jobs(&edge, 0).await?;
    assert_eq!(discord.state().messages().len(), 1, "the announcement");
    // A press ends the reminders while the books still have them on, and the next press asks for them again.
    until("the books know that he takes no messages", async || {
        let reply = said(&edge, &press_remind(&guild, &bob, &claim)).await?.to_string();
        if reply.contains("No more reminders") {
            said(&edge, &press_remind(&guild, &bob, &claim)).await?;
        }
        Ok(reply.contains("I will write to you"))
    })
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_comes_too_fast_is_written_later_and_a_channel_says_what_it_lacks() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let mut viewer = Viewer::join(&edge).await?;
    let faults = &discord.state().faults;
    faults.add(Fault::new("/users/@me/channels", Effect::error(403, 40_003)).times(1));
    let channel = format!("/channels/{CHANNEL}/messages");
    faults.add(Fault::new(&channel, Effect::error(403, 50_013)));
    ask_for_both(&edge).await?;
    let _worker = bot::start(&edge, &discord, &[PACE])?;
    let seen = viewer.events_until(|event| event.message.contains("was dropped")).await?;
    let dropped = &seen.last().unwrap().message;
    assert!(dropped.contains("An announcement") && dropped.contains("permission Send Messages"), "{dropped}");
    wait_for_jobs(&edge, 0).await?;
    let messages = discord.state().messages();
    assert_eq!(messages.len(), 1);
    assert!(messages[0]["content"].as_str().unwrap().starts_with("Your daily is ready."), "{messages:?}");
    assert_eq!(discord.state().tally.counts().invalid_requests, 2, "each was refused once");
    Ok(())
}

#[tokio::test]
async fn jobs_are_for_the_bot_worker_alone() -> Result<()> {
    let edge = Edge::shared();
    let (jobs, one) = (format!("{}/api/jobs", edge.url), format!("{}/api/jobs/remind:7", edge.url));
    let done = json!({"outcome": "done"});
    let http = http();
    let cases = [
        ("no token", http.get(&jobs), 401),
        ("another's", http.get(&jobs).bearer_auth(tests::edge::ADMIN_TOKEN), 401),
        ("no token to settle", http.post(&one).json(&done), 401),
        ("the wrong way", http.post(&jobs).bearer_auth(BOT_TOKEN), 405),
        ("the other wrong way", http.get(&one).bearer_auth(BOT_TOKEN), 405),
        ("no id", http.post(format!("{jobs}/a%20b")).bearer_auth(BOT_TOKEN).json(&done), 404),
        ("no settlement", http.post(&one).bearer_auth(BOT_TOKEN).json(&json!({"outcome": "lost"})), 400),
        ("too long", http.post(&one).bearer_auth(BOT_TOKEN).body("x".repeat(20_000)), 413),
        ("one that is over, or never was", http.post(&one).bearer_auth(BOT_TOKEN).json(&done), 204),
    ];
    for (what, request, status) in cases {
        assert_eq!(request.send().await?.status(), status, "{what}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_that_the_edge_cannot_deliver_is_delivered_by_the_worker_and_seen_once() -> Result<()> {
    let listen = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let settings = json!({ "DEFER_AFTER_MS": "0", "DISCORD_API": format!("http://{listen}/api/v10") });
    let edge = Edge::start_with(settings)?;
    let edge_url = Some(edge.url.clone());
    let discord = bot::discord_like(|config| (config.listen, config.edge_url) = (listen, edge_url)).await?;
    // The edge's address has to wait for an hour; the worker's has not.
    discord.state().faults.add(Fault::new("/webhooks/", Effect::limited(3_600.0)).times(1));
    let control = format!("{}/control/interactions", discord.url());
    let promised = http().post(control).json(&json!({ "name": "daily" })).send().await?;
    let promised: serde_json::Value = promised.json().await?;
    assert_eq!(promised["body"], json!({ "type": 5 }), "{promised}");
    let token = promised["token"].as_str().unwrap();
    edge.wait_for_log("bot-worker gets the late answer")?;
    assert_eq!(waiting(&edge).await?.len(), 0, "a worker of an older version could not read it");

    let relay = Relay::start(&edge).await?;
    let _worker = bot::command("run", &relay.url, &discord, &[PACE])?;
    relay.until(|heard| heard.settled.iter().any(|(job, _)| job.starts_with("answer:"))).await?;
    let original = discord.state().originals.get(token).unwrap();
    assert_eq!((original.edits.len(), original.follow_ups.len()), (1, 0));
    assert!(original.message.to_string().contains("100 coins"), "{}", original.message);
    let heard = relay.until(|heard| !heard.settled.is_empty()).await?;
    assert!(heard.settled.iter().all(|(_, settlement)| *settlement == Settlement::Done), "{heard:?}");
    assert_eq!(
        edge.rows("Room", "SELECT value FROM memory WHERE kind = 'job'")?,
        [""; 0],
        "nor is its token kept"
    );
    Ok(())
}
