//! A change in the sources becomes what runs. A change that cannot be built is told, and what ran before goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::stack::{Native, Stack, make_native};
use super::watch::{Changes, Touched};
use crate::build::{self, Compiled, Part, Variant};
use crate::commands::Failed;
use crate::processes::{EndedByItself, Interrupted};
use crate::settings::Settings;
use crate::steps::{tell, told};

/// The period at which it is looked whether something changed.
const GLANCE: Duration = Duration::from_millis(50);

/// The running programs, and the changes that may make them anew.
pub struct Renewal {
    stack: Stack,
    changes: Changes,
    /// Changes that could not be made live yet: they are tried again with the next one.
    owed: BTreeSet<Touched>,
    /// Whether the edge has yet to take on what is built: the last attempt failed.
    is_reload_owed: bool,
    /// Whether the last word was a complaint.
    has_complained: bool,
    /// The native programs as they were when they were last started.
    started: BTreeMap<Native, Option<Vec<u8>>>,
    /// The files of settings with which everything was started.
    settings: [Option<Vec<u8>>; 2],
}

fn settings_files() -> [Option<Vec<u8>>; 2] {
    [".dev.vars", "wrangler.toml"].map(|file| fs::read(crate::at(file)).ok())
}

impl Renewal {
    pub fn new(stack: Stack, changes: Changes) -> Self {
        let started = Native::ALL.map(|program| (program, fs::read(program.path()).ok())).into();
        Self {
            stack,
            changes,
            owed: BTreeSet::new(),
            is_reload_owed: false,
            has_complained: false,
            started,
            settings: settings_files(),
        }
    }

    /// Goes on until Ctrl-C, or until the edge itself ends.
    pub fn run(mut self) -> Result<()> {
        loop {
            match self.stack.programs.next(GLANCE) {
                Ok(_) => {}
                Err(error) => self.survive(error)?,
            }
            let touched = self.changes.take();
            if touched.is_empty() {
                continue;
            }
            if let Err(error) = self.renew(touched) {
                if error.is::<Interrupted>() {
                    return Err(error);
                }
                self.complain(&error)?;
            }
        }
    }

    /// A native program may fall over its own change, and comes back with the next one.
    fn survive(&mut self, error: anyhow::Error) -> Result<()> {
        let fallen = error.downcast_ref::<EndedByItself>().map(|ended| ended.name);
        let Some(program) = Native::ALL.into_iter().find(|program| Some(program.name()) == fallen) else {
            return Err(error);
        };
        self.owed.insert(Touched::Native(program));
        self.started.remove(&program);
        self.complain(&error)
    }

    fn complain(&mut self, error: &anyhow::Error) -> Result<()> {
        let complaints = error.downcast_ref::<Failed>().map(|failed| failed.complaints.clone());
        if complaints.is_none() {
            tell(&format!("error: {error:#}"));
        }
        self.has_complained = true;
        tell("not live: what ran before goes on. Mend it, and it is tried again");
        self.stack.show(Some(&complaints.unwrap_or_else(|| format!("{error:#}"))))
    }

    fn renew(&mut self, touched: BTreeSet<Touched>) -> Result<()> {
        let begun = Instant::now();
        if touched.contains(&Touched::Commands) {
            tell(
                "the commands or their packages changed: end this with Ctrl-C, and start `cargo xtask dev` again",
            );
        }
        self.owed.extend(touched.into_iter().filter(|each| *each != Touched::Commands));
        if self.owed.is_empty() {
            return Ok(());
        }
        let _lock = build::lock()?;
        let is_new = self.settings_changed();
        let mut is_told = false;
        for renew in [Self::renew_edge, Self::renew_native] {
            let renewed = renew(self, is_new)?;
            if !renewed.is_empty() {
                tell(&format!("live after {}: {}", told(begun.elapsed()), renewed.join(", ")));
                is_told = true;
            }
        }
        self.owed.clear();
        if std::mem::take(&mut self.has_complained) && !is_told {
            tell("live: the sources are again as what runs was built from");
        }
        self.stack.show(None)
    }

    /// Whether `.dev.vars` or `wrangler.toml` say something else than what runs was started with.
    fn settings_changed(&mut self) -> bool {
        self.owed.contains(&Touched::Settings) && settings_files() != self.settings
    }

    fn renew_edge(&mut self, with_settings: bool) -> Result<Vec<&'static str>> {
        let owes = |part: &Part| self.owed.contains(&Touched::Part(*part));
        let mut stale = Vec::new();
        for part in [Part::Page, Part::Edge].into_iter().filter(owes) {
            if !part.is_fresh(Variant::Dev)? {
                stale.push(part);
            }
        }
        let mut renewed: Vec<&str> = stale.iter().map(|part| part.told()).collect();
        if !stale.is_empty() {
            Compiled::now(Variant::Dev, &stale)?.publish()?;
        }
        if with_settings {
            let file = crate::at(".dev.vars");
            ensure!(file.exists(), ".dev.vars is gone; put it back, or start again to get a new one");
            self.stack.take_settings(Settings::load(&file)?);
            renewed.push("the settings");
        }
        self.is_reload_owed |= !renewed.is_empty();
        if self.is_reload_owed {
            self.stack.reload_edge()?;
            self.is_reload_owed = false;
        }
        Ok(renewed)
    }

    fn renew_native(&mut self, with_settings: bool) -> Result<Vec<&'static str>> {
        let mut renewed = Vec::new();
        if self.owed.iter().any(|each| matches!(each, Touched::Native(_))) {
            make_native()?;
        }
        for program in Native::ALL {
            let built = fs::read(program.path()).ok();
            let is_as_started = self.started.get(&program) == Some(&built);
            if is_as_started && !with_settings {
                continue;
            }
            self.stack.restart(program)?;
            self.started.insert(program, built);
            renewed.push(program.name());
        }
        if with_settings {
            self.settings = settings_files();
        }
        Ok(renewed)
    }
}
