//! Attacks by somebody who has no business here, over the real edge.

use anyhow::Result;
use protocol::UserId;
use reqwest::Method;
use serde_json::json;
use tests::{
    Browser, Edge, Viewer, bot,
    edge::{ADMIN_TOKEN, BOT_TOKEN, LINK, http},
    people::{daily, guild, player},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const ADA: UserId = UserId(101);

/// An edge to which Ada may sign in, and a browser in which she has.
async fn house() -> Result<(Edge, discord_sim::Server, Browser)> {
    house_of(&ADA.to_string()).await
}

async fn house_of(admin_ids: &str) -> Result<(Edge, discord_sim::Server, Browser)> {
    let discord = bot::discord_like(|config| config.guilds = 1).await?;
    let edge = Edge::start_with(bot::signing_in(&discord, admin_ids))?;
    let mut browser = Browser::new(&edge)?;
    assert_eq!(browser.sign_in(ADA).await?.status, 303);
    Ok((edge, discord, browser))
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_can_neither_watch_nor_act() -> Result<()> {
    let (edge, _discord, mut browser) = house().await?;
    let cookie = browser.cookie();
    for origin in
        ["https://evil.example", "null", "http://127.0.0.1:1", &format!("{}.evil.example", edge.url)]
    {
        let headers = [("Cookie", cookie.as_str()), ("Origin", origin)];
        assert_eq!(Viewer::knock(&edge, "", &headers).await.err(), Some(403), "{origin}");
        for path in ["/logout", "/logout/everywhere", "/api/actions", "/api/guilds/5/actions"] {
            let headers = [("Origin", origin), ("Content-Type", "application/json")];
            let page = browser.send(Method::POST, path, &headers, "{}").await?;
            assert_eq!(page.status, 403, "{path} from {origin}");
            assert!(page.headers.get("Access-Control-Allow-Origin").is_none());
        }
    }
    for path in ["/logout", "/logout/everywhere", "/api/actions", "/api/guilds/5/actions"] {
        assert_eq!(browser.send(Method::POST, path, &[], "{}").await?.status, 403, "{path} from nowhere");
    }
    // Content types that a form of another site can send without a preflight request.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let headers = [("Origin", edge.url.as_str()), ("Content-Type", kind)];
        let page = browser.send(Method::POST, "/api/guilds/5/actions", &headers, "{}").await?;
        assert_eq!(page.status, 415, "{kind}");
    }
    assert_eq!(browser.get("/api/me").await?.status, 200, "still signed in");
    Ok(())
}

/// As somebody might paste it; hers is the last, and some are none.
#[tokio::test(flavor = "multi_thread")]
async fn a_million_administrators_are_no_trouble() -> Result<()> {
    let ids = format!("{}me, ,-1,{ADA}", "9007199254740991,".repeat(1_000_000));
    let (edge, _discord, mut browser) = house_of(&ids).await?;
    let me = browser.get("/api/me").await?.json()?;
    assert_eq!(me["role"], "admin");
    let mut other = Browser::new(&edge)?;
    assert_eq!(other.sign_in(UserId(9_007_199_254_740_992)).await?.status, 403, "a number beside theirs");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_somebody_else_began_is_not_finished() -> Result<()> {
    let (edge, _discord, _) = house().await?;
    let (mut attacker, mut victim) = (Browser::new(&edge)?, Browser::new(&edge)?);
    let callback = attacker.agree("/login", ADA).await?;

    // The victim is led to the attacker's callback: with no sign-in begun, and with one of their own.
    assert_eq!(victim.get(&callback).await?.status, 400);
    victim.get("/login").await?;
    let page = victim.get(&callback).await?;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("another browser"), "{}", page.text);
    assert_eq!(victim.get("/api/me").await?.status, 401);

    // A code is good once, and only for whoever began.
    let code = callback.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    victim.get("/login").await?;
    let own = victim.agree("/login", ADA).await?;
    let state = own.split("state=").nth(1).unwrap();
    let stolen = victim.get(&format!("/login/callback?code={code}&state={state}")).await?;
    assert_eq!(stolen.status, 400, "a stolen code lacks its verifier");

    let callback = attacker.agree("/login", ADA).await?;
    let again = attacker.clone();
    assert_eq!(attacker.get(&callback).await?.status, 303);
    assert_eq!(again.clone().get(&callback).await?.status, 400, "the same code again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_cannot_be_fixed_or_guessed() -> Result<()> {
    let (edge, _discord, _) = house().await?;
    let mut browser = Browser::new(&edge)?;
    let chosen = "ab".repeat(32);
    browser.toss_cookie("pulse", &chosen);
    assert_eq!(browser.get("/api/me").await?.status, 401);
    assert_eq!(browser.sign_in(ADA).await?.status, 303);
    assert_ne!(
        browser.cookie_named("pulse"),
        Some(chosen.as_str()),
        "a session is never one that was brought along"
    );
    for value in ["", "0", "../../x", &"ab".repeat(31), &"zz".repeat(32), &"ab".repeat(4_000)] {
        let mut browser = Browser::new(&edge)?;
        browser.toss_cookie("pulse", value);
        assert_eq!(browser.get("/api/me").await?.status, 401, "{value:.20}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deployed_build_takes_no_cookie_from_a_neighbour_and_no_link() -> Result<()> {
    let discord = bot::discord_like(|config| config.guilds = 1).await?;
    let mut settings = bot::signing_in(&discord, &ADA.to_string());
    settings["DEV_LINK"] = LINK.into();
    let edge = Edge::start_deployed(settings)?;
    let mut browser = Browser::new(&edge)?;
    let ticket = LINK.split('.').next().unwrap();
    assert_eq!(
        browser.get(&format!("/login/local?ticket={ticket}")).await?.status,
        404,
        "no link in this build"
    );
    let wasm = std::fs::read(tests::program::root().join("edge/build/index_bg.wasm"))?;
    assert!(!wasm.windows(8).any(|bytes| bytes == b"DEV_LINK"), "not even its name");

    let begun = browser.get("/login").await?;
    let cookie = begun.headers.get("Set-Cookie").unwrap().to_str()?;
    for part in ["__Host-pulse-sign-in=", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let page = browser.sign_in(ADA).await?;
    let cookies: Vec<&str> =
        page.headers.get_all("Set-Cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-pulse=")).unwrap();
    assert!(session.contains("; Secure") && session.contains("; HttpOnly"), "{session}");
    // A neighbour under the same domain can set a plain cookie, but not one with this prefix.
    let token = browser.cookie_named("__Host-pulse").unwrap().to_owned();
    let mut tossed = Browser::new(&edge)?;
    tossed.toss_cookie("pulse", &token);
    assert_eq!(tossed.get("/api/me").await?.status, 401);
    assert_eq!(browser.get("/api/me").await?.status, 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_stays_on_this_site() -> Result<()> {
    let (edge, _discord, _) = house().await?;
    for (next, location) in [
        ("/?view=servers", "/?view=servers"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/%09/evil.example", "/%09/evil.example"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=b", "/xSet-Cookie:%20a=b"),
        ("", "/"),
    ] {
        let mut browser = Browser::new(&edge)?;
        let query = reqwest::Url::parse_with_params("http://x/login", [("next", next)])?;
        let login = format!("/login?{}", query.query().unwrap());
        let callback = browser.agree(&login, ADA).await?;
        let page = browser.get(&callback).await?;
        assert_eq!(page.location()?, location, "{next:?}");
        assert!(
            page.headers.get_all("Set-Cookie").iter().all(|cookie| !cookie.as_bytes().starts_with(b"a="))
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_token_counts_in_its_header_only_and_the_old_one_while_they_change() -> Result<()> {
    let edge =
        Edge::start_with(json!({"ADMIN_TOKEN_OLD": "the-token-before", "BOT_TOKEN_OLD": "the-bots-before"}))?;
    for query in ["token", "access_token", "admin_token", "authorization", "bearer"] {
        let url = format!("{}/api/snapshot?{query}={ADMIN_TOKEN}", edge.url);
        assert_eq!(http().get(url).send().await?.status(), 401, "{query}");
    }
    let snapshot = format!("{}/api/snapshot", edge.url);
    let jobs = format!("{}/api/jobs", edge.url);
    for (url, token, status) in [
        (&snapshot, ADMIN_TOKEN, 200),
        (&snapshot, "the-token-before", 200),
        (&snapshot, BOT_TOKEN, 401),
        (&snapshot, "the-bots-before", 401),
        (&snapshot, "", 401),
        (&jobs, BOT_TOKEN, 200),
        (&jobs, "the-bots-before", 200),
        (&jobs, ADMIN_TOKEN, 401),
        (&jobs, "the-token-before", 401),
    ] {
        assert_eq!(http().get(url).bearer_auth(token).send().await?.status(), status, "{url} {token}");
    }
    Ok(())
}

#[tokio::test]
async fn paths_are_taken_as_they_are() -> Result<()> {
    let edge = Edge::shared();
    for path in [
        "/api/../api/snapshot",
        "/API/snapshot",
        "/api//snapshot",
        "/api/snapshot/",
        "/api/%73napshot",
        "/api/snapshot%00",
        "/api/snapshot;x",
        "/./api/snapshot",
        "/assets/../api/snapshot",
        "/api/guilds/5/../6/journal",
        "/api/guilds/5%2F..%2F6/journal",
        "/api/guilds/5/journal/..%2Fproof",
        "/api/guilds/5/follow",
        "/api/guilds/5/act",
        "/api/guilds/5/answer",
        "/push",
        "/sessions",
        "/attend",
        "/ended",
        "/actor",
        "/admit",
    ] {
        // A client library would tidy the path up: this goes over the wire as it stands.
        let status = status_of_raw(edge, path, "").await?;
        assert!([401, 404].contains(&status), "{path}: {status}");
        let status = status_of_raw(edge, path, &format!("Authorization: Bearer {ADMIN_TOKEN}\r\n")).await?;
        // The runtime resolves `..` before anybody sees it: what is left is a path as any other.
        let resolved = path.contains("..") || path.contains("/./");
        assert!(status == 404 || (resolved && status == 200), "{path}: {status} for an administrator");
    }
    Ok(())
}

async fn status_of_raw(edge: &Edge, path: &str, headers: &str) -> Result<u16> {
    let host = edge.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.split(' ').nth(1).unwrap_or("0").parse()?)
}

#[tokio::test]
async fn names_and_notes_are_data_everywhere() -> Result<()> {
    let edge = Edge::shared();
    let (guild, mut evil) = (guild(), player("=cmd|'/c calc'!A1"));
    evil.global_name = Some("=HYPERLINK(\"http://evil\")\r\nX-Evil: 1".to_owned());
    edge.discord().post(&daily(&guild, &evil)).await?;
    for path in
        [format!("/api/guilds/{}/journal.csv", guild.id), format!("/api/events.csv?guild={}", guild.id)]
    {
        let answer = http().get(format!("{}{path}", edge.url)).bearer_auth(ADMIN_TOKEN).send().await?;
        assert!(answer.headers().get("X-Evil").is_none());
        assert_eq!(answer.headers()["Content-Disposition"], "attachment");
        assert_eq!(answer.headers()["X-Content-Type-Options"], "nosniff");
        for line in answer.text().await?.lines() {
            for cell in line.split(',') {
                let bare = cell.trim_start_matches('"');
                assert!(!bare.starts_with(['=', '+', '@', '\t']), "a formula: {cell}");
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_answer_carries_the_policy_and_a_name() -> Result<()> {
    let edge = Edge::shared();
    let mut names = std::collections::BTreeSet::new();
    for path in ["/", "/healthz", "/api/snapshot", "/nowhere", "/login/callback"] {
        let answer = http().get(format!("{}{path}", edge.url)).send().await?;
        let headers = answer.headers();
        let policy = headers["Content-Security-Policy"].to_str()?;
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
            "{path}: {policy}"
        );
        for (name, value) in [
            ("Strict-Transport-Security", "max-age=63072000"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        names.insert(headers["X-Request-Id"].to_str()?.to_owned());
    }
    assert_eq!(names.len(), 5, "each request has a name of its own");
    Ok(())
}

#[tokio::test]
async fn who_hammers_is_told_to_wait_and_nobody_else_is() -> Result<()> {
    let edge = Edge::start()?;
    let url = format!("{}/api/snapshot", edge.url);
    let client = http();
    let ask = async |address: &str, token: &str| {
        client.get(&url).header("CF-Connecting-IP", address).bearer_auth(token).send().await
    };
    let mut refused = 0;
    let limited = loop {
        let answer = ask("192.0.2.1", "a-guess").await?;
        if answer.status() == 429 {
            break answer;
        }
        assert_eq!(answer.status(), 401);
        refused += 1;
        assert!(refused < 5_000, "guesses are not limited");
    };
    let wait: u64 = limited.headers()["Retry-After"].to_str()?.parse()?;
    assert!((1..=60).contains(&wait), "{wait} s");
    assert_eq!(limited.json::<serde_json::Value>().await?["error"]["code"], "too_often");
    assert_eq!(ask("192.0.2.2", "a-guess").await?.status(), 401, "another address");
    assert_eq!(ask("192.0.2.2", ADMIN_TOKEN).await?.status(), 200);

    let login = format!("{}/login", edge.url);
    let mut begun = 0;
    while client.get(&login).header("CF-Connecting-IP", "192.0.2.3").send().await?.status() != 429 {
        begun += 1;
        assert!(begun < 1_000, "sign-ins are not limited");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_never_ends_holds_nobody_else_up() -> Result<()> {
    let edge = Edge::shared();
    let host = edge.url.strip_prefix("http://").unwrap();
    let mut slow = Vec::new();
    for path in ["/interactions", "/api/report", "/api/actions"] {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(host).await?;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {BOT_TOKEN}\r\nContent-Length: 100000\r\n\r\n{{"
            );
            stream.write_all(head.as_bytes()).await?;
            slow.push(stream);
        }
    }
    let guild = guild();
    for _ in 0..5 {
        let answer = edge.discord().post(&daily(&guild, &player("Ann"))).await?;
        assert_eq!(answer.status, 200);
    }
    Ok(())
}
