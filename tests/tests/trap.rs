//! A trap in one command (a Rust panic ends in one) costs the wasm instance, and nobody the next command.

use anyhow::Result;
use tests::{
    Edge,
    people::{balance, daily, guild, player},
};

/// The one that is deployed, the one that the other tests use, and the one of `cargo xtask dev`.
const BUILDS: [&str; 3] = ["edge/build/index.js", "target/edge/local/index.js", "target/edge/dev/index.js"];

#[tokio::test]
async fn a_trap_in_one_command_resets_the_instance_and_the_next_command_answers() -> Result<()> {
    for build in BUILDS {
        let edge = Edge::start_faulty_build(build)?;
        let discord = edge.discord();
        let (guild, ann, bob) = (guild(), player("Ann"), player("Bob"));
        assert_eq!(discord.post(&daily(&guild, &ann)).await?.status, 200, "{build}");

        edge.trap_books()?;
        // The Worker waits in the same instance that is lost, so that this command may fail; it must not hang.
        let trapped = discord.post(&daily(&guild, &bob)).await?;
        edge.wait_for_log("Critical")?;
        assert!([200, 500, 503].contains(&trapped.status), "{build}: {}", trapped.status);

        for (name, who) in [("in memory when it happened", &ann), ("new", &player("Cleo"))] {
            let answer = discord.post(&daily(&guild, who)).await?;
            assert_eq!(answer.status, 200, "{build}: {name}");
        }
        let shown = discord.post(&balance(&guild, &ann)).await?.json().to_string();
        assert!(shown.contains("100 coins"), "{build}: what was committed before it stands: {shown}");
        let other = tests::people::guild();
        assert_eq!(discord.post(&daily(&other, &ann)).await?.status, 200, "{build}: another server's books");
        assert!(edge.get("/api/snapshot").await?["stats"].is_object(), "{build}: the room");
    }
    Ok(())
}
