//! The server's clock, as well as the page can know it: how long ago something was is a matter between the server and itself.

use std::collections::VecDeque;

use protocol::Timestamp;

/// Readings that are compared; at the pace of the stats, a minute.
const READINGS: usize = 12;

/// The difference between the two clocks.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    readings: VecDeque<i64>,
}

impl Clock {
    /// A message that the server wrote at `server` came at `local`.
    pub fn read(&mut self, local: Timestamp, server: Timestamp) {
        if self.readings.len() == READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back(server.0.cast_signed().wrapping_sub(local.0.cast_signed()));
    }

    /// The server's time at `local`. The message that travelled least tells best, and none arrives before it was sent.
    pub fn now(&self, local: Timestamp) -> Timestamp {
        let ahead = self.readings.iter().max().copied().unwrap_or_default();
        Timestamp(local.0.saturating_add_signed(ahead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_message_sets_the_clock_and_old_readings_are_forgotten() {
        let mut clock = Clock::default();
        assert_eq!(clock.now(Timestamp(5_000)), Timestamp(5_000), "until something came, there is one clock");
        clock.read(Timestamp(1_000), Timestamp(9_700));
        clock.read(Timestamp(2_000), Timestamp(10_950));
        assert_eq!(clock.now(Timestamp(3_000)), Timestamp(11_950));
        for second in 3..=14 {
            clock.read(Timestamp(second * 1_000), Timestamp(second * 1_000 - 400));
        }
        assert_eq!(clock.now(Timestamp(20_000)), Timestamp(19_600), "somebody set a clock");
    }
}
