//! `zlib-stream`: one stream a connection, in which each message ends at a flush.
//!
//! Source: <https://discord.com/developers/docs/events/gateway#transport-compression>.

use axum::extract::ws::Message;
use flate2::{Compress, Compression, FlushCompress, Status};
use serde::Deserialize;

/// Room that is made for what comes out, in bytes, as often as it takes.
const ROOM: usize = 4 * 1024;

/// The query with which a client connects.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    compress: String,
}

/// The compression of one connection's messages; `None` when the client asked for none.
pub(super) struct Transport(Option<Compress>);

impl Transport {
    /// As it was asked for; anything unknown is left as it is.
    pub(super) fn new(wish: &Wish) -> Self {
        Self((wish.compress == "zlib-stream").then(|| Compress::new(Compression::default(), true)))
    }

    /// Whether messages get smaller.
    pub(super) fn compresses(&self) -> bool {
        self.0.is_some()
    }

    /// The message as it goes over the wire.
    pub(super) fn carry(&mut self, message: Message) -> Message {
        match (&mut self.0, message) {
            (Some(stream), Message::Text(text)) => Message::Binary(deflated(stream, text.as_bytes()).into()),
            (_, message) => message,
        }
    }
}

fn deflated(stream: &mut Compress, mut rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        out.reserve(ROOM);
        let before = stream.total_in();
        let status = stream.compress_vec(rest, &mut out, FlushCompress::Sync);
        let taken = usize::try_from(stream.total_in() - before).unwrap_or_default();
        rest = rest.get(taken..).unwrap_or_default();
        // Room that is left says that the flush is whole.
        if !matches!(status, Ok(Status::Ok)) || (rest.is_empty() && out.len() < out.capacity()) {
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    #[test]
    fn messages_are_one_stream_and_each_ends_at_a_flush() {
        let mut transport = Transport::new(&Wish { compress: "zlib-stream".into() });
        let mut reader = Decompress::new(true);
        let long =
            (0..20_000_u64).map(|number| number.wrapping_mul(0x9E37_79B9).to_string()).collect::<String>();
        for text in ["{\"op\":10}", &long, "{\"op\":11}"] {
            let Message::Binary(bytes) = transport.carry(Message::Text(text.into())) else {
                panic!("not binary")
            };
            assert!(bytes.ends_with(&[0, 0, 0xFF, 0xFF]));
            let mut read = Vec::with_capacity(text.len() + 1);
            reader.decompress_vec(&bytes, &mut read, FlushDecompress::Sync).unwrap();
            assert_eq!(String::from_utf8(read).unwrap(), text);
        }
    }

    #[test]
    fn nobody_gets_what_they_did_not_ask_for() {
        let mut transport = Transport::new(&Wish::default());
        assert_eq!(transport.carry(Message::Text("{}".into())), Message::Text("{}".into()));
    }
}
