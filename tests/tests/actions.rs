//! Actions from the page, over real workerd: what they do, who did it, once; and everything that must not act.

use anyhow::Result;
use discord_sim::{Guild, Player};
use protocol::{Event, ServerMessage};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    Edge, Viewer,
    edge::{ADMIN_TOKEN, LINK, http, until},
    people::{balance, daily, field, guild, pay, player},
};

/// Posts a command; gives the answer that the player reads.
async fn reply(edge: &Edge, interaction: &Value) -> Result<Value> {
    let answer = edge.discord().post(interaction).await?;
    assert_eq!(answer.status, 200);
    Ok(answer.json())
}

/// The refusal's code below a reply.
fn refused(reply: &Value) -> Option<&str> {
    reply["data"]["embeds"][0]["footer"]["text"].as_str()
}

/// Sends an action as a program.
async fn act(edge: &Edge, path: &str, action: &Value) -> Result<(StatusCode, String)> {
    let request = http().post(format!("{}{path}", edge.url)).bearer_auth(ADMIN_TOKEN).json(action);
    let response = request.send().await?;
    Ok((response.status(), response.text().await?))
}

fn path(guild: &Guild) -> String {
    format!("/api/guilds/{}/actions", guild.id)
}

fn on(player: &Player, action: &str, key: &str) -> Value {
    json!({"key": key, "reason": "a test", "action": action, "userId": player.id})
}

fn give(player: &Player, key: &str, amount: u32) -> Value {
    let mut action = on(player, "give", key);
    action["amount"] = json!(amount.to_string());
    action
}

fn code(body: &str) -> String {
    serde_json::from_str::<Value>(body).unwrap()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

async fn journal(edge: &Edge, guild: &Guild) -> Result<Vec<Value>> {
    let rows = edge.get(&format!("/api/guilds/{}/journal", guild.id)).await?;
    Ok(rows.as_array().unwrap().clone())
}

async fn assert_proven(edge: &Edge, guild: &Guild) -> Result<()> {
    let proof = edge.get(&format!("/api/guilds/{}/proof", guild.id)).await?;
    assert_eq!((&proof["sum"], &proof["mismatches"]), (&json!("0"), &json!([])));
    Ok(())
}

/// The next event of a live stream that says this.
async fn event_saying(viewer: &mut Viewer, words: &str) -> Result<Event> {
    loop {
        let events = match viewer.next().await? {
            ServerMessage::NewEvent { data } => vec![data],
            ServerMessage::Events { data } => data,
            _ => continue,
        };
        if let Some(event) = events.into_iter().find(|event| event.message.contains(words)) {
            return Ok(event);
        }
    }
}

#[tokio::test]
async fn the_players_next_command_sees_it_and_the_journal_and_the_feed_say_who() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann, ben) = (guild(), player("Ann"), player("Ben"));
    for who in [&ann, &ben] {
        reply(edge, &daily(&guild, who)).await?;
    }
    let mut viewer = Viewer::join(edge).await?;

    let (status, body) = act(edge, &path(&guild), &give(&ann, "g", 400)).await?;
    assert_eq!(status, 200, "{body}");
    let done: Value = serde_json::from_str(&body)?;
    assert_eq!(done["balanceAfter"], "500");
    let seen = reply(edge, &balance(&guild, &ann)).await?;
    assert!(seen.to_string().contains("500 coins"), "{seen}");
    let event = event_saying(&mut viewer, "gave Ann 400 coins: 100 → 500 coins, because a test").await?;
    assert_eq!((event.actor_name.as_deref(), json!(event.id)), (Some("A program"), done["id"].clone()));
    assert_eq!((event.guild_id, event.target_id), (guild.id, Some(ann.id)));
    let rows = journal(edge, &guild).await?;
    let row = rows.iter().find(|row| row["id"] == done["id"]).unwrap();
    assert_eq!((&row["actorName"], &row["note"]), (&json!("A program"), &json!("a test")));

    assert_eq!(act(edge, &path(&guild), &on(&ann, "freeze", "f")).await?.0, 200);
    assert_eq!(refused(&reply(edge, &pay(&guild, &ann, &ben, 5)).await?), Some("frozen"));
    assert_eq!(refused(&reply(edge, &pay(&guild, &ben, &ann, 5)).await?), Some("recipient_frozen"));
    let profile = edge.get(&format!("/api/guilds/{}/players/{}", guild.id, ann.id)).await?;
    assert_eq!(profile["frozen"], true);
    event_saying(&mut viewer, "A program froze Ann").await?;
    assert_eq!(act(edge, &path(&guild), &on(&ann, "unfreeze", "u")).await?.0, 200);
    let paid = reply(edge, &pay(&guild, &ann, &ben, 50)).await?;
    assert_eq!(field(&paid, "Payer's balance").as_deref(), Some("450 coins"));

    let row = journal(edge, &guild).await?.remove(0);
    assert_eq!(row["command"], "pay");
    let undo = json!({"key": "undo", "reason": "a mistake", "action": "undo", "seq": row["seq"]});
    let (status, body) = act(edge, &path(&guild), &undo).await?;
    assert_eq!(status, 200, "{body}");
    assert!(reply(edge, &balance(&guild, &ann)).await?.to_string().contains("500 coins"));
    let rows = journal(edge, &guild).await?;
    let reversal = rows.iter().find(|other| other["undoes"] == row["seq"]).unwrap();
    let undone = rows.iter().find(|other| other["seq"] == row["seq"]).unwrap();
    assert_eq!(undone["undoneBy"], reversal["seq"]);
    event_saying(&mut viewer, "because a mistake").await?;
    let again = json!({"key": "undo2", "reason": "a mistake", "action": "undo", "seq": row["seq"]});
    let (status, body) = act(edge, &path(&guild), &again).await?;
    assert_eq!((status, code(&body).as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "already_undone"));
    assert_proven(edge, &guild).await
}

