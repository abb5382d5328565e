//! A viewer that checks every frame: each event once and in order, over all the sockets that it needs for it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use protocol::{Epoch, Event, Seq, ServerMessage};
use tokio::task::JoinHandle;

use crate::{
    Edge, Viewer,
    edge::{ADMIN_TOKEN, until},
};

/// A follower's record of its stream.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The number at which it joined; it knows everything after that.
    pub first: Seq,
    /// The number of the last event.
    pub head: Seq,
    /// Each event, in the order of its coming.
    pub events: Vec<(Seq, String)>,
    /// Frames with events.
    pub frames: u64,
    /// Sockets that were opened.
    pub sockets: u64,
    /// Of these, such that went on where the one before had ended.
    pub resumed: u64,
    /// Sockets that were given up because something was missing: the room was rebuilt before it could tell it.
    pub gaps: u64,
}

/// A follower at work.
#[derive(Debug)]
pub struct Follower {
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
    work: JoinHandle<Result<()>>,
}

impl Follower {
    /// One that has joined.
    pub async fn join(edge: &Edge) -> Result<Self> {
        let follower = Self::start(edge);
        until("a follower joins", async || Ok(follower.seen().sockets > 0 || follower.work.is_finished()))
            .await?;
        Ok(follower)
    }

    fn start(edge: &Edge) -> Self {
        let (seen, over) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let following = Following { url: edge.url.clone(), epoch: None, seen: Arc::clone(&seen) };
        let work = tokio::spawn(following.follow(Arc::clone(&over)));
        Self { seen, over, work }
    }

    /// A copy of its record so far.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    /// The last event that it has seen.
    pub fn head(&self) -> Seq {
        lock(&self.seen).head
    }

    /// Whether it still follows; if not, [`Follower::end`] says why.
    pub fn is_well(&self) -> bool {
        !self.work.is_finished()
    }

    /// Ends it; what it has seen, or what was wrong.
    pub async fn end(self) -> Result<Seen> {
        self.over.store(true, Ordering::Relaxed);
        if self.work.is_finished() {
            self.work.await??;
        } else {
            self.work.abort();
        }
        Ok(lock(&self.seen).clone())
    }
}

struct Following {
    url: String,
    epoch: Option<Epoch>,
    seen: Arc<Mutex<Seen>>,
}

impl Following {
    async fn follow(mut self, over: Arc<AtomicBool>) -> Result<()> {
        while !over.load(Ordering::Relaxed) {
            let query = match self.epoch {
                Some(epoch) => format!("?epoch={epoch}&since={}", self.seen().head),
                None => String::new(),
            };
            let bearer = format!("Bearer {ADMIN_TOKEN}");
            match Viewer::dial(&self.url, &query, &[("Authorization", &bearer)]).await {
                Ok(viewer) => self.watch(viewer).await?,
                // The edge is away: a short breath, so that the wait for it does not take its processor.
                Err(0 | 500..) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(status) => bail!("the upgrade was refused with {status}"),
            }
        }
        Ok(())
    }

    /// Reads one socket to its end, or to a gap. An error is a broken promise.
    async fn watch(&mut self, mut viewer: Viewer) -> Result<()> {
        let Ok(text) = viewer.next_text().await else { return Ok(()) };
        let ServerMessage::Hello { epoch, seq, resumed, .. } = serde_json::from_str(&text)? else {
            bail!("not HELLO first: {text}")
        };
        let Ok(text) = viewer.next_text().await else { return Ok(()) };
        match (serde_json::from_str(&text)?, self.epoch) {
            (ServerMessage::Snapshot { data }, None) if !resumed => {
                ensure!((data.epoch, data.seq) == (epoch, seq), "another snapshot than HELLO told");
                let mut seen = self.seen();
                (seen.first, seen.head) = (seq, seq);
            }
            (ServerMessage::Events { data }, Some(before)) if resumed => {
                ensure!(before == epoch, "resumed in another epoch");
                ensure!(self.add(&data)?, "the answer to a resume has a gap");
                ensure!(self.seen().head == seq, "not all that HELLO told");
                self.seen().resumed += 1;
            }
            _ => bail!("after {} of {:?} came, resumed {resumed}: {text:.200}", self.seen().head, self.epoch),
        }
        self.epoch = Some(epoch);
        self.seen().sockets += 1;
        loop {
            let Ok(text) = viewer.next_text().await else { return Ok(()) };
            let whole = match serde_json::from_str(&text)? {
                ServerMessage::NewEvent { data } => self.add(&[data])?,
                ServerMessage::Events { data } => self.add(&data)?,
                ServerMessage::StatsUpdate { data, .. } => data.seq <= self.seen().head,
                ServerMessage::Hello { .. } | ServerMessage::Snapshot { .. } => bail!("in midstream: {text}"),
                ServerMessage::Notice { .. } | ServerMessage::Unknown => true,
            };
            if !whole {
                self.seen().gaps += 1;
                return Ok(());
            }
        }
    }

    /// Takes events; false when one before them is missing.
    fn add(&self, events: &[Event]) -> Result<bool> {
        let mut seen = self.seen();
        seen.frames += 1;
        for event in events {
            ensure!(event.seq > seen.head, "{} again, after {}", event.seq, seen.head);
            if event.seq != seen.head.next() {
                return Ok(false);
            }
            seen.head = event.seq;
            seen.events.push((event.seq, event.id.clone()));
        }
        Ok(true)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
