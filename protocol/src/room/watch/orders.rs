//! Administrators' orders about rules, channels and incidents. Each is an event that says who.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        Output, Room,
        row::{Kind, Row},
    },
    judge::Judge,
    telling::forget_channel,
};
use crate::{
    Event, GuildId, Sentence, Severity, Source, Timestamp,
    action::Actor,
    alert::{
        BadOrder, By, CHANNELS_MAX, Channel, ChannelChange, ChannelId, ChannelKind, IncidentId, Order,
        RulesChange, Step, channel_name, severity,
    },
};

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ordered {
    /// It is done; a channel that was added has this id.
    Done(Option<ChannelId>),
    /// A field of it cannot be: it says which, and what to do.
    Malformed(String),
    /// Nothing has that name.
    Unknown,
    /// There are channels enough.
    TooManyChannels(String),
}

impl From<BadOrder> for Ordered {
    fn from(why: BadOrder) -> Self {
        match why {
            BadOrder::Malformed(why) => Self::Malformed(why),
            BadOrder::Unknown => Self::Unknown,
            BadOrder::TooManyChannels => Self::TooManyChannels(why.to_string()),
        }
    }
}

impl Room {
    /// Carries out an order.
    pub(in crate::room) fn ordered(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        order: Order,
        outputs: &mut Vec<Output>,
    ) {
        let done = match order {
            Order::SetRules(change) => self.set_rules(now, actor, &change, outputs).map(|()| None),
            Order::AddChannel { kind, name, hint, sealed, severity, incidents, events } => {
                let channel = Channel {
                    id: ChannelId::default(),
                    kind,
                    name,
                    hint,
                    sealed,
                    severity,
                    incidents,
                    events,
                    sent: self.seq,
                    tries: 0,
                    again_at: None,
                    on: true,
                    off_because: None,
                    failing_since: None,
                    why: None,
                    added_at: now,
                };
                self.add_channel(now, actor, channel, outputs).map(Some)
            }
            Order::ChangeChannel(id, change) => {
                self.change_channel(now, actor, id, &change, outputs).map(|()| None)
            }
            Order::RemoveChannel(id) => self.remove_channel(now, actor, id, outputs).map(|()| None),
            Order::Handle(id, step) => self.handle_incident(now, actor, id, step, outputs).map(|()| None),
        };
        outputs.push(Output::Ordered(done.map_or_else(Ordered::from, Ordered::Done)));
        self.look_out(now, outputs);
        self.send_events(now, outputs);
        self.arm_unwatched(now, outputs);
        self.flush_or_wait(now, outputs);
    }

    fn set_rules(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        change: &RulesChange,
        outputs: &mut Vec<Output>,
    ) -> Result<(), BadOrder> {
        change.check()?;
        let changed: Vec<_> =
            change.rules.iter().filter(|rule| self.watch.rule(rule.kind) != **rule).copied().collect();
        if changed.is_empty() {
            return Ok(());
        }
        let titles: Vec<&str> = changed.iter().map(|rule| rule.kind.about().title).collect();
        self.tell_who(now, actor, &format!(" changed alert rules: {}", titles.join(", ")), outputs);
        self.watch.rules.extend(changed.into_iter().map(|rule| (rule.kind, rule)));
        outputs.push(Output::Store(Row::Rules(self.watch.rules.values().copied().collect())));
        Ok(())
    }

    fn add_channel(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        mut channel: Channel,
        outputs: &mut Vec<Output>,
    ) -> Result<ChannelId, BadOrder> {
        severity(channel.severity)?;
        channel.name = channel_name(&channel.name)?;
        if channel.events.is_some() && channel.kind == ChannelKind::Discord {
            let why = "`events` are for a signed webhook: on Discord they are announced by /economy announce";
            return Err(BadOrder::Malformed(why.to_owned()));
        }
        let channels = &mut self.watch.channels;
        if channels.len() >= CHANNELS_MAX {
            return Err(BadOrder::TooManyChannels);
        }
        // By the clock: the number of one that was removed is not given again.
        channel.id = ChannelId(channels.keys().next_back().map_or(0, |last| last.0 + 1).max(now.0));
        let (id, words) =
            (channel.id, format!(" added the alert channel {} ({})", channel.name, channel.hint));
        outputs.push(Output::Store(Row::Channel(channel.clone())));
        channels.insert(id, channel);
        self.tell_who(now, actor, &words, outputs);
        Ok(id)
    }

    fn change_channel(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        id: ChannelId,
        change: &ChannelChange,
        outputs: &mut Vec<Output>,
    ) -> Result<(), BadOrder> {
        let channel = self.watch.channels.get_mut(&id).ok_or(BadOrder::Unknown)?;
        let name = change.name.as_deref().map(channel_name).transpose()?;
        change.severity.map_or(Ok(()), severity)?;
        channel.name = name.unwrap_or_else(|| channel.name.clone());
        channel.severity = change.severity.unwrap_or(channel.severity);
        if let Some(on) = change.on {
            channel.on = on;
            (channel.off_because, channel.failing_since, channel.why) = (None, None, None);
            (channel.tries, channel.again_at) = (0, None);
        }
        let words = format!(" changed the alert channel {}", channel.name);
        outputs.push(Output::Store(Row::Channel(channel.clone())));
        self.tell_who(now, actor, &words, outputs);
        Ok(())
    }

    fn remove_channel(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        id: ChannelId,
        outputs: &mut Vec<Output>,
    ) -> Result<(), BadOrder> {
        let channel = self.watch.channels.remove(&id).ok_or(BadOrder::Unknown)?;
        outputs.push(Output::Delete(Kind::Channel, id.0));
        forget_channel(&mut self.watch.live, id, outputs);
        self.tell_who(now, actor, &format!(" removed the alert channel {}", channel.name), outputs);
        Ok(())
    }

    fn handle_incident(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        id: IncidentId,
        step: Step,
        outputs: &mut Vec<Output>,
    ) -> Result<(), BadOrder> {
        step.check()?;
        let incident = self.watch.live.get_mut(&id).ok_or(BadOrder::Unknown)?;
        let by = By { name: actor.name.clone(), at: now };
        let title = incident.kind.about().title;
        let words = match step {
            Step::Acknowledge => {
                incident.acknowledged = Some(by);
                " took on the incident "
            }
            Step::Silence { for_ms } => {
                incident.silenced_until = Some(now.plus(for_ms));
                " silenced the incident "
            }
            Step::Resolve => {
                if incident.lasts() {
                    (incident.until, incident.resolved) = (Some(now), Some(by));
                    let waved_off = Judge { is_waved_off: true, ..Judge::default() };
                    self.watch.judges.insert(incident.kind, waved_off);
                }
                " resolved the incident "
            }
        };
        let changed = self.watch.changed(id);
        self.watch.store(&changed, outputs);
        self.announce(now, outputs);
        self.tell_who(now, actor, &format!("{words}{title}"), outputs);
        Ok(())
    }

    fn tell_who(&mut self, now: Timestamp, actor: &Actor, words: &str, outputs: &mut Vec<Output>) {
        let message = Sentence::of(&actor.name).words(words);
        let id = format!("alerts-{}-{now}", self.seq.next());
        let event = Event::new(id, now, GuildId::NONE, Severity::Info, Source::Admin, message);
        self.number(Event { actor_id: actor.id, actor_name: Some(actor.name.clone()), ..event }, outputs);
    }
}
