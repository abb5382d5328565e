//! Requests beside the stream: pages of older events, and the list of servers.

use leptos::prelude::*;
use protocol::{Event, Seq};

use super::Shell;
use view_model::{filter::Filter, route::Route};

use crate::{browser, fetch, json::Json};

/// Events in one page of what is older.
const PAGE: usize = 200;

impl Shell {
    /// Asks for the next page of older events, unless it is on its way or there is none.
    pub fn ask_older(self) {
        let Some((filter, before)) = self.with(|state| {
            let before = state.list.wants_before().filter(|_| !state.asking_older)?;
            state.asking_older = true;
            state.older_trouble = "";
            Some((state.list.filter().clone(), before))
        }) else {
            return;
        };
        fetch::spawn(async move {
            let answer = self.older(&filter, before).await;
            self.with(|state| {
                state.asking_older = false;
                match answer {
                    Ok(events) => state.list.add_older(&filter, before, events),
                    Err(trouble) => state.older_trouble = trouble,
                }
            });
            self.page.rows.update(|rows| *rows += 1);
        });
    }

    /// Asks which servers there are.
    pub fn ask_guilds(self) {
        fetch::spawn(async move {
            match fetch::text("/api/guilds").await {
                Ok(body) => {
                    self.page.guilds_trouble.set("");
                    self.page.guilds.set(Json::parse(&body));
                }
                Err(trouble) => self.page.guilds_trouble.set(trouble),
            }
        });
    }

    /// The address of a page of events older than `before`; as JSON, or as a table by the ending `.csv`.
    pub fn older_path(self, kind: &str, filter: &Filter, before: Seq) -> String {
        let start =
            ["/api/events", kind, "?limit=", &PAGE.to_string(), "&before=", &before.to_string()].concat();
        browser::query(&self.of_room(&start), &filter.pairs())
    }

    /// An address that the room answers, which ends with `?` or a parameter: of the server that is looked at alone, if one
    /// is.
    pub fn of_room(self, start: &str) -> String {
        browser::query(start, &self.page.route.with_untracked(Route::room_pair))
    }

    async fn older(self, filter: &Filter, before: Seq) -> Result<Vec<Event>, &'static str> {
        let body = fetch::text(&self.older_path("", filter, before)).await?;
        serde_json::from_str(&body).map_err(|_| view_model::words::refusal(500))
    }
}
