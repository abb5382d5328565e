//! Discord's gateway: sessions over `WebSocket`s, and whatever goes wrong with them.
//!
//! Source: <https://discord.com/developers/docs/events/gateway>.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use protocol::GuildId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::lock::lock;

mod compression;
mod connection;
mod events;

pub(crate) use connection::upgrade;

/// The behaviour of the gateway, as `PUT /control/gateway` sets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// The interval that a bot is told to send heartbeats in, in milliseconds. Discord's is 41 250; here it is as long as
    /// a report's, so that every report knows a fresh latency.
    pub heartbeat_ms: u64,
    /// Shards that `GET /gateway/bot` recommends.
    pub shards: u32,
    /// Identifies that may still be made today, as `GET /gateway/bot` tells.
    pub identifies_left: u32,
    /// The delay of an acknowledgement, in milliseconds; the REST latency when `null`.
    pub ack_ms: Option<u64>,
    /// Whether heartbeats are acknowledged.
    pub acknowledges: bool,
    /// Close with this code instead of READY, such as 4004 or 4014.
    pub refuses: Option<u16>,
    /// Whether connections are taken at all.
    pub open: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat_ms: 5_000,
            shards: 1,
            identifies_left: 1_000,
            ack_ms: None,
            acknowledges: true,
            refuses: None,
            open: true,
        }
    }
}

/// An order to every open connection, as `POST /control/gateway` takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Order {
    /// The connection ends, without a word.
    Cut,
    /// Opcode 7: reconnect, and resume.
    Reconnect,
    /// The session is invalid.
    InvalidSession {
        /// Whether it may be resumed all the same.
        #[serde(default)]
        resumable: bool,
    },
    /// The gateway closes the connection with this code.
    Close {
        /// The close code.
        code: u16,
    },
    /// The bot is taken out of this server.
    Leave {
        /// The server.
        guild: GuildId,
    },
    /// The bot is let into a server again that it was taken out of.
    Join {
        /// The server.
        guild: GuildId,
    },
    /// A dispatch of any event.
    Dispatch {
        /// Its name, such as `GUILD_DELETE`.
        event: String,
        /// Its `d` field.
        data: Value,
    },
}

/// Counters of the gateway's clients, as `GET /control/gateway` shows them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Watch {
    /// Connections that are open.
    pub open: usize,
    /// Connections so far.
    pub connections: u64,
    /// Connections so far whose messages to the client are compressed.
    pub compressed: u64,
    /// Identifies so far.
    pub identifies: u64,
    /// Sessions that were resumed so far.
    pub resumes: u64,
    /// Heartbeats so far.
    pub heartbeats: u64,
    /// The presence that was shown last.
    pub presence: Value,
    /// The close code that a client gave last; `null` when it gave none.
    pub last_close: Option<u16>,
}

#[derive(Clone, Debug, Default)]
struct Session {
    shard: (u32, u32),
    sequence: u64,
    /// The servers that it knows of.
    told: BTreeSet<GuildId>,
}

/// The gateway's side of all connections.
#[derive(Debug, Default)]
pub struct Gateway {
    settings: Mutex<Settings>,
    sessions: Mutex<HashMap<String, Session>>,
    left: Mutex<BTreeSet<GuildId>>,
    open: Mutex<HashMap<u64, UnboundedSender<Order>>>,
    watch: Mutex<Watch>,
    next: AtomicU64,
}

impl Gateway {
    /// A copy of the settings in force.
    pub fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// It behaves like this from now on.
    pub fn set(&self, settings: Settings) {
        *lock(&self.settings) = settings;
    }

    /// Does this to every open connection.
    pub fn order(&self, order: &Order) {
        match order {
            Order::InvalidSession { resumable: false } => lock(&self.sessions).clear(),
            Order::Leave { guild } => drop(lock(&self.left).insert(*guild)),
            Order::Join { guild } => drop(lock(&self.left).remove(guild)),
            _ => {}
        }
        lock(&self.open).retain(|_, connection| connection.send(order.clone()).is_ok());
    }

    /// Whether the bot was taken out of this server.
    pub fn has_left(&self, guild: GuildId) -> bool {
        lock(&self.left).contains(&guild)
    }

    /// A copy of the counters.
    pub fn watch(&self) -> Watch {
        Watch { open: lock(&self.open).len(), ..lock(&self.watch).clone() }
    }

    fn note(&self, note: impl FnOnce(&mut Watch)) {
        note(&mut lock(&self.watch));
    }

    fn opened(&self, orders: UnboundedSender<Order>) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.note(|watch| watch.connections += 1);
        lock(&self.open).insert(number, orders);
        number
    }

    fn closed(&self, number: u64) {
        lock(&self.open).remove(&number);
    }

    fn begin(&self, shard: (u32, u32)) -> String {
        let id = format!("{:032x}", self.next.fetch_add(1, Ordering::Relaxed));
        lock(&self.sessions).insert(id.clone(), Session { shard, ..Session::default() });
        self.note(|watch| watch.identifies += 1);
        id
    }

    /// The session goes on, if there is one.
    fn resume(&self, id: &str) -> bool {
        let known = lock(&self.sessions).contains_key(id);
        if known {
            self.note(|watch| watch.resumes += 1);
        }
        known
    }

    fn shard(&self, id: &str) -> (u32, u32) {
        lock(&self.sessions).get(id).map_or((0, 1), |session| session.shard)
    }

    /// The session is told that its servers are these; gives those that it knew of until now.
    fn tell(&self, id: &str, here: BTreeSet<GuildId>) -> BTreeSet<GuildId> {
        let mut sessions = lock(&self.sessions);
        sessions.get_mut(id).map_or_else(BTreeSet::new, |session| std::mem::replace(&mut session.told, here))
    }

    /// The next sequence number of a session.
    fn sequence(&self, id: &str) -> u64 {
        lock(&self.sessions).get_mut(id).map_or(0, |session| {
            session.sequence += 1;
            session.sequence
        })
    }

    fn end(&self, id: &str) {
        lock(&self.sessions).remove(id);
    }
}
