//! The servers the bot is in, as the gateway tells them; and which of their names the edge has yet to hear.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    GuildId,
    report::{NamedGuild, ReportedGuilds},
    text::{SERVER_NAME_MAX_CHARS, shortened},
};
use serde::Deserialize;

use crate::discord::image_url;

/// Names that one report carries at most: a report has a size.
const NAMES_PER_REPORT: usize = 1_000;

/// The servers of all shards.
#[derive(Debug, Default)]
pub struct Roster {
    /// By shard and server; `None` while the server is an id and nothing else.
    guilds: BTreeMap<GuildId, Known>,
    unheard: BTreeSet<GuildId>,
}

#[derive(Debug)]
struct Known {
    shard: u32,
    face: Option<NamedGuild>,
}

/// An event of the gateway, as far as it is about servers.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// A session began with these servers.
    Ready(Vec<GuildId>),
    /// A server came, or is there again.
    Here(NamedGuild),
    /// A server's name or icon changed; who is in it is not told.
    Renamed(NamedGuild),
    /// The bot is no longer in this server.
    Gone(GuildId),
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    t: Option<&'a str>,
}

#[derive(Deserialize)]
struct Dispatch<T> {
    d: T,
}

#[derive(Deserialize)]
struct Ready {
    #[serde(default)]
    guilds: Vec<Guild>,
}

#[derive(Deserialize)]
struct Guild {
    id: GuildId,
    name: Option<String>,
    icon: Option<String>,
    member_count: Option<u64>,
    unavailable: Option<bool>,
}

impl Change {
    /// Reads an event; `None` when it is about something else, or is not understood.
    ///
    /// Only what is used is read: a field that Discord adds or leaves out breaks nothing.
    pub fn read(event: &str) -> Option<Self> {
        fn contents<'a, T: Deserialize<'a>>(event: &'a str) -> Option<T> {
            serde_json::from_str::<Dispatch<T>>(event).ok().map(|dispatch| dispatch.d)
        }
        match serde_json::from_str::<Kind>(event).ok()?.t? {
            "READY" => {
                let ready: Ready = contents(event)?;
                Some(Self::Ready(ready.guilds.into_iter().map(|guild| guild.id).collect()))
            }
            "GUILD_CREATE" => contents::<Guild>(event)?.face().map(Self::Here),
            "GUILD_UPDATE" => contents::<Guild>(event)?.face().map(Self::Renamed),
            "GUILD_DELETE" => {
                let guild: Guild = contents(event)?;
                // Unavailable is an outage: the bot is still in it.
                (guild.unavailable != Some(true)).then_some(Self::Gone(guild.id))
            }
            _ => None,
        }
    }
}

impl Guild {
    fn face(self) -> Option<NamedGuild> {
        let icon_url = self.icon.map(|icon| image_url("icons", self.id.0, icon));
        let name = shortened(&self.name?, SERVER_NAME_MAX_CHARS).to_owned();
        Some(NamedGuild { id: self.id, name, icon_url, members: self.member_count.unwrap_or_default() })
    }
}

impl Roster {
    /// Applies a change that the gateway told a shard.
    pub fn apply(&mut self, shard: u32, change: Change) {
        match change {
            Change::Ready(guilds) => {
                let still_here: BTreeSet<GuildId> = guilds.iter().copied().collect();
                self.guilds.retain(|id, known| known.shard != shard || still_here.contains(id));
                for id in guilds {
                    self.guilds.entry(id).or_insert(Known { shard, face: None });
                }
            }
            Change::Here(face) => self.show(shard, face),
            Change::Renamed(mut face) => {
                let before = self.guilds.get(&face.id).and_then(|known| known.face.as_ref());
                face.members = before.map_or(face.members, |before| before.members);
                self.show(shard, face);
            }
            Change::Gone(id) => {
                self.guilds.remove(&id);
                self.unheard.remove(&id);
            }
        }
    }

    fn show(&mut self, shard: u32, face: NamedGuild) {
        let id = face.id;
        let before = self.guilds.get(&id).and_then(|known| known.face.as_ref());
        if before != Some(&face) {
            self.unheard.insert(id);
        }
        self.guilds.insert(id, Known { shard, face: Some(face) });
    }

