//! A room and its clock, and how to read what it says.

use protocol::{
    Epoch, Event, GuildId, Seq, ServerMessage, Timestamp,
    record::Acknowledgement,
    room::{Input, Output, Room, Row, SocketId},
};

use crate::samples::{EPOCH, HARBOUR, NOON, push};

pub const ONE: SocketId = SocketId(1);
pub const TWO: SocketId = SocketId(2);
pub const OTHER: GuildId = GuildId(42);

/// A room and its clock.
pub struct House {
    pub room: Room,
    pub now: Timestamp,
    pub rows: u64,
}

impl House {
    pub fn empty() -> Self {
        let (room, outputs) = Room::new(EPOCH);
        assert_eq!(outputs, [Output::Store(Row::Epoch(EPOCH))]);
        Self { room, now: NOON, rows: 0 }
    }

    /// A house with one viewer, and nothing said for long.
    pub fn watched() -> Self {
        let mut house = Self::empty();
        house.handle(Input::Joined(ONE, None, None));
        house.now = house.now.plus(1_000);
        house
    }

    pub fn handle(&mut self, input: Input<'_>) -> Vec<Output> {
        self.room.handle(self.now, input)
    }

    /// So many more rows of one server, each with one event.
    pub fn record(&mut self, rows: u64) -> Vec<Output> {
        let first = self.rows + 1;
        self.rows += rows;
        self.handle(Input::Recorded(push(HARBOUR, first..=self.rows)))
    }

    pub fn join(&mut self, socket: SocketId, resume: Option<(Epoch, Seq)>) -> Vec<Output> {
        self.handle(Input::Joined(socket, None, resume))
    }

    pub fn seq(&self) -> u64 {
        self.room.snapshot(self.now).seq.0
    }
}

/// The numbers of the events that a message tells, when it is one that tells events.
pub fn told(output: &Output) -> Option<(&'static str, Vec<u64>)> {
    let numbers = |events: &[Event]| events.iter().map(|event| event.seq.0).collect();
    match output {
        Output::Broadcast(ServerMessage::NewEvent { data }) => Some(("NEW_EVENT", vec![data.seq.0])),
        Output::Broadcast(ServerMessage::Events { data }) => Some(("EVENTS", numbers(data))),
        Output::Send(_, ServerMessage::Events { data }) => Some(("missed", numbers(data))),
        _ => None,
    }
}

pub fn tells(outputs: &[Output]) -> Vec<(&'static str, Vec<u64>)> {
    outputs.iter().filter_map(told).collect()
}

pub fn flush_in(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| if let Output::FlushIn(ms) = output { Some(*ms) } else { None })
}

pub fn acknowledged(outputs: &[Output]) -> Option<u64> {
    outputs.iter().find_map(|output| match output {
        Output::Acknowledge(Acknowledgement { seq, .. }) => Some(seq.0),
        _ => None,
    })
}
