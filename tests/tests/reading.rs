//! Reads of the room besides the stream: charts, older events, tables, and the right to each.

use anyhow::Result;
use discord_sim::{Payload, Typed};
use protocol::{Event, history::History, room::GuildListing};
use serde_json::{Value, json};
use tests::{
    Edge, Viewer,
    edge::{ADMIN_TOKEN, BOT_TOKEN, http, until},
    people::{daily, guild, interaction, player},
};

async fn answer(edge: &Edge, path: &str) -> Result<(u16, reqwest::header::HeaderMap, String)> {
    let response = http().get(format!("{}{path}", edge.url)).bearer_auth(ADMIN_TOKEN).send().await?;
    Ok((response.status().as_u16(), response.headers().clone(), response.text().await?))
}

async fn events(edge: &Edge, query: &str) -> Result<Vec<Event>> {
    Ok(serde_json::from_value(edge.get(&format!("/api/events?{query}")).await?)?)
}

#[tokio::test]
async fn charts_have_a_point_for_each_step() -> Result<()> {
    let edge = Edge::start()?;
    let (guild, mut viewer) = (guild(), Viewer::join(&edge).await?);
    edge.discord().post(&daily(&guild, &player("Ann"))).await?;
    let first = viewer.next_events().await?.pop().unwrap();
    for (range, step_ms) in [("1h", 5_000), ("24h", 60_000), ("30d", 900_000)] {
        let history = edge.get(&format!("/api/history?range={range}")).await?;
        assert_eq!((&history["range"], &history["stepMs"]), (&json!(range), &json!(step_ms)));
        let history: History = serde_json::from_value(history)?;
        assert_eq!(history.points[0].at, first.at.floor(step_ms));
        assert_eq!((history.points[0].commands, history.points[0].wealth.get()), (1, 100));
        assert!(history.points.windows(2).all(|pair| pair[1].at.since(pair[0].at) == step_ms));
    }
    // Nothing happens, and that is drawn, too.
    until("three quiet steps", async || {
        let history: History = serde_json::from_value(edge.get("/api/history?range=1h").await?)?;
        Ok(history.points.len() >= 4 && history.points[1..].iter().all(|point| point.commands == 0))
    })
    .await?;
    for bad in ["", "?range=", "?range=2h", "?range=1H"] {
        let (status, _, body) = answer(&edge, &format!("/api/history{bad}")).await?;
        assert_eq!(status, 400, "{bad}");
        assert!(body.contains("\"bad_query\"") && body.contains("1h, 24h, 30d"), "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn older_events_are_found_by_what_they_are() -> Result<()> {
    let edge = Edge::start()?;
    let (harbour, haven, mut viewer) = (guild(), guild(), Viewer::join(&edge).await?);
    for (guild, name) in [(&harbour, "Ann"), (&harbour, "Bob, \"the\" =1+1"), (&haven, "Übel")] {
        edge.discord().post(&daily(guild, &player(name))).await?;
        viewer.events_until(|event| event.actor_name.as_deref() == Some(name)).await?;
    }
    let rob = Payload::command(interaction(), Typed::new("rob")).by(&player("Eve")).in_guild(&haven).build();
    edge.discord().post(&rob).await?;
    viewer.events_until(|event| event.message.contains("/rob")).await?;

    let all = events(&edge, "").await?;
    let newest = all[0].seq.0;
    let cases = [
        ("limit=1".to_owned(), vec![newest]),
        (format!("before={newest}&limit=1"), vec![newest - 1]),
        ("before=1".to_owned(), vec![]),
        ("before=0".to_owned(), vec![]),
        ("severity=error".to_owned(), vec![newest]),
        ("severity=error&severity=success".to_owned(), (1..=newest).rev().collect()),
        ("source=command".to_owned(), vec![newest]),
        ("source=nothing".to_owned(), vec![]),
        (format!("guild={}&source=daily", haven.id), vec![newest - 1]),
        ("guild=1".to_owned(), vec![]),
        ("q=%C3%BCBEL".to_owned(), vec![newest - 1]),
        ("q=ann&severity=success&source=daily".to_owned(), vec![1]),
        (format!("q=&severity=&source=&guild=&limit=&before={newest}"), (1..newest).rev().collect()),
    ];
    for (query, expected) in cases {
        let found: Vec<u64> = events(&edge, &query).await?.iter().map(|event| event.seq.0).collect();
        assert_eq!(found, expected, "{query}");
    }
    for bad in ["limit=0", "limit=201", "limit=x", "before=-1", "severity=loud", "guild=x", "guild=-1"] {
        for table in ["", ".csv"] {
            let (status, _, body) = answer(&edge, &format!("/api/events{table}?{bad}")).await?;
            let name = bad.split('=').next().unwrap();
            assert!(status == 400 && body.contains("bad_query") && body.contains(name), "{bad}: {body}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn pages_follow_each_other() -> Result<()> {
    let edge = Edge::start()?;
    let (guild, mut viewer) = (guild(), Viewer::join(&edge).await?);
    for number in 0..5 {
        edge.discord().post(&daily(&guild, &player(&format!("P{number}")))).await?;
    }
    viewer.events_until(|event| event.actor_name.as_deref() == Some("P4")).await?;
    let mut path = "/api/events?source=daily&limit=2&q=p".to_owned();
    let mut pages: Vec<Vec<String>> = Vec::new();
    loop {
        let (_, headers, body) = answer(&edge, &path).await?;
        let page: Vec<Event> = serde_json::from_str(&body)?;
        pages.push(page.into_iter().filter_map(|event| event.actor_name).collect());
        let Some(link) = headers.get("Link") else { break };
        let link = link.to_str()?.strip_suffix(">; rel=\"next\"").unwrap();
        path = link.strip_prefix('<').unwrap().to_owned();
        assert!(path.starts_with("/api/events?source=daily&limit=2&q=p&before="), "{path}");
    }
    assert_eq!(pages, [vec!["P4", "P3"], vec!["P2", "P1"], vec!["P0"]]);
    Ok(())
}

#[tokio::test]
async fn events_are_also_a_table_for_spreadsheets() -> Result<()> {
    let edge = Edge::start()?;
    let (guild, mut viewer) = (guild(), Viewer::join(&edge).await?);
    let eve = player("=cmd,\"x\"");
    edge.discord().post(&daily(&guild, &eve)).await?;
    let event = viewer.events_until(|event| event.actor_id == Some(eve.id)).await?.pop().unwrap();
    let (status, headers, csv) = answer(&edge, "/api/events.csv?source=daily&limit=1").await?;
    assert_eq!((status, headers["content-type"].to_str()?), (200, "text/csv; charset=utf-8"));
    assert_eq!(headers["content-disposition"], "attachment");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "\u{feff}seq,id,at,severity,source,guildId,guildName,actorId,actorName,targetId,targetName,amount,message,handledMs,time"
    );
    let row = format!(
        "{},\"'{}\",{},success,daily,\"'{}\",,\"'{}\",",
        event.seq, event.id, event.at, guild.id, eve.id
    );
    assert!(lines[1].starts_with(&format!("{row}\"'=cmd,\"\"x\"\"\",,,100,\"'=cmd")), "{csv}");
    assert!(lines[1].ends_with(&format!(",{}", event.at.iso())), "{csv}");
    assert_eq!(lines.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_version_that_is_not_known_is_named() -> Result<()> {
    let edge = Edge::start()?;
    let report = |version: u32| {
        json!({"version": version, "startedAt": 1, "at": 2, "bot": {"id": "1", "name": "Pulse"},
               "guilds": {"count": 1, "named": [{"id": "77", "name": "Harbour"}]}})
    };
    for (version, status, code) in [(1, 204, ""), (0, 400, "unknown_version"), (2, 400, "unknown_version")] {
        let url = format!("{}/api/report", edge.url);
        let response = http().post(url).bearer_auth(BOT_TOKEN).json(&report(version)).send().await?;
        assert_eq!(response.status().as_u16(), status, "version {version}");
        let body = response.text().await?;
        assert!(body.contains(code), "{body}");
    }
    // The first was taken; a report without that server takes its name away, as it has no books.
    let names = async || {
        let guilds: Vec<GuildListing> = serde_json::from_value(edge.get("/api/guilds").await?)?;
        anyhow::Ok(guilds.into_iter().map(|guild| guild.name).collect::<Vec<_>>())
    };
    assert_eq!(names().await?, ["Harbour"]);
    let mut moved = report(1);
    moved["guilds"]["named"] = json!([{"id": "78", "name": "Haven"}]);
    let url = format!("{}/api/report", edge.url);
    http().post(url).bearer_auth(BOT_TOKEN).json(&moved).send().await?.error_for_status()?;
    assert_eq!(names().await?, ["Haven"]);
    edge.evict_room()?;
    assert_eq!(names().await?, ["Haven"], "the row is gone, too");
    Ok(())
}

#[tokio::test]
async fn administrators_read_and_nobody_else() -> Result<()> {
    let edge = Edge::shared();
    for path in ["/api/history?range=1h", "/api/events.csv", "/api/room", "/api/events?guild=1"] {
        for (method, token, status) in [
            ("GET", None, 401),
            ("GET", Some("wrong"), 401),
            ("GET", Some(BOT_TOKEN), 401),
            ("GET", Some(ADMIN_TOKEN), 200),
            ("POST", Some(ADMIN_TOKEN), 405),
        ] {
            let mut request = http().request(method.parse()?, format!("{}{path}", edge.url));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = request.send().await?;
            assert_eq!(response.status().as_u16(), status, "{method} {path} with {token:?}");
            if status >= 400 {
                let body: Value = response.json().await?;
                assert!(body["error"]["code"].is_string(), "{body}");
            }
        }
    }
    Ok(())
}
