//! Authorization: every route of the edge, tried by everybody. A route without a row here fails the test.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use discord_sim::grants::Rights;
use protocol::UserId;
use reqwest::Method;
use tests::{
    Browser, Edge, bot,
    edge::{ADMIN_TOKEN, BOT_TOKEN, until},
    people::{daily, player},
    program::root,
};

const ADMIN: UserId = UserId(101);
const MANAGER: UserId = UserId(102);
const STRANGER: UserId = UserId(103);
const GONE: UserId = UserId(104);

/// Nobody, somebody whose session is over, who manages another server, who manages this one, an administrator, the
/// bot-worker, a program.
type Statuses = [u16; 7];

/// Each route as it stands in the edge's table, what to ask it, and the status for each of them. `{guild}` is the server.
const ROWS: &[(&str, &str, &str, Statuses)] = &[
    (r#"(Method::Get | Method::Head, [""])"#, "GET /", "", [200; 7]),
    (r#"(Method::Post, ["interactions"])"#, "POST /interactions", "{}", [401; 7]),
    (r#"(Method::Get, ["ws"])"#, "GET /ws?room={guild}", "", [401, 401, 403, 101, 101, 401, 101]),
    (
        r#"(Method::Get, ["api", "snapshot"])"#,
        "GET /api/snapshot?room={guild}",
        "",
        [401, 401, 403, 200, 200, 401, 200],
    ),
    (r#"(Method::Get, ["api", "guilds"])"#, "GET /api/guilds", "", [401, 401, 200, 200, 200, 401, 200]),
    (
        r#"(Method::Get, ["api", "events"])"#,
        "GET /api/events?room={guild}",
        "",
        [401, 401, 403, 200, 200, 401, 200],
    ),
    (
        r#"(Method::Get, ["api", "events.csv"])"#,
        "GET /api/events.csv?room={guild}",
        "",
        [401, 401, 403, 200, 200, 401, 200],
    ),
    (
        r#"(Method::Get, ["api", "history"])"#,
        "GET /api/history?range=1h&room={guild}",
        "",
        [401, 401, 403, 200, 200, 401, 200],
    ),
    (
        r#"(Method::Get, ["api", "room"])"#,
        "GET /api/room?room={guild}",
        "",
        [401, 401, 403, 200, 200, 401, 200],
    ),
    (r#"(Method::Get, ["api", "check"])"#, "GET /api/check", "", [401, 401, 403, 403, 200, 200, 200]),
    (r#"(Method::Get, ["api", "me"])"#, "GET /api/me", "", [401, 401, 200, 200, 200, 401, 200]),
    (
        r#"(Method::Get, ["api", "guilds", guild, rest @ ..])"#,
        "GET /api/guilds/{guild}/journal",
        "",
        [401, 401, 403, 200, 200, 401, 200],
    ),
    (
        r#"(Method::Post, ["api", "actions"])"#,
        "POST /api/actions",
        r#"{"key":"KEY","reason":"a test","action":"resume"}"#,
        [401, 401, 403, 403, 422, 401, 422],
    ),
    (
        r#"(Method::Post, ["api", "guilds", guild, "actions"])"#,
        "POST /api/guilds/{guild}/actions",
        r#"{"key":"KEY","reason":"a test","action":"resume"}"#,
        [401, 401, 403, 422, 422, 401, 422],
    ),
    (r#"(Method::Get, ["api", "alerts"])"#, "GET /api/alerts", "", [401, 401, 403, 403, 200, 401, 200]),
    (
        r#"(Method::Get, ["api", "alerts", "incidents"])"#,
        "GET /api/alerts/incidents",
        "",
        [401, 401, 403, 403, 200, 401, 200],
    ),
    (
        r#"(Method::Put, ["api", "alerts", "rules"])"#,
        "PUT /api/alerts/rules",
        r#"{"rules":[]}"#,
        [401, 401, 403, 403, 200, 401, 200],
    ),
    (
        r#"(Method::Post, ["api", "alerts", "channels"])"#,
        "POST /api/alerts/channels",
        r#"{"kind":"webhook","name":"Watch","url":"http://10.0.0.7/"}"#,
        [401, 401, 403, 403, 400, 401, 400],
    ),
    (
        r#"(Method::Put, ["api", "alerts", "channels", id])"#,
        "PUT /api/alerts/channels/7",
        r#"{"on":true}"#,
        [401, 401, 403, 403, 404, 401, 404],
    ),
    (
        r#"(Method::Delete, ["api", "alerts", "channels", id])"#,
        "DELETE /api/alerts/channels/7",
        "",
        [401, 401, 403, 403, 404, 401, 404],
    ),
    (
        r#"(Method::Post, ["api", "alerts", "channels", id, "test"])"#,
        "POST /api/alerts/channels/7/test",
        "",
        [401, 401, 403, 403, 404, 401, 404],
    ),
    (
        r#"(Method::Post, ["api", "alerts", "incidents", id])"#,
        "POST /api/alerts/incidents/7",
        r#"{"action":"resolve"}"#,
        [401, 401, 403, 403, 404, 401, 404],
    ),
    (r#"(Method::Post, ["api", "report"])"#, "POST /api/report", "{}", [401, 401, 401, 401, 401, 400, 401]),
    (r#"(Method::Get, ["api", "jobs"])"#, "GET /api/jobs", "", [401, 401, 401, 401, 401, 200, 401]),
    (
        r#"(Method::Post, ["api", "jobs", id])"#,
        "POST /api/jobs/remind:1",
        r#"{"outcome":"done"}"#,
        [401, 401, 401, 401, 401, 204, 401],
    ),
    (r#"(Method::Get, ["login"])"#, "GET /login", "", [303; 7]),
    (r#"(Method::Get, ["login", "callback"])"#, "GET /login/callback", "", [400; 7]),
    (r#"(Method::Get, ["login", "local"])"#, "GET /login/local", "", [401; 7]),
    (r#"(Method::Post, ["logout"])"#, "POST /logout", "", [204; 7]),
    (r#"(Method::Post, ["logout", "everywhere"])"#, "POST /logout/everywhere", "", [204; 7]),
    (r#"(Method::Get | Method::Head, ["status"])"#, "GET /status", "", [404; 7]),
    (r#"(Method::Get | Method::Head, ["status.svg"])"#, "GET /status.svg", "", [404; 7]),
    (r#"(Method::Get | Method::Head, ["healthz"])"#, "GET /healthz", "", [200; 7]),
];

/// The routes as the edge's table has them: every arm that takes a method.
fn routes() -> BTreeSet<String> {
    let source = std::fs::read_to_string(root().join("edge/src/lib.rs")).unwrap();
    let arms = source.lines().map(str::trim).filter(|line| line.starts_with("(Method::"));
    arms.map(|line| line.split(" =>").next().unwrap().to_owned()).collect()
}

#[test]
fn every_route_has_a_row() {
    let rows: BTreeSet<String> = ROWS.iter().map(|(route, ..)| (*route).to_owned()).collect();
    assert_eq!(routes(), rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_what_is_theirs_and_no_more() -> Result<()> {
    let discord = bot::discord_like(|config| config.guilds = 2).await?;
    let [ours, theirs] = [discord.state().guilds[0].clone(), discord.state().guilds[1].clone()];
    for (user, guild) in [(MANAGER, ours.id), (STRANGER, theirs.id), (GONE, ours.id)] {
        let servers = Some(BTreeMap::from([(guild, 1 << 5)]));
        discord.state().set_rights(user, Rights { servers, revoked: false });
    }
    let edge = Edge::start_with(bot::signing_in(&discord, &ADMIN.to_string()))?;
    for guild in [&ours, &theirs] {
        edge.discord().post(&daily(guild, &player("Ann"))).await?;
    }
    until("both have played", async || Ok(edge.room().await?.seq.0 >= 2)).await?;

    let mut wrong = Vec::new();
    for (_, ask, body, statuses) in ROWS {
        let (method, path) = ask.split_once(' ').unwrap();
        let path = path.replace("{guild}", &ours.id.to_string());
        for (who, &expected) in statuses.iter().enumerate() {
            let (mut browser, token) = somebody(&edge, who).await?;
            let authorization = token.map(|token| format!("Bearer {token}"));
            // Each action is another: none is taken for one that was answered before.
            let body = body.replace("KEY", &format!("matrix-{who}-{}", path.len()));
            let mut headers = vec![("Content-Type", "application/json"), ("Origin", edge.url.as_str())];
            headers.extend(authorization.iter().map(|value| ("Authorization", value.as_str())));
            let status = if path.starts_with("/ws") {
                let cookie = browser.cookie();
                let mut headers: Vec<(&'static str, &str)> = vec![("Cookie", &cookie)];
                headers.extend(authorization.iter().map(|value| ("Authorization", value.as_str())));
                tests::Viewer::knock(&edge, path.strip_prefix("/ws").unwrap(), &headers)
                    .await
                    .err()
                    .unwrap_or(101)
            } else {
                browser
                    .send(Method::from_bytes(method.as_bytes())?, &path, &headers, &body)
                    .await?
                    .status
                    .as_u16()
            };
            if status != expected {
                wrong.push(format!("{ask} by {who}: {status} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A browser with a fresh session of its own, or a program's token.
async fn somebody(edge: &Edge, who: usize) -> Result<(Browser, Option<&'static str>)> {
    Ok(match who {
        1 => {
            let mut browser = signed_in(edge, GONE).await?;
            let cookie = browser.cookie();
            browser.post("/logout", "").await?;
            let (name, value) = cookie.split_once('=').unwrap();
            browser.toss_cookie(name, value);
            (browser, None)
        }
        2 => (signed_in(edge, STRANGER).await?, None),
        3 => (signed_in(edge, MANAGER).await?, None),
        4 => (signed_in(edge, ADMIN).await?, None),
        5 => (Browser::new(edge)?, Some(BOT_TOKEN)),
        6 => (Browser::new(edge)?, Some(ADMIN_TOKEN)),
        _ => (Browser::new(edge)?, None),
    })
}

/// Discord bounds how often it is asked, the stand-in too: so many sign-ins at once have to wait for it.
async fn signed_in(edge: &Edge, user: UserId) -> Result<Browser> {
    let mut browser = Browser::new(edge)?;
    until("Discord has time", async || Ok(browser.sign_in(user).await?.status == 303)).await?;
    Ok(browser)
}
