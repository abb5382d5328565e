//! Every word on `/ws`, its close codes and its limits.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};
use serde_json::value::RawValue;

use crate::{DashboardStats, Epoch, Event, Seq, Timestamp, history::HistoryPoint};

/// The client's heartbeat, a text frame; the runtime answers [`PONG`] without waking the room.
pub const PING: &str = "ping";
/// The answer to [`PING`].
pub const PONG: &str = "pong";
/// The interval of the client's [`PING`], in milliseconds.
pub const HEARTBEAT_MS: u64 = 25_000;
/// The largest frame a client may send, in bytes.
pub const CLIENT_FRAME_MAX_BYTES: usize = 4 * 1024;
/// Messages a client may send within [`CLIENT_MESSAGES_WINDOW_MS`].
pub const CLIENT_MESSAGES_MAX: usize = 20;
/// The window of [`CLIENT_MESSAGES_MAX`], in milliseconds.
pub const CLIENT_MESSAGES_WINDOW_MS: u64 = 10_000;
/// The notice that everything is paused.
pub const MAINTENANCE: &str = "maintenance";
/// The notice of incidents that last.
pub const INCIDENT: &str = "incident";
/// The notice that none lasts any more.
pub const INCIDENT_OVER: &str = "incident_over";
/// The notice that everything goes on again.
pub const MAINTENANCE_OVER: &str = "maintenance_over";
/// The notice that the storage takes no rows: a limit of the plan that Pulse runs on is reached.
pub const LIMIT_REACHED: &str = "limit_reached";
/// The notice that it takes rows again.
pub const LIMIT_OVER: &str = "limit_over";
/// Sockets one room holds.
pub const VIEWERS_MAX: usize = 30_000;

/// A message from the room to a viewer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// The first frame of a socket.
    Hello {
        /// [`crate::VERSION`] of the edge.
        version: u32,
        /// The life of the event log.
        epoch: Epoch,
        /// The last event so far.
        seq: Seq,
        /// The edge's clock at the moment of this frame.
        server_time: Timestamp,
        /// The interval at which the client has to ping, in milliseconds.
        heartbeat_ms: u64,
        /// Whether the stream goes on where the client left it; if not, a snapshot follows.
        resumed: bool,
    },
    /// After a HELLO that is not resumed.
    Snapshot {
        /// All that the page needs.
        data: Box<Snapshot>,
    },
    /// The events that a resumed viewer missed, or a burst.
    Events {
        /// The events, in ascending order of `seq`.
        data: Vec<Event>,
    },
    /// Every 5 s while anyone watches, and right after HELLO.
    StatsUpdate {
        /// All the numbers, not only those that changed.
        data: Box<DashboardStats>,
        /// The newest points of the charts, oldest first; each replaces the one of the same moment.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        points: Vec<HistoryPoint>,
    },
    /// The moment an event is recorded.
    NewEvent {
        /// The event, with its number.
        data: Event,
    },
    /// Maintenance, or about to restart.
    Notice {
        /// The code, and its words for the viewer.
        data: Notice,
    },
    /// A message of a newer version. It is passed over.
    Unknown,
}

/// All fields that a frame may have. What `data` is depends on `type`: it is parsed when that is known. The derived
/// reader would buffer each frame in memory and parse every type in two ways, which doubles the page's parsers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    version: Option<u32>,
    epoch: Option<Epoch>,
    seq: Option<Seq>,
    server_time: Option<Timestamp>,
    heartbeat_ms: Option<u64>,
    resumed: Option<bool>,
    data: Option<Box<RawValue>>,
    #[serde(default)]
    points: Vec<HistoryPoint>,
}

impl<'de> Deserialize<'de> for ServerMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let frame = Frame::deserialize(deserializer)?;
        let data = frame.data.as_deref().map_or("null", RawValue::get);
        Ok(match frame.kind.as_str() {
            "HELLO" => Self::Hello {
                version: required(frame.version, "version")?,
                epoch: required(frame.epoch, "epoch")?,
                seq: required(frame.seq, "seq")?,
                server_time: required(frame.server_time, "serverTime")?,
                heartbeat_ms: required(frame.heartbeat_ms, "heartbeatMs")?,
                resumed: required(frame.resumed, "resumed")?,
            },
            "SNAPSHOT" => Self::Snapshot { data: parsed(data)? },
            "EVENTS" => Self::Events { data: parsed(data)? },
            "STATS_UPDATE" => Self::StatsUpdate { data: parsed(data)?, points: frame.points },
            "NEW_EVENT" => Self::NewEvent { data: parsed(data)? },
            "NOTICE" => Self::Notice { data: parsed(data)? },
            _ => Self::Unknown,
        })
    }
}

fn required<T, E: de::Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

fn parsed<T: DeserializeOwned, E: de::Error>(data: &str) -> Result<T, E> {
    serde_json::from_str(data).map_err(E::custom)
}

/// Something the viewer should read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Stable, `snake_case`.
    pub code: String,
    /// A plain sentence for people.
    pub message: String,
}

/// The answer of `/api/snapshot`, and the data of a SNAPSHOT frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`crate::VERSION`] of the edge.
    pub version: u32,
    /// The life of the event log.
    pub epoch: Epoch,
    /// The last event included.
    pub seq: Seq,
    /// The numbers as of [`Self::seq`].
    pub stats: DashboardStats,
    /// The ring, newest first.
    pub events: Vec<Event>,
    /// The charts' points, oldest first.
    pub history: Vec<HistoryPoint>,
}

/// A message from a client, besides [`PING`].
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
