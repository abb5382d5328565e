//! One viewer: whose it is, and how much it may say.

use std::collections::VecDeque;

use super::{Frame, SessionId};
use crate::{
    ClientMessage, Timestamp,
    message::{CLIENT_FRAME_MAX_BYTES, CLIENT_MESSAGES_MAX, CLIENT_MESSAGES_WINDOW_MS, CloseCode, PING},
};

#[derive(Clone, Debug, Default)]
pub(super) struct Viewer {
    /// The browser's session; `None` for a program.
    pub(super) session: Option<SessionId>,
    said_at: VecDeque<Timestamp>,
}

impl Viewer {
    pub(super) fn of(session: Option<SessionId>) -> Self {
        Self { session, ..Self::default() }
    }

    /// Reads a frame: nothing (a ping), a message, or the code to close the socket with.
    pub(super) fn judge(
        &mut self,
        now: Timestamp,
        frame: Frame<'_>,
    ) -> Result<Option<ClientMessage>, CloseCode> {
        let Frame::Text(text) = frame else { return Err(CloseCode::TooLarge) };
        if text.len() > CLIENT_FRAME_MAX_BYTES {
            return Err(CloseCode::TooLarge);
        }
        self.said_at.retain(|&at| now.since(at) < CLIENT_MESSAGES_WINDOW_MS);
        self.said_at.push_back(now);
        if self.said_at.len() > CLIENT_MESSAGES_MAX {
            return Err(CloseCode::TooMany);
        }
        if text == PING {
            return Ok(None);
        }
        serde_json::from_str(text).map(Some).map_err(|_| CloseCode::BadMessage)
    }
}
