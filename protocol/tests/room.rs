//! The room as tables: what it does, given what happened and when.

mod bounds;
mod charts;
mod database;
mod house;
mod jobs;
mod ledgers;
mod maintenance;
mod pulse;
mod rest;
mod rows;
mod server;
mod stream;
mod watch;
