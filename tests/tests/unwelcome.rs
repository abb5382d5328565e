//! Viewers that go beyond what is theirs. Each is told so by its status or its close code, and nobody else notices.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::{Result, anyhow, ensure};
use protocol::{
    Epoch, ServerMessage,
    room::{JOIN_EVERY_MS, JOINS_AT_ONCE_MAX, SESSION_SOCKETS_MAX},
};
use serde_json::json;
use tests::{
    Crowd, Edge, Follower, Viewer,
    edge::{LINK, until},
};
use tokio_tungstenite::tungstenite::Message;

/// More events, and then: the one who did nothing wrong has them all, over the one socket.
async fn assert_unnoticed(edge: &Edge, crowd: &Crowd, witness: Follower) -> Result<()> {
    crowd.type_commands(10, None).await?;
    until("the room has it all", async || Ok(edge.room().await?.seq.0 >= crowd.told())).await?;
    let head = edge.room().await?.seq;
    until("the witness has it all", async || Ok(witness.head() >= head || !witness.is_well())).await?;
    let (seen, truth) = (witness.end().await?, edge.events().await?);
    ensure!((seen.sockets, seen.gaps) == (1, 0), "{} sockets, {} gaps", seen.sockets, seen.gaps);
    ensure!(seen.events == truth[usize::try_from(seen.first.0)?..], "not what the room has stored");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_viewer_may_not_say_closes_only_its_own_socket() -> Result<()> {
    let edge = Edge::start()?;
    let (crowd, witness) = (Crowd::new(&edge, 2), Follower::join(&edge).await?);
    let refresh = || Message::from(r#"{"type":"REFRESH"}"#);
    let cases = [
        (4400, vec![Message::from("hello")]),
        (4400, vec![Message::from("{\"type\":\"NOPE\"}")]),
        (4400, vec![Message::from("{")]),
        (4400, vec![Message::from("")]),
        (4413, vec![Message::from(vec![1_u8, 2, 3])]),
        (4413, vec![Message::from("x".repeat(5 * 1024))]),
        (4429, (0..21).map(|_| refresh()).collect()),
    ];
    for (code, messages) in cases {
        let mut viewer = Viewer::join(&edge).await?;
        crowd.type_commands(5, None).await?;
        for message in messages {
            viewer.say(message).await?;
        }
        assert_eq!(viewer.close_code().await?, code);
    }
    assert_unnoticed(&edge, &crowd, witness).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_cannot_be_is_refused_or_answered_with_everything() -> Result<()> {
    let edge = Edge::start()?;
    let (crowd, witness) = (Crowd::new(&edge, 2), Follower::join(&edge).await?);
    crowd.type_commands(5, None).await?;
    let epoch = edge.room().await?.epoch;
    let malformed = ["since=-1", "since=abc", "since=1.5", "since=", "since=18446744073709551616"];
    for query in malformed.map(|since| format!("?epoch={epoch}&{since}")) {
        assert_eq!(Viewer::open(&edge, &query).await.map(|_| ()), Err(400), "{query}");
    }
    for query in ["?since=1".to_owned(), format!("?epoch={epoch}")] {
        assert_eq!(Viewer::open(&edge, &query).await.map(|_| ()), Err(400), "{query}");
    }
    let (ours, other) = (epoch.to_string(), Epoch(epoch.0 ^ 1).to_string());
    let never_issued = [other.as_str(), "0", "zz", "", "6f1c2a9e-0000-4000-8000-3c5d2f7b9a10"];
    let strangers = [(ours.as_str(), 999), (&ours, u64::MAX)].into_iter();
    for (epoch, since) in strangers.chain(never_issued.map(|epoch| (epoch, 1))) {
        let query = format!("?epoch={epoch}&since={since}");
        let mut viewer = Viewer::open(&edge, &query).await.map_err(|status| anyhow!("{query}: {status}"))?;
        let hello = viewer.next().await?;
        assert!(matches!(hello, ServerMessage::Hello { resumed: false, .. }), "{query}: {hello:?}");
        assert!(matches!(viewer.next().await?, ServerMessage::Snapshot { .. }), "{query}");
    }
    assert_unnoticed(&edge, &crowd, witness).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_holds_fifty_sockets_and_a_program_what_it_likes() -> Result<()> {
    let edge = Edge::start_with(json!({"DEV_LINK": LINK}))?;
    let cookie = edge.session().await?;
    let (crowd, witness) = (Crowd::new(&edge, 2), Follower::join(&edge).await?);
    let (mut open, mut refused) = (Vec::new(), 0);
    for _ in 0..300 {
        match Viewer::knock(&edge, "", &[("Cookie", &cookie)]).await {
            Ok(viewer) => open.push(viewer),
            Err(status) => {
                assert_eq!(status, 429);
                refused += 1;
            }
        }
    }
    assert_eq!((open.len(), refused), (SESSION_SOCKETS_MAX, 300 - SESSION_SOCKETS_MAX));
    let mut programs = Vec::new();
    for _ in 0..60 {
        programs.push(Viewer::join(&edge).await?);
    }

    // They are counted after the object was rebuilt, too, and whoever leaves makes room.
    edge.evict_room()?;
    assert_eq!(Viewer::knock(&edge, "", &[("Cookie", &cookie)]).await.map(|_| ()), Err(429));
    let before = edge.room().await?.viewers;
    open.truncate(SESSION_SOCKETS_MAX - 10);
    until("ten sockets are gone", async || Ok(edge.room().await?.viewers == before - 10)).await?;
    for _ in 0..10 {
        open.push(Viewer::knock(&edge, "", &[("Cookie", &cookie)]).await.expect("there is room"));
    }
    assert_eq!(Viewer::knock(&edge, "", &[("Cookie", &cookie)]).await.map(|_| ()), Err(429));
    assert_unnoticed(&edge, &crowd, witness).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_resumes_of_one_session_are_slowed_down() -> Result<()> {
    const RESUMES: usize = 10_000;
    let edge = Arc::new(Edge::start_with(json!({"DEV_LINK": LINK}))?);
    let cookie = edge.session().await?;
    let (crowd, witness) = (Crowd::new(&edge, 2), Follower::join(&edge).await?);
    crowd.type_commands(20, None).await?;
    let query = format!("?epoch={}&since=1", edge.room().await?.epoch);
    let (left, began) = (Arc::new(AtomicUsize::new(RESUMES)), Instant::now());
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (edge, cookie, query, left) =
                (Arc::clone(&edge), cookie.clone(), query.clone(), Arc::clone(&left));
            tokio::spawn(async move {
                let mut granted = 0_u64;
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    match Viewer::knock(&edge, &query, &[("Cookie", &cookie)]).await {
                        Ok(_) => granted += 1,
                        Err(status) => assert_eq!(status, 429),
                    }
                }
                granted
            })
        })
        .collect();
    crowd.type_commands(200, Some(20)).await?;
    let mut granted = 0;
    for worker in workers {
        granted += worker.await?;
    }
    let ms = u64::try_from(began.elapsed().as_millis())?;
    println!("{granted} of {RESUMES} resumes let in, in {ms} ms");
    assert!(granted > 0 && granted <= JOINS_AT_ONCE_MAX + ms / JOIN_EVERY_MS + 1, "{granted} in {ms} ms");
    assert_unnoticed(&edge, &crowd, witness).await
}
