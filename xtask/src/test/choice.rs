//! The choice of tests: all of them, some by name, or those that a change can touch.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::suites::{ALL_FILES, Group, Suite, files_with_tests, is_in, stem};
use crate::commands::{Lints, cargo, output};
use crate::workspace::command;

/// Suites by name, each with words of which a test's name has to hold some; without any, all its tests.
type Chosen = BTreeMap<String, Vec<String>>;

/// The suites that are to run.
pub struct Choice {
    /// `None` is everything.
    suites: Option<Chosen>,
    is_changed: bool,
}

/// Prefixes of the names of suites that a change below a folder can touch. The first folder that fits counts; a change that
/// fits none touches no test.
const TOUCHED: &[(&str, &[&str])] = &[
    ("protocol", &[""]),
    ("Cargo.", &[""]),
    ("rust-toolchain.toml", &[""]),
    ("clippy.toml", &[]),
    (
        "interactions",
        &["interactions", "bot-worker", "tests/", "browser/page", "browser/actions", "browser/dev"],
    ),
    ("edge", &["tests/", "browser/page", "browser/actions", "browser/sign_in", "browser/dev"]),
    ("dashboard", &["view-model", "browser/"]),
    ("bot-worker", &["bot-worker", "tests/bot_", "tests/latency", "browser/page"]),
    ("discord-sim", &["discord-sim", "tests/", "browser/page", "browser/actions", "browser/sign_in"]),
    ("tests/src", &["tests/"]),
    ("tests/peers", &["tests/contract", "benchmarks"]),
    ("tests/Cargo.toml", &["tests/"]),
    ("fuzz", &["tests/seeds"]),
    ("xtask", &["xtask", "browser/dev"]),
    ("package", &["tests/", "browser/"]),
    ("wrangler.toml", &["tests/", "browser/"]),
    ("README.md", &["tests/bot_newcomer"]),
    ("docs/deploy", &["tests/bot_setup"]),
];

impl Choice {
    /// The choice of these patterns, or of what changed; everything without either.
    pub fn of(patterns: &[String], changed: bool) -> Result<Self> {
        if !changed && patterns.is_empty() {
            return Ok(Self { suites: None, is_changed: false });
        }
        let there = every_suite()?;
        let mut suites = Chosen::new();
        if changed {
            for path in changed_files()? {
                suites.extend(touched(&path, &there).map(|name| (name.clone(), Vec::new())));
            }
        }
        for pattern in patterns {
            let chosen = chosen(pattern, &there);
            if chosen.is_empty() {
                bail!(
                    "no test is called `{pattern}`: a crate is ({}), a file of tests/tests or tests/browser, or words of a \
                     test's name",
                    Group::ALL
                        .iter()
                        .flat_map(|group| group.packages())
                        .copied()
                        .collect::<Vec<_>>()
                        .join(", ")
                );
            }
            add(&mut suites, chosen);
        }
        Ok(Self { suites: Some(suites), is_changed: changed })
    }

    /// Whether nothing is left out.
    pub fn is_everything(&self) -> bool {
        self.suites.is_none()
    }

    /// Whether the sources as a whole are looked at, too.
    pub fn looks_at_sources(&self) -> bool {
        self.is_everything() || self.is_changed
    }

    /// The treatment of lints: a run for single tests only tells them.
    pub fn lints(&self) -> Lints {
        if self.looks_at_sources() { Lints::Refused } else { Lints::Told }
    }

    /// Whether a suite is among it whose name holds for `test`.
    fn any(&self, test: impl Fn(&str) -> bool) -> bool {
        self.suites.as_ref().is_none_or(|suites| suites.keys().any(|name| test(name)))
    }

    /// Whether a group has to be compiled.
    pub fn wants(&self, group: Group) -> bool {
        self.any(|name| group.holds(name))
    }

    /// Whether an edge is needed.
    pub fn wants_edge(&self) -> bool {
        self.any(|name| name.starts_with("tests/") || name.starts_with("browser/"))
    }

    /// Whether a browser is needed.
    pub fn wants_browser(&self) -> bool {
        self.any(|name| name.starts_with("browser/"))
    }

