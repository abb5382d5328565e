//! The page and the Worker, each made again only when something that it is made from changed.

mod bindgen;
mod edge;
mod page;

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands::{Lints, cargo, compile, compile_and_lint, output};
use crate::stamp::Stamp;
use crate::steps::{Steps, tell, told};
use crate::tools::{self, Packages, WASM_TARGET};
use crate::workspace::command;

/// The number of steps that [`everything`] takes for one variant.
pub const STEPS: usize = tools::STEPS + 2;

/// A build of the page and the Worker. All have the same sources, the same entry and the same flags but for what their
/// documentation names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Variant {
    /// Optimised for size: the one that is deployed.
    Release,
    /// As `Release`, with the one-time sign-in link. It is never where `wrangler deploy` looks.
    Local,
    /// As `Local`, not optimised: made in seconds after an edit.
    Dev,
}

impl Variant {
    /// The variant that `--release` and `--dev` ask for.
    pub fn asked(release: bool, dev: bool) -> Self {
        match (release, dev) {
            (true, _) => Self::Release,
            (_, true) => Self::Dev,
            (false, false) => Self::Local,
        }
    }

    /// The folder of the built Worker.
    pub fn worker(self) -> PathBuf {
        crate::at(match self {
            Self::Release => "edge/build",
            Self::Local => "target/edge/local",
            Self::Dev => "target/edge/dev",
        })
    }

    /// The folder of the built page, from which the Worker serves it.
    pub fn page(self) -> PathBuf {
        crate::at(if self.is_optimised() { "dashboard/dist" } else { "target/page/dev" })
    }

    fn is_optimised(self) -> bool {
        self != Self::Dev
    }

    /// Its name in a step's line.
    fn told(self) -> &'static str {
        match self {
            Self::Release => "wasm, optimised for size",
            Self::Local => "wasm, optimised for size, with the local sign-in link",
            Self::Dev => "wasm, not optimised",
        }
    }

    fn expected(self) -> &'static str {
        if self.is_optimised() { "about 2 min when cold" } else { "about 1 min when cold" }
    }

    /// The cargo that compiles it. Always for both programs: cargo unifies features among the packages of one command, and
    /// asked for one alone it would compile what both use again.
    fn command(self) -> Command {
        let profile = if self.is_optimised() { "--release" } else { "" };
        let features = if self == Self::Release { "" } else { "--features edge/local-link" };
        let mut cargo =
            cargo(&format!("build --target {WASM_TARGET} -p dashboard -p edge {profile} {features}"));
        if !self.is_optimised() {
            cargo.env("CARGO_PROFILE_DEV_DEBUG", "false"); // nothing reads it from wasm, and linking would take longer
        }
        cargo
    }

    /// The file into which cargo writes a package's wasm.
    fn wasm(self, package: &str) -> PathBuf {
        let profile = if self.is_optimised() { "release" } else { "debug" };
        crate::at("target").join(WASM_TARGET).join(profile).join(package).with_extension("wasm")
    }
}

/// `cargo xtask build`.
pub fn run(variant: Variant) -> Result<()> {
    let _lock = lock()?;
    let steps = Steps::new(STEPS);
    everything(&steps, &[variant])?;
    tell(&format!("built in {}", told(steps.elapsed())));
    Ok(())
}

