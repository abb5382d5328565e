//! Two hundred viewers, two hundred events a second, and five times the room goes away: nobody misses an event, and
//! nobody hears one twice.

use anyhow::{Result, ensure};
use protocol::Seq;
use tests::{Crowd, Edge, Follower, edge::until};

const VIEWERS: usize = 200;
const PER_SECOND: u32 = 200;
/// Events around each cut: fewer than the ring holds, so that whoever was away can resume.
const EVENTS: usize = 400;
const CUTS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_resumes_has_each_event_once_and_in_order() -> Result<()> {
    let mut edge = Edge::start()?;
    let crowd = Crowd::new(&edge, 8);
    let mut followers = Vec::new();
    for _ in 0..VIEWERS {
        followers.push(Follower::join(&edge).await?);
    }
    for cut in 1..=CUTS {
        let already = crowd.told();
        let (typing, events) = (crowd.clone(), crowd.told() + EVENTS as u64 / 2);
        let typed = tokio::spawn(async move { typing.type_commands(EVENTS, Some(PER_SECOND)).await });
        until("the cut comes in the midst", async || Ok(crowd.told() >= events)).await?;
        if cut.is_multiple_of(2) {
            edge.evict_room()?;
        } else {
            edge.kill();
            edge.revive()?;
        }
        typed.await??;
        until("the room has it all", async || Ok(edge.room().await?.seq.0 >= already + EVENTS as u64))
            .await?;
        let head = edge.room().await?.seq;
        until("everybody has it all", async || Ok(all_reach(&followers, head))).await?;
    }
    let truth = edge.events().await?;
    assert!(truth.len() >= CUTS * EVENTS, "{} events", truth.len());
    let (mut resumed, mut gaps) = (0, 0);
    for follower in followers {
        let seen = follower.end().await?;
        let known = usize::try_from(seen.first.0)?;
        ensure!(seen.events == truth[known..], "not what the room has stored, after {:?}", seen.first);
        ensure!(seen.resumed + 1 == seen.sockets, "a socket that did not resume");
        resumed += seen.resumed;
        gaps += seen.gaps;
    }
    println!("{} events, {resumed} resumed sockets, {gaps} of them after a gap", truth.len());
    // Each kill cost everybody the socket.
    assert!(resumed >= (VIEWERS * CUTS.div_ceil(2)) as u64, "{resumed} resumed");
    Ok(())
}

fn all_reach(followers: &[Follower], head: Seq) -> bool {
    followers.iter().all(|follower| follower.head() >= head || !follower.is_well())
}
