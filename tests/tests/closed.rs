//! Unknown identities are refused, and a fault of the storage lasts no longer than its cause.

use anyhow::Result;
use reqwest::StatusCode;
use serde_json::json;
use tests::{
    Edge,
    edge::{ADMIN_TOKEN, BOT_TOKEN, LINK, http},
    people::{daily, guild, player},
};

/// The status of a question by a program.
async fn ask(edge: &Edge, path: &str) -> Result<StatusCode> {
    Ok(http().get(format!("{}{path}", edge.url)).bearer_auth(ADMIN_TOKEN).send().await?.status())
}

#[tokio::test]
async fn an_object_without_a_name_answers_nobody() -> Result<()> {
    let edge = Edge::start_faulty()?;
    for class in ["Room", "Guild"] {
        assert_eq!(edge.ask_nameless(class)?, "500", "{class}");
    }
    assert_eq!(ask(&edge, "/api/snapshot").await?, 200, "the room that is asked for by its name");
    Ok(())
}

#[tokio::test]
async fn a_session_of_nobody_is_none() -> Result<()> {
    let edge = Edge::start_faulty_with(json!({ "DEV_LINK": LINK }))?;
    let cookie = edge.session().await?;
    let me = async || {
        let request = http().get(format!("{}/api/me", edge.url)).header("Cookie", &cookie);
        anyhow::Ok(request.send().await?.status().as_u16())
    };
    assert_eq!(me().await?, 200);
    edge.let_run("Room", r#"UPDATE signed_in SET visitor = '{"person":null,"managed":[],"token":null}'"#)?;
    assert_eq!(me().await?, 401);
    assert_eq!(edge.rows("Room", "SELECT hash FROM signed_in")?, Vec::<String>::new(), "and it is over");
    Ok(())
}

#[tokio::test]
async fn books_whose_start_has_failed_answer_when_they_are_mended() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let (home, ann, bob) = (guild(), player("Ann"), player("Bob"));
    let settings = format!("/api/guilds/{}/settings", home.id);
    edge.let_run("Guild", "UPDATE schema SET step = -step")?;
    edge.post_at_once(vec![daily(&home, &ann)]).await?;
    assert_eq!(ask(&edge, &settings).await?, 200, "they are open already");
    edge.evict("Guild", &home.id.to_string())?;
    for _ in 0..2 {
        assert_eq!(ask(&edge, &settings).await?, 500);
    }
    edge.let_run("Guild", "UPDATE schema SET step = -step")?;
    let replies = edge.post_at_once(vec![daily(&home, &bob)]).await?;
    assert!(String::from_utf8(replies[0].clone())?.contains("100 coins"), "{replies:?}");
    assert_eq!(ask(&edge, &settings).await?, 200);
    let proof = edge.get(&format!("/api/guilds/{}/proof", home.id)).await?;
    assert_eq!((&proof["rows"], &proof["sum"]), (&json!(2), &json!("0")), "nothing was lost");
    Ok(())
}

#[tokio::test]
async fn a_room_whose_start_has_failed_answers_when_it_is_mended() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let before = edge.room().await?;
    edge.let_run("Room", "UPDATE memory SET value = 'damaged ' || value WHERE kind = 'epoch'")?;
    assert_eq!(ask(&edge, "/api/room").await?, 200, "it has come up already");
    edge.evict_room()?;
    for path in ["/api/room", "/api/snapshot", "/api/me"] {
        assert_eq!(ask(&edge, path).await?, 500, "{path}");
    }
    edge.let_run("Room", "UPDATE memory SET value = substr(value, 9) WHERE kind = 'epoch'")?;
    assert_eq!(edge.room().await?.epoch, before.epoch, "and nothing that is shown begins anew");
    Ok(())
}

#[tokio::test]
async fn a_room_that_could_not_read_its_rows_again_answers_when_it_is_mended() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let before = edge.room().await?;
    edge.let_run(
        "Room",
        "UPDATE memory SET value = 'damaged ' || value WHERE kind = 'epoch'; \
         CREATE TRIGGER full BEFORE INSERT ON memory BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )?;
    // The room cannot store what the report changes, and then cannot go back to its rows.
    let report = json!({
        "version": 1, "startedAt": 1, "at": 2, "bot": {"id": "1", "name": "Pulse", "avatarUrl": null}, "shards": [],
        "restMs": null, "guilds": {"count": 0, "members": 0, "named": []}
    });
    let reported = http().post(format!("{}/api/report", edge.url)).bearer_auth(BOT_TOKEN).json(&report);
    assert!(reported.send().await?.status().is_server_error());
    for _ in 0..2 {
        assert_eq!(ask(&edge, "/api/room").await?, 500, "what it goes by is not what is written down");
    }
    edge.let_run(
        "Room",
        "UPDATE memory SET value = substr(value, 9) WHERE kind = 'epoch'; DROP TRIGGER full",
    )?;
    assert_eq!(edge.room().await?.epoch, before.epoch);
    Ok(())
}
