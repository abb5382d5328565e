//! The viewer's end of the conversation: connect, back off, heartbeat, resume, stale. It owns what the viewer knows.
//!
//! The shell turns the browser's happenings into [`Input`]s and performs the [`Output`]s; it decides nothing.

use crate::{
    Epoch, Seq, ServerMessage, Snapshot, Timestamp,
    feed::Feed,
    message::{CloseCode, HEARTBEAT_MS, PING, PONG, is_final_close},
};

/// The longest that a socket may take to open and say HELLO, in milliseconds.
pub const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// Without a frame for this long, the numbers are stale, in milliseconds.
pub const STALE_AFTER_MS: u64 = 12_500;
/// Without a frame for this long, the socket is given up, in milliseconds.
pub const DROP_AFTER_MS: u64 = 20_000;
/// The first retry comes within this, in milliseconds.
pub const FIRST_RETRY_MS: u64 = 1_000;
/// Later retries come within this times two to the number of failures, in milliseconds.
pub const RETRY_BASE_MS: u64 = 500;
/// The longest wait before a retry, in milliseconds.
pub const RETRY_MAX_MS: u64 = 20_000;
/// The shortest wait before a later retry, in milliseconds.
pub const RETRY_MIN_MS: u64 = 250;
/// A socket that lived this long starts the back-off anew, in milliseconds.
pub const HEALTHY_AFTER_MS: u64 = 5_000;
/// After what may have been a sleep, numbers are stale unless a frame comes within this, in milliseconds.
pub const ANSWER_AFTER_SLEEP_MS: u64 = 1_000;
/// After this many failures in a row the viewer polls as well.
pub const POLL_AFTER_FAILURES: u32 = 3;
/// The interval of these polls, in milliseconds.
pub const POLL_EVERY_MS: u64 = 10_000;

/// The number of a socket that the link has asked for; late words of an earlier one are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(pub u32);

/// An input of the link: something that happened in the browser.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// The page was opened. What came with the document has been told as [`Input::Polled`] before.
    Started,
    /// A text frame came.
    Said(Attempt, &'a str),
    /// The socket closed, or never opened; 1006 when the browser does not say why.
    Closed(Attempt, u16),
    /// `/api/snapshot` answered.
    Polled(Result<Box<Snapshot>, PollError>),
    /// A reason to try at once: online again, page shown, page visible, a click on "Retry now".
    Nudged,
    /// The viewer's machine may have slept: its clock on the wall went on further than the one that counts.
    Slept,
    /// The time asked for by [`Output::WakeIn`] has passed.
    Woke,
}

/// Why there is no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollError {
    /// 401.
    SignedOut,
    /// 403.
    Forbidden,
    /// Anything else; the next poll may work.
    Unavailable,
}

/// An output of the link, for the shell to perform, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a socket, with `?epoch=…&since=…` when there is something to resume.
    Connect(Attempt, Option<(Epoch, Seq)>),
    /// Send this text frame.
    Send(&'static str),
    /// Close the socket; it may no longer be heard.
    Hangup,
    /// Fetch `/api/snapshot`.
    Poll,
    /// The feed has changed: draw.
    Updated,
    /// The page is older than the edge: reload, once.
    Reload,
    /// Wake the link after this many milliseconds; a new wish replaces the old one.
    WakeIn(u64),
}

/// The state of the connection, as the pill on the page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The first socket is on its way.
    Connecting,
    /// Frames are coming, the last one less than [`STALE_AFTER_MS`] ago.
    Live,
    /// The socket is open, but no frame came for this many milliseconds.
    Stale(u64),
    /// The next attempt is under way, or comes in this many milliseconds.
    Reconnecting(u64),
    /// The same, and the numbers come from polling meanwhile.
    Polling(u64),
    /// Over, by this close code.
    Ended(u16),
}

