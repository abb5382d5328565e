//! The place that the page shows. All of it is in the address, so that a link or a reload leads back.

use protocol::{GuildId, UserId};

use super::{chart::Range, filter::Filter};

/// The view that fills the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Cards, charts, events.
    #[default]
    Overview,
    /// The table of servers.
    Servers,
    /// One server: its players and its journal.
    Server(GuildId),
    /// One player.
    Player(GuildId, UserId),
    /// Thresholds, and what they have told.
    Alerts,
}

impl View {
    /// Its word in the address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Servers => "servers",
            Self::Server(_) => "server",
            Self::Player(..) => "player",
            Self::Alerts => "alerts",
        }
    }
}

/// Route, range, filter and dress of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The view that fills the page.
    pub view: View,
    /// The span of the charts.
    pub range: Range,
    /// The filter of the events.
    pub filter: Filter,
    /// The server that is looked at alone; all of them, when there is none. Another one is another document.
    pub room: Option<GuildId>,
    /// The interaction whose journal row is looked for.
    pub row: Option<String>,
    /// Whether it hangs on a wall.
    pub kiosk: bool,
}

impl Route {
    /// Reads the decoded parameters of an address; what makes no sense is passed over.
    pub fn read(pairs: &[(String, String)]) -> Self {
        let mut place = Self::default();
        let (mut view, mut server, mut player) = ("", None, None);
        for (name, value) in pairs {
            match name.as_str() {
                "view" => view = value,
                "server" => server = value.parse().ok(),
                "player" => player = value.parse().ok(),
                "range" => place.range = Range::of(value).unwrap_or_default(),
                "room" => place.room = value.parse().ok(),
                "row" => place.row = Some(value.clone()),
                "kiosk" => place.kiosk = value == "1",
                _ => place.filter.take(name, value),
            }
        }
        place.view = match (view, server, player) {
            ("servers", ..) => View::Servers,
            ("server", Some(server), _) => View::Server(server),
            ("player", Some(server), Some(player)) => View::Player(server, player),
            ("alerts", ..) => View::Alerts,
            _ => View::Overview,
        };
        place
    }

    /// As parameters, in one fixed order; what is as always is left out.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.room_pair();
        if self.view != View::Overview {
            pairs.push(("view", self.view.word().to_owned()));
        }
        match self.view {
            View::Server(server) => pairs.push(("server", server.to_string())),
            View::Player(server, player) => {
                pairs.push(("server", server.to_string()));
                pairs.push(("player", player.to_string()));
            }
            View::Overview | View::Servers | View::Alerts => {}
        }
        if self.range != Range::default() {
            pairs.push(("range", self.range.word().to_owned()));
        }
        pairs.extend(self.filter.pairs());
        if let Some(row) = &self.row {
            pairs.push(("row", row.clone()));
        }
        if self.kiosk {
            pairs.push(("kiosk", "1".to_owned()));
        }
        pairs
    }

    /// The query parameter that asks one server's room; none when the room of all is asked.
    pub fn room_pair(&self) -> Vec<(&'static str, String)> {
        self.room.iter().map(|room| ("room", room.to_string())).collect()
    }

    /// The same dress, somewhere else.
    #[must_use]
    pub fn at(&self, view: View) -> Self {
        Self { view, row: None, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Route {
        let pairs: Vec<_> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Route::read(&pairs)
    }

    #[test]
    fn addresses_are_read_and_written_alike() {
        let addresses = [
            "",
            "view=servers",
            "view=server&server=12&row=99",
            "view=player&server=12&player=13",
            "view=alerts&kiosk=1",
            "range=30d&severity=warn&severity=error&source=daily&guild=5&q=ann&kiosk=1",
            "room=7&view=servers",
        ];
        for address in addresses {
            let place = read(address);
            let written: Vec<_> =
                place.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(written.join("&"), address);
        }
    }

    #[test]
    fn nonsense_leads_to_the_overview() {
        for address in
            ["view=server&server=x", "room=all", "view=player&server=1", "view=../..", "range=9y&x=1"]
        {
            assert_eq!(read(address), Route::default(), "{address}");
        }
    }

    #[test]
    fn moving_on_keeps_the_dress() {
        let place = read("range=24h&kiosk=1&row=5&room=3&view=server&server=1");
        let moved = place.at(View::Alerts);
        assert!(moved.kiosk && moved.range == Range::Day && moved.row.is_none());
        assert_eq!(moved.room, Some(GuildId(3)), "a server that is looked at alone stays alone");
    }
}
