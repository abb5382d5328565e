//! When events leave: the first after a quiet time at once, those of a busy one together.

use super::{Output, Room};
use crate::{ServerMessage, Timestamp};

/// Events within this long of a frame wait, and leave together, in milliseconds.
pub const COALESCE_MS: u64 = 50;
/// The longest that events wait, however many watch, in milliseconds.
pub const COALESCE_MAX_MS: u64 = 200;
/// Writing a frame to a thousand sockets takes about 33 ms: with this window per thousand it is half of the time.
const COALESCE_MS_PER_1000_VIEWERS: u64 = 66;

impl Room {
    /// The first event after a quiet time leaves at once; within the window of a frame, events wait and leave together.
    pub(super) fn flush_or_wait(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let quiet = now.since(self.last_frame);
        let window = self.window_ms();
        if quiet >= window {
            self.flush(now, outputs);
        } else if !self.pending.is_empty() && !self.flushing {
            self.flushing = true;
            outputs.push(Output::FlushIn(window - quiet));
        }
    }

    pub(super) fn flush(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let mut events = std::mem::take(&mut self.pending);
        let message = match events.len() {
            0 => return,
            1 => ServerMessage::NewEvent { data: events.swap_remove(0) },
            _ => ServerMessage::Events { data: events },
        };
        self.broadcast(now, message, outputs);
    }

    pub(super) fn broadcast(&mut self, now: Timestamp, message: ServerMessage, outputs: &mut Vec<Output>) {
        self.last_frame = now;
        if !self.viewers.is_empty() {
            outputs.push(Output::Broadcast(message));
        }
    }

    fn window_ms(&self) -> u64 {
        (self.viewers.len() as u64 * COALESCE_MS_PER_1000_VIEWERS / 1_000).clamp(COALESCE_MS, COALESCE_MAX_MS)
    }
}
