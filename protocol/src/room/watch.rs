//! The room's watch over the bot, Discord and the books: values against rules, incidents, and the channels that are told,
//! also while nobody looks. Only the room of all servers keeps it.

mod events;
pub(super) mod judge;
mod orders;
mod readings;
mod telling;

use std::collections::BTreeMap;

pub use self::events::EventParcel;
pub use self::judge::Judge;
use self::judge::Verdict;
pub use self::orders::Ordered;
pub use self::telling::{Carried, Parcel};
use super::{
    Output, Room,
    row::{Kind, Row},
};
use crate::{
    GuildId, ServerMessage, Timestamp,
    alert::{
        Alerts, Channel, ChannelId, INCIDENTS_KEPT_MS, Incident, IncidentId, NamedServer, Rule, RuleKind,
        ShownIncident, ShownRule, Touched, headline,
        public::{PublicIncident, PublicStatus, State, state_of_commands},
    },
    message::{INCIDENT, INCIDENT_OVER, Notice},
    stats::BotStatus,
    time::{MINUTE_MS, SECOND_MS},
};

/// Incidents that begin within this long of one that lasts are told with it, in milliseconds.
const GROUPED_WITHIN_MS: u64 = 5 * MINUTE_MS;
/// A peak that has grown by so many percent since it was told is told again.
const PEAK_TOLD_AGAIN: u64 = 150;
/// How often values are looked at when deliveries come fast, in milliseconds.
const LOOK_EVERY_MS: u64 = SECOND_MS;
/// How often values without reports are looked at while they are out of line, in milliseconds.
const LOOK_AGAIN_MS: u64 = 30 * SECOND_MS;
/// While nobody looks, a bot is missed so long after its last report at the earliest, in milliseconds: each report of a busy
/// bot would otherwise be followed by an alarm.
const MISSED_AFTER_MS: u64 = 40 * SECOND_MS;
/// The alarm is late by more than this only when the room was away itself, in milliseconds.
const ALARM_LATE_MS: u64 = 3 * SECOND_MS;

/// The rules, the values' past and the incidents.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Whether this room keeps watch.
    on: bool,
    /// The page's address, for messages.
    page: Option<String>,
    /// Rules that somebody has set.
    rules: BTreeMap<RuleKind, Rule>,
    judges: BTreeMap<RuleKind, Judge>,
    /// Incidents that last, may come back, or have still to be told.
    live: BTreeMap<IncidentId, Incident>,
    channels: BTreeMap<ChannelId, Channel>,
    /// Messages on their way, and until when nothing is heard of them at the latest.
    on_the_way: BTreeMap<(IncidentId, ChannelId), Timestamp>,
    /// The same of events, of which a channel is sent one message at a time.
    events_on_the_way: BTreeMap<ChannelId, Timestamp>,
    /// How late the newest delivery was, in seconds, and when it came.
    lag: Option<(Timestamp, u64)>,
    /// The server whose new coins were most out of line with its own past, by how much, and when.
    income: Option<(Timestamp, GuildId, u64)>,
    looked_at: Timestamp,
    /// For when the alarm is armed, as far as this room knows.
    alarm_at: Timestamp,
    /// Something has happened since.
    is_unlooked: bool,
}

impl Watch {
    pub(super) fn restore(
        rules: Vec<Rule>,
        channels: Vec<Channel>,
        incidents: Vec<Incident>,
        judges: BTreeMap<RuleKind, Judge>,
    ) -> Self {
        Self {
            rules: rules.into_iter().map(|rule| (rule.kind, rule)).collect(),
            channels: channels.into_iter().map(|channel| (channel.id, channel)).collect(),
            live: incidents.into_iter().map(|incident| (incident.id, incident)).collect(),
            judges,
            ..Self::default()
        }
    }

    /// Whether this room keeps watch.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// The values' past that has to be remembered between two reports at rest.
    pub(super) fn judges(&self) -> BTreeMap<RuleKind, Judge> {
        let kept =
            |kind: &RuleKind, judge: &Judge| self.on && (!judge.is_idle() || self.open(*kind).is_some());
        self.judges
            .iter()
            .filter(|(kind, judge)| kept(kind, judge))
            .map(|(&kind, &judge)| (kind, judge))
            .collect()
    }

    fn rule(&self, kind: RuleKind) -> Rule {
        self.rules.get(&kind).copied().unwrap_or_else(|| kind.default_rule())
    }

    /// The incident of a kind that lasts.
    fn open(&self, kind: RuleKind) -> Option<&Incident> {
        self.live.values().find(|incident| incident.kind == kind && incident.lasts())
    }

