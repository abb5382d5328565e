//! What the Worker does for each route, before and after it asks an object.

pub mod acting;
pub mod alerting;
pub mod audit;
pub mod authorize;
pub mod bot;
pub mod check;
pub mod interactions;
#[cfg(feature = "local-link")]
pub mod local_sign_in;
pub mod page;
pub mod sign_in;
pub mod status;
pub mod stream;
