//! One socket's wire: in order in each direction, until it is cut.

use std::rc::Rc;

use protocol::{Epoch, Seq, Timestamp, link::Attempt, room::SocketId};

/// The end of a socket whose other end vanished.
pub const CLOSED_ABNORMALLY: u16 = 1006;

#[derive(Debug)]
pub struct Wire {
    pub viewer: usize,
    pub attempt: Attempt,
    pub resume: Option<(Epoch, Seq)>,
    /// Swallows all in both directions, and tells nobody.
    pub cut: bool,
    /// Whether the room's shell holds this socket.
    pub room_open: bool,
    /// The number of frames that the room has sent: the first is HELLO, the second what HELLO promised.
    pub sent: u64,
    pub resumed: bool,
    /// The arrival of the last frame in each direction: the next one does not overtake it.
    pub to_viewer_at: Timestamp,
    pub to_room_at: Timestamp,
}

impl Wire {
    pub fn new(viewer: usize, attempt: Attempt, resume: Option<(Epoch, Seq)>, now: Timestamp) -> Self {
        Self {
            viewer,
            attempt,
            resume,
            cut: false,
            room_open: false,
            sent: 0,
            resumed: false,
            to_viewer_at: now,
            to_room_at: now,
        }
    }
}

/// An arrival at the viewer's end.
#[derive(Clone, Debug)]
pub enum ToViewer {
    Frame(Rc<str>),
    Closed(u16),
}

/// An arrival at the room's end.
#[derive(Clone, Copy, Debug)]
pub enum ToRoom {
    Join,
    Text(&'static str),
    Closed,
}

/// The happenings of a wire, for the trace.
pub fn shortened(socket: SocketId, arrival: &ToViewer) -> String {
    match arrival {
        ToViewer::Frame(text) => format!("{socket:?} → viewer: {}", text.get(..140).unwrap_or(text)),
        ToViewer::Closed(code) => format!("{socket:?} → viewer: closed {code}"),
    }
}
