//! Everything on one machine: the edge, the bot-worker, and a stand-in for Discord with a crowd of players. A change in the
//! sources is live by itself.

mod renewal;
mod stack;
mod watch;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use self::renewal::Renewal;
use self::stack::Stack;
use self::watch::Changes;
use crate::build::{self, Variant};
use crate::edge::{self, State};
use crate::settings::{self, Settings};
use crate::steps::{Steps, told};

/// The time for which the sign-in link is good.
const LINK_LIFE: Duration = Duration::from_mins(10);

#[derive(clap::Args)]
pub struct Options {
    /// The port of the dashboard on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Without the crowd of players
    #[arg(long)]
    no_players: bool,
    /// Go on with what was built at the start, whatever changes in the sources
    #[arg(long)]
    no_watch: bool,
    /// The folder in which the Durable Objects keep their SQLite [default: target/state/edge]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// `cargo xtask dev`.
pub fn run(options: &Options) -> Result<()> {
    let port = edge::free_port(options.port)?;
    let state = State::claim(options.state.as_deref())?;
    // From here on, so that what changes while the first build runs is not missed.
    let changes = if options.no_watch { None } else { Some(Changes::begin()?) };
    let steps = Steps::new(build::STEPS);
    let settings = {
        let _lock = build::lock()?;
        build::everything(&steps, &[Variant::Dev])?;
        stack::build_native(&steps)?;
        Settings::load(&crate::at(".dev.vars"))?
    };
    let ticket = hex::encode(settings::random()?);
    let link = format!("{ticket}.{}", unix_ms(SystemTime::now() + LINK_LIFE)?);

    let mut stack = Stack::start(state, port, !options.no_players, link, settings)?;
    let url = format!("http://127.0.0.1:{port}");
    if !steps.were_all_passed_over() {
        eprintln!(
            "{}all of it took {}; the logs are in target/logs\n",
            steps.summary(),
            told(steps.elapsed())
        );
    }
    println!("ready {url}");
    println!("sign in (once, within 10 minutes): {url}/login/local?ticket={ticket}");
    match changes {
        None => stack.programs.watch(|_, _| {}),
        Some(changes) => Renewal::new(stack, changes).run(),
    }
}

fn unix_ms(time: SystemTime) -> Result<u128> {
    Ok(time.duration_since(SystemTime::UNIX_EPOCH)?.as_millis())
}
