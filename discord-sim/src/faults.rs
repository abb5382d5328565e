//! Faults on the way to Discord: scripted ones that are asked for one by one, and weather that comes by chance.

use std::{
    collections::BTreeMap,
    sync::{Mutex, atomic::AtomicU64},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{client::now, lock::lock, splitmix::SplitMix};

/// One fault, for the requests it is meant for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Part of the path, such as `/webhooks/`; empty: every request.
    #[serde(default)]
    pub path: String,
    /// The method, such as `PATCH`; any when left out.
    #[serde(default)]
    pub method: Option<String>,
    /// The effect on each request that it hits.
    #[serde(flatten)]
    pub effect: Effect,
    /// The number of requests that it still hits, counted down; all of them when left out.
    #[serde(default)]
    pub times: Option<u64>,
    /// The time that it lasts from now on, in milliseconds; for good when left out.
    #[serde(default)]
    pub for_ms: Option<u64>,
    #[serde(skip)]
    until_ms: Option<u64>,
    /// The number of requests that it has hit.
    #[serde(skip)]
    hits: u64,
    /// Whether it is a test's own, which has to hit something.
    #[serde(skip)]
    is_expected: bool,
}

/// The effect of a fault on a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Effect {
    /// Discord answers with this status and error.
    Status {
        /// The HTTP status.
        status: u16,
        /// Discord's own error code; 0 when left out.
        #[serde(default)]
        code: u32,
        /// With 429: how long to wait, in seconds.
        #[serde(default)]
        retry_after: f64,
        /// With 429: whether the whole bot has to wait.
        #[serde(default)]
        global: bool,
    },
    /// A page instead of JSON, as Cloudflare in front of Discord gives it.
    Html {
        /// The HTTP status.
        status: u16,
        /// The `Retry-After` header, in seconds; without one when left out.
        #[serde(default)]
        retry_after: Option<f64>,
    },
    /// No answer at all.
    Silence,
    /// The connection ends in the middle of the answer.
    Cut,
    /// The request waits so long, and is then answered.
    Delay {
        /// The delay in milliseconds, on top of the latency.
        ms: u64,
    },
}

/// Faults by chance, for every request and every gateway connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Weather {
    /// Up to so many milliseconds on top of the latency.
    pub jitter_ms: u64,
    /// The lead of Discord's clock, as its `Date` headers tell it, over this machine's, in seconds; negative when it is
    /// behind.
    pub clock_ahead_seconds: i64,
    /// Of 100 requests, so many get a 500, 502 or 503.
    pub error_percent: u64,
    /// Of 100 requests, so many get a 429 for half a second.
    pub limited_percent: u64,
    /// Of 100 requests, so many are cut off in the middle of the answer.
    pub cut_percent: u64,
    /// Of 100 requests, so many are never answered.
    pub silent_percent: u64,
    /// Of 100 looks at a gateway connection (one a second), so many cut it.
    pub gateway_cut_percent: u64,
    /// Of 100 looks at a gateway connection, so many ask it to reconnect.
    pub gateway_reconnect_percent: u64,
    /// Of 100 looks at a gateway connection, so many invalidate its session.
    pub gateway_invalid_percent: u64,
    /// Of 100 heartbeats, so many are not acknowledged.
    pub gateway_unacknowledged_percent: u64,
}

/// Error codes with the statuses that Discord answers them with, and its words.
///
/// Source: <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.
pub(crate) const ERRORS: [(u32, &[u16], &str); 16] = [
    (10_002, &[404], "Unknown Application"),
    (10_003, &[404], "Unknown Channel"),
    (10_008, &[404], "Unknown Message"),
    (10_013, &[400, 404], "Unknown User"),
    (10_015, &[404], "Unknown Webhook"),
    (20_016, &[429], "This action cannot be performed due to slowmode rate limit"),
    (20_026, &[403], "Your bot has been flagged by our anti-spam system for abusive behavior"),
    (40_003, &[400, 403], "You are opening direct messages too fast"),
    (50_001, &[403], "Missing Access"),
    (50_006, &[400], "Cannot send an empty message"),
    (50_007, &[400, 403], "Cannot send messages to this user"),
    (50_013, &[403], "Missing Permissions"),
    (50_035, &[400], "Invalid Form Body"),
    (
        50_240,
        &[400],
        "You cannot remove this app's Entry Point command in a bulk update operation. Include the Entry \
                      Point command in your update request or delete it separately.",
    ),
    (50_278, &[403], "Cannot send messages to this user due to having no mutual guilds"),
    (130_000, &[500, 503], "API resource is currently overloaded. Try again a little later"),
];

