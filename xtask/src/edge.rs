//! The edge alone, on real workerd, in the foreground.

use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::build::{self, Variant};
use crate::commands::command;
use crate::processes::Programs;
use crate::settings::Settings;
use crate::steps::Steps;
use crate::tools;

/// How long workerd may take to answer. It takes two seconds; a loaded machine takes more.
pub const START_LIMIT: Duration = Duration::from_mins(1);

#[derive(clap::Args)]
pub struct Options {
    /// The port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Where the Durable Objects keep their SQLite [default: target/state/edge]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Run what is deployed: without the one-time sign-in link of `dev`
    #[arg(long)]
    release: bool,
}

/// `cargo xtask edge`.
pub fn run(options: &Options) -> Result<()> {
    let variant = Variant::of_release(options.release);
    let port = free_port(options.port)?;
    let settings = {
        let _lock = build::lock()?;
        build::everything(&mut Steps::new(build::STEPS), &[variant])?;
        Settings::load(&crate::at(".dev.vars"))?
    };
    let mut programs = Programs::new();
    let stdin = programs.start("edge", &mut serve(variant, port, options.state.as_deref(), &settings)?)?;
    let url = programs.wait_for("edge", "edge ready ", START_LIMIT)?;
    println!("edge ready {url}");
    forward_lines(stdin);
    programs.watch(|_, line| eprintln!("{line}"))
}

/// The command that serves a built Worker.
pub fn serve(variant: Variant, port: u16, state: Option<&Path>, settings: &Settings) -> Result<Command> {
    let state = state.map_or_else(|| Ok(crate::at("target/state/edge")), std::path::absolute)?;
    let options = json!({
        "port": port,
        "state": state,
        "main": variant.folder().join("index.js"),
        "bindings": settings.of_the_edge(),
    });
    let mut serve = command(tools::node());
    serve.arg("edge/serve.mjs").env("PULSE_EDGE_OPTIONS", options.to_string());
    Ok(serve)
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
