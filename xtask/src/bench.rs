//! Benchmarks: one table of Pulse and its peers, what was measured in `target/bench.json` beside what it was measured on,
//! and the same as Markdown for `docs/BENCHMARKS.md`.

mod report;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::build::{self, Variant};
use crate::commands::{cargo, log, native, output, show};
use crate::steps::{Steps, tell, told};
use crate::workspace::command;

/// The beginning of a benchmark's last line; JSON follows.
const RESULT: &str = "json ";
/// Not a benchmark: all of them, a moment each.
const SMOKE: &str = "smoke";
/// The document that the report is written into, between the two marks that it contains.
const DOCUMENT: &str = "docs/BENCHMARKS.md";

/// A benchmark, by the name that `cargo xtask bench NAME` takes.
struct Bench {
    name: &'static str,
    what: &'static str,
}

/// In the order in which they run.
const BENCHES: [Bench; 11] = [
    Bench { name: "size", what: "what is loaded, and how soon it answers" },
    Bench { name: "verify", what: "a signature alone" },
    Bench { name: "reply", what: "a signed command until its reply" },
    Bench { name: "seen", what: "a signed command until its event is at every viewer" },
    Bench { name: "fanout", what: "events delivered a second, as the rate grows" },
    Bench { name: "resume", what: "viewers that all come back at once" },
    Bench { name: "ticks", what: "the stats tick, by servers" },
    Bench { name: GROWTH, what: "a command in a server of 1 k, 100 k and 1 M players" },
    Bench { name: "cost", what: "what Cloudflare would ask for it" },
    Bench { name: "refused", what: "what a request costs that is refused" },
    Bench { name: "memory", what: "the memory of whoever serves" },
];
/// The one on the books alone, in a program of its own.
const GROWTH: &str = "growth";

#[derive(clap::Args)]
pub struct Options {
    /// Which; all when left out. `smoke` runs each for a moment, to see that it still runs
    names: Vec<String>,
    /// Put the table into docs/BENCHMARKS.md
    #[arg(long)]
    write: bool,
    /// Let the build of another checkout take its turns, too: `cargo xtask build --release` has made it there
    #[arg(long, value_name = "DIR")]
    before: Option<PathBuf>,
}

/// `cargo xtask bench`.
pub fn run(options: &Options) -> Result<()> {
    if options.names.iter().any(|name| name == SMOKE) {
        let _lock = build::lock()?;
        build::everything(&Steps::new(build::STEPS), &[Variant::Release])?;
        return smoke();
    }
    if let Some(unknown) = options.names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != *name)) {
        let names: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("there is no benchmark `{unknown}`; there are: {}, and `{SMOKE}`", names.join(", "));
    }
    let wanted = |name: &str| options.names.is_empty() || options.names.iter().any(|wanted| wanted == name);
    if let Some(before) = &options.before
        && !before.join("edge/build/index.js").is_file()
    {
        bail!("{} has no build; run `cargo xtask build --release` there", before.display());
    }
    prepare(wanted(GROWTH))?;
    let began = Instant::now();
    let path = crate::at("target/bench.json");
    let mut measured: BTreeMap<String, Value> =
        fs::read(&path).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    measured.insert("machine".to_owned(), machine());
    let mut failed = Vec::new();
    for bench in BENCHES.iter().filter(|bench| wanted(bench.name)) {
        tell(&format!("{}: {}", bench.name, bench.what));
        // One that fails must not take the others' figures with it.
        let mut program = program(bench.name);
        if let Some(before) = &options.before {
            program.env("PULSE_BENCH_BEFORE", fs::canonicalize(before)?);
        }
        match measure(&mut program) {
            Ok(rows) => drop(measured.insert(bench.name.to_owned(), rows)),
            Err(error) => {
                measured.remove(bench.name);
                tell(&format!("{} failed: {error:#}", bench.name));
                failed.push(bench.name);
            }
        }
        fs::write(&path, serde_json::to_vec_pretty(&measured)?)?;
    }
    let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).filter(|name| wanted(name)).collect();
    println!("\n{}", report::terminal(&measured, &names));
    let markdown = report::markdown(&measured, &names);
    println!("{markdown}");
    if options.write {
        let document = fs::read_to_string(crate::at(DOCUMENT))?;
        let written = report::put_into(&document, &markdown)
            .with_context(|| format!("{DOCUMENT} does not say where the report belongs"))?;
        fs::write(crate::at(DOCUMENT), written)?;
        tell(&format!("written into {DOCUMENT}"));
    }
    tell(&format!("measured in {}; the figures are in target/bench.json", told(began.elapsed())));
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// Runs each benchmark for a moment. No time is asserted.
pub fn smoke() -> Result<()> {
    install_bun();
    show(&mut native("build --quiet --bin figures --bin bot-worker"))?;
    log("bench-smoke", command(crate::at("target/debug/figures")).arg("--smoke"))
}

