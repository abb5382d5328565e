//! Where objects are to be: a wish that is passed on, and what cannot be had is named.

use anyhow::Result;
use serde_json::json;
use tests::{
    Edge,
    edge::{ADMIN_TOKEN, http},
    people::{daily, field, guild, player},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_location_is_asked_for_and_books_and_room_answer() -> Result<()> {
    let edge = Edge::start_with(json!({ "OBJECT_LOCATION": "weur" }))?;
    let answer = edge.discord().post(&daily(&guild(), &player("Ann"))).await?;
    assert_eq!(field(&answer.json(), "Balance").as_deref(), Some("100 coins"));
    tests::edge::until("the room hears of it", async || Ok(edge.events().await?.len() == 1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_had_is_named() -> Result<()> {
    for (name, value, words) in [
        ("OBJECT_LOCATION", "paris", "expected one of wnam"),
        ("OBJECT_JURISDICTION", "france", "expected one of eu"),
        // The runtime of a developer's machine is in one place alone.
        ("OBJECT_JURISDICTION", "eu", "the runtime offers none"),
    ] {
        let edge = Edge::start_with(json!({ name: value }))?;
        let asked = http().get(format!("{}/api/snapshot", edge.url)).bearer_auth(ADMIN_TOKEN).send().await?;
        let (status, body) = (asked.status().as_u16(), asked.text().await?);
        assert!(status == 500 && body.contains("bad_setting"), "{name}={value}: {status} {body}");
        assert!(body.contains(name) && body.contains(words), "{name}={value}: {body}");
    }
    Ok(())
}
