//! A viewer that is not a browser: it reads the stream frame by frame.

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use protocol::{Epoch, Event, Seq, ServerMessage};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

use crate::edge::{ADMIN_TOKEN, Edge, PATIENCE};

/// An open socket of the room.
#[derive(Debug)]
pub struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Viewer {
    /// Opens the stream with the token of a program; fails when the upgrade is refused.
    pub async fn join(edge: &Edge) -> Result<Self> {
        Self::open(edge, "").await.map_err(|status| anyhow::anyhow!("the upgrade was refused with {status}"))
    }

    /// Opens the stream after an event.
    pub async fn resume(edge: &Edge, epoch: Epoch, since: Seq) -> Result<Self> {
        let query = format!("?epoch={epoch}&since={since}");
        Self::open(edge, &query)
            .await
            .map_err(|status| anyhow::anyhow!("the upgrade was refused with {status}"))
    }

    /// Opens the stream with any query; the status when it is refused.
    pub async fn open(edge: &Edge, query: &str) -> Result<Self, u16> {
        Self::knock(edge, query, &[("Authorization", &format!("Bearer {ADMIN_TOKEN}"))]).await
    }

    /// Opens the stream with exactly these headers; the status when it is refused, or 0 when nobody answers.
    pub async fn knock(edge: &Edge, query: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        Self::dial(&edge.url, query, headers).await
    }

    /// The same of an edge that is known by its URL only: it may be away.
    pub async fn dial(url: &str, query: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let address = format!("{}/ws{query}", url.replacen("http", "ws", 1));
        let mut request = address.into_client_request().map_err(|_| 0_u16)?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().map_err(|_| 0_u16)?);
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// Waits for the next text frame, and parses it.
    pub async fn next(&mut self) -> Result<ServerMessage> {
        let text = self.next_text().await?;
        serde_json::from_str(&text).with_context(|| format!("not a message: {text}"))
    }

    /// The next text frame.
    pub async fn next_text(&mut self) -> Result<String> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.context("no frame came")? {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => bail!("closed: {frame:?}"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("the socket ended"),
            }
        }
    }

    /// The next events, passing over everything else.
    pub async fn next_events(&mut self) -> Result<Vec<Event>> {
        loop {
            match self.next().await? {
                ServerMessage::NewEvent { data } => return Ok(vec![data]),
                ServerMessage::Events { data } => return Ok(data),
                _ => {}
            }
        }
    }

    /// Reads until an event satisfies the condition; gives all events until then, with it.
    pub async fn events_until(&mut self, mut is_last: impl FnMut(&Event) -> bool) -> Result<Vec<Event>> {
        let mut all = Vec::new();
        loop {
            for event in self.next_events().await? {
                let last = is_last(&event);
                all.push(event);
                if last {
                    return Ok(all);
                }
            }
        }
    }

    /// Sends a frame.
    pub async fn say(&mut self, message: Message) -> Result<()> {
        Ok(self.socket.send(message).await?)
    }

    /// Reads to the end; gives the close code.
    pub async fn close_code(&mut self) -> Result<u16> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.context("the socket was not closed")? {
                Some(Ok(Message::Close(Some(frame)))) => return Ok(frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("the socket ended without a code"),
            }
        }
    }
}
