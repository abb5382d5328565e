//! The link as tables: what it wants, given what happened and when.

use crate::samples::{EPOCH, NOON, event, events, snapshot, stats};
use protocol::{
    Epoch, Seq, ServerMessage, Snapshot, Timestamp,
    feed::Feed,
    link::{
        ANSWER_AFTER_SLEEP_MS, Attempt, CONNECT_TIMEOUT_MS, DROP_AFTER_MS, HEALTHY_AFTER_MS, Input, Link,
        Output, POLL_EVERY_MS, PollError, RETRY_MAX_MS, STALE_AFTER_MS, Status,
    },
    message::{HEARTBEAT_MS, Notice, PONG},
};

const LOST: u16 = 1006;

/// A link and its clock.
struct Page {
    link: Link,
    now: Timestamp,
    attempt: Attempt,
    entropy: u64,
}

impl Page {
    fn opened() -> Self {
        let mut page = Self { link: Link::default(), now: NOON, attempt: Attempt(0), entropy: 0 };
        let outputs = page.handle(Input::Started);
        assert_eq!(outputs[..2], [Output::Poll, Output::Connect(Attempt(1), None)]);
        page
    }

    /// A page with a live socket whose snapshot ends at 3.
    fn live() -> Self {
        let mut page = Self::opened();
        page.hello(EPOCH, 3, false);
        page.say(&ServerMessage::Snapshot { data: Box::new(snapshot(EPOCH, page.now, 1..=3)) });
        page.say(&ServerMessage::StatsUpdate { data: Box::new(stats(page.now, 3)), points: Vec::new() });
        assert_eq!(page.status(), Status::Live);
        page
    }

    fn handle(&mut self, input: Input<'_>) -> Vec<Output> {
        let outputs = self.link.handle(self.now, self.entropy, input);
        for output in &outputs {
            if let Output::Connect(attempt, _) = output {
                assert!(*attempt > self.attempt, "an attempt has a number of its own");
                self.attempt = *attempt;
            }
        }
        outputs
    }

    fn say(&mut self, message: &ServerMessage) -> Vec<Output> {
        let text = serde_json::to_string(message).expect("a message is JSON");
        self.handle(Input::Said(self.attempt, &text))
    }

    fn hello(&mut self, epoch: Epoch, seq: u64, resumed: bool) -> Vec<Output> {
        self.say(&ServerMessage::Hello {
            version: protocol::VERSION,
            epoch,
            seq: Seq(seq),
            server_time: self.now,
            heartbeat_ms: HEARTBEAT_MS,
            resumed,
        })
    }

    fn lose(&mut self) -> Vec<Output> {
        self.handle(Input::Closed(self.attempt, LOST))
    }

    /// Lets time pass, waking the link exactly when it wants to be, and gives what it wanted besides.
    fn pass(&mut self, ms: u64) -> Vec<(u64, Output)> {
        let (began, until) = (self.now, self.now.plus(ms));
        let mut wanted = Vec::new();
        let mut wake = self.wake_wanted();
        while let Some(at) = wake.filter(|at| *at <= until) {
            self.now = at;
            let outputs = self.handle(Input::Woke);
            wanted.extend(
                outputs
                    .iter()
                    .filter(|output| !matches!(output, Output::WakeIn(_)))
                    .map(|output| (at.since(began), *output)),
            );
            wake = wake_in(&outputs).map(|ms| at.plus(ms));
        }
        self.now = until;
        wanted
    }

    /// Returns the moment at which the link wants to be woken, asked in a way that changes nothing.
    fn wake_wanted(&self) -> Option<Timestamp> {
        let stranger = Input::Said(Attempt(u32::MAX), "");
        wake_in(&self.link.clone().handle(self.now, 0, stranger)).map(|ms| self.now.plus(ms))
    }

    fn status(&self) -> Status {
        self.link.status(self.now)
    }

    fn feed(&self) -> &Feed {
        self.link.feed()
    }
}

fn wake_in(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| match output {
        Output::WakeIn(ms) => Some(*ms),
        _ => None,
    })
}

fn connects(wanted: &[(u64, Output)]) -> Vec<u64> {
    wanted.iter().filter(|(_, output)| matches!(output, Output::Connect(..))).map(|(ms, _)| *ms).collect()
}

