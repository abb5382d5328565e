//! The three programs of `dev`, and how each is started.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::build::Variant;
use crate::commands::{compile, native, output};
use crate::edge::{self, START_LIMIT, State};
use crate::processes::{Programs, guarded};
use crate::settings::Settings;
use crate::stamp::Stamp;
use crate::steps::{Steps, tell};
use crate::workspace::command;

/// The number of players in the stand-in: enough that something happens every second or so.
const PLAYERS: u32 = 12;

/// A native program of `dev`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Native {
    /// The stand-in for Discord.
    DiscordSim,
    /// The bot-worker.
    BotWorker,
}

impl Native {
    /// In the order in which they start.
    pub const ALL: [Self; 2] = [Self::DiscordSim, Self::BotWorker];

    /// The name of its package and of its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::DiscordSim => "discord-sim",
            Self::BotWorker => "bot-worker",
        }
    }

    /// The file into which cargo writes it.
    pub fn path(self) -> PathBuf {
        crate::at("target/debug").join(self.name())
    }
}

fn stamp() -> Result<Stamp> {
    let inputs = ["bot-worker", "discord-sim", "interactions", "protocol", "Cargo.toml", "Cargo.lock"];
    let inputs = inputs.map(crate::at);
    let compiler = output(command("rustc").arg("-vV")).context("`rustc -vV` does not run")?;
    Stamp::of(crate::at("target/stamps/native"), &compiler, &inputs, &[])
}

/// Compiles the native programs.
pub fn make_native() -> Result<()> {
    stamp()?.around(|| compile(&mut native("build --bin discord-sim --bin bot-worker")))
}

/// Compiles the native programs where their sources changed.
pub fn build_native(steps: &Steps) -> Result<()> {
    let fresh = stamp()?.is_fresh() && Native::ALL.iter().all(|program| program.path().exists());
    steps.unless(fresh, "discord-sim and bot-worker", "1 to 2 min when cold", make_native)
}

/// Everything that `dev` runs.
pub struct Stack {
    /// The programs themselves.
    pub programs: Programs,
    state: State,
    port: u16,
    sim_port: u16,
    with_players: bool,
    link: String,
    settings: Settings,
}

impl Stack {
    /// Starts the three programs, one after the other, each when the one before it is ready.
    pub fn start(
        state: State,
        port: u16,
        with_players: bool,
        link: String,
        settings: Settings,
    ) -> Result<Self> {
        let sim_port = edge::free_port(0)?;
        let programs = Programs::new();
        let mut stack = Self { programs, state, port, sim_port, with_players, link, settings };
        stack.complete_settings();
        let mut serve = edge::serve(Variant::Dev, port, &stack.state, &stack.settings);
        stack.programs.start("edge", &mut serve)?;
        stack.programs.wait_for("edge", "edge ready ", START_LIMIT)?;
        if !stack.settings.stand_in_can_sign() {
            tell("the crowd stays away: DISCORD_SIM_SIGNING_KEY does not belong to DISCORD_PUBLIC_KEY");
        }
        for program in Native::ALL {
            stack.restart(program)?;
        }
        Ok(stack)
    }

    /// Whether bot-worker talks to another Discord than the stand-in.
    fn has_real_discord(&self) -> bool {
        self.settings.get("DISCORD_API").is_some_and(|api| api != self.stand_in())
    }

    fn stand_in(&self) -> String {
        format!("http://127.0.0.1:{}/api/v10", self.sim_port)
    }

    fn complete_settings(&mut self) {
        self.settings.set("DEV_LINK", self.link.clone());
        if self.settings.get("DISCORD_API").is_none() {
            self.settings.set("DISCORD_API", self.stand_in());
            if self.settings.get("DISCORD_CLIENT_SECRET").is_none() {
                self.settings.set("DISCORD_CLIENT_SECRET", "any is right for the stand-in".to_owned());
            }
        }
    }

    /// Starts a native program, or starts it again. Where the settings leave it nothing to do, it stays away.
    pub fn restart(&mut self, program: Native) -> Result<()> {
        self.programs.stop(program.name());
        let Some(mut command) = self.command(program)? else { return Ok(()) };
        self.programs.start(program.name(), &mut command)?;
        self.programs.wait_for(program.name(), &format!("{} ready", program.name()), START_LIMIT)?;
        Ok(())
    }

    fn command(&self, program: Native) -> Result<Option<Command>> {
        let get =
            |name: &str| self.settings.get(name).with_context(|| format!("{name} is not set: see .dev.vars"));
        let url = format!("http://127.0.0.1:{}", self.port);
        let mut command = guarded(program.path())?;
        match program {
            Native::DiscordSim => {
                let can_sign = self.settings.stand_in_can_sign();
                if !can_sign && self.has_real_discord() {
                    return Ok(None);
                }
                let players = if self.with_players && can_sign { PLAYERS } else { 0 };
                command.args(["--listen", &format!("127.0.0.1:{}", self.sim_port), "--edge-url", &url]);
                command.args(["--application-id", get("DISCORD_APPLICATION_ID")?]);
                command.args(["--players", &players.to_string()]);
                command.env("DISCORD_SIM_SIGNING_KEY", get("DISCORD_SIM_SIGNING_KEY")?);
                command.env("DISCORD_TOKEN", get("DISCORD_TOKEN")?);
            }
            Native::BotWorker => {
                command.arg("run").env("EDGE_URL", &url);
                for name in ["DISCORD_TOKEN", "BOT_TOKEN", "DISCORD_API"] {
                    command.env(name, get(name)?);
                }
            }
        }
        Ok(Some(command))
    }

    /// Has the edge run what was built, with these settings; when that does not start, the build before goes on, and the
    /// error says why.
    pub fn reload_edge(&mut self) -> Result<()> {
        let changes = json!({ "bindings": self.settings.of_the_edge() });
        self.programs.say("edge", &format!("reload {changes}"))?;
        let answer = self.programs.wait_for("edge", "reload", START_LIMIT)?;
        if answer == "ed" {
            return Ok(());
        }
        bail!("the new build does not start{}", answer.trim_start().trim_start_matches("failed"))
    }

    /// Takes on `.dev.vars` as it is now.
    pub fn take_settings(&mut self, settings: Settings) {
        self.settings = settings;
        self.complete_settings();
    }

    /// Shows a text on all open pages, or takes it away.
    pub fn show(&mut self, problem: Option<&str>) -> Result<()> {
        self.programs.say("edge", &format!("problem {}", json!(problem)))
    }
}
