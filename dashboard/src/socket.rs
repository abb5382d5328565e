//! One WebSocket to the room. Dropping it hangs up, and nothing of it is heard any more.

use leptos::prelude::window;
use protocol::{Epoch, GuildId, Seq};
use view_model::socket;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// An open, or opening, socket.
pub struct Socket {
    inner: WebSocket,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Opens a socket to the room of all servers, or of one; `None` when the browser refuses to.
    pub fn open(
        room: Option<GuildId>,
        resume: Option<(Epoch, Seq)>,
        mut said: impl FnMut(String) + 'static,
        mut closed: impl FnMut(u16) + 'static,
    ) -> Option<Self> {
        let location = window().location();
        let url = socket::url(&location.protocol().ok()?, &location.host().ok()?, room, resume);
        let socket = WebSocket::new(&url).ok()?;
        let on_message = Closure::<dyn FnMut(_)>::new(move |message: MessageEvent| {
            // A binary frame is not of this protocol; as an empty text it fails like any other nonsense.
            said(message.data().as_string().unwrap_or_default());
        });
        let on_close = Closure::<dyn FnMut(_)>::new(move |close: CloseEvent| closed(close.code()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self { inner: socket, _on_message: on_message, _on_close: on_close })
    }

    /// Sends a text frame; on a socket that is closing it is lost, which the close then tells.
    pub fn send(&self, text: &str) {
        let _ = self.inner.send_with_str(text);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.inner.set_onmessage(None);
        self.inner.set_onclose(None);
        let _ = self.inner.close();
    }
}
