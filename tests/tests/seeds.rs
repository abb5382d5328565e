//! The fuzzer's seeds, one by one: what a fuzzer has found stays found. docs/TESTING.md says how more are tried.

#[path = "../../fuzz/inputs.rs"]
mod inputs;

use std::{fs, path::Path};

fn each(target: &str, tried: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut count = 0;
    for seed in fs::read_dir(seeds).unwrap() {
        let seed = seed.unwrap().path();
        println!("{}", seed.display());
        let data = fs::read(seed).unwrap();
        tried(&data);
        // Cut short at every byte, as a connection may be.
        for end in 0..data.len() {
            tried(&data[..end]);
        }
        count += 1;
    }
    assert!(count > 0, "{target} has no seeds");
}

#[test]
fn interactions() {
    each("interaction", inputs::interaction);
}

#[test]
fn client_messages() {
    each("client_message", inputs::client_message);
}

#[test]
fn reports() {
    each("report", inputs::report);
}

#[test]
fn actions() {
    each("action", inputs::action);
}
