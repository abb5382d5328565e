use serde_json::json;

use super::*;
use crate::cast;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn play(seed: u64, players: usize, moves: usize) -> Vec<Move> {
    let mut crowd = Crowd::new(seed, cast::guilds(3), cast::players(players));
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
    let mut crowd = Crowd::new(1, cast::guilds(1), cast::players(2));
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
