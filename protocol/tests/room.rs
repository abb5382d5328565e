//! The room as tables: what it does, given what happened and when.

mod aggregates;
mod bot_state;
mod bounds;
mod charts;
mod database;
mod house;
mod jobs;
mod maintenance;
mod rest;
mod rows;
mod server;
mod stream;
mod watch;
