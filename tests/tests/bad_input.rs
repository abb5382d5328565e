//! Whatever is wrong is named, and changes nothing.

use anyhow::Result;
use discord_sim::{Guild, Payload, Player, Typed, payload::Value as OptionValue, snowflake::snowflake};
use protocol::InteractionId;
use serde_json::{Value, json};
use tests::{
    Edge, Viewer,
    edge::{ADMIN_TOKEN, BOT_TOKEN, http, signer},
    people::{balance, daily, guild, interaction, player},
};

const FORGED: &[u8] = b"invalid request signature";

/// A player with 100 coins, to see afterwards that they are still there.
async fn rich(edge: &Edge) -> Result<(Guild, Player)> {
    let (guild, ann) = (guild(), player("Ann"));
    edge.discord().post(&daily(&guild, &ann)).await?;
    Ok((guild, ann))
}

async fn assert_unchanged(edge: &Edge, guild: &Guild, ann: &Player) -> Result<()> {
    let shown = edge.discord().post(&balance(guild, ann)).await?.json();
    let text = shown["data"]["embeds"][0]["description"].as_str().unwrap_or_default().to_owned();
    assert!(text.contains("100 coins"), "{text}");
    Ok(())
}

#[tokio::test]
async fn what_discord_did_not_sign_gets_one_constant_401() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = rich(edge).await?;
    let client = edge.discord();
    let body = daily(&guild, &player("Mallory")).to_string().into_bytes();
    let now = discord_sim::client::now().seconds();
    let (at, later) = (now.to_string(), (now + 1).to_string());
    let (at, later) = (at.as_str(), later.as_str());
    let signature = signer().sign(at, &body);
    let other = discord_sim::Signer::from_seed([7; 32]).sign(at, &body);
    let (signed, stamped) = ("X-Signature-Ed25519", "X-Signature-Timestamp");
    let cases: [(&str, Vec<(&str, &str)>); 9] = [
        ("no headers", vec![]),
        ("no timestamp", vec![(signed, &signature)]),
        ("no signature", vec![(stamped, at)]),
        ("another timestamp", vec![(signed, &signature), (stamped, later)]),
        ("another key", vec![(signed, &other), (stamped, at)]),
        ("not hex", vec![(signed, "not hex at all"), (stamped, at)]),
        ("too short", vec![(signed, &signature[2..]), (stamped, at)]),
        ("empty", vec![(signed, ""), (stamped, "")]),
        ("twice", vec![(signed, &signature), (signed, &signature), (stamped, at)]),
    ];
    for (what, headers) in cases {
        let answer = client.post_with(&headers, body.clone()).await?;
        assert_eq!((answer.status, answer.body.as_slice()), (401, FORGED), "{what}");
    }
    let changed = [body.as_slice(), b" "].concat();
    let answer = client.post_with(&[(signed, &signature), (stamped, at)], changed).await?;
    assert_eq!((answer.status, answer.body.as_slice()), (401, FORGED), "another body");
    // Signed well, and captured: too long ago, ahead of time, or by no clock at all.
    for when in [(now - 360).to_string(), (now + 360).to_string(), "yesterday".to_owned(), "1".to_owned()] {
        let signature = signer().sign(&when, &body);
        let answer = client.post_with(&[(signed, &signature), (stamped, &when)], body.clone()).await?;
        assert_eq!((answer.status, answer.body.as_slice()), (401, FORGED), "signed at {when}");
    }
    assert_unchanged(edge, &guild, &ann).await
}

/// It is signed now, as though the five minutes did not stand before it.
#[tokio::test]
async fn an_interaction_that_the_books_may_have_forgotten_is_refused_as_forged() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let (guild, ann) = rich(&edge).await?;
    let made = |hours_ago: u64| {
        let at = discord_sim::client::now().minus(hours_ago * protocol::time::HOUR_MS);
        InteractionId(snowflake(at, hours_ago))
    };
    let pay = |id, to: &Player| {
        let to = OptionValue::User(to.clone());
        let typed = Typed::new("pay").with("user", to).with("amount", OptionValue::Integer(1));
        Payload::command(id, typed).by(&ann).in_guild(&guild).build()
    };
    let bob = player("Bob");
    let asked = edge.settled_objects_asked().await?;
    for hours_ago in [48, 60, 72] {
        for payload in [
            pay(made(hours_ago), &bob),
            Payload::button(made(hours_ago), "daily:remind", json!({"content": "x"}))
                .by(&ann)
                .in_guild(&guild)
                .build(),
        ] {
            let answer = edge.discord().post(&payload).await?;
            assert_eq!((answer.status, answer.body.as_slice()), (401, FORGED), "made {hours_ago} hours ago");
        }
    }
    assert_eq!(edge.objects_asked()?, asked, "nobody is asked");
    assert_unchanged(&edge, &guild, &ann).await?;
    let of_2015 = InteractionId(7);
    for id in [made(0), made(46), of_2015] {
        let answer = edge.discord().post(&pay(id, &bob)).await?;
        assert_eq!(answer.status, 200, "{id}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_is_no_point_verifies_nothing() -> Result<()> {
    let edge = Edge::start_with(json!({"DISCORD_PUBLIC_KEY": format!("02{}", "00".repeat(31))}))?;
    let answer = edge.discord().post(&json!({"type": 1})).await?;
    assert_eq!((answer.status, answer.body.as_slice()), (401, FORGED));
    Ok(())
}

#[tokio::test]
async fn a_malformed_setting_is_named() -> Result<()> {
    for key in ["", "abc", &"zz".repeat(32)] {
        let edge = Edge::start_with(json!({"DISCORD_PUBLIC_KEY": key}))?;
        let answer = edge.discord().post(&json!({"type": 1})).await?;
        assert_eq!(answer.status, 500);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "bad_setting");
        assert!(error["message"].as_str().unwrap().starts_with("DISCORD_PUBLIC_KEY: "), "{error}");
        edge.wait_for_log("DISCORD_PUBLIC_KEY")?;
    }
    Ok(())
}

