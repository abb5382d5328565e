//! The viewers' sockets. What survives hibernation is in each socket's attachment: its number, and whose it is.

use std::collections::HashMap;

use protocol::{
    message::CloseCode,
    room::{SessionId, SocketId},
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{State, WebSocket};

use crate::answer::Problem;

#[wasm_bindgen]
extern "C" {
    /// A socket that is sent a JavaScript string as it is: the SDK's own `send` would copy it anew for each.
    type TextSocket;

    #[wasm_bindgen(method, catch)]
    fn send(this: &TextSocket, text: &JsValue) -> Result<(), JsValue>;
}

#[derive(Serialize, Deserialize)]
struct Attachment {
    id: u64,
    /// In hexadecimal digits: 64 bits do not survive JavaScript's numbers. A program has none.
    session: Option<String>,
}

/// The open sockets, by their numbers.
#[derive(Default)]
pub struct Sockets {
    by_id: HashMap<SocketId, WebSocket>,
    /// Accepted, and not yet to be reached by broadcasts.
    waiting: HashMap<SocketId, WebSocket>,
    last_id: u64,
}

impl Sockets {
    /// Those that outlived the object.
    pub fn restore(state: &State) -> Self {
        let by_id: HashMap<SocketId, WebSocket> =
            state.get_websockets().into_iter().filter_map(|socket| Some((id_of(&socket)?, socket))).collect();
        let last_id = by_id.keys().map(|id| id.0).max().unwrap_or(0);
        Self { by_id, waiting: HashMap::new(), last_id }
    }

    /// Their numbers, and the sessions that they belong to.
    pub fn whose(&self) -> Vec<(SocketId, Option<SessionId>)> {
        let session = |socket| attachment(socket)?.session?.parse().ok();
        self.by_id.iter().map(|(&id, socket)| (id, session(socket))).collect()
    }

    /// Accepts a socket and gives it a number.
    pub fn accept(
        &mut self,
        state: &State,
        socket: WebSocket,
        session: Option<SessionId>,
    ) -> Result<SocketId, Problem> {
        // From the clock on: the late close of a socket from before a restart must not name a new one.
        self.last_id = (self.last_id + 1).max(worker::Date::now().as_millis());
        let id = SocketId(self.last_id);
        state.accept_web_socket(&socket);
        socket.serialize_attachment(Attachment {
            id: id.0,
            session: session.map(|session| session.to_string()),
        })?;
        self.waiting.insert(id, socket);
        Ok(id)
    }

    /// From here on, broadcasts reach it.
    pub fn admit(&mut self, id: SocketId) {
        if let Some(socket) = self.waiting.remove(&id) {
            self.by_id.insert(id, socket);
        }
    }

    pub fn send(&self, id: SocketId, text: &JsValue) {
        if let Some(socket) = self.by_id.get(&id) {
            send(socket, text);
        }
    }

    pub fn broadcast(&self, text: &JsValue) {
        for socket in self.by_id.values() {
            send(socket, text);
        }
    }

    pub fn close(&mut self, id: SocketId, code: CloseCode) {
        if let Some(socket) = self.by_id.remove(&id).or_else(|| self.waiting.remove(&id)) {
            // One that is closing already needs no second close.
            let _ = socket.close(Some(code.number()), Some(code.reason()));
        }
    }

    /// Sends everybody away to connect anew.
    pub fn restart(&mut self) {
        let all: Vec<SocketId> = self.by_id.keys().copied().collect();
        for id in all {
            self.close(id, CloseCode::Restart);
        }
    }

    pub fn forget(&mut self, id: SocketId) {
        self.by_id.remove(&id);
    }
}

/// The number in a socket's attachment.
pub fn id_of(socket: &WebSocket) -> Option<SocketId> {
    attachment(socket).map(|attachment| SocketId(attachment.id))
}

fn attachment(socket: &WebSocket) -> Option<Attachment> {
    socket.deserialize_attachment().ok().flatten()
}

/// Completes a close that the other side began; the reserved codes may not be sent.
pub fn answer_close(socket: &WebSocket, code: usize) {
    let code = match u16::try_from(code) {
        Ok(1005 | 1006 | 1015) | Err(_) => 1000,
        Ok(code) => code,
    };
    // The runtime may have completed it by itself.
    let _ = socket.close(Some(code), Some(""));
}

fn send(socket: &WebSocket, text: &JsValue) {
    let raw: &JsValue = socket.as_ref();
    // A socket that cannot be sent to is closing; its close event follows. The others notice nothing.
    let _ = raw.unchecked_ref::<TextSocket>().send(text);
}
