//! The stand-in from outside.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

mod application;
mod late_answers;
mod sign_in;
