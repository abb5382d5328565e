//! The virtual clock and everything that waits for its moment.

use std::collections::BTreeMap;

use protocol::{
    Epoch, GuildId, Snapshot, Timestamp,
    link::{self, PollError},
    record::{Acknowledgement, Push},
    room::{self, SocketId},
};

use super::{
    Counts,
    books::Books,
    chance::Chance,
    room_end::RoomEnd,
    truth::Truth,
    viewer::Viewer,
    wire::{ToRoom, ToViewer, Wire},
};

/// The beginning of every conversation: 2026-01-31, half a minute before the month ends.
const BEGINNING: Timestamp = Timestamp(1_769_903_970_000);
/// The most that the clocks of two machines that hold the room may be apart, in milliseconds.
pub const CLOCKS_APART_MS: u64 = 3_000;

/// Something scheduled for a moment of the virtual clock.
#[derive(Clone, Debug)]
pub enum Happening {
    Viewer(SocketId, ToViewer),
    Room(SocketId, ToRoom),
    /// A link's timer; a newer wish makes it void.
    Wake(usize, u64),
    Poll(usize),
    Polled(usize, Result<Box<Snapshot>, PollError>),
    Command(usize),
    Push(usize, Push),
    /// The delivery's answer, or `None` when none came in time.
    Pushed(usize, Option<Acknowledgement>),
    Report,
    Alarm(Timestamp),
    Flush(u64),
    Trouble,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own, and any of them go together")]
pub struct World {
    pub now: Timestamp,
    pub chance: Chance,
    pub counts: Counts,
    pub end: RoomEnd,
    pub wires: BTreeMap<SocketId, Wire>,
    pub viewers: Vec<Viewer>,
    pub books: Vec<Books>,
    pub truth: Truth,
    pub trouble_until: Timestamp,
    pub reporting: bool,
    /// The next delivery is stored, and then the room is gone before anybody hears of it.
    pub crash_untold: bool,
    /// The factor by which the wire is slower than usual, while there is trouble.
    pub slowness: u64,
    /// Goes on after everybody agrees, to see that it lasts.
    pub patient: bool,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    order: u64,
    trace: bool,
}

impl World {
    pub fn new(seed: u64, trace: bool) -> Self {
        let mut chance = Chance::new(seed);
        let end = RoomEnd::new(Epoch(chance.bits()), chance.within(0..CLOCKS_APART_MS));
        let viewers = (0..chance.within(1..4)).map(|_| Viewer::new(chance.within(0..60_000))).collect();
        let books = (1..=chance.within(1..4)).map(|id| Books::new(GuildId(id))).collect();
        let patient = chance.once_in(10);
        Self {
            now: BEGINNING,
            trouble_until: BEGINNING.plus(chance.within(4_000..24_000)),
            chance,
            counts: Counts::default(),
            end,
            wires: BTreeMap::new(),
            viewers,
            books,
            truth: Truth::default(),
            reporting: true,
            crash_untold: false,
            slowness: 1,
            patient,
            queue: BTreeMap::new(),
            order: 0,
            trace,
        }
    }

    pub fn elapsed_ms(&self) -> u64 {
        self.now.since(BEGINNING)
    }

    pub(super) fn troubled(&self) -> bool {
        self.now < self.trouble_until
    }

    pub fn run(&mut self) -> anyhow::Result<()> {
        for guild in 0..self.books.len() {
            self.later(100, Happening::Command(guild));
        }
        self.later(700, Happening::Report);
        self.later(900, Happening::Trouble);
        for viewer in 0..self.viewers.len() {
            self.tell_link(viewer, link::Input::Started)?;
        }
        while !self.is_over()? {
            let Some((&(at, order), _)) = self.queue.first_key_value() else { break };
            let Some(happening) = self.queue.remove(&(at, order)) else { break };
            self.now = at;
            self.happen(happening)?;
        }
        self.check_agreement()
    }

    pub(super) fn later(&mut self, ms: u64, happening: Happening) {
        self.at(self.now.plus(ms), happening);
    }

    pub(super) fn at(&mut self, at: Timestamp, happening: Happening) {
        self.order += 1;
        self.queue.insert((at.max(self.now), self.order), happening);
    }

    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>7} ms  {}", self.elapsed_ms(), what());
        }
    }

    pub(super) fn happen(&mut self, happening: Happening) -> anyhow::Result<()> {
        match happening {
            Happening::Viewer(socket, arrival) => self.arrive_at_viewer(socket, &arrival),
            Happening::Room(socket, arrival) => self.arrive_at_room(socket, arrival),
            Happening::Wake(viewer, wake) if self.viewers[viewer].wake == wake => {
                self.tell_link(viewer, link::Input::Woke)
            }
            Happening::Poll(viewer) => {
                self.poll(viewer);
                Ok(())
            }
            Happening::Polled(viewer, answer) => self.tell_link(viewer, link::Input::Polled(answer)),
            Happening::Command(guild) => {
                self.command(guild);
                Ok(())
            }
            Happening::Push(guild, push) => self.deliver(guild, push),
            Happening::Pushed(guild, answer) => {
                self.pushed(guild, answer);
                Ok(())
            }
            Happening::Report => self.report(),
            Happening::Alarm(at) if self.end.alarm == Some(at) => self.ring_alarm(at),
            Happening::Flush(life) if self.end.life == life => self.tell_room(room::Input::Flushed).map(drop),
            Happening::Trouble => self.make_trouble(),
            Happening::Wake(..) | Happening::Alarm(_) | Happening::Flush(_) => Ok(()),
        }
    }
}
