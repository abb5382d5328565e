//! Orders of administrators about alerts, and why one may be refused.

use serde::{Deserialize, Serialize};

use super::{CHANNEL_NAME_MAX_CHARS, ChannelId, ChannelKind, IncidentId, Rule, Subscription, yes};
use crate::{
    Severity, text,
    time::{DAY_MS, MINUTE_MS},
};

/// The longest time to hold, in seconds.
const HOLD_MAX_S: u32 = 3_600;
/// The largest hysteresis, in percent.
const HYSTERESIS_MAX: u32 = 90;
/// The longest cool-down, in seconds.
const COOL_DOWN_MAX_S: u32 = 86_400;
/// The longest silence, in milliseconds.
const SILENCE_MAX_MS: u64 = 30 * DAY_MS;

/// The body of `PUT /api/alerts/rules`. Kinds that it does not name stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesChange {
    /// The rules, one a kind.
    pub rules: Vec<Rule>,
}

/// The body of `POST /api/alerts/channels`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewChannel {
    /// Its kind.
    pub kind: ChannelKind,
    /// Its name on the page.
    pub name: String,
    /// Its address.
    pub url: String,
    /// The signing secret, `whsec_…`. One is made where none is given.
    #[serde(default)]
    pub secret: Option<String>,
    /// Incidents that stand out less are not told here.
    #[serde(default = "warn")]
    pub severity: Severity,
    /// Whether it is told of incidents.
    #[serde(default = "yes")]
    pub incidents: bool,
    /// Which events of the feed it is sent, if any: a signed webhook alone.
    #[serde(default)]
    pub events: Option<Subscription>,
}

impl std::fmt::Debug for NewChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewChannel").field("kind", &self.kind).finish_non_exhaustive()
    }
}

const fn warn() -> Severity {
    Severity::Warn
}

/// The body of `PUT /api/alerts/channels/{id}`; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelChange {
    /// Its name on the page.
    #[serde(default)]
    pub name: Option<String>,
    /// Incidents that stand out less are not told here.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Whether it is told anything.
    #[serde(default)]
    pub on: Option<bool>,
}

/// The body of `POST /api/alerts/incidents/{id}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Step {
    /// Somebody takes it on.
    Acknowledge,
    /// Its rule begins no message for so long.
    Silence {
        /// For how many milliseconds.
        for_ms: u64,
    },
    /// It is over.
    Resolve,
}

/// An administrator's order to the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Other rules.
    SetRules(RulesChange),
    /// One more channel; its address is sealed.
    AddChannel {
        /// Its kind.
        kind: ChannelKind,
        /// Its name.
        name: String,
        /// The part of its address that is shown.
        hint: String,
        /// Its address and secret, encrypted.
        sealed: String,
        /// Incidents that stand out less are not told there.
        severity: Severity,
        /// Whether it is told of incidents.
        incidents: bool,
        /// Which events of the feed it is sent, if any.
        events: Option<Subscription>,
    },
    /// Another name or state of a channel.
    ChangeChannel(ChannelId, ChannelChange),
    /// A channel is told nothing more.
    RemoveChannel(ChannelId),
    /// Something done to an incident.
    Handle(IncidentId, Step),
}

/// Why an order is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrder {
    /// A number or a word that cannot be.
    #[error("{0}")]
    Malformed(String),
    /// Nothing has that name.
    #[error("there is nothing of this name")]
    Unknown,
    /// There are channels enough.
    #[error("there are as many channels as there may be: remove one first")]
    TooManyChannels,
}

fn malformed(why: impl Into<String>) -> BadOrder {
    BadOrder::Malformed(why.into())
}

impl Rule {
    /// Whether every number of it makes sense.
    pub fn check(&self) -> Result<(), BadOrder> {
        let about = self.kind.about();
        let ([low, high], title) = (about.bounds, about.title);
        if !(low..=high).contains(&self.threshold) {
            return Err(malformed(format!("{title}: `threshold` is from {low} to {high}")));
        }
        if self.hold_s > HOLD_MAX_S {
            return Err(malformed(format!("{title}: `holdS` is at most {HOLD_MAX_S}")));
        }
        if self.hysteresis > HYSTERESIS_MAX {
            return Err(malformed(format!("{title}: `hysteresis` is at most {HYSTERESIS_MAX}")));
        }
        if self.cool_down_s > COOL_DOWN_MAX_S {
            return Err(malformed(format!("{title}: `coolDownS` is at most {COOL_DOWN_MAX_S}")));
        }
        severity(self.severity).map_err(|why| malformed(format!("{title}: {why}")))?;
        match self.quiet {
            Some(quiet) if quiet.from >= 1_440 || quiet.to >= 1_440 || quiet.from == quiet.to => {
                Err(malformed(format!("{title}: `quiet` takes two different minutes of a day, 0 to 1439")))
            }
            _ => Ok(()),
        }
    }
}

impl RulesChange {
    /// Whether every rule makes sense, and each kind is named once.
    pub fn check(&self) -> Result<(), BadOrder> {
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check()?;
            if self.rules[..index].iter().any(|other| other.kind == rule.kind) {
                return Err(malformed(format!("{} is there twice", rule.kind.about().title)));
            }
        }
        Ok(())
    }
}

impl Step {
    /// Whether a silence is one that somebody can mean.
    pub fn check(&self) -> Result<(), BadOrder> {
        match self {
            Self::Silence { for_ms } if !(MINUTE_MS..=SILENCE_MAX_MS).contains(for_ms) => {
                Err(malformed("`forMs` is from a minute to 30 days"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a channel or a rule can have this severity.
pub(crate) fn severity(severity: Severity) -> Result<(), BadOrder> {
    match severity {
        Severity::Warn | Severity::Error => Ok(()),
        _ => Err(malformed("`severity` is `warn` or `error`")),
    }
}

/// A channel's name, cleaned.
pub(crate) fn channel_name(name: &str) -> Result<String, BadOrder> {
    let name = text::name(name, CHANNEL_NAME_MAX_CHARS);
    name.ok_or_else(|| malformed("`name` shows nothing: give the channel a name"))
}
