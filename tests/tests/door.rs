//! Requests that show nothing of ours: the Worker alone refuses them, at a pace, and nobody else notices.

use anyhow::{Result, bail};
use futures_util::{StreamExt, TryStreamExt, stream};
use protocol::UserId;
use reqwest::Method;
use serde_json::json;
use tests::{
    Browser, Edge, bot,
    edge::{BOT_TOKEN, LINK, http, signer},
    people::{daily, guild, player},
};

const ADA: UserId = UserId(101);
/// Requests that are under way together.
const AT_A_TIME: usize = 16;

/// A cookie as long as a session's, and of the same form.
fn invented() -> String {
    format!("pulse={}.{}", "0a".repeat(32), "0b".repeat(32))
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_wakes_no_object() -> Result<()> {
    let mut edge = Edge::start_faulty_with(json!({ "DEV_LINK": LINK }))?;
    let ours = edge.session().await?;
    // From here on, whatever asks the room fails.
    edge.stop_room()?;
    let ask = async |method: Method, path: &str, cookie: &str| {
        let request = http().request(method, format!("{}{path}", edge.url)).header("Cookie", cookie);
        anyhow::Ok(request.header("Origin", &edge.url).body("{}").send().await?.status().as_u16())
    };
    for (method, path, refused) in [
        (Method::GET, "/", 200),
        (Method::GET, "/api/snapshot", 401),
        (Method::GET, "/api/events?limit=5", 401),
        (Method::GET, "/api/me", 401),
        (Method::GET, "/api/guilds/810000000000000001/players", 401),
        (Method::POST, "/api/actions", 401),
        (Method::POST, "/logout", 204),
        (Method::POST, "/logout/everywhere", 204),
    ] {
        assert_eq!(ask(method.clone(), path, &invented()).await?, refused, "{method} {path}");
        let code =
            ours.split_once('.').map_or_else(invented, |(token, _)| format!("{token}.{}", "0b".repeat(32)));
        assert_eq!(ask(method.clone(), path, &code).await?, refused, "{method} {path} with another code");
        if !["/", "/api/actions"].contains(&path) {
            assert!(ask(method.clone(), path, &ours).await? >= 500, "{method} {path} asks the room for ours");
        }
    }
    edge.kill();
    Ok(())
}

/// The table in SECURITY.md: the objects that a request of each kind asks before it is refused. A request that asks no
/// object writes no row.
#[tokio::test]
async fn what_is_refused_asks_no_object() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let now = discord_sim::client::now().seconds().to_string();
    let (forged, cookie) = (signer().sign(&now, b"another body"), invented());
    let interaction = |at| vec![("X-Signature-Ed25519", forged.as_str()), ("X-Signature-Timestamp", at)];
    let guess = vec![("Authorization", "Bearer a-guess")];
    let shown = vec![("Cookie", cookie.as_str())];
    let foreign = vec![("Origin", "https://evil.example"), ("Cookie", &cookie)];
    let upgrade = vec![("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Cookie", &cookie)];
    let cases = [
        ("POST /interactions", vec![], 401),
        ("POST /interactions", interaction("1700000000"), 401),
        ("POST /interactions", interaction(&now), 401),
        ("GET /api/snapshot", vec![], 401),
        ("GET /api/snapshot", guess.clone(), 401),
        ("GET /api/snapshot", shown.clone(), 401),
        ("GET /ws", upgrade, 401),
        ("GET /", shown.clone(), 200),
        ("GET /api/guilds/810000000000000001/proof", guess.clone(), 401),
        ("GET /api/guilds/810000000000000001/journal?player=1", shown.clone(), 401),
        ("POST /api/guilds/810000000000000001/actions", foreign.clone(), 401),
        ("POST /logout/everywhere", foreign, 403),
        ("POST /api/report", guess.clone(), 401),
        ("GET /api/jobs", guess, 401),
        ("GET /login/callback?code=1&state=1", vec![], 400),
        ("GET /no/such/place", vec![], 404),
        ("GET /healthz", vec![], 200),
    ];
    let before = edge.objects_asked()?;
    for (ask, headers, expected) in cases {
        let (method, path) = ask.split_once(' ').unwrap_or((ask, ""));
        let request = http().request(method.parse()?, format!("{}{path}", edge.url)).body("{}");
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        assert_eq!(request.send().await?.status().as_u16(), expected, "{ask}");
        assert_eq!(edge.objects_asked()?, before, "{ask} has asked an object");
    }
    edge.get("/api/room").await?;
    assert_eq!(edge.objects_asked()?, before + 1, "what is let in asks one");
    Ok(())
}

/// Asks so often, many at a time; gives the statuses.
async fn often(times: usize, ask: impl AsyncFn(usize) -> Result<u16>) -> Result<Vec<u16>> {
    stream::iter(0..times).map(|turn| ask(turn)).buffer_unordered(AT_A_TIME).try_collect().await
}

/// Asks until it is too often.
async fn until_too_often(what: &str, ask: impl AsyncFn(usize) -> Result<u16>) -> Result<()> {
    for round in 0..50 {
        let statuses = often(100, async |turn| ask(round * 100 + turn).await).await?;
        if statuses.contains(&429) {
            return Ok(());
        }
    }
    bail!("{what} has no pace")
}

