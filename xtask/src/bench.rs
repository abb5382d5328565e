//! Benchmarks: each prints a table of its own, and what it measured goes to `target/bench.json` beside what it was
//! measured on.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::build::{self, Variant};
use crate::commands::{cargo, command, output};
use crate::steps::{Steps, tell};

/// What a benchmark's last line begins with; JSON follows.
const RESULT: &str = "json ";

/// A benchmark.
struct Bench {
    name: &'static str,
    what: &'static str,
    /// The arguments of cargo.
    run: &'static str,
    /// Whether it needs the edge.
    edge: bool,
}

const BENCHES: [Bench; 2] = [
    Bench {
        name: "growth",
        what: "a command in a server of 1 k, 100 k and 1 M players",
        run: "bench --quiet -p interactions --bench growth",
        edge: false,
    },
    Bench {
        name: "rows",
        what: "rows that the storage writes for each command",
        run: "test --quiet -p tests --test economy every_command_writes_few_rows -- --nocapture",
        edge: true,
    },
];

#[derive(clap::Args)]
pub struct Options {
    /// Which; all when left out
    names: Vec<String>,
}

/// `cargo xtask bench`.
pub fn run(options: &Options) -> Result<()> {
    if let Some(unknown) = options.names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != *name)) {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("there is no benchmark `{unknown}`; there are: {}", names.join(", "));
    }
    let wanted =
        |bench: &&Bench| options.names.is_empty() || options.names.iter().any(|name| name == bench.name);
    if BENCHES.iter().filter(wanted).any(|bench| bench.edge) {
        let _lock = build::lock()?;
        build::everything(&mut Steps::new(build::STEPS), &[Variant::Local])?;
    }
    let path = crate::at("target/bench.json");
    let mut measured: BTreeMap<String, Value> =
        fs::read(&path).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    measured.insert("machine".to_owned(), machine());
    for bench in BENCHES.iter().filter(wanted) {
        tell(&format!("{}: {}", bench.name, bench.what));
        if let Some(result) = measure(bench)? {
            measured.insert(bench.name.to_owned(), result);
        }
        fs::write(&path, serde_json::to_vec_pretty(&measured)?)?;
    }
    tell("the figures are in target/bench.json");
    Ok(())
}

/// Runs a benchmark, whose lines are shown as they come; gives what it measured.
fn measure(bench: &Bench) -> Result<Option<Value>> {
    let mut running = cargo(bench.run).stdout(Stdio::piped()).spawn().context("starting cargo")?;
    let mut result = None;
    for line in running.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let line = line?;
        match line.strip_prefix(RESULT) {
            Some(json) => result = Some(serde_json::from_str(json).context("a benchmark's result")?),
            None => println!("{line}"),
        }
    }
    let status = running.wait()?;
    if !status.success() {
        bail!("the benchmark `{}` ended with {status}", bench.name);
    }
    Ok(result)
}

/// What it was measured on.
fn machine() -> Value {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    json!({
        "cpu": model.map_or("unknown", |(_, name)| name.trim()),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "kernel": output(command("uname").arg("-sr")),
        "rustc": output(command("rustc").arg("-V")),
    })
}
