//! A value against its rule: bad for long enough raises, good for long enough takes back. What is not known changes nothing.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    alert::Rule,
    time::{MINUTE_MS, SECOND_MS},
};

/// The longest that an incident which keeps coming back has to be good before it ends, in milliseconds.
const CALM_MAX_MS: u64 = 5 * MINUTE_MS;

/// The past of a value, as far as the next look needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    /// Since when it has been on the other side of where it was judged last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The worst value since then, or since the incident was opened.
    #[serde(default)]
    pub worst: u64,
    /// Somebody has said that it is over while it was bad: it raises nothing before it has been good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_waved_off: bool,
}

/// The outcome of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing has changed.
    Same,
    /// It has been bad for long enough, since then.
    Raise(Timestamp),
    /// It has been good for long enough.
    End,
}

impl Judge {
    /// Judges a value. `returns`: how often the incident that lasts has come back; `None` where none lasts.
    pub fn look(&mut self, rule: &Rule, returns: Option<u32>, now: Timestamp, value: Option<u64>) -> Verdict {
        let Some(value) = value else { return Verdict::Same };
        self.is_waved_off &= value >= rule.threshold.into();
        if self.is_waved_off {
            return Verdict::Same;
        }
        let is_on_other_side = match returns {
            None => value >= rule.threshold.into(),
            Some(_) => is_good(rule, value),
        };
        if returns.is_some() || is_on_other_side {
            self.worst = self.worst.max(value);
        }
        if !is_on_other_side {
            self.since = None;
            if returns.is_none() {
                self.worst = 0;
            }
            return Verdict::Same;
        }
        // A clock that has stepped back would otherwise make it wait for what has been.
        let since = self.since.filter(|since| *since <= now).unwrap_or(now);
        self.since = Some(since);
        if now.since(since) < wait_ms(rule, returns) {
            return Verdict::Same;
        }
        self.since = None;
        if returns.is_some() { Verdict::End } else { Verdict::Raise(since) }
    }

    /// Whether there is nothing to remember.
    pub fn is_idle(&self) -> bool {
        self.since.is_none() && !self.is_waved_off
    }
}

fn is_good(rule: &Rule, value: u64) -> bool {
    value.saturating_mul(100) < u64::from(rule.threshold) * u64::from(100 - rule.hysteresis.min(100))
}

/// How long a value has to be on the other side. One that keeps coming back has to be good for longer each time.
fn wait_ms(rule: &Rule, returns: Option<u32>) -> u64 {
    let hold_ms = u64::from(rule.hold_s) * SECOND_MS;
    let calm_ms = (u64::from(returns.unwrap_or(0)) * MINUTE_MS).min(CALM_MAX_MS);
    hold_ms.max(calm_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::RuleKind;

    fn rule(threshold: u32, hold_s: u32, hysteresis: u32) -> Rule {
        Rule { threshold, hold_s, hysteresis, ..RuleKind::GatewaySpike.default_rule() }
    }

    /// The seconds at which it is raised and taken back, given values at seconds.
    fn judged(rule: &Rule, values: &[(u64, Option<u64>)]) -> Vec<(u64, Verdict)> {
        let (mut judge, mut lasts, mut found) = (Judge::default(), None, Vec::new());
        for &(second, value) in values {
            let verdict = judge.look(rule, lasts, Timestamp(second * 1_000), value);
            match verdict {
                Verdict::Same => continue,
                Verdict::Raise(_) => lasts = Some(0),
                Verdict::End => lasts = None,
            }
            found.push((second, verdict));
        }
        found
    }

    #[test]
    fn a_value_has_to_hold_on_both_sides() {
        let known = |values: &[(u64, u64)]| -> Vec<(u64, Option<u64>)> {
            values.iter().map(|&(second, value)| (second, Some(value))).collect()
        };
        let raised = |second: u64, since: u64| (second, Verdict::Raise(Timestamp(since * 1_000)));
        let rule = rule(500, 10, 20);
        for (values, expected) in [
            (known(&[(0, 499), (5, 499), (60, 499)]), vec![]),
            (known(&[(0, 500), (5, 500)]), vec![]),
            (known(&[(0, 500), (10, 500)]), vec![raised(10, 0)]),
            (known(&[(0, 500), (5, 499), (10, 500), (15, 500)]), vec![]),
            (known(&[(0, 600), (30, 600), (60, 450), (90, 450)]), vec![raised(30, 0)]),
            (known(&[(0, 600), (10, 600), (20, 399), (25, 401), (30, 399)]), vec![raised(10, 0)]),
            (known(&[(0, 600), (10, 600), (20, 399), (30, 399)]), vec![raised(10, 0), (30, Verdict::End)]),
            (vec![(0, Some(600)), (5, None), (10, Some(600))], vec![raised(10, 0)]),
            (vec![(0, Some(600)), (10, Some(600)), (20, None), (900, None)], vec![raised(10, 0)]),
        ] {
            assert_eq!(judged(&rule, &values), expected, "{values:?}");
        }
    }

    #[test]
    fn without_a_hold_one_look_is_enough() {
        let rule = rule(10, 0, 0);
        let found = judged(&rule, &[(0, Some(9)), (1, Some(10)), (2, Some(10)), (3, Some(0))]);
        assert_eq!(found, [(1, Verdict::Raise(Timestamp(1_000))), (3, Verdict::End)]);
    }

    #[test]
    fn what_was_waved_off_has_to_be_good_once() {
        let rule = rule(10, 0, 0);
        let mut judge = Judge { is_waved_off: true, ..Judge::default() };
        let mut look = |second: u64, value| judge.look(&rule, None, Timestamp(second * 1_000), value);
        assert_eq!([look(0, Some(50)), look(1, None), look(2, Some(50))], [Verdict::Same; 3]);
        assert_eq!(look(3, Some(9)), Verdict::Same);
        assert_eq!(look(4, Some(50)), Verdict::Raise(Timestamp(4_000)));
    }

    #[test]
    fn a_clock_that_steps_back_delays_by_no_more_than_the_hold() {
        let rule = rule(500, 10, 20);
        let found = judged(&rule, &[(10_000, Some(900)), (5, Some(900)), (15, Some(900))]);
        assert_eq!(found, [(15, Verdict::Raise(Timestamp(5_000)))]);
    }

    #[test]
    fn what_keeps_coming_back_has_to_be_good_for_longer() {
        let rule = rule(10, 0, 0);
        for (returns, good_after) in [(0, 0), (1, 60), (3, 180), (9, 300)] {
            let mut judge = Judge::default();
            let mut look = |second: u64| {
                judge.look(&rule, Some(returns), Timestamp(second * 1_000), Some(0)) == Verdict::End
            };
            let ended = (0..400).find(|second| look(*second));
            assert_eq!(ended, Some(good_after), "after {returns} returns");
        }
    }
}
