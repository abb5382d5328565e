//! `cargo xtask`: compiles the commands, visibly the first time, and becomes them.
//!
//! It has no dependencies, so that its first line appears a second after somebody's first `cargo xtask`. The commands
//! themselves take a minute to compile; cargo would not say a word meanwhile.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let target = root.join("target");
    let commands = target.join("debug/xtask");
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.current_dir(root).args(["build", "--package", "xtask", "--bin", "xtask"]);
    build.env("CARGO_TARGET_DIR", &target);
    if commands.exists() {
        build.arg("--quiet");
    } else {
        eprintln!("compiling the commands of this repository … about 1 min, once");
    }
    match build.status() {
        Ok(status) if status.success() => {}
        Ok(_) => {
            eprintln!("\nerror: the commands (xtask) could not be compiled; cargo says above what it needs");
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("error: cargo could not be started: {error}");
            return ExitCode::FAILURE;
        }
    }
    let error = Command::new(&commands).args(env::args_os().skip(1)).exec();
    eprintln!("error: {} could not be started: {error}", commands.display());
    ExitCode::FAILURE
}