/// The faults that are in force.
#[derive(Debug)]
pub struct Faults {
    scripted: Mutex<Vec<Fault>>,
    weather: Mutex<Weather>,
    chance: Mutex<SplitMix>,
    struck: Mutex<BTreeMap<&'static str, u64>>,
    /// Faults of a test that are gone and have hit nothing.
    missed: Mutex<Vec<Fault>>,
    pub(crate) latency_ms: AtomicU64,
}

impl Faults {
    /// Fair weather with this latency; the seed decides what chance does.
    pub fn new(seed: u64, latency_ms: u64) -> Self {
        Self {
            scripted: Mutex::default(),
            weather: Mutex::default(),
            chance: Mutex::new(SplitMix::new(seed)),
            struck: Mutex::default(),
            missed: Mutex::default(),
            latency_ms: latency_ms.into(),
        }
    }

    /// One more fault. The first that is meant for a request hits it.
    ///
    /// # Panics
    ///
    /// Discord never answers so: its error code goes with other statuses.
    pub fn add(&self, mut fault: Fault) {
        assert_eq!(fault.effect.mistake(), None, "{fault:?}");
        fault.until_ms = fault.for_ms.map(|ms| now().0.saturating_add(ms));
        lock(&self.scripted).push(fault);
    }

    /// Ends all scripted faults; those of a test that have hit nothing are kept as [`missed`](Self::missed).
    pub fn clear(&self) {
        let gone = std::mem::take(&mut *lock(&self.scripted));
        self.note_missed(gone);
    }

    /// Faults that a test has added and nothing has met: the test did not try what it says.
    pub fn missed(&self) -> Vec<Fault> {
        let there = lock(&self.scripted);
        let waiting = there.iter().filter(|fault| fault.is_missed());
        lock(&self.missed).iter().chain(waiting).cloned().collect()
    }

    fn note_missed(&self, gone: impl IntoIterator<Item = Fault>) {
        lock(&self.missed).extend(gone.into_iter().filter(Fault::is_missed));
    }

    /// A copy of the scripted faults; one that is over stays until the next request.
    pub fn list(&self) -> Vec<Fault> {
        lock(&self.scripted).clone()
    }

    /// A copy of the weather in force.
    pub fn weather(&self) -> Weather {
        lock(&self.weather).clone()
    }

    /// Replaces the weather, from the next request on.
    pub fn set_weather(&self, weather: Weather) {
        *lock(&self.weather) = weather;
    }

    /// Draws a chance of so many percent; a draw that hits is counted by its name.
    pub fn rolls(&self, what: &'static str, percent: u64) -> bool {
        let rolls = percent > 0 && lock(&self.chance).chance(percent);
        if rolls {
            *lock(&self.struck).entry(what).or_default() += 1;
        }
        rolls
    }

    /// The faults that chance has struck so far, counted by name.
    pub fn struck(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.struck).clone()
    }

    /// Draws the delay of one answer: the latency, and up to the jitter of the weather.
    pub fn latency(&self) -> Duration {
        let jitter = lock(&self.chance).below(self.weather().jitter_ms.saturating_add(1));
        Duration::from_millis(self.latency_ms.load(std::sync::atomic::Ordering::Relaxed) + jitter)
    }

    /// Takes the fault that hits this request: the first scripted one that is meant for it, otherwise one by chance.
    pub fn effect_on(&self, method: &str, path: &str) -> Option<Effect> {
        self.scripted_strike(method, path).or_else(|| self.chance_strike())
    }

    fn scripted_strike(&self, method: &str, path: &str) -> Option<Effect> {
        let mut scripted = lock(&self.scripted);
        let now = now().0;
        let is_over =
            |fault: &mut Fault| fault.times == Some(0) || fault.until_ms.is_some_and(|until| until <= now);
        self.note_missed(scripted.extract_if(.., is_over));
        let fault = scripted.iter_mut().find(|fault| fault.is_meant_for(method, path))?;
        fault.hits += 1;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.effect.clone())
    }

    fn chance_strike(&self) -> Option<Effect> {
        let weather = self.weather();
        if self.rolls("error", weather.error_percent) {
            let status = [500, 502, 503][usize::try_from(lock(&self.chance).below(3)).unwrap_or_default()];
            return Some(Effect::Status { status, code: 0, retry_after: 0.0, global: false });
        }
        if self.rolls("limited", weather.limited_percent) {
            return Some(Effect::Status { status: 429, code: 0, retry_after: 0.5, global: false });
        }
        if self.rolls("cut", weather.cut_percent) {
            return Some(Effect::Cut);
        }
        self.rolls("silent", weather.silent_percent).then_some(Effect::Silence)
    }
}