#[test]
fn what_came_with_the_document_is_not_asked_for_again() {
    let mut page = Page { link: Link::default(), now: NOON, attempt: Attempt(0), entropy: 0 };
    page.handle(Input::Polled(Ok(Box::new(snapshot(EPOCH, NOON, 1..=3)))));
    let outputs = page.handle(Input::Started);
    assert_eq!(outputs[0], Output::Connect(Attempt(1), Some((EPOCH, Seq(3)))));
    assert!(!outputs.contains(&Output::Poll), "{outputs:?}");
    page.hello(EPOCH, 3, true);
    assert_eq!((page.status(), page.feed().events().count()), (Status::Live, 3));
}

#[test]
fn a_socket_that_says_nothing_is_given_up_after_five_seconds() {
    let mut page = Page::opened();
    assert_eq!(page.status(), Status::Connecting);
    assert_eq!(page.pass(CONNECT_TIMEOUT_MS - 1), []);
    page.entropy = 999;
    assert_eq!(page.pass(1), [(1, Output::Hangup), (1, Output::Poll)]);
    assert_eq!(page.status(), Status::Reconnecting(999));
    assert_eq!(connects(&page.pass(999)), [999]);
    assert_eq!(page.status(), Status::Reconnecting(0));
}

#[test]
fn retries_come_within_bounds_that_double() {
    // The shortest and the longest wait after each failure in a row, PROTOCOL's "Reconnecting".
    let bounds = [
        (0, 999),
        (250, 999),
        (250, 1_999),
        (250, 3_999),
        (250, 7_999),
        (250, 15_999),
        (250, RETRY_MAX_MS - 1),
        (250, RETRY_MAX_MS - 1),
    ];
    for extreme in [0, 1] {
        let mut page = Page::opened();
        for (failures, (shortest, longest)) in bounds.into_iter().enumerate() {
            let wait = if extreme == 0 { shortest } else { longest };
            page.entropy = if extreme == 0 { 0 } else { longest };
            page.lose();
            assert!(
                matches!(page.status(), Status::Reconnecting(ms) | Status::Polling(ms) if ms == wait),
                "{failures} failures: {:?}",
                page.status()
            );
            assert_eq!(connects(&page.pass(wait)), [wait], "{failures} failures");
        }
    }
}

#[test]
fn the_jitter_is_full() {
    // Whatever the entropy, the wait lies within; and all of the range is used.
    let mut waits: Vec<u64> = (0..1_000u64)
        .map(|entropy| {
            let mut page = Page::opened();
            page.entropy = entropy.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (0..7).for_each(|_| {
                page.lose();
                page.handle(Input::Nudged);
            });
            page.lose();
            let Status::Reconnecting(wait) = page.status() else { panic!("{:?}", page.status()) };
            wait
        })
        .collect();
    waits.sort_unstable();
    assert!(waits[0] >= 250 && waits[999] < RETRY_MAX_MS);
    for (tenth, chunk) in waits.chunks(100).enumerate() {
        let expected = tenth as u64 * RETRY_MAX_MS / 10;
        assert!(chunk[0].abs_diff(expected) < RETRY_MAX_MS / 12, "tenth {tenth} begins at {}", chunk[0]);
    }
}

#[test]
fn five_healthy_seconds_start_the_back_off_anew() {
    for (lived_ms, longest) in [(HEALTHY_AFTER_MS - 1, 3_999), (HEALTHY_AFTER_MS, 999)] {
        let mut page = Page::opened();
        for _ in 0..3 {
            page.lose();
            page.handle(Input::Nudged);
        }
        page.hello(EPOCH, 0, false);
        page.pass(lived_ms);
        page.entropy = longest;
        page.lose();
        assert_eq!(page.status(), Status::Reconnecting(longest), "after {lived_ms} ms");
    }
}

#[test]
fn the_heart_beats_every_25_seconds() {
    let mut page = Page::live();
    let mut beats = Vec::new();
    for second in 1..=60u64 {
        beats.extend(page.pass(1_000).into_iter().map(|(_, output)| (second, output)));
        page.say(&ServerMessage::NewEvent { data: event(3) });
    }
    assert_eq!(beats, [(25, Output::Send("ping")), (50, Output::Send("ping"))]);
}

