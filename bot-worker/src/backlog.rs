//! Samples of reports that did not arrive: an hour of them, told when the edge is back, the newest first.

use std::collections::VecDeque;

use protocol::{
    Timestamp,
    report::{MISSED_MAX, Missed},
};

/// The samples that the edge has yet to hear, at most `MISSED_MAX`.
#[derive(Clone, Debug, Default)]
pub struct Backlog(VecDeque<Missed>);

impl Backlog {
    /// Adds a sample that did not arrive. A sample that was not measured is not missed.
    pub fn push(&mut self, at: Timestamp, sample: Option<f64>) {
        let Some(ms) = sample else { return };
        self.0.push_front(Missed { at, ms });
        self.0.truncate(MISSED_MAX);
    }

    /// All samples, newest first.
    pub fn missed(&self) -> Vec<Missed> {
        self.0.iter().copied().collect()
    }

    /// All of it has arrived.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_the_oldest_are_let_go() {
        let mut backlog = Backlog::default();
        backlog.push(Timestamp(0), None);
        for at in 1..=800 {
            backlog.push(Timestamp(at), Some(40.0));
        }
        let missed = backlog.missed();
        assert_eq!((missed.len(), missed[0].at, missed[719].at), (720, Timestamp(800), Timestamp(81)));
        backlog.clear();
        assert!(backlog.missed().is_empty());
    }
}