/// Holds other runs of these commands off while this one installs and builds.
pub fn lock() -> Result<File> {
    fs::create_dir_all(crate::at("target"))?;
    let file = File::create(crate::at("target/xtask.lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("waiting for another `cargo xtask` to finish its build …");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error).context("locking target/xtask.lock"),
    }
    Ok(file)
}

/// Installs the tools, then builds the page and the given variants of the Worker.
pub fn everything(steps: &Steps, variants: &[Variant]) -> Result<()> {
    let packages = tools::ensure(steps)?;
    each(steps, variants, &packages)?;
    packages.wait()
}

/// Builds the page and the Worker as `dev` has them, and lints both: also where `dev` has built them of the same sources.
pub fn dev_with_lints(steps: &Steps, lints: Lints, packages: &Packages) -> Result<()> {
    let variant = Variant::Dev;
    let what = format!("the page and the edge ({})", variant.told());
    steps.step(&what, variant.expected(), || {
        let stale = stale(variant)?;
        let compiled = Compiled::stamped(variant, &stale)?;
        compile_and_lint(&mut variant.command(), lints)?;
        packages.wait()?;
        compiled.publish()
    })
}

/// The parts of a variant that were made from other sources than there are now.
fn stale(variant: Variant) -> Result<Vec<Part>> {
    let stale = |part: Part| part.is_fresh(variant).map(|fresh| (!fresh).then_some(part)).transpose();
    [Part::Page, Part::Edge].into_iter().filter_map(stale).collect()
}

/// Builds the page and the given variants of the Worker.
pub fn each(steps: &Steps, variants: &[Variant], packages: &Packages) -> Result<()> {
    for variant in variants {
        let stale = stale(*variant)?;
        let names: Vec<&str> = stale.iter().map(|part| part.told()).collect();
        let what = format!("{} ({})", names.join(" and "), variant.told());
        steps.unless(stale.is_empty(), &what, variant.expected(), || {
            let compiled = Compiled::now(*variant, &stale)?;
            packages.wait()?;
            compiled.publish()
        })?;
    }
    Ok(())
}

/// A part of a variant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// The dashboard and its files.
    Page,
    /// The Worker.
    Edge,
}

impl Part {
    fn package(self) -> &'static str {
        match self {
            Self::Page => "dashboard",
            Self::Edge => "edge",
        }
    }

    /// Its name in a line of output.
    pub fn told(self) -> &'static str {
        match self {
            Self::Page => "the page",
            Self::Edge => "the edge",
        }
    }

    /// The file that exists once a variant of this part is made.
    fn made(self, variant: Variant) -> PathBuf {
        match self {
            Self::Page => variant.page().join("index.html"),
            Self::Edge => variant.worker().join("index.js"),
        }
    }

    fn stamp(self, variant: Variant) -> Result<Stamp> {
        let own: &[&str] = match self {
            Self::Page => &["dashboard", "protocol"],
            Self::Edge => &["edge", "interactions", "protocol"],
        };
        let shared =
            ["Cargo.toml", "Cargo.lock", "package-lock.json", "xtask/src/build.rs", "xtask/src/build"];
        let inputs: Vec<PathBuf> = own.iter().chain(&shared).map(|input| crate::at(input)).collect();
        let compiler = output(command("rustc").arg("-vV")).context("`rustc -vV` does not run")?;
        // The page is the same for both optimised variants.
        let name = match (self, variant) {
            (Self::Page, Variant::Release | Variant::Local) => "page".to_owned(),
            _ => format!("{}-{variant:?}", self.package()).to_lowercase(),
        };
        let others = ["dashboard/dist", "edge/build", "edge/serve", "edge/serve.mjs"].map(crate::at);
        Stamp::of(crate::at("target/stamps").join(name), &compiler, &inputs, &others)
    }

    /// Whether what lies there was made from the sources as they are.
    pub fn is_fresh(self, variant: Variant) -> Result<bool> {
        Ok(self.made(variant).exists() && self.stamp(variant)?.is_fresh())
    }
}

/// Parts that cargo has compiled, and that are not yet where they belong.
pub struct Compiled {
    variant: Variant,
    parts: Vec<(Part, Stamp)>,
}

impl Compiled {
    /// Compiles these parts of a variant. Fails with [`crate::commands::Failed`] where the compiler has complaints.
    pub fn now(variant: Variant, parts: &[Part]) -> Result<Self> {
        let compiled = Self::stamped(variant, parts)?;
        compile(&mut variant.command())?;
        Ok(compiled)
    }

    /// The parts as they will be compiled. The stamps are taken before the compiler reads the sources: a file that changes
    /// meanwhile makes the part stale again.
    fn stamped(variant: Variant, parts: &[Part]) -> Result<Self> {
        let stamped = |part: &Part| Ok((*part, part.stamp(variant)?));
        let parts = parts.iter().map(stamped).collect::<Result<_>>()?;
        Ok(Self { variant, parts })
    }

    /// Puts them together. The build that was there before stays until the new one is complete.
    pub fn publish(self) -> Result<()> {
        for (part, stamp) in self.parts {
            stamp.around(|| match part {
                Part::Page => page::make(self.variant),
                Part::Edge => edge::make(self.variant),
            })?;
        }
        Ok(())
    }
}
