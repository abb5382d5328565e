//! Pulse's figures beside its peers', in one run: `figures NAME… [--smoke]`. Each measurement takes its turn at every
//! subject before the next round begins, so that a machine that is busy for a while is busy for all of them.
//!
//! `--only=pulse` asks one subject alone, for whoever looks on with a profiler. `PULSE_BENCH_BEFORE` names another checkout,
//! whose build takes its turns, too.
//!
//! Prints what it measures as it comes; the line that begins with `json ` holds a benchmark's rows for `cargo xtask bench`.

#![allow(clippy::cast_precision_loss, reason = "figures are far below 2^52")]

mod cost;
mod days;
mod fanout;
mod load;
mod memory;
mod refused;
mod reply;
mod resume;
mod rooms;
mod row;
mod seen;
mod size;
mod ticks;
mod verify;
mod watchers;

use anyhow::{Result, bail};
use row::{Row, Table};
use serde_json::json;
use tests::{Served, Subject};

/// The size of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Enough to compare.
    Full,
    /// Enough to see that everything still runs.
    Smoke,
}

impl Scale {
    /// One of two numbers.
    pub fn pick<T>(self, full: T, smoke: T) -> T {
        if self == Self::Full { full } else { smoke }
    }
}

const NAMES: [&str; 10] =
    ["reply", "seen", "fanout", "resume", "verify", "size", "ticks", "cost", "refused", "memory"];

#[tokio::main]
async fn main() -> Result<()> {
    let (flags, mut names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let scale = if flags.iter().any(|flag| flag == "--smoke") { Scale::Smoke } else { Scale::Full };
    if names.is_empty() {
        names = NAMES.map(str::to_owned).to_vec();
    }
    for name in names {
        let table = measure(&name, scale).await?;
        for row in table.rows() {
            println!("  {row}");
        }
        let rows: Vec<_> = table.rows().iter().map(Row::json).collect();
        println!("json {}", json!({ "bench": name, "rows": rows }));
    }
    Ok(())
}

async fn measure(name: &str, scale: Scale) -> Result<Table> {
    match name {
        "reply" => reply::measure(scale).await,
        "seen" => seen::measure(scale).await,
        "fanout" => fanout::measure(scale).await,
        "resume" => resume::measure(scale).await,
        "verify" => verify::measure(scale).await,
        "size" => size::measure(scale).await,
        "ticks" => ticks::measure(scale),
        "cost" => cost::measure(scale).await,
        "refused" => refused::measure(scale).await,
        "memory" => memory::measure(scale).await,
        _ => bail!("there is no figure `{name}`; there are {}", NAMES.join(", ")),
    }
}

/// Each subject that [`subjects`] gives, at work.
fn serve() -> Result<Vec<Served>> {
    subjects().into_iter().map(Subject::start).collect()
}

/// Those that keep the contract and can be started here; without Bun where it has no build.
fn subjects() -> Vec<Subject> {
    let only = std::env::args().find_map(|argument| argument.strip_prefix("--only=").map(str::to_owned));
    let wanted = |subject: &Subject| only.as_deref().is_none_or(|name| name == subject.name());
    if !Subject::Bun.is_there() {
        println!("  Bun is not installed here: its figures are left out");
    }
    let all = [Subject::Before].into_iter().chain(Subject::ALL);
    all.filter(wanted).filter(|subject| subject.is_there()).collect()
}