    /// Judges a value; gives what has to be done about it.
    fn judge(&mut self, now: Timestamp, kind: RuleKind, value: Option<u64>) -> Verdict {
        let rule = self.rule(kind);
        let open = self.open(kind).map(|incident| (incident.id, incident.returns));
        if !rule.on {
            self.judges.remove(&kind);
            return if open.is_some() { Verdict::End } else { Verdict::Same };
        }
        let judge = self.judges.entry(kind).or_default();
        let verdict = judge.look(&rule, open.map(|(_, returns)| returns), now, value);
        let worst = judge.worst;
        if let (Verdict::Same, Some((id, _))) = (verdict, open)
            && let Some(incident) = self.live.get(&id)
            && worst * 100 >= incident.peak.max(1) * PEAK_TOLD_AGAIN
            && !kind.is_a_time()
        {
            return Verdict::Raise(incident.since);
        }
        verdict
    }

    /// Raises an incident, goes on with the one that has just ended, or tells how much worse it has become.
    fn raise(
        &mut self,
        now: Timestamp,
        kind: RuleKind,
        since: Timestamp,
        touched: Touched,
        guild: Option<NamedServer>,
    ) -> Vec<IncidentId> {
        let rule = self.rule(kind);
        let peak = self.judges.get(&kind).map_or(0, |judge| judge.worst);
        let cool_down_ms = u64::from(rule.cool_down_s) * SECOND_MS;
        let goes_on = |incident: &&mut Incident| {
            incident.kind == kind && incident.until.is_none_or(|until| now.since(until) <= cool_down_ms)
        };
        if let Some(incident) = self.live.values_mut().rev().find(goes_on) {
            incident.returns += u32::from(!incident.lasts());
            (incident.until, incident.resolved) = (None, None);
            incident.peak = incident.peak.max(peak);
            incident.touched = touched;
            let id = incident.id;
            return self.changed(id);
        }
        let newest = self.live.keys().next_back().map_or(0, |id| id.0 + 1);
        let id = IncidentId(now.0.max(newest));
        let group = self.leader(now, &rule);
        let incident = Incident {
            id,
            kind,
            severity: rule.severity,
            since,
            opened_at: now,
            until: None,
            threshold: rule.threshold,
            peak,
            touched,
            guild,
            returns: 0,
            group,
            acknowledged: None,
            silenced_until: None,
            resolved: None,
            version: 0,
            told: BTreeMap::new(),
        };
        self.live.insert(id, incident);
        self.changed(id)
    }

    /// The incident with which one that begins now is told.
    fn leader(&self, now: Timestamp, rule: &Rule) -> Option<IncidentId> {
        let leads = |incident: &&Incident| {
            incident.lasts()
                && incident.group.is_none()
                && incident.severity >= rule.severity
                && now.since(incident.opened_at) <= GROUPED_WITHIN_MS
        };
        self.live.values().find(leads).map(|incident| incident.id)
    }

    fn end(&mut self, now: Timestamp, kind: RuleKind, touched: Touched) -> Vec<IncidentId> {
        let worst = self.judges.remove(&kind).map_or(0, |judge| judge.worst);
        let Some(id) = self.open(kind).map(|incident| incident.id) else { return Vec::new() };
        if let Some(incident) = self.live.get_mut(&id) {
            incident.until = Some(now);
            incident.peak = incident.peak.max(worst);
            incident.touched = touched;
        }
        self.changed(id)
    }

    /// An incident has changed, and with it the one in whose messages it is told: gives both.
    fn changed(&mut self, id: IncidentId) -> Vec<IncidentId> {
        let leader = self.live.get(&id).and_then(|incident| incident.group);
        let mut changed = Vec::new();
        for id in [Some(id), leader].into_iter().flatten() {
            if let Some(incident) = self.live.get_mut(&id) {
                incident.version += 1;
                changed.push(id);
            }
        }
        changed
    }

    fn store(&self, ids: &[IncidentId], outputs: &mut Vec<Output>) {
        let incidents = ids.iter().filter_map(|id| self.live.get(id));
        outputs.extend(incidents.map(|incident| Output::Store(Row::Incident(incident.clone()))));
    }

    /// Those told in the messages of this one.
    fn told_with(&self, leader: IncidentId) -> Vec<&Incident> {
        self.live.values().filter(|incident| incident.group == Some(leader)).collect()
    }

