//! Events of the feed on their way outward: each channel has a place in the stream, and takes what comes after it in order, one
//! message at a time. A receiver that was away goes on where it was.

use super::{
    super::{EVENTS_STORED, Output, Room, failing::edge_warning, row::Row},
    Carried, Watch,
    telling::{LOST_AFTER_MS, wait_ms},
};
use crate::{
    GuildId, Sentence, Seq, Timestamp,
    alert::{Channel, ChannelId, Subscription},
};

/// A place that has moved by so many events that were none for the channel is written down.
const PLACE_STORED_EVERY: u64 = 1_000;

/// Events for the shell to look up and send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventParcel {
    /// Where to.
    pub channel: ChannelId,
    /// The part of its address that is shown.
    pub hint: String,
    /// Its address and secret, encrypted.
    pub sealed: String,
    /// Those that come after this one.
    pub after: Seq,
    /// Which of them.
    pub wanted: Subscription,
}

impl Watch {
    /// The channels that are sent events.
    pub(super) fn subscribed(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values().filter(|channel| channel.on && channel.events.is_some())
    }

    /// When this channel may be sent what it has not been sent; `None` where there is nothing.
    fn send_at(&self, channel: &Channel, seq: Seq) -> Option<Timestamp> {
        if channel.sent >= seq {
            return None;
        }
        let heard_by = self.events_on_the_way.get(&channel.id).copied().unwrap_or_default();
        Some(channel.again_at.unwrap_or_default().max(heard_by))
    }

    /// When the next events are due.
    pub(super) fn next_events_at(&self, seq: Seq) -> Option<Timestamp> {
        self.subscribed().filter_map(|channel| self.send_at(channel, seq)).min()
    }
}

impl Room {
    /// Sends what channels have not been sent, each one message at a time.
    pub(in crate::room) fn send_events(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if !self.watch.on || self.watch.channels.is_empty() {
            return;
        }
        let seq = self.seq;
        let is_due = |channel: &&Channel| self.watch.send_at(channel, seq).is_some_and(|at| at <= now);
        let due: Vec<ChannelId> = self.watch.subscribed().filter(is_due).map(|channel| channel.id).collect();
        for id in due {
            self.skip_what_is_gone(now, id, outputs);
            let Some(channel) = self.watch.channels.get(&id) else { continue };
            let Some(wanted) = channel.events.clone() else { continue };
            outputs.push(Output::PostEvents(EventParcel {
                channel: id,
                hint: channel.hint.clone(),
                sealed: channel.sealed.clone(),
                after: channel.sent,
                wanted,
            }));
            self.watch.events_on_the_way.insert(id, now.plus(LOST_AFTER_MS));
        }
    }

    /// Events that are kept no more cannot be sent: it is said how many.
    fn skip_what_is_gone(&mut self, now: Timestamp, id: ChannelId, outputs: &mut Vec<Output>) {
        let oldest_kept = self.seq.0.saturating_sub(EVENTS_STORED);
        let Some(channel) = self.watch.channels.get_mut(&id).filter(|channel| channel.sent.0 < oldest_kept)
        else {
            return;
        };
        let missed = oldest_kept - channel.sent.0;
        channel.sent = Seq(oldest_kept);
        let message = Sentence::new("The channel ")
            .name(&channel.name)
            .words(" has missed ")
            .number(missed)
            .words(" events: it did not take them as long as they were kept");
        outputs.push(Output::Store(Row::Channel(channel.clone())));
        self.number(edge_warning(format!("events-missed-{id}-{now}"), now, GuildId::NONE, message), outputs);
    }

    /// Hears what became of events up to this one. `sent`: whether any of them were for the channel.
    pub(in crate::room) fn events_carried(
        &mut self,
        now: Timestamp,
        id: ChannelId,
        (up_to, sent): (Seq, bool),
        carried: Carried,
        outputs: &mut Vec<Output>,
    ) {
        self.watch.events_on_the_way.remove(&id);
        let Some(channel) = self.watch.channels.get_mut(&id) else { return };
        let failed = match carried {
            Carried::Taken(_) | Carried::MessageGone => {
                let has_moved = up_to.0 / PLACE_STORED_EVERY > channel.sent.0 / PLACE_STORED_EVERY;
                channel.sent = channel.sent.max(up_to);
                let was_failing = std::mem::take(&mut channel.tries) > 0;
                channel.again_at = None;
                if sent || has_moved || was_failing {
                    outputs.push(Output::Store(Row::Channel(channel.clone())));
                }
                None
            }
            Carried::Later(why, at_least_ms) => {
                channel.again_at = Some(now.plus(wait_ms(channel.tries, at_least_ms)));
                channel.tries += 1;
                outputs.push(Output::Store(Row::Channel(channel.clone())));
                Some((why, false))
            }
            Carried::Gone(why) => Some((why, true)),
        };
        if sent || failed.is_some() {
            self.judge_channel(now, id, failed, outputs);
        }
        self.look_out_soon(now, outputs);
        self.send_events(now, outputs);
        self.arm_unwatched(now, outputs);
        self.flush_or_wait(now, outputs);
    }
}
