//! Ten thousand events at once: the books have kept them while the room was away. Everybody who reads gets them all, in few
//! frames, beside some who never read.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tests::{
    Crowd, Edge, Follower,
    edge::{ADMIN_TOKEN, until},
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{client::IntoClientRequest, http::HeaderValue},
};

const EVENTS: usize = 10_000;
const SERVERS: usize = 8;
const READERS: usize = 10;
const IDLERS: usize = 5;
/// PROTOCOL's window of 50 ms allows 20 frames a second; the rest is for the first event after a quiet moment.
const FRAMES_PER_SECOND: f64 = 25.0;

/// A socket that is opened, and from then on never read. Its buffer is small, so that the room's side fills up.
async fn idler(edge: &Edge) -> Result<WebSocketStream<TcpStream>> {
    let address = edge.url.strip_prefix("http://").context("a URL")?;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4 * 1024)?;
    let stream = socket.connect(address.parse()?).await?;
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    let bearer = HeaderValue::from_str(&format!("Bearer {ADMIN_TOKEN}"))?;
    request.headers_mut().insert("Authorization", bearer);
    Ok(client_async(request, stream).await?.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_reaches_everybody_in_few_frames() -> Result<()> {
    let edge = Edge::start_faulty()?;
    let crowd = Crowd::new(&edge, SERVERS);
    let mut idlers = Vec::new();
    for _ in 0..IDLERS {
        idlers.push(idler(&edge).await?);
    }
    let mut followers = Vec::new();
    for _ in 0..READERS {
        followers.push(Follower::join(&edge).await?);
    }
    edge.stop_room()?;
    crowd.type_commands(EVENTS, None).await?;
    edge.start_room()?;
    let began = Instant::now();
    // One more command in each server, and its books deliver all that they have.
    crowd.type_commands(SERVERS, None).await?;
    until("the room has it all", async || Ok(edge.room().await?.seq.0 >= crowd.told())).await?;
    let head = edge.room().await?.seq;
    until("everybody has it all", async || Ok(followers.iter().all(|follower| follower.head() >= head)))
        .await?;
    let seconds = began.elapsed().as_secs_f64();

    let truth = edge.events().await?;
    let mut frames = Vec::new();
    for follower in followers {
        let seen = follower.end().await?;
        ensure!(seen.events == truth[usize::try_from(seen.first.0)?..], "not what the room has stored");
        ensure!((seen.sockets, seen.gaps) == (1, 0), "a reader was disturbed: {} sockets", seen.sockets);
        frames.push(seen.frames);
    }
    println!("{} events in {seconds:.1} s, frames: {frames:?}", truth.len());
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let most = frames.iter().max().map_or(0.0, |&frames| frames as f64);
    assert!(most <= FRAMES_PER_SECOND * (seconds + 1.0), "{most} frames in {seconds:.1} s");
    drop(idlers);
    Ok(())
}
