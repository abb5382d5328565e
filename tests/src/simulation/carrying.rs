//! Between the two sides: frames that are late, doubled, swallowed, or in order.

use protocol::{
    message::{PING, PONG},
    room::{Frame, Input, SocketId},
};

use super::{
    wire::{CLOSED_ABNORMALLY, ToRoom, ToViewer, shortened},
    world::{Happening, World},
};

impl World {
    pub(super) fn delay(&mut self) -> u64 {
        let usual = self.chance.within(1..120);
        if self.troubled() { usual * self.slowness } else { usual }
    }

    pub(super) fn carry_to_viewer(&mut self, socket: SocketId, arrival: ToViewer) {
        let delay = self.delay();
        let troubled = self.troubled();
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.to_viewer_at = wire.to_viewer_at.max(self.now.plus(delay));
        let at = wire.to_viewer_at;
        let is_frame = matches!(arrival, ToViewer::Frame(_));
        if is_frame && troubled && self.chance.once_in(60) {
            self.note(|| format!("swallowed: {}", shortened(socket, &arrival)));
            self.counts.swallowed += 1;
            return;
        }
        if is_frame && troubled && self.chance.once_in(12) {
            self.counts.doubled += 1;
            let again = self.chance.within(0..2_000);
            self.at(at.plus(again), Happening::Viewer(socket, arrival.clone()));
        }
        self.at(at, Happening::Viewer(socket, arrival));
    }

    pub(super) fn carry_to_room(&mut self, socket: SocketId, arrival: ToRoom) {
        let delay = self.delay();
        let Some(wire) = self.wires.get_mut(&socket) else { return };
        wire.to_room_at = wire.to_room_at.max(self.now.plus(delay));
        let at = wire.to_room_at;
        self.at(at, Happening::Room(socket, arrival));
    }

    pub(super) fn arrive_at_room(&mut self, socket: SocketId, arrival: ToRoom) -> anyhow::Result<()> {
        let Some(wire) = self.wires.get_mut(&socket) else { return Ok(()) };
        match arrival {
            // A cut wire carries nothing to the room, which does not know of the cut until the platform notices.
            _ if wire.cut => {}
            ToRoom::Join if self.end.down_until.is_some() => {
                self.carry_to_viewer(socket, ToViewer::Closed(CLOSED_ABNORMALLY));
            }
            ToRoom::Join => {
                wire.room_open = true;
                let resume = wire.resume;
                self.end.waiting.insert(socket);
                self.tell_room(Input::Joined(socket, None, resume))?;
                let resumed = self.wires.get(&socket).is_some_and(|wire| wire.resumed);
                self.counts.resumed += u64::from(resumed);
                self.counts.restarted += u64::from(resume.is_some() && !resumed);
            }
            ToRoom::Text(_) | ToRoom::Closed if !wire.room_open => {}
            ToRoom::Text(PING) => self.carry_to_viewer(socket, ToViewer::Frame(PONG.into())),
            ToRoom::Text(text) => drop(self.tell_room(Input::Said(socket, Frame::Text(text)))?),
            ToRoom::Closed => self.leave(socket)?,
        }
        Ok(())
    }

    /// The room's shell learns that a socket is gone.
    pub(super) fn leave(&mut self, socket: SocketId) -> anyhow::Result<()> {
        if let Some(wire) = self.wires.get_mut(&socket)
            && std::mem::take(&mut wire.room_open)
        {
            self.end.admitted.remove(&socket);
            self.tell_room(Input::Left(socket))?;
        }
        Ok(())
    }
}
