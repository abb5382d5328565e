//! `GET /api/check`, and `bot-worker check` where something does not fit: each is named, with what to do, and no secret is shown.

use anyhow::Result;
use protocol::check::{ClientSecret, EdgeCheck};
use serde_json::{Value, json};
use tests::{
    Edge, Relay, bot,
    edge::{ADMIN_TOKEN, BOT_TOKEN, signer},
    program::free_port,
    relay::Spoiler,
};

const SECRET: &str = "a-client-secret-of-the-tests";

/// Checks an edge with these settings, with the commands registered; gives the exit code and what it said.
async fn checked(settings: Value) -> Result<(i32, String)> {
    let (edge, discord) = bot::acquainted(settings).await?;
    bot::told("register", &edge.url, &discord, &[])?;
    bot::told("check", &edge.url, &discord, &[])
}

/// The lines with these marks.
fn marked<'a>(said: &'a str, marks: &[char]) -> Vec<&'a str> {
    said.lines().filter(|line| line.starts_with(marks)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_tells_what_is_set_and_no_value() -> Result<()> {
    let (edge, _discord) = bot::acquainted(json!({})).await?;
    let key = signer().public_key_hex();
    let told = edge.get(&format!("/api/check?publicKey={key}")).await?;
    for value in [ADMIN_TOKEN, BOT_TOKEN, SECRET, key.as_str()] {
        assert!(!told.to_string().contains(value), "{told}");
    }
    let check: EdgeCheck = serde_json::from_value(told.clone())?;
    assert_eq!((check.version, check.public_key_matches), (protocol::VERSION, Some(true)), "{told}");
    assert_eq!(check.client_secret, ClientSecret::Accepted, "{told}");
    let set: Vec<&str> =
        check.settings.iter().filter(|each| each.set).map(|each| each.name.as_str()).collect();
    let expected = [
        "DISCORD_PUBLIC_KEY",
        "DISCORD_APPLICATION_ID",
        "DISCORD_CLIENT_SECRET",
        "ADMIN_IDS",
        "BOT_TOKEN",
        "ADMIN_TOKEN",
        "DISCORD_API",
    ];
    assert_eq!(set, expected, "{told}");
    assert!(check.settings.iter().all(|each| each.problem.is_none()), "{told}");
    assert!(check.bindings.iter().all(|each| each.bound || each.name == "LIMITER"), "{told}");
    assert!(check.room.is_some(), "{told}");
    for (key, matches) in [("00", Value::Null), ("", Value::Null), (&"11".repeat(32), json!(false))] {
        let told = edge.get(&format!("/api/check?publicKey={key}")).await?;
        assert_eq!(told["publicKeyMatches"], matches, "{key}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_the_edge_is_named() -> Result<()> {
    let nobody = format!("http://127.0.0.1:{}/api/v10", free_port()?);
    for (settings, line) in [
        (json!({ "DISCORD_CLIENT_SECRET": "wrong" }), "✗ sign-in       Discord refuses"),
        (json!({ "DISCORD_API": nobody }), "✗ sign-in       Discord has not told"),
        (json!({ "DISCORD_CLIENT_SECRET": "" }), "✗ edge settings DISCORD_CLIENT_SECRET: not set"),
        (json!({ "ADMIN_IDS": "101, somebody" }), "✗ edge settings ADMIN_IDS: 1 of its 2 entries"),
        (json!({ "DISCORD_TOKEN": bot::DISCORD_TOKEN }), "✗ edge settings DISCORD_TOKEN"),
    ] {
        let (code, said) = checked(settings).await?;
        assert!(code == 1 && said.contains(line), "{line}: {code}\n{said}");
        assert_eq!(marked(&said, &['✗']).len(), 1, "{said}");
        for secret in [BOT_TOKEN, ADMIN_TOKEN, SECRET, "somebody", bot::DISCORD_TOKEN] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_does_not_answer_is_told() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let discord = bot::discord(&edge).await?;
    bot::told("register", &edge.url, &discord, &[])?;
    edge.stop_room()?;
    let (code, said) = bot::told("check", &edge.url, &discord, &[])?;
    assert!(code == 1 && said.contains("✗ bindings"), "{said}");
    edge.start_room()?;
    let (code, said) = bot::told("check", &edge.url, &discord, &[])?;
    assert_eq!(code, 0, "{said}");
    assert_eq!(marked(&said, &['·']).len(), 1, "nobody can sign in here, which is no fault:\n{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_of_another_release_or_time_is_told() -> Result<()> {
    let (edge, discord) = bot::acquainted(json!({})).await?;
    let relay = Relay::start(&edge).await?;
    discord.state().set_endpoint(Some(format!("{}/interactions", relay.url)));
    bot::told("register", &relay.url, &discord, &[])?;
    let check = || bot::told("check", &relay.url, &discord, &[]);

    let (code, said) = check()?;
    assert_eq!((code, marked(&said, &['✗', '·'])), (0, vec![]), "{said}");

    for (answer, code, line) in [
        ((404, r#"{"error":{"code":"not_found"}}"#), 0, "· versions      the edge is older"),
        ((200, "<h1>Welcome</h1>"), 0, "· versions      the edge's answer is not understood"),
        ((200, r#"{"version":2,"release":"2.0.0"}"#), 1, "✗ versions      edge 2.0.0, bot-worker "),
        ((200, r#"{"version":1,"release":"0.0.9"}"#), 1, "· versions      edge 0.0.9, bot-worker "),
    ] {
        relay.spoil(Some(Spoiler { path: "/api/check", method: "GET", answer }));
        let (ended, said) = check()?;
        assert!(ended == code && said.contains(line), "{line}: {ended}\n{said}");
        assert!(
            said.contains("✓ endpoint") && said.contains("✓ clock"),
            "the rest is looked at, too:\n{said}"
        );
    }
    relay.spoil(None);

    relay.set_clock_ahead(-600_000);
    let (code, said) = check()?;
    let words = "s ahead of Discord's: from 5 minutes on every command is refused as forged";
    assert!(code == 1 && said.contains("✗ edge clock") && said.contains(words), "{said}");
    assert_eq!(marked(&said, &['✗']).len(), 1, "{said}");
    Ok(())
}