    /// The arguments by which cargo links no more of a group than is needed.
    pub fn targets(&self, group: Group) -> Vec<String> {
        // Lints look at the benchmarks, too.
        let Some(suites) = &self.suites else { return vec!["--all-targets".to_owned()] };
        let chosen: Vec<&str> = suites.keys().map(String::as_str).filter(|name| group.holds(name)).collect();
        let programs: Option<BTreeSet<&str>> = chosen
            .iter()
            .map(|name| {
                let (package, file) = name.split_once('/')?;
                Some(if files_with_tests(package).is_empty() { file } else { ALL_FILES })
            })
            .collect();
        programs
            .unwrap_or_default()
            .into_iter()
            .flat_map(|program| ["--test", program])
            .map(str::to_owned)
            .collect()
    }

    /// The chosen part of a suite; `None` when none of it was chosen.
    pub fn part(&self, suite: Suite) -> Option<Suite> {
        let Some(suites) = &self.suites else { return Some(suite) };
        match suites.get(&suite.name)? {
            words if words.is_empty() => Some(suite),
            words => suite.only(words),
        }
    }
}

/// A suite's name, and where its sources are.
type There = BTreeMap<String, PathBuf>;

/// All suites there are. Cargo is asked, so that none is missed.
fn every_suite() -> Result<There> {
    let metadata = output(&mut cargo("metadata --no-deps --format-version 1")).context("asking cargo")?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading what `cargo metadata` says")?;
    let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut suites = There::new();
    for package in each(&metadata["packages"]) {
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        if !Group::ALL.iter().any(|group| group.packages().contains(&name.as_str())) {
            continue;
        }
        for target in each(&package["targets"]) {
            let source = PathBuf::from(target["src_path"].as_str().unwrap_or_default());
            let source = if source.ends_with("main.rs") || source.ends_with("lib.rs") {
                source.parent().map(Path::to_owned).unwrap_or_default()
            } else {
                source
            };
            match target["kind"][0].as_str() {
                Some("test") if target["name"] == ALL_FILES => {
                    suites.extend(files_with_tests(&name));
                }
                Some("test") => {
                    let target = target["name"].as_str().unwrap_or_default();
                    suites.insert(format!("{name}/{target}"), source);
                }
                Some("lib" | "bin" | "cdylib" | "rlib") => drop(suites.insert(name.clone(), source)),
                _ => {}
            }
        }
    }
    for entry in fs::read_dir(crate::at("tests/browser")).context("reading tests/browser")? {
        let file = entry?.path();
        if file.to_string_lossy().ends_with(".test.mjs") {
            suites.insert(format!("browser/{}", stem(&file)), file);
        }
    }
    suites.insert("benchmarks".to_owned(), crate::at("tests/src/bin"));
    Ok(suites)
}

/// The suites that a pattern names; else those in whose sources its words stand, and these words.
fn chosen(pattern: &str, there: &There) -> Chosen {
    let pattern = if pattern == "edge" { "tests" } else { pattern };
    let is_named = |name: &&String| {
        let (before, after) = name.split_once('/').unwrap_or((name, ""));
        [name.as_str(), before, after].contains(&pattern)
    };
    let named: Chosen = there.keys().filter(is_named).map(|name| (name.clone(), Vec::new())).collect();
    if !named.is_empty() {
        return named;
    }
    let holds = |(_, source): &(&String, &PathBuf)| is_in(source, pattern);
    there.iter().filter(holds).map(|(name, _)| (name.clone(), vec![pattern.to_owned()])).collect()
}

/// Adds what another pattern has chosen. A suite that one of them names runs whole.
fn add(suites: &mut Chosen, more: Chosen) {
    for (name, words) in more {
        match suites.entry(name) {
            Entry::Vacant(place) => _ = place.insert(words),
            Entry::Occupied(mut known) if known.get().is_empty() || words.is_empty() => {
                known.get_mut().clear();
            }
            Entry::Occupied(mut known) => known.get_mut().extend(words),
        }
    }
}

/// The files that differ from the commit before the last one, and those that git does not know yet.
fn changed_files() -> Result<Vec<String>> {
    let ask = |words: &[&str]| output(command("git").args(words)).context("asking git what changed");
    let base = output(command("git").args(["rev-parse", "--verify", "--quiet", "main~1"]));
    let base = base.map_or_else(|| ask(&["rev-parse", "HEAD~1"]), Ok)?;
    let changed = ask(&["diff", "--name-only", &base])?;
    let new = ask(&["ls-files", "--others", "--exclude-standard"])?;
    Ok(changed.lines().chain(new.lines()).map(str::to_owned).collect())
}

