//! The signals that the views read. A view runs again only when a signal that it has read has changed.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::{DashboardStats, Timestamp, history::HistoryPoint, link::Status};

use view_model::{chart::Range, route::Route};

use crate::json::Json;

/// The signals of the page.
#[derive(Clone, Copy)]
pub struct Page {
    /// The numbers; they stand still while the page is paused.
    pub stats: RwSignal<Option<Arc<DashboardStats>>>,
    /// The points of the last hour, oldest first.
    pub history: RwSignal<Arc<Vec<HistoryPoint>>>,
    /// Points of a longer range, and of which one.
    pub past: RwSignal<Option<(Range, Arc<Vec<HistoryPoint>>)>>,
    /// The reason why a longer range could not be loaded, for the reader; empty when there is none.
    pub past_trouble: RwSignal<&'static str>,
    /// The server's clock, to the second.
    pub now: RwSignal<Timestamp>,
    /// The state of the connection, for its pill.
    pub status: RwSignal<Status>,
    /// The announcement that the room still holds; empty if there is none.
    pub announced: RwSignal<String>,
    /// Grows with the frames that come, for the pulsing dot.
    pub beat: RwSignal<u32>,
    /// Whether this page has reloaded once for a newer version, and that did not help.
    pub reload_failed: RwSignal<bool>,
    /// The page's address: view, range, filter, server.
    pub route: RwSignal<Route>,
    /// Whether the reader has stopped it.
    pub paused: RwSignal<bool>,
    /// Events that wait for the reader to go on.
    pub pending: RwSignal<u32>,
    /// Grows with each change of the list of events.
    pub rows: RwSignal<u32>,
    /// Grows with each change of the alerts.
    pub alerts: RwSignal<u32>,
    /// Grows with each action that was done from this page.
    pub acted: RwSignal<u32>,
    /// The person who is signed in, as `/api/me` tells; `None` until it has.
    pub me: RwSignal<Option<Json>, LocalStorage>,
    /// The servers, as `/api/guilds` lists them.
    pub guilds: RwSignal<Option<Json>, LocalStorage>,
    /// The reason why the servers could not be loaded, for the reader; empty when there is none.
    pub guilds_trouble: RwSignal<&'static str>,
}

impl Page {
    /// A page that knows nothing yet.
    pub fn new(now: Timestamp, place: Route) -> Self {
        Self {
            stats: RwSignal::new(None),
            history: RwSignal::new(Arc::default()),
            past: RwSignal::new(None),
            past_trouble: RwSignal::new(""),
            now: RwSignal::new(now),
            status: RwSignal::new(Status::Connecting),
            announced: RwSignal::new(String::new()),
            beat: RwSignal::new(0),
            reload_failed: RwSignal::new(false),
            route: RwSignal::new(place),
            paused: RwSignal::new(false),
            pending: RwSignal::new(0),
            rows: RwSignal::new(0),
            alerts: RwSignal::new(0),
            acted: RwSignal::new(0),
            me: RwSignal::new_local(None),
            guilds: RwSignal::new_local(None),
            guilds_trouble: RwSignal::new(""),
        }
    }

    /// The moment the numbers are of.
    pub fn as_of(self) -> Option<Timestamp> {
        self.stats.with(|stats| stats.as_ref().map(|stats| stats.as_of))
    }
}