#[test]
fn a_clock_that_wakes_early_changes_nothing() {
    let mut connecting = Page::opened();
    connecting.now = connecting.now.plus(CONNECT_TIMEOUT_MS - 1);
    let outputs = connecting.handle(Input::Woke);
    assert!(outputs.iter().all(|output| matches!(output, Output::WakeIn(_))), "{outputs:?}");
    let mut page = Page::live();
    for ms in [0, 1, HEARTBEAT_MS / 2] {
        page.now = page.now.plus(ms);
        let outputs = page.handle(Input::Woke);
        assert!(outputs.iter().all(|output| matches!(output, Output::WakeIn(_))), "{outputs:?}");
    }
}

#[test]
fn silence_is_stale_and_then_the_end() {
    let mut page = Page::live();
    page.pass(STALE_AFTER_MS - 1);
    assert_eq!(page.status(), Status::Live);
    page.pass(1);
    assert_eq!(page.status(), Status::Stale(STALE_AFTER_MS));
    page.handle(Input::Said(page.attempt, PONG));
    assert_eq!(page.status(), Status::Live, "a pong is a sign of life");
    page.entropy = 500;
    assert_eq!(page.pass(DROP_AFTER_MS - 1), [(HEARTBEAT_MS - STALE_AFTER_MS, Output::Send("ping"))]);
    assert_eq!(page.pass(1), [(1, Output::Hangup), (1, Output::Poll)]);
    assert_eq!(page.status(), Status::Reconnecting(500));
    assert_eq!(page.pass(500), [(500, Output::Connect(Attempt(3), Some((EPOCH, Seq(3)))))]);
}

#[test]
fn three_failures_and_it_polls_every_ten_seconds() {
    let mut page = Page::opened();
    page.entropy = u64::MAX - 15; // Long waits.
    let polls = [true, false, true, false];
    for (failures, poll) in polls.into_iter().enumerate() {
        assert_eq!(page.lose().contains(&Output::Poll), poll, "failure {}", failures + 1);
        page.handle(Input::Nudged);
    }
    assert!(matches!(page.status(), Status::Reconnecting(_)), "nothing has answered yet");
    page.handle(Input::Polled(Ok(Box::new(snapshot(EPOCH, page.now, 1..=3)))));
    assert_eq!(page.status(), Status::Polling(0));
    assert_eq!(page.feed().resume_point(), Some((EPOCH, Seq(3))));
    let mut polled = Vec::new();
    let began = page.now;
    for _ in 0..35 {
        page.lose();
        let so_far = page.now.since(began);
        let wanted = page.pass(1_000);
        polled.extend(wanted.iter().filter(|(_, output)| *output == Output::Poll).map(|(ms, _)| so_far + ms));
    }
    assert_eq!(polled, [POLL_EVERY_MS, 2 * POLL_EVERY_MS, 3 * POLL_EVERY_MS]);
    assert!(matches!(page.status(), Status::Reconnecting(_)), "no answer for 15 s: {:?}", page.status());
    page.handle(Input::Nudged);
    page.hello(EPOCH, 3, true);
    assert_eq!(page.status(), Status::Live);
    assert_eq!(page.pass(15_000), [], "a socket ends the polling");
}

#[test]
fn a_poll_that_fails_is_forgotten_and_one_that_is_refused_ends_it() {
    let cases = [
        (PollError::Unavailable, None),
        (PollError::SignedOut, Some(4501)),
        (PollError::Forbidden, Some(4503)),
    ];
    for (error, code) in cases {
        let mut page = Page::opened();
        let outputs = page.handle(Input::Polled(Err(error)));
        assert_eq!(outputs.contains(&Output::Hangup), code.is_some());
        assert_eq!(page.status(), code.map_or(Status::Connecting, Status::Ended));
    }
}

#[test]
fn a_nudge_tries_at_once() {
    let mut page = Page::live();
    assert_eq!(page.handle(Input::Nudged)[0], Output::Send("ping"), "an open socket is asked");
    page.entropy = 900;
    page.lose();
    let outputs = page.handle(Input::Nudged);
    assert_eq!(outputs[0], Output::Connect(Attempt(3), Some((EPOCH, Seq(3)))));
    assert_eq!(page.handle(Input::Nudged), [Output::WakeIn(CONNECT_TIMEOUT_MS)], "one socket at a time");
}

