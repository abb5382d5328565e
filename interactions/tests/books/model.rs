//! Random players, repeated interactions and stepping clocks against a model that is too simple to be wrong.

use std::collections::{HashMap, HashSet};

use interactions::{
    Person,
    action::{ActionOutcome, Order},
};
use serde_json::json;

use crate::actions::{act, code, order};
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
    /// Somebody leaves the server, or comes back.
    Leave {
        who: u64,
        gone: bool,
    },
    /// An administrator gives, takes or sets from the page.
    Act {
        who: u64,
        act: &'static str,
        amount: i64,
    },
    Freeze {
        who: u64,
        frozen: bool,
    },
    /// The last-but-n row is undone.
    Undo {
        back: u64,
    },
    /// The last-but-n action comes again.
    ActAgain {
        back: usize,
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
        1 => (who(), prop::sample::select(vec!["give", "take", "set"]), -1..300_i64)
            .prop_map(|(who, act, amount)| Step::Act { who, act, amount }),
        1 => (who(), any::<bool>()).prop_map(|(who, frozen)| Step::Freeze { who, frozen }),
        1 => (who(), any::<bool>()).prop_map(|(who, gone)| Step::Leave { who, gone }),
        3 => (0..12_u64).prop_map(|back| Step::Undo { back }),
        1 => (0..5_usize).prop_map(|back| Step::ActAgain { back }),
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
    frozen: bool,
}

/// The coins that a row moved: from whom to whom, `None` where it is no player.
#[derive(Clone, Copy)]
struct Moved {
    from: Option<u64>,
    to: Option<u64>,
    amount: i64,
    /// The coins that the house lost by it.
    house: i64,
    undone: bool,
    is_undo: bool,
}

#[derive(Default)]
struct Model {
    players: HashMap<u64, Player>,
    /// The players who are not in the server.
    gone: HashSet<u64>,
    house: i64,
    /// By their numbers; rows that moved nothing are left out.
    moved: HashMap<u64, Moved>,
    rows: u64,
}

impl Model {
    /// A row that moved coins; the next one.
    fn note(&mut self, from: Option<u64>, to: Option<u64>, amount: i64, house: i64) {
        let moved = Moved { from, to, amount, house, undone: false, is_undo: false };
        self.moved.insert(self.rows + 1, moved);
    }

    fn is_frozen(&self, who: u64) -> bool {
        self.players.get(&who).is_some_and(|player| player.frozen)
    }

