//! Many viewers in one program. A frame is not parsed: it is looked through for the names of players, which say what
//! command an event is of, and so how long it was under way.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem::Finder;
use protocol::{Epoch, ServerMessage};
use tests::{
    Served,
    edge::{ADMIN_TOKEN, PATIENCE},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

/// Viewers that join at the same time.
const JOIN_AT_ONCE: usize = 64;
/// A step of the latencies that are told apart, in microseconds, and how many there are: up to 10 s.
const STEP_US: u64 = 50;
const STEPS: usize = 200_000;

/// The deliveries of one load, over all viewers.
pub struct Sightings {
    began: Instant,
    /// The number of the load's first command, and when each was offered, in microseconds.
    first: u64,
    offered: Vec<AtomicU64>,
    seen: AtomicU64,
    steps: Vec<AtomicU64>,
}

impl Sightings {
    /// Sightings of commands with numbers from `first` on.
    pub fn of(first: u64, count: usize) -> Arc<Self> {
        let zeros = |count| (0..count).map(|_| AtomicU64::new(0)).collect();
        let began = Instant::now();
        Arc::new(Self { began, first, offered: zeros(count), seen: AtomicU64::new(0), steps: zeros(STEPS) })
    }

    /// A command is offered, or was to be offered, at this moment.
    pub fn offer(&self, number: u64, at: Instant) {
        let micros = u64::try_from((at - self.began).as_micros()).unwrap_or(u64::MAX);
        if let Some(offered) = self.place(number) {
            offered.store(micros, Ordering::Relaxed);
        }
    }

    /// Deliveries so far: events times viewers.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Waits until all viewers have seen all; false when that takes too long.
    pub async fn all_seen(&self, by: usize, at_most: Duration) -> bool {
        let (all, began) = ((self.offered.len() * by) as u64, Instant::now());
        while self.seen() < all {
            if began.elapsed() > at_most {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        true
    }

    /// A percentile of the time from offer to sight, in milliseconds.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    pub fn percentile(&self, part: f64) -> f64 {
        let mut left = (self.seen() as f64 * part) as u64;
        for (step, count) in self.steps.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            if count > left {
                return (step as u64 * STEP_US) as f64 / 1e3;
            }
            left -= count;
        }
        f64::INFINITY
    }

    fn see(&self, number: u64, now: u64) {
        let Some(offered) = self.place(number) else { return };
        let step = now.saturating_sub(offered.load(Ordering::Relaxed)) / STEP_US;
        let step = usize::try_from(step).unwrap_or(usize::MAX).min(STEPS - 1);
        self.steps[step].fetch_add(1, Ordering::Relaxed);
        self.seen.fetch_add(1, Ordering::Relaxed);
    }

    fn place(&self, number: u64) -> Option<&AtomicU64> {
        self.offered.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }
}

/// The record that all viewers write.
#[derive(Default)]
struct Log {
    current: Mutex<Option<Arc<Sightings>>>,
    /// Viewers that know the numbers.
    joined: AtomicUsize,
    lost: AtomicUsize,
}

impl Log {
    fn current(&self) -> Option<Arc<Sightings>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Viewers at work. Dropped, they are cut off.
pub struct Watchers {
    log: Arc<Log>,
    count: usize,
    _tasks: JoinSet<()>,
}

impl Watchers {
    /// Joins so many viewers, all of whom have their numbers.
    pub async fn join(served: &Served, count: usize) -> Result<Self> {
        Self::join_at(served, count, "", JOIN_AT_ONCE, None).await
    }

    /// The same, all at once, with a query; the events that they get are sightings.
    pub async fn join_at(
        served: &Served,
        count: usize,
        query: &str,
        at_once: usize,
        sightings: Option<Arc<Sightings>>,
    ) -> Result<Self> {
        let log = Arc::new(Log::default());
        *log.current.lock().unwrap_or_else(PoisonError::into_inner) = sightings;
        let places = Arc::new(tokio::sync::Semaphore::new(at_once));
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let (log, places) = (Arc::clone(&log), Arc::clone(&places));
            let (url, query) = (served.url.clone(), query.to_owned());
            tasks.spawn(async move {
                let place = places.acquire_owned().await;
                if let Err(error) = watch(&url, &query, &log, place).await {
                    println!("  a viewer is lost: {error:#}");
                }
                log.lost.fetch_add(1, Ordering::Relaxed);
            });
        }
        let began = Instant::now();
        while log.joined.load(Ordering::Relaxed) < count {
            ensure!(log.lost.load(Ordering::Relaxed) == 0, "{} lost viewers", served.subject.name());
            ensure!(began.elapsed() < 4 * PATIENCE, "{}: viewers did not all join", served.subject.name());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(Self { log, count, _tasks: tasks })
    }

    /// The number of viewers.
    pub fn count(&self) -> usize {
        self.count
    }

    /// From now on, this is what they write down.
    pub fn look_for(&self, sightings: &Arc<Sightings>) {
        *self.log.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(sightings));
    }

    /// An error when one of them is lost.
    pub fn check(&self) -> Result<()> {
        let lost = self.log.lost.load(Ordering::Relaxed);
        ensure!(lost == 0, "{lost} viewers were lost");
        Ok(())
    }
}

async fn watch(url: &str, query: &str, log: &Log, place: impl Sized) -> Result<()> {
    let address = url.strip_prefix("http://").context("a URL")?;
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET /ws{query} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Authorization: Bearer {ADMIN_TOKEN}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = Vec::with_capacity(16 * 1024);
    let head = loop {
        let read = timeout(4 * PATIENCE, stream.read_buf(&mut buffer)).await.context("no upgrade")??;
        ensure!(read > 0, "the upgrade was cut off");
        if let Some(end) = Finder::new("\r\n\r\n").find(&buffer) {
            break end + 4;
        }
    };
    ensure!(buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&buffer[..head]));
    buffer.drain(..head);
    let finder = Finder::new(NAMED).into_owned();
    let mut place = Some(place);
    loop {
        let mut begin = 0;
        while let Some((payload, end)) = frame(&buffer[begin..])? {
            let text = &buffer[begin..][payload..end];
            if place.is_some() && text.starts_with(br#"{"type":"STATS_UPDATE""#) {
                place = None;
                log.joined.fetch_add(1, Ordering::Relaxed);
            }
            if text.starts_with(br#"{"type":"EVENTS""#) || text.starts_with(br#"{"type":"NEW_EVENT""#) {
                write_down(text, log, &finder);
            }
            begin += end;
        }
        buffer.drain(..begin);
        if buffer.is_empty() && buffer.capacity() > 64 * 1024 {
            buffer = Vec::with_capacity(16 * 1024);
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            bail!("the stream was cut off");
        }
    }
}

