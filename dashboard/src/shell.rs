//! The browser's happenings in, the link's wishes out. It decides nothing.

mod asking;
mod drawing;

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use protocol::{
    Seq, Timestamp,
    link::{Attempt, Input, Link, Output, Status},
};

use view_model::{
    alert::{Alerts, Settings},
    list::List,
    log::{Change, Log},
    route::Route,
};

use crate::{browser, fetch, page::Page, socket::Socket};

/// The period of the clock on the page.
const TICK: Duration = Duration::from_secs(1);
/// The dot pulses at most this often, in milliseconds: faster is a flicker.
const BEAT_EVERY_MS: u64 = 700;
/// A machine that sleeps lets the clock that counts stand; so far ahead of it, the one on the wall tells of a sleep, in
/// milliseconds, or was set.
const SLEPT_MS: i64 = 5_000;
/// The key in the session storage that marks that the page has reloaded for a newer version.
const RELOADED: &str = "pulse-reloaded";
/// The close code that a browser reports for a connection that was never made; here for a socket that could not be created.
const CLOSED_ABNORMALLY: u16 = 1006;

/// A handle on the page, and on what is behind it.
#[derive(Clone, Copy)]
pub struct Shell {
    /// The signals that the views read.
    pub page: Page,
    state: StoredValue<State, LocalStorage>,
}

/// The state behind the page, outside of its signals.
#[derive(Default)]
pub struct State {
    link: Link,
    log: Log,
    /// The rows of the event list.
    pub list: List,
    /// Rows that have ever come on top of the list.
    pub added: usize,
    /// The reason why older rows could not be loaded, for the reader; empty when there is none.
    pub older_trouble: &'static str,
    /// The settings of the alerts.
    pub settings: Settings,
    /// The alerts that were raised.
    pub alerts: Alerts,
    paused_at: Seq,
    asking_older: bool,
    socket: Option<Socket>,
    wake: Option<(Timestamp, TimeoutHandle)>,
    frame_asked: bool,
    drawn_at: Timestamp,
    beat_at: Timestamp,
    /// The lead of the wall clock over the monotonic one, in milliseconds; it jumps when the machine has slept.
    wall_ahead_ms: i64,
}

impl Shell {
    /// Starts the link and listens to the browser.
    pub fn start() -> Self {
        let page = Page::new(browser::now(), browser::place());
        let shell = Self { page, state: StoredValue::new_local(State::default()) };
        shell.with(|state| state.list.refilter(page.route.get_untracked().filter, &Log::default()));
        for happening in ["online", "pageshow"] {
            window_event_listener_untyped(happening, move |_| shell.nudge());
        }
        window_event_listener_untyped("visibilitychange", move |_| {
            if !browser::is_hidden() {
                shell.nudge();
            }
        });
        window_event_listener_untyped("popstate", move |_| shell.arrive(browser::place()));
        set_interval(move || shell.tick(), TICK);
        shell
    }

    /// Begins to talk to the server; the first numbers may have come with the document.
    pub fn connect(self) {
        let first = document().get_element_by_id("snapshot").and_then(|place| place.text_content());
        if let Some(snapshot) = first.and_then(|text| serde_json::from_str(&text).ok()) {
            self.handle(Input::Polled(Ok(snapshot)));
            self.draw();
        }
        self.handle(Input::Started);
        self.ask_guilds();
    }

    /// Looks at, or changes, what is behind the page.
    pub fn with<T>(self, look: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.write_value();
        look(&mut state)
    }

    /// Someone, or the browser, sees a reason to try at once.
    pub fn nudge(self) {
        self.handle(Input::Nudged);
    }

    /// Loads the page anew.
    pub fn reload() {
        let _ = window().location().reload();
    }

    /// Goes somewhere, as a new step of the browser's history or over the present one.
    pub fn go(self, place: Route, new_step: bool) {
        browser::show_place(&place, new_step);
        self.arrive(place);
    }

    /// Stops what moves, or goes on; what comes meanwhile is kept.
    pub fn pause(self, pause: bool) {
        self.with(|state| state.paused_at = state.log.newest());
        self.page.paused.set(pause);
        self.page.pending.set(0);
        if !pause {
            self.show(Change::Anew);
        }
    }

