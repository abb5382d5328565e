//! The economy over rusqlite, with the very statements that run at the edge.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

mod actions;
mod boards;
#[path = "../../../protocol/tests/corpus.rs"]
mod corpus;
mod damage;
mod everything;
mod faults;
mod following;
mod fullness;
mod jobs;
mod large;
mod life;
mod limit;
mod management;
mod memory;
mod model;
mod numbers;
mod pace;
mod people;
mod reading;
mod rules;
mod server;
mod sqlite;
mod support;
mod text;
