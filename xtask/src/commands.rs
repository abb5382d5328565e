//! Programs that run to their end: in the open, or with their output in a log until they fail.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::processes;

/// How much of a log a failure shows.
const LOG_TAIL_LINES: usize = 30;

/// The packages of the native programs and of what tests them.
pub const NATIVE: [&str; 3] = ["discord-sim", "bot-worker", "tests"];

/// A command that runs in the workspace, with the pinned Node first on its path.
pub fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(crate::at("node_modules/.bin")).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
    command.current_dir(crate::at("")).stdin(Stdio::null());
    command
}

/// A `cargo` command, its arguments separated by spaces.
pub fn cargo(arguments: &str) -> Command {
    let mut cargo = command("cargo");
    cargo.args(arguments.split_whitespace());
    // Where nothing is built twice, what would speed up the second time only fills the disk.
    if std::env::var_os("CI").is_some() {
        cargo.env("CARGO_INCREMENTAL", "0");
    }
    cargo
}

/// A `cargo` command for the native programs and their tests. Always for all of them: cargo unifies features among
/// the packages that it is asked for at once, and in other company it builds tokio and twilight again.
pub fn native(arguments: &str) -> Command {
    let mut cargo = cargo(arguments);
    cargo.args(NATIVE.map(|package| format!("--package={package}")));
    cargo
}

/// Runs a command whose output is for the reader.
pub fn show(command: &mut Command) -> Result<()> {
    let status = processes::finish(command)?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a command whose output goes to `target/logs/NAME.log`, the end of which is shown if it fails.
pub fn log(name: &str, command: &mut Command) -> Result<()> {
    let (file, path) = log_file(name)?;
    let status = processes::finish(command.stdout(file.try_clone()?).stderr(file))?;
    if !status.success() {
        bail!("`{}` ended with {status}; the end of {}:\n{}", line(command), path.display(), tail(&path));
    }
    Ok(())
}

/// An empty `target/logs/NAME.log`.
pub fn log_file(name: &str) -> Result<(File, PathBuf)> {
    let folder = crate::at("target/logs");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.log"));
    let file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    Ok((file, path))
}

/// The last lines of a log.
pub fn tail(path: &Path) -> String {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

/// What a command prints, or nothing when it is not there or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