#[tokio::test]
async fn a_ping_in_its_barest_form_is_answered() -> Result<()> {
    let edge = Edge::shared();
    let answer = edge.discord().post(&json!({"type": 1})).await?;
    assert_eq!((answer.status, answer.json()), (200, json!({"type": 1})));
    // As the address may have been typed in the Developer Portal.
    let (timestamp, body) =
        (discord_sim::client::now().seconds().to_string(), json!({"type": 1}).to_string());
    let signed = signer().sign(&timestamp, body.as_bytes());
    let request = http().post(format!("{}/interactions/", edge.url)).body(body);
    let request = request.header("X-Signature-Timestamp", timestamp).header("X-Signature-Ed25519", signed);
    let answer = request.send().await?;
    assert_eq!((answer.status().as_u16(), answer.json::<Value>().await?), (200, json!({"type": 1})));
    Ok(())
}

#[tokio::test]
async fn a_body_over_the_bound_is_413() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = rich(edge).await?;
    let answer = edge.discord().post_bytes(vec![b' '; 256 * 1024 + 1]).await?;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (413, &json!("too_large")));
    let at_bound = edge.discord().post_bytes(vec![b' '; 256 * 1024]).await?;
    assert_eq!(at_bound.status, 400, "within the bound it is read, and then not understood");

    // Without a length in advance the bound holds as well; the sender need not have finished.
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 16 * 1024]));
    let body = reqwest::Body::wrap_stream(endless);
    let response = http().post(format!("{}/interactions", edge.url)).body(body).send().await;
    if let Ok(response) = response {
        assert_eq!(response.status(), 413);
    }
    assert_unchanged(edge, &guild, &ann).await
}

#[tokio::test]
async fn verified_json_that_is_no_interaction_is_400_with_a_code() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = rich(edge).await?;
    let member = json!({"user": {"id": ann.id}});
    let incomplete = json!({"type": 2, "id": "1", "guild_id": guild.id, "data": {"name": "daily"}});
    let pay = json!({"type": 2, "id": "1", "guild_id": guild.id, "member": member, "data": {"name": "pay"}});
    let cases = [
        ("malformed_interaction", json!("hello")),
        ("malformed_interaction", json!({"type": "one"})),
        ("unknown_interaction_type", json!({"type": 77})),
        ("incomplete_interaction", incomplete),
        ("bad_option", pay),
    ];
    for (code, body) in cases {
        let answer = edge.discord().post(&body).await?;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(code)), "{body}");
    }
    for bytes in [&b""[..], b"{", b"\xff\xfe"] {
        let answer = edge.discord().post_bytes(bytes.to_vec()).await?;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("malformed_interaction")));
    }
    assert_unchanged(edge, &guild, &ann).await
}

#[tokio::test]
async fn an_unknown_command_is_politely_answered_and_seen_in_red() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = rich(edge).await?;
    let mut viewer = Viewer::join(edge).await?;
    let body = Payload::command(interaction(), Typed::new("rob")).by(&ann).in_guild(&guild).build();
    let answer = edge.discord().post(&body).await?;
    assert_eq!(answer.status, 200);
    assert_ephemeral(&answer.json(), "unknown_command");
    let events =
        viewer.events_until(|event| event.guild_id == guild.id && event.message.contains("/rob")).await?;
    assert_eq!(events.last().unwrap().severity, protocol::Severity::Error);
    assert_unchanged(edge, &guild, &ann).await
}

#[tokio::test]
async fn a_command_outside_a_server_is_politely_answered() -> Result<()> {
    let body = Payload::command(interaction(), Typed::new("daily")).in_direct_message().build();
    let answer = Edge::shared().discord().post(&body).await?;
    assert_eq!(answer.status, 200);
    assert_ephemeral(&answer.json(), "outside_server");
    let typing = Typed::new("buy").with("item", OptionValue::Partial("ha".into()));
    let typing = Payload::autocomplete(interaction(), typing).in_direct_message().build();
    let answer = Edge::shared().discord().post(&typing).await?;
    assert_eq!((answer.status, answer.json()), (200, json!({"type": 8, "data": {"choices": []}})));
    Ok(())
}

