//! The repository's commands. Everything a fresh machine lacks is installed by the command that needs it.

mod bench;
mod build;
mod commands;
mod dev;
mod edge;
#[cfg(test)]
mod map;
mod processes;
mod settings;
mod stamp;
mod steps;
mod test;
mod tools;
mod workspace;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "The commands of the Pulse repository",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and run it here: the edge, the bot-worker and a stand-in for Discord with players
    Dev(dev::Options),
    /// Check everything: formatting, clippy, unit, end-to-end and browser tests
    Test(test::Options),
    /// Run the edge alone, on real workerd
    Edge(edge::Options),
    /// Build the dashboard and the Worker
    Build(BuildOptions),
    /// Measure: a table on the terminal, and target/bench.json
    Bench(bench::Options),
    /// Run a program that must not outlive whoever holds the other end of stdin
    #[command(hide = true)]
    Guard(processes::Guarded),
}

#[derive(Args)]
struct BuildOptions {
    /// Build what is deployed: without the one-time sign-in link
    #[arg(long)]
    release: bool,
    /// Build what `dev` runs: not optimised
    #[arg(long, conflicts_with = "release")]
    dev: bool,
}

/// The exit code that a shell gives for a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    // Those that serve are meant to be ended; of the others an interruption proves nothing.
    let serves = matches!(command, Command::Dev(_) | Command::Edge(_));
    let outcome = match command {
        Command::Guard(guarded) => processes::guard(&guarded),
        command => processes::end_on_signal().and_then(|()| match command {
            Command::Dev(options) => dev::run(&options),
            Command::Test(options) => test::run(&options),
            Command::Edge(options) => edge::run(&options),
            Command::Build(options) => build::run(build::Variant::asked(options.release, options.dev)),
            Command::Bench(options) => bench::run(&options),
            Command::Guard(_) => Ok(()),
        }),
    };
    if outcome.is_err() {
        processes::leave_nothing();
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<processes::Interrupted>() => {
            eprintln!("\nstopped");
            if serves { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) }
        }
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            let complaints = error.downcast_ref::<commands::Failed>().map_or("", |failed| &failed.complaints);
            if let Some(hint) = launcher::hint(&format!("{error:#}\n{complaints}")) {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace, without the `xtask/..` that would make messages hard to read.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let told = env::var_os(launcher::ROOT).map(PathBuf::from);
        let root = told.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        root.canonicalize().unwrap_or(root)
    })
}

/// A path inside the workspace.
fn at(path: &str) -> PathBuf {
    root().join(path)
}
