//! The tools that a fresh machine lacks: found where the right version is there already, else installed once.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::commands::{cargo, log, output};
use crate::processes;
use crate::steps::Steps;
use crate::workspace::command;

/// The target of the two wasm programs.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The number of steps that [`ensure`] takes.
pub const STEPS: usize = 2;

/// The oldest Node whose npm can install the packages. The Node that wrangler itself needs is newer, and among the packages.
const NODE_AT_LEAST: u32 = 20;

/// A program that cargo installs, at one version.
struct Pinned {
    program: &'static str,
    package: &'static str,
    version: &'static str,
}

const DENY: Pinned = Pinned { program: "cargo-deny", package: "cargo-deny", version: "0.20.2" };

/// The npm packages, which may still be on their way: what compiles meanwhile does not need them.
pub struct Packages(Mutex<Option<JoinHandle<Result<()>>>>);

impl Packages {
    /// Waits until they are installed.
    pub fn wait(&self) -> Result<()> {
        // Held while it waits: whoever comes second has to wait, too.
        let mut installing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(installing) = installing.take() else { return Ok(()) };
        installing.join().map_err(|_| anyhow!("the installation of the npm packages broke off"))?
    }
}

/// Installs what is missing of everything that builds need.
pub fn ensure(steps: &Steps) -> Result<Packages> {
    steps.unless(has_wasm_target(), WASM_TARGET, "about 10 s, once", add_wasm_target)?;
    let installed = has_packages()? && node_is_pinned();
    let mut installing = None;
    let what = "npm packages (wrangler, node, esbuild, binaryen, playwright)";
    steps.unless(installed, what, "beside the next step, once", || {
        check_node()?;
        installing = Some(thread::spawn(|| install_packages().inspect_err(processes::end_all)));
        Ok(())
    })?;
    Ok(Packages(Mutex::new(installing)))
}

/// The path of `cargo-deny`, which says which licences and sources are linked in.
pub fn deny(steps: &Steps) -> Result<PathBuf> {
    DENY.ensure(steps)
}

/// The pinned Node: the machine's own may be too old for wrangler.
pub fn node() -> PathBuf {
    crate::at("node_modules/.bin/node")
}

impl Pinned {
    fn ensure(&self, steps: &Steps) -> Result<PathBuf> {
        let Self { package, version, .. } = self;
        let found = self.find();
        let what = format!("{package} {version}");
        steps.unless(found.is_some(), &what, "about 3 min, once", || self.install())?;
        found
            .or_else(|| self.find())
            .with_context(|| format!("{package} {version} was installed, but does not run"))
    }

    fn find(&self) -> Option<PathBuf> {
        let candidates = [crate::at("target/tools/bin").join(self.program), PathBuf::from(self.program)];
        candidates.into_iter().find(|candidate| {
            let printed = output(Command::new(candidate).arg("--version"));
            printed.is_some_and(|printed| printed.split_whitespace().last() == Some(self.version))
        })
    }

    fn install(&self) -> Result<()> {
        let Self { package, version, .. } = self;
        let mut install =
            cargo(&format!("install {package} --version {version} --locked --root target/tools"));
        // It runs for seconds, so that less optimising saves a minute.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        log(package, &mut install).with_context(|| {
            format!("{package} {version} is needed; `cargo install {package} --version {version} --locked` is the way to get it")
        })
    }
}