#[tokio::test]
async fn guesses_elsewhere_do_not_keep_discord_out() -> Result<()> {
    const ADDRESS: (&str, &str) = ("CF-Connecting-IP", "192.0.2.1");
    let edge = Edge::start()?;
    let (client, discord, home) = (http(), edge.discord(), guild());
    until_too_often("guessing", async |_| {
        let request = client.get(format!("{}/api/snapshot", edge.url)).header(ADDRESS.0, ADDRESS.1);
        Ok(request.bearer_auth("a-guess").send().await?.status().as_u16())
    })
    .await?;
    let command = async |is_forged: bool| {
        let body = daily(&home, &player("Ann")).to_string().into_bytes();
        let now = discord_sim::client::now().seconds().to_string();
        let signature = signer().sign(&now, if is_forged { b"another body" } else { &body });
        let headers = [("X-Signature-Timestamp", now.as_str()), ("X-Signature-Ed25519", &signature), ADDRESS];
        anyhow::Ok(discord.post_with(&headers, body).await?.status)
    };
    assert_eq!(command(false).await?, 200, "what is signed is answered");
    // Forged ones have a bucket of their own, which each that holds empties.
    for _ in 0..2 {
        assert_eq!(often(200, async |_| command(true).await).await?, vec![401; 200]);
        assert_eq!(command(false).await?, 200);
    }
    until_too_often("forging", async |_| command(true).await).await
}

#[tokio::test]
async fn the_bot_worker_is_counted_as_a_program_and_not_as_nobody() -> Result<()> {
    let (edge, client) = (Edge::start()?, http());
    let statuses = often(600, async |_| {
        let request = client.get(format!("{}/api/jobs", edge.url)).header("CF-Connecting-IP", "192.0.2.9");
        Ok(request.bearer_auth(BOT_TOKEN).send().await?.status().as_u16())
    });
    assert_eq!(statuses.await?, vec![200; 600]);
    Ok(())
}

#[tokio::test]
async fn an_address_is_counted_with_its_household() -> Result<()> {
    let (edge, client) = (Edge::start()?, http());
    let ask = async |path: &str, address: String| {
        let request = client.get(format!("{}{path}", edge.url)).header("CF-Connecting-IP", address);
        anyhow::Ok(request.send().await?.status().as_u16())
    };
    // Each of another address of one network; nobody shows anything.
    for (network, path) in ["/healthz", "/no/such/place", "/"].into_iter().enumerate() {
        until_too_often(path, async |turn| ask(path, format!("2001:db8:{network}:1::{turn:x}")).await)
            .await?;
        assert_ne!(ask(path, format!("2001:db8:{network}:2::1")).await?, 429, "the household next door");
    }
    Ok(())
}

/// An edge to which Ada may sign in.
async fn house() -> Result<(Edge, discord_sim::Server)> {
    let discord = bot::discord_like(|config| config.guilds = 1).await?;
    let edge = Edge::start_with(bot::signing_in(&discord, &ADA.to_string()))?;
    Ok((edge, discord))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_without_a_bot_signs_people_in_all_the_same() -> Result<()> {
    let discord = bot::discord_like(|config| config.guilds = 1).await?;
    let mut settings = bot::signing_in(&discord, &ADA.to_string());
    settings["BOT_TOKEN"] = "".into();
    let edge = Edge::start_with(settings)?;
    let mut browser = Browser::new(&edge)?;
    assert_eq!(browser.sign_in(ADA).await?.status, 303);
    assert_eq!(browser.get("/api/me").await?.status, 200);

    let edge = Edge::start_with(json!({ "BOT_TOKEN": "", "DEV_LINK": LINK }))?;
    let me = http().get(format!("{}/api/me", edge.url)).header("Cookie", edge.session().await?);
    assert_eq!(me.send().await?.status(), 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_leads_back_to_this_site_however_its_link_is_bent() -> Result<()> {
    let (edge, _discord) = house().await?;
    for (next, expected) in [
        ("/?room=1%23journal", "/?room=1#journal"),
        ("/.//here.invalid//evil.example/x", "/"),
        ("//evil.example", "/"),
        ("/%5Cevil.example", "/"),
        ("https://evil.example/", "/"),
    ] {
        let mut browser = Browser::new(&edge)?;
        let back = browser.agree(&format!("/login?next={next}"), ADA).await?;
        let page = browser.get(&back).await?;
        assert_eq!((page.status.as_u16(), page.location()?), (303, expected), "{next}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_persons_sessions_the_last_ten_stay() -> Result<()> {
    let (edge, _discord) = house().await?;
    let mut browsers = Vec::new();
    for _ in 0..12 {
        let mut browser = Browser::new(&edge)?;
        assert_eq!(browser.sign_in(ADA).await?.status, 303);
        browsers.push(browser);
    }
    let mut statuses = Vec::new();
    for browser in &mut browsers {
        statuses.push(browser.get("/api/me").await?.status.as_u16());
    }
    assert_eq!(statuses, [[401; 2].as_slice(), &[200; 10]].concat());
    Ok(())
}