    /// The number of servers, their members together, and at most `NAMES_PER_REPORT` names that the edge has not heard.
    pub fn report(&self) -> ReportedGuilds {
        let faces = self.guilds.values().filter_map(|known| known.face.as_ref());
        let unheard = self.unheard.iter().filter_map(|id| self.guilds.get(id)?.face.clone());
        ReportedGuilds {
            count: self.guilds.len() as u64,
            members: faces.map(|face| face.members).sum(),
            named: unheard.take(NAMES_PER_REPORT).collect(),
        }
    }

    /// The edge has heard these names.
    pub fn heard(&mut self, named: &[NamedGuild]) {
        for face in named {
            if self.guilds.get(&face.id).and_then(|known| known.face.as_ref()) == Some(face) {
                self.unheard.remove(&face.id);
            }
        }
    }

    /// All that are known, with their shards.
    pub fn faces(&self) -> Vec<(u32, NamedGuild)> {
        self.guilds.values().filter_map(|known| Some((known.shard, known.face.clone()?))).collect()
    }

    /// The edge may have forgotten them all: it was away.
    pub fn tell_again(&mut self) {
        self.unheard = self.guilds.keys().copied().collect();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(name: &str, contents: &serde_json::Value) -> Option<Change> {
        Change::read(&json!({ "op": 0, "s": 1, "t": name, "d": contents }).to_string())
    }

    fn face(id: u64, name: &str, members: u64) -> NamedGuild {
        NamedGuild { id: GuildId(id), name: name.into(), icon_url: None, members }
    }

    #[test]
    fn events_are_read_as_far_as_they_are_used() {
        let server = json!({ "id": "7", "name": "Harbour", "icon": null, "member_count": 12, "roles": [] });
        let cases = [
            (
                "READY",
                json!({ "guilds": [{ "id": "7", "unavailable": true }] }),
                Some(Change::Ready(vec![GuildId(7)])),
            ),
            ("GUILD_CREATE", server.clone(), Some(Change::Here(face(7, "Harbour", 12)))),
            ("GUILD_UPDATE", json!({ "id": "7", "name": "Port" }), Some(Change::Renamed(face(7, "Port", 0)))),
            ("GUILD_DELETE", json!({ "id": "7" }), Some(Change::Gone(GuildId(7)))),
            ("GUILD_DELETE", json!({ "id": "7", "unavailable": true }), None),
            ("GUILD_CREATE", json!({ "id": "7", "unavailable": true }), None),
            ("MESSAGE_CREATE", server, None),
        ];
        for (name, contents, expected) in cases {
            assert_eq!(event(name, &contents), expected, "{name} {contents}");
        }
        // A family is one emoji of five characters.
        let (family, most) = ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", SERVER_NAME_MAX_CHARS);
        for (before, kept) in [(most - 5, most), (most - 4, most - 4)] {
            let name = "x".repeat(before) + family + "y";
            let read = event("GUILD_UPDATE", &json!({ "id": "7", "name": name }));
            let expected = name.chars().take(kept).collect::<String>();
            assert_eq!(read, Some(Change::Renamed(face(7, &expected, 0))), "whole, or not at all");
        }
        for nothing in ["", "{}", r#"{"op":11}"#, r#"{"op":0,"t":"READY","d":5}"#] {
            assert_eq!(Change::read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn names_are_told_until_they_are_heard() {
        let mut roster = Roster::default();
        roster.apply(0, Change::Ready(vec![GuildId(1), GuildId(2)]));
        roster.apply(0, Change::Here(face(1, "One", 10)));
        roster.apply(1, Change::Here(face(3, "Three", 5)));
        let first = roster.report();
        assert_eq!((first.count, first.members, first.named.len()), (3, 15, 2));
        roster.apply(0, Change::Renamed(face(1, "Uno", 0)));
        roster.heard(&first.named);
        assert_eq!(roster.report().named, [face(1, "Uno", 10)]);
        roster.apply(0, Change::Ready(vec![GuildId(2)]));
        assert_eq!(roster.report().count, 2);
        roster.tell_again();
        assert_eq!(roster.report().named, [face(3, "Three", 5)]);
    }

    #[test]
    fn thousands_of_servers_are_told_in_parts() {
        let mut roster = Roster::default();
        for id in 1..=2_500 {
            roster.apply(0, Change::Here(face(id, "S", 1)));
        }
        let mut parts = Vec::new();
        while let part @ 1.. = roster.report().named.len() {
            let named = roster.report().named;
            roster.heard(&named);
            parts.push(part);
        }
        assert_eq!(parts, [1_000, 1_000, 500]);
    }
}
