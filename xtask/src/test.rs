//! Everything that must hold, from formatting to a browser that looks at the page; or the part of it that somebody asks for.

mod choice;
mod pool;
mod report;
mod suites;

use std::fs;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};

use self::choice::Choice;
use self::suites::{Group, Suites};
use crate::bench;
use crate::build::{self, Variant};
use crate::commands::{cargo, compile_and_lint, native, output, show};
use crate::processes;
use crate::steps::{Steps, told};
use crate::tools::{self, Packages};
use crate::workspace::command;

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    part: Part,
    /// Over the build of `dev`, which is made in seconds after an edit, instead of the optimised one
    #[arg(long, requires = "part")]
    dev: bool,
    /// Without the tests that need a browser
    #[arg(long)]
    no_browser: bool,
    /// With the tests that take long
    #[arg(long)]
    slow: bool,
}

/// The tests that are asked for; everything when none are named.
#[derive(clap::Args)]
#[group(id = "part", multiple = false)]
struct Part {
    /// Only these: a crate, a file of tests/tests or tests/browser, or words in a test's name
    patterns: Vec<String>,
    /// Only what the last commit on main and the changes since can touch
    #[arg(long)]
    changed: bool,
}

/// The number of steps that the whole of it takes.
const STEPS: usize = 13;

/// `cargo xtask test`.
pub fn run(options: &Options) -> Result<()> {
    let choice = Choice::of(&options.part.patterns, options.part.changed)?;
    let steps = Steps::new(if choice.is_everything() { STEPS } else { 0 });
    let mut outcome = pool::Outcome::default();
    let done = checks(&steps, options, &choice, &mut outcome);
    eprintln!("\n{}", steps.summary());
    eprint!("{}", outcome.slowest());
    done?;
    println!("{}", outcome.counts());
    if outcome.has_failed() {
        bail!("failed: {}", outcome.failures().join(", "));
    }
    let without = if options.no_browser { ", without the browser tests" } else { "" };
    eprintln!("all green in {}{without}", told(steps.elapsed()));
    Ok(())
}

fn checks(steps: &Steps, options: &Options, choice: &Choice, outcome: &mut pool::Outcome) -> Result<()> {
    let lock = build::lock()?;
    let packages = tools::ensure(steps)?;
    let suites = thread::scope(|scope| {
        // The optimised builds spend most of their time on one core, in another folder of cargo's than the rest.
        let wasm =
            scope.spawn(|| if options.dev { Ok(()) } else { build_as_deployed(steps, choice, &packages) });
        let native = prepare(steps, choice, &packages, outcome);
        if let Err(error) = &native {
            processes::end_all(error);
        }
        let wasm = wasm.join().map_err(|_| anyhow!("the build broke off"))?;
        native.and_then(|suites| wasm.map(|()| suites))
    })?;
    drop(lock);

    if options.slow && choice.is_everything() {
        let deny = tools::deny(steps)?;
        // Its database of advisories has to be fetched; the hosted workflow does that.
        steps.step("licences, bans and sources", "about 5 s", || {
            show(command(deny).args(["check", "bans", "licenses", "sources"]))
        })?;
    }
    // The edges that tests shared have left their state behind; what cannot be removed does no harm.
    let _ = fs::remove_dir_all(crate::at("target/state/tests"));
    let mut suites = suites;
    if !options.no_browser && choice.wants_browser() {
        let mut browser = tools::find_browser();
        steps.unless(browser.is_some(), "a browser", "about 1 min, once", || {
            browser = Some(tools::browser()?);
            Ok(())
        })?;
        let browser = browser.context("there is a browser now")?;
        suites.add_browser(choice, &browser)?;
    }
    let mut env = Vec::new();
    env.extend(options.slow.then_some(("PULSE_SLOW", "1")));
    env.extend(options.dev.then_some(("PULSE_BUILD", "dev")));
    if suites.is_empty() {
        return Ok(());
    }
    let expected = format!("{} programs, four at a time", suites.len());
    steps.step("end-to-end, browser and other tests", &expected, || suites.run(&env, outcome))
}

/// The builds of the edge and the page that are tested end to end.
fn build_as_deployed(steps: &Steps, choice: &Choice, packages: &Packages) -> Result<()> {
    if !choice.wants_edge() {
        return Ok(());
    }
    build::each(steps, &[Variant::Release, Variant::Local], packages)
}

/// Checks the formatting, compiles and lints all but the deployed builds, and runs the unit tests; gives the other suites.
fn prepare(
    steps: &Steps,
    choice: &Choice,
    packages: &Packages,
    outcome: &mut pool::Outcome,
) -> Result<Suites> {
    if choice.looks_at_sources() {
        steps.step("formatting", "a second", || {
            components()?;
            show(&mut cargo("fmt --all --check"))
        })?;
    }
    let mut suites = Suites::default();
    for group in Group::ALL.into_iter().filter(|group| choice.wants(*group)) {
        suites.add(steps.step(group.told(), "about 1 min when cold", || group.compile(choice))?);
    }
    if choice.wants_edge() {
        steps.step("discord-sim, bot-worker and what measures them", "half a minute when cold", || {
            compile_and_lint(&mut native("build"), choice.lints())
        })?;
        build::dev_with_lints(steps, choice.lints(), packages)?;
    }
    if choice.is_everything() {
        bench::install_bun();
        suites.add_benchmarks();
    }
    suites.choose(choice);
    let units = suites.take_units();
    if !units.is_empty() {
        steps.step("unit and property tests", "about 20 s", || units.run(&[], outcome))?;
    }
    Ok(suites)
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
