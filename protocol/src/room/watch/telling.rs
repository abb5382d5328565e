//! Messages to channels: which are due, and whether they were taken. An incident's row is its own outbox: it says how far each
//! channel has been told, so that a room that was killed at any moment sends the rest again.

use std::collections::BTreeMap;

use super::{
    super::{Output, Room, failing::edge_warning, row::Row},
    Watch,
};
use crate::{
    GuildId, Sentence, Timestamp,
    alert::{
        Channel, ChannelId, ChannelKind, Incident, IncidentId, Quiet, Told, discord_letter, signed_letter,
    },
    text,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};

/// The waits between tries, in milliseconds; the last one repeats.
const AGAIN_AFTER_MS: [u64; 9] = [
    5 * SECOND_MS,
    15 * SECOND_MS,
    45 * SECOND_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
];
/// A message is tried for so long, in milliseconds.
const TRIED_FOR_MS: u64 = DAY_MS;
/// A channel where every try has failed for so long is switched off, in milliseconds.
const FAILING_MAX_MS: u64 = 7 * DAY_MS;
/// So long after it was sent a message of which nothing is heard is sent again, in milliseconds.
pub(super) const LOST_AFTER_MS: u64 = 30 * SECOND_MS;
/// The longest reason that is kept, in characters.
const WHY_MAX_CHARS: usize = 300;

/// A message for the shell to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Where to.
    pub channel: ChannelId,
    /// The channel's kind.
    pub kind: ChannelKind,
    /// The part of its address that is shown.
    pub hint: String,
    /// Its address and secret, encrypted.
    pub sealed: String,
    /// The incident that it tells of.
    pub incident: IncidentId,
    /// Which state of it.
    pub version: u32,
    /// The message on Discord to be edited; a new one where there is none.
    pub message: Option<String>,
    /// JSON.
    pub body: String,
}

impl Parcel {
    /// Its name, which is the same each time it is sent.
    pub fn id(&self) -> String {
        format!("inc_{}_{}", self.incident, self.version)
    }
}

/// The fate of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It was taken; on Discord it stands as this message.
    Taken(Option<String>),
    /// It was not, and may be later: why, and after how many milliseconds at the earliest.
    Later(String, Option<u64>),
    /// The message that was to be edited is gone.
    MessageGone,
    /// The receiver wants nothing more, for this reason.
    Gone(String),
}

impl Watch {
    /// When this channel may be told of this incident; `None` where there is nothing to tell.
    pub(super) fn tell_at(
        &self,
        now: Timestamp,
        incident: &Incident,
        channel: &Channel,
    ) -> Option<Timestamp> {
        let is_told_with_another = channel.kind == ChannelKind::Discord
            && incident.group.is_some_and(|leader| self.live.contains_key(&leader));
        if !channel.on || !channel.incidents || incident.severity < channel.severity || is_told_with_another {
            return None;
        }
        let may_be_sent_at = match incident.told.get(&channel.id) {
            Some(told) if told.version == incident.version => return None,
            Some(told) => told.again_at.unwrap_or_default(),
            // An incident that was over before it was told anywhere is nobody's business any more.
            None if !self.group_lasts(incident) => return None,
            None => self.may_begin_at(now, incident),
        };
        let heard_by = self.on_the_way.get(&(incident.id, channel.id)).copied().unwrap_or_default();
        Some(may_be_sent_at.max(heard_by))
    }

    fn group_lasts(&self, incident: &Incident) -> bool {
        incident.lasts() || self.told_with(incident.id).iter().any(|other| other.lasts())
    }

    /// When a first message of this incident may be sent: after the quiet hours, and after a silence.
    fn may_begin_at(&self, now: Timestamp, incident: &Incident) -> Timestamp {
        let of_its_kind = self.live.values().filter(|other| other.kind == incident.kind);
        let silenced_until = of_its_kind.filter_map(|other| other.silenced_until).max().unwrap_or_default();
        let quiet_until = self.rule(incident.kind).quiet.and_then(|quiet| quiet_until(quiet, now));
        silenced_until.max(quiet_until.unwrap_or_default())
    }

    /// When the next message is due.
    pub(super) fn next_message_at(&self, now: Timestamp) -> Option<Timestamp> {
        let all = self.live.values().flat_map(|incident| {
            self.channels.values().filter_map(move |channel| self.tell_at(now, incident, channel))
        });
        all.min()
    }

