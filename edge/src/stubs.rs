//! The Worker's and the objects' way to the objects: their names, what they are asked, and how.

pub mod guild;
pub mod room;
