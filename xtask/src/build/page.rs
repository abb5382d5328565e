//! The page: a document, and files that are named by what is in them, so that a browser may keep them for ever.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Variant;
use super::bindgen::{self, Loader};
use crate::commands::log;
use crate::steps::tell_size;
use crate::workspace::command;

/// The page's files, in the order in which one names the other.
const FILES: [&str; 7] =
    ["icon.svg", "icon-alert.svg", "style.css", "dress.js", "dashboard_bg.wasm", "dashboard.js", "boot.js"];
/// Files of the page of alerts alone: apart, so that it is no weight of the first one.
const APART: [&str; 2] = ["alerts.css", "alerts.js"];
/// The documents.
const DOCUMENTS: [&str; 2] = ["index.html", "alerts.html"];

/// Makes the page of the wasm that cargo has built.
pub fn make(variant: Variant) -> Result<()> {
    let parts = crate::at("target/page").join(format!("{variant:?}-parts").to_lowercase());
    bindgen::generate(&variant.wasm("dashboard"), Loader::Web, "dashboard", &parts)?;
    let mut wasm = parts.join("dashboard_bg.wasm");
    if variant.is_optimised() {
        bindgen::shorten(&parts, "dashboard")?;
        let small = parts.join("page.wasm");
        // The module's notes of its compiler and its target concern nobody once only a browser reads it.
        let strip = ["--strip-producers", "--strip-target-features"];
        // Flat code first: the optimiser then finds more that is alike, 1.7 KB of it compressed.
        let flags =
            [&["--flatten", "--rereloop", "-Oz", "-Oz", "--converge", "--low-memory-unused"], &strip[..]];
        bindgen::optimise(&wasm, &small, &flags.concat())?;
        wasm = small;
    }
    tell_size(&wasm)?;
    publish(variant, &parts, &wasm)?;
    fs::remove_dir_all(&parts)?;
    Ok(())
}

/// Puts the page together beside where it belongs, then into its place.
fn publish(variant: Variant, parts: &Path, wasm: &Path) -> Result<()> {
    let new = parts.join("new");
    for folder in ["assets", "apart"] {
        fs::create_dir_all(new.join(folder))?;
    }
    let source = |name: &str| match name {
        "dashboard_bg.wasm" => wasm.to_owned(),
        "dashboard.js" => parts.join(name),
        _ => crate::at("dashboard/static").join(name),
    };
    let mut names: Vec<(String, String)> = Vec::new();
    for name in FILES.into_iter().chain(APART) {
        let is_text = Path::new(name).extension().is_some_and(|kind| kind == "js" || kind == "css");
        let mut content = if is_text && variant.is_optimised() {
            minified(&source(name), parts)?
        } else {
            fs::read(source(name)).with_context(|| format!("reading {name}"))?
        };
        if let Ok(text) = str::from_utf8(&content) {
            content = renamed(text, &names).into_bytes();
        }
        let (stem, kind) = name.rsplit_once('.').context("a file without a kind")?;
        let folder = if APART.contains(&name) { "apart" } else { "assets" };
        let address = format!("{folder}/{stem}-{:016x}.{kind}", hash(&content));
        fs::write(new.join(&address), content)?;
        names.push((format!("\"/{name}\""), format!("\"/{address}\"")));
    }
    for name in DOCUMENTS {
        let document = fs::read_to_string(crate::at("dashboard/static").join(name))?;
        let lines: Vec<&str> =
            document.lines().map(str::trim).filter(|line| !line.starts_with("<!-- ")).collect();
        fs::write(new.join(name), renamed(&lines.join("\n"), &names))?;
    }
    fs::copy(crate::at("dashboard/static/_headers"), new.join("_headers"))?;
    replace(&variant.page(), &new)
}

fn replace(old: &PathBuf, new: &Path) -> Result<()> {
    if old.exists() {
        fs::remove_dir_all(old)?;
    }
    fs::rename(new, old).with_context(|| format!("putting the page into {}", old.display()))
}

fn renamed(text: &str, names: &[(String, String)]) -> String {
    names.iter().fold(text.to_owned(), |text, (name, address)| text.replace(name.as_str(), address))
}

fn minified(source: &Path, folder: &Path) -> Result<Vec<u8>> {
    let small = folder.join("minified");
    let mut esbuild = command("esbuild");
    esbuild.args(["--minify", "--log-level=warning"]);
    if source.starts_with(folder) {
        // The JavaScript that wasm-bindgen writes has more exports than the one that is used.
        let entry = folder.join("entry.js");
        fs::write(&entry, format!("export {{ default }} from {:?};\n", source.display().to_string()))?;
        esbuild.arg(entry).args(["--bundle", "--format=esm"]);
    } else {
        esbuild.arg(source);
    }
    log("esbuild", esbuild.arg(format!("--outfile={}", small.display())))?;
    fs::read(&small).with_context(|| format!("reading {}", small.display()))
}

/// Names a file by what is in it.
pub fn hash(content: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}