#[test]
fn after_a_sleep_numbers_are_stale_unless_somebody_answers_at_once() {
    let mut page = Page::live();
    page.now = page.now.plus(100);
    assert_eq!(page.handle(Input::Slept)[0], Output::Send("ping"));
    assert_eq!(page.status(), Status::Live, "the answer is on its way");
    page.now = page.now.plus(ANSWER_AFTER_SLEEP_MS);
    assert_eq!(page.status(), Status::Stale(STALE_AFTER_MS));
    page.handle(Input::Said(page.attempt, PONG));
    assert_eq!(page.status(), Status::Live);
    page.lose();
    let outputs = page.handle(Input::Slept);
    assert!(matches!(outputs[0], Output::Connect(..)), "who waits tries at once");
}

#[test]
fn some_closes_are_for_good() {
    for code in [4500, 4501, 4503, 4529, 4999] {
        let mut page = Page::live();
        assert_eq!(page.handle(Input::Closed(page.attempt, code)), []);
        assert_eq!(page.status(), Status::Ended(code));
        assert_eq!(page.handle(Input::Nudged), []);
        assert_eq!(page.handle(Input::Polled(Ok(Box::new(snapshot(EPOCH, NOON, 1..=9))))), []);
        assert_eq!(page.pass(60_000), []);
    }
    for code in [1000, 1001, LOST, 4000, 4400, 4413, 4429, 4499, 5000] {
        let mut page = Page::live();
        page.handle(Input::Closed(page.attempt, code));
        assert!(matches!(page.status(), Status::Reconnecting(_)), "{code}");
    }
}

#[test]
fn another_version_means_reload() {
    let mut page = Page::opened();
    let hello = format!(
        r#"{{"type":"HELLO","version":{},"epoch":"1","seq":0,"serverTime":0,"heartbeatMs":25000,"resumed":false}}"#,
        protocol::VERSION + 1
    );
    let outputs = page.handle(Input::Said(page.attempt, &hello));
    assert_eq!(outputs, [Output::Hangup, Output::Reload]);
    assert_eq!(page.status(), Status::Ended(4526));

    let mut page = Page::live();
    assert_eq!(page.handle(Input::Closed(page.attempt, 4526)), [Output::Reload]);
}

