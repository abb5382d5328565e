//! The public status: up or down by part, latency, and when something was wrong. No names and no amounts.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{Cause, Incident, RuleKind};
use crate::{Severity, Timestamp, time::DAY_MS};

/// The style of the page, which stands in it.
pub const STYLE: &str = "body{margin:0 auto;max-width:44rem;padding:2rem 1rem;font:1rem/1.5 system-ui,sans-serif}\
    h1{font-size:1.5rem}h2{font-size:1.125rem;margin-top:2rem}table{width:100%;border-collapse:collapse}\
    td,th{padding:.5rem 0;text-align:left;border-bottom:1px solid #8884;font-weight:400}\
    .up{color:light-dark(#0b6b3a,#5fd394)}.slow{color:light-dark(#7a5200,#eab84d)}.down{color:light-dark(#a8202a,#ff8f8f)}\
    .none{color:light-dark(#555,#aaa)}strong{font-weight:600}footer{margin-top:2rem;font-size:.875rem}";
/// Incidents that the page lists, at most.
pub const LISTED_MAX: usize = 100;

/// How a part of Pulse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It works.
    Up,
    /// It works, and not as it should.
    Slow,
    /// It does not work.
    Down,
    /// Nothing is known of it.
    Unknown,
}

impl State {
    const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Up => ["up", "Up"],
            Self::Slow => ["slow", "Degraded"],
            Self::Down => ["down", "Down"],
            Self::Unknown => ["none", "Not known"],
        }
    }
}

/// Something that was wrong, as everybody may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIncident {
    /// Its name.
    pub title: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `null` while it lasts.
    pub until: Option<Timestamp>,
}

/// The contents of the status page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicStatus {
    /// The moment that it is of.
    pub at: Timestamp,
    /// bot-worker.
    pub bot: State,
    /// Discord's gateway.
    pub gateway: State,
    /// Commands of players.
    pub commands: State,
    /// Latency of a minute, in milliseconds.
    pub latency_ms: Option<u64>,
    /// Of 90 days, newest first.
    pub incidents: Vec<PublicIncident>,
}

impl PublicIncident {
    /// An incident as everybody may know it; `None` for one that is the administrators' business alone.
    pub fn of(incident: &Incident) -> Option<Self> {
        let about = incident.kind.about();
        let is_public =
            !matches!(about.cause, Cause::Books | Cause::Receiver) && incident.kind != RuleKind::JobsWaiting;
        is_public.then(|| Self {
            title: about.title.to_owned(),
            since: incident.since,
            until: incident.until,
        })
    }
}

/// How commands are, by the incidents that last.
pub(crate) fn state_of_commands(lasting: &[&Incident], is_paused: bool) -> State {
    let concerning = lasting.iter().filter(|incident| incident.kind.about().cause == Cause::Replies);
    let worst = concerning.map(|incident| match incident.severity {
        Severity::Error if incident.peak >= 50 => State::Down,
        _ => State::Slow,
    });
    let is_down = |state: &State| *state == State::Down;
    match worst.max_by_key(is_down) {
        Some(state) => state,
        None if is_paused => State::Slow,
        None => State::Up,
    }
}

impl PublicStatus {
    /// The worst of its parts.
    pub fn overall(&self) -> State {
        let parts = [self.bot, self.gateway, self.commands];
        let by_weight = [State::Down, State::Slow, State::Unknown];
        by_weight.into_iter().find(|state| parts.contains(state)).unwrap_or(State::Up)
    }

