//! The edge alone, on real workerd, in the foreground.

use std::fs::{self, File, TryLockError};
use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::build::{self, Variant};
use crate::processes::Programs;
use crate::settings::Settings;
use crate::steps::Steps;
use crate::tools;
use crate::workspace::command;

/// The longest that workerd may take to answer. It takes two seconds; a loaded machine takes more.
pub const START_LIMIT: Duration = Duration::from_mins(1);

#[derive(clap::Args)]
pub struct Options {
    /// The port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// The folder in which the Durable Objects keep their SQLite [default: target/state/edge]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Run what is deployed: without the one-time sign-in link
    #[arg(long)]
    release: bool,
    /// Run what `dev` runs: not optimised
    #[arg(long, conflicts_with = "release")]
    dev: bool,
}

/// `cargo xtask edge`.
pub fn run(options: &Options) -> Result<()> {
    let variant = Variant::asked(options.release, options.dev);
    let port = free_port(options.port)?;
    let state = State::claim(options.state.as_deref())?;
    let settings = {
        let _lock = build::lock()?;
        build::everything(&Steps::new(build::STEPS), &[variant])?;
        Settings::load(&crate::at(".dev.vars"))?
    };
    let mut programs = Programs::new();
    programs.start("edge", &mut serve(variant, port, &state, &settings))?;
    let url = programs.wait_for("edge", "edge ready ", START_LIMIT)?;
    println!("edge ready {url}");
    forward_lines(programs.take_stdin("edge")?);
    programs.watch(|_, line| eprintln!("{line}"))
}

/// The folder of the Durable Objects' data, which one edge at a time may have: two would write the same databases.
pub struct State {
    folder: PathBuf,
    _lock: File,
}

impl State {
    /// Takes the folder that was asked for, or the usual one.
    pub fn claim(asked: Option<&Path>) -> Result<Self> {
        let folder = asked.map_or_else(|| Ok(crate::at("target/state/edge")), std::path::absolute)?;
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let lock = File::create(folder.join(".lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "another `cargo xtask dev` or `edge` runs on {}; end it, or give this one a folder of its own with --state DIR",
                folder.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).context("locking the state's folder"),
        }
    }
}

/// The command that serves a built Worker. With the dev variant, pages hear of later builds.
pub fn serve(variant: Variant, port: u16, state: &State, settings: &Settings) -> Command {
    let options = json!({
        "port": port,
        "state": state.folder,
        "main": variant.worker().join("index.js"),
        "page": variant.page(),
        "bindings": settings.of_the_edge(),
        "dev": variant == Variant::Dev,
    });
    let mut serve = command(tools::node());
    serve.arg("edge/serve.mjs").env("PULSE_EDGE_OPTIONS", options.to_string());
    serve
}

/// The wanted port when it is free, or any free one for 0.
pub fn free_port(wanted: u16) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).with_context(|| {
        format!("port {wanted} is taken; choose another with --port, or --port 0 for any")
    })?;
    Ok(listener.local_addr()?.port())
}

/// Hands lines that are typed here to the edge (see edge/serve.mjs). The end of stdin ends nothing.
fn forward_lines(mut edge: ChildStdin) {
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = writeln!(edge, "{line}");
        }
        thread::park(); // keeps the pipe open: closing it would stop the edge
    });
}
