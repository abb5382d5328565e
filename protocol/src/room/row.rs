//! The room's memory, row by row: a kind, a key that sorts, and JSON.

pub mod kind;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::kind::Kind;
use super::{
    RING_LEN,
    connection::Connection,
    income::Income,
    maintenance::MaintenanceRow,
    timeline::step::{Bucket, Months, Resolution},
    watch::judge::Judge,
};
use crate::{
    Epoch, Event, GuildId, JournalSeq, Report, Timestamp,
    alert::{Channel, Incident, Rule, RuleKind},
    job::Job,
    record::GuildTotals,
    report::NamedGuild,
    time::MINUTE_MS,
};

/// One thing to remember.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// The life of the event log.
    Epoch(Epoch),
    /// An event as it was broadcast.
    Event(Event),
    /// A server's totals, and its last journal row that is stored.
    Guild(GuildId, GuildRow),
    /// A server's name, icon and size.
    Name(NamedGuild),
    /// Steps of time that are over and share a row of this kind, from this beginning; oldest first.
    Page(Kind, Timestamp, Vec<Bucket>),
    /// Players whose last command falls into the quarter of an hour that begins here and is over.
    Active(Timestamp, u64),
    /// The last report.
    Report(ReportRow),
    /// Work that waits for the bot-worker.
    Job(u64, Job),
    /// The maintenance state, with the last actions on it.
    Maintenance(MaintenanceRow),
    /// The steps of time that are not over.
    Open(OpenSteps),
    /// The rules of alerts that somebody has set.
    Rules(Vec<Rule>),
    /// A channel of alerts.
    Channel(Channel),
    /// An incident that lasts, may come back or has still to be told.
    Incident(Incident),
    /// An incident that is laid by.
    Past(Incident),
}

/// The state that changes with every command, in one row: a step of time has a row of its own only when it is over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenSteps {
    /// The newest step of each resolution that has any, and those before it that have no other row yet.
    pub buckets: Vec<(Resolution, Bucket)>,
    /// Commands of the newest month and of the one before it.
    pub months: Months,
    /// Players whose last command falls into the quarter of an hour that is not over; rows of older versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<(Timestamp, u64)>,
    /// How often open steps have been written: the last report's row has them, too, and servers' rows, and the newest count.
    #[serde(default)]
    pub number: u64,
    /// Rows that all objects have written, by the hour; rows of older versions do not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<(Timestamp, u64)>,
}

impl OpenSteps {
    /// The mark of newer rows: a number alone would let those win that an older version has not seen.
    fn age(&self) -> (Timestamp, u64) {
        let newest = self.buckets.iter().map(|(_, bucket)| bucket.at).max().unwrap_or_default();
        (newest.floor(MINUTE_MS), self.number)
    }
}

/// A server's books, as the room last heard of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuildRow {
    /// The last journal row that the room has stored.
    pub acknowledged: JournalSeq,
    /// The books after it.
    pub totals: GuildTotals,
    /// The life of the journal that it is a row of; rows of older versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Timestamp>,
    /// The moment of the newest commit among the rows: later than the last one's, if a clock has stepped back.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub latest_at: Timestamp,
    /// The coins that came into being, against the server's own past.
    #[serde(default, skip_serializing_if = "Income::is_new")]
    pub income: Income,
    /// The open steps as of this row, where few servers play: a delivery is a row less to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<OpenSteps>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references; it is only told where they are larger"
)]
fn is_unknown(at: &Timestamp) -> bool {
    at.0 == 0
}

/// The last report, without the servers' names, which have rows of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportRow {
    /// The moment of its arrival, by the edge's clock.
    pub received_at: Timestamp,
    /// The report, without the servers' names.
    pub report: Report,
    /// Whether its staying the last one has been told as an event: after a restart it is not told again.
    #[serde(default)]
    pub noticed_offline: bool,
    /// The connection to the gateway.
    #[serde(default, skip_serializing_if = "Connection::is_new")]
    pub connection: Connection,
    /// The open steps as of this row: a report alone is one row to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<OpenSteps>,
    /// Values that are out of line and no incident yet, or an incident still: at rest the room is not in memory for as long as
    /// rules hold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judges: BTreeMap<RuleKind, Judge>,
    /// The room was away when the next one was due, and waits for it once more, until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused_until: Option<Timestamp>,
}

