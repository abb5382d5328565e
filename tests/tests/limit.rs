//! The plan's limit of rows is reached in the middle of the day: players are told, nothing is lost, the page says so, what only
//! looks is answered as ever, and afterwards everything goes on.

use anyhow::{Context, Result};
use discord_sim::{Guild, Payload, Player, Typed};
use protocol::{
    ServerMessage, Severity,
    message::{LIMIT_OVER, LIMIT_REACHED},
};
use serde_json::{Value, json};
use tests::{
    Edge, Viewer,
    edge::{ADMIN_TOKEN, BOT_TOKEN, http, until},
    people::{balance, daily, field, guild, interaction, pay, player},
};

/// A reply, and the rows that it cost.
async fn said(edge: &Edge, body: &Value) -> Result<(Value, String)> {
    let answer = edge.discord().post(body).await?;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let rows = answer.headers.get("Pulse-Rows-Written").context("what it cost")?.to_str()?.to_owned();
    Ok((answer.json(), rows))
}

fn typed(guild: &Guild, who: &Player, command: &str) -> Value {
    Payload::command(interaction(), Typed::new(command)).by(who).in_guild(guild).build()
}

/// The code of a refusal that only who asked reads.
fn refused(reply: &Value) -> Option<&str> {
    let code = reply["data"]["embeds"][0]["footer"]["text"].as_str()?;
    (reply["type"] == 4 && reply["data"]["flags"] == 64).then_some(code)
}

/// Reads until this notice comes; gives its words, and the events before it.
async fn notice(viewer: &mut Viewer, code: &str) -> Result<String> {
    loop {
        if let ServerMessage::Notice { data } = viewer.next().await?
            && data.code == code
        {
            return Ok(data.message);
        }
    }
}

/// The reply to `/balance`.
async fn held(edge: &Edge, guild: &Guild, who: &Player) -> Result<String> {
    let (reply, _) = said(edge, &balance(guild, who)).await?;
    Ok(reply["data"]["embeds"][0]["description"].as_str().context("a balance")?.to_owned())
}

/// How many events there are, but for those of the bot itself.
async fn told(edge: &Edge) -> Result<usize> {
    let events = edge.get("/api/events?limit=200").await?;
    Ok(events.as_array().context("events")?.iter().filter(|event| event["source"] != "bot").count())
}

async fn report(edge: &Edge) -> Result<u16> {
    let now = json!({
        "version": 1, "startedAt": 0, "at": 1_000, "bot": {"id": "1", "name": "Pulse", "avatarUrl": null}, "shards": [],
        "restMs": 12.0, "guilds": {"count": 1, "members": 5, "named": []},
    });
    let request = http().post(format!("{}/api/report", edge.url)).bearer_auth(BOT_TOKEN).json(&now);
    Ok(request.send().await?.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_rows_players_are_told_nothing_is_lost_and_afterwards_everything_goes_on() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let (home, ann, bob, cleo) = (guild(), player("Ann"), player("Bob"), player("Cleo"));
    for who in [&ann, &bob] {
        said(&edge, &daily(&home, who)).await?;
    }
    until("both are told", async || Ok(told(&edge).await? == 2)).await?;
    let mut viewer = Viewer::join(&edge).await?;
    assert_eq!(report(&edge).await?, 204);

    edge.limit("rows")?;
    let claim = daily(&home, &cleo);
    for change in [&claim, &pay(&home, &ann, &bob, 10), &typed(&home, &ann, "work")] {
        let (reply, rows) = said(&edge, change).await?;
        assert_eq!((refused(&reply), rows.as_str()), (Some("limit_reached"), "0"), "{reply}");
        let text = reply["data"]["embeds"][0]["description"].as_str().unwrap();
        assert!(text.contains("your coins are safe") && text.contains("try again <t:"), "{text}");
    }
    assert!(held(&edge, &home, &ann).await?.contains("100 coins"), "what looks is answered");
    assert_eq!(
        refused(&said(&edge, &daily(&home, &ann)).await?.0),
        Some("daily_claimed"),
        "a rule says no as ever"
    );
    let (board, _) = said(&edge, &typed(&home, &ann, "leaderboard")).await?;
    assert!(board.to_string().contains("Bob"), "{board}");
    let elsewhere = guild();
    assert_eq!(
        refused(&said(&edge, &daily(&elsewhere, &ann)).await?.0),
        Some("limit_reached"),
        "books that have never been, and cannot be made now"
    );
    let action = json!({"key": "k", "reason": "a test", "action": "give", "userId": ann.id, "amount": "5"});
    let address = format!("{}/api/guilds/{}/actions", edge.url, home.id);
    let acted = http().post(&address).bearer_auth(ADMIN_TOKEN).json(&action).send().await?;
    assert_eq!((acted.status().as_u16(), acted.headers().contains_key("Retry-After")), (503, true));
    assert_eq!(acted.json::<Value>().await?["error"]["code"], "limit_reached");

    // The books come up anew while nothing can be written.
    edge.evict("Guild", &home.id.to_string())?;
    assert!(held(&edge, &home, &bob).await?.contains("100 coins"));
    let words = notice(&mut viewer, LIMIT_REACHED).await?;
    assert!(words.contains("nothing is lost"), "{words}");
    assert_eq!(report(&edge).await?, 204, "what is measured need not be written");
    let mut late = Viewer::join(&edge).await?;
    notice(&mut late, LIMIT_REACHED).await?;
    let ticks = edge.room().await?.ticks;
    until("the numbers go on", async || Ok(edge.room().await?.ticks > ticks + 1)).await?;
    assert_eq!(told(&edge).await?, 2, "nothing has happened");
    let check = edge.get("/api/check").await?;
    assert_eq!(check["room"]["isLimited"], true, "{check}");

    edge.limit("nothing")?;
    let (reply, _) = said(&edge, &claim).await?;
    assert_eq!(
        field(&reply, "Balance").as_deref(),
        Some("100 coins"),
        "the same interaction, sent again: {reply}"
    );
    let (reply, _) = said(&edge, &pay(&home, &ann, &bob, 10)).await?;
    assert_eq!(refused(&reply), None, "{reply}");
    let events = viewer.events_until(|event| event.message.contains("limit of rows was reached")).await?;
    assert_eq!(events.last().unwrap().severity, Severity::Warn);
    for watcher in [&mut viewer, &mut late] {
        notice(watcher, LIMIT_OVER).await?;
    }
    until("each event is there once", async || Ok(told(&edge).await? == 5)).await?;
    let held = [held(&edge, &home, &ann).await?, held(&edge, &home, &bob).await?];
    assert!(
        held[0].contains("90 coins") && held[1].contains("110 coins"),
        "only what was answered: {held:?}"
    );
    let proof = edge.get(&format!("/api/guilds/{}/proof", home.id)).await?;
    assert_eq!((&proof["sum"], &proof["mismatches"]), (&json!("0"), &json!([])), "{proof}");
    assert_eq!(edge.get("/api/check").await?["room"].get("isLimited"), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_requests_players_are_told_too() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let (home, ann) = (guild(), player("Ann"));
    said(&edge, &daily(&home, &ann)).await?;
    edge.limit("requests")?;
    for body in [balance(&home, &ann), daily(&home, &player("Bob"))] {
        let (reply, rows) = said(&edge, &body).await?;
        assert_eq!((refused(&reply), rows.as_str()), (Some("limit_reached"), "0"), "{reply}");
    }
    edge.limit("nothing")?;
    assert!(held(&edge, &home, &ann).await?.contains("100 coins"));
    Ok(())
}
