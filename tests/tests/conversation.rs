//! Ten thousand conversations, each of them full of trouble: every viewer ends up knowing what the room knows.

use std::{env, thread};

use tests::simulation::{Counts, converse};

const CONVERSATIONS: u64 = 10_000;
const THREADS: u64 = 2;

#[test]
fn ten_thousand_conversations_end_in_agreement() {
    if let Ok(seed) = env::var("PULSE_SEED") {
        let seed = seed.parse().expect("PULSE_SEED is a whole number");
        converse(seed, true).unwrap();
        return;
    }
    let threads: Vec<_> = (0..THREADS).map(|first| thread::spawn(move || converse_from(first))).collect();
    let mut counts = Counts::default();
    for thread in threads {
        counts += thread.join().expect("the failing seed is printed above");
    }
    println!("{counts:?}");
    for (name, count) in counts.fields() {
        // A fault that no longer happens is a test that no longer tests.
        assert!(*count >= CONVERSATIONS / 20, "{name} happened only {count} times");
    }
}

fn converse_from(first: u64) -> Counts {
    let mut counts = Counts::default();
    for seed in (first..CONVERSATIONS).step_by(usize::try_from(THREADS).expect("few")) {
        let _named = Named(seed);
        counts += converse(seed, false).unwrap_or_else(|error| panic!("{error:#}"));
    }
    counts
}

/// Says which seed it was, whatever went wrong.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "seed {} fails; replay: PULSE_SEED={} cargo test -p tests conversation:: -- --nocapture",
                self.0, self.0
            );
        }
    }
}

#[test]
fn a_seed_replays() {
    assert_eq!(converse(7, false).unwrap(), converse(7, false).unwrap());
}