impl ReportRow {
    /// Whether another says the same but for what is measured.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.noticed_offline == other.noticed_offline && self.report.says_the_same(&other.report)
    }
}

/// A row that this version cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the room's row {kind}/{key} cannot be read: {source}")]
pub struct UnknownRow {
    kind: &'static str,
    key: String,
    source: serde_json::Error,
}

impl Row {
    /// The incident that it tells of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Epoch(_) => Kind::Epoch,
            Self::Event(_) => Kind::Event,
            Self::Guild(..) => Kind::Guild,
            Self::Name(_) => Kind::Name,
            Self::Page(kind, ..) => *kind,
            Self::Active(..) => Kind::Active,
            Self::Report(_) => Kind::Report,
            Self::Job(..) => Kind::Job,
            Self::Maintenance(_) => Kind::Maintenance,
            Self::Open(_) => Kind::Open,
            Self::Rules(_) => Kind::Rules,
            Self::Channel(_) => Kind::Channel,
            Self::Incident(_) => Kind::Incident,
            Self::Past(_) => Kind::Past,
        }
    }

    /// Its key among its kind.
    pub fn key(&self) -> u64 {
        match self {
            Self::Epoch(_) | Self::Report(_) | Self::Maintenance(_) | Self::Open(_) | Self::Rules(_) => 0,
            Self::Channel(channel) => channel.id.0,
            Self::Incident(incident) | Self::Past(incident) => incident.id.0,
            Self::Event(event) => event.seq.0,
            Self::Guild(id, _) => id.0,
            Self::Name(guild) => guild.id.0,
            Self::Page(_, at, _) | Self::Active(at, _) => at.0,
            Self::Job(number, _) => *number,
        }
    }

    /// Returns the content as JSON.
    pub fn value(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Epoch(epoch) => serde_json::to_string(epoch),
            Self::Event(event) => serde_json::to_string(event),
            Self::Guild(_, guild) => serde_json::to_string(guild),
            Self::Name(guild) => serde_json::to_string(guild),
            Self::Page(.., steps) => serde_json::to_string(steps),
            Self::Active(_, players) => serde_json::to_string(players),
            Self::Report(report) => serde_json::to_string(report),
            Self::Job(_, job) => serde_json::to_string(job),
            Self::Maintenance(row) => serde_json::to_string(row),
            Self::Open(open) => serde_json::to_string(open),
            Self::Rules(rules) => serde_json::to_string(rules),
            Self::Channel(channel) => serde_json::to_string(channel),
            Self::Incident(incident) | Self::Past(incident) => serde_json::to_string(incident),
        }
    }

    /// A key as text that sorts as the number does: 64-bit numbers do not survive JavaScript.
    pub fn key_text(key: u64) -> String {
        format!("{key:020}")
    }
}

/// All that the room remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// The life of the event log.
    pub epoch: Epoch,
    /// The ring, oldest first.
    pub events: Vec<Event>,
    /// Books, by server.
    pub guilds: BTreeMap<GuildId, GuildRow>,
    /// Names, by server.
    pub names: BTreeMap<GuildId, NamedGuild>,
    /// Steps of time, oldest first within a resolution.
    pub buckets: Vec<(Resolution, Bucket)>,
    /// Players by the quarter of an hour of their last command.
    pub active: BTreeMap<Timestamp, u64>,
    /// Commands of the newest month and of the one before it.
    pub months: Months,
    /// The number of times that open steps have been written.
    pub open_steps_written: u64,
    /// Rows that all objects have written, by the hour.
    pub spent: Vec<(Timestamp, u64)>,
    /// The last report, if one has ever come.
    pub report: Option<ReportRow>,
    /// Work that waits for the bot-worker, by its running number.
    pub jobs: BTreeMap<u64, Job>,
    /// The maintenance state, with the last actions on it.
    pub maintenance: MaintenanceRow,
    /// The steps of time that were not over.
    pub open: Option<OpenSteps>,
    /// The rules of alerts that somebody has set.
    pub rules: Vec<Rule>,
    /// The channels of alerts.
    pub channels: Vec<Channel>,
    /// The incidents that are not laid by.
    pub incidents: Vec<Incident>,
}

