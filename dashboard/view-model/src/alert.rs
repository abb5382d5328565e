//! Thresholds that raise an alert, and take it back only when things are clearly better: no flapping.

mod settings;

use protocol::{Timestamp, history::HistoryPoint, time::MINUTE_MS};

pub use self::settings::{Settings, Tenths};

/// A value has to be over its threshold this many looks in a row.
const RAISE_AFTER: u8 = 2;
/// And this many in a row under the lower mark to be taken back.
const CLEAR_AFTER: u8 = 3;
/// The lower mark, as a share of the threshold.
const CLEAR_BELOW: f64 = 0.9;
/// The error rate is that of the last minutes, in milliseconds.
const ERRORS_OVER_MS: u64 = 5 * MINUTE_MS;
/// Fewer commands than this say nothing about a rate.
const ERRORS_AMONG_MIN: u64 = 10;
/// A gateway is missed from so many seconds on: nobody wants to set that, or to switch it off.
const GATEWAY_SECONDS: Tenths = Tenths(100);
/// Alerts the log keeps.
pub const LOG_LEN: usize = 100;

/// A value that alerts watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Mean latency, in milliseconds.
    Latency,
    /// Failed commands, in percent.
    Errors,
    /// A gateway that is disconnected, in seconds.
    Gateway,
}

impl Kind {
    /// All kinds, in the order in which [`Alerts::look`] takes their values.
    pub const ALL: [Self; 3] = [Self::Latency, Self::Errors, Self::Gateway];

    /// Its word in the browser's storage, and in the names of the page's parts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Gateway => "gateway",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// An alert of the log, running or over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alert {
    /// The value that crossed its threshold.
    pub kind: Kind,
    /// The server's time at which it was raised.
    pub since: Timestamp,
    /// The server's time at which it was over; `None` while it lasts.
    pub until: Option<Timestamp>,
    /// The greatest value since then, in the unit of its kind.
    pub worst: Tenths,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Watch {
    over: u8,
    under: u8,
    since: Option<Timestamp>,
}

/// The watchman, with the log of what was raised, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerts {
    watches: [Watch; 3],
    log: Vec<Alert>,
}

impl Alerts {
    /// Looks at the newest values, in the order of [`Kind::ALL`]; gives the kinds that were raised now. A value that is not
    /// known changes nothing.
    pub fn look(&mut self, settings: &Settings, now: Timestamp, values: [Option<f64>; 3]) -> Vec<Kind> {
        let [latency, errors] = settings.thresholds;
        let thresholds = [latency, errors, Some(GATEWAY_SECONDS)];
        let mut raised = Vec::new();
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            let watch = &mut self.watches[index];
            match (thresholds[index], values[index]) {
                (None, _) => self.clear(index, kind, now),
                (Some(_), None) => {}
                (Some(threshold), Some(value)) if watch.since.is_none() => {
                    let over = value >= threshold.get();
                    watch.over = if over { watch.over.saturating_add(1) } else { 0 };
                    if watch.over >= RAISE_AFTER {
                        *watch = Watch { since: Some(now), ..Watch::default() };
                        self.log.insert(0, Alert { kind, since: now, until: None, worst: Tenths::of(value) });
                        self.log.truncate(LOG_LEN);
                        raised.push(kind);
                    }
                }
                (Some(threshold), Some(value)) => {
                    watch.under = if value < threshold.get() * CLEAR_BELOW { watch.under + 1 } else { 0 };
                    let enough = watch.under >= CLEAR_AFTER;
                    if let Some(alert) = self.running(kind) {
                        alert.worst = alert.worst.max(Tenths::of(value));
                    }
                    if enough {
                        self.clear(index, kind, now);
                    }
                }
            }
        }
        raised
    }

    /// The alerts that last.
    pub fn active(&self) -> impl Iterator<Item = &Alert> {
        self.log.iter().filter(|alert| alert.until.is_none())
    }

    /// The log, newest first: at most [`LOG_LEN`] alerts.
    pub fn log(&self) -> &[Alert] {
        &self.log
    }

    /// Writes the log for the browser's storage.
    pub fn write(&self) -> String {
        let lines: Vec<String> = self
            .log
            .iter()
            .map(|alert| {
                let until = alert.until.map(|until| until.to_string()).unwrap_or_default();
                [alert.kind.word(), &alert.since.to_string(), &until, &alert.worst.write()].join(";")
            })
            .collect();
        lines.join("\n")
    }

    /// Reads the log from the browser's storage. The newest alert of a kind goes on if it lasted when the page was closed,
    /// until it is seen that things are better.
    pub fn read(text: &str) -> Self {
        let alert = |line: &str| {
            let parts: Vec<&str> = line.split(';').collect();
            let [kind, since, until, worst] = parts[..] else { return None };
            Some(Alert {
                kind: Kind::of(kind)?,
                since: Timestamp(since.parse().ok()?),
                until: until.parse().ok().map(Timestamp),
                worst: Tenths::parse(worst)?,
            })
        };
        let mut alerts = Self::default();
        for mut alert in text.lines().filter_map(alert).take(LOG_LEN) {
            let watch = &mut alerts.watches[alert.kind as usize];
            if alert.until.is_none() && watch.since.replace(alert.since).is_some() {
                alert.until = Some(alert.since);
            }
            alerts.log.push(alert);
        }
        alerts
    }

    fn running(&mut self, kind: Kind) -> Option<&mut Alert> {
        self.log.iter_mut().find(|alert| alert.kind == kind && alert.until.is_none())
    }

    fn clear(&mut self, index: usize, kind: Kind, now: Timestamp) {
        self.watches[index] = Watch::default();
        if let Some(alert) = self.running(kind) {
            alert.until = Some(now);
        }
    }
}

