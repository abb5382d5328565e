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

/// Bytes that parsers stumble over.
const WORDS: [&[u8]; 16] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"null",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b"9007199254740993",
    b"\\u0000",
    b"\xff",
    b"\xe2\x80\xae",
    b"//",
    b"%2e",
];

/// Draws numbers that are the same for the same beginning.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap_or(0)
    }

    /// Changes an input at one to eight places.
    fn change(&mut self, data: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.next(8) {
            let (at, upto) = (self.next(data.len() + 1), self.next(data.len() + 1));
            let (at, upto) = (at.min(upto), at.max(upto));
            match self.next(7) {
                0 if at < data.len() => data[at] ^= 1 << self.next(8),
                1 if at < data.len() => data[at] = u8::try_from(self.next(256)).unwrap_or(0),
                2 => drop(data.drain(at..upto.min(at + 16))),
                3 => drop(data.splice(at..at, WORDS[self.next(WORDS.len())].iter().copied())),
                4 => drop(data.splice(at..upto.min(at + 24), WORDS[self.next(WORDS.len())].iter().copied())),
                5 => {
                    let copied = data[at..upto.min(at + 64)].to_vec();
                    drop(data.splice(at..at, copied));
                }
                _ => {
                    let from = self.next(other.len() + 1);
                    let to = (from + self.next(64)).min(other.len());
                    drop(data.splice(at..at, other[from..to].iter().copied()));
                }
            }
            data.truncate(4_096);
        }
    }
}

/// Tries so many changed seeds: `PULSE_INPUTS`, ten millions with `--slow`.
fn mutants(target: &str, tried: fn(&[u8])) {
    let is_slow = std::env::var("PULSE_SLOW").is_ok_and(|slow| slow == "1");
    let wanted = std::env::var("PULSE_INPUTS").ok().and_then(|count| count.parse().ok());
    let wanted: usize = wanted.unwrap_or(if is_slow { 10_000_000 } else { 3_000 });
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut seeds: Vec<_> = fs::read_dir(seeds).unwrap().map(|seed| seed.unwrap().path()).collect();
    seeds.sort();
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| fs::read(seed).unwrap()).collect();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15 ^ target.len() as u64);
    for number in 0..wanted {
        let mut data = seeds[chance.next(seeds.len())].clone();
        chance.change(&mut data, &seeds[number % seeds.len()]);
        let input = data.clone();
        let holds = std::panic::catch_unwind(|| tried(&input)).is_ok();
        assert!(holds, "{target}, input {number}: {:?}", String::from_utf8_lossy(&data));
    }
    println!("{target}: {wanted} inputs");
}

#[test]
fn changed_interactions() {
    mutants("interaction", inputs::interaction);
}

#[test]
fn changed_client_messages() {
    mutants("client_message", inputs::client_message);
}

#[test]
fn changed_reports() {
    mutants("report", inputs::report);
}

#[test]
fn changed_actions() {
    mutants("action", inputs::action);
}

#[test]
fn changed_cookies() {
    mutants("cookie", inputs::cookie);
}

#[test]
fn changed_ways_back() {
    mutants("way", inputs::way);
}

#[test]
fn cookies() {
    each("cookie", inputs::cookie);
}

#[test]
fn ways_back() {
    each("way", inputs::way);
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
