//! Random players, repeated interactions and stepping clocks against a model that is too simple to be wrong.

use std::collections::HashMap;

use serde_json::json;

use crate::support::{
    NOON, Sqlite, answer, answer_by, balance, by_manager, call, code_of, coinflip, command, daily, pay,
    person, set_rule, subcommand, work,
};
use proptest::prelude::*;
use protocol::{
    Timestamp,
    time::{DAY_MS, HOUR_MS},
};

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
    Work {
        who: u64,
        entropy: u64,
    },
    Flip {
        who: u64,
        bet: i64,
        entropy: u64,
    },
    Buy {
        who: u64,
        quantity: i64,
    },
    Adjust {
        who: u64,
        act: &'static str,
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
        2 => (who(), any::<u64>()).prop_map(|(who, entropy)| Step::Work { who, entropy }),
        2 => (who(), -1..150_i64, any::<u64>()).prop_map(|(who, bet, entropy)| Step::Flip { who, bet, entropy }),
        1 => (who(), 0..4_i64).prop_map(|(who, quantity)| Step::Buy { who, quantity }),
        1 => (who(), prop::sample::select(vec!["give", "take", "set"]), -1..300_i64)
            .prop_map(|(who, act, amount)| Step::Adjust { who, act, amount }),
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
    worked: Option<u64>,
    hats: i64,
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

    fn work(&mut self, who: u64, now: Timestamp, entropy: u64) -> Option<&'static str> {
        if self.players.get(&who).and_then(|player| player.worked).is_some_and(|at| now.0 < at + HOUR_MS) {
            return Some("cooldown");
        }
        let player = self.players.entry(who).or_default();
        player.worked = Some(now.0);
        player.coins += 20 + ((u128::from(entropy) * 41) >> 64) as i64;
        None
    }

    fn flip(&mut self, who: u64, bet: i64, entropy: u64) -> Option<&'static str> {
        let held = self.players.get(&who).map_or(0, |player| player.coins);
        if bet < 1 {
            return Some("amount_too_small");
        }
        if held < bet {
            return Some("insufficient_funds");
        }
        let won = entropy < 1 << 63;
        self.players.entry(who).or_default().coins += if won { bet } else { -bet };
        None
    }

    fn buy(&mut self, who: u64, quantity: i64) -> Option<&'static str> {
        let (held, hats) = self.players.get(&who).map_or((0, 0), |player| (player.coins, player.hats));
        if quantity == 0 {
            return Some("bad_quantity");
        }
        if hats + quantity > 5 {
            return Some("item_limit");
        }
        if held < HAT * quantity {
            return Some("insufficient_funds");
        }
        let player = self.players.entry(who).or_default();
        player.coins -= HAT * quantity;
        player.hats += quantity;
        None
    }

    fn adjust(&mut self, who: u64, act: &str, amount: i64) -> Option<&'static str> {
        let held = self.players.get(&who).map(|player| player.coins);
        if act == "take" && held.is_none() {
            return Some("unknown_player");
        }
        if amount < i64::from(act != "set") {
            return Some("amount_too_small");
        }
        let held = held.unwrap_or(0);
        let after = match act {
            "give" => held + amount,
            "take" => held - amount,
            _ => amount,
        };
        if after < 0 {
            return Some("insufficient_funds");
        }
        if after == held {
            return Some("nothing_to_change");
        }
        self.players.entry(who).or_default().coins = after;
        None
    }
}

/// What a hat costs.
const HAT: i64 = 15;

/// A server where coins may be flipped and hats be bought, five each.
fn server() -> Sqlite {
    let (sqlite, boss) = (Sqlite::new(), person(99));
    let hat = [("item", json!("Hat")), ("price", json!(HAT)), ("limit", json!(5))];
    for (id, command) in [set_rule("gambling", "on"), subcommand(&["economy", "item", "add"], &hat, &[])]
        .into_iter()
        .enumerate()
    {
        answer(&sqlite, NOON, &by_manager(call(FIRST_IDS + id as u64, &boss, command)));
    }
    sqlite
}

/// Interactions that prepare the server have ids above those of the steps.
const FIRST_IDS: u64 = 1_000_000;

fn check(steps: Vec<Step>) {
    let (sqlite, mut model, mut now) = (server(), Model::default(), NOON);
    let prepared = sqlite.number("SELECT COUNT(*) FROM journal");
    let mut answered = Vec::new();
    for step in steps {
        let mut entropy = 0;
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
            Step::Work { who, entropy: drawn } => {
                entropy = drawn;
                (who, work(), model.work(who, now, drawn))
            }
            Step::Flip { who, bet, entropy: drawn } => {
                entropy = drawn;
                (who, coinflip("heads", bet), model.flip(who, bet, drawn))
            }
            Step::Buy { who, quantity } => {
                let options =
                    json!([{"name": "item", "value": "hat"}, {"name": "quantity", "value": quantity}]);
                (who, command("buy", &options, &[]), model.buy(who, quantity))
            }
            Step::Adjust { who, act, amount } => {
                let target = person(who);
                let options =
                    [("user", json!(target.id)), ("amount", json!(amount)), ("reason", json!("because"))];
                let adjust = subcommand(&["economy", act], &options, &[&target]);
                (99, adjust, model.adjust(who, act, amount))
            }
        };
        let call = by_manager(call(answered.len() as u64 + 1, &person(who), command));
        let reply = answer_by(&sqlite, now, entropy, &call);
        assert_eq!(code_of(&reply).as_deref(), expected);
        answered.push((call, reply));
    }
    for (who, player) in &model.players {
        let held =
            format!("SELECT COALESCE(SUM(balance), 0) FROM accounts WHERE user = '{}'", person(*who).id);
        assert_eq!(sqlite.number(&held), player.coins, "player {who}");
    }
    let rows = sqlite.number("SELECT COUNT(*) FROM journal") - prepared;
    assert_eq!(rows, i64::try_from(answered.len()).unwrap());
    assert_replays(&sqlite);
}

/// The journal alone gives every balance.
fn assert_replays(sqlite: &Sqlite) {
    let unexplained = "SELECT COUNT(*) FROM accounts WHERE balance <>
        (SELECT COALESCE(SUM(amount - tax), 0) FROM journal WHERE credit = user)
        - (SELECT COALESCE(SUM(amount), 0) FROM journal WHERE debit = user)";
    assert_eq!(sqlite.number(unexplained), 0);
    let proof = interactions::Books::new(sqlite).prove().unwrap();
    assert_eq!((proof.sum.get(), proof.lowest_balance.get(), proof.mismatches), (0, 0, Vec::new()));
    let wrong_rows = "SELECT COUNT(*) FROM journal WHERE wealth + mint + burn + shop + house <> 0";
    assert_eq!(sqlite.number(wrong_rows), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_agree_with_the_model(steps in steps()) {
        check(steps);
    }
}