/// Builds what is measured, as it is deployed, and the programs that measure it.
fn prepare(with_growth: bool) -> Result<()> {
    let _lock = build::lock()?;
    let steps = Steps::new(build::STEPS + if with_growth { 3 } else { 2 });
    build::everything(&steps, &[Variant::Release])?;
    steps.step("Bun, the peer", "about 5 s, once", || {
        install_bun();
        Ok(())
    })?;
    steps.step("the programs that measure", "about 3 min when cold", || {
        show(&mut native("build --quiet --profile figures --bin figures --bin bot-worker"))
    })?;
    if !with_growth {
        return Ok(());
    }
    steps.step("growth's program", "about 2 min when cold", || {
        show(&mut cargo("bench --quiet --no-run -p interactions --bench growth"))
    })
}

/// Bun has no build for some machines; its figures are left out there.
pub fn install_bun() {
    let folder = crate::at("tests/peers/bun");
    let is_installed = |_: &PathBuf| {
        let installed = fs::read(folder.join("node_modules/.package-lock.json")).ok()?;
        let installed: Value = serde_json::from_slice(&installed).ok()?;
        let wanted: Value = serde_json::from_slice(&fs::read(folder.join("package-lock.json")).ok()?).ok()?;
        let version = |lock: &Value| lock["packages"]["node_modules/bun"]["version"].clone();
        (version(&installed) == version(&wanted)).then_some(())
    };
    if is_installed(&folder).is_some() {
        return;
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&folder);
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    if let Err(error) = log("npm-bun", &mut npm) {
        tell(&format!("Bun is not here, and is left out of the comparison: {error:#}"));
    }
}

fn program(name: &str) -> Command {
    if name == GROWTH {
        return cargo("bench --quiet -p interactions --bench growth");
    }
    let mut figures = command(crate::at("target/figures/figures"));
    figures.arg(name);
    figures
}

/// Runs a benchmark, whose lines are shown as they come; gives the rows of its table.
fn measure(command: &mut Command) -> Result<Value> {
    let mut running = command.stdout(Stdio::piped()).spawn().context("starting it")?;
    let mut rows = None;
    for line in running.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let line = line?;
        match line.strip_prefix(RESULT) {
            Some(json) => {
                let mut result: Value = serde_json::from_str(json).context("a benchmark's result")?;
                rows = Some(result["rows"].take());
            }
            None => println!("{line}"),
        }
    }
    let status = running.wait()?;
    if !status.success() {
        bail!("it ended with {status}");
    }
    rows.context("it told no rows")
}

/// The machine of the measurement, with the versions of the programs.
fn machine() -> Value {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
    let gigabytes =
        kilobytes.and_then(|kilobytes| kilobytes.parse::<u64>().ok()).map(|kib| kib * 1024 / 1_000_000_000);
    json!({
        "at": output(command("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])),
        "commit": output(command("git").args(["describe", "--always", "--dirty", "--abbrev=10"])),
        "cpu": model.map_or("unknown", |(_, name)| name.trim()),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "gigabytes": gigabytes,
        "kernel": output(command("uname").arg("-sr")),
        "load before": load.split(' ').next(),
        "rustc": output(command("rustc").arg("-V")),
        "workerd": output(command("node").args(["-p", "require('workerd').version"])),
        "bun": output(command("node").args(["-p", "require('./tests/peers/bun/package.json').dependencies.bun"])),
    })
}
