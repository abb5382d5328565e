//! The truth: every numbered event of every epoch, as the room stored it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use protocol::{DashboardStats, Epoch, Event, Seq, ServerMessage, history::HistoryPoint, room::RING_LEN};

use super::wire::Wire;

#[derive(Debug, Default)]
pub struct Truth {
    logs: BTreeMap<u64, Vec<Event>>,
    ids: BTreeSet<(u64, String)>,
    /// The numbers of the last tick.
    pub ticked: Option<DashboardStats>,
    /// The charts at the last tick.
    pub charts: Vec<HistoryPoint>,
}

impl Truth {
    /// Takes an event that the room has just stored.
    pub fn add(&mut self, epoch: Epoch, event: &Event) -> anyhow::Result<()> {
        let log = self.logs.entry(epoch.0).or_default();
        ensure!(event.seq.0 == log.len() as u64 + 1, "{event:?} does not follow {:?}", log.last());
        ensure!(self.ids.insert((epoch.0, event.id.clone())), "{} was numbered twice", event.id);
        if event.id.starts_with("bot-") {
            let before = log.iter().rev().find(|earlier| earlier.id.starts_with("bot-"));
            ensure!(
                before.is_none_or(|before| before.severity != event.severity),
                "the bot changed to where it was: {:?}",
                event.message
            );
        }
        log.push(event.clone());
        Ok(())
    }

    pub fn head(&self, epoch: Epoch) -> Seq {
        Seq(self.log(epoch).len() as u64)
    }

    pub fn log(&self, epoch: Epoch) -> &[Event] {
        self.logs.get(&epoch.0).map_or(&[], Vec::as_slice)
    }

    /// Whether an event of this id was numbered in any epoch.
    pub fn knows(&self, id: &str) -> bool {
        self.logs.keys().any(|&epoch| self.ids.contains(&(epoch, id.to_owned())))
    }

    /// Whether this is the event that the room numbered so.
    pub fn holds(&self, epoch: Epoch, event: &Event) -> bool {
        let index = usize::try_from(event.seq.0).ok().and_then(|seq| seq.checked_sub(1));
        index.and_then(|index| self.log(epoch).get(index)) == Some(event)
    }

    /// Checks a frame that the room sends first on a socket: HELLO, and then exactly what it promised.
    pub fn check_welcome(
        &self,
        epoch: Epoch,
        wire: &mut Wire,
        message: &ServerMessage,
    ) -> anyhow::Result<()> {
        let head = self.head(epoch);
        wire.sent += 1;
        match (wire.sent, message) {
            (1, ServerMessage::Hello { epoch: told, seq, resumed, .. }) => {
                ensure!((*told, *seq) == (epoch, head), "HELLO tells {told} {seq}, the room is at {head}");
                let oldest = head.0.saturating_sub(RING_LEN as u64);
                let exact = wire
                    .resume
                    .is_some_and(|(theirs, since)| theirs == epoch && since <= head && since.0 >= oldest);
                ensure!(*resumed == exact, "resumed: {resumed} over {:?} at {epoch} {head}", wire.resume);
                wire.resumed = exact;
            }
            (1, other) => anyhow::bail!("the first frame is {other:?}"),
            (2, ServerMessage::Events { data }) if wire.resumed => {
                let since = wire.resume.map_or(0, |(_, since)| usize::try_from(since.0).unwrap_or(0));
                ensure!(data == &self.log(epoch)[since..], "not what was missed since {since}");
            }
            (2, ServerMessage::Snapshot { data }) if !wire.resumed => {
                ensure!((data.epoch, data.seq) == (epoch, head), "a snapshot of another state");
            }
            (2, other) => anyhow::bail!("after HELLO (resumed: {}) came {other:?}", wire.resumed),
            _ => {}
        }
        Ok(())
    }
}
