//! One drawing a frame at most, and only what has changed.

use std::{sync::Arc, time::Duration};

use leptos::prelude::*;

use super::{Shell, State};
use view_model::log::Change;

use crate::browser;

/// In a burst the page is drawn this often, in milliseconds: nobody reads faster, and every drawing costs.
const DRAW_EVERY_MS: u64 = 100;

impl Shell {
    /// Draws with one of the browser's next frames, however many messages come before it.
    pub(super) fn ask_for_frame(self) {
        let wait = self.with(|state| {
            let asked = std::mem::replace(&mut state.frame_asked, true);
            (!asked).then(|| DRAW_EVERY_MS.saturating_sub(browser::now().since(state.drawn_at)))
        });
        match wait {
            None => {}
            Some(0) => request_animation_frame(move || self.draw()),
            Some(wait) => {
                set_timeout(
                    move || request_animation_frame(move || self.draw()),
                    Duration::from_millis(wait),
                );
            }
        }
    }

    pub(super) fn draw(self) {
        let (change, announced) = self.with(|state| {
            state.frame_asked = false;
            state.drawn_at = browser::now();
            let State { log, link, .. } = state;
            let notice = link.feed().notice().filter(|notice| !notice.code.ends_with("_over"));
            (log.sync(link.feed()), notice.map(|notice| notice.message.clone()).unwrap_or_default())
        });
        if self.page.announced.with_untracked(|shown| *shown != announced) {
            self.page.announced.set(announced);
        }
        if self.page.paused.get_untracked() {
            let pending = self.with(|state| state.log.newer_than(state.paused_at));
            self.page.pending.set(u32::try_from(pending).unwrap_or(u32::MAX));
        } else {
            self.show(change);
        }
    }

    pub(super) fn show(self, change: Change) {
        let known = self.page.stats.with_untracked(|stats| stats.as_ref().map(|stats| stats.as_of));
        let (fresh, listed) = self.with(|state| {
            let before = state.list.count();
            let added = state.list.update(&state.log, change);
            state.added += added;
            let feed = state.link.feed();
            let stats = feed.stats().filter(|stats| Some(stats.as_of) != known);
            let fresh = stats.map(|stats| (stats.clone(), feed.history().iter().cloned().collect()));
            (fresh, change == Change::Anew || added > 0 || before != state.list.count())
        });
        if let Some((stats, history)) = fresh {
            self.page.history.set(Arc::new(history));
            self.page.stats.set(Some(Arc::new(stats)));
        }
        if listed {
            self.page.rows.update(|rows| *rows += 1);
        }
    }
}