fn has_wasm_target() -> bool {
    let asked = output(command("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]));
    asked.is_some_and(|folder| Path::new(&folder).exists())
}

fn add_wasm_target() -> Result<()> {
    if output(command("rustup").arg("--version")).is_none() {
        bail!(
            "this Rust has no {WASM_TARGET} target, and there is no rustup to get it with; install Rust from https://rustup.rs, or \
             your system's package of the standard library for it"
        );
    }
    log("rustup", command("rustup").args(["target", "add", WASM_TARGET])).with_context(|| {
        format!(
            "Rust's {WASM_TARGET} target is needed; `rustup target add {WASM_TARGET}` is the way to get it"
        )
    })
}

/// Whether what npm last installed is what `package-lock.json` asks for. Whoever ran npm, it is not run again:
/// wrangler may be what called this build, and must not lose its own files under way.
fn has_packages() -> Result<bool> {
    let Ok(installed) = fs::read(crate::at("node_modules/.package-lock.json")) else { return Ok(false) };
    let installed: Value = serde_json::from_slice(&installed)?;
    let wanted: Value = serde_json::from_slice(&fs::read(crate::at("package-lock.json"))?)?;
    Ok(satisfies(&installed["packages"], &wanted["packages"]))
}

/// Packages for other platforms are optional, and rightly absent.
fn satisfies(installed: &Value, wanted: &Value) -> bool {
    let wanted = wanted.as_object().into_iter().flatten();
    wanted.filter(|(path, _)| !path.is_empty()).all(|(path, wanted)| match &installed[path]["version"] {
        Value::Null => wanted["optional"] == true,
        version => *version == wanted["version"],
    })
}

/// Checks that the machine's own Node is there and new enough, before npm fails in a way that nobody understands.
fn check_node() -> Result<()> {
    let way_out = format!("install Node {NODE_AT_LEAST} or later, with its npm");
    let Some(version) = output(Command::new("node").arg("--version")) else {
        bail!("`node` does not run; {way_out}");
    };
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_AT_LEAST) {
        bail!("Node {version} is too old; {way_out}");
    }
    if output(Command::new("npm").arg("--version")).is_none() {
        bail!("`npm` does not run; {way_out}");
    }
    Ok(())
}

fn install_packages() -> Result<()> {
    // With the machine's Node: the pinned one is among what is replaced.
    let mut npm = Command::new("npm");
    npm.current_dir(crate::at(""));
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    log("npm", &mut npm).context(
        "the packages of package-lock.json are needed; `npm ci` (npm 10 or later) is the way to get them",
    )?;
    if !node_is_pinned() {
        bail!(
            "node {} of package.json is needed, but node_modules/.bin/node is not it: does npm run install scripts?",
            pinned_node()?
        );
    }
    Ok(())
}

fn node_is_pinned() -> bool {
    let runs = output(Command::new(node()).arg("--version"));
    runs.zip(pinned_node().ok()).is_some_and(|(runs, pinned)| runs == format!("v{pinned}"))
}

fn pinned_node() -> Result<String> {
    let manifest: Value = serde_json::from_str(&fs::read_to_string(crate::at("package.json"))?)?;
    Ok(manifest["devDependencies"]["node"].as_str().context("package.json pins no node")?.to_owned())
}

/// A browser for the tests: the machine's, or Debian's where one may install it, or Playwright's own.
pub fn browser() -> Result<PathBuf> {
    if let Some(browser) = find_browser() {
        return Ok(browser);
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let packages = ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"];
    let apt = || {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    if is_root && output(command("apt-get").arg("--version")).is_some() {
        log("apt-update", apt().arg("update"))?;
        log("apt-install", apt().args(packages))?;
    } else {
        let _ = log("playwright", command("npx").args(["playwright", "install", "chromium"]));
    }
    find_browser().context(
        "Chromium is needed for the browser tests; `apt-get install chromium` is the way to get it, \
         or PULSE_CHROMIUM=/path/to/it names one, or --no-browser goes without",
    )
}

/// The browser that is there already.
pub fn find_browser() -> Option<PathBuf> {
    let named = env::var_os("PULSE_CHROMIUM").map(PathBuf::from);
    let usual = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].map(PathBuf::from);
    let script = "process.stdout.write(require('playwright').chromium.executablePath())";
    let playwrights = output(command(node()).args(["-e", script])).map(PathBuf::from);
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let found =
        |candidate: PathBuf| folders.iter().map(|folder| folder.join(&candidate)).find(|path| path.is_file());
    named.into_iter().chain(usual).chain(playwrights).find_map(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packages_are_there_when_versions_agree_and_only_optional_ones_are_missing() {
        let wanted = json!({ "": {}, "a": { "version": "1" }, "b": { "version": "1", "optional": true } });
        for (installed, expected) in [
            (json!({ "a": { "version": "1" } }), true),
            (json!({ "a": { "version": "1" }, "b": { "version": "1" } }), true),
            (json!({ "a": { "version": "1" }, "b": { "version": "2" } }), false),
            (json!({ "a": { "version": "2" } }), false),
            (json!({ "b": { "version": "1" } }), false),
            (Value::Null, false),
        ] {
            assert_eq!(satisfies(&installed, &wanted), expected, "{installed}");
        }
    }
}
