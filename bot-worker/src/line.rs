//! One thing that was looked at or done, as a person reads it: a mark, its name, what was found, and what helps.

use std::fmt;

/// One line, and what to do below it where there is something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    what: &'static str,
    mark: Mark,
    found: String,
    remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Well,
    Note,
    Wrong,
}

impl Line {
    /// It is as it should be.
    pub fn well(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, mark: Mark::Well, found: found.into(), remedy: None }
    }

    /// It works, and somebody may want to know what does not come of it.
    pub fn note(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, mark: Mark::Note, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// Something has to be done.
    pub fn wrong(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, mark: Mark::Wrong, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// Whether something has to be done.
    pub fn is_wrong(&self) -> bool {
        self.mark == Mark::Wrong
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.mark {
            Mark::Well => '✓',
            Mark::Note => '·',
            Mark::Wrong => '✗',
        };
        write!(f, "{mark} {:<13} {}", self.what, self.found)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  {:<13} → {remedy}", ""),
            None => Ok(()),
        }
    }
}
