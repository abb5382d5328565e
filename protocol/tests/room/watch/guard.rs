//! A room that keeps watch, its rows, its alarm, and what it has sent.

use protocol::{
    Report, Timestamp, UserId,
    action::Actor,
    alert::{ChannelId, ChannelKind, Incident, IncidentId, Order, Rule, RuleKind, RulesChange, Step},
    room::{Carried, EventParcel, Input, Kind, Ordered, Output, Parcel, Room},
    time::DAY_MS,
};

use super::super::database::Database;
use crate::samples::{EPOCH, NOON, report};

/// The guard.
pub struct Guard {
    pub room: Room,
    pub now: Timestamp,
    pub database: Database,
    pub alarm: Option<Timestamp>,
    /// Alarms that were armed.
    pub alarms: u64,
    /// Messages that the room wanted sent.
    pub posted: Vec<Parcel>,
    pub ordered: Option<Ordered>,
    /// Events that the room wanted looked up and sent.
    pub events: Vec<EventParcel>,
    /// The room is in memory for no longer than an alarm takes.
    pub forgets: bool,
}

impl Guard {
    pub fn on_duty() -> Self {
        let (room, outputs) = Room::new(EPOCH);
        let mut guard = Self {
            room,
            now: NOON,
            database: Database::default(),
            alarm: None,
            alarms: 0,
            posted: Vec::new(),
            ordered: None,
            events: Vec::new(),
            forgets: false,
        };
        guard.room.keep_watch(Some("https://pulse.example".to_owned()));
        guard.perform(&outputs);
        guard
    }

    /// The room leaves memory and comes back.
    pub fn wake(&mut self) {
        self.room = Room::restore(self.database.memory(), []);
        self.room.keep_watch(Some("https://pulse.example".to_owned()));
    }

    pub fn handle(&mut self, input: Input<'_>) {
        let outputs = self.room.handle(self.now, input);
        self.perform(&outputs);
    }

    fn perform(&mut self, outputs: &[Output]) {
        for output in outputs {
            self.database.perform(output);
            match output {
                Output::TickIn(wait_ms) => {
                    let wanted = self.now.plus(*wait_ms);
                    if self.alarm.is_none_or(|armed| armed < self.now || armed > wanted) {
                        self.alarm = Some(wanted);
                        self.alarms += 1;
                    }
                }
                Output::TickNever => self.alarm = None,
                Output::Post(parcels) => self.posted.extend(parcels.iter().cloned()),
                Output::PostEvents(parcel) => self.events.push(parcel.clone()),
                Output::Ordered(ordered) => self.ordered = Some(ordered.clone()),
                _ => {}
            }
        }
    }

    /// Lets time pass; the alarm rings when it is due.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.plus(ms);
        while let Some(at) = self.alarm.filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.alarm = None;
            if self.forgets {
                self.wake();
            }
            self.handle(Input::Ticked);
        }
        self.now = end;
    }

    /// Lets time pass until something is sent, for so long at most.
    pub fn pass_until_sent(&mut self, ms: u64) {
        let end = self.now.plus(ms);
        while self.posted.is_empty() && self.now < end {
            self.pass(1_000);
        }
    }

    pub fn said(&self, gateway_ms: f64, every_ms: u64) -> Report {
        let mut said = Report { started_at: NOON.minus(DAY_MS), next_in_ms: every_ms, ..report(self.now) };
        said.shards[0].latency_ms = Some(gateway_ms);
        said
    }

    pub fn report(&mut self, gateway_ms: f64, every_ms: u64) {
        let said = self.said(gateway_ms, every_ms);
        self.handle(Input::Reported(said));
    }

    /// A bot that is well reports for so long.
    pub fn reports(&mut self, every_ms: u64, for_ms: u64) {
        for _ in 0..for_ms / every_ms {
            self.report(40.0, every_ms);
            self.pass(every_ms);
        }
    }

    pub fn order(&mut self, order: Order) -> Ordered {
        let ada = Actor { id: Some(UserId(5)), name: "Ada".to_owned() };
        self.handle(Input::Ordered(ada, order));
        self.ordered.take().unwrap()
    }

    pub fn set_rules(&mut self, rules: Vec<Rule>) -> Ordered {
        self.order(Order::SetRules(RulesChange { rules }))
    }

    pub fn step(&mut self, id: IncidentId, step: Step) -> Ordered {
        self.order(Order::Handle(id, step))
    }

    pub fn add(&mut self, kind: ChannelKind) -> ChannelId {
        let ordered = self.order(Order::AddChannel {
            kind,
            name: "Watch".to_owned(),
            hint: "discord.com …oken".to_owned(),
            sealed: "00ff".to_owned(),
            severity: protocol::Severity::Warn,
            incidents: true,
            events: None,
        });
        let Ordered::Done(Some(id)) = ordered else { panic!("{ordered:?}") };
        id
    }

    pub fn carried(&mut self, parcel: &Parcel, carried: Carried) {
        self.handle(Input::Carried(parcel.incident, parcel.channel, parcel.version, carried));
    }

    /// The messages that were sent since the last time.
    pub fn sent(&mut self) -> Vec<Parcel> {
        std::mem::take(&mut self.posted)
    }

    /// The one message that was sent since the last time.
    pub fn only_sent(&mut self) -> Parcel {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }

    pub fn incidents(&self) -> Vec<Incident> {
        self.room.alerts().incidents.into_iter().map(|shown| shown.incident).collect()
    }

    pub fn incident(&self, kind: RuleKind) -> Option<Incident> {
        self.incidents().into_iter().find(|incident| incident.kind == kind)
    }

    pub fn only_incident(&self, kind: RuleKind) -> Incident {
        let mut incidents = self.incidents();
        let kinds: Vec<RuleKind> = incidents.iter().map(|incident| incident.kind).collect();
        assert_eq!(kinds, [kind]);
        incidents.remove(0)
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.database.rows.keys().filter(|(kept, _)| *kept == kind).count()
    }
}