    fn arrive(self, place: Route) {
        if place.room != self.page.route.with_untracked(|here| here.room) {
            return Self::reload(); // Another room, with numbers of its own.
        }
        let refilter = self.with(|state| {
            let refilter = *state.list.filter() != place.filter;
            if refilter {
                let State { list, log, .. } = state;
                list.refilter(place.filter.clone(), log);
                state.older_trouble = "";
            }
            refilter
        });
        self.page.route.set(place);
        if refilter {
            self.page.rows.update(|rows| *rows += 1);
        }
    }

    fn handle(self, input: Input<'_>) {
        let outputs = self.with(|state| state.link.handle(browser::now(), browser::entropy(), input));
        for output in outputs {
            self.perform(output);
        }
        self.show_status();
    }

    fn perform(self, output: Output) {
        match output {
            Output::Connect(attempt, resume) => {
                let socket = Socket::open(
                    self.page.route.with_untracked(|place| place.room),
                    resume,
                    move |text| self.said(attempt, &text),
                    move |code| self.handle(Input::Closed(attempt, code)),
                );
                if socket.is_none() {
                    set_timeout(
                        move || self.handle(Input::Closed(attempt, CLOSED_ABNORMALLY)),
                        Duration::ZERO,
                    );
                }
                self.with(|state| state.socket = socket);
            }
            Output::Send(text) => self.with(|state| {
                if let Some(socket) = &state.socket {
                    socket.send(text);
                }
            }),
            Output::Hangup => self.with(|state| state.socket = None),
            Output::Poll => fetch::spawn(async move {
                let answer = fetch::snapshot(&self.of_room("/api/snapshot?")).await;
                self.handle(Input::Polled(answer));
            }),
            Output::Updated => self.ask_for_frame(),
            Output::Reload => self.reload_once(),
            Output::WakeIn(ms) => self.wake_in(ms),
        }
    }

    fn said(self, attempt: Attempt, text: &str) {
        self.handle(Input::Said(attempt, text));
        let now = browser::now();
        let beats = self.with(|state| {
            let beats = now.since(state.beat_at) >= BEAT_EVERY_MS;
            if beats {
                state.beat_at = now;
            }
            beats
        });
        if beats {
            self.page.beat.update(|beat| *beat = beat.wrapping_add(1));
        }
    }

    /// A wish to be woken later than it will be anyhow can wait for that.
    fn wake_in(self, ms: u64) {
        let now = browser::now();
        let due = now.plus(ms);
        let earlier = |wake: &(Timestamp, TimeoutHandle)| wake.0 <= due && wake.0 >= now;
        if self.with(|state| state.wake.as_ref().is_some_and(earlier)) {
            return;
        }
        let wake = set_timeout_with_handle(
            move || {
                self.with(|state| state.wake = None);
                self.handle(Input::Woke);
            },
            Duration::from_millis(ms),
        );
        self.with(|state| {
            if let Some((_, replaced)) = state.wake.take() {
                replaced.clear();
            }
            state.wake = wake.ok().map(|wake| (due, wake));
        });
    }

    fn tick(self) {
        let now = browser::now();
        let ahead = browser::wall().0.cast_signed() - now.0.cast_signed();
        let slept = self.with(|state| {
            let before = std::mem::replace(&mut state.wall_ahead_ms, ahead);
            ahead - before >= SLEPT_MS
        });
        if slept {
            self.handle(Input::Slept);
        }
        self.page.now.set(self.with(|state| state.link.server_time(now)));
        self.show_status();
    }

    fn show_status(self) {
        let status = self.with(|state| state.link.status(browser::now()));
        if self.page.status.get_untracked() == status {
            return;
        }
        self.page.status.set(status);
        if status == Status::Live {
            self.with(|state| state.older_trouble = ""); // What could not be asked for before can be now.
        }
        if status == Status::Live
            && let Some(storage) = browser::session_storage()
        {
            let _ = storage.remove_item(RELOADED);
        }
    }

    fn reload_once(self) {
        let fresh = browser::session_storage().is_some_and(|storage| {
            matches!(storage.get_item(RELOADED), Ok(None)) && storage.set_item(RELOADED, "1").is_ok()
        });
        if fresh {
            Self::reload();
        } else {
            self.page.reload_failed.set(true);
        }
    }
}

impl State {
    /// The newest numbers and points, also while the page is paused.
    pub fn feed(&self) -> &protocol::feed::Feed {
        self.link.feed()
    }
}
