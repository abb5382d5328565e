//! Pulse as it is deployed, and its peers in `tests/peers`, which keep the same contract: whatever compares them starts
//! and asks them in one way.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use discord_sim::EdgeClient;
use serde_json::{Value, json};

use crate::{
    Viewer,
    edge::{ADMIN_TOKEN, BOT_TOKEN, PATIENCE, signer},
    program::{Program, child_of, free_port, processor_seconds, resident_bytes, root},
};

/// A program that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The Worker of `cargo xtask build --release`.
    Pulse,
    /// The same of another checkout, which `PULSE_BENCH_BEFORE` names: what a change is compared with.
    Before,
    /// The same contract in JavaScript, on the same workerd by the same runner.
    JsWorker,
    /// The same commands in one Bun process.
    Bun,
    /// A Worker that does almost nothing: what the runtime costs by itself.
    Floor,
}

impl Subject {
    /// Those that keep the contract.
    pub const ALL: [Self; 3] = [Self::Pulse, Self::JsWorker, Self::Bun];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pulse => "pulse",
            Self::Before => "before",
            Self::JsWorker => "js-worker",
            Self::Bun => "bun",
            Self::Floor => "floor",
        }
    }

    /// Whether it can be started here: Bun has no build for some machines, and another checkout has to be named.
    pub fn is_there(self) -> bool {
        match self {
            Self::Bun => bun().is_some(),
            Self::Before => before().is_some(),
            _ => true,
        }
    }

    /// One with fresh state.
    pub fn start(self) -> Result<Served> {
        let port = free_port()?;
        let state = states().join(format!("pulse-{}-{port}", std::process::id()));
        let program = Program::start(&mut self.command(port, &state)?)?;
        program.wait_for("edge ready ", PATIENCE)?;
        Ok(Served { subject: self, url: format!("http://127.0.0.1:{port}"), program, state })
    }

    fn command(self, port: u16, state: &Path) -> Result<Command> {
        let bindings = json!({
            "DISCORD_PUBLIC_KEY": signer().public_key_hex(),
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "BOT_TOKEN": BOT_TOKEN,
        });
        let mut options = json!({ "port": port, "state": state, "bindings": bindings });
        match self {
            Self::Pulse | Self::Before => {
                let checkout = if self == Self::Pulse { Some(root()) } else { before() };
                let main = checkout.context("no other checkout is named")?.join("edge/build/index.js");
                ensure!(main.exists(), "{} is not there; run `cargo xtask build --release`", main.display());
                options["main"] = json!(main);
            }
            Self::JsWorker => {
                options["config"] = json!("tests/peers/js-worker/wrangler.toml");
                let beside = ["js-worker/guild.js", "js-worker/room.js", "economy.js"];
                options["modules"] = beside.map(|file| format!("tests/peers/{file}")).as_slice().into();
            }
            Self::Floor => {
                options["config"] = json!("tests/peers/floor/wrangler.toml");
                options["modules"] = json!([]);
            }
            Self::Bun => return bun_command(port, state, &bindings),
        }
        let mut serve = Command::new(root().join("node_modules/.bin/node"));
        serve.current_dir(root()).arg("edge/serve.mjs").env("PULSE_EDGE_OPTIONS", options.to_string());
        Ok(serve)
    }
}

fn bun_command(port: u16, state: &Path, bindings: &Value) -> Result<Command> {
    let mut command = Command::new(bun().context("tests/peers/bun is not installed")?);
    command.current_dir(root()).arg("tests/peers/bun/index.js");
    command.env("PORT", port.to_string()).env("STATE", state);
    for (name, value) in bindings.as_object().into_iter().flatten() {
        command.env(name, value.as_str().unwrap_or_default());
    }
    Ok(command)
}

/// The checkout that a change is compared with.
fn before() -> Option<PathBuf> {
    std::env::var_os("PULSE_BENCH_BEFORE").map(PathBuf::from)
}

/// Bun's program, as npm unpacks it for this machine.
fn bun() -> Option<PathBuf> {
    let packages = std::fs::read_dir(root().join("tests/peers/bun/node_modules/@oven")).ok()?;
    packages.flatten().map(|package| package.path().join("bin/bun")).find(|program| program.exists())
}

/// The folder of the subjects' state: in memory where that can be had. workerd waits for the disk at each commit, Bun does
/// not, and what other programs do to the disk is none of theirs.
pub fn states() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { root().join("target/state/tests") }
}

/// A subject at work. Dropped, it is killed, and its state is removed.
#[derive(Debug)]
pub struct Served {
    /// The subject that was started.
    pub subject: Subject,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    program: Program,
    state: PathBuf,
}

impl Served {
    /// Posts what Discord would sign.
    pub fn discord(&self) -> Result<EdgeClient> {
        Ok(EdgeClient::new(&self.url, signer())?.waiting(PATIENCE)?)
    }

    /// Opens the stream, with a query such as `?epoch=E&since=N`.
    pub async fn watch(&self, query: &str) -> Result<Viewer> {
        let bearer = format!("Bearer {ADMIN_TOKEN}");
        let dialled = Viewer::dial(&self.url, query, &[("Authorization", &bearer)]).await;
        dialled.map_err(|status| anyhow::anyhow!("{}: refused with {status}", self.subject.name()))
    }

    /// The resident memory of the process that does the work, in bytes.
    pub fn memory(&self) -> Result<u64> {
        resident_bytes(self.process()?)
    }

    /// The processor time of the process that does the work, in seconds so far.
    pub fn processor_seconds(&self) -> Result<f64> {
        processor_seconds(self.process()?)
    }

    fn process(&self) -> Result<u32> {
        let started = self.program.id();
        if self.subject == Subject::Bun { Ok(started) } else { child_of(started, "workerd") }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.program.kill();
        // The state is nobody's; what stays behind is only in target/.
        let _ = std::fs::remove_dir_all(&self.state);
    }
}
