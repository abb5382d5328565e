//! The programs that hold tests, and how each is run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::choice::Choice;
use super::pool::{self, Outcome};
use crate::commands::{LINTS, NATIVE, cargo, compile_and_lint, output};
use crate::tools;
use crate::workspace::command;

/// The program of a package that consists of all files in its folder `tests`.
pub const ALL_FILES: &str = "all";

/// Packages that are compiled by one command. Cargo unifies features among the packages of a command: in other company it
/// compiles what they use again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// The pure cores.
    Cores,
    /// The native programs, and the end-to-end tests.
    Native,
    /// These commands.
    Commands,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Cores, Self::Native, Self::Commands];

    /// Its packages.
    pub fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Cores => &["protocol", "interactions", "view-model"],
            Self::Native => &NATIVE,
            Self::Commands => &["xtask", "launcher"],
        }
    }

    /// Whether a suite of this name is one of its.
    pub fn holds(self, suite: &str) -> bool {
        self.packages().contains(&suite.split('/').next().unwrap_or_default())
    }

    /// Its name in a step's line.
    pub fn told(self) -> &'static str {
        match self {
            Self::Cores => "tests of protocol, interactions and the page's view model",
            Self::Native => "end-to-end tests, bot-worker and discord-sim",
            Self::Commands => "tests of these commands",
        }
    }

    /// Compiles its tests, and finds them.
    pub fn compile(self, choice: &Choice) -> Result<Vec<Suite>> {
        let mut cargo = cargo("test --no-run --message-format=json-render-diagnostics");
        cargo.args(self.packages().iter().map(|package| format!("--package={package}")));
        cargo.args(choice.targets(self));
        let told = compile_and_lint(&mut cargo, choice.lints())?;
        let compiled: Vec<Vec<Suite>> = told.lines().map(Suite::compiled).collect::<Result<_>>()?;
        let mut suites = compiled.concat();
        for package in self.packages() {
            for (name, file) in files_with_tests(package) {
                if choice.is_everything() && !suites.iter().any(|suite| suite.name == name) {
                    bail!("{} holds tests that never run: name it in main.rs beside it", file.display());
                }
            }
        }
        if self == Self::Cores && choice.is_everything() {
            suites.push(Suite::examples());
        }
        Ok(suites)
    }
}

/// The runner of a suite's tests, which decides what its output looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Runner {
    /// A program with Rust's own test harness.
    Rust,
    /// `node --test`.
    Node,
    /// A program that is right when it ends well.
    Plain,
}

/// A program that holds tests.
#[derive(Clone, Debug)]
pub struct Suite {
    /// `tests/economy`, `browser/page`, `protocol`.
    pub name: String,
    /// The runner of its tests.
    pub runner: Runner,
    /// The program, and its arguments.
    pub words: Vec<String>,
    /// The tests in a program with Rust's own harness.
    tests: Vec<String>,
    folder: PathBuf,
    env: Vec<(&'static str, PathBuf)>,
    is_unit: bool,
}

impl Suite {
    /// The suites of a line of cargo's JSON, where that tells of a program with tests: one, or of a program of many files one
    /// a file.
    fn compiled(line: &str) -> Result<Vec<Self>> {
        let Some((mut suite, is_of_files)) = Self::program(line) else { return Ok(Vec::new()) };
        suite.tests = tests_of(&suite.words[0])?;
        // Cargo makes a program for each library and each program, whether there is a test in it or not.
        Ok(match (suite.tests.is_empty(), is_of_files) {
            (true, _) => Vec::new(),
            (false, true) => suite.each_module(),
            (false, false) => vec![suite],
        })
    }

    /// The program that a line of cargo's JSON tells of, and whether it is made of all files in `tests`.
    fn program(line: &str) -> Option<(Self, bool)> {
        let artifact: Value = serde_json::from_str(line).ok()?;
        let program = artifact["executable"].as_str()?;
        if artifact["profile"]["test"] != true || artifact["target"]["kind"][0] == "bench" {
            return None;
        }
        let folder = Path::new(artifact["manifest_path"].as_str()?).parent()?;
        let package = folder.file_name()?.to_str()?;
        let target = artifact["target"]["name"].as_str()?;
        let is_file = artifact["target"]["kind"][0] == "test";
        let suite = Self {
            name: if is_file { format!("{package}/{target}") } else { package.to_owned() },
            runner: Runner::Rust,
            words: vec![program.to_owned()],
            tests: Vec::new(),
            folder: folder.to_owned(),
            // As cargo sets it for the tests that it runs itself.
            env: vec![("CARGO_MANIFEST_DIR", folder.to_owned())],
            is_unit: package != "tests" || !is_file,
        };
        Some((suite, is_file && target == ALL_FILES))
    }

    /// A suite for each module of this program, which runs in a process of its own.
    fn each_module(self) -> Vec<Self> {
        let package = self.name.split('/').next().unwrap_or_default();
        let mut modules: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for test in &self.tests {
            let module = test.split("::").next().unwrap_or_default();
            modules.entry(format!("{package}/{module}")).or_default().push(test.clone());
        }
        let suite = |(name, tests)| Self { name, tests, ..self.clone() }.exactly();
        modules.into_iter().map(suite).collect()
    }

    /// Runs of its program the tests that it holds, and no other.
    fn exactly(mut self) -> Self {
        self.words.truncate(1);
        self.words.push("--exact".to_owned());
        self.words.extend_from_slice(&self.tests);
        self
    }

