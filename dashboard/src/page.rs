//! What the views read. A view asks for one figure and is told only when that figure has changed.

use leptos::prelude::*;
use protocol::{
    DashboardStats, Event, Seq, Timestamp,
    history::HistoryPoint,
    link::{Link, Status},
};

/// Events the page shows; the feed knows more.
pub const EVENTS_SHOWN: usize = 200;

/// What a row of the event list is known by. A log that was lost counts from 1 again; the moment tells the two apart.
pub type EventKey = (Seq, Timestamp);

/// The signals of the page.
#[derive(Clone, Copy)]
pub struct Page {
    /// The core; it notifies at most once per animation frame.
    pub link: RwSignal<Link>,
    /// The clock, to the second.
    pub now: RwSignal<Timestamp>,
    /// What the connection pill says.
    pub status: RwSignal<Status>,
    /// Grows with the frames that come, for the pulsing dot.
    pub beat: RwSignal<u32>,
    /// Whether this page has reloaded once for a newer version, and that did not help.
    pub reload_failed: RwSignal<bool>,
    stats_of: Memo<Option<Timestamp>>,
    event_keys: Memo<Vec<EventKey>>,
}

impl Page {
    /// A page that knows nothing yet.
    pub fn new(now: Timestamp) -> Self {
        let link = RwSignal::new(Link::default());
        Self {
            link,
            now: RwSignal::new(now),
            status: RwSignal::new(Status::Connecting),
            beat: RwSignal::new(0),
            reload_failed: RwSignal::new(false),
            stats_of: Memo::new(move |_| link.with(|link| link.feed().stats().map(|stats| stats.as_of))),
            event_keys: Memo::new(move |_| {
                link.with(|link| {
                    link.feed().events().take(EVENTS_SHOWN).map(|event| (event.seq, event.at)).collect()
                })
            }),
        }
    }

    /// The moment the numbers are of.
    pub fn as_of(self) -> Option<Timestamp> {
        self.stats_of.get()
    }

    /// One figure of the stats; `None` until the first have come.
    pub fn figure<T, F>(self, figure: F) -> Memo<Option<T>>
    where
        T: PartialEq + Send + Sync + 'static,
        F: Fn(&DashboardStats) -> T + Send + Sync + 'static,
    {
        Memo::new(move |_| {
            self.stats_of.track();
            self.link.with_untracked(|link| link.feed().stats().map(&figure))
        })
    }

    /// One figure as text; a dash until the first stats have come.
    pub fn text<F>(self, text: F) -> Memo<String>
    where
        F: Fn(&DashboardStats) -> String + Send + Sync + 'static,
    {
        let figure = self.figure(text);
        Memo::new(move |_| figure.get().unwrap_or_else(|| "–".to_owned()))
    }

    /// Something drawn from the points of history.
    pub fn drawn<T, F>(self, draw: F) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
        F: Fn(&mut dyn Iterator<Item = &HistoryPoint>) -> T + Send + Sync + 'static,
    {
        Memo::new(move |_| {
            self.stats_of.track();
            self.link.with_untracked(|link| draw(&mut link.feed().history().iter()))
        })
    }

    /// The events to show, newest first.
    pub fn event_keys(self) -> Vec<EventKey> {
        self.event_keys.get()
    }

    /// One event that is to be shown.
    pub fn event(self, (seq, _): EventKey) -> Option<Event> {
        self.link.with_untracked(|link| link.feed().events().find(|event| event.seq == seq).cloned())
    }
}
