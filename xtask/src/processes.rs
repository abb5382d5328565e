//! Whatever was started is ended: each program is a process group, and no group outlives this process.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, getpgrp};

use crate::workspace;

/// The time that programs have to end by themselves.
const GRACE: Duration = Duration::from_secs(3);
/// The period at which a wait looks whether it is over, or was interrupted.
const GLANCE: Duration = Duration::from_millis(100);

static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
/// The reason for which everything is to end, where a command failed beside others.
static REASON: OnceLock<String> = OnceLock::new();
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C or SIGTERM: an end that was asked for.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// From now on Ctrl-C and SIGTERM end whatever runs, and the waits for it fail with [`Interrupted`].
pub fn end_on_signal() -> Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        signal_all(Signal::SIGTERM);
    })
    .context("setting the signal handler")
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Result<ExitStatus> {
    let (mut child, group) = spawn(command)?;
    let status = child.wait();
    forget(group);
    fail_if_ended()?;
    Ok(status?)
}

/// Runs a command to its end and hands over each line of its stderr; gives its stdout, too. A carriage return ends a line:
/// programs overwrite their progress that way.
pub fn finish_reading(command: &mut Command, mut hear: impl FnMut(&str)) -> Result<(ExitStatus, String)> {
    let (mut child, group) = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let mut stdout = child.stdout.take().context("a pipe was asked for")?;
    let printed = thread::spawn(move || {
        let mut printed = Vec::new();
        let _ = stdout.read_to_end(&mut printed); // what came before an error is all there is
        printed
    });
    let stderr = child.stderr.take().context("a pipe was asked for")?;
    let mut line = Vec::new();
    for byte in BufReader::new(stderr).bytes().map_while(Result::ok) {
        if byte == b'\n' || byte == b'\r' {
            hear(&String::from_utf8_lossy(&line));
            line.clear();
        } else {
            line.push(byte);
        }
    }
    if !line.is_empty() {
        hear(&String::from_utf8_lossy(&line));
    }
    let status = child.wait();
    forget(group);
    fail_if_ended()?;
    let printed = printed.join().unwrap_or_default();
    Ok((status?, String::from_utf8_lossy(&printed).into_owned()))
}

fn fail_if_ended() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        return Err(Interrupted.into());
    }
    REASON.get().map_or(Ok(()), |reason| bail!("{reason}"))
}

fn spawn(command: &mut Command) -> Result<(Child, Pid)> {
    fail_if_ended()?;
    let program = command.get_program().to_string_lossy().into_owned();
    let child = command.process_group(0).spawn().with_context(|| format!("starting `{program}`"))?;
    let group = Pid::from_raw(i32::try_from(child.id())?);
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(group);
    Ok((child, group))
}

/// After the end of a group's first process: ends those that it left behind, as a crash does.
fn forget(group: Pid) {
    let _ = killpg(group, Signal::SIGKILL);
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|each| *each != group);
}

/// Ends the commands that run beside one that failed: all is lost, and what they say of their end is not why.
pub fn end_all(reason: &anyhow::Error) {
    let _ = REASON.set(format!("{reason:#}")); // the first one stays
    signal_all(Signal::SIGTERM);
}

/// Waits until what was told to end has ended: a start right after this one must not meet it.
pub fn leave_nothing() {
    signal_all(Signal::SIGTERM);
    let deadline = Instant::now() + GRACE;
    while !RUNNING.lock().unwrap_or_else(PoisonError::into_inner).is_empty() && Instant::now() < deadline {
        thread::sleep(GLANCE);
    }
    signal_all(Signal::SIGKILL);
}

fn signal_all(signal: Signal) {
    for group in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = killpg(*group, signal); // it may have ended this very moment
    }
}

/// Programs that run side by side until one of them, or the person at the keyboard, ends it.
pub struct Programs {
    told: Receiver<Told>,
    tell: Sender<Told>,
    running: BTreeMap<&'static str, Running>,
}

/// A program that runs. It ends when its stdin closes.
struct Running {
    group: Pid,
    stdin: Option<ChildStdin>,
}

/// A program's line of output, or its end.
enum Told {
    Line(&'static str, String),
    Ended(&'static str, String),
}

/// A program that ended without being asked to.
#[derive(Debug)]
pub struct EndedByItself {
    /// Its name.
    pub name: &'static str,
    how: String,
}

impl fmt::Display for EndedByItself {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ended by itself ({}){}", self.name, self.how, log_of(self.name))
    }
}

impl std::error::Error for EndedByItself {}

impl Programs {
    pub fn new() -> Self {
        let (tell, told) = channel();
        Self { told, tell, running: BTreeMap::new() }
    }

