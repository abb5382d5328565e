//! A server in which everything happens, with the longest and most hostile words that Discord lets through. What it
//! says is held to Discord's limits; what it asks of the database is held to a cost that no size changes.

use std::{cell::RefCell, collections::BTreeSet};

use interactions::{
    Books, Call, Command, Person, books::Listener, command, interaction::Autocomplete, reply, rules::Refusal,
};
use protocol::{InteractionId, time::DAY_MS};
use serde_json::{Value, json};
use twilight_model::http::interaction::InteractionResponse;

use crate::support::{GUILD, NOON, Sqlite, by_manager, call, code_of, person, subcommand};

/// As long as a name may be, and every character doubled by its escape.
fn hostile(number: u64) -> Person {
    let name = format!("{}{number:02}", "*".repeat(30));
    Person { name, ..person(number) }
}

/// Plays everything; the replies.
fn play(sqlite: &Sqlite) -> Vec<String> {
    let books = Books::new(sqlite);
    let boss = hostile(99);
    let note = "_".repeat(100);
    let mut replies: Vec<String> = Vec::new();
    let mut id = 0;
    let mut answer = |call: Call| {
        id += 1;
        let call = Call { id: InteractionId(id), ..call };
        let reply =
            books.answer(NOON.plus(id), id.wrapping_mul(0x9e37_79b9_7f4a_7c15), &call, 1).unwrap().reply;
        replies.push(reply.clone());
        reply
    };
    let manage = |path: &[&str], options: &[(&str, Value)]| {
        by_manager(call(0, &boss, subcommand(path, options, &[&hostile(1)])))
    };
    let on_ann =
        |amount: i64| [("user", json!(hostile(1).id)), ("amount", json!(amount)), ("reason", json!(note))];
    let type_in = |who: &Person, name: &str, options: Value, about: &[&Person]| {
        call(0, who, crate::support::command(name, &options, about))
    };
    answer(manage(&["economy", "settings"], &[("key", json!("gambling")), ("value", json!("on"))]));
    for number in 0..60 {
        let item = [
            ("item", json!(format!("{}{number:02}", "~".repeat(30)))),
            ("price", json!(1_000_000_000_000_i64 - 999_999_999_999 * i64::from(number > 3))),
            ("description", json!("|".repeat(100))),
            ("stock", json!(1_000_000)),
            ("limit", json!(1_000_000)),
        ];
        answer(manage(&["economy", "item", "add"], &item));
    }
    for number in 1..=14 {
        let (who, next) = (hostile(number), hostile(number % 14 + 1));
        answer(type_in(&who, "daily", json!([]), &[]));
        answer(type_in(&who, "work", json!([]), &[]));
        let options = json!([{"name": "user", "value": next.id}, {"name": "amount", "value": 1}, {"name": "note", "value": note}]);
        answer(type_in(&who, "pay", options, &[&next]));
        answer(type_in(
            &who,
            "coinflip",
            json!([{"name": "side", "value": "heads"}, {"name": "amount", "value": 1}]),
            &[],
        ));
    }
    for act in ["give", "set", "give", "take"] {
        answer(manage(&["economy", act], &on_ann(90_000)));
    }
    for number in 4..60 {
        let item = format!("{}{number:02}", "~".repeat(30));
        answer(type_in(
            &hostile(1),
            "buy",
            json!([{"name": "item", "value": item}, {"name": "quantity", "value": 1_000}]),
            &[],
        ));
    }
    for name in ["leaderboard", "profile", "balance", "history", "shop", "inventory"] {
        answer(type_in(&hostile(1), name, json!([]), &[]));
    }
    answer(call(0, &hostile(1), Command::from_component("daily:remind")));
    answer(manage(&["economy", "announce"], &[("channel", json!("18446744073709551615"))]));
    answer(manage(
        &["economy", "give"],
        &[("user", json!(hostile(1).id)), ("amount", json!(9)), ("reason", json!(note))],
    ));
    for page in ["wealth:2", "level:1", "streak:2"] {
        answer(call(0, &hostile(2), Command::from_component(&format!("leaderboard:{page}"))));
    }
    answer(call(0, &hostile(1), Command::from_component("history:2")));
    answer(call(0, &hostile(1), Command::from_component("history:50")));
    answer(manage(&["economy", "audit"], &[("page", json!(50))]));
    answer(call(0, &hostile(1), Command::from_component("shop:6")));
    answer(manage(&["economy", "settings"], &[]));
    answer(manage(&["economy", "settings"], &[("key", json!("pay_max"))]));
    answer(manage(&["economy", "audit"], &[]));
    for (act, word) in [("set", "no"), ("set", "yes"), ("reset", "yes")] {
        answer(manage(&["economy", act], &on_ann(1_000_000_000_000)));
        let asked = sqlite.number("SELECT MAX(CAST(id AS INTEGER)) FROM pending");
        answer(by_manager(call(0, &boss, Command::from_component(&format!("economy:{word}:{asked}")))));
    }
    let item = format!("{}04", "~".repeat(30));
    answer(manage(&["economy", "item", "edit"], &[("item", json!(item)), ("name", json!("`".repeat(32)))]));
    answer(manage(&["economy", "item", "remove"], &[("item", json!("`".repeat(32)))]));
    answer(type_in(&hostile(1), &"[".repeat(100), json!([]), &[]));
    answer(manage(&["economy", "pause"], &[]));
    answer(type_in(&hostile(1), "daily", json!([]), &[]));
    answer(manage(&["economy", "resume"], &[]));
    let lookup = Autocomplete { guild: GUILD, manager: true, command: "buy".into(), typed: "~".into() };
    replies.push(serde_json::to_string(&reply::choices(books.autocomplete(&lookup).unwrap())).unwrap());
    replies
}

