//! A crowd plays while edge and bot-worker are changed for others, there and back and in each order: no command is lost or
//! doubled, and whoever watches comes back.
//!
//! `PULSE_BEFORE` names another checkout in which `cargo xtask build` and `cargo build -p bot-worker` have run (without the latter,
//! its edge alone is another one); without it, both sides are this build, and what is tried is the change alone.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use discord_sim::Server;
use tests::{
    Crowd, Edge, Follower, bot,
    edge::{PATIENCE, until},
    program::{Program, root},
};

const GUILDS: usize = 3;
/// Commands around each change: fewer than the ring holds.
const COMMANDS: usize = 60;
const PER_SECOND: u32 = 60;

/// The programs that a checkout has built.
struct Release {
    edge: PathBuf,
    worker: PathBuf,
}

impl Release {
    fn of(checkout: &Path) -> Result<Self> {
        let edge = Edge::build_of(checkout);
        ensure!(edge.exists(), "{} has no build; run `cargo xtask build` there", checkout.display());
        let workers = [checkout.to_owned(), root()].map(|folder| folder.join("target/debug/bot-worker"));
        let worker = workers.into_iter().find(|worker| worker.exists()).context("bot-worker is not built")?;
        println!("{} with {}", edge.display(), worker.display());
        Ok(Self { edge, worker })
    }

    fn work(&self, edge: &Edge, discord: &Server) -> Result<Program> {
        let worker = bot::command_of(Command::new(&self.worker), "run", &edge.url, discord, &[])?;
        worker.wait_for("bot-worker ready", PATIENCE)?;
        Ok(worker)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_plays_through_upgrades_and_ways_back_and_no_command_is_lost_or_doubled() -> Result<()> {
    let before = std::env::var_os("PULSE_BEFORE").map_or_else(root, PathBuf::from);
    let (old, new) = (Release::of(&before)?, Release::of(&root())?);

    let mut edge = Edge::start()?;
    edge.deploy(&old.edge)?;
    let discord = bot::discord(&edge).await?;
    let (crowd, follower) = (Crowd::new(&edge, GUILDS), Follower::join(&edge).await?);
    let mut worker = old.work(&edge, &discord)?;
    // As docs/deploy says, first the edge; back in the other order; and both the wrong way round.
    let changes =
        [(true, &new), (false, &new), (false, &old), (true, &old), (false, &new), (true, &new), (true, &old)];
    for (of_the_edge, release) in changes {
        let (typing, midst) = (crowd.clone(), crowd.told() + COMMANDS as u64 / 3);
        let typed = tokio::spawn(async move { typing.type_commands(COMMANDS, Some(PER_SECOND)).await });
        until("the change comes in the midst", async || Ok(crowd.told() >= midst)).await?;
        if of_the_edge {
            edge.deploy(&release.edge)?;
        } else {
            drop(worker);
            worker = release.work(&edge, &discord)?;
        }
        typed.await??;
    }
    drop(worker);

    let told = crowd.told();
    assert_eq!(told, (changes.len() * COMMANDS) as u64, "each is answered once");
    until("the room has them all", async || Ok(of_crowd(&edge, &crowd).await?.len() as u64 >= told)).await?;
    let events = of_crowd(&edge, &crowd).await?;
    let unique: HashSet<&String> = events.iter().collect();
    assert_eq!((events.len() as u64, unique.len()), (told, events.len()), "each is told once");
    let mut rows = 0;
    for guild in crowd.guilds() {
        let proof = edge.get(&format!("/api/guilds/{}/proof", guild.id)).await?;
        assert_eq!((&proof["sum"], &proof["mismatches"]), (&"0".into(), &serde_json::json!([])), "{proof}");
        rows += proof["rows"].as_u64().unwrap();
    }
    assert_eq!(rows, told, "each is in the books once");

    let head = edge.room().await?.seq;
    until("whoever watches has it all", async || Ok(follower.head() >= head || !follower.is_well())).await?;
    let (seen, truth) = (follower.end().await?, edge.events().await?);
    assert!(seen.events == truth[usize::try_from(seen.first.0)?..], "not what the room has stored");
    assert!(seen.resumed + 1 == seen.sockets && seen.sockets > 3, "{} of {}", seen.resumed, seen.sockets);
    Ok(())
}

/// The commands of the crowd that the room tells of, by their events.
async fn of_crowd(edge: &Edge, crowd: &Crowd) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for guild in crowd.guilds() {
        let mut before = String::new();
        loop {
            let page =
                edge.get(&format!("/api/events?limit=200&source=daily&guild={}{before}", guild.id)).await?;
            let page: Vec<protocol::Event> = serde_json::from_value(page)?;
            let Some(last) = page.last() else { break };
            before = format!("&before={}", last.seq);
            told.extend(page.into_iter().map(|event| event.id));
        }
    }
    Ok(told)
}