#[tokio::test]
async fn a_server_that_has_not_added_pulse_gets_no_economy() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = (guild(), player("Ann"));
    let typed = |name| Payload::command(interaction(), Typed::new(name)).by(&ann).in_guild(&guild);
    for body in [typed("daily").brought_along(), typed("daily").brought_along().managing()] {
        let answer = edge.discord().post(&body.build()).await?;
        assert_eq!(answer.status, 200);
        assert_ephemeral(&answer.json(), "not_added");
        assert!(
            answer.json().to_string().contains("oauth2/authorize?client_id="),
            "with the link that adds it"
        );
    }
    let journal = edge.get(&format!("/api/guilds/{}/journal", guild.id)).await?;
    assert_eq!(journal, json!([]), "nothing was written");
    assert_eq!(edge.discord().post(&typed("daily").build()).await?.status, 200, "added, it is as everywhere");
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_for_the_players_eyes_and_changes_nothing() -> Result<()> {
    let edge = Edge::shared();
    let (guild, ann) = rich(edge).await?;
    let again = edge.discord().post(&daily(&guild, &ann)).await?;
    assert_ephemeral(&again.json(), "daily_claimed");
    let typed = Typed::new("pay")
        .with("user", OptionValue::User(ann.clone()))
        .with("amount", OptionValue::Integer(5));
    let body = Payload::command(interaction(), typed).by(&ann).in_guild(&guild).build();
    assert_ephemeral(&edge.discord().post(&body).await?.json(), "self_transfer");
    assert_unchanged(edge, &guild, &ann).await
}

fn assert_ephemeral(reply: &Value, code: &str) {
    assert_eq!((&reply["type"], &reply["data"]["flags"]), (&json!(4), &json!(64)), "{reply}");
    assert_eq!(reply["data"]["embeds"][0]["footer"]["text"], code, "{reply}");
}

#[tokio::test]
async fn routes_answer_as_documented() -> Result<()> {
    let edge = Edge::shared();
    let cases = [
        ("GET", "/interactions", None, 405),
        ("PUT", "/interactions", None, 405),
        ("GET", "/interactions/", None, 405),
        ("GET", "/interactions//", None, 404),
        ("POST", "/api/snapshot", Some(ADMIN_TOKEN), 405),
        ("GET", "/api/snapshot", None, 401),
        ("GET", "/api/snapshot", Some("wrong"), 401),
        ("GET", "/api/snapshot", Some(BOT_TOKEN), 401),
        ("GET", "/api/snapshot", Some(ADMIN_TOKEN), 200),
        ("GET", "/api/guilds", None, 401),
        ("GET", "/api/events", None, 401),
        ("GET", "/api/events?limit=201", Some(ADMIN_TOKEN), 400),
        ("GET", "/api/events?before=x", Some(ADMIN_TOKEN), 400),
        ("GET", "/api/events?severity=loud", Some(ADMIN_TOKEN), 400),
        ("GET", "/api/events?limit=5", Some(ADMIN_TOKEN), 200),
        ("GET", "/api/report", Some(BOT_TOKEN), 405),
        ("POST", "/api/report", None, 401),
        ("POST", "/api/report", Some(ADMIN_TOKEN), 401),
        ("POST", "/api/report", Some(BOT_TOKEN), 400),
        ("GET", "/ws", Some(ADMIN_TOKEN), 426),
        ("GET", "/healthz", None, 200),
        ("GET", "/", None, 200),
        ("GET", "/nothing/here", None, 404),
        ("GET", "/login/local?ticket=0", None, 401),
    ];
    for (method, path, token, status) in cases {
        let mut request = http().request(method.parse()?, format!("{}{path}", edge.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        assert_eq!(response.status().as_u16(), status, "{method} {path} with {token:?}");
        if status >= 400 {
            let body: Value = response.json().await?;
            assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{body}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_stream_is_for_those_who_may_see_it() -> Result<()> {
    let edge = Edge::shared();
    let bearer = format!("Bearer {ADMIN_TOKEN}");
    let own = edge.url.as_str();
    let cases = [
        ("", Vec::<(&'static str, &str)>::new(), Err::<(), u16>(401)),
        ("", vec![("Authorization", "Bearer wrong")], Err(401)),
        ("", vec![("Cookie", "pulse=0000")], Err(401)),
        ("", vec![("Authorization", &bearer), ("Origin", "https://evil.example")], Err(403)),
        ("", vec![("Authorization", &bearer), ("Origin", own)], Ok(())),
        ("?epoch=0&since=abc", vec![("Authorization", &bearer)], Err(400)),
    ];
    for (query, headers, expected) in cases {
        let outcome = Viewer::knock(edge, query, &headers).await.map(|_| ());
        assert_eq!(outcome, expected, "{query} {headers:?}");
    }
    for query in ["?epoch=0&since=-1", "?since=1", "?epoch=0"] {
        assert_eq!(Viewer::open(edge, query).await.map(|_| ()), Err(400), "{query}");
    }
    Ok(())
}