    /// Lays by what is over, cannot come back and has been told.
    fn lay_by(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let is_done = |incident: &Incident| {
            let cool_down_ms = u64::from(self.rule(incident.kind).cool_down_s) * SECOND_MS;
            incident.until.is_some_and(|until| now.since(until) > cool_down_ms)
                && incident.silenced_until.is_none_or(|until| until <= now)
                && self.channels.values().all(|channel| self.tell_at(now, incident, channel).is_none())
                && self.told_with(incident.id).is_empty()
        };
        let done: Vec<IncidentId> =
            self.live.values().filter(|incident| is_done(incident)).map(|incident| incident.id).collect();
        for id in done {
            if let Some(incident) = self.live.remove(&id) {
                outputs.push(Output::Delete(Kind::Incident, id.0));
                outputs.push(Output::Store(Row::Past(incident)));
                outputs.push(Output::Forget(Kind::Past, now.minus(INCIDENTS_KEPT_MS).0));
            }
        }
    }
}

impl Room {
    /// From now on this room keeps watch. `page` is the page's address, where it is known.
    pub fn keep_watch(&mut self, page: Option<String>) {
        self.watch.on = true;
        self.watch.page = page;
    }

    /// The rules, the channels and the incidents that are not laid by, newest first.
    pub fn alerts(&self) -> Alerts {
        let unsealed = |channel: &Channel| Channel { sealed: String::new(), ..channel.clone() };
        Alerts {
            rules: RuleKind::all().map(|kind| ShownRule::from(self.watch.rule(kind))).collect(),
            channels: self.watch.channels.values().map(unsealed).collect(),
            incidents: self.watch.live.values().rev().cloned().map(ShownIncident::from).collect(),
        }
    }

    /// The public status; of the incidents, those that are not laid by.
    pub fn public_status(&self, now: Timestamp) -> PublicStatus {
        let gateway = self.bot.gateway(now).map(|gateway| (gateway.active, gateway.shards));
        let lasting: Vec<&Incident> = self.watch.live.values().filter(|incident| incident.lasts()).collect();
        PublicStatus {
            at: now,
            bot: match self.bot.status(now) {
                BotStatus::Online => State::Up,
                BotStatus::Offline => State::Down,
                BotStatus::Unknown => State::Unknown,
            },
            gateway: match gateway {
                None => State::Unknown,
                Some((0, _)) => State::Down,
                Some((active, shards)) if active < shards => State::Slow,
                Some(_) => State::Up,
            },
            commands: state_of_commands(&lasting, self.maintenance.current.is_on),
            latency_ms: self.bot.gateway_mean(now, MINUTE_MS).or_else(|| self.bot.rest_mean(now)),
            incidents: self.watch.live.values().rev().filter_map(PublicIncident::of).collect(),
        }
    }

