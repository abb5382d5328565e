//! One gate before every request to Discord: it waits as long as Discord asks, and keeps what Discord counts as invalid
//! requests far below the number that blocks an address.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use interactions::rest::{Meaning, Refusal, Scope};

use crate::clock::on_the_wall;

/// Answers of 401, 403 and 429 within [`INVALID_WINDOW`], at most. Discord blocks an address at 10 000.
pub const INVALID_MAX: usize = 500;
/// The window in which invalid requests are counted.
const INVALID_WINDOW: Duration = Duration::from_mins(10);
/// The waits where Discord gives none, and the longest that they double to.
const UNTOLD: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));
/// The same when Discord asks for so little that it has to ask again at once.
const TOO_LITTLE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(1));
/// The same before a proxy's page, and when Discord has stopped the bot for a while.
const STOPPED: (Duration, Duration) = (Duration::from_secs(10), Duration::from_mins(15));
/// The same after a 403 that will stay one.
const FORBIDDEN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// A wait is told anew when its end moves by more than this. Jitter is shorter.
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Routes that are remembered before those that may be asked again are let go.
const ROUTES_KEPT: usize = 1_000;

/// The scope of a limit: one kind of request, in one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Such as `GET /users/@me`.
    pub asked: &'static str,
    /// The channel, for requests in one.
    pub channel: Option<u64>,
}

/// A request that was not made, because Discord asked to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The moment from which it may be made.
    pub until: Instant,
    /// The status of what Discord answered before; `None` when it has answered nothing that this waits for.
    pub status: Option<u16>,
    /// The earlier answer of Discord, in words.
    pub why: String,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.until.saturating_duration_since(Instant::now());
        write!(f, "not to be asked before {}: {}", on_the_wall(left), self.why)
    }
}

/// The end of a request.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// Discord did it; the last request of its bucket says when there are more.
    Done { used_up_for: Option<Duration> },
    /// Discord did not.
    Refused(&'a Refusal),
    /// It never left this machine.
    NotSent,
    /// It was sent, and what Discord answered is not known.
    Lost,
}

/// The gate. There is one in a process.
#[derive(Debug, Default)]
pub struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    everything: Wait,
    routes: HashMap<Route, Wait>,
    /// The moments at which invalid requests were answered; never more than [`INVALID_MAX`] of them.
    invalid: VecDeque<Instant>,
    under_way: usize,
}

#[derive(Clone, Debug, Default)]
struct Wait {
    until: Option<Instant>,
    status: Option<u16>,
    why: String,
    /// Refusals in a row.
    strikes: u32,
}

/// Leave for one request. Dropped without a word, the request counts as invalid: Discord may have answered it so.
#[derive(Debug)]
pub struct Permit<'a> {
    gate: &'a Gate,
    route: Route,
    is_heard: bool,
}

