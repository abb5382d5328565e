//! Everything on one machine: the edge, the bot-worker, and a stand-in for Discord with a crowd of players.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::build::{self, Variant};
use crate::commands::{cargo, show};
use crate::edge::{self, START_LIMIT};
use crate::processes::{Programs, guarded};
use crate::settings::{self, Settings};
use crate::steps::{Steps, told};

/// How many players the stand-in plays: enough that something happens every second or so.
const PLAYERS: u32 = 12;
/// How long the sign-in link is good for.
const LINK_LIFE: Duration = Duration::from_mins(10);

#[derive(clap::Args)]
pub struct Options {
    /// The port of the dashboard on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Without the crowd of players
    #[arg(long)]
    no_players: bool,
    /// Where the Durable Objects keep their SQLite [default: target/state/edge]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// `cargo xtask dev`.
pub fn run(options: &Options) -> Result<()> {
    let port = edge::free_port(options.port)?;
    let mut steps = Steps::new(build::STEPS + 2);
    let mut settings = {
        let _lock = build::lock()?;
        build::everything(&mut steps, &[Variant::Local])?;
        steps.step("discord-sim and bot-worker", "about 1 min when cold", build_native)?;
        Settings::load(&crate::at(".dev.vars"))?
    };
    let ticket = hex::encode(settings::random()?);
    settings.set("DEV_LINK", format!("{ticket}.{}", unix_ms(SystemTime::now() + LINK_LIFE)?));

    let mut programs = Programs::new();
    let _open = steps.step("starting", "about 3 s", || start(&mut programs, options, port, settings))?;
    let url = format!("http://127.0.0.1:{port}");
    eprintln!("all of it took {}; logs are in target/logs, Ctrl-C ends everything\n", told(steps.elapsed()));
    println!("ready {url}");
    println!("sign in (once, within 10 minutes): {url}/login/local?ticket={ticket}");
    programs.watch(|_, _| {})
}

/// The native programs, as `dev` and the tests run them.
fn build_native() -> Result<()> {
    show(&mut cargo("build --quiet --package discord-sim --package bot-worker"))
}

/// Starts the three programs, one after the other, each when the one before it is ready. What is returned
/// keeps them alive.
fn start(
    programs: &mut Programs,
    options: &Options,
    port: u16,
    mut settings: Settings,
) -> Result<Vec<std::process::ChildStdin>> {
    let sim_port = edge::free_port(0)?;
    let real_discord = settings.get("DISCORD_API").is_some();
    let can_sign = settings.stand_in_can_sign();
    if !real_discord {
        settings.set("DISCORD_API", format!("http://127.0.0.1:{sim_port}/api/v10"));
        if settings.get("DISCORD_CLIENT_SECRET").is_none() {
            settings.set("DISCORD_CLIENT_SECRET", "any is right for the stand-in".to_owned());
        }
    }
    let get = |name: &str| settings.get(name).with_context(|| format!("{name} is not set: see .dev.vars"));

    let serve = &mut edge::serve(Variant::Local, port, options.state.as_deref(), &settings)?;
    let mut open = vec![programs.start("edge", serve)?];
    let url = programs.wait_for("edge", "edge ready ", START_LIMIT)?;

    if !can_sign {
        eprintln!(
            "      the crowd stays away: DISCORD_SIM_SIGNING_KEY does not belong to DISCORD_PUBLIC_KEY"
        );
    }
    if can_sign || !real_discord {
        let players = if options.no_players || !can_sign { 0 } else { PLAYERS };
        let mut sim = guarded(crate::at("target/debug/discord-sim"))?;
        sim.args(["--listen", &format!("127.0.0.1:{sim_port}"), "--edge-url", &url]);
        sim.args(["--application-id", get("DISCORD_APPLICATION_ID")?, "--players", &players.to_string()]);
        sim.env("DISCORD_SIM_SIGNING_KEY", get("DISCORD_SIM_SIGNING_KEY")?);
        sim.env("DISCORD_TOKEN", get("DISCORD_TOKEN")?);
        open.push(programs.start("discord-sim", &mut sim)?);
        programs.wait_for("discord-sim", "discord-sim ready", START_LIMIT)?;
    }

    let mut bot = guarded(crate::at("target/debug/bot-worker"))?;
    bot.arg("run").env("EDGE_URL", &url);
    for name in ["DISCORD_TOKEN", "BOT_TOKEN", "DISCORD_API"] {
        bot.env(name, get(name)?);
    }
    open.push(programs.start("bot-worker", &mut bot)?);
    programs.wait_for("bot-worker", "bot-worker ready", START_LIMIT)?;
    Ok(open)
}

fn unix_ms(time: SystemTime) -> Result<u128> {
    Ok(time.duration_since(SystemTime::UNIX_EPOCH)?.as_millis())
}