#[tokio::test]
async fn the_same_action_sent_often_and_at_once_happens_once() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = (guild(), player("Ann"));
    reply(edge, &daily(&guild, &ann)).await?;
    let (way, action) = (path(&guild), give(&ann, "the-same", 7));
    let answers = futures_util::future::join_all((0..10).map(|_| act(edge, &way, &action))).await;
    let answers: Vec<_> = answers.into_iter().collect::<Result<_>>()?;
    assert_eq!(answers[0].0, 200);
    assert!(answers.iter().all(|answer| answer == &answers[0]), "the same bytes");
    let (status, body) = act(edge, &path(&guild), &give(&ann, "the-same", 8)).await?;
    assert_eq!((status, code(&body).as_str()), (StatusCode::CONFLICT, "key_reused"));
    assert!(reply(edge, &balance(&guild, &ann)).await?.to_string().contains("107 coins"));
    assert_eq!(journal(edge, &guild).await?.len(), 3);
    assert_proven(edge, &guild).await
}

#[tokio::test]
async fn a_server_its_rules_and_its_shop_are_managed() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = (guild(), player("Ann"));
    reply(edge, &daily(&guild, &ann)).await?;
    let at = |what: &str| format!("/api/guilds/{}/{what}", guild.id);
    let send = async |action: Value| -> Result<()> {
        let (status, body) = act(edge, &path(&guild), &action).await?;
        assert_eq!(status, 200, "{body}");
        Ok(())
    };
    send(json!({"key": "p", "reason": "r", "action": "pause"})).await?;
    assert_eq!(edge.get(&at("settings")).await?["paused"], true);
    assert_eq!(refused(&reply(edge, &pay(&guild, &ann, &player("Ben"), 1)).await?), Some("paused"));
    send(json!({"key": "r", "reason": "r", "action": "resume"})).await?;
    send(json!({"key": "s", "reason": "r", "action": "setting", "setting": "pay_min", "value": "5"})).await?;
    assert_eq!(refused(&reply(edge, &pay(&guild, &ann, &player("Ben"), 1)).await?), Some("amount_too_small"));
    let rules = edge.get(&at("settings")).await?;
    let pay_min = rules["settings"].as_array().unwrap().iter().find(|rule| rule["key"] == "pay_min").unwrap();
    assert_eq!((&pay_min["value"], &pay_min["default"]), (&json!(5), &json!(1)));
    send(json!({"key": "i", "reason": "r", "action": "item_add", "item": "Hat", "price": "9", "stock": 3}))
        .await?;
    assert_eq!(
        edge.get(&at("shop")).await?,
        json!([{"name": "Hat", "description": null, "price": "9", "stock": 3, "limit": null}])
    );
    Ok(())
}

