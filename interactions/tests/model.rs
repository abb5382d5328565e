//! Random players, repeated interactions and stepping clocks against a model that is too simple to be wrong.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the verdict")]

mod support;

use std::collections::HashMap;

use proptest::prelude::*;
use protocol::{
    Timestamp,
    time::{DAY_MS, HOUR_MS},
};
use support::{NOON, Sqlite, answer, balance, call, code_of, daily, pay, person};

#[derive(Clone, Debug)]
enum Step {
    Daily {
        who: u64,
    },
    Balance {
        who: u64,
    },
    Pay {
        who: u64,
        to: u64,
        amount: i64,
    },
    /// The last-but-n interaction comes again.
    Again {
        back: usize,
    },
    /// The clock moves, now and then back.
    Clock {
        hours: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..5_u64;
    let step = prop_oneof![
        4 => who().prop_map(|who| Step::Daily { who }),
        1 => who().prop_map(|who| Step::Balance { who }),
        4 => (who(), who(), -1..200_i64).prop_map(|(who, to, amount)| Step::Pay { who, to, amount }),
        2 => (0..10_usize).prop_map(|back| Step::Again { back }),
        3 => (-30..60_i64).prop_map(|hours| Step::Clock { hours }),
    ];
    prop::collection::vec(step, 1..80)
}

#[derive(Default)]
struct Player {
    coins: i64,
    streak: i64,
    freezes: i64,
    claimed: Option<u64>,
}

#[derive(Default)]
struct Model {
    players: HashMap<u64, Player>,
}

impl Model {
    fn daily(&mut self, who: u64, now: Timestamp) -> Option<&'static str> {
        let today = now.0 / DAY_MS;
        let player = self.players.entry(who).or_default();
        if player.claimed.is_some_and(|day| day >= today) {
            return Some("daily_claimed");
        }
        player.streak = match player.claimed {
            Some(day) if day + 1 == today => player.streak + 1,
            Some(day) if day + 2 == today && player.freezes > 0 => {
                player.freezes -= 1;
                player.streak + 1
            }
            _ => 1,
        };
        if player.streak % 7 == 0 && player.freezes < 2 {
            player.freezes += 1;
        }
        player.claimed = Some(today);
        player.coins += 100 + ((player.streak - 1) * 10).min(200);
        None
    }

    fn pay(&mut self, who: u64, to: u64, amount: i64) -> Option<&'static str> {
        let held = self.players.get(&who).map_or(0, |player| player.coins);
        if who == to {
            return Some("self_transfer");
        }
        if amount < 1 {
            return Some("amount_too_small");
        }
        if held < amount {
            return Some("insufficient_funds");
        }
        self.players.entry(who).or_default().coins -= amount;
        self.players.entry(to).or_default().coins += amount;
        None
    }
}

fn check(steps: Vec<Step>) {
    let (sqlite, mut model, mut now) = (Sqlite::new(), Model::default(), NOON);
    let mut answered = Vec::new();
    for step in steps {
        let (who, command, expected) = match step {
            Step::Clock { hours } => {
                let moved = hours.unsigned_abs() * HOUR_MS;
                now = if hours < 0 { now.minus(moved) } else { now.plus(moved) };
                continue;
            }
            Step::Again { back } => {
                if let Some((call, reply)) = answered.iter().rev().nth(back) {
                    assert_eq!(&answer(&sqlite, now, call), reply, "the same bytes");
                }
                continue;
            }
            Step::Daily { who } => (who, daily(), model.daily(who, now)),
            Step::Balance { who } => (who, balance(None), None),
            Step::Pay { who, to, amount } => {
                (who, pay(&person(to), amount, None), model.pay(who, to, amount))
            }
        };
        let call = call(answered.len() as u64 + 1, &person(who), command);
        let reply = answer(&sqlite, now, &call);
        assert_eq!(code_of(&reply).as_deref(), expected);
        answered.push((call, reply));
    }
    for (who, player) in &model.players {
        let held =
            format!("SELECT COALESCE(SUM(balance), 0) FROM accounts WHERE user = '{}'", person(*who).id);
        assert_eq!(sqlite.number(&held), player.coins, "player {who}");
    }
    assert_eq!(sqlite.number("SELECT COUNT(*) FROM journal"), i64::try_from(answered.len()).unwrap());
    assert_replays(&sqlite);
}

/// The journal alone gives every balance.
fn assert_replays(sqlite: &Sqlite) {
    let unexplained = "SELECT COUNT(*) FROM accounts WHERE balance <>
        (SELECT COALESCE(SUM(amount - tax), 0) FROM journal WHERE credit = user)
        - (SELECT COALESCE(SUM(amount), 0) FROM journal WHERE debit = user)";
    assert_eq!(sqlite.number(unexplained), 0);
    let wrong_rows = "SELECT COUNT(*) FROM journal WHERE wealth + mint + burn <> 0";
    assert_eq!(sqlite.number(wrong_rows), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_agree_with_the_model(steps in steps()) {
        check(steps);
    }
}
