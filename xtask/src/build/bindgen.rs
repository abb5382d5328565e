//! What worker-build and the wasm-bindgen program do for others: the JavaScript around a wasm module. As a library it is of
//! the version in `Cargo.lock`, and takes half a minute to compile instead of seven with those two.

use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::commands::{command, log};

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

/// Who loads the module.
#[derive(Clone, Copy)]
pub enum Loader {
    /// A browser.
    Web,
    /// workerd, which hands the module over compiled. The instance can be replaced after a trap.
    Worker,
}

/// Writes `NAME.js` and `NAME_bg.wasm` into `folder`.
pub fn generate(wasm: &Path, loader: Loader, name: &str, folder: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    match loader {
        Loader::Web => bindgen.web(true)?,
        Loader::Worker => bindgen.module(true)?.reset_state_function(true).force_enable_abort_handler(true),
    };
    bindgen.input_path(wasm).out_name(name).typescript(false);
    bindgen.generate(folder).with_context(|| format!("wasm-bindgen on {}", wasm.display()))
}

/// Optimises `from` into `to`.
pub fn optimise(from: &Path, to: &Path, flags: &[&str]) -> Result<()> {
    let mut optimise = command("wasm-opt");
    optimise.args(WASM_FEATURES.map(|feature| format!("--enable-{feature}"))).args(flags);
    optimise.arg(from).arg("-o").arg(to);
    let name = to.file_stem().unwrap_or_default().to_string_lossy();
    log(&format!("wasm-opt-{name}"), &mut optimise)
}
