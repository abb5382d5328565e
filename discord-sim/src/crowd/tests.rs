use serde_json::json;

use super::*;
use crate::fixtures;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn play(seed: u64, players: usize, moves: usize) -> Vec<Move> {
    let mut crowd = Crowd::new(seed, fixtures::guilds(3), fixtures::players(players));
    let mut played = Vec::new();
    for _ in 0..moves {
        let Some(next) = crowd.next(NOW) else { break };
        crowd.taken(&next, &Value::Null);
        played.push(next);
    }
    played
}

#[test]
fn the_seed_decides() {
    assert_eq!(play(1, 24, 500), play(1, 24, 500));
    assert_ne!(play(1, 24, 500), play(2, 24, 500));
}

#[test]
fn crowds_of_any_size_play() {
    for (players, moves) in [(0, 0), (1, 50), (3, 50), (100, 50)] {
        assert_eq!(play(1, players, 50).len(), moves, "{players} players");
    }
}

#[test]
fn the_page_is_lively_and_irregular() {
    let moves = play(1, 24, 3_000);
    assert!(moves[..3].iter().map(|each| each.after_ms).sum::<u64>() < 2_000);
    assert_eq!(moves[0].deed.name(), "daily");
    let mean = moves.iter().map(|each| each.after_ms).sum::<u64>() / 3_000;
    assert!((250..=500).contains(&mean), "a command every {mean} ms");
    assert!(moves.iter().any(|each| each.after_ms > 1_000));
}

#[test]
fn only_managers_manage_and_a_pause_is_over_with_the_next_deed() {
    let moves = play(1, 24, 3_000);
    assert!(moves.iter().all(|each| each.manages == each.deed.name().starts_with("economy")));
    let pauses: Vec<_> =
        moves.windows(2).filter(|pair| matches!(pair[0].effect, Effect::Paused { on: true, .. })).collect();
    assert!(pauses.len() >= 3, "each server is paused at least once");
    for pair in pauses {
        assert_eq!((pair[1].deed.name().as_str(), &pair[1].guild), ("economy resume", &pair[0].guild));
    }
}

#[test]
fn a_button_that_is_offered_is_pressed_and_one_that_is_grey_is_not() {
    let mut crowd = Crowd::new(1, fixtures::guilds(1), fixtures::players(2));
    let button = |id: &str, disabled: bool| json!({ "type": 2, "custom_id": id, "disabled": disabled });
    let row = json!({ "type": 1, "components": [button("shop:0", true), button("shop:2", false)] });
    let answer = json!({ "type": 4, "data": { "components": [row] } });
    let mut pressed = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let next = crowd.next(NOW).unwrap();
        crowd.taken(&next, &answer);
        if let Deed::Presses { button, message } = &next.deed {
            assert_eq!(message, &answer["data"]);
            pressed.insert(button.clone());
        }
    }
    assert_eq!(pressed.into_iter().collect::<Vec<_>>(), ["shop:2"]);
}

#[test]
fn refusals_are_the_minority_and_everyone_stays_solvent() {
    let moves = play(1, 24, 3_000);
    let claims = moves.iter().filter(|each| matches!(each.effect, Effect::Claimed { .. })).count();
    let dailies = moves.iter().filter(|each| each.deed.name() == "daily").count();
    assert_eq!(claims, 24, "each player claims once a day");
    assert!(dailies - claims < 300, "{} refusals", dailies - claims);

    let mut purses = [0_i64; 24];
    for each in &moves {
        match each.effect {
            Effect::Nothing
            | Effect::Worked { .. }
            | Effect::Paused { .. }
            | Effect::Asked { .. }
            | Effect::Managed { on: Purse::Nobodys, .. } => {}
            Effect::Managed { on: Purse::Gains { who, amount }, .. } => purses[who] += amount.cast_signed(),
            Effect::Managed { on: Purse::Holds { who, amount }, .. } => purses[who] = amount.cast_signed(),
            Effect::Reset { whom } => purses[whom] = 0,
            Effect::Claimed { who, .. } => purses[who] += 100,
            Effect::Spent { who, amount } | Effect::Managed { on: Purse::Loses { who, amount }, .. } => {
                purses[who] -= amount.cast_signed();
                assert!(purses[who] >= 0, "{each:?}");
            }
            Effect::Paid { from, to, amount } => {
                purses[from] -= amount.cast_signed();
                purses[to] += amount.cast_signed();
                assert!(purses[from] >= 0, "{each:?}");
                assert_ne!(from, to);
            }
        }
    }
}

/// The edge, as far as the crowd's purses go: the rules of claiming, working, flipping, buying and paying, and answers that
/// say what somebody has.
struct Books {
    balances: std::collections::BTreeMap<(u64, u64), u64>,
    claimed: std::collections::BTreeMap<(u64, u64), Day>,
    worked: std::collections::BTreeMap<(u64, u64), Timestamp>,
    chance: SplitMix,
}

