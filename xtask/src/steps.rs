//! Every step says what it does and how long that takes, before it does it and after.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// A numbered list of steps, told on stderr: stdout carries only what programs read. Two threads may do steps of one list at
/// the same time.
pub struct Steps {
    /// None where it cannot be known beforehand.
    total: Option<usize>,
    passed: AtomicUsize,
    begun: Instant,
    taken: Mutex<Vec<(String, Duration)>>,
}

impl Steps {
    pub fn new(total: usize) -> Self {
        let total = (total > 0).then_some(total);
        Self { total, passed: AtomicUsize::new(0), begun: Instant::now(), taken: Mutex::default() }
    }

    /// Does one step. `expected` is shown while it runs: "about 3 min, once".
    pub fn step<T>(&self, what: &str, expected: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let expected = if expected.is_empty() { String::new() } else { format!(" … {expected}") };
        let number = self.passed.fetch_add(1, Ordering::Relaxed) + 1;
        let place = self
            .total
            .map_or_else(|| format!("[{number}]"), |total| format!("[{number}/{}]", total.max(number)));
        tell(&format!("{place} {what}{expected}"));
        PLACE.replace(format!("{place} "));
        let begun = Instant::now();
        let result = work().with_context(|| format!("{what} failed"));
        clear_progress();
        PLACE.take();
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push((what.to_owned(), begun.elapsed()));
        let result = result?;
        tell(&format!("{place} {what}: done in {}", told(begun.elapsed())));
        Ok(result)
    }

    /// As [`Steps::step`], but silently passed over when it is `done` already.
    pub fn unless(
        &self,
        done: bool,
        what: &str,
        expected: &str,
        work: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if !done {
            return self.step(what, expected, work);
        }
        self.passed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether every step so far had nothing to do.
    pub fn were_all_passed_over(&self) -> bool {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// One line a step that had something to do, with its time.
    pub fn summary(&self) -> String {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().fold(String::new(), |mut lines, (what, time)| {
            let _ = writeln!(lines, "{:>12}  {what}", told(*time));
            lines
        })
    }
}

/// The period at which progress is told where it cannot overwrite itself.
const PROGRESS_EVERY: Duration = Duration::from_secs(20);

thread_local! {
    /// The number of the step that this thread does: two may be under way.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The time at which progress was last told, and whether a terminal shows it now.
static PROGRESS: Mutex<Option<(Instant, bool)>> = Mutex::new(None);

/// Tells how far the current step is: on a terminal in one line that is overwritten, else in a line now and then.
pub fn progress(how_far: &str) {
    let how_far = format!("{}{how_far}", PLACE.with_borrow(String::clone));
    let mut last = PROGRESS.lock().unwrap_or_else(PoisonError::into_inner);
    if std::io::stderr().is_terminal() {
        let _ = std::io::stderr().write_all(format!("\r\x1b[K      {how_far}").as_bytes());
        *last = Some((Instant::now(), true));
    } else if last.is_none_or(|(told, _)| told.elapsed() >= PROGRESS_EVERY) {
        // The first moments of a step are not worth a line.
        if last.is_some() {
            let _ = std::io::stderr().write_all(format!("      {how_far}\n").as_bytes());
        }
        *last = Some((Instant::now(), false));
    }
}

/// Takes the line of [`progress`] away.
pub fn clear_progress() {
    let mut last = PROGRESS.lock().unwrap_or_else(PoisonError::into_inner);
    if last.take().is_some_and(|(_, shown)| shown) {
        let _ = std::io::stderr().write_all(b"\r\x1b[K");
    }
}

/// One write a line: wrangler passes on what it reads, piece by piece.
pub fn tell(line: &str) {
    clear_progress();
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Tells how large a file is.
pub fn tell_size(file: &Path) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    tell(&format!("      {name}: {} KB", fs::metadata(file)?.len() / 1000));
    Ok(())
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