    fn due(&self, now: Timestamp) -> Vec<(IncidentId, ChannelId)> {
        let all = self.live.values().flat_map(|incident| {
            let is_due =
                move |channel: &&Channel| self.tell_at(now, incident, channel).is_some_and(|at| at <= now);
            self.channels.values().filter(is_due).map(move |channel| (incident.id, channel.id))
        });
        all.collect()
    }

    fn parcel(&self, bot: &str, incident: IncidentId, channel: ChannelId) -> Option<Parcel> {
        let (incident, channel) = (self.live.get(&incident)?, self.channels.get(&channel)?);
        let told = incident.told.get(&channel.id);
        let page = self.page.as_deref();
        let body = match channel.kind {
            ChannelKind::Discord => discord_letter(bot, page, incident, &self.told_with(incident.id)),
            ChannelKind::Webhook => {
                signed_letter(bot, page, incident, told.is_none_or(|told| told.version == 0))
            }
        };
        Some(Parcel {
            channel: channel.id,
            kind: channel.kind,
            hint: channel.hint.clone(),
            sealed: channel.sealed.clone(),
            incident: incident.id,
            version: incident.version,
            message: told.and_then(|told| told.message.clone()),
            body: body.to_string(),
        })
    }

    /// Notes that a channel has failed, or works again; says whether it is given up, and why.
    fn note_channel(
        &mut self,
        now: Timestamp,
        id: ChannelId,
        failed: Option<&str>,
        outputs: &mut Vec<Output>,
    ) -> Option<String> {
        let channel = self.channels.get_mut(&id)?;
        let before = channel.clone();
        channel.failing_since = failed.map(|_| channel.failing_since.unwrap_or(now));
        channel.why = failed.map(str::to_owned);
        let gives_up = channel.failing_since.is_some_and(|since| now.since(since) >= FAILING_MAX_MS);
        if *channel != before {
            outputs.push(Output::Store(Row::Channel(channel.clone())));
        }
        gives_up.then(|| "every message has failed for a week".to_owned())
    }

    /// Switches a channel off; gives its name, if it was on.
    fn switch_off(&mut self, id: ChannelId, why: &str, outputs: &mut Vec<Output>) -> Option<String> {
        let channel = self.channels.get_mut(&id).filter(|channel| channel.on)?;
        channel.on = false;
        channel.off_because = Some(why.to_owned());
        outputs.push(Output::Store(Row::Channel(channel.clone())));
        Some(channel.name.clone())
    }
}

impl Room {
    /// Sends what is due, each to each channel once at a time.
    pub(super) fn send_what_is_due(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        self.watch.on_the_way.retain(|_, heard_by| *heard_by > now);
        let bot = self.bot.bot_name();
        let mut parcels = Vec::new();
        for (incident, channel) in self.watch.due(now) {
            if let Some(parcel) = self.watch.parcel(&bot, incident, channel) {
                self.watch.on_the_way.insert((incident, channel), now.plus(LOST_AFTER_MS));
                parcels.push(parcel);
            }
        }
        if !parcels.is_empty() {
            outputs.push(Output::Post(parcels));
        }
    }

    /// Hears what became of a message.
    pub(in crate::room) fn carried(
        &mut self,
        now: Timestamp,
        (incident, channel, version): (IncidentId, ChannelId, u32),
        carried: Carried,
        outputs: &mut Vec<Output>,
    ) {
        self.watch.on_the_way.remove(&(incident, channel));
        let (failed, is_gone) = match &carried {
            Carried::Later(why, _) => (Some(text::shortened(why, WHY_MAX_CHARS).to_owned()), false),
            Carried::Gone(why) => (Some(text::shortened(why, WHY_MAX_CHARS).to_owned()), true),
            Carried::Taken(_) | Carried::MessageGone => (None, false),
        };
        if let Some(of) = self.watch.live.get_mut(&incident)
            && self.watch.channels.contains_key(&channel)
        {
            let latest = of.version;
            note_told(of.told.entry(channel).or_default(), now, (version, latest), carried);
            outputs.push(Output::Store(Row::Incident(of.clone())));
        }
        self.judge_channel(now, channel, failed.map(|why| (why, is_gone)), outputs);
        self.look_out(now, outputs);
        self.arm_unwatched(now, outputs);
        self.flush_or_wait(now, outputs);
    }

