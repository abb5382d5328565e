//! The room's shell: its rows, its sockets and its alarm, and what of them a restart leaves.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use protocol::{
    Epoch, Snapshot, Timestamp,
    history::HistoryPoint,
    room::{GuildListing, Kind, Memory, Output, RING_LEN, Room, Row, SocketId},
};

#[derive(Debug)]
pub struct RoomEnd {
    pub room: Room,
    pub epoch: Epoch,
    pub rows: BTreeMap<(Kind, String), String>,
    pub admitted: BTreeSet<SocketId>,
    pub waiting: BTreeSet<SocketId>,
    /// Durable, as the platform's alarms are.
    pub alarm: Option<Timestamp>,
    /// Grows with each restart; what an earlier life wanted to be woken for is gone.
    pub life: u64,
    /// Events that are numbered, and that a socket waits for.
    pub untold: u64,
    pub down_until: Option<Timestamp>,
    /// A new machine's clock need not agree with the old one's.
    pub clock_ahead_ms: u64,
}

impl RoomEnd {
    pub fn new(epoch: Epoch, clock_ahead_ms: u64) -> Self {
        let (room, outputs) = Room::new(epoch);
        let mut end = Self {
            room,
            epoch,
            rows: BTreeMap::new(),
            admitted: BTreeSet::new(),
            waiting: BTreeSet::new(),
            alarm: None,
            life: 0,
            untold: 0,
            down_until: None,
            clock_ahead_ms,
        };
        for output in outputs {
            if let Output::Store(row) = output {
                end.store(&row).expect("an epoch is JSON");
            }
        }
        end
    }

    pub fn clock(&self, now: Timestamp) -> Timestamp {
        now.plus(self.clock_ahead_ms)
    }

    pub fn store(&mut self, row: &Row) -> anyhow::Result<()> {
        self.rows.insert((row.kind(), Row::key_text(row.key())), row.value()?);
        Ok(())
    }

    pub fn forget(&mut self, kind: Kind, below: u64) {
        let below = Row::key_text(below);
        self.rows.retain(|(of, key), _| *of != kind || *key >= below);
    }

    pub fn delete(&mut self, kind: Kind, key: u64) {
        self.rows.remove(&(kind, Row::key_text(key)));
    }

    /// Builds the room anew from its rows; it knows all that it knew.
    pub fn restart(&mut self, now: Timestamp, keep_sockets: bool) -> anyhow::Result<()> {
        let now = self.clock(now);
        self.admitted.append(&mut self.waiting); // A restart does not know who waited.
        if !keep_sockets {
            self.admitted.clear();
        }
        let restored = Room::restore(self.remember()?, self.admitted.iter().map(|&socket| (socket, None)));
        let (before, after) = (comparable(&self.room, now), comparable(&restored, now));
        ensure!(before == after, "a restart forgot something:\nbefore {before:?}\nafter  {after:?}");
        self.room = restored;
        self.life += 1;
        Ok(())
    }

    fn remember(&self) -> anyhow::Result<Memory> {
        let (events, others): (Vec<_>, Vec<_>) =
            self.rows.iter().partition(|((kind, _), _)| *kind == Kind::Event);
        let ring = &events[events.len().saturating_sub(RING_LEN)..];
        let mut memory = Memory::new(Epoch(0));
        for ((kind, key), value) in others.iter().chain(ring) {
            let kind = Kind::from_word(kind.word()).unwrap_or(*kind);
            memory.add(kind, key, value)?;
        }
        Ok(memory)
    }
}

/// The part of a room that must outlive a restart: players' deeds to the last command. Viewers may be gone, and the bot's
/// measurements are written once a minute.
fn comparable(room: &Room, now: Timestamp) -> (Snapshot, Vec<GuildListing>) {
    let mut snapshot = room.snapshot(now);
    let unknown = Room::new(Epoch(0)).0.stats(now);
    let stats = &mut snapshot.stats;
    (stats.viewers, stats.ping, stats.gateway, stats.uptime) = (0, unknown.ping, None, None);
    stats.bot.status = unknown.bot.status;
    snapshot.history.retain(|point| point.commands > 0);
    for point in &mut snapshot.history {
        let HistoryPoint { at, handling_p99, commands, errors, wealth, .. } = *point;
        *point = HistoryPoint { at, handling_p99, commands, errors, wealth, ..HistoryPoint::default() };
    }
    (snapshot, room.guilds())
}