    /// A channel, its encrypted address included.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.watch.channels.get(&id)
    }

    /// Looks at all values, and sends what is due.
    pub(super) fn look_out(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if !self.watch.on {
            return;
        }
        (self.watch.looked_at, self.watch.is_unlooked) = (now, false);
        let mut has_changed = false;
        for kind in RuleKind::all() {
            let value = self.reading(now, kind);
            let verdict = self.watch.judge(now, kind, value);
            let changed = match verdict {
                Verdict::Same => continue,
                Verdict::Raise(since) => {
                    let touched = self.touched(now, kind);
                    let guild = self.concerned(kind);
                    self.watch.raise(now, kind, since, touched, guild)
                }
                Verdict::End => {
                    let touched = self.touched(now, kind);
                    self.watch.end(now, kind, touched)
                }
            };
            self.watch.store(&changed, outputs);
            has_changed = true;
        }
        if has_changed {
            self.announce(now, outputs);
        }
        self.watch.lay_by(now, outputs);
        self.send_what_is_due(now, outputs);
    }

    /// Tells viewers which incidents last.
    fn announce(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if !self.maintenance.current.is_on {
            self.flush(now, outputs);
            self.broadcast(now, self.incident_notice(), outputs);
        }
    }

    /// The notice of incidents for viewers.
    fn incident_notice(&self) -> ServerMessage {
        let lasting = self.watch.live.values().filter(|incident| incident.lasts());
        let lasting: Vec<String> = lasting.map(headline).collect();
        let (code, message) = if lasting.is_empty() {
            (INCIDENT_OVER, "No incident lasts any more.".to_owned())
        } else {
            (INCIDENT, lasting.join(" · "))
        };
        ServerMessage::Notice { data: Notice { code: code.to_owned(), message } }
    }

    /// The notice of incidents for a newcomer, if any lasts.
    pub(super) fn lasting_incidents(&self) -> Option<ServerMessage> {
        let lasts = self.watch.live.values().any(Incident::lasts);
        (self.watch.on && lasts).then(|| self.incident_notice())
    }

    /// The same after a delivery, which may be one of hundreds in a second.
    pub(super) fn look_out_soon(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if now.since(self.watch.looked_at) >= LOOK_EVERY_MS || now < self.watch.looked_at {
            self.look_out(now, outputs);
        } else {
            self.watch.is_unlooked = true;
        }
    }

    /// While nobody watches, the alarm is for what no report brings: a bot that is silent, and messages that are due.
    pub(super) fn arm_unwatched(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if !self.viewers.is_empty() {
            return;
        }
        let armed_for = Some(self.watch.alarm_at).filter(|at| *at > now);
        let is_sooner = |wait_ms: &u64| armed_for.is_none_or(|at| now.plus(*wait_ms) < at);
        if let Some(wait_ms) = self.look_again_in_ms(now).filter(is_sooner) {
            self.watch.alarm_at = now.plus(wait_ms);
            outputs.push(Output::TickIn(wait_ms));
        }
    }

    /// The alarm of a room that nobody watches.
    pub(super) fn unwatched_alarm(&mut self, now: Timestamp) -> Output {
        let wait_ms = self.look_again_in_ms(now);
        self.watch.alarm_at = wait_ms.map(|wait_ms| now.plus(wait_ms)).unwrap_or_default();
        wait_ms.map_or(Output::TickNever, Output::TickIn)
    }

    /// In how many milliseconds there is something to look at or to send though nothing happens.
    fn look_again_in_ms(&self, now: Timestamp) -> Option<u64> {
        let watch = &self.watch;
        if !watch.on {
            return None;
        }
        let is_online = self.bot.offline_in_ms(now).is_some();
        let is_out_of_line = |kind: RuleKind| {
            watch.open(kind).is_some() || watch.judges.get(&kind).is_some_and(|judge| !judge.is_idle())
        };
        let fading = RuleKind::all().any(|kind| kind.fades() && is_out_of_line(kind));
        let moments = [
            self.silence_due_at(now),
            self.loss_due_at(now),
            (fading && !is_online).then(|| now.plus(LOOK_AGAIN_MS)),
            (watch.is_unlooked && !is_online).then(|| now.plus(LOOK_EVERY_MS)),
            watch.next_message_at(now),
            watch.next_events_at(self.seq),
        ];
        let next = moments.into_iter().flatten().min()?;
        Some(next.since(now).max(1))
    }

    /// When the bot has to be missed; `None` where that is done, or never.
    fn silence_due_at(&self, now: Timestamp) -> Option<Timestamp> {
        let rule = self.watch.rule(RuleKind::BotSilent);
        if !rule.on || self.watch.open(RuleKind::BotSilent).is_some() {
            return None;
        }
        let judge = self.watch.judges.get(&RuleKind::BotSilent).copied().unwrap_or_default();
        if judge.is_waved_off {
            return None;
        }
        if let Some(since) = judge.since {
            return Some(since.plus(u64::from(rule.hold_s) * SECOND_MS).max(now.plus(1)));
        }
        Some(self.missed_at(rule.threshold)?.max(now.plus(1)))
    }

    /// When a bot that says nothing more is missed while nobody looks.
    fn missed_at(&self, threshold_s: u32) -> Option<Timestamp> {
        let due_at = self.bot.promised_at()?.plus(u64::from(threshold_s) * SECOND_MS);
        let usually_at = self.bot.reported_at().plus(MISSED_AFTER_MS);
        Some(due_at.max(self.bot.excused_until().unwrap_or(usually_at)))
    }

    /// When a gateway that is gone has been gone for long enough.
    fn loss_due_at(&self, now: Timestamp) -> Option<Timestamp> {
        let rule = self.watch.rule(RuleKind::GatewayLost);
        let is_waved_off =
            self.watch.judges.get(&RuleKind::GatewayLost).is_some_and(|judge| judge.is_waved_off);
        if !rule.on || is_waved_off || self.watch.open(RuleKind::GatewayLost).is_some() {
            return None;
        }
        let since = self.bot.gateway(now)?.lost_since?;
        let wait_s = u64::from(rule.threshold) + u64::from(rule.hold_s);
        Some(since.plus(wait_s * SECOND_MS).max(now.plus(SECOND_MS)))
    }

    /// A room that was away when the bot should have been missed knows nothing of the bot: it gives it the time to report.
    pub(super) fn excuse_own_absence(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        let rule = self.watch.rule(RuleKind::BotSilent);
        if !self.watch.on || !rule.on {
            return;
        }
        let was_away = self.missed_at(rule.threshold).is_some_and(|at| now.since(at) > ALARM_LATE_MS);
        if was_away && self.bot.excuse(now, u64::from(rule.threshold) * SECOND_MS) {
            self.save_report(now, outputs);
        }
    }
}
