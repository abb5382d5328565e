//! The room's side: the drain loop of its shell.

use std::rc::Rc;

use anyhow::ensure;
use protocol::{
    ServerMessage, Timestamp,
    history::{self, Range},
    message::CloseCode,
    record::Acknowledgement,
    room::{Input, Output, Row, SocketId},
};

use super::{
    wire::ToViewer,
    world::{Happening, World},
};

impl World {
    pub(super) fn tell_room(&mut self, input: Input<'_>) -> anyhow::Result<Option<Acknowledgement>> {
        let outputs = self.end.room.handle(self.end.clock(self.now), input);
        let mut acknowledgement = None;
        for output in outputs {
            if let Some(answer) = self.perform_for_room(output)? {
                acknowledgement = Some(answer);
            }
        }
        Ok(acknowledgement)
    }

    pub(super) fn perform_for_room(&mut self, output: Output) -> anyhow::Result<Option<Acknowledgement>> {
        match output {
            Output::Store(row) => self.store(&row)?,
            Output::Forget(kind, below) => self.end.forget(kind, below),
            Output::Delete(kind, key) => self.end.delete(kind, key),
            Output::Admit(socket) => {
                self.end.waiting.remove(&socket);
                self.end.admitted.insert(socket);
            }
            Output::Send(socket, message) => {
                let text = serde_json::to_string(&message)?;
                self.send(socket, &message, &text.into())?;
            }
            Output::Broadcast(message) => self.broadcast(&message)?,
            Output::Close(socket, code) => self.close(socket, code),
            Output::Acknowledge(answer) => return Ok(Some(answer)),
            Output::FlushIn(ms) => self.later(ms, Happening::Flush(self.end.life)),
            Output::TickIn(ms) => self.arm(ms),
            Output::TickNever => self.end.alarm = None,
            // Neither a bot-worker nor anybody who acts takes part.
            Output::HandOut(_)
            | Output::Answer(_)
            | Output::Ordered(_)
            | Output::Post(_)
            | Output::PostEvents(_)
            | Output::Spread(..)
            | Output::RemindNoMore(..) => {}
        }
        Ok(None)
    }

    pub(super) fn store(&mut self, row: &Row) -> anyhow::Result<()> {
        if let Row::Event(event) = row {
            self.note(|| format!("the room numbers {}: {} {:?}", event.seq, event.id, event.message));
            self.counts.events += 1;
            self.end.untold += u64::from(!self.end.admitted.is_empty());
            self.truth.add(self.end.epoch, event)?;
        }
        self.end.store(row)
    }

    pub(super) fn broadcast(&mut self, message: &ServerMessage) -> anyhow::Result<()> {
        if let ServerMessage::StatsUpdate { data, .. } = message {
            self.truth.ticked = Some(data.as_ref().clone());
            self.truth.charts = self.end.room.history(data.as_of, Range::Hour).points;
            history::fill(&mut self.truth.charts);
        }
        if matches!(message, ServerMessage::NewEvent { .. } | ServerMessage::Events { .. }) {
            self.end.untold = 0;
        }
        let text: Rc<str> = serde_json::to_string(message)?.into();
        for socket in self.end.admitted.clone() {
            self.send(socket, message, &text)?;
        }
        Ok(())
    }

    pub(super) fn send(
        &mut self,
        socket: SocketId,
        message: &ServerMessage,
        text: &Rc<str>,
    ) -> anyhow::Result<()> {
        ensure!(self.end.admitted.contains(&socket), "{socket:?} was sent to before it was admitted");
        if let Some(wire) = self.wires.get_mut(&socket) {
            self.truth.check_welcome(self.end.epoch, wire, message)?;
        }
        self.carry_to_viewer(socket, ToViewer::Frame(Rc::clone(text)));
        Ok(())
    }

    pub(super) fn close(&mut self, socket: SocketId, code: CloseCode) {
        self.end.admitted.remove(&socket);
        self.end.waiting.remove(&socket);
        if let Some(wire) = self.wires.get_mut(&socket) {
            wire.room_open = false;
        }
        self.carry_to_viewer(socket, ToViewer::Closed(code.number()));
    }

    /// Arms the alarm as the edge does: when there is none, or one that is past due.
    pub(super) fn arm(&mut self, ms: u64) {
        if self.end.alarm.is_none_or(|at| at < self.now) {
            let at = self.now.plus(ms);
            self.end.alarm = Some(at);
            self.at(at, Happening::Alarm(at));
        }
    }

    pub(super) fn ring_alarm(&mut self, at: Timestamp) -> anyhow::Result<()> {
        if let Some(up_at) = self.end.down_until {
            // Some alarms of a machine that went away never ring.
            if !self.chance.once_in(4) {
                self.at(up_at.plus(1), Happening::Alarm(at));
            }
            return Ok(());
        }
        self.end.alarm = None;
        self.tell_room(Input::Ticked).map(drop)
    }
}
