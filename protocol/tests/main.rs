//! All tests of the crate as one program: linking one takes a second, linking ten takes ten.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

mod corpus;
mod csv;
mod feed;
mod golden;
mod link;
mod number;
mod report;
mod room;
mod samples;
mod text;