    /// Notes how a channel does, and switches off one that is gone, or has failed for a week. `failed`: why, and whether it is
    /// gone.
    pub(super) fn judge_channel(
        &mut self,
        now: Timestamp,
        channel: ChannelId,
        failed: Option<(String, bool)>,
        outputs: &mut Vec<Output>,
    ) {
        let (why, is_gone) = failed.map_or((None, false), |(why, is_gone)| (Some(why), is_gone));
        let given_up = self.watch.note_channel(now, channel, why.as_deref(), outputs);
        let off_because = if is_gone { why } else { given_up };
        if let Some(why) = off_because
            && let Some(name) = self.watch.switch_off(channel, &why, outputs)
        {
            let message = Sentence::new("The alert channel ").name(&name).words(&format!(
                " was switched off: {why}. Add it anew, or switch it on again, under Alerts."
            ));
            self.number(
                edge_warning(format!("alert-channel-{channel}-off-{now}"), now, GuildId::NONE, message),
                outputs,
            );
        }
    }
}

/// How long to wait after so many tries that failed.
pub(super) fn wait_ms(tries: u32, at_least_ms: Option<u64>) -> u64 {
    let wait = AGAIN_AFTER_MS.get(tries as usize).or(AGAIN_AFTER_MS.last());
    wait.copied().unwrap_or(HOUR_MS).max(at_least_ms.unwrap_or(0))
}

/// Notes what became of a message. One that has failed for a day is let go, unless the incident has changed since.
fn note_told(told: &mut Told, now: Timestamp, (version, latest): (u32, u32), carried: Carried) {
    match carried {
        Carried::Taken(message) => {
            *told = Told { version, message: message.or(told.message.take()), ..Told::default() };
        }
        Carried::MessageGone => (told.message, told.again_at) = (None, None),
        Carried::Gone(why) => told.why = Some(text::shortened(&why, WHY_MAX_CHARS).to_owned()),
        Carried::Later(why, at_least_ms) => {
            let since = *told.failing_since.get_or_insert(now);
            let wait_ms = wait_ms(told.tries, at_least_ms);
            told.tries += 1;
            told.why = Some(text::shortened(&why, WHY_MAX_CHARS).to_owned());
            told.again_at = Some(now.plus(wait_ms));
            if now.since(since) >= TRIED_FOR_MS {
                *told = Told {
                    version: latest,
                    message: told.message.take(),
                    why: told.why.take(),
                    ..Told::default()
                };
            }
        }
    }
}

/// When the quiet hours that `now` falls into are over.
fn quiet_until(quiet: Quiet, now: Timestamp) -> Option<Timestamp> {
    let minute = now.0 % DAY_MS / MINUTE_MS;
    let (from, to) = (u64::from(quiet.from), u64::from(quiet.to));
    let is_quiet = if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to };
    let midnight = now.floor(DAY_MS);
    let over = midnight.plus(to * MINUTE_MS);
    is_quiet.then(|| if over > now { over } else { over.plus(DAY_MS) })
}

/// Of what was told to channels, lets go of what was told to this one.
pub(super) fn forget_channel(
    live: &mut BTreeMap<IncidentId, Incident>,
    channel: ChannelId,
    outputs: &mut Vec<Output>,
) {
    for incident in live.values_mut() {
        if incident.told.remove(&channel).is_some() {
            outputs.push(Output::Store(Row::Incident(incident.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let day = 20_000 * DAY_MS;
        let at = |minute: u64| Timestamp(day + minute * MINUTE_MS);
        let night = Quiet { from: 22 * 60, to: 7 * 60 };
        let noon = Quiet { from: 12 * 60, to: 13 * 60 };
        for (quiet, minute, until) in [
            (night, 21 * 60 + 59, None),
            (night, 22 * 60, Some(31 * 60)),
            (night, 0, Some(7 * 60)),
            (night, 7 * 60 - 1, Some(7 * 60)),
            (night, 7 * 60, None),
            (noon, 12 * 60, Some(13 * 60)),
            (noon, 13 * 60, None),
        ] {
            assert_eq!(quiet_until(quiet, at(minute)), until.map(at), "{quiet:?} at {minute}");
        }
    }

    #[test]
    fn a_message_is_tried_for_a_day_and_waits_as_long_as_it_is_asked_to() {
        let (mut told, mut now, mut tries) = (Told::default(), Timestamp(1_000), 0);
        while told.version == 0 {
            note_told(&mut told, now, (3, 3), Carried::Later("500".into(), None));
            now = told.again_at.unwrap_or(now);
            tries += 1;
        }
        assert!((10..30).contains(&tries), "{tries} tries in a day");
        assert!(now.0 >= DAY_MS && now.0 < DAY_MS + 4 * HOUR_MS, "given up after {} ms", now.0);
        let mut told = Told::default();
        note_told(&mut told, Timestamp(0), (1, 1), Carried::Later("429".into(), Some(60_000)));
        assert_eq!(told.again_at, Some(Timestamp(60_000)));
    }
}
