//! All end-to-end tests as one program: each of its own would be linked for seconds and take 40 MB. `cargo xtask test` runs
//! each module in a process of its own.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

mod actions;
mod alerts;
mod attacks;
mod audit;
mod bad_input;
mod bot_check;
mod bot_jobs;
mod bot_newcomer;
mod bot_setup;
mod bot_weather;
mod bot_worker;
mod burst;
mod closed;
mod contract;
mod conversation;
mod crash;
mod demo;
mod door;
mod economy;
mod first_slice;
mod full;
mod knock;
mod latency;
mod limit;
mod long_books;
mod matrix;
mod outage;
mod place;
mod players;
mod reading;
mod rest;
mod restore;
mod resume;
mod seeds;
mod server_room;
mod sign_in;
mod soak;
mod ticks;
mod trap;
mod unwelcome;
mod upgrade;
