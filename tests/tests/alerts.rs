//! Alerts that reach somebody, over real workerd: with no page open, through power cuts and receivers that fail.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use discord_sim::{
    client::now,
    gateway::{Order::Cut, Settings},
};
use protocol::{ServerMessage, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{
    Edge, Stack, Viewer,
    edge::{ADMIN_TOKEN, BOT_TOKEN, http, until},
    people::{daily, guild, pay, player},
    program::root,
    receiver::{Answer, Heard, Receiver, TOKEN},
};

/// Asks as an administrator's program.
async fn ask(edge: &Edge, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
    let request = http().request(method, format!("{}{path}", edge.url)).bearer_auth(ADMIN_TOKEN);
    let request = if let Some(body) = body { request.json(body) } else { request };
    let response = request.send().await?;
    let status = response.status();
    Ok((status, serde_json::from_str(&response.text().await?).unwrap_or_default()))
}

async fn add(edge: &Edge, kind: &str, url: &str) -> Result<Value> {
    let channel = json!({"kind": kind, "name": "Watch", "url": url});
    let (status, body) = ask(edge, Method::POST, "/api/alerts/channels", Some(&channel)).await?;
    ensure!(status == 201, "{status}: {body}");
    Ok(body)
}

/// Sets a rule to these values over its default.
async fn set(edge: &Edge, kind: &str, values: Value) -> Result<()> {
    let alerts = edge.get("/api/alerts").await?;
    let rules = alerts["rules"].as_array().context("rules")?;
    let mut rule =
        rules.iter().find(|rule| rule["rule"]["kind"] == kind).context("no such rule")?["rule"].clone();
    if let (Some(rule), Value::Object(values)) = (rule.as_object_mut(), values) {
        rule.extend(values);
    }
    let (status, body) =
        ask(edge, Method::PUT, "/api/alerts/rules", Some(&json!({ "rules": [rule] }))).await?;
    ensure!(status == 200, "{status}: {body}");
    Ok(())
}

/// Reports as bot-worker does, with this latency of the gateway.
async fn report(edge: &Edge, latency_ms: u32) -> Result<()> {
    let Timestamp(at) = now();
    let report = json!({
        "version": 1, "startedAt": at - 60_000, "at": at, "bot": {"id": "1", "name": "Pulse"},
        "shards": [{"id": 0, "state": "active", "latencyMs": latency_ms}], "restMs": 50,
        "guilds": {"count": 3, "members": 40},
    });
    let request = http().post(format!("{}/api/report", edge.url)).bearer_auth(BOT_TOKEN).json(&report);
    let status = request.send().await?.status();
    ensure!(status == 204, "a report was answered {status}");
    Ok(())
}

/// Lets one report over 300 ms raise an incident, and nothing else.
async fn watch_spikes(edge: &Edge) -> Result<()> {
    set(edge, "gatewayLatency", json!({"on": false})).await?;
    set(edge, "botSilent", json!({"on": false})).await?;
    set(edge, "gatewaySpike", json!({"threshold": 300, "holdS": 0, "coolDownS": 0})).await
}

/// Waits until the room knows that every channel has taken the newest state of its newest incident.
async fn noted(edge: &Edge) -> Result<()> {
    until("it is noted", async || {
        let newest = edge.get("/api/alerts").await?["incidents"][0].clone();
        let is_taken = |told: &Value| told["version"] == newest["version"];
        Ok(newest["told"].as_object().is_some_and(|told| told.values().all(is_taken)))
    })
    .await
}

/// Waits until this many requests have come; gives them.
async fn heard(receiver: &Receiver, count: usize) -> Result<Vec<Heard>> {
    until("the receiver hears of it", async || Ok(receiver.heard().len() >= count)).await?;
    Ok(receiver.heard())
}

async fn set_latency(stack: &Stack, ms: u64) -> Result<()> {
    let url = format!("{}/control/latency", stack.discord.url());
    http().put(url).json(&json!({ "ms": ms })).send().await?.error_for_status()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_with_no_page_open_is_one_message_that_is_edited_when_it_ends() -> Result<()> {
    let mut stack = Stack::set().await?;
    let receiver = Receiver::start().await?;
    set_latency(&stack, 20).await?;
    add(&stack.edge, "discord", &receiver.channel()).await?;
    set(&stack.edge, "gatewaySpike", json!({"threshold": 300, "holdS": 1})).await?;
    set(&stack.edge, "gatewayLatency", json!({"on": false})).await?;
    stack.connected().await?;
    set_latency(&stack, 600).await?;
    until("the message stands", async || Ok(receiver.messages().len() == 1)).await?;
    let opened = receiver.messages()[0].clone();
    assert!(
        opened["title"].as_str().is_some_and(|title| title.starts_with("Gateway latency, 10 s")),
        "{opened}"
    );

    noted(&stack.edge).await?;
    stack.edge.kill();
    set_latency(&stack, 20).await?;
    stack.edge.revive()?;
    let is_over = |messages: &[Value]| {
        messages.iter().any(|embed| embed["title"].as_str().is_some_and(|title| title.starts_with("Over: ")))
    };
    until("the message says that it is over", async || Ok(is_over(&receiver.messages()))).await?;
    assert_eq!(receiver.messages().len(), 1, "{:?}", receiver.messages());
    let incidents = stack.edge.get("/api/alerts").await?["incidents"].clone();
    assert_eq!(incidents[0]["kind"], "gatewaySpike", "{incidents}");
    assert!(incidents[0]["until"].is_number(), "{incidents}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_worker_that_is_killed_while_nobody_looks_is_missed_within_a_minute() -> Result<()> {
    let mut stack = Stack::set().await?;
    let receiver = Receiver::start().await?;
    stack.connected().await?;
    add(&stack.edge, "discord", &receiver.channel()).await?;
    stack.worker.kill();
    let died = Instant::now();
    until("somebody is told", async || Ok(!receiver.messages().is_empty())).await?;
    assert!(died.elapsed() < Duration::from_mins(1), "told after {:?}", died.elapsed());
    assert_eq!(receiver.messages()[0]["title"], "The bot is silent");
    stack.restart(&[])?;
    until("it is over", async || Ok(receiver.messages()[0]["title"] == "Over: The bot is silent")).await?;
    assert_eq!(receiver.messages().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_cut_is_told_while_the_bot_worker_lives_and_the_page_says_so() -> Result<()> {
    let stack = Stack::set().await?;
    let receiver = Receiver::start().await?;
    stack.connected().await?;
    add(&stack.edge, "discord", &receiver.channel()).await?;
    let gateway = &stack.discord.state().gateway;
    let calm = gateway.settings();
    gateway.set(Settings { open: false, ..calm.clone() });
    gateway.order(&Cut);
    until("the message stands", async || Ok(!receiver.messages().is_empty())).await?;
    assert_eq!(receiver.messages()[0]["title"], "The gateway is lost");
    let mut viewer = Viewer::join(&stack.edge).await?;
    let notice = loop {
        if let ServerMessage::Notice { data } = viewer.next().await? {
            break data;
        }
    };
    assert_eq!((notice.code.as_str(), notice.message.as_str()), ("incident", "The gateway is lost"));
    gateway.set(calm);
    until("it is over", async || Ok(receiver.messages()[0]["title"] == "Over: The gateway is lost")).await?;
    assert_eq!(receiver.messages().len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_webhook_outlives_a_power_cut_between_sending_and_noting() -> Result<()> {
    let mut edge = Edge::start()?;
    let receiver = Receiver::start().await?;
    let added = add(&edge, "webhook", &receiver.url).await?;
    let secret = added["secret"].as_str().context("a secret")?.to_owned();
    watch_spikes(&edge).await?;
    receiver.answers([Answer::Silence]);
    report(&edge, 600).await?;
    let first = heard(&receiver, 1).await?.remove(0);
    edge.kill();
    edge.revive()?;
    report(&edge, 600).await?;
    let again = heard(&receiver, 2).await?.remove(1);
    assert_eq!(again.headers["webhook-id"], first.headers["webhook-id"], "the same message");
    assert_eq!(again.body, first.body);
    for sent in [&first, &again] {
        verify(&secret, sent)?;
        let bent = Heard { body: sent.body.replace("600", "601"), ..sent.clone() };
        assert!(verify(&secret, &bent).is_err(), "{bent:?}");
    }
    let body: Value = serde_json::from_str(&again.body)?;
    assert_eq!((&body["type"], &body["data"]["kind"]), (&json!("incident.opened"), &json!("gatewaySpike")));
    assert_eq!(body["data"]["cause"], "gateway");
    noted(&edge).await?;
    edge.kill();
    edge.revive()?;
    report(&edge, 600).await?;
    assert_eq!(receiver.heard().len(), 2);
    Ok(())
}

/// Whether the published library of the convention takes a message; nothing of Pulse is in it.
fn verify(secret: &str, sent: &Heard) -> Result<()> {
    const SCRIPT: &str = "import { Webhook } from 'standardwebhooks'; \
        const [secret, headers, body] = process.argv.slice(1); \
        new Webhook(secret).verify(body, JSON.parse(headers));";
    let headers = serde_json::to_string(&sent.headers)?;
    let mut node = Command::new(root().join("node_modules/.bin/node"));
    node.current_dir(root()).args(["--input-type=module", "-e", SCRIPT, secret, &headers, &sent.body]);
    let output = node.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_is_told_again_and_one_that_is_gone_is_not() -> Result<()> {
    let edge = Edge::start()?;
    let (failing, gone) = (Receiver::start().await?, Receiver::start().await?);
    add(&edge, "webhook", &failing.url).await?;
    add(&edge, "webhook", &gone.url).await?;
    watch_spikes(&edge).await?;
    let wait = Some(("Retry-After", "1".to_owned()));
    failing.answers([Answer::status(500), Answer::Status(429, wait, "<html>slow down</html>".to_owned())]);
    gone.answers([Answer::status(410)]);
    report(&edge, 600).await?;
    let sent = heard(&failing, 3).await?;
    assert!(sent.iter().all(|one| one.headers["webhook-id"] == sent[0].headers["webhook-id"]), "{sent:?}");
    until("the one that is gone is switched off", async || {
        let channels = edge.get("/api/alerts").await?["channels"].clone();
        Ok(channels[1]["on"] == false
            && channels[1]["offBecause"].as_str().is_some_and(|why| why.contains("410")))
    })
    .await?;
    assert_eq!(gone.heard().len(), 1);
    let events = edge.get("/api/events?severity=warn").await?.to_string();
    assert!(events.contains("was switched off"), "{events}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_the_other_side_has_answered() -> Result<()> {
    let edge = Edge::start()?;
    let (receiver, elsewhere) = (Receiver::start().await?, Receiver::start().await?);
    let id = add(&edge, "webhook", &receiver.url).await?["id"].as_str().context("an id")?.to_owned();
    let path = format!("/api/alerts/channels/{id}/test");
    let to = Some(("Location", elsewhere.url.clone()));
    for (answer, ok, status, words) in [
        (Answer::status(204), true, json!(204), ""),
        (Answer::Status(404, None, "<h1>Nobody</h1>".to_owned()), false, json!(404), "<h1>Nobody</h1>"),
        (Answer::Status(302, to, String::new()), false, json!(302), ""),
        (Answer::Flood, true, json!(200), "xxx"),
        (Answer::Drip, false, Value::Null, "after 10 s"),
        (Answer::Silence, false, Value::Null, "after 10 s"),
    ] {
        receiver.answers([answer.clone()]);
        let (asked, told) = ask(&edge, Method::POST, &path, None).await?;
        assert_eq!(
            (asked, &told["ok"], &told["status"]),
            (StatusCode::OK, &json!(ok), &status),
            "{answer:?}: {told}"
        );
        let said = told["answer"].as_str().context("an answer")?;
        assert!(said.contains(words) && said.len() < 1_000, "{answer:?}: {said}");
    }
    assert_eq!(elsewhere.heard().len(), 0, "a redirect is not followed");
    drop(receiver);
    let (_, told) = ask(&edge, Method::POST, &path, None).await?;
    assert_eq!((&told["ok"], &told["status"]), (&json!(false), &Value::Null), "{told}");
    assert_eq!(ask(&edge, Method::POST, "/api/alerts/channels/7/test", None).await?.0, 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_public_or_refused_and_is_never_shown_again() -> Result<()> {
    let edge = Edge::start()?;
    for (kind, url) in [
        ("webhook", "http://10.0.0.7/hook"),
        ("webhook", "https://169.254.169.254/latest/meta-data"),
        ("webhook", "https://[fc00::1]/"),
        ("webhook", "https://vault.internal/"),
        ("webhook", "http://hooks.example.com/"),
        ("webhook", "https://name:word@hooks.example.com/"),
        ("webhook", "not an address"),
        ("discord", "https://hooks.example.com/api/webhooks/1/t"),
        ("discord", "https://discord.com/api/webhooks/1"),
    ] {
        let channel = json!({"kind": kind, "name": "Watch", "url": url});
        let (status, body) = ask(&edge, Method::POST, "/api/alerts/channels", Some(&channel)).await?;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &json!("bad_channel")), "{url}: {body}");
        assert!(body["error"]["message"].as_str().is_some_and(|why| why.contains("url")), "{body}");
    }
    let receiver = Receiver::start().await?;
    add(&edge, "discord", &receiver.channel()).await?;
    let secret = add(&edge, "webhook", "https://hooks.example.com/a-path-that-nobody-guesses").await?;
    let secret = secret["secret"].as_str().context("a secret")?;
    let shown = edge.get("/api/alerts").await?;
    assert_eq!(shown["channels"][1]["hint"], "hooks.example.com …sses");
    let stored = String::from_utf8_lossy(&edge.stored("Room")?).into_owned();
    for hidden in [TOKEN, "nobody-guesses", &secret["whsec_".len()..]] {
        assert!(!shown.to_string().contains(hidden), "{shown}");
        assert!(!stored.contains(hidden), "{hidden} is stored in clear");
    }
    for (method, path, body) in [
        (Method::PUT, "/api/alerts/rules", json!({"rules": [{"kind": "gossip"}]})),
        (Method::PUT, "/api/alerts/rules", json!({"rules": 7})),
        (Method::POST, "/api/alerts/incidents/7", json!({"action": "forget"})),
        (Method::POST, "/api/alerts/channels", json!({"kind": "smoke"})),
    ] {
        assert_eq!(ask(&edge, method, path, Some(&body)).await?.0, 400, "{path} {body}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_taken_on_and_kept_and_channels_are_changed_and_removed() -> Result<()> {
    let edge = Edge::start()?;
    let receiver = Receiver::start().await?;
    let id = add(&edge, "webhook", &receiver.url).await?["id"].as_str().context("an id")?.to_owned();
    watch_spikes(&edge).await?;
    report(&edge, 600).await?;
    heard(&receiver, 1).await?;
    let alerts = edge.get("/api/alerts").await?;
    let incident = alerts["incidents"][0]["id"].as_str().context("an incident")?.to_owned();
    let path = format!("/api/alerts/incidents/{incident}");
    assert_eq!(ask(&edge, Method::POST, &path, Some(&json!({"action": "acknowledge"}))).await?.0, 204);
    let told = heard(&receiver, 2).await?.remove(1);
    assert!(told.body.contains("A program"), "{}", told.body);
    assert_eq!(ask(&edge, Method::POST, &path, Some(&json!({"action": "resolve"}))).await?.0, 204);
    heard(&receiver, 3).await?;
    until("it is laid by, and still read", async || {
        report(&edge, 40).await?;
        let past = edge.rows("Room", "SELECT value FROM memory WHERE kind = 'past'")?;
        Ok(past.iter().any(|row| row.contains(&incident)))
    })
    .await?;
    let incidents = edge.get("/api/alerts/incidents").await?;
    let ids: Vec<_> = incidents.as_array().context("a list")?.iter().map(|one| one["id"].clone()).collect();
    assert!(ids.contains(&json!(incident)), "{incidents}");
    let older = edge.get(&format!("/api/alerts/incidents?before={incident}")).await?;
    assert_eq!(older, json!([]));

    let channel = format!("/api/alerts/channels/{id}");
    let change = json!({"name": "Pager", "on": false});
    assert_eq!(ask(&edge, Method::PUT, &channel, Some(&change)).await?.0, 204);
    let channels = edge.get("/api/alerts").await?["channels"].clone();
    assert_eq!((&channels[0]["name"], &channels[0]["on"]), (&json!("Pager"), &json!(false)));
    assert_eq!(ask(&edge, Method::DELETE, &channel, None).await?.0, 204);
    assert_eq!(ask(&edge, Method::DELETE, &channel, None).await?.0, 404);
    assert_eq!(edge.get("/api/alerts").await?["channels"], json!([]));
    let events = edge.get("/api/events").await?.to_string();
    for words in ["added the alert channel Watch", "took on the incident", "removed the alert channel Pager"]
    {
        assert!(events.contains(words), "{words}: {events}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_page_is_for_everybody_and_wakes_no_object_each_time() -> Result<()> {
    let edge = Edge::start_faulty_with(json!({"STATUS_PAGE": "on"}))?;
    set(&edge, "gatewaySpike", json!({"threshold": 300, "holdS": 0})).await?;
    report(&edge, 600).await?;
    let get = async |path: &str| -> Result<(u16, String, String)> {
        let response = http().get(format!("{}{path}", edge.url)).send().await?;
        let kind = response.headers()["content-type"].to_str()?.to_owned();
        Ok((response.status().as_u16(), kind, response.text().await?))
    };
    let (status, kind, page) = get("/status").await?;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    for words in ["Gateway latency, 10 s", "lasts", "600 ms", "Up"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.len() <= 30_000 && !page.contains("<script"));
    let before = edge.objects_asked()?;
    for _ in 0..20 {
        let (status, kind, badge) = get("/status.svg").await?;
        assert_eq!((status, kind.as_str()), (200, "image/svg+xml"), "{badge}");
    }
    assert!(edge.objects_asked()? <= before + 1, "the room is asked each time");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_reach_a_receiver_that_fails_in_order_and_none_is_lost() -> Result<()> {
    const PAYMENTS: usize = 60;
    let mut edge = Edge::start()?;
    let receiver = Receiver::start().await?;
    let channel = json!({
        "kind": "webhook", "name": "Ledger", "url": receiver.url, "incidents": false,
        "events": {},
    });
    let (status, body) = ask(&edge, Method::POST, "/api/alerts/channels", Some(&channel)).await?;
    assert_eq!(status, 201, "{body}");
    receiver.answers([Answer::status(500), Answer::status(204), Answer::Silence]);
    let (home, ann, ben) = (guild(), player("Ann"), player("Ben"));
    edge.post_at_once(vec![daily(&home, &ann)]).await?;
    for turn in 0..PAYMENTS {
        edge.post_at_once(vec![pay(&home, &ann, &ben, 1)]).await?;
        if turn == PAYMENTS / 2 {
            edge.kill();
            edge.revive()?;
        }
    }
    let ids = |receiver: &Receiver| -> Vec<String> {
        let mut ids = Vec::new();
        for sent in receiver.heard() {
            let body: Value = serde_json::from_str(&sent.body).unwrap();
            let events = body["data"]["events"].as_array().cloned().unwrap_or_default();
            for id in events.iter().filter_map(|event| event["id"].as_str()) {
                if !ids.iter().any(|known| known == id) {
                    ids.push(id.to_owned());
                }
            }
        }
        ids
    };
    until("all of them have come", async || {
        let stored = edge.events().await?.len();
        Ok(stored > PAYMENTS && ids(&receiver).len() == stored)
    })
    .await?;
    let stored = edge.events().await?;
    let expected: Vec<&str> = stored.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids(&receiver), expected, "in the stream's order");
    Ok(())
}