impl Memory {
    /// Nothing to remember yet.
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            events: Vec::new(),
            guilds: BTreeMap::new(),
            names: BTreeMap::new(),
            buckets: Vec::new(),
            active: BTreeMap::new(),
            months: Months::default(),
            open_steps_written: 0,
            spent: Vec::new(),
            report: None,
            jobs: BTreeMap::new(),
            maintenance: MaintenanceRow::default(),
            open: None,
            rules: Vec::new(),
            channels: Vec::new(),
            incidents: Vec::new(),
        }
    }

    /// The same with the steps that were not over in their places.
    #[must_use]
    pub(super) fn with_open_steps(mut self) -> Self {
        let reported = self.report.as_mut().and_then(|report| report.steps.take());
        let delivered = self.guilds.values_mut().filter_map(|guild| guild.steps.take());
        let written = self.open.take().into_iter().chain(reported).chain(delivered);
        let newest = written.max_by_key(OpenSteps::age);
        let Some(open) = newest else { return self };
        for (resolution, bucket) in open.buckets {
            self.buckets.retain(|(kept, step)| *kept != resolution || step.at < bucket.at);
            self.buckets.push((resolution, bucket));
        }
        self.months = open.months;
        self.open_steps_written = open.number;
        self.spent = open.spent;
        self.active.extend(open.active);
        self
    }

    /// Takes one stored row, in ascending order of keys within a kind.
    pub fn add(&mut self, kind: Kind, key: &str, value: &str) -> Result<(), UnknownRow> {
        self.parse(kind, key, value).map_err(|source| UnknownRow {
            kind: kind.word(),
            key: key.to_owned(),
            source,
        })
    }

    fn parse(&mut self, kind: Kind, key: &str, value: &str) -> Result<(), serde_json::Error> {
        let number = key.parse().unwrap_or(0);
        match kind {
            Kind::Epoch => self.epoch = serde_json::from_str(value)?,
            Kind::Event => {
                self.events.push(serde_json::from_str(value)?);
                let excess = self.events.len().saturating_sub(RING_LEN);
                self.events.drain(..excess);
            }
            Kind::Guild => {
                self.guilds.insert(GuildId(number), serde_json::from_str(value)?);
            }
            Kind::Name => {
                self.names.insert(GuildId(number), serde_json::from_str(value)?);
            }
            Kind::FiveSeconds => {
                self.buckets.push((Resolution::FiveSeconds, serde_json::from_str(value)?));
            }
            Kind::Minute => self.buckets.push((Resolution::Minute, serde_json::from_str(value)?)),
            Kind::QuarterHour => self.buckets.push((Resolution::QuarterHour, serde_json::from_str(value)?)),
            Kind::Fives => self.add_page(Resolution::FiveSeconds, value)?,
            Kind::Minutes => self.add_page(Resolution::Minute, value)?,
            Kind::Quarters => self.add_page(Resolution::QuarterHour, value)?,
            Kind::Active => {
                self.active.insert(Timestamp(number), serde_json::from_str(value)?);
            }
            Kind::Months => self.months = serde_json::from_str(value)?,
            Kind::Maintenance => self.maintenance = serde_json::from_str(value)?,
            Kind::Report => self.report = Some(serde_json::from_str(value)?),
            Kind::Job => {
                self.jobs.insert(number, serde_json::from_str(value)?);
            }
            Kind::Open => self.open = Some(serde_json::from_str(value)?),
            Kind::Rules => self.rules = serde_json::from_str(value)?,
            Kind::Channel => self.channels.push(serde_json::from_str(value)?),
            Kind::Incident => self.incidents.push(serde_json::from_str(value)?),
            Kind::Past => {} // It is shown, and nothing follows from it.
        }
        Ok(())
    }

    /// Adds the steps of a page, which take the place of single rows of an older version.
    fn add_page(&mut self, resolution: Resolution, value: &str) -> Result<(), serde_json::Error> {
        let steps: Vec<Bucket> = serde_json::from_str(value)?;
        if let (Some(first), Some(last)) = (steps.first(), steps.last()) {
            let page = first.at..=last.at;
            self.buckets.retain(|(kept, step)| *kept != resolution || !page.contains(&step.at));
        }
        self.buckets.extend(steps.into_iter().map(|step| (resolution, step)));
        Ok(())
    }
}
