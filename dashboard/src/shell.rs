//! The browser's happenings in, the link's wishes out. It decides nothing.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use protocol::{
    Timestamp,
    link::{Attempt, Input, Output, Status},
};
use wasm_bindgen_futures::spawn_local;

use crate::{page::Page, snapshot, socket::Socket, words};

/// How often the clock on the page moves on.
const TICK: Duration = Duration::from_secs(1);
/// The dot pulses at most this often, in milliseconds: faster is a flicker.
const BEAT_EVERY_MS: u64 = 700;
/// Where the session storage keeps that the page has reloaded for a newer version.
const RELOADED: &str = "pulse-reloaded";
/// What a browser reports when a socket could not even be made.
const CLOSED_ABNORMALLY: u16 = 1006;

/// A handle on the page and on what the browser has lent it.
#[derive(Clone, Copy)]
pub struct Shell {
    /// What the views read.
    pub page: Page,
    browser: StoredValue<Browser, LocalStorage>,
}

#[derive(Default)]
struct Browser {
    socket: Option<Socket>,
    wake: Option<TimeoutHandle>,
    frame_asked: bool,
    beat_at: Timestamp,
}

impl Shell {
    /// Starts the link and listens to the browser.
    pub fn start() -> Self {
        let shell = Self { page: Page::new(now()), browser: StoredValue::new_local(Browser::default()) };
        for happening in ["online", "pageshow"] {
            window_event_listener_untyped(happening, move |_| shell.nudge());
        }
        window_event_listener_untyped("visibilitychange", move |_| {
            if !document().hidden() {
                shell.nudge();
            }
        });
        set_interval(move || shell.tick(), TICK);
        Effect::new(move || document().set_title(&words::title(shell.page.status.get())));
        shell.handle(Input::Started);
        shell
    }

    /// Someone, or the browser, sees a reason to try at once.
    pub fn nudge(self) {
        self.handle(Input::Nudged);
    }

    /// Loads the page anew.
    pub fn reload() {
        let _ = window().location().reload();
    }

    fn handle(self, input: Input<'_>) {
        let outputs = self.page.link.write_untracked().handle(now(), entropy(), input);
        for output in outputs {
            self.perform(output);
        }
        self.show_status();
    }

    fn perform(self, output: Output) {
        match output {
            Output::Connect(attempt, resume) => {
                let socket = Socket::open(
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
                self.replace_socket(socket);
            }
            Output::Send(text) => self.browser.with_value(|browser| {
                if let Some(socket) = &browser.socket {
                    socket.send(text);
                }
            }),
            Output::Hangup => self.replace_socket(None),
            Output::Poll => spawn_local(async move {
                let answer = snapshot::fetch().await;
                self.handle(Input::Polled(answer));
            }),
            Output::Updated => self.ask_for_frame(),
            Output::Reload => self.reload_once(),
            Output::WakeIn(ms) => self.wake_in(ms),
        }
    }

    fn said(self, attempt: Attempt, text: &str) {
        self.handle(Input::Said(attempt, text));
        let now = now();
        self.browser.update_value(|browser| {
            if now.since(browser.beat_at) >= BEAT_EVERY_MS {
                browser.beat_at = now;
                self.page.beat.update(|beat| *beat = beat.wrapping_add(1));
            }
        });
    }

    /// Draws with the browser's next frame, however many messages come before it.
    fn ask_for_frame(self) {
        let asked =
            self.browser.try_update_value(|browser| std::mem::replace(&mut browser.frame_asked, true));
        if asked == Some(false) {
            request_animation_frame(move || {
                self.browser.update_value(|browser| browser.frame_asked = false);
                self.page.link.notify();
            });
        }
    }

    fn wake_in(self, ms: u64) {
        let wake = set_timeout_with_handle(move || self.handle(Input::Woke), Duration::from_millis(ms)).ok();
        self.browser.update_value(|browser| {
            if let Some(earlier) = std::mem::replace(&mut browser.wake, wake) {
                earlier.clear();
            }
        });
    }

    fn replace_socket(self, socket: Option<Socket>) {
        self.browser.update_value(|browser| browser.socket = socket);
    }

    fn tick(self) {
        self.page.now.set(now());
        self.show_status();
    }

    fn show_status(self) {
        let status = self.page.link.with_untracked(|link| link.status(now()));
        if self.page.status.get_untracked() == status {
            return;
        }
        self.page.status.set(status);
        if status == Status::Live
            && let Some(storage) = session_storage()
        {
            let _ = storage.remove_item(RELOADED);
        }
    }

    fn reload_once(self) {
        let fresh = session_storage().is_some_and(|storage| {
            matches!(storage.get_item(RELOADED), Ok(None)) && storage.set_item(RELOADED, "1").is_ok()
        });
        if fresh {
            Self::reload();
        } else {
            self.page.reload_failed.set(true);
        }
    }
}

fn session_storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date of today, in whole ms")]
fn now() -> Timestamp {
    Timestamp(js_sys::Date::now() as u64)
}

/// Enough for a back-off: 53 bits that no secret hangs on.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^53")]
fn entropy() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}
