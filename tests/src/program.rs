//! A child in a process group of its own, that does not outlive the test.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    ops::Range,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// The folder of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}

/// Ports that no system hands out by itself: what is free stays so until the program that is to listen there does.
const PORTS: Range<u32> = 20_000..30_000;

/// A port on which nobody listens, another one each time.
pub fn free_port() -> Result<u16> {
    // Other test programs run at the same time: each begins somewhere else.
    static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(process::id().wrapping_mul(599)));
    for _ in PORTS {
        let port = PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        let port = u16::try_from(port)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("all ports from {} to {} are taken", PORTS.start, PORTS.end)
}

/// A native program of the workspace.
pub fn binary(name: &str) -> Result<Command> {
    let path = root().join("target/debug").join(name);
    if !path.exists() {
        bail!("target/debug/{name} is missing; make it with `cargo build -p {name}`");
    }
    Ok(Command::new(path))
}

/// The child of this name of a process.
pub fn child_of(parent: u32, name: &str) -> Result<u32> {
    for entry in fs::read_dir("/proc")?.flatten() {
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let field = |name: &str| field(&status, name);
        if field("PPid:") == Some(&parent.to_string()) && field("Name:") == Some(name) {
            return Ok(field("Pid:").context("no Pid")?.parse()?);
        }
    }
    bail!("no {name} is a child of {parent}")
}

/// The memory that a process holds, in bytes: its resident set.
pub fn resident_bytes(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib = field(&status, "VmRSS:").and_then(|size| size.strip_suffix(" kB")).context("no VmRSS")?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}

/// The processor time of a process' living threads so far, in seconds.
pub fn processor_seconds(process: u32) -> Result<f64> {
    let mut seconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))?.flatten() {
        // A thread may end while it is looked at.
        let Ok(account) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        let nanoseconds: f64 = account.split(' ').next().unwrap_or_default().parse()?;
        seconds += nanoseconds / 1e9;
    }
    Ok(seconds)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// A running child. Dropped, it is killed with all that it started.
#[derive(Debug)]
pub struct Program {
    child: Child,
    lines: Mutex<Receiver<String>>,
}

impl Program {
    /// Starts it; both of its outputs are read as lines.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        let (sender, lines) = channel();
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|out| Box::new(out) as Box<dyn Read + Send>),
            child.stderr.take().map(|err| Box::new(err) as Box<dyn Read + Send>),
        ];
        for output in outputs.into_iter().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Self { child, lines: Mutex::new(lines) })
    }

    /// Writes a line to its input.
    pub fn say(&self, line: &str) -> Result<()> {
        let mut input = self.child.stdin.as_ref().context("its input is closed")?;
        Ok(writeln!(input, "{line}")?)
    }

    /// The id of its process, which leads its group.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that contains `words`; gives it.
    pub fn wait_for(&self, words: &str, at_most: Duration) -> Result<String> {
        self.lines_to(words, at_most)?.pop().context("no line")
    }

    /// Waits for a line that contains `words`; gives all lines up to it that nobody has looked at.
    pub fn lines_to(&self, words: &str, at_most: Duration) -> Result<Vec<String>> {
        let mut seen: Vec<String> = Vec::new();
        while !seen.last().is_some_and(|line| line.contains(words)) {
            let line = self.unread().recv_timeout(at_most);
            seen.push(line.with_context(|| format!("no line with `{words}`, but:\n{}", seen.join("\n")))?);
        }
        Ok(seen)
    }

    /// The lines so far that nobody has looked at.
    pub fn lines(&self) -> Vec<String> {
        self.unread().try_iter().collect()
    }

    /// All lines that nobody has looked at, up to the end of its outputs; for a program that has ended.
    pub fn all_lines(&self) -> Vec<String> {
        self.unread().iter().collect()
    }

    fn unread(&self) -> MutexGuard<'_, Receiver<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills it and all that it started, as a power cut would.
    pub fn kill(&mut self) {
        // A program that has ended by itself cannot be killed; either way it is gone.
        let _ = killpg(Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0)), Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Its exit code, when it has ended by then.
    pub fn exit_code(&mut self, at_most: Duration) -> Result<Option<i32>> {
        let started = std::time::Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            if started.elapsed() > at_most {
                bail!("still running after {at_most:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end.
    pub fn terminate(&self) -> Result<()> {
        Ok(killpg(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
