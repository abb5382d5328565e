//! The JavaScript around a wasm module, which worker-build and the wasm-bindgen program make for others. As a library it is
//! of the version in `Cargo.lock`, and takes half a minute to compile instead of seven with those two.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use walrus::Module;
use wasm_bindgen_cli_support::Bindgen;

use crate::commands::log;
use crate::workspace::command;

/// The features that rustc and wasm-bindgen put into a module, and that every browser of the last years understands. Named
/// one by one, because "all" would let the optimiser write encodings that are too new.
const WASM_FEATURES: [&str; 7] = [
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "bulk-memory",
    "multivalue",
    "reference-types",
    "exception-handling",
];

/// A word in the names of those exports that nothing on the page calls.
const UNUSED: &str = "intounderlying";

/// The program that loads the module.
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

/// Gives short names to what passes between a module and its JavaScript. wasm-bindgen puts a hash into each, which no
/// compression makes smaller: 2 KB in either file. Takes out, too, what nothing calls: the streams of the framework's
/// server, which would keep their code alive.
pub fn shorten(folder: &Path, name: &str) -> Result<()> {
    let (wasm, script) = (folder.join(format!("{name}_bg.wasm")), folder.join(format!("{name}.js")));
    let mut module = Module::from_file(&wasm).with_context(|| format!("reading {}", wasm.display()))?;
    let unused: Vec<_> =
        module.exports.iter().filter(|export| export.name.contains(UNUSED)).map(walrus::Export::id).collect();
    for export in unused {
        module.exports.delete(export);
    }
    let imports = module.imports.iter_mut().map(|import| &mut import.name);
    let exports = module.exports.iter_mut().map(|export| &mut export.name);
    let mut names = Vec::new();
    for name in imports.chain(exports).filter(|name| has_hash(name)) {
        let short = format!("w{}", names.len());
        names.push((std::mem::replace(name, short.clone()), short));
    }
    module.emit_wasm_file(&wasm).with_context(|| format!("writing {}", wasm.display()))?;
    // One may be the beginning of another.
    names.sort_by_key(|(long, _)| std::cmp::Reverse(long.len()));
    let text = fs::read_to_string(&script).with_context(|| format!("reading {}", script.display()))?;
    let text = names.iter().fold(text, |text, (long, short)| text.replace(long.as_str(), short));
    fs::write(&script, text).with_context(|| format!("writing {}", script.display()))
}

/// Shortens the names of functions, by which a profile and a stack in the log tell them apart: their hashes and their generic
/// arguments would be a tenth of what is deployed, compressed.
pub fn shorten_functions(wasm: &Path) -> Result<()> {
    let mut module = Module::from_file(wasm).with_context(|| format!("reading {}", wasm.display()))?;
    for function in module.funcs.iter_mut() {
        function.name = function.name.as_deref().map(short_function);
    }
    module.emit_wasm_file(wasm).with_context(|| format!("writing {}", wasm.display()))
}

/// `core::ptr::drop_in_place` of `core::ptr::drop_in_place<alloc::string::String>::h0123456789abcdef`; of `<T as Trait>::f` the
/// type and the trait stay.
fn short_function(name: &str) -> String {
    const LENGTH_MAX: usize = 60;
    let name = name.rsplit_once("::h").filter(|(_, hash)| is_hash(hash)).map_or(name, |(name, _)| name);
    let (kept, mut depth) = (usize::from(name.starts_with('<')), 0_usize);
    let mut short = String::new();
    for letter in name.chars() {
        let before = depth;
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if before.max(depth) <= kept {
            short.push(letter);
        }
    }
    short.chars().take(LENGTH_MAX).collect()
}

/// Whether a name ends in the sixteen digits of a hash, perhaps with a number after it.
fn has_hash(name: &str) -> bool {
    name.split('_').rev().take(2).any(|part| is_hash(part.strip_prefix('h').unwrap_or(part)))
}

fn is_hash(digits: &str) -> bool {
    digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Optimises `from` into `to`.
pub fn optimise(from: &Path, to: &Path, flags: &[&str]) -> Result<()> {
    let mut optimise = command("wasm-opt");
    optimise.args(WASM_FEATURES.map(|feature| format!("--enable-{feature}"))).args(flags);
    optimise.arg(from).arg("-o").arg(to);
    let name = to.file_stem().unwrap_or_default().to_string_lossy();
    log(&format!("wasm-opt-{name}"), &mut optimise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash_are_told_from_others() {
        for (name, expected) in [
            ("__wbg_getTime_0123456789abcdef", true),
            ("wasm_bindgen__convert__closures_____invoke__h4673abe1d3cab061_13", true),
            ("__wbindgen_malloc", false),
            ("memory", false),
            ("__wbg_set_wasm", false),
        ] {
            assert_eq!(has_hash(name), expected, "{name}");
        }
    }

    #[test]
    fn functions_keep_what_tells_them_apart() {
        for (name, expected) in [
            (
                "core::ptr::drop_in_place<alloc::vec::Vec<alloc::string::String>>::h0123456789abcdef",
                "core::ptr::drop_in_place",
            ),
            (
                "<core::marker::PhantomData<T> as serde::Seed>::deserialize::h209fe65544bfa5f8",
                "<core::marker::PhantomData as serde::Seed>::deserialize",
            ),
            (
                "edge::guild::Inner::push::{{closure}}::h209fe65544bfa5f8",
                "edge::guild::Inner::push::{{closure}}",
            ),
            ("guild_answer multivalue shim", "guild_answer multivalue shim"),
        ] {
            assert_eq!(short_function(name), expected);
        }
    }
}
