//! Everything that must hold, from formatting to a browser that looks at the page.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::bench;
use crate::build::{self, Variant};
use crate::commands::{NATIVE, cargo, command, log, native, output, show};
use crate::steps::{Steps, told};
use crate::tools;

/// End-to-end tests whose time is mostly the passing of intervals: ticks, heartbeats, outages.
const MOSTLY_WAIT: [&str; 5] = ["bot_weather", "bot_worker", "latency", "outage", "ticks"];

#[derive(clap::Args)]
pub struct Options {
    /// Without the tests that need a browser
    #[arg(long)]
    no_browser: bool,
    /// With the tests that take long
    #[arg(long)]
    slow: bool,
}

/// `cargo xtask test`.
pub fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::new(
        build::STEPS + 1 + 7 + if options.no_browser { 0 } else { 2 } + if options.slow { 2 } else { 0 },
    );
    let outcome = checks(&mut steps, options);
    eprintln!("\n{}", steps.summary());
    outcome?;
    let without = if options.no_browser { ", without the browser tests" } else { "" };
    eprintln!("all green in {}{without}", told(steps.elapsed()));
    Ok(())
}

fn checks(steps: &mut Steps, options: &Options) -> Result<()> {
    let lock = build::lock()?;
    steps.step("formatting", "a second", || {
        components()?;
        show(&mut cargo("fmt --all --check"))
    })?;
    build::everything(steps, &[Variant::Release, Variant::Local])?;
    steps.step("clippy, native", "about 2 min when cold", || {
        show(&mut cargo("clippy --quiet --all-targets -- -D warnings"))
    })?;
    steps.step("clippy, wasm", "about 1 min when cold", || {
        show(&mut cargo(
            "clippy --quiet -p edge -p dashboard --target wasm32-unknown-unknown -- -D warnings",
        ))?;
        show(&mut cargo(
            "clippy --quiet -p edge --features local-link --target wasm32-unknown-unknown -- -D warnings",
        ))
    })?;
    steps.step("discord-sim, bot-worker and what measures them", "about 2 min when cold", || {
        show(&mut native("build --quiet"))
    })?;
    steps.step("unit and property tests", "about 2 min when cold", || {
        show(&mut cargo("test -p protocol -p interactions -p xtask -p dashboard"))?;
        show(&mut native("test --lib --bins"))
    })?;
    drop(lock);

    if options.slow {
        let deny = tools::deny(steps)?;
        // Its database of advisories has to be fetched; the hosted workflow does that.
        steps.step("licences, bans and sources", "about 5 s", || {
            show(command(deny).args(["check", "bans", "licenses", "sources"]))
        })?;
    }

    // The edges that tests shared have left their state behind; what cannot be removed does no harm.
    let _ = fs::remove_dir_all(crate::at("target/state/tests"));
    let slow = options.slow.then_some(("PULSE_SLOW", "1"));
    steps.step("every benchmark, for a moment", "about 1 min", bench::smoke)?;
    steps.step("end-to-end tests", "about 5 min", || end_to_end(slow))?;
    if options.no_browser {
        return Ok(());
    }
    let browser = steps.step("a browser", "about 1 min, once", tools::browser)?;
    steps.step("browser tests", "about 3 min", || {
        show(browser_tests()?.env("PULSE_CHROMIUM", browser).envs(slow))
    })
}

/// Those that mostly wait run beside those that mostly work; their output is in a log, whose end is shown if they fail.
fn end_to_end(slow: Option<(&str, &str)>) -> Result<()> {
    let (waiting, working) = end_to_end_tests()?;
    show(&mut native("test --quiet --no-run"))?;
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            let mut tests = native("test --no-fail-fast");
            log("end-to-end-waiting", tests.args(chosen(&waiting)).envs(slow))
        });
        let worked = show(native("test").args(chosen(&working)).envs(slow));
        let waited = beside.join().map_err(|_| anyhow!("the tests beside it could not be run"))?;
        worked.and(waited)
    })
}

/// Those that mostly wait and the others, by name. Cargo is asked, so that none is missed.
fn end_to_end_tests() -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let metadata = output(&mut cargo("metadata --no-deps --format-version 1")).context("asking cargo")?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading what `cargo metadata` says")?;
    let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages = each(&metadata["packages"]).into_iter();
    let packages =
        packages.filter(|package| package["name"].as_str().is_some_and(|name| NATIVE.contains(&name)));
    let targets = packages.flat_map(|package| each(&package["targets"]));
    let tests = targets.filter(|target| target["kind"][0] == "test");
    let names = tests.filter_map(|target| target["name"].as_str().map(str::to_owned));
    let (waiting, working): (BTreeSet<_>, BTreeSet<_>) =
        names.partition(|name| MOSTLY_WAIT.contains(&name.as_str()));
    if waiting.len() != MOSTLY_WAIT.len() {
        bail!("of {MOSTLY_WAIT:?} only these are there: {waiting:?}");
    }
    Ok((waiting, working))
}

fn chosen(names: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    names.iter().flat_map(|name| ["--test", name])
}

/// rustfmt and clippy come with most toolchains, but not with all.
fn components() -> Result<()> {
    for (name, asks) in [("rustfmt", "fmt --version"), ("clippy", "clippy --version")] {
        if output(&mut cargo(asks)).is_none() {
            show(command("rustup").args(["component", "add", name])).with_context(|| {
                format!("{name} is needed; `rustup component add {name}` is the way to get it")
            })?;
        }
    }
    Ok(())
}

fn browser_tests() -> Result<Command> {
    let entries = fs::read_dir(crate::at("tests/browser")).context("reading tests/browser")?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        bail!("tests/browser holds no *.test.mjs");
    }
    let mut node = command(tools::node());
    // Many of them wait most of the time: two files at once take little more than one.
    node.args(["--test", "--test-concurrency=2"]).args(files);
    Ok(node)
}