/// A case: its name, the headers, the body, and the status and the code of the answer.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, String, u16, &'a str);

#[tokio::test]
async fn what_is_no_action_of_ours_does_nothing() -> Result<()> {
    let edge = Edge::start_with(json!({"DEV_LINK": LINK}))?;
    let (guild, ann) = (guild(), player("Ann"));
    reply(&edge, &daily(&guild, &ann)).await?;
    let cookie = edge.session().await?;
    let (json_type, bearer) = ("application/json", format!("Bearer {ADMIN_TOKEN}"));
    let good = give(&ann, "k", 1).to_string();
    let own = edge.url.as_str();
    let with = |key: &str, value: Value| {
        let mut action = give(&ann, "k", 1);
        action[key] = value;
        action.to_string()
    };
    let cookies = [("Cookie", cookie.as_str()), ("Content-Type", json_type)];
    let own_page = [cookies[0], cookies[1], ("Origin", own)];
    let program = [("Authorization", bearer.as_str()), ("Content-Type", json_type)];
    let cases: Vec<Case<'_>> = vec![
        ("nobody", vec![("Content-Type", json_type)], good.clone(), 401, "signed_out"),
        ("a wrong token", vec![("Authorization", "Bearer x"), cookies[1]], good.clone(), 401, "signed_out"),
        ("no origin", cookies.to_vec(), good.clone(), 403, "foreign_origin"),
        (
            "another site",
            vec![cookies[0], cookies[1], ("Origin", "https://evil.example")],
            good.clone(),
            403,
            "foreign_origin",
        ),
        ("a sandbox", vec![cookies[0], cookies[1], ("Origin", "null")], good.clone(), 403, "foreign_origin"),
        (
            "a site that has the token",
            vec![program[0], program[1], ("Origin", "https://evil.example")],
            good.clone(),
            403,
            "foreign_origin",
        ),
        (
            "a form",
            vec![cookies[0], ("Content-Type", "text/plain"), ("Origin", own)],
            good.clone(),
            415,
            "bad_content_type",
        ),
        ("no type", vec![program[0]], good.clone(), 415, "bad_content_type"),
        ("not JSON", program.to_vec(), "{".to_owned(), 400, "bad_action"),
        ("no such action", program.to_vec(), with("action", json!("rob")), 400, "bad_action"),
        ("an amount that is a number", program.to_vec(), with("amount", json!(1)), 400, "bad_action"),
        ("a decimal comma", program.to_vec(), with("amount", json!("1,5")), 400, "bad_amount"),
        ("no key", program.to_vec(), with("key", json!("")), 400, "bad_key"),
        ("no reason", program.to_vec(), with("reason", json!(" \u{200b}\n")), 400, "reason_missing"),
        ("a long reason", program.to_vec(), with("reason", json!("x".repeat(201))), 400, "reason_too_long"),
        ("a book", program.to_vec(), with("reason", json!("x".repeat(20_000))), 413, "too_large"),
    ];
    for (who, headers, body, status, expected) in cases {
        for way in [path(&guild), "/api/actions".to_owned()] {
            let mut request = http().post(format!("{}{way}", edge.url)).body(body.clone());
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let response = request.send().await?;
            assert_eq!(response.status().as_u16(), status, "{who} at {way}");
            assert_eq!(code(&response.text().await?), expected, "{who} at {way}");
        }
    }
    for (way, status, expected) in [
        ("/api/guilds/zero/actions".to_owned(), 404, "not_found"),
        (path(&tests::people::guild()), 404, "unknown_server"),
        ("/api/actions".to_owned(), 400, "bad_action"),
    ] {
        let (answered, body) = act(&edge, &way, &give(&ann, "k", 1)).await?;
        assert_eq!((answered.as_u16(), code(&body).as_str()), (status, expected), "{way}");
    }
    let got = http().get(format!("{}{}", edge.url, path(&guild))).send().await?;
    assert_eq!((got.status().as_u16(), got.headers()["Allow"].to_str()?), (405, "POST"));
    assert_eq!(journal(&edge, &guild).await?.len(), 1, "nothing has happened");
    let mut request = http().post(format!("{}{}", edge.url, path(&guild))).body(good);
    for (name, value) in own_page {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await?.status(), 200, "the page itself may");
    assert_eq!(journal(&edge, &guild).await?[0]["actorName"], "An administrator");
    Ok(())
}

