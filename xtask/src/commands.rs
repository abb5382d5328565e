//! Programs that run to their end: in the open, or with their output in a log until they fail.

use std::fmt;
use std::io::IsTerminal as _;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Result, bail};

use crate::processes;
use crate::steps::{clear_progress, progress, tell};
use crate::workspace::{command, log_file, tail};

/// The packages of the native programs and of what tests them.
pub const NATIVE: [&str; 3] = ["discord-sim", "bot-worker", "tests"];

/// A `cargo` command, its arguments separated by spaces.
pub fn cargo(arguments: &str) -> Command {
    let mut cargo = command("cargo");
    cargo.args(arguments.split_whitespace());
    // Incremental data speeds up a second build only; where nothing is built twice, it fills the disk.
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

/// A command that failed, and what it said about it.
#[derive(Debug)]
pub struct Failed {
    line: String,
    status: ExitStatus,
    /// Its complaints, without colours.
    pub complaints: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` ended with {}", self.line, self.status)
    }
}

impl std::error::Error for Failed {}

/// Runs a `cargo` command that compiles: its progress becomes the step's, and what the compiler has to say is shown as it
/// comes. Fails with [`Failed`].
pub fn compile(cargo: &mut Command) -> Result<()> {
    compile_and_read(cargo).map(drop)
}

/// The variables by which cargo lets clippy compile the packages of this workspace. Clippy makes the very programs that the
/// compiler makes, and lints on the way: nothing is compiled twice, once to run and once to lint.
pub const LINTS: [(&str, &str); 2] = [("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"), ("CLIPPY_ARGS", "")];

/// The treatment of lints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lints {
    /// None passes: any complaint is an error.
    Refused,
    /// All: they are only told.
    Told,
}

/// As [`compile`], with [`LINTS`]; gives what cargo prints for programs. Cargo keeps warnings and repeats them, so that they
/// are seen of what it need not compile again, too.
pub fn compile_and_lint(cargo: &mut Command, lints: Lints) -> Result<String> {
    let (printed, complaints) = compile_and_read(cargo.envs(LINTS))?;
    if lints == Lints::Refused && !complaints.is_empty() {
        bail!("clippy has complaints; they stand above");
    }
    Ok(printed)
}

/// As [`compile`]; gives what cargo prints for programs, and what there was to complain of.
fn compile_and_read(cargo: &mut Command) -> Result<(String, String)> {
    let colour = if std::io::stderr().is_terminal() { "always" } else { "never" };
    cargo.env("CARGO_TERM_COLOR", colour);
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "80");
    let mut complaints = String::new();
    let (status, printed) = processes::finish_reading(cargo, |line| {
        let plain = anstream::adapter::strip_str(line).to_string();
        match Told::of(&plain) {
            Told::Progress(done, all) => progress(&format!("{done} of {all} crates")),
            Told::Waiting => progress("waiting for another cargo to finish"),
            Told::Status => {}
            Told::Complaint => {
                tell(line);
                complaints.push_str(&plain);
                complaints.push('\n');
            }
        }
    })?;
    clear_progress();
    if !status.success() {
        return Err(Failed { line: line(cargo), status, complaints }.into());
    }
    Ok((printed, complaints))
}

/// The meaning of a line that cargo prints.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// So many crates are compiled, of so many.
    Progress(u32, u32),
    /// Another cargo has the folder.
    Waiting,
    /// Any other status of cargo's, such as `Compiling serde`.
    Status,
    /// A warning, an error, or a line of one.
    Complaint,
}

impl Told {
    fn of(line: &str) -> Self {
        let Some((first, rest)) = line.trim_start().split_once(' ') else {
            return if line.trim().is_empty() { Self::Status } else { Self::Complaint };
        };
        // Cargo sets its own words to the right of the twelfth column; the compiler's lines begin further left.
        let is_aligned = line.len() - line.trim_start().len() + first.len() == 12;
        match first {
            "Building" if is_aligned => {
                crates(rest).map_or(Self::Status, |(done, all)| Self::Progress(done, all))
            }
            "Blocking" if is_aligned => Self::Waiting,
            "Adding" | "Checking" | "Compiling" | "Downloaded" | "Downloading" | "Dirty" | "Executable"
            | "Finished" | "Fresh" | "Locking" | "Running" | "Updating"
                if is_aligned =>
            {
                Self::Status
            }
            _ => Self::Complaint,
        }
    }
}

/// The two numbers in `[=====>   ] 120/290: serde, tokio`.
fn crates(bar: &str) -> Option<(u32, u32)> {
    let (_, after) = bar.split_once("] ")?;
    let (done, all) = after.split_once(':').map_or(after, |(numbers, _)| numbers).split_once('/')?;
    Some((done.trim().parse().ok()?, all.trim().parse().ok()?))
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

/// The trimmed output of a command; `None` when it is not there or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cargo_are_told_from_lines_of_the_compiler() {
        for (line, expected) in [
            ("    Building [=======>     ] 120/290: serde, tokio(build)", Told::Progress(120, 290)),
            ("    Building [>            ] 0/3: protocol", Told::Progress(0, 3)),
            ("    Building [             ] unusual", Told::Status),
            ("   Compiling serde v1.0.228", Told::Status),
            ("    Finished `dev` profile [unoptimized] target(s) in 2.31s", Told::Status),
            ("    Blocking waiting for file lock on build directory", Told::Waiting),
            ("", Told::Status),
            ("error[E0425]: cannot find value `x` in this scope", Told::Complaint),
            ("  --> interactions/src/command/pay.rs:7:5", Told::Complaint),
            ("   | Compiling this fails", Told::Complaint),
            ("error", Told::Complaint),
        ] {
            assert_eq!(Told::of(line), expected, "{line}");
        }
    }
}
