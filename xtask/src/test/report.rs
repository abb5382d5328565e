//! The output of programs with tests, read.

use super::suites::Runner;

/// A duration.
pub type Seconds = f64;

/// The outcome of a suite.
#[derive(Debug, Default, PartialEq)]
pub struct Report {
    /// Whether it counts as failed, also when it broke off before it told of any test.
    pub has_failed: bool,
    /// The numbers of tests that passed, failed, and were left out.
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
    /// Each test that passed, and how long it took.
    pub tests: Vec<(String, Seconds)>,
}

impl Report {
    /// Reads the output of a suite that ended well, or not.
    pub fn read(runner: Runner, text: &str, ended_well: bool) -> Self {
        let mut report = match runner {
            Runner::Rust => rust(text),
            Runner::Node => node(text),
            Runner::Plain => {
                Self { passed: u32::from(ended_well), failed: u32::from(!ended_well), ..Self::default() }
            }
        };
        report.has_failed = !ended_well || report.failed > 0;
        report
    }
}

/// `test a_b ... ok <1.234s>`, and `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn rust(text: &str) -> Report {
    let mut report = Report::default();
    for line in text.lines() {
        if let Some(result) = line.strip_prefix("test result: ") {
            let count = |what: &str| {
                let part = result.split("; ").find(|part| part.ends_with(what));
                let number = part.and_then(|part| part.split(' ').rev().nth(1));
                number.and_then(|number| number.parse::<u32>().ok()).unwrap_or_default()
            };
            report.passed += count(" passed");
            report.failed += count(" failed");
            report.skipped += count(" ignored");
        } else if let Some((name, rest)) =
            line.strip_prefix("test ").and_then(|test| test.split_once(" ... "))
        {
            // The output of a test may stand between the dots and its end.
            let took = rest.rsplit_once("ok <").and_then(|(_, took)| took.strip_suffix("s>")?.parse().ok());
            report.tests.extend(took.map(|took| (name.to_owned(), took)));
        }
    }
    report
}

/// TAP: `ok 1 - name`, below it `duration_ms: 12.3`, and at the end `# pass 1`.
fn node(text: &str) -> Report {
    let mut report = Report::default();
    let mut name = None;
    for line in text.lines().map(str::trim_start) {
        if let Some(test) = line.strip_prefix("ok ") {
            name = test.split_once(" - ").map(|(_, name)| name.to_owned());
        } else if let Some(took) = line.strip_prefix("duration_ms: ") {
            let took = took.parse::<Seconds>().ok().map(|milliseconds| milliseconds / 1000.0);
            report.tests.extend(name.take().zip(took));
        } else if let Some((what, count)) = line.strip_prefix("# ").and_then(|line| line.split_once(' ')) {
            let Ok(count) = count.parse() else { continue };
            match what {
                "pass" => report.passed = count,
                "fail" | "cancelled" => report.failed += count,
                "skipped" | "todo" => report.skipped += count,
                _ => {}
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_harness_of_rust_is_understood() {
        let text = "running 3 tests\ntest a::b ... ok <1.250s>\ntest c ... FAILED <0.001s>\ntest d ... ignored\n\
                    seed 17\ntest talks ... it talks ok <2.000s>\n\
                    test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 3.3s\n";
        let tests = vec![("a::b".to_owned(), 1.25), ("talks".to_owned(), 2.0)];
        let expected = Report { has_failed: true, passed: 2, failed: 1, skipped: 1, tests };
        assert_eq!(Report::read(Runner::Rust, text, false), expected);
    }

    #[test]
    fn node_is_understood() {
        let text = "TAP version 13\n# Subtest: it pays\nok 1 - it pays\n  ---\n  duration_ms: 1500.5\n  ...\n\
                    not ok 2 - it fails\n  ---\n  duration_ms: 2\n  ...\n# tests 2\n# pass 1\n# fail 1\n# cancelled 0\n\
                    # skipped 0\n# todo 0\n# duration_ms 1700\n";
        let tests = vec![("it pays".to_owned(), 1.5005)];
        let expected = Report { has_failed: true, passed: 1, failed: 1, skipped: 0, tests };
        assert_eq!(Report::read(Runner::Node, text, false), expected);
    }

    #[test]
    fn what_breaks_off_has_failed() {
        assert!(Report::read(Runner::Rust, "running 3 tests\n", false).has_failed);
        assert!(Report::read(Runner::Plain, "", false).has_failed);
        assert!(!Report::read(Runner::Plain, "", true).has_failed);
    }
}
