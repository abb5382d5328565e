//! What a fresh machine lacks: found where the right version is there already, else installed once.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::commands::{cargo, command, log, output};
use crate::steps::Steps;

/// How many steps [`ensure`] takes.
pub const STEPS: usize = 4;

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const TOOLS_BUILD: &str = "target/tools/build";

/// A program that cargo installs, at the one version that fits the libraries in `Cargo.lock`.
struct Pinned {
    program: &'static str,
    package: &'static str,
    version: &'static str,
}

const WASM_BINDGEN: Pinned =
    Pinned { program: "wasm-bindgen", package: "wasm-bindgen-cli", version: "0.2.129" };
const WORKER_BUILD: Pinned = Pinned { program: "worker-build", package: "worker-build", version: "0.8.7" };
const DENY: Pinned = Pinned { program: "cargo-deny", package: "cargo-deny", version: "0.20.2" };

/// Where the tools are.
pub struct Tools {
    pub wasm_bindgen: PathBuf,
    pub worker_build: PathBuf,
}

/// Installs what is missing of everything that builds need.
pub fn ensure(steps: &mut Steps) -> Result<Tools> {
    steps.unless(has_wasm_target(), WASM_TARGET, "about 10 s, once", add_wasm_target)?;
    let installed = has_packages()? && node_is_pinned();
    let packages = "npm packages (wrangler, node, esbuild, binaryen, playwright)";
    steps.unless(installed, packages, "about 30 s, once", install_packages)?;
    let tools =
        Tools { wasm_bindgen: WASM_BINDGEN.ensure(steps)?, worker_build: WORKER_BUILD.ensure(steps)? };
    // What compiling them leaves behind is 800 MB; where it cannot be removed it does no harm.
    let _ = fs::remove_dir_all(crate::at(TOOLS_BUILD));
    Ok(tools)
}

/// What says which licences and sources are linked in.
pub fn deny(steps: &mut Steps) -> Result<PathBuf> {
    DENY.ensure(steps)
}

/// The pinned Node: the machine's own may be too old for wrangler.
pub fn node() -> PathBuf {
    crate::at("node_modules/.bin/node")
}

impl Pinned {
    fn ensure(&self, steps: &mut Steps) -> Result<PathBuf> {
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
        // The tools have crates in common: one build folder saves a minute. They run for seconds, so that less optimising
        // saves another.
        install.env("CARGO_TARGET_DIR", crate::at(TOOLS_BUILD));
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

fn find_browser() -> Option<PathBuf> {
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
