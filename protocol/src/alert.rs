//! Alerts: what is watched, what was noticed, and which channels carry it. The shapes of `/api/alerts`.

mod kind;
mod letter;
mod order;
pub mod public;

use std::{collections::BTreeMap, fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::kind::{About, RuleKind, Unit};
pub use self::letter::{
    discord_letter, discord_trial, events_letter, headline, signed_letter, signed_trial, told_value,
};
pub use self::order::{BadOrder, ChannelChange, NewChannel, Order, RulesChange, Step};
pub(crate) use self::order::{channel_name, severity};
use crate::{Event, GuildId, Seq, Severity, Source, Timestamp, id::string_id, time::DAY_MS};

/// The longest that an incident stays readable, in milliseconds.
pub const INCIDENTS_KEPT_MS: u64 = 90 * DAY_MS;
/// The most channels that there may be.
pub const CHANNELS_MAX: usize = 20;
/// The most events in one message.
pub const EVENTS_PER_MESSAGE: usize = 100;
/// The longest name of a channel, in characters.
pub const CHANNEL_NAME_MAX_CHARS: usize = 60;
/// The largest body of a request to `/api/alerts` that the edge reads, in bytes.
pub const ORDER_MAX_BYTES: usize = 16 * 1024;

/// Names an incident for ever: the moment it was opened, in milliseconds. A string on the wire, as every id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(pub u64);

/// Names a channel: a running number. A string on the wire, as every id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u64);

string_id!(IncidentId);
string_id!(ChannelId);

/// When to raise an alert of one kind, and when to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The value that it judges.
    pub kind: RuleKind,
    /// Whether it is in force.
    pub on: bool,
    /// From this value on it is bad, in the kind's unit.
    pub threshold: u32,
    /// How long the value has to be bad, in seconds, and how long good again.
    pub hold_s: u32,
    /// The value is good again so many percent below the threshold.
    pub hysteresis: u32,
    /// How much an incident of it stands out: `warn` or `error`.
    pub severity: Severity,
    /// An incident that comes back within so many seconds of its end is the same one.
    pub cool_down_s: u32,
    /// When no message is begun; what still lasts at its end is told then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
}

/// A part of each day, in minutes since midnight UTC; it may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// Its first minute.
    pub from: u16,
    /// The first minute after it.
    pub to: u16,
}

/// A part of what Pulse depends on, which is slow or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// bot-worker, or the machine that it runs on.
    Bot,
    /// Discord's gateway.
    Gateway,
    /// Discord's REST.
    Rest,
    /// Pulse's own replies.
    Replies,
    /// The books.
    Books,
    /// Somebody's server that takes webhooks.
    Receiver,
}

/// Those whom an incident concerned when it was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Servers.
    pub servers: u64,
    /// Commands of the last five minutes.
    pub commands: u64,
    /// Players of the last 24 hours.
    pub players: u64,
}

/// A server that an incident is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedServer {
    /// Its id.
    pub id: GuildId,
    /// Its name; empty until the bot has told it.
    pub name: String,
}

/// Somebody who did something to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct By {
    /// Their name, as the journal shows it.
    pub name: String,
    /// When.
    pub at: Timestamp,
}

/// Something that was wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Its name for ever.
    pub id: IncidentId,
    /// The rule that raised it.
    pub kind: RuleKind,
    /// How much it stands out.
    pub severity: Severity,
    /// Since when the value was bad.
    pub since: Timestamp,
    /// When it was raised.
    pub opened_at: Timestamp,
    /// When it was taken back; `null` while it lasts.
    pub until: Option<Timestamp>,
    /// The threshold that was passed.
    pub threshold: u32,
    /// The worst value.
    pub peak: u64,
    /// Those concerned.
    pub touched: Touched,
    /// The server that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guild: Option<NamedServer>,
    /// How often it came back within its rule's cool-down.
    #[serde(default)]
    pub returns: u32,
    /// The incident in whose messages it is told, as both began together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<IncidentId>,
    /// The person who has taken it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<By>,
    /// Until when its rule begins no message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silenced_until: Option<Timestamp>,
    /// The person who said that it is over, where no value did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<By>,
    /// Grows with each change that channels are told.
    pub version: u32,
    /// How far each channel has been told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<ChannelId, Told>,
}

