//! The Worker: `index.js` and `index_bg.wasm`, as `wrangler deploy` takes them.

use std::fs;

use anyhow::{Context, Result};

use super::Variant;
use super::bindgen::{self, Loader};
use crate::commands::log;
use crate::steps::tell_size;
use crate::workspace::command;

/// Makes the Worker of the wasm that cargo has built.
pub fn make(variant: Variant) -> Result<()> {
    let work = crate::at("target/edge").join(format!("{variant:?}-parts").to_lowercase());
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    bindgen::generate(&variant.wasm("edge"), Loader::Worker, "index", &work)?;

    // wasm-bindgen writes `import source`, which esbuild and wrangler do not know; to both an import of a `.wasm` is the
    // compiled module.
    let generated = work.join("index.js");
    let glue = fs::read_to_string(&generated)?.replace("import source ", "import ");
    fs::write(&generated, glue)?;
    fs::copy(crate::at("edge/src/entry.js"), work.join("entry.js"))?;

    let wasm = work.join("index_bg.wasm");
    if variant.is_optimised() {
        // The names of functions stay: a profile and a stack in the log are of no use without.
        bindgen::shorten_functions(&wasm)?;
        bindgen::optimise(&wasm, &work.join("edge.wasm"), &["-O", "--debuginfo"])?;
        fs::rename(work.join("edge.wasm"), &wasm)?;
    }
    let mut bundle = command("esbuild");
    bundle.arg(work.join("entry.js")).args(["--bundle", "--format=esm", "--log-level=warning"]);
    if variant.is_optimised() {
        bundle.arg("--minify");
    }
    bundle.args(["--external:cloudflare:*", "--external:./index_bg.wasm"]);
    log("esbuild", bundle.arg(format!("--outfile={}", work.join("bundle.js").display())))?;

    let folder = variant.worker();
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    tell_size(&wasm)?;
    for (made, name) in [(wasm, "index_bg.wasm"), (work.join("bundle.js"), "index.js")] {
        fs::rename(made, folder.join(name))?;
    }
    fs::remove_dir_all(&work)?;
    Ok(())
}