impl Gate {
    /// Waits until this may be asked, if that is by the deadline.
    pub async fn pass(&self, route: Route, deadline: Instant) -> Result<Permit<'_>, Held> {
        loop {
            let admitted = self.state().admit(route, Instant::now());
            match admitted {
                Ok(()) => return Ok(Permit { gate: self, route, is_heard: false }),
                Err(held) if held.until > deadline => return Err(held),
                Err(held) => tokio::time::sleep_until(held.until.into()).await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Tells the gate how the request ended.
    pub fn heard(mut self, outcome: Outcome<'_>) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Outcome<'_>) {
        self.is_heard = true;
        // Only for spreading; without any, waits are not spread.
        let entropy = getrandom::u64().unwrap_or_default();
        self.gate.state().heard(self.route, outcome, Instant::now(), entropy);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.is_heard {
            self.tell(Outcome::Lost);
        }
    }
}

impl State {
    fn admit(&mut self, route: Route, now: Instant) -> Result<(), Held> {
        while self.invalid.front().is_some_and(|at| now.saturating_duration_since(*at) >= INVALID_WINDOW) {
            self.invalid.pop_front();
        }
        let waits = [Some(&self.everything), self.routes.get(&route)];
        let held =
            waits.into_iter().flatten().filter_map(|wait| Some((wait.until.filter(|at| *at > now)?, wait)));
        if let Some((until, wait)) = held.max_by_key(|(until, _)| *until) {
            return Err(Held { until, status: wait.status, why: wait.why.clone() });
        }
        if self.invalid.len() + self.under_way >= INVALID_MAX {
            return Err(self.hold_all(now));
        }
        self.under_way += 1;
        Ok(())
    }

    /// Waits until half of the invalid requests are forgotten, so that it is not full again at once.
    fn hold_all(&mut self, now: Instant) -> Held {
        let half = self.invalid.get(self.invalid.len() / 2).copied().unwrap_or(now);
        let (until, why) = (
            half + INVALID_WINDOW,
            format!("{INVALID_MAX} requests of ten minutes were refused with 401, 403 or 429"),
        );
        tracing::error!("{why}: no request to Discord until {}", on_the_wall(until - now));
        self.everything = Wait { until: Some(until), status: None, why: why.clone(), strikes: 0 };
        Held { until, status: None, why }
    }

    fn heard(&mut self, route: Route, outcome: Outcome<'_>, now: Instant, entropy: u64) {
        self.under_way = self.under_way.saturating_sub(1);
        match outcome {
            Outcome::NotSent => {}
            Outcome::Lost => self.invalid.push_back(now),
            Outcome::Done { used_up_for } => {
                self.everything.strikes = 0;
                self.routes.remove(&route);
                if let Some(wait) = used_up_for {
                    let why = format!("{} is used up", route.asked);
                    self.routes
                        .insert(route, Wait { until: Some(now + wait), status: None, why, strikes: 0 });
                }
            }
            Outcome::Refused(refusal) => {
                if matches!(refusal.status, 401 | 403 | 429) {
                    self.invalid.push_back(now);
                }
                self.refused(route, refusal, now, entropy);
            }
        }
    }

    fn refused(&mut self, route: Route, refusal: &Refusal, now: Instant, entropy: u64) {
        let (scope, time_scale) = match (refusal.meaning(), refusal.status) {
            (Meaning::Limited, _) if refusal.retry_after_ms.is_some() => (refusal.scope, TOO_LITTLE),
            (Meaning::Limited, _) => (refusal.scope, UNTOLD),
            (Meaning::Proxy, _) => (Scope::Everything, STOPPED),
            (Meaning::Later, ..500) => (Scope::Route, STOPPED),
            (Meaning::Later, _) if refusal.retry_after_ms.is_some() => (refusal.scope, TOO_LITTLE),
            (Meaning::Final, 403) => (Scope::Route, FORBIDDEN),
            _ => return,
        };
        if self.routes.len() >= ROUTES_KEPT {
            self.routes.retain(|_, wait| wait.until.is_some_and(|until| until > now));
        }
        let wait = match scope {
            Scope::Everything => &mut self.everything,
            Scope::Route => self.routes.entry(route).or_default(),
        };
        let asked = refusal.retry_after_ms.map(Duration::from_millis);
        // The first wait that Discord names is taken at its word.
        let least = if asked.is_some() && wait.strikes == 0 {
            Duration::ZERO
        } else {
            doubled(time_scale, wait.strikes)
        };
        let spread = jitter(asked.unwrap_or_default().max(least), entropy);
        let until = now + spread;
        let before = wait.until.filter(|before| *before > now);
        let why = format!("Discord answered {} to {}: {refusal}", refusal.status, route.asked);
        if tells(refusal) && before.is_none_or(|before| until > before + TOLD_AGAIN_AFTER) {
            let what = if scope == Scope::Everything { "every request waits" } else { "it waits" };
            let seconds = spread.as_secs_f64();
            tracing::warn!("{why}; {what} {seconds:.1} s, until {}", on_the_wall(spread));
        }
        *wait = Wait {
            until: Some(before.map_or(until, |before| before.max(until))),
            status: Some(refusal.status),
            why,
            strikes: wait.strikes + 1,
        };
    }
}

/// Whether the gate tells of this refusal, with the end of the wait; what will stay refused is told by whoever asked.
pub fn tells(refusal: &Refusal) -> bool {
    match refusal.meaning() {
        Meaning::Limited | Meaning::Proxy => true,
        Meaning::Later => refusal.status < 500 || refusal.retry_after_ms.is_some(),
        _ => false,
    }
}

fn doubled((first, longest): (Duration, Duration), strikes: u32) -> Duration {
    first.saturating_mul(1 << strikes.min(16)).min(longest)
}

/// Up to a tenth longer, so that those who wait together do not come back together; never shorter than asked.
fn jitter(wait: Duration, entropy: u64) -> Duration {
    let tenth = u64::try_from(wait.as_millis() / 10).unwrap_or(u64::MAX).clamp(50, 4_000);
    wait + Duration::from_millis(entropy % tenth)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Route = Route { asked: "GET /users/@me", channel: None };
    const GATEWAY: Route = Route { asked: "GET /gateway/bot", channel: None };
    const fn message(channel: u64) -> Route {
        Route { asked: "POST /channels/{id}/messages", channel: Some(channel) }
    }

    fn refusal(status: u16, headers: &[(&str, &str)], body: &str) -> Refusal {
        let header = |name: &str| {
            headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Refusal::read(status, header, body.as_bytes())
    }

    fn held_for(state: &mut State, route: Route, now: Instant) -> Duration {
        match state.admit(route, now) {
            Ok(()) => {
                state.under_way -= 1;
                Duration::ZERO
            }
            Err(held) => held.until - now,
        }
    }

    #[test]
    fn a_wait_is_as_long_as_asked_and_for_what_it_was_asked() {
        let html = refusal(429, &[("retry-after", "3600")], "<h1>Error 1015</h1>");
        let global = refusal(429, &[("retry-after", "2")], r#"{"retry_after":2.0,"global":true}"#);
        let bucket = refusal(429, &[("x-ratelimit-bucket", "b")], r#"{"retry_after":0.5,"global":false}"#);
        let slow = refusal(429, &[], r#"{"code":20016,"retry_after":2.1}"#);
        let untold = refusal(429, &[], "");
        let blocked = refusal(403, &[], "<h1>Sorry, you have been blocked</h1>");
        let overloaded = refusal(503, &[("retry-after", "60")], "<h1>Service Unavailable</h1>");
        let failing = refusal(503, &[], "{}");
        let too_fast = refusal(403, &[], r#"{"code":40003}"#);
        let unwelcome = refusal(403, &[], r#"{"code":50278}"#);
        for (refusal, same_ms, other_ms) in [
            (html, 3_600_000, 3_600_000),
            (global, 2_000, 2_000),
            (bucket, 500, 0),
            (slow, 2_100, 0),
            (untold, 1_000, 1_000),
            (blocked, 10_000, 10_000),
            (too_fast, 10_000, 0),
            (overloaded, 60_000, 60_000),
            (failing, 0, 0),
            (unwelcome, 0, 0),
        ] {
            for entropy in [0, u64::MAX] {
                let (mut state, now) = (State::default(), Instant::now());
                state.admit(message(1), now).unwrap();
                state.heard(message(1), Outcome::Refused(&refusal), now, entropy);
                let same = held_for(&mut state, message(1), now).as_millis();
                assert!((same_ms..=same_ms + same_ms / 10 + 50).contains(&same), "{refusal:?} {same}");
                let other = held_for(&mut state, message(2), now).as_millis();
                assert!((other_ms..=other_ms + other_ms / 10 + 50).contains(&other), "{refusal:?} {other}");
            }
        }
    }

    #[test]
    fn a_bucket_that_is_used_up_waits_and_others_do_not() {
        let (mut state, now) = (State::default(), Instant::now());
        let used_up_for = Some(Duration::from_millis(700));
        state.heard(ME, Outcome::Done { used_up_for }, now, 0);
        assert_eq!(held_for(&mut state, ME, now), Duration::from_millis(700));
        assert_eq!(held_for(&mut state, ME, now + Duration::from_millis(700)), Duration::ZERO);
        assert_eq!(held_for(&mut state, GATEWAY, now), Duration::ZERO);
    }

    /// Asks for everything as soon as it may, and hears the same each time; gives the most within any ten minutes.
    fn worst_ten_minutes(refusal: &Refusal, routes: &[Route], hours: u64) -> usize {
        let (mut state, began) = (State::default(), Instant::now());
        let (mut now, mut asked, mut worst) = (began, VecDeque::new(), 0);
        while now < began + Duration::from_hours(hours) {
            for route in routes {
                if state.admit(*route, now).is_ok() {
                    state.heard(*route, Outcome::Refused(refusal), now, 0);
                    asked.push_back(now);
                    assert!(state.invalid.len() <= INVALID_MAX);
                }
            }
            while asked.front().is_some_and(|at| now - *at >= INVALID_WINDOW) {
                asked.pop_front();
            }
            worst = worst.max(asked.len());
            now += Duration::from_millis(100);
        }
        worst
    }

    #[test]
    fn invalid_requests_stay_below_their_bound_whatever_discord_answers() {
        let channels: Vec<Route> = (0..60).map(message).collect();
        for (status, headers, body, routes) in [
            (429, vec![("retry-after", "0")], "{}", vec![ME, GATEWAY]),
            (429, vec![], "<h1>1015</h1>", vec![ME, GATEWAY]),
            (429, vec![("x-ratelimit-bucket", "b"), ("retry-after", "0")], "{}", channels.clone()),
            (403, vec![], "<h1>blocked</h1>", vec![ME]),
            (403, vec![], r#"{"code":0}"#, channels.clone()),
            (403, vec![], r#"{"code":50278}"#, vec![ME]),
            (401, vec![], r#"{"code":0}"#, vec![ME]),
        ] {
            let worst = worst_ten_minutes(&refusal(status, &headers, body), &routes, 1);
            assert!((1..=INVALID_MAX).contains(&worst), "{status} {headers:?} {body}: {worst}");
        }
    }

    #[test]
    fn requests_that_nobody_heard_of_again_count_too() {
        let (mut state, now) = (State::default(), Instant::now());
        for _ in 0..INVALID_MAX - 1 {
            state.admit(ME, now).unwrap();
            state.heard(ME, Outcome::Lost, now, 0);
        }
        state.admit(ME, now).unwrap();
        assert!(state.admit(ME, now).is_err(), "one is under way");
        state.heard(ME, Outcome::NotSent, now, 0);
        assert_eq!(held_for(&mut state, ME, now), INVALID_WINDOW, "the wait that was begun goes on");
        assert_eq!(held_for(&mut state, ME, now + INVALID_WINDOW), Duration::ZERO);
    }

    #[test]
    fn what_works_again_begins_with_short_waits() {
        let refused = refusal(429, &[], "");
        let (mut state, mut now) = (State::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..3 {
            state.heard(ME, Outcome::Refused(&refused), now, 0);
            let wait = held_for(&mut state, ME, now);
            waits.push(wait.as_secs());
            now += wait;
        }
        state.heard(ME, Outcome::Done { used_up_for: None }, now, 0);
        state.heard(ME, Outcome::Refused(&refused), now, 0);
        waits.push(held_for(&mut state, ME, now).as_secs());
        assert_eq!(waits, [1, 2, 4, 1]);
    }
}
