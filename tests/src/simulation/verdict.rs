//! The end of a conversation, and the conditions that must then hold.

use anyhow::{Context, ensure};
use protocol::{Timestamp, link::Status};

use super::world::World;

/// A dead socket is noticed after 20 s, the next attempt may wait 20 s and fail, and the one after that as long again.
const QUIET_MS: u64 = 75_000;
/// A tick's frames arrive within this.
const ARRIVAL_MS: u64 = 1_000;
/// Without a tick for this long, there is none.
const TICK_MISSING_MS: u64 = 12_000;

impl World {
    /// Over is when all agree a little after a tick; at the end of the quiet time they must.
    pub(super) fn is_over(&self) -> anyhow::Result<bool> {
        if self.troubled() {
            return Ok(false);
        }
        let ticked_at = self.truth.ticked.as_ref().map_or(Timestamp(0), |stats| stats.as_of);
        let since_tick = self.end.clock(self.now).since(ticked_at);
        let is_last = self.now.since(self.trouble_until) >= QUIET_MS;
        ensure!(!is_last || since_tick < TICK_MISSING_MS, "the last tick was {since_tick} ms ago");
        if !(ARRIVAL_MS..2 * ARRIVAL_MS).contains(&since_tick) {
            return Ok(false);
        }
        Ok(is_last || (!self.patient && self.check_agreement().is_ok()))
    }

    pub(super) fn check_agreement(&self) -> anyhow::Result<()> {
        let (room, tick) = (&self.end.room, self.truth.ticked.as_ref().context("there was no tick")?);
        ensure!(usize::try_from(tick.viewers)? == self.viewers.len(), "{} viewers", tick.viewers);
        if !self.reporting {
            ensure!(&room.stats(tick.as_of) == tick, "the room changed while nothing happened");
        }
        (0..self.viewers.len())
            .try_for_each(|viewer| self.check_viewer(viewer).with_context(|| format!("viewer {viewer}")))?;
        self.check_books()
    }

    fn check_books(&self) -> anyhow::Result<()> {
        for books in &self.books {
            ensure!(books.push().is_none(), "{books:?} has rows that nobody acknowledged");
            for id in books.event_ids() {
                ensure!(self.truth.knows(id), "{id} was never numbered");
            }
        }
        Ok(())
    }

    fn check_viewer(&self, viewer: usize) -> anyhow::Result<()> {
        let viewer = &self.viewers[viewer];
        let (epoch, head) = (self.end.epoch, self.truth.head(self.end.epoch));
        let feed = viewer.link.feed();
        ensure!(feed.resume_point() == Some((epoch, head)), "{:?}, not {epoch} {head}", feed.resume_point());
        ensure!(!feed.has_gap(), "there is a gap");
        let status = viewer.status(self.now);
        ensure!(status == Status::Live, "{status:?}");
        viewer.look_at_all(&self.truth)?;
        ensure!(feed.stats() == self.truth.ticked.as_ref(), "other numbers: {:?}", feed.stats());
        let missing = self.truth.charts.iter().find(|point| !feed.history().contains(point));
        ensure!(missing.is_none(), "its charts have not {missing:?}");
        ensure!(feed.history().iter().map(|point| point.at).is_sorted(), "its charts are in no order");
        // Conversations are shorter than the ring: all of it is what the viewer knows.
        ensure!(feed.events().eq(self.truth.log(epoch).iter().rev()), "not all events of the ring");
        ensure!(feed.events().eq(&self.end.room.snapshot(self.now).events), "not the ring");
        Ok(())
    }
}