    fn freeze(&mut self, who: u64, frozen: bool) -> Option<&'static str> {
        let Some(player) = self.players.get_mut(&who) else { return Some("unknown_player") };
        if player.frozen == frozen {
            return Some("nothing_to_change");
        }
        player.frozen = frozen;
        None
    }

    fn undo(&mut self, row: u64) -> Option<&'static str> {
        if row == 0 || row > self.rows {
            return Some("unknown_row");
        }
        let Some(moved) = self.moved.get(&row).copied() else { return Some("moved_nothing") };
        if moved.is_undo {
            return Some("is_undo");
        }
        if moved.undone {
            return Some("already_undone");
        }
        let held = moved.to.map_or(moved.amount, |to| self.players[&to].coins);
        if held < moved.amount || self.house < -moved.house {
            return Some("undo_below_zero");
        }
        for (who, by) in [(moved.to, -moved.amount), (moved.from, moved.amount)] {
            if let Some(player) = who.and_then(|who| self.players.get_mut(&who)) {
                player.coins += by;
            }
        }
        self.house += moved.house;
        self.moved.get_mut(&row).unwrap().undone = true;
        self.note(moved.to, moved.from, moved.amount, -moved.house);
        self.moved.get_mut(&(self.rows + 1)).unwrap().is_undo = true;
        None
    }

    fn daily(&mut self, who: u64, now: Timestamp) -> Option<&'static str> {
        if self.is_frozen(who) {
            return Some("frozen");
        }
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
        let paid = 100 + ((player.streak - 1) * 10).min(200);
        player.coins += paid;
        self.note(None, Some(who), paid, 0);
        None
    }

    fn pay(&mut self, who: u64, to: u64, amount: i64) -> Option<&'static str> {
        let held = self.players.get(&who).map_or(0, |player| player.coins);
        if who == to {
            return Some("self_transfer");
        }
        if self.gone.contains(&to) {
            return Some("not_a_member");
        }
        if amount < 1 {
            return Some("amount_too_small");
        }
        if self.is_frozen(who) {
            return Some("frozen");
        }
        if self.is_frozen(to) {
            return Some("recipient_frozen");
        }
        if held < amount {
            return Some("insufficient_funds");
        }
        self.note(Some(who), Some(to), amount, 0);
        self.players.entry(who).or_default().coins -= amount;
        self.players.entry(to).or_default().coins += amount;
        None
    }

    fn work(&mut self, who: u64, now: Timestamp, entropy: u64) -> Option<&'static str> {
        if self.is_frozen(who) {
            return Some("frozen");
        }
        if self.players.get(&who).and_then(|player| player.worked).is_some_and(|at| now.0 < at + HOUR_MS) {
            return Some("cooldown");
        }
        let player = self.players.entry(who).or_default();
        player.worked = Some(now.0);
        let paid = 20 + ((u128::from(entropy) * 41) >> 64) as i64;
        player.coins += paid;
        self.note(None, Some(who), paid, 0);
        None
    }

    fn flip(&mut self, who: u64, bet: i64, entropy: u64) -> Option<&'static str> {
        let held = self.players.get(&who).map_or(0, |player| player.coins);
        if self.is_frozen(who) {
            return Some("frozen");
        }
        if bet < 1 {
            return Some("amount_too_small");
        }
        if held < bet {
            return Some("insufficient_funds");
        }
        let won = entropy < 1 << 63;
        self.players.entry(who).or_default().coins += if won { bet } else { -bet };
        let from_house = if won { bet * i64::from(self.house >= bet) } else { -bet };
        self.house -= from_house;
        let (from, to) = if won { (None, Some(who)) } else { (Some(who), None) };
        self.note(from, to, bet, from_house);
        None
    }

    fn buy(&mut self, who: u64, quantity: i64) -> Option<&'static str> {
        let (held, hats) = self.players.get(&who).map_or((0, 0), |player| (player.coins, player.hats));
        if self.is_frozen(who) {
            return Some("frozen");
        }
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
        self.note(Some(who), None, HAT * quantity, 0);
        None
    }

    /// Of somebody who has left an account may be cleared, and nothing else.
    fn adjust_member(&mut self, who: u64, act: &str, amount: i64) -> Option<&'static str> {
        let held = self.players.get(&who).map(|player| player.coins);
        let clears = held.is_some_and(|held| act == "take" || (act == "set" && amount <= held));
        if self.gone.contains(&who) && !clears {
            return Some("not_a_member");
        }
        self.adjust(who, act, amount)
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
        let (from, to) = if after > held { (None, Some(who)) } else { (Some(who), None) };
        self.note(from, to, (after - held).abs(), 0);
        None
    }

    /// The same from the page, which knows only players with an account.
    fn act(&mut self, who: u64, act: &str, amount: i64) -> Option<&'static str> {
        if self.players.contains_key(&who) { self.adjust(who, act, amount) } else { Some("unknown_player") }
    }
}

