//! A viewer's shell: performs what its link wants, and looks at what it is told.

use anyhow::ensure;
use protocol::{
    DashboardStats, Epoch, Seq, Timestamp,
    link::{Link, Status},
    room::SocketId,
};

use super::truth::Truth;

#[derive(Debug)]
pub struct Viewer {
    pub link: Link,
    /// The socket that is not hung up and has not closed.
    pub socket: Option<SocketId>,
    pub wake: u64,
    /// Nobody's clock is right.
    pub clock_ahead_ms: u64,
    seen: Option<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    epoch: Epoch,
    head: Seq,
    as_of: Timestamp,
    seq: Seq,
    commands: u64,
    players: u64,
}

impl Viewer {
    pub fn new(clock_ahead_ms: u64) -> Self {
        Self { link: Link::default(), socket: None, wake: 0, clock_ahead_ms, seen: None }
    }

    pub fn status(&self, now: Timestamp) -> Status {
        self.link.status(now.plus(self.clock_ahead_ms))
    }

    /// Looks at what has changed: nothing untrue, nothing going back.
    pub fn look(&mut self, truth: &Truth) -> anyhow::Result<()> {
        let Some((epoch, head)) = self.link.feed().resume_point() else { return Ok(()) };
        ensure!(head <= truth.head(epoch), "knows {epoch} up to {head}, the room does not");
        if let Some(newest) = self.link.feed().events().next() {
            ensure!(truth.holds(epoch, newest), "was told {newest:?}, which never happened in {epoch}");
        }
        let Some(stats) = self.link.feed().stats() else { return Ok(()) };
        let seen = Seen::of(epoch, head, stats);
        if let Some(before) = self.seen.replace(seen).filter(|before| before.epoch == epoch) {
            ensure!(before.head <= head, "the head went back: {before:?}, {seen:?}");
            ensure!((before.seq, before.as_of) <= (seen.seq, seen.as_of), "went back: {before:?}, {seen:?}");
            // Within one millisecond the numbers have no order.
            ensure!(
                before.as_of == seen.as_of
                    || (before.commands <= seen.commands && before.players <= seen.players),
                "numbers went back: {before:?}, {seen:?}"
            );
        }
        Ok(())
    }

    /// Looks at every event.
    pub fn look_at_all(&self, truth: &Truth) -> anyhow::Result<()> {
        let Some((epoch, _)) = self.link.feed().resume_point() else { return Ok(()) };
        let mut above = None;
        for event in self.link.feed().events() {
            ensure!(truth.holds(epoch, event), "knows {event:?}, which never happened in {epoch}");
            ensure!(above.is_none_or(|above| event.seq < above), "{} comes twice", event.seq);
            above = Some(event.seq);
        }
        Ok(())
    }
}

impl Seen {
    fn of(epoch: Epoch, head: Seq, stats: &DashboardStats) -> Self {
        Self {
            epoch,
            head,
            as_of: stats.as_of,
            seq: stats.seq,
            commands: stats.commands.total,
            players: stats.users.total,
        }
    }
}
