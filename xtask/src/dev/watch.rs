//! The changes of the sources, and what has to be made anew for each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::stack::Native;
use crate::build::Part;

/// Changes that follow one another faster than this are one: an editor writes a file in several steps, and a branch is
/// switched file by file.
const QUIET: Duration = Duration::from_millis(150);

/// A thing that has to be made or started anew after a change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Touched {
    /// A part of the build for the edge.
    Part(Part),
    /// A native program.
    Native(Native),
    /// The settings: `.dev.vars` or `wrangler.toml`.
    Settings,
    /// These commands themselves, or the packages that they use: `dev` has to be started again.
    Commands,
}

const EDGE: Touched = Touched::Part(Part::Edge);
const PAGE: Touched = Touched::Part(Part::Page);
const BOT_WORKER: Touched = Touched::Native(Native::BotWorker);
const DISCORD_SIM: Touched = Touched::Native(Native::DiscordSim);

/// Folders and files, and what depends on them. The first that fits counts.
const TABLE: &[(&str, &[Touched])] = &[
    ("dashboard/dist", &[]),
    ("edge/build", &[]),
    ("edge/serve.mjs", &[Touched::Commands]),
    ("edge/serve", &[Touched::Commands]),
    ("protocol/src", &[EDGE, PAGE, BOT_WORKER, DISCORD_SIM]),
    ("protocol/Cargo.toml", &[EDGE, PAGE, BOT_WORKER, DISCORD_SIM]),
    ("interactions/src", &[EDGE, BOT_WORKER]),
    ("interactions/Cargo.toml", &[EDGE, BOT_WORKER]),
    ("edge", &[EDGE]),
    ("dashboard", &[PAGE]),
    ("bot-worker/src", &[BOT_WORKER]),
    ("bot-worker/Cargo.toml", &[BOT_WORKER]),
    ("discord-sim/src", &[DISCORD_SIM]),
    ("discord-sim/Cargo.toml", &[DISCORD_SIM]),
    ("Cargo.toml", &[EDGE, PAGE, BOT_WORKER, DISCORD_SIM]),
    ("Cargo.lock", &[EDGE, PAGE, BOT_WORKER, DISCORD_SIM]),
    (".dev.vars", &[Touched::Settings]),
    ("wrangler.toml", &[Touched::Settings]),
    ("xtask", &[Touched::Commands]),
    ("package-lock.json", &[Touched::Commands]),
];

/// The things that a change of this file touches; its path is below the workspace.
fn touched(path: &Path) -> &'static [Touched] {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Editors' swap and backup files; vim tries whether it may write with the file 4913.
    let is_an_editors =
        (name.starts_with('.') && name != ".dev.vars") || name.ends_with('~') || name == "4913";
    if is_an_editors {
        return &[];
    }
    TABLE.iter().find(|(folder, _)| path.starts_with(folder)).map_or(&[], |(_, touched)| touched)
}

/// Changes as they come.
pub struct Changes {
    paths: Receiver<PathBuf>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Watches from now on.
    pub fn begin() -> Result<Self> {
        let (send, paths) = channel();
        let hear = move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            let is_change = match event.kind {
                EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
                EventKind::Any
                | EventKind::Create(_)
                | EventKind::Modify(_)
                | EventKind::Remove(_)
                | EventKind::Other => true,
            };
            for path in event.paths.into_iter().filter(|_| is_change) {
                let _ = send.send(path);
            }
        };
        let mut watcher = notify::recommended_watcher(hear).context("watching the sources")?;
        let root = crate::at("");
        watcher.watch(&root, RecursiveMode::NonRecursive).context("watching the repository")?;
        for (path, _) in TABLE {
            let folder = root.join(path);
            if folder.is_dir() && !path.contains('/') {
                watcher.watch(&folder, RecursiveMode::Recursive).with_context(|| {
                    format!(
                        "watching {path}; where the system has too few watches left, --no-watch goes without"
                    )
                })?;
            }
        }
        for path in ["protocol/src", "interactions/src", "bot-worker/src", "discord-sim/src"] {
            watcher
                .watch(&root.join(path), RecursiveMode::Recursive)
                .with_context(|| format!("watching {path}"))?;
        }
        Ok(Self { paths, _watcher: watcher })
    }

    /// The things that were touched since the last time, once no more changes come for a moment; empty when none were.
    pub fn take(&self) -> BTreeSet<Touched> {
        let root = crate::at("");
        let mut all = BTreeSet::new();
        let Ok(mut path) = self.paths.try_recv() else { return all };
        loop {
            all.extend(path.strip_prefix(&root).map(touched).unwrap_or_default());
            match self.paths.recv_timeout(QUIET) {
                Ok(next) => path = next,
                Err(_) => return all,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_touches_what_is_made_of_it() {
        let nothing: &[Touched] = &[];
        for (path, expected) in [
            ("interactions/src/command/pay.rs", &[EDGE, BOT_WORKER][..]),
            ("interactions/tests/books/rules.rs", nothing),
            ("protocol/src/room.rs", &[EDGE, PAGE, BOT_WORKER, DISCORD_SIM]),
            ("edge/src/entry.js", &[EDGE]),
            ("edge/build/index.js", nothing),
            ("edge/serve.mjs", &[Touched::Commands]),
            ("dashboard/static/style.css", &[PAGE]),
            ("dashboard/static/.style.css.swp", nothing),
            ("dashboard/static/style.css~", nothing),
            ("dashboard/src/4913", nothing),
            ("dashboard/dist/index.html", nothing),
            (".dev.vars", &[Touched::Settings]),
            ("wrangler.toml", &[Touched::Settings]),
            ("xtask/src/dev.rs", &[Touched::Commands]),
            ("README.md", nothing),
            ("target/debug/bot-worker", nothing),
        ] {
            assert_eq!(touched(Path::new(path)), expected, "{path}");
        }
    }
}