const NAMED: &str = r#""actorName":"Load"#;
const NUMBER_LEN: usize = 10;

fn write_down(text: &[u8], log: &Log, finder: &Finder<'_>) {
    let Some(sightings) = log.current() else { return };
    let now = u64::try_from(sightings.began.elapsed().as_micros()).unwrap_or(u64::MAX);
    for at in finder.find_iter(text) {
        let digits = text.get(at + NAMED.len()..).and_then(|rest| rest.get(..NUMBER_LEN)).unwrap_or_default();
        let number = digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit.wrapping_sub(b'0')));
        sightings.see(number, now);
    }
}

/// Finds the payload of the first frame: its first byte, and the one after its last; `None` until all of it is there. A
/// server's frames are not masked.
fn frame(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    ensure!(
        first & 0x0f != 8,
        "closed: {:?}",
        rest.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]))
    );
    ensure!(second & 0x80 == 0, "a masked frame");
    let (length, begin) = match second & 0x7f {
        126 => match rest.first_chunk::<2>() {
            Some(length) => (usize::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(length) => (usize::try_from(u64::from_be_bytes(*length))?, 10),
            None => return Ok(None),
        },
        short => (usize::from(short), 2),
    };
    Ok((bytes.len() >= begin + length).then_some((begin, begin + length)))
}

/// The position from which a viewer could resume.
pub struct Head {
    pub epoch: Epoch,
    pub seq: usize,
}

/// The position of the stream, as HELLO tells it.
pub async fn head(served: &Served) -> Result<Head> {
    match served.watch("").await?.next().await? {
        ServerMessage::Hello { epoch, seq, .. } => Ok(Head { epoch, seq: usize::try_from(seq.0)? }),
        other => bail!("not HELLO first: {other:?}"),
    }
}
