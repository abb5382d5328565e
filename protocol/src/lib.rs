//! The messages between Pulse's programs, and both ends of the conversation.
//!
//! Nothing here does I/O, reads a clock or draws randomness: time and entropy are arguments.

pub mod action;
pub mod alert;
pub mod audit;
pub mod check;
pub mod csv;
pub mod event;
pub mod feed;
pub mod history;
pub mod id;
pub mod job;
pub mod link;
pub mod message;
pub mod money;
pub mod number;
pub mod rate_limit;
pub mod record;
pub mod report;
pub mod room;
pub mod sentence;
pub mod session;
pub mod stats;
pub mod text;
pub mod time;
pub mod version;

pub use event::{Event, Severity, Source};
pub use id::{Epoch, GuildId, InteractionId, JournalSeq, Seq, UserId};
pub use message::{ClientMessage, ServerMessage, Snapshot};
pub use money::Coins;
pub use report::Report;
pub use sentence::Sentence;
pub use stats::DashboardStats;
pub use time::Timestamp;

/// The version of every message in this crate. It grows when an old reader would misunderstand a new writer.
pub const VERSION: u32 = 1;