    /// The page, without scripts.
    pub fn page(&self) -> String {
        let [class, overall] = self.overall().words();
        let mut html = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
             <meta name=color-scheme content=\"light dark\"><meta http-equiv=refresh content=60><title>{overall} — Pulse</title>\
             <style>{STYLE}</style><main><h1>Pulse: <span class={class}>{overall}</span></h1><table><tbody>"
        );
        for (part, state) in [
            ("Bot", self.bot),
            ("Discord's gateway", self.gateway),
            ("Commands", self.commands),
            ("This page", State::Up),
        ] {
            let [class, words] = state.words();
            // Writing to a string does not fail.
            let _ = write!(html, "<tr><th scope=row>{part}<td class={class}><strong>{words}</strong>");
        }
        let latency = self.latency_ms.map_or("not known".to_owned(), |ms| format!("{ms} ms"));
        let _ = write!(html, "<tr><th scope=row>Latency<td>{latency}</table><h2>Incidents of 90 days</h2>");
        if self.incidents.is_empty() {
            html += "<p>None.</p>";
        } else {
            html += "<table><thead><tr><th scope=col>What<th scope=col>Since, UTC<th scope=col>Lasted<tbody>";
            for incident in self.incidents.iter().take(LISTED_MAX) {
                let lasted = match incident.until {
                    None => "<strong class=down>lasts</strong>".to_owned(),
                    Some(until) => span(until.since(incident.since)),
                };
                let since = minute(incident.since);
                let _ = write!(html, "<tr><td>{}<td>{since}<td>{lasted}", incident.title);
            }
            html += "</table>";
        }
        let _ = write!(html, "<footer class=none>As of {} UTC.</footer></main></html>", minute(self.at));
        html
    }

    /// A badge, as an image.
    pub fn badge(&self) -> String {
        let state = self.overall();
        let color = match state {
            State::Up => "#0b6b3a",
            State::Slow => "#8a5a00",
            State::Down => "#a8202a",
            State::Unknown => "#555",
        };
        let words = state.words()[1].to_lowercase();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"124\" height=\"20\" role=\"img\" aria-label=\"Pulse: {words}\">\
             <rect width=\"124\" height=\"20\" rx=\"3\" fill=\"#333\"/><path d=\"M44 0h77a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H44z\" fill=\"{color}\"/>\
             <g fill=\"#fff\" font-family=\"Verdana,sans-serif\" font-size=\"11\" text-anchor=\"middle\">\
             <text x=\"22\" y=\"14\">Pulse</text><text x=\"84\" y=\"14\">{words}</text></g></svg>"
        )
    }
}

/// `2026-01-15 12:00`.
fn minute(at: Timestamp) -> String {
    at.iso().chars().take("2026-01-15T12:00".len()).collect::<String>().replace('T', " ")
}

fn span(ms: u64) -> String {
    match ms / 60_000 {
        0 => "less than a minute".to_owned(),
        minutes @ 1..120 => format!("{minutes} min"),
        _ if ms < 2 * DAY_MS => format!("{} h", ms / 3_600_000),
        _ => format!("{} days", ms / DAY_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(bot: State, commands: State) -> PublicStatus {
        PublicStatus {
            at: Timestamp(1_768_478_400_000),
            bot,
            gateway: State::Up,
            commands,
            latency_ms: Some(41),
            incidents: Vec::new(),
        }
    }

    #[test]
    fn the_worst_part_is_the_whole() {
        for (bot, commands, overall) in [
            (State::Up, State::Up, State::Up),
            (State::Up, State::Slow, State::Slow),
            (State::Down, State::Slow, State::Down),
            (State::Unknown, State::Up, State::Unknown),
        ] {
            let status = status(bot, commands);
            assert_eq!(status.overall(), overall, "{bot:?} {commands:?}");
            assert!(status.page().contains(overall.words()[1]));
            assert!(status.badge().contains(&overall.words()[1].to_lowercase()));
        }
    }

    #[test]
    fn the_longest_page_is_small_and_has_no_script() {
        let incident = PublicIncident {
            title: "Gateway latency, 10 s".to_owned(),
            since: Timestamp(1_768_478_400_000),
            until: Some(Timestamp(1_768_478_700_000)),
        };
        let incidents = vec![incident; 1_000];
        let page = PublicStatus { incidents, ..status(State::Up, State::Up) }.page();
        assert!(page.len() <= 30_000, "{} bytes", page.len());
        assert!(page.contains("2026-01-15 12:00<td>5 min") && !page.contains("<script"), "{page}");
    }
}
