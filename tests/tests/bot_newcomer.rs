//! The bot-worker's commands as a newcomer sees them, and as the README shows them.

use anyhow::Result;
use discord_sim::{Server, faults::Weather};
use protocol::ServerMessage;
use tests::{
    Edge, Viewer, bot,
    edge::{BOT_TOKEN, PATIENCE, signer},
    program::root,
};

type Settings = &'static [(&'static str, &'static str)];

/// Replaces what differs on every machine by what the README shows.
fn as_in_the_readme(said: &str, edge: &Edge) -> String {
    said.replace(&edge.url, "https://pulse.example.workers.dev")
        .replace(&signer().public_key_hex(), "4a1f…9c02")
}

fn readme_shows(words: &str, said: &str) {
    let shown = format!("```console\n$ bot-worker {words}\n{}```\n", said.trim_start());
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&shown), "README.md does not show this:\n{shown}");
}

/// Runs it to its end; gives its exit code and what it said.
fn told(words: &str, edge: &Edge, discord: &Server, settings: &[(&str, &str)]) -> Result<(i32, String)> {
    let (code, said) = bot::told(words, &edge.url, discord, settings)?;
    Ok((code, as_in_the_readme(&said, edge)))
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_shows_the_difference_and_is_done_once() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let registered = || discord.state().commands(None).len();

    let (code, said) = told("register --dry-run", &edge, &discord, &[])?;
    assert_eq!((code, registered()), (0, 0), "{said}");
    readme_shows("register --dry-run", &said);

    let (code, said) = told("register", &edge, &discord, &[])?;
    assert_eq!(code, 0, "{said}");
    let count = registered();
    assert!(
        count > 0 && said.contains(&format!("done: {count} commands are registered everywhere")),
        "{said}"
    );

    let version = discord.state().commands(None)[0]["version"].clone();
    let (code, said) = told("register", &edge, &discord, &[])?;
    assert_eq!((code, said.lines().count()), (0, 1), "{said}");
    assert!(said.starts_with("nothing to do"), "{said}");
    assert_eq!(discord.state().commands(None)[0]["version"], version, "nothing was created");

    let guild = discord.state().guilds[0].id;
    let (code, said) = told(&format!("register --guild {guild}"), &edge, &discord, &[])?;
    assert_eq!((code, discord.state().commands(Some(guild.0)).len()), (0, count), "{said}");
    let (code, said) = told("register --delete", &edge, &discord, &[])?;
    assert_eq!((code, registered()), (0, 0), "{said}");

    discord.state().add_entry_point();
    let (code, said) = told("register", &edge, &discord, &[])?;
    assert_eq!((code, registered()), (0, count + 1), "Discord's own stays, or it refuses all: {said}");

    let (code, said) = told("register --guild 5", &edge, &discord, &[])?;
    assert!(code == 1 && said.contains("403") && said.contains("Missing Access"), "{code} {said}");
    let (code, said) = told("register", &edge, &discord, &[("DISCORD_TOKEN", "wrong")])?;
    assert!(code == 3 && said.contains("401") && !said.contains("wrong"), "{code} {said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_fits_and_what_to_do_where_it_does_not() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let key = signer().public_key_hex();
    let (code, said) = told("check", &edge, &discord, &[("DISCORD_PUBLIC_KEY", &key)])?;
    assert_eq!(code, 1, "the commands are not registered yet:\n{said}");
    readme_shows("check", &said);

    told("register", &edge, &discord, &[])?;
    let (code, said) = told("check", &edge, &discord, &[])?;
    assert_eq!((code, said.matches('✗').count()), (0, 0), "{said}");

    let cases: [(Settings, i32, &str); 5] = [
        (&[("BOT_TOKEN", "another")], 1, "✗ edge"),
        (&[("DISCORD_PUBLIC_KEY", "00")], 1, "✗ public key"),
        (&[("DISCORD_APPLICATION_ID", "1")], 1, "✗ application"),
        (&[("EDGE_URL", "https://nowhere.invalid")], 1, "✗ endpoint"),
        (&[("DISCORD_TOKEN", "revoked")], 3, "✗ bot token"),
    ];
    for (settings, expected, words) in cases {
        let (code, said) = told("check", &edge, &discord, settings)?;
        assert!(code == expected && said.contains(words), "{settings:?}: {code}\n{said}");
        assert!(said.contains("→"), "what to do is said, too:\n{said}");
        assert!(!said.contains(BOT_TOKEN) && !said.contains("revoked"), "{said}");
    }

    let guild = discord.state().guilds[0].id;
    let (_, said) = told(&format!("register --guild {guild}"), &edge, &discord, &[])?;
    assert!(said.contains(&format!("show twice in server {guild}")), "{said}");
    let (code, said) = told("check", &edge, &discord, &[])?;
    assert!(code == 1 && said.contains("✗ servers") && said.contains(&guild.to_string()), "{said}");
    told(&format!("register --guild {guild} --delete"), &edge, &discord, &[])?;
    let (code, said) = told("check", &edge, &discord, &[])?;
    assert_eq!((code, said.matches('✗').count()), (0, 0), "{said}");

    discord.state().faults.set_weather(Weather { clock_ahead_seconds: -600, ..Weather::default() });
    let (code, said) = told("check", &edge, &discord, &[])?;
    assert!(code == 1 && said.contains("✗ clock"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_with_another_key_does_not_pass() -> Result<()> {
    let other = discord_sim::Signer::from_seed([9; 32]).public_key_hex();
    let edge = Edge::start_with(serde_json::json!({ "DISCORD_PUBLIC_KEY": other }))?;
    let discord = bot::discord(&edge).await?;
    let (code, said) = told("check", &edge, &discord, &[])?;
    for line in ["✗ public key", "✗ endpoint", "✓ forgeries"] {
        assert!(code == 1 && said.contains(line), "{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_of_another_application_does_not_pass() -> Result<()> {
    for (id, words) in [("1", "✗ application"), ("1090000000000000000", "as at the edge")] {
        let (edge, discord) = bot::acquainted(serde_json::json!({ "DISCORD_APPLICATION_ID": id })).await?;
        let (code, said) = told("check", &edge, &discord, &[])?;
        assert!(code == 1 && said.contains(words), "{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_what_it_does() -> Result<()> {
    let edge = Edge::start()?;
    let discord = bot::discord(&edge).await?;
    let mut worker = bot::start(&edge, &discord, &[])?;
    let mut viewer = Viewer::join(&edge).await?;
    while !matches!(viewer.next().await?, ServerMessage::StatsUpdate { data, .. } if data.ping.gateway.is_some())
    {
    }
    worker.terminate()?;
    assert_eq!(worker.exit_code(PATIENCE)?, Some(0));
    // The time of day and the width of the level are the log's.
    let said: String = worker
        .all_lines()
        .iter()
        .map(|line| line.split_once(' ').map_or("", |(_, rest)| rest.trim_start()).to_owned() + "\n")
        .collect();
    readme_shows("run", &as_in_the_readme(&said, &edge));
    Ok(())
}
