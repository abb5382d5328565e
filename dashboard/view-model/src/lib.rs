//! The page without a browser: rows, charts, alerts, addresses and words, worked out by pure functions of what came in.
//!
//! It is a crate of its own so that its tests compile without the libraries of the page.

pub mod alert;
pub mod answer;
pub mod chart;
pub mod export;
pub mod field;
pub mod filter;
pub mod leader;
pub mod list;
pub mod log;
pub mod order;
pub mod route;
pub mod socket;
pub mod text;
pub mod window;
pub mod words;
