//! A line of the table: what was measured, of whom, and whether it is as good as it should be.

use std::{collections::HashMap, fmt};

use serde_json::{Value, json};
use tests::Subject;

/// The rounds' values of one subject.
#[derive(Clone, Debug, Default)]
struct Rounds(Vec<f64>);

impl Rounds {
    /// The value in the middle.
    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            even if even.is_multiple_of(2) => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        }
    }

    fn json(&self) -> Value {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        json!({ "median": self.median(), "min": least, "max": most })
    }
}

/// The bound that Pulse's median is held to.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At most so much.
    Most(f64),
    /// At most so many times what the other has.
    MostTimes(f64, Subject),
    /// At least so many times what the other has.
    LeastTimes(f64, Subject),
}

/// The lines of a benchmark, in the order in which they first come.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// The line of that name, made when it is not there.
    pub fn row(&mut self, what: &str, unit: &'static str) -> &mut Row {
        let at = self.0.iter().position(|row| row.what == what).unwrap_or_else(|| {
            self.0.push(Row { what: what.to_owned(), unit, values: HashMap::new(), goals: Vec::new() });
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// One more round of a subject.
    pub fn add(&mut self, what: &str, unit: &'static str, subject: Subject, value: f64) {
        self.row(what, unit).values.entry(subject).or_default().0.push(value);
    }

    /// The rounds of another table of the same benchmark.
    pub fn extend(&mut self, other: Self) {
        for row in other.0 {
            for (subject, rounds) in row.values {
                rounds.0.into_iter().for_each(|value| self.add(&row.what, row.unit, subject, value));
            }
        }
    }

    /// One more goal of a line, if there is such a line.
    pub fn goal(&mut self, what: &str, goal: Goal) {
        if let Some(row) = self.0.iter_mut().find(|row| row.what == what) {
            row.goals.push(goal);
        }
    }

    /// The middle of a subject's rounds.
    pub fn median(&self, what: &str, subject: Subject) -> Option<f64> {
        self.0.iter().find(|row| row.what == what)?.median(subject)
    }

    /// The lines.
    pub fn rows(&self) -> &[Row] {
        &self.0
    }
}

/// A line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    what: String,
    unit: &'static str,
    values: HashMap<Subject, Rounds>,
    goals: Vec<Goal>,
}

impl Row {
    /// The middle of a subject's rounds.
    fn median(&self, subject: Subject) -> Option<f64> {
        self.values.get(&subject).map(Rounds::median)
    }

    fn is_met(&self, goal: Goal) -> Option<bool> {
        let ours = self.median(Subject::Pulse)?;
        Some(match goal {
            Goal::Most(most) => ours <= most,
            Goal::MostTimes(times, other) => ours <= times * self.median(other)?,
            // A subject that has nothing says nothing by being surpassed.
            Goal::LeastTimes(times, other) => {
                ours >= times * self.median(other).filter(|theirs| *theirs > 0.0)?
            }
        })
    }

    fn told(&self, goal: Goal) -> String {
        match goal {
            Goal::Most(most) => format!("≤ {} {}", number(most), self.unit),
            Goal::MostTimes(times, other) => format!("≤ {times} × {}", other.name()),
            Goal::LeastTimes(times, other) => format!("≥ {times} × {}", other.name()),
        }
    }

    /// The line as `cargo xtask bench` reads it.
    pub fn json(&self) -> Value {
        let of = |subject| self.values.get(&subject).map(Rounds::json);
        let ratio = |other| Some(self.median(Subject::Pulse)? / self.median(other)?);
        let goals: Vec<Value> = self
            .goals
            .iter()
            .map(|&goal| json!({ "goal": self.told(goal), "met": self.is_met(goal) }))
            .collect();
        json!({
            "what": self.what, "unit": self.unit, "goals": goals,
            "pulse": of(Subject::Pulse), "js-worker": of(Subject::JsWorker), "bun": of(Subject::Bun),
            "floor": of(Subject::Floor),
            "toBefore": ratio(Subject::Before), "toJsWorker": ratio(Subject::JsWorker), "toBun": ratio(Subject::Bun),
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<44}", self.what)?;
        for subject in [Subject::Pulse, Subject::Before, Subject::JsWorker, Subject::Bun, Subject::Floor] {
            if let Some(median) = self.median(subject) {
                write!(f, "  {} {}", subject.name(), number(median))?;
            }
        }
        write!(f, "  {}", self.unit)?;
        for &goal in &self.goals {
            let met = match self.is_met(goal) {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "not compared",
            };
            write!(f, "  [{}: {met}]", self.told(goal))?;
        }
        Ok(())
    }
}

/// Three digits are enough.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
