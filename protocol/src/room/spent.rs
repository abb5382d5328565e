//! Rows that all objects have written, by the hour: what a plan counts.

use std::collections::BTreeMap;

use super::Room;
use crate::{
    Timestamp,
    time::{DAY_MS, HOUR_MS},
};

/// Rows by the beginning of the hour in which they were written, or told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent(BTreeMap<Timestamp, u64>);

impl Spent {
    pub(super) fn restore(hours: Vec<(Timestamp, u64)>) -> Self {
        Self(hours.into_iter().collect())
    }

    pub(super) fn add(&mut self, now: Timestamp, rows: u64) {
        if rows > 0 {
            *self.0.entry(now.floor(HOUR_MS)).or_default() += rows;
            self.0 = self.0.split_off(&now.minus(DAY_MS).floor(HOUR_MS));
        }
    }

    /// The same to be stored.
    pub(super) fn hours(&self) -> Vec<(Timestamp, u64)> {
        self.0.iter().map(|(&hour, &rows)| (hour, rows)).collect()
    }

    /// Those since this moment, to the hour.
    pub(super) fn since(&self, from: Timestamp) -> u64 {
        self.0.range(from.floor(HOUR_MS)..).map(|(_, rows)| rows).sum()
    }
}

impl Room {
    /// Rows were written that nothing else tells of: this object's own, and those of a server's own room.
    pub fn note_rows(&mut self, now: Timestamp, rows: u64) {
        self.spent.add(now, rows);
    }

    /// Rows written since midnight (UTC), when plans begin to count anew.
    pub fn rows_today(&self, now: Timestamp) -> u64 {
        self.spent.since(now.day().start())
    }

    /// Rows written in the last 24 hours, to the hour.
    pub fn rows_of_last_day(&self, now: Timestamp) -> u64 {
        self.spent.since(now.minus(DAY_MS).plus(HOUR_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two in the morning.
    const NIGHT: Timestamp = Timestamp(1_795_312_800_000);

    #[test]
    fn rows_count_for_a_day_and_since_midnight() {
        let mut spent = Spent::default();
        for (hours_ago, rows) in [(30, 1), (24, 10), (23, 100), (3, 1_000), (1, 10_000), (0, 100_000)] {
            spent.add(NIGHT.minus(hours_ago * HOUR_MS), rows);
        }
        assert_eq!(spent.since(NIGHT.day().start()), 110_000);
        assert_eq!(spent.since(NIGHT.minus(DAY_MS).plus(HOUR_MS)), 111_100);
        assert_eq!(Spent::restore(spent.hours()), spent);
        assert_eq!(spent.hours().len(), 5, "what counts nowhere any more is let go");
    }
}
