//! Rate limits (GCRA): so many steps at once after a quiet time, and then one more each so often.

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};

use crate::Timestamp;

/// A rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The burst: the steps that may be taken at once, after a quiet time.
    pub at_once: u64,
    /// After that, once each so many milliseconds.
    pub every_ms: u64,
}

impl RateLimit {
    /// The furthest that somebody may be ahead of the pace, in milliseconds.
    const fn ahead_max_ms(self) -> u64 {
        (self.at_once - 1) * self.every_ms
    }

    /// Takes one step at `now`; `theoretical_arrival` is the theoretical arrival time so far. Returns the next one, or the wait in
    /// milliseconds. This is the generic cell rate algorithm (ITU-T I.371).
    pub fn step(self, now: Timestamp, theoretical_arrival: Timestamp) -> Result<Timestamp, u64> {
        let ahead_ms = match theoretical_arrival.since(now) {
            // Nobody gets so far ahead: the clock has stepped back.
            ms if ms > self.ahead_max_ms() + self.every_ms => 0,
            ms => ms,
        };
        if ahead_ms > self.ahead_max_ms() {
            return Err(ahead_ms - self.ahead_max_ms());
        }
        Ok(now.plus(ahead_ms + self.every_ms))
    }
}

/// The callers who are ahead of a rate limit. One who is back at it is forgotten; a restart forgives a few seconds of haste.
#[derive(Clone, Debug)]
pub struct RateLimits<K> {
    pace: RateLimit,
    theoretical_arrival: BTreeMap<K, Timestamp>,
    /// The moment of the next sweep, at the earliest.
    sweep_at: Timestamp,
}

/// The number of callers from which on some are looked for that can be forgotten.
const SWEEP_FROM: usize = 1_000;
/// The shortest time between two such sweeps, in milliseconds.
const SWEEP_EVERY_MS: u64 = 1_000;

impl<K: Ord> RateLimits<K> {
    /// Nobody is ahead of it.
    pub const fn of(pace: RateLimit) -> Self {
        Self { pace, theoretical_arrival: BTreeMap::new(), sweep_at: Timestamp(0) }
    }

    /// Takes one step for this one; refused, it gives the wait in milliseconds.
    pub fn step(&mut self, now: Timestamp, who: K) -> Result<(), u64> {
        self.sweep(now);
        let theoretical_arrival = self.theoretical_arrival.entry(who).or_default();
        *theoretical_arrival = self.pace.step(now, *theoretical_arrival)?;
        Ok(())
    }

    /// Returns the wait in milliseconds if this one would be refused now. Nothing is counted.
    pub fn wait_ms<Q: Ord + ?Sized>(&self, now: Timestamp, who: &Q) -> Option<u64>
    where
        K: Borrow<Q>,
    {
        let theoretical_arrival = self.theoretical_arrival.get(who).copied().unwrap_or_default();
        self.pace.step(now, theoretical_arrival).err()
    }

    /// Forgets how far this one is ahead.
    pub fn forget<Q: Ord + ?Sized>(&mut self, who: &Q)
    where
        K: Borrow<Q>,
    {
        self.theoretical_arrival.remove(who);
    }

    /// Returns the number of callers that are remembered.
    pub fn len(&self) -> usize {
        self.theoretical_arrival.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.theoretical_arrival.is_empty()
    }

    fn sweep(&mut self, now: Timestamp) {
        if self.theoretical_arrival.len() >= SWEEP_FROM && now >= self.sweep_at {
            self.theoretical_arrival.retain(|_, theoretical_arrival| *theoretical_arrival > now);
            self.sweep_at = now.plus(SWEEP_EVERY_MS);
        }
    }
}

/// By what an address is counted: an IPv4 address by itself, and an IPv6 address by the 64 bits that one household has.
pub fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).to_string(),
        },
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(43_200_000);
    const PACE: RateLimit = RateLimit { at_once: 3, every_ms: 100 };

    #[test]
    fn three_at_once_and_then_one_each_tenth_of_a_second() {
        let mut rate_limits = RateLimits::of(PACE);
        for (after_ms, answer) in [
            (0, Ok(())),
            (0, Ok(())),
            (0, Ok(())),
            (0, Err(100)),
            (40, Err(60)),
            (99, Err(1)),
            (100, Ok(())),
            (100, Err(100)),
            (400, Ok(())),
            (400, Ok(())),
            (400, Ok(())),
            (400, Err(100)),
        ] {
            let now = NOON.plus(after_ms);
            assert_eq!(rate_limits.wait_ms(now, "ann"), answer.err(), "asked after {after_ms} ms");
            assert_eq!(rate_limits.step(now, "ann"), answer, "after {after_ms} ms");
            assert_eq!(rate_limits.wait_ms(now, "ben"), None, "others are not concerned");
        }
    }

    #[test]
    fn who_is_forgotten_begins_anew() {
        let mut rate_limits = RateLimits::of(PACE);
        (0..4).for_each(|_| _ = rate_limits.step(NOON, "ann"));
        rate_limits.forget("ann");
        assert_eq!(rate_limits.step(NOON, "ann"), Ok(()));
    }

    #[test]
    fn a_household_is_one_whatever_its_address() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:0DB8:1:2::9", "2001:db8:1:2::"),
            ("2001:db8:1:3::9", "2001:db8:1:3::"),
            ("unknown", "unknown"),
        ] {
            assert_eq!(network(address), expected, "{address}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_locks_nobody_out() {
        let mut rate_limits = RateLimits::of(PACE);
        (0..3).for_each(|_| rate_limits.step(NOON, ()).unwrap());
        assert_eq!(rate_limits.step(NOON.minus(3_600_000), ()), Ok(()));
    }

    #[test]
    fn who_is_back_at_the_pace_is_forgotten() {
        let mut rate_limits = RateLimits::of(PACE);
        for address in 0..5_000_u64 {
            rate_limits.step(NOON.plus(address * 10), address).unwrap();
        }
        assert!(rate_limits.len() < 1_200, "{} are remembered", rate_limits.len());
        assert!(!rate_limits.is_empty());
    }
}
