//! `cargo xtask`: compiles the commands, visibly the first time, and becomes them.
//!
//! It has no dependencies, so that its first line appears a second after somebody's first `cargo xtask`. The commands
//! themselves take a minute to compile; cargo would not say a word meanwhile.

use std::env;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

fn main() -> ExitCode {
    // Asked for when it runs: what was compiled stays fresh for cargo in a folder that was moved or copied.
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&here).join("../..");
    let target = root.join("target");
    let commands = target.join("debug/xtask");
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.current_dir(&root).args(["build", "--package", "xtask", "--bin", "xtask"]);
    // The same program, from wherever it is started: the tests let clippy compile.
    build.env("CARGO_TARGET_DIR", &target).env_remove("RUSTC_WORKSPACE_WRAPPER");
    if commands.exists() {
        build.arg("--quiet");
    } else {
        eprintln!("compiling the commands of this repository … about 1 min, once");
    }
    match run(&mut build) {
        Ok((status, _)) if status.success() => {}
        Ok((_, said)) => {
            eprintln!("\nerror: the commands (xtask) could not be compiled; cargo says above what it needs");
            if let Some(hint) = launcher::hint(&said) {
                eprintln!("hint: {hint}");
            }
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("error: cargo could not be started: {error}");
            return ExitCode::FAILURE;
        }
    }
    let error = Command::new(&commands).args(env::args_os().skip(1)).env(launcher::ROOT, &root).exec();
    eprintln!("error: {} could not be started: {error}", commands.display());
    ExitCode::FAILURE
}

/// Runs cargo, shows what it says as it says it, and gives that, too.
fn run(cargo: &mut Command) -> io::Result<(ExitStatus, String)> {
    if io::stderr().is_terminal() {
        cargo.env("CARGO_TERM_COLOR", "always").env("CARGO_TERM_PROGRESS_WHEN", "always");
        cargo.env("CARGO_TERM_PROGRESS_WIDTH", "80");
    }
    let mut child = cargo.stderr(Stdio::piped()).spawn()?;
    let mut said = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = stderr.read(&mut piece) {
            let _ = io::stderr().write_all(&piece[..length]);
            said.extend_from_slice(&piece[..length]);
        }
    }
    Ok((child.wait()?, String::from_utf8_lossy(&said).into_owned()))
}