fn check_limits(json: &str) {
    let reply: InteractionResponse = serde_json::from_str(json).unwrap();
    let data = reply.data.unwrap();
    assert!(data.choices.as_ref().is_none_or(|choices| choices.len() <= 25));
    for choice in data.choices.iter().flatten() {
        twilight_validate::command::choice(choice).unwrap_or_else(|error| panic!("{error}: {json}"));
    }
    if let Some(content) = &data.content {
        twilight_validate::message::content(content).unwrap();
    }
    if let Some(embeds) = &data.embeds {
        twilight_validate::message::embeds(embeds).unwrap_or_else(|error| panic!("{error}: {json}"));
    }
    if let Some(rows) = &data.components {
        twilight_validate::message::components(rows, false).unwrap_or_else(|error| panic!("{error}: {json}"));
    }
    if data.choices.is_none() {
        let mentions = data.allowed_mentions.unwrap();
        assert!(mentions.parse.is_empty() && mentions.users.len() <= 1, "{json}");
        assert!(!json.contains("@everyone") && !json.contains('\u{202e}'));
    }
}

#[test]
fn what_is_said_keeps_discords_limits() {
    let sqlite = Sqlite::new();
    let replies = play(&sqlite);
    for reply in &replies {
        check_limits(reply);
    }
    let refused: BTreeSet<String> = replies.iter().filter_map(|reply| code_of(reply)).collect();
    let expected = ["no_such_page", "paused", "unknown_command"].map(str::to_owned);
    assert_eq!(refused, BTreeSet::from(expected), "the rest of it was done");
}

#[test]
fn what_is_registered_keeps_discords_limits() {
    for definition in command::definitions() {
        twilight_validate::command::command(&definition)
            .unwrap_or_else(|error| panic!("{}: {error}", definition.name));
        let characters = twilight_validate::command::command_characters(&definition);
        assert!(characters <= 8_000, "{}: {characters} characters", definition.name);
        let required_last = definition
            .options
            .windows(2)
            .all(|pair| pair[0].required.unwrap_or_default() || !pair[1].required.unwrap_or_default());
        assert!(required_last, "{}: what is required comes first", definition.name);
    }
}

#[test]
fn every_refusal_says_what_to_do_within_the_limits() {
    let far = NOON.plus(400 * DAY_MS);
    for refusal in [
        Refusal::DailyClaimed { next: far },
        Refusal::Cooldown { next: far },
        Refusal::SendCap { left: protocol::Coins::PLAYER_CAP, next: far },
        Refusal::ReceiveCap { left: protocol::Coins::PLAYER_CAP, next: far },
        Refusal::NoSuchPage { last: 0 },
        Refusal::OutOfStock { left: 0 },
        Refusal::OutOfStock { left: u64::MAX },
    ] {
        let line = refusal.line();
        assert!(line.ends_with('.') && line.chars().count() < 200, "{line}");
        check_limits(&serde_json::to_string(&reply::Reply::from(&refusal).into_response(false)).unwrap());
    }
}

/// A statement of a command searches by a key, or takes a bounded part of an index in its order. The shelf and the
/// server's own settings are bounded by themselves, what waits for a button waits 15 minutes, and the chain is a queue of rows that were searched.
#[test]
fn what_is_asked_of_the_database_never_walks_a_table() {
    // A subquery's own steps are looked at, too: what it gives is bounded by its LIMIT.
    const BOUNDED: [&str; 6] = [
        "SCAN settings",
        "SCAN items",
        "SCAN pending",
        "SCAN chain",
        "SCAN CONSTANT ROW",
        "SCAN (subquery-1)",
    ];
    let mut sqlite = Sqlite { asked: Some(RefCell::default()), ..Sqlite::new() };
    play(&sqlite);
    let books = Books::new(&sqlite);
    books.follow(NOON.plus(DAY_MS)).unwrap();
    for listener in Listener::ALL {
        while let Some(push) = books.backlog(NOON, GUILD, listener).unwrap() {
            books.acknowledge(listener, push.records.last().unwrap().seq).unwrap();
        }
    }
    while books.tidy(NOON.plus(3 * DAY_MS)).unwrap() {}
    assert!(sqlite.number("SELECT pruned_to FROM upkeep") > 100);
    let asked: BTreeSet<String> = sqlite.asked.take().unwrap().into_inner().into_iter().collect();
    let mut looked_at = 0;
    for statement in &asked {
        looked_at += 1;
        for step in sqlite.plan(statement) {
            let in_order = step.contains("USING INDEX") || step.contains("USING COVERING INDEX");
            let one_row = ["standings", "outbox", "followed", "upkeep"]
                .iter()
                .any(|table| step == format!("SCAN {table}"));
            let newest = step == "SCAN journal" && statement.contains("ORDER BY seq DESC LIMIT 1");
            let newest_item = step == "SCAN items" && statement.contains("ORDER BY id DESC LIMIT 1");
            let bounded = BOUNDED.contains(&step.as_str()) || one_row || newest || newest_item;
            let walks = step.starts_with("SCAN") && !bounded && !(in_order && statement.contains("LIMIT"));
            assert!(!walks, "walks: {step}\n{statement}");
            assert!(!step.contains("TEMP B-TREE"), "sorts: {step}\n{statement}");
        }
    }
    assert!(looked_at > 20, "{looked_at} statements");
}
