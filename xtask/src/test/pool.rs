//! Runs programs with tests side by side, the longest first, and tells what came of each.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::report::{Report, Seconds};
use super::suites::Suite;
use crate::processes;
use crate::steps::{progress, tell, told};
use crate::workspace::{log_file, tail};

/// The number of suites at a time, on a machine of two cores: most of them wait most of the time, for ticks, browsers and
/// each other's ends.
const AT_A_TIME: usize = 4;
/// The file with the seconds that each suite took when it last passed.
const DURATIONS: &str = "target/stamps/durations.json";

/// The outcome of all tests so far.
#[derive(Default)]
pub struct Outcome {
    reports: Vec<(String, Report)>,
}

impl Outcome {
    /// The suites that failed.
    pub fn failures(&self) -> Vec<&str> {
        self.reports.iter().filter(|(_, report)| report.has_failed).map(|(name, _)| name.as_str()).collect()
    }

    pub fn has_failed(&self) -> bool {
        !self.failures().is_empty()
    }

    /// `412 passed, 0 failed, 3 skipped`.
    pub fn counts(&self) -> String {
        let sum =
            |count: fn(&Report) -> u32| self.reports.iter().map(|(_, report)| count(report)).sum::<u32>();
        let (passed, failed) = (sum(|report| report.passed), sum(|report| report.failed));
        format!("{passed} passed, {failed} failed, {} skipped", sum(|report| report.skipped))
    }

    /// The ten tests that took longest, a line each.
    pub fn slowest(&self) -> String {
        let mut tests: Vec<(Seconds, String)> = Vec::new();
        for (suite, report) in &self.reports {
            tests.extend(report.tests.iter().map(|(name, took)| (*took, format!("{suite}: {name}"))));
        }
        tests.sort_by(|one, other| other.0.total_cmp(&one.0));
        let lines = tests.iter().take(10).map(|(took, name)| format!("{took:>10.1} s  {name}\n"));
        let lines: String = lines.collect();
        if lines.is_empty() { lines } else { format!("the slowest tests:\n{lines}\n") }
    }
}

/// Runs these suites. Those that fail are told, and the others run on; only what keeps a suite from running is an error.
pub fn run(suites: Vec<Suite>, env: &[(&str, &str)], outcome: &mut Outcome) -> Result<()> {
    let mut durations = durations();
    let last = |suite: &Suite| durations.get(&suite.name).copied();
    let mut waiting = suites;
    // The longest last, because they are taken from the end. One that has never run may be long.
    waiting.sort_by(|one, other| {
        last(one).unwrap_or(Seconds::MAX).total_cmp(&last(other).unwrap_or(Seconds::MAX))
    });
    let all = waiting.len();
    let (waiting, done) = (Mutex::new(waiting), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        loop {
            let Some(suite) = locked(&waiting).pop() else { return Ok(()) };
            let begun = Instant::now();
            let (report, complaints) = run_one(&suite, env)?;
            let mut done = locked(&done);
            tell_of(&suite, &report, begun.elapsed(), &complaints);
            done.push((suite.name, report, begun.elapsed()));
            progress(&format!("{} of {all} programs", done.len()));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME.min(all)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Ok(())))
    })?;
    for (name, report, took) in done.into_inner().unwrap_or_else(PoisonError::into_inner) {
        if !report.has_failed {
            durations.insert(name.clone(), took.as_secs_f64());
        }
        outcome.reports.push((name, report));
    }
    keep(&durations);
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run_one(suite: &Suite, env: &[(&str, &str)]) -> Result<(Report, String)> {
    let (file, path) = log_file(&format!("test-{}", suite.name.replace(['/', ' ', ','], "-")))?;
    let mut command = suite.command();
    command.envs(env.iter().copied()).stdout(file.try_clone()?).stderr(file);
    let status = processes::finish(&mut command)?;
    let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let text = String::from_utf8_lossy(&text);
    let report = Report::read(suite.runner, &text, status.success());
    let complaints = if report.has_failed { complaints(&path, &text) } else { String::new() };
    Ok((report, complaints))
}

/// The complaints of a failed suite, which its harness collects at the end; the log's last lines when there are none.
fn complaints(path: &Path, text: &str) -> String {
    const AT_MOST_LINES: usize = 150;
    let from = text.find("\nfailures:\n").or_else(|| text.find("not ok ")).unwrap_or_default();
    let is_told = |line: &&str| {
        let line = line.trim_start();
        // A backtrace's frames; the panic itself stands above them.
        !line.starts_with("at ")
            && line.split_once(": ").is_none_or(|(number, _)| number.parse::<u32>().is_err())
    };
    let lines: Vec<&str> = text[from..].lines().filter(is_told).take(AT_MOST_LINES).collect();
    let said = if from == 0 { tail(path) } else { lines.join("\n") };
    format!("{said}\nall of it is in {}", path.display())
}

fn tell_of(suite: &Suite, report: &Report, took: Duration, complaints: &str) {
    let Report { passed, failed, .. } = report;
    let count = if *passed + *failed > 0 { format!("{passed} passed") } else { String::new() };
    if report.has_failed {
        tell(&format!(
            "      FAILED  {}: {failed} failed, {passed} passed, {}\n{complaints}\n",
            suite.name,
            told(took)
        ));
    } else {
        tell(&format!("      ok  {:<24} {count:>12} {:>12}", suite.name, told(took)));
    }
}

fn durations() -> BTreeMap<String, Seconds> {
    fs::read(crate::at(DURATIONS))
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default()
}

/// Kept for the next run's order, and no harm if it cannot be.
fn keep(durations: &BTreeMap<String, Seconds>) {
    if let Ok(json) = serde_json::to_vec_pretty(durations) {
        let _ = fs::create_dir_all(crate::at("target/stamps"));
        let _ = fs::write(crate::at(DURATIONS), json);
    }
}
