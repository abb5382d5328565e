//! A stand-in for Discord: it signs and posts interactions, answers the bot's REST calls, and plays a crowd of players.
//!
//! Made for tests and the demo, with a latency that can be set while it runs. It listens on loopback only.

pub mod client;
pub mod control;
pub mod crowd;
pub mod driver;
pub mod faults;
pub mod fixtures;
pub mod gateway;
pub mod grants;
mod lock;
pub mod objects;
pub mod original_responses;
pub mod payload;
mod rate_limit;
pub mod reply;
pub mod rest;
pub mod server;
pub mod signing;
pub mod snowflake;
pub mod splitmix;
pub mod state;
pub mod typed;

pub use client::{Answer, EdgeClient};
pub use fixtures::{Guild, Player};
pub use payload::{Payload, Press};
pub use reply::Reply;
pub use server::{Config, Server};
pub use signing::Signer;
pub use typed::{Choice, Typed, Value};
