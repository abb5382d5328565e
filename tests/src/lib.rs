//! The harness of the end-to-end tests: a real edge on workerd, viewers of its stream, and Discord's signature.
//!
//! Tests run the build that is there: `cargo xtask build` first. `cargo xtask test` does so by itself.

pub mod bot;
pub mod browser;
pub mod crowd;
pub mod deployer;
pub mod disk;
pub mod edge;
pub mod follower;
pub mod load;
pub mod people;
pub mod program;
pub mod receiver;
pub mod relay;
pub mod simulation;
pub mod stack;
pub mod subject;
pub mod viewer;

pub use browser::Browser;
pub use crowd::Crowd;
pub use deployer::Deployer;
pub use disk::Disk;
pub use edge::Edge;
pub use follower::Follower;
pub use load::Load;
pub use receiver::Receiver;
pub use relay::{Relay, Spoiler};
pub use stack::Stack;
pub use subject::{Served, Subject};
pub use viewer::Viewer;
