//! Admission of sockets. It is decided before the upgrade, so that a refusal costs no socket and nobody else notices.

use std::{collections::BTreeMap, fmt, num::ParseIntError, str::FromStr};

use crate::{Timestamp, rate_limit::RateLimit};

/// Sockets that one browser session may hold: as many tabs.
pub const SESSION_SOCKETS_MAX: usize = 50;
/// Sockets that one session may open at once, after a quiet time: all of its tabs, twice.
pub const JOINS_AT_ONCE_MAX: u64 = 100;
/// After these a session may open one more each so many milliseconds.
pub const JOIN_EVERY_MS: u64 = 200;
const PACE: RateLimit = RateLimit { at_once: JOINS_AT_ONCE_MAX, every_ms: JOIN_EVERY_MS };

/// A browser's session, by the first 64 bits of the hash that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for SessionId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// Why a socket is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// [`VIEWERS_MAX`](crate::message::VIEWERS_MAX) are watching.
    RoomFull,
    /// The session holds [`SESSION_SOCKETS_MAX`] sockets.
    TooManySockets,
    /// The session opens sockets faster than it may.
    TooManyJoins {
        /// The wait until the next one is let in, in milliseconds.
        retry_in_ms: u64,
    },
}

/// The sockets that the sessions have open, and how far they are ahead of their rate. Only what counts at this moment is
/// kept: a restart forgets nothing but a few seconds of haste.
#[derive(Clone, Debug, Default)]
pub(super) struct Admission {
    sessions: BTreeMap<SessionId, SessionSockets>,
}

#[derive(Clone, Copy, Debug, Default)]
struct SessionSockets {
    sockets: usize,
    /// The moment at which the session is back at its rate.
    theoretical_arrival: Timestamp,
}

impl Admission {
    /// With these sockets inside already.
    pub(super) fn with(sessions: impl IntoIterator<Item = SessionId>) -> Self {
        let mut admission = Self::default();
        sessions.into_iter().for_each(|session| admission.enter(Some(session)));
        admission
    }

    pub(super) fn admit(&mut self, now: Timestamp, session: SessionId) -> Result<(), Refusal> {
        self.sessions.retain(|_, visits| visits.sockets > 0 || visits.theoretical_arrival > now);
        let visits = self.sessions.entry(session).or_default();
        if visits.sockets >= SESSION_SOCKETS_MAX {
            return Err(Refusal::TooManySockets);
        }
        let paced = PACE.step(now, visits.theoretical_arrival);
        visits.theoretical_arrival = paced.map_err(|retry_in_ms| Refusal::TooManyJoins { retry_in_ms })?;
        Ok(())
    }

    pub(super) fn enter(&mut self, session: Option<SessionId>) {
        if let Some(session) = session {
            self.sessions.entry(session).or_default().sockets += 1;
        }
    }

    pub(super) fn leave(&mut self, session: Option<SessionId>) {
        if let Some(visits) = session.and_then(|session| self.sessions.get_mut(&session)) {
            visits.sockets = visits.sockets.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(43_200_000);

    #[test]
    fn a_session_keeps_its_name_as_text() {
        for id in [0, 0x00c0_ffee, u64::MAX] {
            let text = SessionId(id).to_string();
            assert_eq!((text.len(), text.parse()), (16, Ok(SessionId(id))));
        }
    }

    #[test]
    fn who_has_left_and_does_not_hurry_is_forgotten() {
        let mut admission = Admission::with([SessionId(1), SessionId(2)]);
        admission.leave(Some(SessionId(1)));
        assert_eq!(admission.admit(NOON, SessionId(3)), Ok(()));
        assert_eq!(admission.sessions.keys().collect::<Vec<_>>(), [&SessionId(2), &SessionId(3)]);
        assert_eq!(admission.admit(NOON.plus(JOIN_EVERY_MS - 1), SessionId(4)), Ok(()));
        assert_eq!(admission.sessions.len(), 3, "still ahead of its rate");
        assert_eq!(admission.admit(NOON.plus(JOIN_EVERY_MS), SessionId(5)), Ok(()));
        assert_eq!(admission.sessions.keys().map(|id| id.0).collect::<Vec<_>>(), [2, 4, 5]);
    }
}