#[test]
fn what_is_no_conversation_starts_over() {
    let new_event = serde_json::to_string(&ServerMessage::NewEvent { data: event(4) }).unwrap();
    for text in [new_event.as_str(), "nonsense", "{}"] {
        let mut page = Page::opened();
        let outputs = page.handle(Input::Said(page.attempt, text));
        assert_eq!(outputs[..2], [Output::Hangup, Output::Poll], "before HELLO: {text}");
    }
    let mut page = Page::live();
    assert_eq!(page.handle(Input::Said(page.attempt, "{"))[0], Output::Hangup);
    let mut page = Page::live();
    assert_eq!(page.handle(Input::Said(page.attempt, r#"{"type":"CONFETTI"}"#))[0], Output::Updated);
}

#[test]
fn late_words_of_an_earlier_socket_are_ignored() {
    let mut page = Page::live();
    let earlier = page.attempt;
    page.entropy = 800;
    page.lose();
    let late = serde_json::to_string(&ServerMessage::NewEvent { data: event(4) }).unwrap();
    for _ in ["while waiting", "while connecting"] {
        let before = (page.status(), page.feed().clone());
        assert!(matches!(page.handle(Input::Said(earlier, &late))[..], [Output::WakeIn(_)]));
        assert!(matches!(page.handle(Input::Closed(earlier, 4501))[..], [Output::WakeIn(_)]));
        assert_eq!((page.status(), page.feed().clone()), before);
        page.handle(Input::Nudged);
    }
}

#[test]
fn a_loss_within_a_socket_is_noticed_with_the_numbers() {
    let mut page = Page::live();
    page.say(&ServerMessage::Events { data: events([5, 6]) });
    assert_eq!(page.status(), Status::Live);
    let outputs = page
        .say(&ServerMessage::StatsUpdate { data: Box::new(stats(page.now.plus(1), 6)), points: Vec::new() });
    assert!(outputs.contains(&Output::Hangup), "{outputs:?}");
    let wanted = page.pass(1_000);
    assert_eq!(wanted[0].1, Output::Connect(Attempt(3), Some((EPOCH, Seq(3)))));
    page.hello(EPOCH, 6, true);
    page.say(&ServerMessage::Events { data: events(4..=6) });
    assert_eq!(page.feed().resume_point(), Some((EPOCH, Seq(6))));
    assert!(!page.feed().has_gap());
}

#[test]
fn an_epoch_that_seems_older_is_not_listened_to_in_vain() {
    // The log was lost, and the new machine's clock is a little behind.
    let mut page = Page::live();
    page.lose();
    page.handle(Input::Nudged);
    let (fresh, behind) = (Epoch(77), page.now.minus(300));
    page.hello(fresh, 1, false);
    page.say(&ServerMessage::Snapshot { data: Box::new(snapshot(fresh, behind, 1..=1)) });
    let outputs =
        page.say(&ServerMessage::StatsUpdate { data: Box::new(stats(behind, 1)), points: Vec::new() });
    assert!(outputs.contains(&Output::Hangup), "{outputs:?}");
}

#[test]
fn the_first_load_does_not_count_as_polling() {
    let mut page = Page::opened();
    page.handle(Input::Polled(Ok(Box::new(snapshot(EPOCH, page.now, 1..=3)))));
    for _ in 0..3 {
        page.lose();
        page.handle(Input::Nudged);
    }
    assert_eq!(page.status(), Status::Reconnecting(0), "polling has only begun");
    page.handle(Input::Polled(Ok(Box::new(snapshot(EPOCH, page.now, 1..=3)))));
    assert_eq!(page.status(), Status::Polling(0));
    assert_eq!(page.link.status(page.now.plus(14_999)), Status::Polling(0));
    assert_eq!(page.link.status(page.now.plus(15_000)), Status::Reconnecting(0), "its answer is old");
}

#[test]
fn a_snapshot_of_another_version_means_reload() {
    for version in [0, protocol::VERSION + 1] {
        let mut page = Page::opened();
        let strange = Snapshot { version, ..snapshot(EPOCH, page.now, 1..=3) };
        let outputs = page.handle(Input::Polled(Ok(Box::new(strange))));
        assert_eq!(outputs, [Output::Hangup, Output::Reload]);
        assert_eq!((page.status(), page.feed()), (Status::Ended(4526), &Feed::default()));
    }
}

#[test]
fn the_edges_clock_is_known_by_its_words() {
    let mut page = Page::opened();
    assert_eq!(page.link.server_time(page.now), page.now, "nothing is known yet");
    let told = |page: &mut Page, at: Timestamp| {
        page.say(&ServerMessage::StatsUpdate { data: Box::new(stats(at, 3)), points: Vec::new() });
    };
    page.handle(Input::Polled(Ok(Box::new(snapshot(EPOCH, page.now.plus(500), 1..=3)))));
    assert_eq!(page.link.server_time(page.now), page.now.plus(500));
    page.handle(Input::Polled(Ok(Box::new(snapshot(EPOCH, page.now.minus(9_000), 1..=3)))));
    assert_eq!(page.link.server_time(page.now), page.now.plus(500), "late answers are no clock");
    page.hello(EPOCH, 3, true);
    assert_eq!(page.link.server_time(page.now), page.now, "HELLO is");
    for skew in [-60_000_i64, -1, 0, 70_000] {
        let theirs = Timestamp(page.now.0.wrapping_add_signed(skew));
        told(&mut page, theirs);
        for ms in [0, 40, 5_000] {
            assert_eq!(page.link.server_time(page.now.plus(ms)), theirs.plus(ms), "{skew}");
            assert_eq!(page.link.server_time(page.now.minus(ms)), theirs.minus(ms), "{skew}, a step back");
        }
    }
}

#[test]
fn a_notice_stays_until_the_next_socket() {
    let mut page = Page::live();
    let notice = Notice { code: "restarting".to_owned(), message: "Pulse restarts in a moment.".to_owned() };
    assert_eq!(page.feed().notice(), None);
    page.say(&ServerMessage::Notice { data: notice.clone() });
    page.say(&ServerMessage::NewEvent { data: event(4) });
    page.say(&ServerMessage::Snapshot { data: Box::new(snapshot(Epoch(77), page.now.plus(9_000), 1..=1)) });
    assert_eq!(page.feed().notice(), Some(&notice));
    page.lose();
    page.handle(Input::Nudged);
    assert_eq!(page.feed().notice(), Some(&notice), "a restart takes a while");
    page.hello(EPOCH, 4, true);
    assert_eq!(page.feed().notice(), None);
}