/// The suites that a change of this file can touch.
fn touched<'a>(path: &str, there: &'a There) -> impl Iterator<Item = &'a String> {
    let own = own_suite(path).map(|own| {
        let is_suite = there.keys().any(|name| name.starts_with(&own));
        // A change in a file that several suites share touches all suites of its package.
        if is_suite { own } else { own.split_inclusive('/').next().unwrap_or_default().to_owned() }
    });
    let prefixes =
        TOUCHED.iter().find(|(folder, _)| path.starts_with(folder)).map_or(&[][..], |(_, names)| names);
    there.keys().filter(move |name| match &own {
        Some(own) => name.starts_with(own.as_str()),
        None => prefixes.iter().any(|prefix| name.starts_with(prefix)),
    })
}

/// The suite that a file of tests is, or is a part of.
fn own_suite(path: &str) -> Option<String> {
    if let Some(file) = path.strip_prefix("tests/browser/") {
        let is_test = file.ends_with(".test.mjs");
        return Some(if is_test {
            format!("browser/{}", stem(Path::new(file)))
        } else {
            "browser/".to_owned()
        });
    }
    let (package, file) = path.split_once("/tests/")?;
    let name = file.split(['/', '.']).next()?;
    Some(format!("{package}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there() -> There {
        let names = [
            "protocol",
            "protocol/room",
            "interactions",
            "interactions/books",
            "bot-worker",
            "discord-sim",
            "view-model",
            "xtask",
            "tests/economy",
            "tests/bot_worker",
            "tests/sign_in",
            "tests/seeds",
            "tests/latency",
            "browser/page",
            "browser/sign_in",
            "browser/dev",
            "browser/events",
        ];
        names.iter().map(|name| ((*name).to_owned(), PathBuf::from("no such file"))).collect()
    }

    #[test]
    fn a_pattern_names_a_crate_or_a_file_of_either_kind() {
        for (pattern, expected) in [
            ("protocol", &["protocol", "protocol/room"][..]),
            ("room", &["protocol/room"]),
            ("sign_in", &["browser/sign_in", "tests/sign_in"]),
            ("browser/page", &["browser/page"]),
            ("browser", &["browser/dev", "browser/events", "browser/page", "browser/sign_in"]),
            ("edge", &["tests/bot_worker", "tests/economy", "tests/latency", "tests/seeds", "tests/sign_in"]),
            ("nothing", &[]),
        ] {
            let chosen: Vec<String> = chosen(pattern, &there()).into_keys().collect();
            assert_eq!(chosen, expected, "{pattern}");
        }
    }

    #[test]
    fn a_suite_that_is_named_runs_whole_whatever_else_is_asked_for() {
        let of = |words: &[&str]| {
            Chosen::from([("x".to_owned(), words.iter().map(|word| (*word).to_owned()).collect())])
        };
        for (patterns, expected) in [
            ([of(&[]), of(&["daily"])], of(&[])),
            ([of(&["daily"]), of(&[])], of(&[])),
            ([of(&["daily"]), of(&["pay"])], of(&["daily", "pay"])),
        ] {
            let mut suites = Chosen::new();
            for chosen in patterns {
                add(&mut suites, chosen);
            }
            assert_eq!(suites, expected);
        }
    }

    #[test]
    fn a_change_touches_what_is_made_of_it() {
        for (path, expected) in [
            (
                "dashboard/static/style.css",
                &["browser/dev", "browser/events", "browser/page", "browser/sign_in", "view-model"][..],
            ),
            (
                "bot-worker/src/worker.rs",
                &["bot-worker", "browser/page", "tests/bot_worker", "tests/latency"],
            ),
            ("interactions/tests/books/rules.rs", &["interactions/books"]),
            ("tests/tests/bot_worker/edge.rs", &["tests/bot_worker"]),
            ("tests/tests/economy.rs", &["tests/economy"]),
            ("protocol/tests/samples.rs", &["protocol/room"]),
            ("tests/browser/page.test.mjs", &["browser/page"]),
            ("tests/browser/mock.mjs", &["browser/dev", "browser/events", "browser/page", "browser/sign_in"]),
            ("fuzz/inputs.rs", &["tests/seeds"]),
            ("docs/LEDGER.md", &[]),
        ] {
            let there = there();
            let touched: Vec<&String> = touched(path, &there).collect();
            assert_eq!(touched, expected, "{path}");
        }
        assert_eq!(touched("protocol/src/room.rs", &there()).count(), there().len(), "everything");
    }
}
