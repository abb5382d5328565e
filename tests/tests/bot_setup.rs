//! `bot-worker setup`, from two secrets of the Developer Portal to a deployment that checks well, and what it says where
//! something does not fit. Its output stands in docs/deploy.

use anyhow::Result;
use discord_sim::{Signer, faults::Weather};
use serde_json::json;
use tests::{
    Deployer, Edge, Relay, Spoiler,
    bot::DISCORD_TOKEN,
    deployer::CLIENT_SECRET,
    edge::{PATIENCE, signer},
    program::{free_port, root},
};

const SECRETS: &str = "pulse.secrets";
const ENVIRONMENT: &str = "bot-worker.env";

fn docs() -> String {
    std::fs::read_to_string(root().join("docs/deploy/README.md")).unwrap()
}

/// The docs show this, with an address and a key in the place of those of the tests, and with a Discord that is where it
/// always is.
fn docs_show(words: &str, said: &str, url: &str) {
    let said = said
        .replace(url, "https://pulse.example.workers.dev")
        .replace(&signer().public_key_hex(), "4a1f…9c02")
        .replace("DISCORD_API, ", "")
        .replace(", DISCORD_API are", " are");
    let shown = format!("```console\n$ bot-worker {words}\n{said}```\n");
    assert!(docs().contains(&shown), "docs/deploy/README.md does not show this:\n{shown}");
}

/// Asserts that the output holds none of the secrets, given or made.
fn tells_no_secret(deployer: &Deployer, said: &str) {
    let made = [(SECRETS, "BOT_TOKEN"), (SECRETS, "ADMIN_TOKEN")];
    let made = made
        .map(|(file, name)| deployer.settings(file)[name].as_str().unwrap_or("no-such-secret").to_owned());
    for secret in made.iter().map(String::as_str).chain([DISCORD_TOKEN, CLIENT_SECRET]) {
        assert!(!said.contains(secret), "{secret}:\n{said}");
    }
}

