//! The dashboard and the Worker, each made again only when something it is made from changed.

use std::fs::{self, File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::commands::{cargo, command, log, output, show};
use crate::stamp::Stamp;
use crate::steps::{Steps, tell, told};
use crate::tools::{self, Tools};

/// How many steps [`everything`] takes.
pub const STEPS: usize = tools::STEPS + 2;

/// What rustc and wasm-bindgen put into a module, and every browser of the last years understands. Named one by
/// one, because "all" would let the optimiser write encodings that are too new.
const WASM_FEATURES: [&str; 7] = [
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "bulk-memory",
    "multivalue",
    "reference-types",
    "exception-handling",
];

/// The two builds of the Worker. Both are optimised: what is tested is what ships.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// What is deployed.
    Release,
    /// The same, and the one-time sign-in link of `dev`. It is never where `wrangler deploy` looks.
    Local,
}

impl Variant {
    pub fn of_release(release: bool) -> Self {
        if release { Self::Release } else { Self::Local }
    }

    /// The folder of the built Worker.
    pub fn folder(self) -> PathBuf {
        crate::at(match self {
            Self::Release => "edge/build",
            Self::Local => "target/edge/local",
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Release => "edge",
            Self::Local => "edge-local",
        }
    }
}

/// `cargo xtask build`.
pub fn run(variant: Variant) -> Result<()> {
    let _lock = lock()?;
    let mut steps = Steps::new(STEPS);
    everything(&mut steps, &[variant])?;
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

/// Installs the tools, then builds the dashboard and the given variants of the Worker.
pub fn everything(steps: &mut Steps, variants: &[Variant]) -> Result<()> {
    let tools = tools::ensure(steps)?;
    let stamp = stamp("dashboard", &["dashboard", "protocol"], &[crate::at("dashboard/dist")])?;
    let fresh = stamp.is_fresh() && crate::at("dashboard/dist/index.html").exists();
    steps.unless(fresh, "the dashboard (wasm, optimised for size)", "about 2 min when cold", || {
        stamp.around(|| dashboard(&tools))
    })?;
    for variant in variants {
        let stamp =
            self::stamp(variant.name(), &["edge", "interactions", "protocol"], &[crate::at("edge/build")])?;
        let fresh = stamp.is_fresh() && variant.folder().join("index.js").exists();
        let what = match variant {
            Variant::Release => "the edge (wasm, optimised for size)",
            Variant::Local => "the edge with the local sign-in link (wasm, optimised for size)",
        };
        steps.unless(fresh, what, "about 2 min when cold", || stamp.around(|| edge(&tools, *variant)))?;
    }
    Ok(())
}

fn stamp(name: &str, folders: &[&str], except: &[PathBuf]) -> Result<Stamp> {
    let shared = ["Cargo.toml", "Cargo.lock", "package-lock.json", "xtask/src/build.rs"];
    let inputs: Vec<PathBuf> = folders.iter().chain(&shared).map(|input| crate::at(input)).collect();
    let compiler = output(command("rustc").arg("-vV")).context("`rustc -vV` does not run")?;
    Stamp::of(crate::at("target/stamps").join(name), &compiler, &inputs, except)
}

fn dashboard(tools: &Tools) -> Result<()> {
    show(&mut cargo("build --quiet --package dashboard --target wasm32-unknown-unknown --release"))?;
    let built = crate::at("target/wasm32-unknown-unknown/release/dashboard.wasm");
    let folder = crate::at("target/dashboard");
    let mut bindgen = command(&tools.wasm_bindgen);
    bindgen.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&folder).arg(built);
    log("wasm-bindgen-run", &mut bindgen)?;

    let mut optimise = command("wasm-opt");
    optimise.args(WASM_FEATURES.map(|feature| format!("--enable-{feature}")));
    optimise.args(["-Oz", "--converge", "--low-memory-unused"]);
    let wasm = folder.join("optimised.wasm");
    optimise.arg(folder.join("dashboard_bg.wasm")).arg("-o").arg(&wasm);
    log("wasm-opt", &mut optimise)?;
    tell_size(&wasm)?;
    publish(&folder, &wasm)
}

/// The files of the page, in the order in which one names the other: each is named by what is in it, so that a browser
/// may keep it for ever.
const FILES: [&str; 7] =
    ["icon.svg", "icon-alert.svg", "style.css", "dress.js", "dashboard_bg.wasm", "dashboard.js", "boot.js"];

fn publish(folder: &Path, wasm: &Path) -> Result<()> {
    let dist = crate::at("dashboard/dist");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    fs::create_dir_all(dist.join("assets"))?;
    let source = |name: &str| match name {
        "dashboard_bg.wasm" => wasm.to_owned(),
        "dashboard.js" => folder.join(name),
        _ => crate::at("dashboard/static").join(name),
    };
    let mut names: Vec<(String, String)> = Vec::new();
    for name in FILES {
        let mut content = if Path::new(name).extension().is_some_and(|kind| kind == "js" || kind == "css") {
            minified(&source(name), folder)?
        } else {
            fs::read(source(name)).with_context(|| format!("reading {name}"))?
        };
        if let Ok(text) = str::from_utf8(&content) {
            content = renamed(text, &names).into_bytes();
        }
        let (stem, kind) = name.rsplit_once('.').context("a file without a kind")?;
        let address = format!("assets/{stem}-{}.{kind}", hash(&content));
        fs::write(dist.join(&address), content)?;
        names.push((format!("\"/{name}\""), format!("\"/{address}\"")));
    }
    let document = fs::read_to_string(crate::at("dashboard/static/index.html"))?;
    let lines: Vec<&str> =
        document.lines().map(str::trim).filter(|line| !line.starts_with("<!-- ")).collect();
    fs::write(dist.join("index.html"), renamed(&lines.join("\n"), &names))?;
    fs::copy(crate::at("dashboard/static/_headers"), dist.join("_headers"))?;
    Ok(())
}

fn renamed(text: &str, names: &[(String, String)]) -> String {
    names.iter().fold(text.to_owned(), |text, (name, address)| text.replace(name.as_str(), address))
}

fn minified(source: &Path, folder: &Path) -> Result<Vec<u8>> {
    let small = folder.join("minified");
    let mut esbuild = command("esbuild");
    esbuild.arg(source).args(["--minify", "--log-level=warning"]);
    log("esbuild", esbuild.arg(format!("--outfile={}", small.display())))?;
    fs::read(&small).with_context(|| format!("reading {}", small.display()))
}

fn hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn edge(tools: &Tools, variant: Variant) -> Result<()> {
    let folder = variant.folder();
    fs::create_dir_all(&folder)?;
    let mut build = command(&tools.worker_build);
    build.current_dir(crate::at("edge")).arg("--release").arg("--out-dir").arg(&folder);
    if variant == Variant::Local {
        build.args(["--", "--features", "local-link"]);
    }
    // Without these, worker-build would download binaries of its own choice.
    build.env("WASM_BINDGEN_BIN", &tools.wasm_bindgen);
    build.env("WASM_OPT_BIN", crate::at("node_modules/.bin/wasm-opt"));
    build.env("ESBUILD_BIN", crate::at("node_modules/.bin/esbuild"));
    log("worker-build-run", &mut build)?;
    open_to_rpc(&folder)?;
    tell_size(&folder.join("index_bg.wasm"))
}

/// Puts the objects' classes around those of the SDK, all in one `index.js`.
fn open_to_rpc(folder: &Path) -> Result<()> {
    let (index, objects) = (folder.join("index.js"), folder.join("objects.js"));
    fs::rename(&index, folder.join("sdk.js"))?;
    fs::copy(crate::at("edge/src/objects.js"), &objects)?;
    let mut bundle = command("esbuild");
    bundle.arg(&objects).args(["--bundle", "--minify", "--format=esm", "--log-level=warning"]);
    bundle.args(["--external:cloudflare:*", "--external:./index_bg.wasm"]);
    log("esbuild", bundle.arg(format!("--outfile={}", index.display())))?;
    for part in ["sdk.js", "objects.js"] {
        fs::remove_file(folder.join(part))?;
    }
    Ok(())
}

fn tell_size(file: &Path) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    tell(&format!("      {name}: {} KB", fs::metadata(file)?.len() / 1000));
    Ok(())
}
