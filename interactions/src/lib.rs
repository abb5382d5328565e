//! Discord's bytes in, the economy's decision out.
//!
//! `signature` → `interaction` → `command` → `rules` under `books` → `reply`. No I/O, no clock, no randomness: the SQL
//! runs wherever [`sql::Sql`] is given.

pub mod action;
pub mod at_rest;
mod autocomplete;
pub mod books;
pub mod command;
pub mod deployment;
pub mod interaction;
pub mod job;
pub mod limit;
pub mod origin;
mod parse_error;
mod person;
pub mod reply;
pub mod rest;
pub mod rules;
pub mod schema;
pub mod sealed;
pub mod service;
pub mod settings;
pub mod signature;
pub mod sql;
pub mod text;
pub mod transport;
pub mod way_back;
pub mod webhook;

pub use books::{Books, BooksError};
pub use command::Command;
pub use interaction::{Call, Interaction, Person};
pub use signature::{PublicKey, Verified};