/// A deployer with both files, and the edge that was deployed with them.
async fn deployed() -> Result<(Deployer, Edge)> {
    let deployer = Deployer::new().await?;
    let (code, said) = deployer.setup_with_secrets("")?;
    assert_eq!(code, 0, "{said}");
    let edge = Edge::start_with(deployer.settings(SECRETS))?;
    Ok((deployer, edge))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_lead_from_nothing_to_a_deployment() -> Result<()> {
    let deployer = Deployer::new().await?;
    let (code, said) = deployer.setup_with_secrets("")?;
    assert_eq!(code, 0, "{said}");
    docs_show("setup", &said, "no address yet");
    tells_no_secret(&deployer, &said);
    assert_eq!(deployer.files()?, [ENVIRONMENT, SECRETS]);
    for file in [SECRETS, ENVIRONMENT] {
        assert_eq!(deployer.rights(file)?, 0o600, "{file}");
    }
    let (secrets, own) = (deployer.settings(SECRETS), deployer.settings(ENVIRONMENT));
    assert_eq!(secrets["DISCORD_PUBLIC_KEY"], signer().public_key_hex());
    assert_eq!(secrets["BOT_TOKEN"].as_str().unwrap().len(), 64);
    assert_ne!(secrets["BOT_TOKEN"], secrets["ADMIN_TOKEN"]);
    assert_eq!((&own["BOT_TOKEN"], &own["DISCORD_TOKEN"]), (&secrets["BOT_TOKEN"], &json!(DISCORD_TOKEN)));
    assert_eq!(secrets.get("DISCORD_TOKEN"), None, "the bot's token is none of the Worker's business");

    let edge = Edge::start_with(secrets.clone())?;
    let (code, said) = deployer.setup(&format!("--edge-url {}", edge.url), &[])?;
    assert_eq!((code, said.matches('✗').count()), (0, 0), "{said}");
    docs_show("setup --edge-url https://pulse.example.workers.dev", &said, &edge.url);
    tells_no_secret(&deployer, &said);
    let discord = deployer.discord.state();
    assert_eq!(discord.endpoint(), Some(format!("{}/interactions", edge.url)));
    assert_eq!(discord.install().as_object().unwrap().keys().collect::<Vec<_>>(), ["0"]);
    assert!(!discord.commands(None).is_empty());

    let versions = discord.commands(None)[0]["version"].clone();
    discord.set_redirects(vec![format!("{}/login/callback", edge.url)]);
    let (code, said) = deployer.setup("", &[])?;
    assert_eq!((code, said.matches(['✗', '·']).count()), (0, 0), "nothing is left to be done:\n{said}");
    assert_eq!(said.matches("as it should be").count(), 2, "{said}");
    assert_eq!(
        (deployer.settings(SECRETS), discord.commands(None)[0]["version"].clone()),
        (secrets, versions)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_at_a_terminal_is_asked_for_what_is_missing() -> Result<()> {
    let deployer = Deployer::new().await?;
    let Some(mut setup) = deployer.setup_at_a_terminal()? else {
        eprintln!("skipped: there is no `script` on this machine");
        return Ok(());
    };
    for (question, answer) in [
        ("? The bot's token", DISCORD_TOKEN),
        ("? Discord user ids of those who see and do everything", "me"),
        ("ADMIN_IDS is no list of Discord user ids", "101, 102"),
        ("? The client secret", CLIENT_SECRET),
        ("? The Worker's address", "pulse.example"),
        ("EDGE_URL is not an http(s) origin", ""),
    ] {
        setup.wait_for(question, PATIENCE)?;
        setup.say(answer)?;
    }
    setup.wait_for("its address is not known yet", PATIENCE)?;
    assert_eq!(setup.exit_code(PATIENCE)?, Some(0));
    let secrets = deployer.settings(SECRETS);
    assert_eq!(
        (&secrets["ADMIN_IDS"], &secrets["DISCORD_CLIENT_SECRET"]),
        (&json!("101,102"), &json!(CLIENT_SECRET))
    );
    assert_eq!(deployer.settings(ENVIRONMENT)["DISCORD_TOKEN"], DISCORD_TOKEN);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_named_before_anything_is_written() -> Result<()> {
    let deployer = Deployer::new().await?;
    let other_key = Signer::from_seed([9; 32]).public_key_hex();
    let cases: [(&str, &str, i32, &str); 9] = [
        ("DISCORD_TOKEN", "", 2, "DISCORD_TOKEN is not set"),
        ("DISCORD_TOKEN", "a-token-that-was-reset", 3, "✗ bot token     Discord refuses DISCORD_TOKEN (401)"),
        ("DISCORD_CLIENT_SECRET", "", 2, "DISCORD_CLIENT_SECRET is not set"),
        ("DISCORD_CLIENT_SECRET", "wrong", 1, "✗ client secret Discord refuses DISCORD_CLIENT_SECRET"),
        ("DISCORD_PUBLIC_KEY", &other_key, 1, "✗ public key"),
        ("DISCORD_APPLICATION_ID", "1", 1, "✗ application"),
        ("ADMIN_IDS", "101, me", 2, "ADMIN_IDS is no list of Discord user ids"),
        ("EDGE_URL", "pulse.example", 2, "EDGE_URL is not an http(s) origin"),
        ("BOT_TOKEN", "a#b", 2, "BOT_TOKEN has a character for which"),
    ];
    for (name, value, expected, words) in cases {
        let mut environment =
            vec![("DISCORD_TOKEN", DISCORD_TOKEN), ("DISCORD_CLIENT_SECRET", CLIENT_SECRET)];
        environment.retain(|(known, _)| *known != name);
        environment.push((name, value));
        let (code, said) = deployer.setup("", &environment)?;
        assert!(code == expected && said.contains(words), "{name}={value}: {code}\n{said}");
        assert_eq!(deployer.files()?, [""; 0], "{name}={value}");
        tells_no_secret(&deployer, &said);
        assert!(!said.contains("that-was-reset") && !said.contains("a#b"), "{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_not_lost_without_a_word() -> Result<()> {
    let deployer = Deployer::new().await?;
    deployer.write(SECRETS, "# mine\nPUBLIC_URL=https://pulse.example\nBOT_TOKEN=\nADMIN_IDS=7\n")?;
    let (code, said) = deployer.setup_with_secrets("")?;
    let secrets = deployer.read(SECRETS);
    assert!(
        code == 0 && secrets.starts_with("# mine\nPUBLIC_URL=https://pulse.example\nBOT_TOKEN="),
        "{said}{secrets}"
    );
    assert!(secrets.contains("\nADMIN_IDS=7\n") && !secrets.contains("BOT_TOKEN=\n"), "{secrets}");

    let before = (secrets, deployer.read(ENVIRONMENT));
    let (code, said) = deployer.setup("--admin-ids 8 --bot-token another", &[])?;
    assert_eq!((code, &before), (1, &(deployer.read(SECRETS), deployer.read(ENVIRONMENT))), "{said}");
    assert!(
        said.contains("pulse.secrets has another ADMIN_IDS, BOT_TOKEN, and nothing was written"),
        "{said}"
    );
    assert!(said.contains("→ `--force`"), "{said}");

    let (code, said) = deployer.setup("--admin-ids 8 --bot-token another --force", &[])?;
    let (secrets, own) = (deployer.settings(SECRETS), deployer.settings(ENVIRONMENT));
    assert_eq!(
        (code, &secrets["ADMIN_IDS"], &own["BOT_TOKEN"]),
        (0, &json!("8"), &json!("another")),
        "{said}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_reset_is_replaced_when_it_is_asked_for() -> Result<()> {
    let (deployer, edge) = deployed().await?;
    assert_eq!(deployer.setup(&format!("--edge-url {}", edge.url), &[])?.0, 0);
    deployer.write(ENVIRONMENT, &deployer.read(ENVIRONMENT).replace(DISCORD_TOKEN, "the-token-before"))?;
    let (code, said) = deployer.setup("", &[])?;
    assert!(code == 3 && said.contains("✗ bot token") && said.contains("→ Developer Portal, Bot"), "{said}");
    let fresh = [("DISCORD_TOKEN", DISCORD_TOKEN)];
    let (code, said) = deployer.setup("", &fresh)?;
    assert!(code == 1 && said.contains("bot-worker.env has another DISCORD_TOKEN"), "{said}");
    let (code, said) = deployer.setup("--force", &fresh)?;
    assert_eq!((code, said.matches('✗').count()), (0, 0), "{said}");
    assert_eq!(deployer.settings(ENVIRONMENT)["DISCORD_TOKEN"], DISCORD_TOKEN);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_with_other_secrets_is_not_told_to_discord() -> Result<()> {
    let (deployer, edge) = deployed().await?;
    let nobody = format!("http://127.0.0.1:{}", free_port()?);
    let with = |name: &str, value: &str| {
        let mut settings = deployer.settings(SECRETS);
        settings[name] = value.into();
        settings
    };
    let other_token = Edge::start_with(with("BOT_TOKEN", "another"))?;
    for (url, line) in [
        (&nobody, "✗ edge          the edge cannot be reached"),
        (&other_token.url, "✗ edge          the edge refuses BOT_TOKEN (401)"),
    ] {
        let (code, said) = deployer.setup(&format!("--edge-url {url} --force"), &[])?;
        assert!(code == 1 && said.contains(line) && said.contains("→ `npx wrangler deploy"), "{said}");
        assert_eq!(deployer.discord.state().endpoint(), None, "{said}");
    }
    let other_key = Signer::from_seed([9; 32]).public_key_hex();
    let other_key = Edge::start_with(with("DISCORD_PUBLIC_KEY", &other_key))?;
    let (code, said) = deployer.setup(&format!("--edge-url {} --force", other_key.url), &[])?;
    for line in ["✗ endpoint", "could not be verified", "✗ public key"] {
        assert!(code == 1 && said.contains(line), "{line}:\n{said}");
    }
    assert_eq!(deployer.discord.state().endpoint(), None);

    // All is well with this one, but Discord posts to another.
    let elsewhere = "https://elsewhere.example/interactions";
    deployer.discord.state().set_endpoint(Some(elsewhere.into()));
    let (code, said) = deployer.setup(&format!("--edge-url {} --force", other_token.url), &[])?;
    assert_eq!(code, 1, "{said}");
    let (code, said) = deployer.setup(&format!("--edge-url {}", edge.url), &[])?;
    assert!(code == 1 && said.contains("has another EDGE_URL"), "{said}");
    deployer.write(ENVIRONMENT, &deployer.read(ENVIRONMENT).replace(&other_token.url, &edge.url))?;
    let (code, said) = deployer.setup("", &[])?;
    assert!(
        code == 1 && said.contains(&format!("posts interactions to {elsewhere}, and was left so")),
        "{said}"
    );
    assert_eq!(deployer.discord.state().endpoint().as_deref(), Some(elsewhere));
    let (code, said) = deployer.setup("--force", &[])?;
    assert_eq!((code, said.matches('✗').count()), (0, 0), "{said}");
    assert_eq!(deployer.discord.state().endpoint(), Some(format!("{}/interactions", edge.url)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_with_an_old_edge_and_tells_of_a_clock_that_is_off() -> Result<()> {
    let (deployer, edge) = deployed().await?;
    let relay = Relay::start(&edge).await?;
    relay.spoil(Some(Spoiler { path: "/api/check", method: "GET", answer: (404, "{}") }));
    let (code, said) = deployer.setup(&format!("--edge-url {}", relay.url), &[])?;
    assert!(code == 0 && said.contains("· versions      the edge is older than this program"), "{said}");
    relay.spoil(None);

    let clock = Weather { clock_ahead_seconds: -600, ..Weather::default() };
    deployer.discord.state().faults.set_weather(clock);
    let (code, said) = deployer.setup("", &[])?;
    assert!(code == 1 && said.contains("✗ clock         this machine's clock is 600 s ahead"), "{said}");
    deployer.discord.state().faults.set_weather(Weather::default());

    // The secret was reset after all was well: the edge has the old one until the next deploy.
    drop(relay);
    let stale = Edge::start_with({
        let mut settings = deployer.settings(SECRETS);
        settings["DISCORD_CLIENT_SECRET"] = "wrong".into();
        settings
    })?;
    let (code, said) = deployer.setup(&format!("--edge-url {} --force", stale.url), &[])?;
    assert!(code == 1 && said.contains("✓ client secret") && said.contains("✗ sign-in"), "{said}");
    Ok(())
}

#[test]
fn the_way_to_a_deployment_has_ten_steps() {
    let docs = docs();
    let steps: Vec<&str> = docs.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let numbered = steps.iter().filter(|step| step.starts_with(|letter: char| letter.is_ascii_digit()));
    assert_eq!(numbered.count(), 10, "{steps:?}");
}

#[test]
fn the_example_has_what_setup_writes() {
    let example = std::fs::read_to_string(root().join("docs/deploy/pulse.secrets.example")).unwrap();
    let names = example.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let mut names: Vec<&str> = names.map(|(name, _)| name).collect();
    names.sort_unstable();
    let written = [
        "ADMIN_IDS",
        "ADMIN_TOKEN",
        "BOT_TOKEN",
        "DISCORD_APPLICATION_ID",
        "DISCORD_CLIENT_SECRET",
        "DISCORD_PUBLIC_KEY",
    ];
    assert_eq!(names, written);
}
