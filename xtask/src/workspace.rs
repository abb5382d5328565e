//! The workspace's commands and logs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// The number of a log's last lines that a failure shows.
const LOG_TAIL_LINES: usize = 30;

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

/// Makes an empty `target/logs/NAME.log`; gives it with its path.
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
