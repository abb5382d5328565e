//! Every word on `/ws`, its close codes and its limits.

use serde::{Deserialize, Serialize};

use crate::{DashboardStats, Epoch, Event, Seq, Timestamp, history::HistoryPoint};

/// The client's heartbeat, a text frame; the runtime answers [`PONG`] without waking the room.
pub const PING: &str = "ping";
/// The answer to [`PING`].
pub const PONG: &str = "pong";
/// How often the client sends [`PING`], in milliseconds.
pub const HEARTBEAT_MS: u64 = 25_000;
/// The largest frame a client may send, in bytes.
pub const CLIENT_FRAME_MAX_BYTES: usize = 4 * 1024;
/// Messages a client may send within [`CLIENT_MESSAGES_WINDOW_MS`].
pub const CLIENT_MESSAGES_MAX: usize = 20;
/// The window of [`CLIENT_MESSAGES_MAX`], in milliseconds.
pub const CLIENT_MESSAGES_WINDOW_MS: u64 = 10_000;
/// Sockets one room holds.
pub const VIEWERS_MAX: usize = 30_000;

/// What the room says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// The first frame.
    Hello {
        /// [`crate::VERSION`] of the edge.
        version: u32,
        /// The life of the event log.
        epoch: Epoch,
        /// The last event so far.
        seq: Seq,
        /// The edge's clock.
        server_time: Timestamp,
        /// How often to ping.
        heartbeat_ms: u64,
        /// Whether the stream goes on where the client left it; if not, a snapshot follows.
        resumed: bool,
    },
    /// After a HELLO that is not resumed.
    Snapshot {
        /// All that the page needs.
        data: Box<Snapshot>,
    },
    /// What was missed, or a burst; ascending.
    Events {
        /// The events.
        data: Vec<Event>,
    },
    /// Every 5 s while anyone watches, and right after HELLO.
    StatsUpdate {
        /// The numbers.
        data: Box<DashboardStats>,
        /// The newest points of the charts, oldest first; each replaces the one of the same moment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        points: Vec<HistoryPoint>,
    },
    /// The moment an event is recorded.
    NewEvent {
        /// The event.
        data: Event,
    },
    /// Maintenance, or about to restart.
    Notice {
        /// What to tell the viewer.
        data: Notice,
    },
    /// A message of a newer version. It is passed over.
    #[serde(other)]
    Unknown,
}

/// Something the viewer should read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Stable, `snake_case`.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What `/api/snapshot` gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`crate::VERSION`] of the edge.
    pub version: u32,
    /// The life of the event log.
    pub epoch: Epoch,
    /// The last event included.
    pub seq: Seq,
    /// The numbers.
    pub stats: DashboardStats,
    /// The ring, newest first.
    pub events: Vec<Event>,
    /// The charts' points, oldest first.
    pub history: Vec<HistoryPoint>,
}

/// What a client may say besides [`PING`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum ClientMessage {
    /// Send me the numbers now.
    Refresh,
}

/// Why the room closes a socket. Below 4500: reconnect with back-off. From 4500 on: stop, and say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The edge is about to restart.
    Restart = 4000,
    /// Text that is no [`ClientMessage`].
    BadMessage = 4400,
    /// Binary, or over [`CLIENT_FRAME_MAX_BYTES`].
    TooLarge = 4413,
    /// More than [`CLIENT_MESSAGES_MAX`].
    TooMany = 4429,
    /// The session has ended.
    SignedOut = 4501,
    /// The right to watch was taken away.
    Forbidden = 4503,
    /// The page and the edge do not understand each other: reload, once.
    VersionMismatch = 4526,
    /// [`VIEWERS_MAX`] are watching.
    RoomFull = 4529,
}

impl CloseCode {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The sentence on the wire, at most 123 bytes as WebSocket demands.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Restart => "restarting, reconnect",
            Self::BadMessage => "not a message of this protocol",
            Self::TooLarge => "text frames of at most 4096 bytes only",
            Self::TooMany => "more than 20 messages in 10 s",
            Self::SignedOut => "signed out",
            Self::Forbidden => "no longer permitted",
            Self::VersionMismatch => "version mismatch, reload",
            Self::RoomFull => "the room is full",
        }
    }
}

/// Whether a close with this code ends the conversation for good.
pub const fn is_final_close(code: u16) -> bool {
    code >= 4500 && code < 5000
}
