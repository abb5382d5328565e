//! dashboard.
fn main() {}
