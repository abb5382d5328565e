//! discord-sim.
fn main() {}