impl Incident {
    /// Whether it lasts.
    pub fn lasts(&self) -> bool {
        self.until.is_none()
    }
}

/// How far a channel has been told of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The newest version that it has taken.
    pub version: u32,
    /// The message on Discord, which is edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Tries in a row that failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
    /// When the first of them was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_at: Option<Timestamp>,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A kind of channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// A webhook of a channel on Discord; its message is edited.
    Discord,
    /// An address of the deployer's, signed by the Standard Webhooks convention.
    Webhook,
}

/// Where incidents are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// Its name on the page.
    pub name: String,
    /// The host of its address, and the last four characters of it: all that is shown again.
    pub hint: String,
    /// The address and the secret, encrypted by the shell. Never in an answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sealed: String,
    /// Incidents that stand out less are not told here.
    pub severity: Severity,
    /// Whether it is told of incidents.
    #[serde(default = "yes")]
    pub incidents: bool,
    /// Which events of the feed it is sent, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Subscription>,
    /// The last event that it has been sent, or that was none for it.
    #[serde(default)]
    pub sent: Seq,
    /// Tries in a row to send events that failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
    /// When events are tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_at: Option<Timestamp>,
    /// Whether it is told anything.
    pub on: bool,
    /// Why Pulse has switched it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_because: Option<String>,
    /// Since when every try has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
}

const fn yes() -> bool {
    true
}

/// Events of the feed that a channel is sent; what is left out is any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscription {
    /// Their severities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<Severity>,
    /// Their kinds, in the words of an event's `source`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// The server that they are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guild_id: Option<GuildId>,
}

impl Subscription {
    /// Whether an event is among them.
    pub fn wants(&self, event: &Event) -> bool {
        (self.severities.is_empty() || self.severities.contains(&event.severity))
            && (self.sources.is_empty() || self.sources.contains(&event.source))
            && self.guild_id.is_none_or(|guild| guild == event.guild_id)
    }
}

/// The answer of `GET /api/alerts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alerts {
    /// The rules, with what each means.
    pub rules: Vec<ShownRule>,
    /// The channels.
    pub channels: Vec<Channel>,
    /// The incidents that last, and those that ended lately; newest first.
    pub incidents: Vec<ShownIncident>,
}

/// A rule with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownRule {
    /// The rule in force.
    pub rule: Rule,
    /// The rule that holds when nobody has set one.
    pub default: Rule,
    /// Its name.
    pub title: String,
    /// The value that it judges, in words.
    pub about: String,
    /// The unit of its threshold.
    pub unit: Unit,
    /// The least and the greatest threshold.
    pub bounds: [u32; 2],
}

/// An incident with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownIncident {
    /// The incident itself.
    #[serde(flatten)]
    pub incident: Incident,
    /// Its name.
    pub title: String,
    /// The unit of its peak.
    pub unit: Unit,
    /// The part that is slow or fails.
    pub cause: Cause,
    /// Two lines of advice.
    pub advice: [String; 2],
}

impl From<Incident> for ShownIncident {
    fn from(incident: Incident) -> Self {
        let about = incident.kind.about();
        Self {
            title: about.title.to_owned(),
            unit: about.unit,
            cause: about.cause,
            advice: about.advice.map(str::to_owned),
            incident,
        }
    }
}

impl From<Rule> for ShownRule {
    fn from(rule: Rule) -> Self {
        let about = rule.kind.about();
        Self {
            default: rule.kind.default_rule(),
            title: about.title.to_owned(),
            about: about.about.to_owned(),
            unit: about.unit,
            bounds: about.bounds,
            rule,
        }
    }
}