/// Failed commands of the last minutes, in percent; `None` where there were too few to tell.
#[expect(clippy::cast_precision_loss, reason = "commands of five minutes")]
pub fn error_rate<'a>(points: impl Iterator<Item = &'a HistoryPoint>, now: Timestamp) -> Option<f64> {
    let (commands, errors) = points
        .filter(|point| now.since(point.at) < ERRORS_OVER_MS)
        .fold((0, 0), |(commands, errors), point| (commands + point.commands, errors + point.errors));
    (commands >= ERRORS_AMONG_MIN).then(|| errors as f64 * 100.0 / commands as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(values: &[f64]) -> (Vec<usize>, Vec<usize>) {
        let (mut alerts, settings) = (Alerts::default(), Settings::default());
        let (mut raised, mut cleared) = (Vec::new(), Vec::new());
        for (index, &value) in values.iter().enumerate() {
            let lasted = alerts.active().count();
            let now = Timestamp(index as u64 * 5_000);
            if !alerts.look(&settings, now, [Some(value), None, None]).is_empty() {
                raised.push(index);
            }
            if alerts.active().count() < lasted {
                cleared.push(index);
            }
        }
        (raised, cleared)
    }

    #[test]
    fn one_bad_look_raises_nothing_and_one_good_look_clears_nothing() {
        assert_eq!(watch(&[400.0, 100.0, 400.0, 100.0]), (vec![], vec![]));
        assert_eq!(watch(&[400.0, 400.0, 100.0, 100.0, 400.0, 100.0, 100.0]), (vec![1], vec![]));
        assert_eq!(watch(&[400.0, 400.0, 100.0, 100.0, 100.0, 400.0, 400.0]), (vec![1, 6], vec![4]));
    }

    #[test]
    fn between_the_two_marks_it_stays_as_it_is() {
        assert_eq!(watch(&[280.0, 290.0, 299.9]), (vec![], vec![]));
        assert_eq!(watch(&[300.0, 300.0, 280.0, 280.0, 280.0, 280.0]), (vec![1], vec![]));
    }

    #[test]
    fn the_log_says_how_long_and_how_bad_and_survives_the_browser() {
        let (mut alerts, settings) = (Alerts::default(), Settings::default());
        for (second, value) in [(0, 310.0), (5, 320.0), (10, 900.0), (15, 1.0), (20, 1.0), (25, 1.0)] {
            alerts.look(&settings, Timestamp(second * 1_000), [Some(value), None, None]);
        }
        let expected = Alert {
            kind: Kind::Latency,
            since: Timestamp(5_000),
            until: Some(Timestamp(25_000)),
            worst: Tenths(9_000),
        };
        assert_eq!(alerts.log(), [expected]);
        assert_eq!(Alerts::read(&alerts.write()).log(), [expected]);
        assert_eq!(Alerts::read("nonsense\nlatency;1").log(), []);
    }

    #[test]
    fn an_alert_that_lasts_over_a_reload_stays_one() {
        let settings = Settings::default();
        let mut alerts = Alerts::default();
        for second in [0, 5] {
            alerts.look(&settings, Timestamp(second * 1_000), [Some(400.0), Some(50.0), None]);
        }
        for reload in 0..3 {
            alerts = Alerts::read(&alerts.write());
            for look in 0..3 {
                let now = Timestamp(60_000 * (reload + 1) + look * 5_000);
                assert_eq!(
                    alerts.look(&settings, now, [Some(500.0), None, None]),
                    [],
                    "nobody is called again"
                );
            }
        }
        assert_eq!((alerts.log().len(), alerts.active().count()), (2, 2));
        for look in 0..3 {
            alerts.look(&settings, Timestamp(300_000 + look * 5_000), [Some(10.0), None, None]);
        }
        let latency = alerts.log().iter().find(|alert| alert.kind == Kind::Latency).unwrap();
        let told = (latency.since, latency.until, latency.worst);
        assert_eq!(told, (Timestamp(5_000), Some(Timestamp(310_000)), Tenths(5_000)));
        assert_eq!(alerts.active().count(), 1, "what is not known lasts");
    }

    #[test]
    fn of_two_that_lasted_the_newest_goes_on() {
        let alerts = Alerts::read("latency;9000;;400\nerrors;8000;;9\nlatency;5000;;300");
        let open: Vec<u64> = alerts.active().map(|alert| alert.since.0).collect();
        assert_eq!((open, alerts.log().len()), (vec![9_000, 8_000], 3));
    }

    #[test]
    fn a_threshold_taken_away_ends_its_alert_and_the_unknown_changes_nothing() {
        let (mut alerts, mut settings) = (Alerts::default(), Settings::default());
        alerts.look(&settings, Timestamp(0), [None, Some(50.0), None]);
        assert_eq!(alerts.look(&settings, Timestamp(1), [None, Some(50.0), None]), [Kind::Errors]);
        alerts.look(&settings, Timestamp(2), [None, None, None]);
        assert_eq!(alerts.active().count(), 1);
        settings.thresholds = [Some(Tenths(10)), None];
        alerts.look(&settings, Timestamp(3), [None, Some(50.0), None]);
        assert_eq!(alerts.active().count(), 0);
    }

    #[test]
    fn a_rate_needs_commands_enough() {
        let point = |at, commands, errors| HistoryPoint {
            at: Timestamp(at),
            commands,
            errors,
            ..HistoryPoint::default()
        };
        let now = Timestamp(1_000_000);
        assert_eq!(error_rate([point(999_000, 9, 9)].iter(), now), None);
        assert_eq!(error_rate([point(999_000, 15, 1), point(998_000, 5, 1)].iter(), now), Some(10.0));
        assert_eq!(error_rate([point(1_000, 50, 50), point(999_000, 10, 0)].iter(), now), Some(0.0));
    }
}