impl Books {
    fn answer(&mut self, next: &Move, now: Timestamp) -> (bool, Value) {
        let who = (next.guild.id.0, next.player.id.0);
        let has = self.balances.get(&who).copied().unwrap_or_default();
        let refusal = |code: &str| (false, json!({"data": {"embeds": [{"footer": {"text": code}}]}}));
        let Deed::Types(typed) = &next.deed else { return (true, json!({"data": {"embeds": [{}]}})) };
        let given =
            |name: &str| typed.options.iter().find(|option| option.name == name).map(|option| &option.value);
        let amount = match given("amount") {
            Some(crate::payload::Value::Integer(amount)) => amount.unsigned_abs(),
            _ => 0,
        };
        let whom = match given("user") {
            Some(crate::payload::Value::User(whom)) => Some((who.0, whom.id.0)),
            _ => None,
        };
        let after = match (next.deed.name().as_str(), whom) {
            ("daily", _) if self.claimed.insert(who, now.day()) == Some(now.day()) => {
                return refusal("daily_claimed");
            }
            ("daily", _) => has + 100,
            ("work", _) if self.worked.get(&who).is_some_and(|last| now.since(*last) < 3_600_000) => {
                return refusal("work_cooldown");
            }
            ("work", _) => {
                self.worked.insert(who, now);
                has + 20 + self.chance.below(41)
            }
            ("pay" | "coinflip", _) if amount > has => return refusal("insufficient_funds"),
            ("buy", _) if has < 25 => return refusal("insufficient_funds"),
            ("buy", _) => has - 25,
            ("coinflip", _) if self.chance.chance(50) => has + amount,
            ("coinflip", _) => has - amount,
            ("pay", Some(whom)) => {
                *self.balances.entry(whom).or_default() += amount;
                has - amount
            }
            ("economy give", Some(whom)) => {
                *self.balances.entry(whom).or_default() += amount;
                return (true, json!({}));
            }
            ("economy take" | "economy set" | "economy reset", Some(whom)) => {
                let before = self.balances.get(&whom).copied().unwrap_or_default();
                let after =
                    if next.deed.name() == "economy set" { amount } else { before.saturating_sub(amount) };
                self.balances.insert(whom, after);
                return (true, json!({}));
            }
            _ => return (true, json!({})),
        };
        self.balances.insert(who, after);
        (
            true,
            json!({"data": {"embeds": [{"fields": [{"name": "Balance", "value": format!("{after} coins")}]}]}}),
        )
    }
}

/// Plays so many hours; gives, for each, the times that each command was done, and the times that any was `refused`.
fn hours(hours: u64) -> Vec<std::collections::BTreeMap<String, u64>> {
    let mut crowd = Crowd::new(1, fixtures::guilds(3), fixtures::players(960)).taking_turns(12);
    let (balances, claimed, worked) = Default::default();
    let mut books = Books { balances, claimed, worked, chance: SplitMix::new(2) };
    let (mut now, mut counts) = (NOW, Vec::new());
    for hour in 1..=hours {
        let mut done = std::collections::BTreeMap::new();
        while now < NOW.plus(hour * 3_600_000) {
            let next = crowd.next(now).unwrap();
            now = now.plus(next.after_ms);
            let (is_done, answer) = books.answer(&next, now);
            let name = if is_done { next.deed.name() } else { "refused".to_owned() };
            *done.entry(name).or_default() += 1;
            crowd.taken(&next, &answer);
        }
        counts.push(done);
    }
    counts
}

#[test]
fn the_demo_lives_for_days() {
    for (hour, done) in hours(72).into_iter().enumerate() {
        let count = |name: &str| done.get(name).copied().unwrap_or_default();
        let all: u64 = done.values().sum();
        for (name, at_least) in [("pay", 1_000), ("coinflip", 200), ("buy", 50), ("daily", 10), ("work", 10)]
        {
            assert!(count(name) >= at_least, "hour {hour}: {name} {} times: {done:?}", count(name));
        }
        assert!(count("refused") < all / 8, "hour {hour}: {done:?}");
    }
}

#[test]
fn people_come_and_go_and_managers_stay() {
    let mut crowd = Crowd::new(1, fixtures::guilds(3), fixtures::players(60)).taking_turns(12);
    let (mut now, mut seen) = (NOW, std::collections::BTreeSet::new());
    for _ in 0..40_000 {
        let next = crowd.next(now).unwrap();
        now = now.plus(next.after_ms);
        seen.insert(next.player.id.0);
        assert_eq!(crowd.those(|_| true).len(), 12);
        assert!(!next.manages || fixtures::players(3).contains(&next.player), "{next:?}");
        crowd.taken(&next, &Value::Null);
    }
    assert_eq!(seen.len(), 60, "everybody has been there");
}

#[test]
fn a_purse_is_what_an_answer_says() {
    let mut crowd = Crowd::new(1, fixtures::guilds(1), fixtures::players(1));
    let claim = crowd.next(NOW).unwrap();
    crowd.taken(
        &claim,
        &json!({"data": {"embeds": [{"fields": [{"name": "Balance", "value": "**1,250** coins"}]}]}}),
    );
    assert_eq!(crowd.members[0].purse, 1_250);
    let refused = json!({"data": {"embeds": [{"footer": {"text": "daily_claimed"}}]}});
    let mut crowd = Crowd::new(1, fixtures::guilds(1), fixtures::players(1));
    let claim = crowd.next(NOW).unwrap();
    crowd.taken(&claim, &refused);
    assert_eq!(
        (crowd.members[0].purse, crowd.members[0].claimed),
        (0, Some(NOW.day())),
        "an earlier run has claimed"
    );
}
