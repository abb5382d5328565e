//! Every step says what it does and how long that takes, before it does it and after.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// A numbered list of steps, told on stderr: stdout carries only what programs read.
pub struct Steps {
    total: usize,
    begun: Instant,
    taken: Vec<(String, Duration)>,
}

impl Steps {
    pub fn new(total: usize) -> Self {
        Self { total, begun: Instant::now(), taken: Vec::new() }
    }

    /// Does one step. `expected` is shown while it runs: "about 3 min, once".
    pub fn step<T>(&mut self, what: &str, expected: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let expected = if expected.is_empty() { String::new() } else { format!(" … {expected}") };
        tell(&format!("[{}/{}] {what}{expected}", self.taken.len() + 1, self.total));
        let begun = Instant::now();
        let result = work().with_context(|| format!("{what} failed"))?;
        self.taken.push((what.to_owned(), begun.elapsed()));
        tell(&format!("      done in {}", told(begun.elapsed())));
        Ok(result)
    }

    /// As [`Steps::step`], but not when it is `done` already.
    pub fn unless(
        &mut self,
        done: bool,
        what: &str,
        expected: &str,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if !done {
            return self.step(what, expected, work);
        }
        tell(&format!("[{}/{}] {what}: nothing to do", self.taken.len() + 1, self.total));
        self.taken.push((what.to_owned(), Duration::ZERO));
        Ok(())
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// One line a step, with its time.
    pub fn summary(&self) -> String {
        self.taken.iter().fold(String::new(), |mut lines, (what, time)| {
            let _ = writeln!(lines, "{:>12}  {what}", told(*time));
            lines
        })
    }
}

/// One write a line: wrangler passes on what it reads, piece by piece.
pub fn tell(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// A duration as one would say it: `0.4 s`, `48 s`, `9 min 12 s`.
pub fn told(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_as_people_say_them() {
        for (milliseconds, expected) in
            [(0, "0.0 s"), (450, "0.5 s"), (48_900, "48 s"), (60_000, "1 min 00 s"), (552_000, "9 min 12 s")]
        {
            assert_eq!(told(Duration::from_millis(milliseconds)), expected);
        }
    }
}