impl Fault {
    /// This effect on each request whose path contains these words.
    pub fn new(path: impl Into<String>, effect: Effect) -> Self {
        let path = path.into();
        Self {
            path,
            method: None,
            effect,
            times: None,
            for_ms: None,
            until_ms: None,
            hits: 0,
            is_expected: true,
        }
    }

    fn is_missed(&self) -> bool {
        self.is_expected && self.hits == 0
    }

    /// The same, on so many requests.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The same, on requests with this method only.
    #[must_use]
    pub fn method(self, method: impl Into<String>) -> Self {
        Self { method: Some(method.into()), ..self }
    }

    fn is_meant_for(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && path.contains(&self.path)
    }
}

impl Effect {
    /// Discord answers with this status and no code of its own.
    pub const fn status(status: u16) -> Self {
        Self::Status { status, code: 0, retry_after: 0.0, global: false }
    }

    /// Discord answers with this error code.
    pub const fn error(status: u16, code: u32) -> Self {
        Self::Status { status, code, retry_after: 0.0, global: false }
    }

    /// Says why Discord would never answer so: its error code goes with other statuses. `None` when it could.
    pub fn mistake(&self) -> Option<String> {
        let Self::Status { status, code, .. } = self else { return None };
        let known = ERRORS.iter().find(|(known, ..)| known == code)?;
        let statuses: Vec<String> = known.1.iter().map(ToString::to_string).collect();
        let goes = known.1.contains(status);
        (!goes).then(|| {
            format!("Discord answers error code {code} with {}, not {status}", statuses.join(" or "))
        })
    }

    /// Discord asks to wait so many seconds.
    pub const fn limited(retry_after: f64) -> Self {
        Self::Status { status: 429, code: 0, retry_after, global: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_what_it_is_meant_for_as_often_as_asked() {
        let faults = Faults::new(1, 0);
        faults.add(Fault::new("/webhooks/", Effect::status(404)).method("PATCH").times(2));
        let strike = |method, path| faults.effect_on(method, path).is_some();
        assert!(!strike("GET", "/webhooks/1/t") && !strike("PATCH", "/users/@me"));
        assert!(strike("PATCH", "/webhooks/1/t") && strike("PATCH", "/webhooks/1/t"));
        assert!(!strike("PATCH", "/webhooks/1/t"));
    }

    #[test]
    fn a_fault_of_a_test_that_hits_nothing_is_missed() {
        let faults = Faults::new(1, 0);
        faults.add(Fault::new("/webhooks/", Effect::status(404)).times(1));
        faults.add(Fault::new("/nowhere/", Effect::status(404)));
        faults.add(serde_json::from_str(r#"{"path":"/by-hand/","effect":"silence"}"#).unwrap());
        assert!(faults.effect_on("GET", "/webhooks/1/t").is_some());
        let missed = || faults.missed().into_iter().map(|fault| fault.path).collect::<Vec<_>>();
        assert_eq!(missed(), ["/nowhere/"]);
        faults.clear();
        assert_eq!(missed(), ["/nowhere/"]);
    }

    #[test]
    fn error_codes_go_with_the_statuses_that_discord_pairs_them_with() {
        for (status, code, goes) in [
            (403, 50_278, true),
            (400, 50_007, true),
            (404, 50_278, false),
            (404, 99_999, true),
            (429, 20_016, true),
        ] {
            assert_eq!(Effect::error(status, code).mistake().is_none(), goes, "{status} {code}");
        }
    }

    #[test]
    fn a_fault_is_written_in_one_line() {
        let read = |line: &str| serde_json::from_str::<Fault>(line);
        let limited =
            read(r#"{"path":"/webhooks/","effect":"status","status":429,"retryAfter":1.5,"times":1}"#);
        let by_hand = |fault: Fault| Fault { is_expected: false, ..fault };
        assert_eq!(limited.unwrap(), by_hand(Fault::new("/webhooks/", Effect::limited(1.5)).times(1)));
        assert_eq!(read(r#"{"effect":"silence"}"#).unwrap(), by_hand(Fault::new("", Effect::Silence)));
        assert!(read(r#"{"effect":"explosion"}"#).is_err());
    }

    #[test]
    fn weather_is_as_bad_as_it_is_set() {
        let faults = Faults::new(1, 0);
        faults.set_weather(Weather { error_percent: 30, ..Weather::default() });
        let struck = (0..1_000).filter(|_| faults.effect_on("GET", "/").is_some()).count();
        assert!((200..400).contains(&struck), "{struck}");
    }
}