    /// Starts a program; its output goes to `target/logs/NAME.log`. The program must end when its stdin closes, so that not
    /// even SIGKILL to this process leaves it behind: see [`guarded`].
    pub fn start(&mut self, name: &'static str, command: &mut Command) -> Result<()> {
        let (log, _) = workspace::log_file(name)?;
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (mut child, group) = spawn(piped)?;
        self.running.insert(name, Running { group, stdin: child.stdin.take() });
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as _),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ];
        let mut readers = Vec::new();
        for output in outputs.into_iter().flatten() {
            let (tell, mut log) = (self.tell.clone(), log.try_clone()?);
            readers.push(thread::spawn(move || {
                for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    let _ = writeln!(log, "{line}");
                    let _ = tell.send(Told::Line(name, line));
                }
            }));
        }
        let tell = self.tell.clone();
        thread::spawn(move || {
            let how = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            for reader in readers {
                let _ = reader.join(); // its last words come before the news of its end
            }
            forget(group);
            let _ = tell.send(Told::Ended(name, how));
        });
        Ok(())
    }

    /// Ends a program, if it runs.
    pub fn stop(&mut self, name: &'static str) {
        let Some(Running { group, stdin }) = self.running.remove(name) else { return };
        drop(stdin);
        let _ = killpg(group, Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        loop {
            match self.told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Told::Ended(ended, _)) if ended == name => return,
                // Another one's end while this one is stopped is heard by the next wait.
                Ok(Told::Ended(ended, how)) => drop(self.tell.send(Told::Ended(ended, how))),
                Ok(Told::Line(..)) => {}
                Err(_) => {
                    let _ = killpg(group, Signal::SIGKILL);
                    return;
                }
            }
        }
    }

    /// Writes a line to a program's stdin.
    pub fn say(&mut self, name: &str, line: &str) -> Result<()> {
        let stdin = self.running.get_mut(name).and_then(|running| running.stdin.as_mut());
        let stdin = stdin.with_context(|| format!("{name} does not run"))?;
        writeln!(stdin, "{line}").with_context(|| format!("telling {name}"))
    }

    /// Hands a program's stdin over to somebody who keeps it open.
    pub fn take_stdin(&mut self, name: &str) -> Result<ChildStdin> {
        let stdin = self.running.get_mut(name).and_then(|running| running.stdin.take());
        stdin.with_context(|| format!("{name} does not run"))
    }

    /// Waits for a line of `name` with these words, which a log may put a time before; gives the rest of that line.
    pub fn wait_for(&mut self, name: &str, words: &str, limit: Duration) -> Result<String> {
        let deadline = Instant::now() + limit;
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now()))? {
                Some((who, line)) if who == name => {
                    if let Some((_, rest)) = line.split_once(words) {
                        return Ok(rest.trim().to_owned());
                    }
                }
                Some(_) => {}
                None => {
                    bail!("{name} did not say `{words}` within {} s{}", limit.as_secs(), log_of(name))
                }
            }
        }
    }

    /// Hands every line to `hear` until a program ends by itself, or this one is asked to.
    pub fn watch(&mut self, hear: impl Fn(&str, &str)) -> Result<()> {
        loop {
            if let Some((name, line)) = self.next(Duration::MAX)? {
                hear(name, &line);
            }
        }
    }

    /// The next line of any program, or `None` after `limit`. Fails with [`EndedByItself`] or [`Interrupted`].
    pub fn next(&mut self, limit: Duration) -> Result<Option<(&'static str, String)>> {
        let begun = Instant::now();
        loop {
            fail_if_ended()?;
            match self.told.recv_timeout(GLANCE.min(limit.saturating_sub(begun.elapsed()))) {
                Ok(Told::Line(name, line)) => return Ok(Some((name, line))),
                Ok(Told::Ended(name, how)) => {
                    self.running.remove(name);
                    fail_if_ended()?;
                    return Err(EndedByItself { name, how }.into());
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() >= limit => return Ok(None),
                Err(_) => {}
            }
        }
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        signal_all(Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        while !self.running.is_empty() {
            match self.told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Told::Ended(name, _)) => drop(self.running.remove(name)),
                Ok(Told::Line(..)) => {}
                Err(_) => break,
            }
        }
        signal_all(Signal::SIGKILL);
    }
}

fn log_of(name: &str) -> String {
    let path = crate::at(&format!("target/logs/{name}.log"));
    format!("; the end of {}:\n{}", path.display(), workspace::tail(&path))
}

/// A program and its arguments.
#[derive(clap::Args)]
pub struct Guarded {
    #[arg(trailing_var_arg = true, required = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// A command that runs `program` under [`guard`], for programs that do not watch their stdin themselves.
pub fn guarded(program: PathBuf) -> Result<Command> {
    let mut command = workspace::command(std::env::current_exe()?);
    command.arg("guard").arg("--").arg(program);
    Ok(command)
}

/// Runs a program, and kills it together with this process when stdin closes.
pub fn guard(guarded: &Guarded) -> Result<()> {
    // The program gets the signal as well, being of the same group; its end is the end of this one.
    ctrlc::set_handler(|| {})?;
    let [program, arguments @ ..] = guarded.words.as_slice() else { bail!("nothing to guard") };
    let mut child = Command::new(program).args(arguments).stdin(Stdio::null()).spawn()?;
    thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = killpg(getpgrp(), Signal::SIGKILL);
    });
    let status = child.wait()?;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    Ok(())
}
