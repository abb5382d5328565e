//! bot-worker.
fn main() {}
