//! The number of active players: each counts in the step in which their last command falls.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Output,
    row::{Kind, Row},
};
use crate::{
    Timestamp,
    time::{DAY_MS, MINUTE_MS},
};

/// The step to which activity is known, in milliseconds.
const STEP_MS: u64 = 15 * MINUTE_MS;
/// The time for which steps are kept, in milliseconds: longer than they count, for clocks that step back.
const KEPT_MS: u64 = 2 * DAY_MS;

#[derive(Clone, Debug, Default)]
pub(super) struct Activity {
    players: BTreeMap<Timestamp, u64>,
    /// Steps that differ from their rows.
    changed: BTreeSet<Timestamp>,
}

impl Activity {
    pub(super) fn restore(players: BTreeMap<Timestamp, u64>) -> Self {
        Self { players, changed: BTreeSet::new() }
    }

    /// Moves a player's activity to `at`.
    pub(super) fn add(&mut self, at: Timestamp, previous: Option<Timestamp>) {
        let step = at.floor(STEP_MS);
        let before = previous.map(|previous| previous.floor(STEP_MS));
        if before == Some(step) {
            return;
        }
        if let Some(before) = before
            && let Some(players) = self.players.get_mut(&before)
        {
            *players = players.saturating_sub(1);
            self.changed.insert(before);
        }
        // The step that is over now was part of the open one's row.
        self.changed.extend(self.newest().map(|(newest, _)| newest).filter(|&newest| newest < step));
        *self.players.entry(step).or_default() += 1;
        self.changed.insert(step);
    }

    /// The step that is not over, which changes with most commands and has no row of its own.
    pub(super) fn newest(&self) -> Option<(Timestamp, u64)> {
        self.players.last_key_value().map(|(&step, &players)| (step, players))
    }

    /// Players with a command in the last 24 hours.
    pub(super) fn count(&self, now: Timestamp) -> u64 {
        self.players.range(now.minus(DAY_MS).floor(STEP_MS)..).map(|(_, players)| players).sum()
    }

    /// Stores the steps that are over and have changed, and lets go of those that count no more.
    pub(super) fn save(&mut self, outputs: &mut Vec<Output>) {
        let Some((newest, _)) = self.newest() else { return };
        for step in std::mem::take(&mut self.changed) {
            if step < newest {
                let players = self.players.get(&step).copied().unwrap_or_default();
                outputs.push(Output::Store(Row::Active(step, players)));
            }
        }
        let oldest = newest.minus(KEPT_MS);
        if self.players.first_key_value().is_some_and(|(&first, _)| first < oldest) {
            self.players = self.players.split_off(&oldest);
            outputs.push(Output::Forget(Kind::Active, oldest.0));
        }
    }
}
