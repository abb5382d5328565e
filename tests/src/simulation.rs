//! One room and its viewers under a virtual clock, over a wire that does its worst. A seed decides everything.
//!
//! [`converse`] lets them talk through a time of trouble and then a quiet one, and fails when a viewer has ever been told
//! something untrue, or ends up knowing anything else than the room does.

mod books;
mod carrying;
mod chance;
mod delivering;
mod hosting;
mod room_end;
mod trouble;
mod truth;
mod verdict;
mod viewer;
mod viewing;
mod wire;
mod world;

use std::ops::AddAssign;

use anyhow::Context;

use self::world::World;

/// Counts of a conversation's happenings, so that a test can see that nothing it relies on has stopped happening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that the room numbered.
    pub events: u64,
    /// Frames that reached a viewer.
    pub frames: u64,
    /// Frames that came twice.
    pub doubled: u64,
    /// Frames that an open socket swallowed.
    pub swallowed: u64,
    /// Sockets cut without a word to either side.
    pub cut: u64,
    /// Joins that went on where the viewer was.
    pub resumed: u64,
    /// Joins with something to resume that got a snapshot all the same.
    pub restarted: u64,
    /// Snapshots that HTTP answered.
    pub polled: u64,
    /// Deliveries that the room had seen before.
    pub repeated: u64,
    /// Restarts with the sockets surviving.
    pub hibernated: u64,
    /// Restarts without the sockets.
    pub crashed: u64,
    /// Restarts after something was stored and before anybody heard of it.
    pub crashed_untold: u64,
    /// Restarts with neither the sockets nor the log.
    pub lost: u64,
    /// Events that were numbered and never sent: the room restarted within their window.
    pub unsent: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        for (sum, more) in self.fields().into_iter().zip({ other }.fields()) {
            *sum.1 += *more.1;
        }
    }
}

impl Counts {
    /// Each count with its name.
    pub fn fields(&mut self) -> [(&'static str, &mut u64); 14] {
        [
            ("events", &mut self.events),
            ("frames", &mut self.frames),
            ("doubled", &mut self.doubled),
            ("swallowed", &mut self.swallowed),
            ("cut", &mut self.cut),
            ("resumed", &mut self.resumed),
            ("restarted", &mut self.restarted),
            ("polled", &mut self.polled),
            ("repeated", &mut self.repeated),
            ("hibernated", &mut self.hibernated),
            ("crashed", &mut self.crashed),
            ("crashed_untold", &mut self.crashed_untold),
            ("lost", &mut self.lost),
            ("unsent", &mut self.unsent),
        ]
    }
}

/// Runs the conversation of this seed; with `trace`, every happening is printed.
pub fn converse(seed: u64, trace: bool) -> anyhow::Result<Counts> {
    let mut world = World::new(seed, trace);
    world.run().with_context(|| format!("at {} ms", world.elapsed_ms()))?;
    Ok(world.counts)
}