#[tokio::test]
async fn everything_is_paused_and_goes_on() -> Result<()> {
    let mut edge = Edge::start()?;
    let (ours, theirs, ann) = (guild(), guild(), player("Ann"));
    for guild in [&ours, &theirs] {
        reply(&edge, &daily(guild, &ann)).await?;
    }
    until("the room knows both", async || Ok(edge.room().await?.seq.0 >= 2)).await?;
    let mut viewer = Viewer::join(&edge).await?;
    let pause = json!({"key": "p", "reason": "an upgrade", "action": "pause"});
    let (status, body) = act(&edge, "/api/actions", &pause).await?;
    assert_eq!(status, 200, "{body}");
    assert_eq!(act(&edge, "/api/actions", &pause).await?, (status, body.clone()), "the same bytes");
    let event = event_saying(&mut viewer, "A program paused everything, because an upgrade").await?;
    assert_eq!((event.guild_id.0, event.actor_name.as_deref()), (0, Some("A program")));
    assert_eq!(edge.get("/api/snapshot").await?["stats"]["maintenanceMode"], true);
    let paused = async |guild: &Guild| {
        let reply = reply(&edge, &pay(guild, &ann, &player("Ben"), 1)).await?;
        Ok(refused(&reply) == Some("maintenance"))
    };
    for guild in [&ours, &theirs] {
        until("players read that Pulse is looked after", async || paused(guild).await).await?;
    }
    // A server that the room does not know yet hears of it with its first command.
    let fresh = guild();
    reply(&edge, &daily(&fresh, &ann)).await?;
    until("a new server hears of it", async || paused(&fresh).await).await?;
    let other = json!({"key": "q", "reason": "an upgrade", "action": "pause"});
    let (status, body) = act(&edge, "/api/actions", &other).await?;
    assert_eq!((status.as_u16(), code(&body).as_str()), (422, "nothing_to_change"));
    let reused = json!({"key": "p", "reason": "an upgrade", "action": "resume"});
    assert_eq!(act(&edge, "/api/actions", &reused).await?.0, 409);

    edge.kill();
    edge.revive()?;
    assert_eq!(edge.get("/api/snapshot").await?["stats"]["maintenanceMode"], true, "over a cut of power");
    let refused_still = reply(&edge, &pay(&ours, &ann, &player("Ben"), 1)).await?;
    assert_eq!(refused(&refused_still), Some("maintenance"));
    let resume = json!({"key": "r", "reason": "done", "action": "resume"});
    assert_eq!(act(&edge, "/api/actions", &resume).await?.0, 200);
    for guild in [&ours, &theirs, &fresh] {
        until("players play again", async || {
            let reply = reply(&edge, &pay(guild, &ann, &player("Ben"), 1)).await?;
            Ok(refused(&reply) != Some("maintenance"))
        })
        .await?;
    }
    Ok(())
}
