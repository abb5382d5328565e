//! Everything that goes wrong.

use protocol::{Epoch, Timestamp, link, message::CloseCode, room::SocketId};

use super::{
    room_end::RoomEnd,
    wire::{CLOSED_ABNORMALLY, ToViewer},
    world::{CLOCKS_APART_MS, Happening, World},
};

impl World {
    pub(super) fn make_trouble(&mut self) -> anyhow::Result<()> {
        if let Some(up_at) = self.end.down_until
            && up_at <= self.now
        {
            self.note(|| "the room is back".to_owned());
            self.end.down_until = None;
        }
        self.notice_some_cuts()?;
        if self.troubled() {
            self.pick_trouble()?;
        } else {
            self.slowness = 1;
        }
        let pause = self.chance.within(50..2_000);
        self.later(pause, Happening::Trouble);
        Ok(())
    }

    fn pick_trouble(&mut self) -> anyhow::Result<()> {
        match self.chance.within(0..16) {
            0..=2 => self.cut(),
            3 | 4 => self.close_both_ends()?,
            5 | 6 => self.hibernate()?,
            7 => self.crash()?,
            8 if self.chance.once_in(4) => self.lose_the_log()?,
            9 => self.crash_untold = true,
            10 => self.reporting = !self.reporting,
            11 => self.slowness = self.chance.within(1..12),
            12 => {
                let viewer = self.chance.within(0..self.viewers.len() as u64);
                self.tell_link(usize::try_from(viewer)?, link::Input::Nudged)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn some_open_socket(&mut self) -> Option<SocketId> {
        let open: Vec<SocketId> = self.end.admitted.iter().copied().collect();
        self.chance.one_of(&open)
    }

    /// A cable is pulled: neither side hears of it.
    fn cut(&mut self) {
        if let Some(socket) = self.some_open_socket() {
            self.cut_wire(socket);
        }
    }

    fn cut_wire(&mut self, socket: SocketId) {
        self.note(|| format!("{socket:?} is cut"));
        self.counts.cut += 1;
        if let Some(wire) = self.wires.get_mut(&socket) {
            wire.cut = true;
        }
    }

    fn close_both_ends(&mut self) -> anyhow::Result<()> {
        let Some(socket) = self.some_open_socket() else { return Ok(()) };
        self.note(|| format!("{socket:?} breaks"));
        let code = self.chance.one_of(&[CLOSED_ABNORMALLY, CloseCode::Restart.number()]);
        self.carry_to_viewer(socket, ToViewer::Closed(code.unwrap_or(CLOSED_ABNORMALLY)));
        self.leave(socket)
    }

    /// The platform notices a dead socket late; once the trouble is over, at last.
    fn notice_some_cuts(&mut self) -> anyhow::Result<()> {
        let dead: Vec<SocketId> =
            self.wires.iter().filter(|(_, wire)| wire.cut && wire.room_open).map(|(&id, _)| id).collect();
        for socket in dead {
            if !self.troubled() || self.chance.once_in(6) {
                self.leave(socket)?;
            }
        }
        Ok(())
    }

    /// The object is evicted from memory; its sockets stay.
    fn hibernate(&mut self) -> anyhow::Result<()> {
        if self.end.down_until.is_some() {
            return Ok(());
        }
        self.note(|| "the room is rebuilt under its sockets".to_owned());
        self.counts.hibernated += 1;
        self.counts.unsent += std::mem::take(&mut self.end.untold);
        self.end.restart(self.now, true)
    }

    /// The machine goes away with all sockets, and is back a little later.
    pub(super) fn crash(&mut self) -> anyhow::Result<()> {
        if self.end.down_until.is_some() {
            return Ok(());
        }
        self.note(|| "the room crashes".to_owned());
        self.counts.crashed += 1;
        self.drop_sockets();
        self.end.down_until = Some(self.back_at());
        self.end.restart(self.now, false)
    }

    /// The machine and the log are gone: nothing carries over, not even the clock.
    fn lose_the_log(&mut self) -> anyhow::Result<()> {
        self.crash()?;
        self.note(|| "the log is lost".to_owned());
        self.counts.lost += 1;
        let epoch = Epoch(self.chance.bits());
        let (life, down_until) = (self.end.life + 1, self.end.down_until);
        self.end =
            RoomEnd { life, down_until, ..RoomEnd::new(epoch, self.chance.within(0..CLOCKS_APART_MS)) };
        Ok(())
    }

    fn back_at(&mut self) -> Timestamp {
        let away = if self.chance.once_in(2) { 1 } else { self.chance.within(1..8_000) };
        self.now.plus(away)
    }

    fn drop_sockets(&mut self) {
        let open: Vec<SocketId> =
            self.wires.iter().filter(|(_, wire)| wire.room_open).map(|(&id, _)| id).collect();
        for socket in open {
            if let Some(wire) = self.wires.get_mut(&socket) {
                wire.room_open = false;
            }
            if self.chance.once_in(3) {
                self.cut_wire(socket);
            } else {
                self.carry_to_viewer(socket, ToViewer::Closed(CLOSED_ABNORMALLY));
            }
        }
    }
}