/// The viewer's end of the conversation. It owns the feed.
#[derive(Clone, Debug)]
pub struct Link {
    feed: Feed,
    attempt: Attempt,
    phase: Phase,
    failures: u32,
    /// The moments of the last snapshot from `/api/snapshot` since polling began, and of the next poll.
    polled_at: Option<Timestamp>,
    next_poll: Option<Timestamp>,
    /// The edge's clock, and the viewer's at the moment it was told.
    clocks: Option<(Timestamp, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Connecting { since: Timestamp },
    Open { epoch: Epoch, since: Timestamp, last_frame: Timestamp, last_ping: Timestamp },
    Waiting { until: Timestamp },
    Ended { code: u16 },
}

impl Default for Link {
    fn default() -> Self {
        Self {
            feed: Feed::default(),
            attempt: Attempt(0),
            phase: Phase::Idle,
            failures: 0,
            polled_at: None,
            next_poll: None,
            clocks: None,
        }
    }
}

impl Link {
    /// Returns the viewer's knowledge.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Returns the state of the connection at `now`.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.phase {
            Phase::Ended { code } => Status::Ended(code),
            Phase::Open { last_frame, .. } => match now.since(last_frame) {
                silence if silence >= STALE_AFTER_MS => Status::Stale(silence),
                _ => Status::Live,
            },
            Phase::Idle | Phase::Connecting { .. } if self.failures == 0 => Status::Connecting,
            Phase::Idle | Phase::Connecting { .. } => self.retrying(now, 0),
            Phase::Waiting { until } => self.retrying(now, until.since(now)),
        }
    }

    /// Returns the edge's clock when the viewer's shows `now`, to about the time that a frame travels. All moments of the
    /// feed are the edge's. Until the edge has told its time, the two are taken to agree.
    pub fn server_time(&self, now: Timestamp) -> Timestamp {
        self.clocks.map_or(now, |(theirs, ours)| theirs.plus(now.since(ours)).minus(ours.since(now)))
    }

    /// Takes one happening; `entropy` is fresh random bits for the back-off.
    pub fn handle(&mut self, now: Timestamp, entropy: u64, input: Input<'_>) -> Vec<Output> {
        if matches!(self.phase, Phase::Ended { .. }) {
            return Vec::new();
        }
        let mut outputs = Vec::new();
        match input {
            Input::Started => {
                if self.feed.stats().is_none() {
                    outputs.push(Output::Poll);
                }
                self.connect(now, &mut outputs);
            }
            Input::Said(attempt, text) if attempt == self.attempt => {
                self.said(now, entropy, text, &mut outputs);
            }
            Input::Closed(attempt, code) if attempt == self.attempt => {
                self.closed(now, entropy, code, &mut outputs);
            }
            Input::Said(..) | Input::Closed(..) => {}
            Input::Polled(answer) => self.polled(now, answer, &mut outputs),
            Input::Nudged => self.nudged(now, &mut outputs),
            Input::Slept => {
                if let Phase::Open { last_frame, .. } = &mut self.phase {
                    *last_frame = now.minus(STALE_AFTER_MS - ANSWER_AFTER_SLEEP_MS).min(*last_frame);
                }
                self.nudged(now, &mut outputs);
            }
            Input::Woke => self.woke(now, entropy, &mut outputs),
        }
        if let Some(deadline) = self.next_deadline() {
            outputs.push(Output::WakeIn(deadline.since(now)));
        }
        outputs
    }

    fn retrying(&self, now: Timestamp, wait_ms: u64) -> Status {
        let fresh = self.polled_at.is_some_and(|at| now.since(at) < POLL_EVERY_MS + CONNECT_TIMEOUT_MS);
        if self.failures >= POLL_AFTER_FAILURES && fresh {
            Status::Polling(wait_ms)
        } else {
            Status::Reconnecting(wait_ms)
        }
    }

    fn connect(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        self.attempt.0 += 1;
        self.phase = Phase::Connecting { since: now };
        outputs.push(Output::Connect(self.attempt, self.feed.resume_point()));
    }

    fn said(&mut self, now: Timestamp, entropy: u64, text: &str, outputs: &mut Vec<Output>) {
        if let Phase::Open { last_frame, .. } = &mut self.phase {
            *last_frame = now;
        }
        if text == PONG {
            return;
        }
        match (serde_json::from_str(text), self.phase) {
            (Ok(ServerMessage::Hello { version, .. }), Phase::Connecting { .. })
                if version != crate::VERSION =>
            {
                self.mismatch(outputs);
            }
            (Ok(hello @ ServerMessage::Hello { epoch, server_time, .. }), Phase::Connecting { .. }) => {
                self.clocks = Some((server_time, now));
                self.phase = Phase::Open { epoch, since: now, last_frame: now, last_ping: now };
                self.next_poll = None;
                self.merge(epoch, hello, outputs);
            }
            (Ok(message), Phase::Open { epoch, .. }) => {
                let tells_all = matches!(message, ServerMessage::StatsUpdate { .. });
                if let ServerMessage::StatsUpdate { data, .. } = &message {
                    self.clocks = Some((data.as_of, now));
                }
                self.merge(epoch, message, outputs);
                // The room sends what waits before it sends the numbers: what is missing then was lost. And a feed
                // that holds another epoch for the newer one (clocks step back) would pass over all that this
                // socket says.
                if tells_all && (self.feed.has_gap() || !self.feed.is_of(epoch)) {
                    self.give_up(now, entropy, outputs);
                }
            }
            // A frame before HELLO, or one that cannot be read, is no conversation: start over.
            _ => self.give_up(now, entropy, outputs),
        }
    }

    fn merge(&mut self, epoch: Epoch, message: ServerMessage, outputs: &mut Vec<Output>) {
        self.feed.merge(epoch, message);
        outputs.push(Output::Updated);
    }

    /// The page and the edge are of different versions, whichever is the newer one.
    fn mismatch(&mut self, outputs: &mut Vec<Output>) {
        outputs.extend([Output::Hangup, Output::Reload]);
        self.phase = Phase::Ended { code: CloseCode::VersionMismatch.number() };
    }

    fn give_up(&mut self, now: Timestamp, entropy: u64, outputs: &mut Vec<Output>) {
        outputs.push(Output::Hangup);
        self.failed(now, entropy, outputs);
    }

    fn closed(&mut self, now: Timestamp, entropy: u64, code: u16, outputs: &mut Vec<Output>) {
        if is_final_close(code) {
            self.phase = Phase::Ended { code };
            if code == CloseCode::VersionMismatch.number() {
                outputs.push(Output::Reload);
            }
        } else if !matches!(self.phase, Phase::Waiting { .. }) {
            self.failed(now, entropy, outputs);
        }
    }

    fn failed(&mut self, now: Timestamp, entropy: u64, outputs: &mut Vec<Output>) {
        if let Phase::Open { since, .. } = self.phase
            && now.since(since) >= HEALTHY_AFTER_MS
        {
            self.failures = 0;
        }
        let wait = retry_wait_ms(self.failures, entropy);
        self.failures = self.failures.saturating_add(1);
        self.attempt.0 += 1; // Whatever the given-up socket still says is not for us.
        self.phase = Phase::Waiting { until: now.plus(wait) };
        if self.failures == 1 {
            // A browser does not say why an upgrade was refused; this answer does.
            outputs.push(Output::Poll);
        } else if self.failures >= POLL_AFTER_FAILURES && self.next_poll.is_none() {
            outputs.push(Output::Poll);
            self.next_poll = Some(now.plus(POLL_EVERY_MS));
            self.polled_at = None; // What the first load or the last polling brought is old.
        }
    }

    fn polled(
        &mut self,
        now: Timestamp,
        answer: Result<Box<Snapshot>, PollError>,
        outputs: &mut Vec<Output>,
    ) {
        let code = match answer {
            Ok(snapshot) if snapshot.version != crate::VERSION => {
                self.mismatch(outputs);
                return;
            }
            Ok(snapshot) => {
                self.polled_at = Some(now);
                // This answer can be late, and tells the time only while nothing better does.
                self.clocks.get_or_insert((snapshot.stats.as_of, now));
                self.feed.merge_snapshot(*snapshot);
                outputs.push(Output::Updated);
                return;
            }
            Err(PollError::Unavailable) => return,
            Err(PollError::SignedOut) => CloseCode::SignedOut,
            Err(PollError::Forbidden) => CloseCode::Forbidden,
        };
        outputs.push(Output::Hangup);
        self.phase = Phase::Ended { code: code.number() };
    }

    fn nudged(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        match self.phase {
            Phase::Waiting { .. } => self.connect(now, outputs),
            // A laptop that slept: the browser still says "open". The answer, or the silence, will tell.
            Phase::Open { ref mut last_ping, .. } => {
                *last_ping = now;
                outputs.push(Output::Send(PING));
            }
            Phase::Idle | Phase::Connecting { .. } | Phase::Ended { .. } => {}
        }
    }

    fn woke(&mut self, now: Timestamp, entropy: u64, outputs: &mut Vec<Output>) {
        if self.next_poll.is_some_and(|at| now >= at) {
            self.next_poll = Some(now.plus(POLL_EVERY_MS));
            outputs.push(Output::Poll);
        }
        match &mut self.phase {
            Phase::Connecting { since } if now.since(*since) >= CONNECT_TIMEOUT_MS => {
                self.give_up(now, entropy, outputs);
            }
            Phase::Open { last_frame, .. } if now.since(*last_frame) >= DROP_AFTER_MS => {
                self.give_up(now, entropy, outputs);
            }
            Phase::Open { last_ping, .. } if now.since(*last_ping) >= HEARTBEAT_MS => {
                *last_ping = now;
                outputs.push(Output::Send(PING));
            }
            Phase::Waiting { until } if now >= *until => self.connect(now, outputs),
            _ => {}
        }
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let own = match self.phase {
            Phase::Idle | Phase::Ended { .. } => return None,
            Phase::Connecting { since } => since.plus(CONNECT_TIMEOUT_MS),
            Phase::Open { last_frame, last_ping, .. } => {
                last_frame.plus(DROP_AFTER_MS).min(last_ping.plus(HEARTBEAT_MS))
            }
            Phase::Waiting { until } => until,
        };
        Some(self.next_poll.map_or(own, |poll| poll.min(own)))
    }
}

/// Full jitter, so that a thousand viewers do not come back in the same moment.
fn retry_wait_ms(failures: u32, entropy: u64) -> u64 {
    if failures == 0 {
        return entropy % FIRST_RETRY_MS;
    }
    let ceiling = RETRY_BASE_MS.saturating_mul(1 << failures.min(16)).min(RETRY_MAX_MS);
    (entropy % ceiling).max(RETRY_MIN_MS)
}
