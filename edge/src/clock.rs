//! The clock on the wall.

use protocol::Timestamp;

/// This moment. A Worker's clock stands still while it computes.
pub fn now() -> Timestamp {
    Timestamp(worker::Date::now().as_millis())
}
