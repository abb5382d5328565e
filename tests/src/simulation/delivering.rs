//! The servers' books and the bot: deliveries until they are acknowledged, and reports.

use anyhow::ensure;
use protocol::{
    record::{Acknowledgement, Push},
    report::REPORT_EVERY_MS,
    room::{Input, Output},
};

use super::{
    books,
    world::{Happening, World},
};

/// The wait for a delivery's acknowledgement, in milliseconds.
const PUSH_TIMEOUT_MS: u64 = 1_500;

impl World {
    pub(super) fn command(&mut self, guild: usize) {
        if !self.troubled() {
            return;
        }
        let burst = if self.chance.once_in(5) { self.chance.within(2..6) } else { 1 };
        for _ in 0..burst {
            self.books[guild].commit(self.now, &mut self.chance);
        }
        self.push(guild);
        let pause = if self.chance.once_in(3) { 40 } else { 4_000 };
        let pause = self.chance.within(1..pause);
        self.later(pause, Happening::Command(guild));
    }

    pub(super) fn push(&mut self, guild: usize) {
        if self.books[guild].in_flight {
            return;
        }
        let Some(push) = self.books[guild].push() else { return };
        self.books[guild].in_flight = true;
        let delay = self.delay();
        if self.troubled() && self.chance.once_in(10) {
            let straggling = self.chance.within(0..6_000);
            self.later(straggling, Happening::Push(usize::MAX, push.clone()));
        }
        self.later(delay, Happening::Push(guild, push));
    }

    pub(super) fn deliver(&mut self, guild: usize, push: Push) -> anyhow::Result<()> {
        let unheard = self.troubled() && self.chance.once_in(8);
        let (last, head) = (push.records.last().map(|record| record.seq), self.truth.head(self.end.epoch));
        let answer = if self.end.down_until.is_some() {
            None
        } else if std::mem::take(&mut self.crash_untold) {
            self.crash_untold(push)?;
            None
        } else {
            let has_events = push.records.iter().any(|record| !record.events.is_empty());
            let answer = self.tell_room(Input::Recorded(push))?;
            ensure!(answer.is_some_and(|answer| Some(answer.seq) >= last), "a delivery was not taken");
            self.counts.repeated += u64::from(has_events && head == self.truth.head(self.end.epoch));
            answer.filter(|_| !unheard)
        };
        let delay = if answer.is_some() { self.delay() } else { PUSH_TIMEOUT_MS };
        if guild != usize::MAX {
            self.later(delay, Happening::Pushed(guild, answer));
        }
        Ok(())
    }

    /// Crashes the room after a delivery: its stored rows survive, and nothing else of the delivery ever happened.
    pub(super) fn crash_untold(&mut self, push: Push) -> anyhow::Result<()> {
        let outputs = self.end.room.handle(self.end.clock(self.now), Input::Recorded(push));
        for output in outputs {
            if matches!(output, Output::Store(_) | Output::Forget(..) | Output::Delete(..)) {
                self.perform_for_room(output)?;
            }
        }
        self.counts.crashed_untold += 1;
        self.crash()
    }

    pub(super) fn pushed(&mut self, guild: usize, answer: Option<Acknowledgement>) {
        let books = &mut self.books[guild];
        books.in_flight = false;
        if let Some(answer) = answer {
            books.acknowledged = books.acknowledged.max(answer.seq);
        }
        self.push(guild);
    }

    pub(super) fn report(&mut self) -> anyhow::Result<()> {
        self.later(REPORT_EVERY_MS, Happening::Report);
        if self.reporting && self.end.down_until.is_none() {
            let report = books::report(self.now, &mut self.chance);
            self.tell_room(Input::Reported(report))?;
        }
        Ok(())
    }
}
