//! What the page works out before it shows anything. All of it pure: no clock, no browser.

pub mod alert;
pub mod chart;
pub mod field;
pub mod filter;
pub mod list;
pub mod log;
pub mod order;
pub mod place;
pub mod text;
pub mod window;