/// The price of a hat.
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
    let (mut answered, mut acted) = (Vec::new(), Vec::new());
    model.rows = u64::try_from(prepared).unwrap();
    for step in steps {
        let mut entropy = 0;
        let (who, command, expected) = match step {
            Step::Clock { hours } => {
                let moved = hours.unsigned_abs() * HOUR_MS;
                now = if hours < 0 { now.minus(moved) } else { now.plus(moved) };
                continue;
            }
            Step::Act { who, act, amount } => {
                let deed = json!({"action": act, "userId": person(who).id, "amount": amount.to_string()});
                let expected = model.act(who, act, amount);
                send(&sqlite, now, &mut model, &mut acted, deed, expected);
                continue;
            }
            Step::Leave { who, gone } => {
                _ = if gone { model.gone.insert(who) } else { model.gone.remove(&who) };
                continue;
            }
            Step::Freeze { who, frozen } => {
                let action = if frozen { "freeze" } else { "unfreeze" };
                let expected = model.freeze(who, frozen);
                let deed = json!({"action": action, "userId": person(who).id});
                send(&sqlite, now, &mut model, &mut acted, deed, expected);
                continue;
            }
            Step::Undo { back } => {
                let row = model.rows.saturating_sub(back);
                let expected = model.undo(row);
                send(&sqlite, now, &mut model, &mut acted, json!({"action": "undo", "seq": row}), expected);
                continue;
            }
            Step::ActAgain { back } => {
                if let Some((order, first)) = acted.iter().rev().nth(back) {
                    assert_eq!(&act(&sqlite, now, 0, order), first, "the same bytes");
                }
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
                let payee = Person { absent: model.gone.contains(&to), ..person(to) };
                (who, pay(&payee, amount, None), model.pay(who, to, amount))
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
                let target = Person { absent: model.gone.contains(&who), ..person(who) };
                let options =
                    [("user", json!(target.id)), ("amount", json!(amount)), ("reason", json!("because"))];
                let adjust = subcommand(&["economy", act], &options, &[&target]);
                (99, adjust, model.adjust_member(who, act, amount))
            }
        };
        let call = by_manager(call(answered.len() as u64 + 1, &person(who), command));
        let reply = answer_by(&sqlite, now, entropy, &call);
        assert_eq!(code_of(&reply).as_deref(), expected);
        answered.push((call, reply));
        model.rows += 1;
    }
    for (who, player) in &model.players {
        let held =
            format!("SELECT COALESCE(SUM(balance), 0) FROM accounts WHERE user = '{}'", person(*who).id);
        assert_eq!(sqlite.number(&held), player.coins, "player {who}");
    }
    let rows = sqlite.number("SELECT COUNT(*) FROM journal") - prepared;
    assert_eq!(rows, i64::try_from(answered.len() + acted.len()).unwrap());
    assert_replays(&sqlite);
}

/// Sends an action with a key of its own.
fn send(
    sqlite: &Sqlite,
    now: Timestamp,
    model: &mut Model,
    acted: &mut Vec<(Order, ActionOutcome)>,
    deed: serde_json::Value,
    expected: Option<&'static str>,
) {
    let number = acted.len() as u64;
    let order = order(&format!("key-{number}"), "because", deed);
    let answer = act(sqlite, now, number, &order);
    assert_eq!(code(&answer).as_deref(), expected);
    acted.push((order, answer));
    model.rows += 1;
}

/// The journal alone gives every balance.
fn assert_replays(sqlite: &Sqlite) {
    let unexplained = "SELECT COUNT(*) FROM accounts WHERE balance <>
        (SELECT COALESCE(SUM(amount - tax), 0) FROM journal WHERE credit = user)
        - (SELECT COALESCE(SUM(amount), 0) FROM journal WHERE debit = user)";
    assert_eq!(sqlite.number(unexplained), 0);
    let proof = interactions::Books::new(sqlite).prove().unwrap();
    assert_eq!((proof.sum.get(), proof.lowest_balance.get(), proof.mismatches), (0, 0, Vec::new()));
    let wrong_rows = "SELECT COUNT(*) FROM journal WHERE wealth + mint + burn + shop + house <> 0
        OR mint > 0 OR burn < 0 OR shop < 0 OR house < 0";
    assert_eq!(sqlite.number(wrong_rows), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_books_agree_with_the_model(steps in steps()) {
        check(steps);
    }
}