    /// The examples in the documentation of the cores.
    fn examples() -> Self {
        let words = ["cargo", "test", "--quiet", "--doc", "--package=protocol", "--package=interactions"];
        Self {
            name: "examples".to_owned(),
            runner: Runner::Plain,
            words: words.map(str::to_owned).to_vec(),
            tests: Vec::new(),
            folder: crate::at(""),
            env: Vec::new(),
            is_unit: true,
        }
    }

    /// The command that runs it. A cargo that it starts takes what has been compiled for the tests.
    pub fn command(&self) -> Command {
        let mut command = command(&self.words[0]);
        command.args(&self.words[1..]).current_dir(&self.folder).stdin(Stdio::null());
        command.envs(LINTS).envs(self.env.iter().map(|(name, value)| (*name, value)));
        if self.runner == Runner::Rust {
            // Rust's harness tells how long a test took only to those who ask for what is not stable yet.
            command.args(["-Z", "unstable-options", "--report-time"]).env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }

    /// Leaves of a suite the tests whose names hold some of these words; nothing when it has none.
    pub fn only(mut self, words: &[String]) -> Option<Self> {
        match self.runner {
            Runner::Rust => {
                self.tests.retain(|test| words.iter().any(|words| test.contains(words)));
                if self.tests.is_empty() {
                    return None;
                }
                self = self.exactly();
            }
            Runner::Node => {
                let text = fs::read_to_string(self.words.last()?).ok()?;
                if !words.iter().any(|words| text.contains(words)) {
                    return None;
                }
                let file = self.words.pop()?;
                self.words
                    .extend(words.iter().map(|words| format!("--test-name-pattern={}", escaped(words))));
                self.words.push(file);
            }
            Runner::Plain => return None,
        }
        Some(self)
    }
}

/// The tests of a program.
fn tests_of(program: &str) -> Result<Vec<String>> {
    let listed = output(command(program).arg("--list"));
    let listed = listed.with_context(|| format!("{program} does not list its tests"))?;
    Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// Words as a regular expression that stands for nothing but them.
fn escaped(words: &str) -> String {
    words.chars().fold(String::new(), |mut text, letter| {
        if !letter.is_alphanumeric() && letter != ' ' && letter != '_' {
            text.push('\\');
        }
        text.push(letter);
        text
    })
}

/// A list of suites.
#[derive(Default)]
pub struct Suites(Vec<Suite>);

impl Suites {
    pub fn add(&mut self, suites: Vec<Suite>) {
        self.0.extend(suites);
    }

    /// Adds a moment of each benchmark.
    pub fn add_benchmarks(&mut self) {
        self.0.push(Suite {
            name: "benchmarks".to_owned(),
            runner: Runner::Plain,
            words: vec![crate::at("target/debug/figures").display().to_string(), "--smoke".to_owned()],
            tests: Vec::new(),
            folder: crate::at(""),
            env: Vec::new(),
            is_unit: false,
        });
    }

    /// Adds the browser tests of a choice.
    pub fn add_browser(&mut self, choice: &Choice, browser: &Path) -> Result<()> {
        let entries = fs::read_dir(crate::at("tests/browser")).context("reading tests/browser")?;
        let mut files: Vec<PathBuf> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
        files.sort();
        if files.is_empty() {
            bail!("tests/browser holds no *.test.mjs");
        }
        let node = tools::node().display().to_string();
        let suites = files.into_iter().map(|file| Suite {
            name: format!("browser/{}", stem(&file)),
            runner: Runner::Node,
            words: vec![
                node.clone(),
                "--test".to_owned(),
                "--test-reporter=tap".to_owned(),
                file.display().to_string(),
            ],
            tests: Vec::new(),
            folder: crate::at(""),
            env: vec![("PULSE_CHROMIUM", browser.to_owned())],
            is_unit: false,
        });
        self.0.extend(suites.filter_map(|suite| choice.part(suite)));
        Ok(())
    }

    /// Leaves what was chosen.
    pub fn choose(&mut self, choice: &Choice) {
        self.0 = std::mem::take(&mut self.0).into_iter().filter_map(|suite| choice.part(suite)).collect();
    }

    /// Takes those out that need neither an edge nor a browser.
    pub fn take_units(&mut self) -> Self {
        let (units, others) = std::mem::take(&mut self.0).into_iter().partition(|suite| suite.is_unit);
        self.0 = others;
        Self(units)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Runs them, some at a time.
    pub fn run(self, env: &[(&str, &str)], outcome: &mut Outcome) -> Result<()> {
        pool::run(self.0, env, outcome)
    }
}

/// `page` of `tests/browser/page.test.mjs`.
pub fn stem(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The files in the folder `tests` of a package whose files are one program, each by the name of its suite. Those without a
/// test are for the others.
pub fn files_with_tests(package: &str) -> BTreeMap<String, PathBuf> {
    let folder = crate::at(package).join("tests");
    if !folder.join("main.rs").exists() {
        return BTreeMap::new();
    }
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files
        .filter(|file| file.is_file() && !file.ends_with("main.rs"))
        .filter(|file| ["#[test]", "#[tokio::test"].iter().any(|mark| is_in(file, mark)))
        .map(|file| (format!("{package}/{}", stem(&file)), file))
        .collect()
}

/// Whether these words stand in a file or its modules, or in a file below a folder.
pub fn is_in(source: &Path, words: &str) -> bool {
    if let Ok(entries) = fs::read_dir(source) {
        return entries.flatten().any(|entry| is_in(&entry.path(), words));
    }
    fs::read_to_string(source).is_ok_and(|text| text.contains(words))
        || (source.extension().is_some()
            && source.with_extension("").is_dir()
            && is_in(&source.with_extension(""), words))
}
