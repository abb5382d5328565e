//! The viewers' side: what their links want, and what reaches them.

use anyhow::ensure;
use protocol::{
    Epoch, Seq,
    link::{Attempt, Input, Output, PollError},
    room::SocketId,
};

use super::{
    wire::{CLOSED_ABNORMALLY, ToRoom, ToViewer, Wire, shortened},
    world::{Happening, World},
};

impl World {
    pub(super) fn tell_link(&mut self, viewer: usize, input: Input<'_>) -> anyhow::Result<()> {
        let entropy = self.chance.bits();
        let shell = &mut self.viewers[viewer];
        let outputs = shell.link.handle(self.now.plus(shell.clock_ahead_ms), entropy, input);
        for output in outputs {
            self.perform_for_link(viewer, output)?;
        }
        Ok(())
    }

    pub(super) fn perform_for_link(&mut self, viewer: usize, output: Output) -> anyhow::Result<()> {
        match output {
            Output::Connect(attempt, resume) => self.connect(viewer, attempt, resume)?,
            Output::Send(text) => {
                if let Some(socket) = self.viewers[viewer].socket {
                    self.carry_to_room(socket, ToRoom::Text(text));
                }
            }
            Output::Hangup => {
                if let Some(socket) = self.viewers[viewer].socket.take() {
                    self.carry_to_room(socket, ToRoom::Closed);
                }
            }
            Output::Poll => {
                let delay = self.delay();
                self.later(delay, Happening::Poll(viewer));
            }
            Output::Updated => {
                self.viewers[viewer].look(&self.truth)?;
                if self.chance.once_in(16) {
                    self.viewers[viewer].look_at_all(&self.truth)?;
                }
            }
            Output::Reload => anyhow::bail!("viewer {viewer} was told to reload"),
            Output::WakeIn(ms) => {
                self.viewers[viewer].wake += 1;
                self.later(ms, Happening::Wake(viewer, self.viewers[viewer].wake));
            }
        }
        Ok(())
    }

    pub(super) fn connect(
        &mut self,
        viewer: usize,
        attempt: Attempt,
        resume: Option<(Epoch, Seq)>,
    ) -> anyhow::Result<()> {
        let live = self.viewers[viewer].socket;
        ensure!(live.is_none(), "viewer {viewer} opens a socket while {live:?} is open");
        let socket = SocketId(self.wires.len() as u64 + 1);
        self.note(|| format!("viewer {viewer} opens {socket:?} to go on after {resume:?}"));
        self.viewers[viewer].socket = Some(socket);
        let mut wire = Wire::new(viewer, attempt, resume, self.now);
        wire.cut = self.troubled() && self.chance.once_in(12);
        self.wires.insert(socket, wire);
        if self.troubled() && self.chance.once_in(8) {
            self.carry_to_viewer(socket, ToViewer::Closed(CLOSED_ABNORMALLY));
        } else {
            self.carry_to_room(socket, ToRoom::Join);
        }
        Ok(())
    }

    pub(super) fn arrive_at_viewer(&mut self, socket: SocketId, arrival: &ToViewer) -> anyhow::Result<()> {
        let Some(wire) = self.wires.get(&socket) else { return Ok(()) };
        if wire.cut {
            return Ok(());
        }
        let (viewer, attempt) = (wire.viewer, wire.attempt);
        self.note(|| shortened(socket, arrival));
        self.counts.frames += 1;
        match arrival {
            ToViewer::Frame(text) => self.tell_link(viewer, Input::Said(attempt, text)),
            ToViewer::Closed(code) => {
                let open = &mut self.viewers[viewer].socket;
                *open = open.filter(|open| *open != socket);
                self.tell_link(viewer, Input::Closed(attempt, *code))
            }
        }
    }

    pub(super) fn poll(&mut self, viewer: usize) {
        let failed = self.end.down_until.is_some() || (self.troubled() && self.chance.once_in(4));
        let answer = if failed {
            Err(PollError::Unavailable)
        } else {
            self.counts.polled += 1;
            Ok(Box::new(self.end.room.snapshot(self.end.clock(self.now))))
        };
        // Some answers take long enough to be of another time.
        let late = if self.troubled() && self.chance.once_in(3) { self.chance.within(0..12_000) } else { 0 };
        let delay = self.delay() + late;
        self.later(delay, Happening::Polled(viewer, answer));
    }
}
