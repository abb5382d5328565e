//! Letters to channels: a message for Discord, and the body of a signed webhook.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Cause, Incident, NamedServer, RuleKind, ShownIncident, Touched, Unit};
use crate::{Event, Severity, Timestamp, text::isolated, time::SECOND_MS};

/// The colours beside a message on Discord.
const RED: u32 = 0x00d9_3a3a;
const AMBER: u32 = 0x00e0_a100;
const GREEN: u32 = 0x002e_9e5b;
/// The longest title of an embed, in characters: Discord takes 256.
const TITLE_MAX_CHARS: usize = 250;

/// A value with its unit; nothing for yes and no.
pub fn told_value(unit: Unit, value: u64) -> String {
    match unit {
        Unit::S => format!("{value} s"),
        Unit::Ms => format!("{value} ms"),
        Unit::Percent => format!("{value} %"),
        Unit::Times => format!("{value} times the usual"),
        Unit::Flag => String::new(),
    }
}

/// The message of an incident, and of those that began with it. The same incident gives the same message: it is edited.
pub fn discord_letter(bot: &str, page: Option<&str>, incident: &Incident, also: &[&Incident]) -> Value {
    let color = match (incident.until, incident.severity) {
        (Some(_), _) => GREEN,
        (None, Severity::Error) => RED,
        (None, _) => AMBER,
    };
    let about = incident.kind.about();
    let mut lines = vec![course(incident)];
    if incident.lasts() {
        lines.extend(about.advice.map(str::to_owned));
    }
    let mut fields = vec![
        json!({ "name": "Slow or failing", "value": cause_words(about.cause), "inline": true }),
        json!({ "name": "Concerns", "value": touched_words(incident.touched), "inline": true }),
    ];
    if !also.is_empty() {
        let lines: Vec<String> =
            also.iter().map(|other| format!("{}. {}", headline(other), course(other))).collect();
        fields.push(json!({ "name": "With it", "value": lines.join("\n") }));
    }
    if let Some(by) = &incident.acknowledged {
        let words = format!("{} at <t:{}:t>", by.name, by.at.seconds());
        fields.push(json!({ "name": "Taken on by", "value": words, "inline": true }));
    }
    let over = if incident.lasts() { "" } else { "Over: " };
    let title: String = format!("{over}{}", headline(incident)).chars().take(TITLE_MAX_CHARS).collect();
    let mut embed = json!({
        "title": title, "description": lines.join("\n"), "color": color, "fields": fields,
        "footer": { "text": format!("{bot} · incident {}", incident.id) },
        "timestamp": incident.opened_at.iso(),
    });
    if let Some(page) = page {
        embed["url"] = json!(link(page, incident));
    }
    message(&embed)
}

/// A message that shows that a channel works.
pub fn discord_trial(bot: &str, by: &str) -> Value {
    message(&json!({
        "title": "A test",
        "description": format!("{by} has tried this channel. Incidents of {bot} will be told here."),
        "color": GREEN,
    }))
}

/// Nobody is pinged by what it says.
fn message(embed: &Value) -> Value {
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

/// The body of a signed webhook. `is_first`: this receiver has taken nothing of this incident yet.
pub fn signed_letter(bot: &str, page: Option<&str>, incident: &Incident, is_first: bool) -> Value {
    let kind = match (incident.lasts(), is_first) {
        (false, _) => "incident.resolved",
        (true, true) => "incident.opened",
        (true, false) => "incident.changed",
    };
    let mut shown = ShownIncident::from(incident.clone());
    shown.incident.told.clear();
    let mut data = json!(shown);
    data["bot"] = json!(bot);
    if let Some(page) = page {
        data["url"] = json!(link(page, incident));
    }
    let at = incident.until.unwrap_or(incident.opened_at);
    json!({ "type": kind, "timestamp": at.iso(), "data": data })
}

/// The body of a signed webhook with events of the feed, oldest first.
pub fn events_letter(bot: &str, events: &[Event]) -> Value {
    let at = events.last().map(|event| event.at).unwrap_or_default();
    json!({ "type": "events", "timestamp": at.iso(), "data": { "bot": bot, "events": events } })
}

/// The body of a signed webhook that shows that the receiver works.
pub fn signed_trial(bot: &str, by: &str, now: Timestamp) -> Value {
    json!({ "type": "test", "timestamp": now.iso(), "data": { "bot": bot, "by": by } })
}

fn link(page: &str, incident: &Incident) -> String {
    format!("{page}/alerts#{}", incident.id)
}

/// An incident in a few words.
pub fn headline(incident: &Incident) -> String {
    let about = incident.kind.about();
    let value = told_value(about.unit, incident.peak);
    let title = about.title;
    match incident.kind {
        RuleKind::BotSilent | RuleKind::GatewayLost | RuleKind::BooksUnbalanced => title.to_owned(),
        _ => format!("{title}: {value}{}", incident.guild.as_ref().map(in_server).unwrap_or_default()),
    }
}

fn in_server(guild: &NamedServer) -> String {
    let name = if guild.name.is_empty() { guild.id.to_string() } else { guild.name.clone() };
    format!(" in {}", isolated(&name))
}

/// Since when, how bad, and until when.
fn course(incident: &Incident) -> String {
    let unit = incident.kind.about().unit;
    // Writing to a string does not fail.
    let mut words = format!("Since <t:{}:T>", incident.since.seconds());
    if unit != Unit::Flag && incident.kind != RuleKind::BotSilent {
        let (peak, threshold) =
            (told_value(unit, incident.peak), told_value(unit, incident.threshold.into()));
        let _ = write!(words, ", at worst {peak}; the threshold is {threshold}");
    }
    if let Some(until) = incident.until {
        let lasted = until.since(incident.since).div_ceil(SECOND_MS);
        let _ = write!(words, "; over since <t:{}:T>, after {}", until.seconds(), span(lasted));
    }
    if let Some(by) = &incident.resolved {
        let _ = write!(words, ", as {} said", by.name);
    }
    if incident.returns > 0 {
        let times = if incident.returns == 1 { "time" } else { "times" };
        let _ = write!(words, "; it came back {} {times}", incident.returns);
    }
    words + "."
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

const fn cause_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Bot => "bot-worker",
        Cause::Gateway => "Discord's gateway",
        Cause::Rest => "Discord's REST",
        Cause::Replies => "Pulse's replies",
        Cause::Books => "The books",
        Cause::Receiver => "A receiver of webhooks",
    }
}

fn touched_words(touched: Touched) -> String {
    let count = |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let Touched { servers, commands, players } = touched;
    [
        count(servers, "server"),
        count(players, "player") + " of 24 h",
        count(commands, "command") + " of 5 min",
    ]
    .join(", ")
}
