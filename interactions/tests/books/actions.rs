//! Actions from the page: every refusal, what is left behind, and the same key twice.

use interactions::{
    Books, Command, Person,
    action::{ActionOutcome, Order},
};
use protocol::{
    JournalSeq, Timestamp, UserId,
    action::{Action, Actor},
    audit::JournalRow,
    record::Maintenance,
};
use serde_json::{Value as Json, json};

use crate::server::Server;
use crate::support::{
    GUILD, NOON, Sqlite, code_of, coinflip, command, daily, pay, person, set_rule, subcommand, text_of, work,
};

impl Server {
    /// An action with a key of its own.
    fn acts(&self, deed: Json) -> ActionOutcome {
        self.acts_as(&format!("key-{}", self.id()), "because", deed)
    }

    fn acts_as(&self, key: &str, reason: &str, deed: Json) -> ActionOutcome {
        act(&self.sqlite, NOON, self.id(), &order(key, reason, deed))
    }

    /// Does what has to succeed; the row it is.
    fn done(&self, deed: Json) -> u64 {
        let acted = self.acts(deed);
        let ActionOutcome::Done(body) = acted else { panic!("{acted:?}") };
        serde_json::from_str::<Json>(&body).unwrap()["seq"].as_u64().unwrap()
    }

    fn newest(&self) -> JournalRow {
        let page = interactions::books::audit::JournalPage {
            before: None,
            limit: 1,
            player: None,
            changes_only: false,
        };
        Books::new(&self.sqlite).journal(page).unwrap().rows.remove(0)
    }

    fn events(&self) -> Json {
        let events = "SELECT COALESCE(events, '[]') FROM journal ORDER BY seq DESC LIMIT 1";
        serde_json::from_str(&self.sqlite.text(events)).unwrap()
    }
}

/// Acts as after a restart.
pub fn act(sqlite: &Sqlite, now: Timestamp, entropy: u64, order: &Order) -> ActionOutcome {
    Books::new(sqlite).act(now, entropy, order, 3).unwrap()
}

/// An order of somebody on Discord.
pub fn order(key: &str, reason: &str, mut deed: Json) -> Order {
    deed["key"] = json!(key);
    deed["reason"] = json!(reason);
    let action: Action = serde_json::from_value(deed).unwrap();
    Order::new(GUILD, boss(), action).unwrap()
}

fn boss() -> Actor {
    Actor { id: Some(person(99).id), name: "Boss".to_owned() }
}

/// A refusal's code, or what else it was.
pub fn code(acted: &ActionOutcome) -> Option<String> {
    match acted {
        ActionOutcome::Done(_) => None,
        ActionOutcome::Refused(body) => {
            let body: Json = serde_json::from_str(body).unwrap();
            assert!(!body["error"]["message"].as_str().unwrap().is_empty());
            Some(body["error"]["code"].as_str().unwrap().to_owned())
        }
        ActionOutcome::KeyReused => Some("key_reused".to_owned()),
        ActionOutcome::UnknownServer => Some("unknown_server".to_owned()),
    }
}

fn on(who: &Person, action: &str, amount: i64) -> Json {
    json!({ "action": action, "userId": who.id, "amount": amount.to_string() })
}

fn only(who: &Person, action: &str) -> Json {
    json!({ "action": action, "userId": who.id })
}

fn undo(seq: u64) -> Json {
    json!({ "action": "undo", "seq": seq })
}

fn item(action: &str, name: &str, rest: &Json) -> Json {
    let mut deed = rest.clone();
    deed["action"] = json!(format!("item_{action}"));
    deed["item"] = json!(name);
    deed
}

fn setting(key: &str, value: &str) -> Json {
    json!({ "action": "setting", "setting": key, "value": value })
}

fn buy(name: &str) -> Command {
    command("buy", &json!([{"name": "item", "value": name}]), &[])
}

#[test]
fn coins_are_given_taken_and_set_and_it_is_written_who_did_it() {
    let (server, ann) = (Server::new(), person(1));
    server.says(&ann, daily());
    server.done(on(&ann, "give", 500_000));
    server.done(on(&ann, "take", 499_900));
    let ActionOutcome::Done(body) = server.acts_as("k", "  a **fine**\n reason ", on(&ann, "set", 7)) else {
        panic!("not done")
    };
    let row = server.newest();
    let body: Json = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({
            "seq": row.seq, "id": row.id, "balanceAfter": "7",
            "message": "Boss set the balance of Player 1: 200 → 7 coins, because a **fine** reason",
        })
    );
    assert_eq!((row.command.as_str(), row.actor_name.as_deref()), ("economy set", Some("Boss")));
    assert_eq!(
        (row.actor_id, row.target_id, row.note.as_deref()),
        (person(99).id, Some(ann.id), Some("a **fine** reason"))
    );
    let event = &server.events()[0];
    assert_eq!((&event["actorName"], &event["id"]), (&json!("Boss"), &json!(row.id)));
    assert_eq!((&event["message"], &event["source"]), (&body["message"], &json!("admin")));
    assert!(row.id.0 >> 63 == 1, "never an id of Discord's");
    assert_eq!(server.held(&ann), 7);
    let audit = text_of(&server.manages(&person(99), subcommand(&["economy", "audit"], &[], &[])));
    assert!(audit.contains("Boss · **set**") && audit.contains("a \\*\\*fine\\*\\* reason"), "{audit}");
    server.prove();
}

#[test]
fn whoever_acts_without_an_account_is_named_all_the_same() {
    let (server, ann) = (Server::new(), person(1));
    server.says(&ann, daily());
    let mut order = order("k", "because", on(&ann, "give", 1));
    order.actor = Actor { id: None, name: "A program".to_owned() };
    assert_eq!(code(&act(&server.sqlite, NOON, 1, &order)), None);
    let row = server.newest();
    assert_eq!((row.actor_id, row.actor_name.as_deref()), (UserId(0), Some("A program")));
    let event = &server.events()[0];
    assert_eq!((&event["actorId"], &event["actorName"]), (&Json::Null, &json!("A program")));
}

#[test]
fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let (server, ann) = (Server::new(), person(1));
    assert_eq!(code(&server.acts(json!({"action": "pause"}))).as_deref(), Some("unknown_server"));
    assert_eq!(server.sqlite.number("SELECT COUNT(*) FROM journal"), 0);
    server.says(&ann, daily());
    server.done(item("add", "Hat", &json!({"price": "5"})));
    server.done(item("add", "Cap", &json!({"price": "5"})));
    let state = || {
        let state = "SELECT (SELECT group_concat(balance || frozen) FROM accounts)
            || (SELECT group_concat(name || price) FROM items) || (SELECT COUNT(*) FROM settings)";
        server.sqlite.text(state)
    };
    let before = state();
    let cap = 1_000_000_000_000;
    for (deed, expected) in [
        (on(&person(7), "give", 1), "unknown_player"),
        (on(&person(7), "take", 1), "unknown_player"),
        (on(&person(7), "set", 1), "unknown_player"),
        (only(&person(7), "freeze"), "unknown_player"),
        (on(&ann, "give", 0), "amount_too_small"),
        (on(&ann, "take", -1), "amount_too_small"),
        (on(&ann, "set", -1), "amount_too_small"),
        (on(&ann, "give", i64::MAX), "amount_too_large"),
        (on(&ann, "give", cap), "recipient_cap"),
        (on(&ann, "take", 101), "insufficient_funds"),
        (on(&ann, "set", 100), "nothing_to_change"),
        (only(&ann, "unfreeze"), "nothing_to_change"),
        (undo(0), "unknown_row"),
        (undo(99), "unknown_row"),
        (undo(u64::MAX), "unknown_row"),
        (undo(2), "moved_nothing"),
        (json!({"action": "resume"}), "nothing_to_change"),
        (setting("luck", "1"), "bad_setting"),
        (setting("pay_min", "0"), "bad_setting"),
        (setting("work_min", "61"), "bad_setting"),
        (setting("pay_min", "1"), "nothing_to_change"),
        (item("add", "hat", &json!({"price": "5"})), "item_exists"),
        (item("add", " \u{200b}", &json!({"price": "5"})), "unknown_item"),
        (item("add", "Cup", &json!({})), "amount_too_small"),
        (item("add", "Cup", &json!({"price": (cap + 1).to_string()})), "amount_too_large"),
        (item("add", "Cup", &json!({"price": "1", "description": "x".repeat(101)})), "note_too_long"),
        (item("add", "Cup", &json!({"price": "1", "stock": 1_000_001})), "bad_count"),
        (item("edit", "Hat", &json!({"limit": i64::MAX})), "bad_count"),
        (item("add", "Cup", &json!({"price": "1", "limit": 5, "stock": -2})), "bad_count"),
        (item("edit", "Hat", &json!({"limit": i64::MIN})), "bad_count"),
        (item("add", "hat", &json!({"price": "5", "name": "Cup"})), "item_exists"),
        (item("edit", "Cup", &json!({"price": "1"})), "unknown_item"),
        (item("edit", "Hat", &json!({"name": "CAP"})), "item_exists"),
        (item("edit", "Hat", &json!({"price": "5"})), "nothing_to_change"),
        (item("remove", "Cup", &json!({})), "unknown_item"),
    ] {
        assert_eq!(code(&server.acts(deed.clone())).as_deref(), Some(expected), "{deed}");
        assert_eq!(server.events(), json!([]), "{deed}");
    }
    assert_eq!(state(), before);
    server.prove();
}

#[test]
fn the_same_key_happens_once_and_gets_the_same_bytes() {
    let (server, ann) = (Server::new(), person(1));
    server.says(&ann, daily());
    let first = server.acts_as("k", "because", on(&ann, "give", 5));
    let again = server.acts_as("k", " because ", on(&ann, "give", 5));
    assert_eq!((&first, server.held(&ann)), (&again, 105));
    let rows = server.sqlite.number("SELECT COUNT(*) FROM journal");
    for (reason, deed) in [
        ("because", on(&ann, "give", 6)),
        ("for another reason", on(&ann, "give", 5)),
        ("because", on(&ann, "take", 5)),
    ] {
        assert_eq!(server.acts_as("k", reason, deed), ActionOutcome::KeyReused);
    }
    let mut others = order("k", "because", on(&ann, "give", 5));
    others.actor.id = Some(person(98).id);
    assert_eq!(act(&server.sqlite, NOON, 1, &others), ActionOutcome::KeyReused);
    assert_eq!((server.held(&ann), server.sqlite.number("SELECT COUNT(*) FROM journal")), (105, rows));
    let refused = server.acts_as("n", "because", on(&ann, "take", 1_000));
    server.done(on(&ann, "give", 10_000));
    assert_eq!(server.acts_as("n", "because", on(&ann, "take", 1_000)), refused, "a refusal, too");
    server.prove();
}

#[test]
fn a_frozen_player_keeps_every_coin_and_is_told_why() {
    let (server, ann, bob) = (Server::new(), person(1), person(2));
    server.manages(&person(99), set_rule("gambling", "on"));
    server.done(item("add", "Hat", &json!({"price": "1"})));
    for who in [&ann, &bob] {
        server.says(who, daily());
    }
    server.done(only(&ann, "freeze"));
    assert_eq!(code(&server.acts(only(&ann, "freeze"))).as_deref(), Some("nothing_to_change"));
    let profile = || Books::new(&server.sqlite).profile(ann.id, NOON).unwrap().unwrap();
    assert!(profile().frozen);
    for (who, command, expected) in [
        (&ann, daily(), Some("frozen")),
        (&ann, work(), Some("frozen")),
        (&ann, coinflip("heads", 1), Some("frozen")),
        (&ann, buy("Hat"), Some("frozen")),
        (&ann, pay(&bob, 1, None), Some("frozen")),
        (&ann, pay(&ann, 1, None), Some("self_transfer")),
        (&bob, pay(&ann, 1, None), Some("recipient_frozen")),
        (&ann, crate::support::balance(None), None),
        (&ann, command("inventory", &json!([]), &[]), None),
    ] {
        let reply = server.says(who, command);
        assert_eq!(code_of(&reply).as_deref(), expected, "{reply}");
    }
    assert_eq!((server.held(&ann), server.held(&bob)), (100, 100));
    server.done(on(&ann, "give", 5));
    server.done(only(&ann, "unfreeze"));
    assert_eq!(code_of(&server.says(&bob, pay(&ann, 1, None))), None);
    assert_eq!((server.held(&ann), profile().frozen), (106, false));
    server.prove();
}

#[test]
fn what_a_row_moved_goes_back_and_names_it() {
    let (server, ann, bob) = (Server::new(), person(1), person(2));
    server.manages(&person(99), set_rule("gambling", "on"));
    server.manages(&person(99), set_rule("pay_tax_percent", "10"));
    server.done(item("add", "Hat", &json!({"price": "30"})));
    let newest = || server.newest().seq.0;
    let mut rows = Vec::new();
    for (who, command) in [
        (&ann, daily()),
        (&bob, daily()),
        (&bob, work()),
        (&ann, pay(&bob, 50, None)),
        (&bob, coinflip("tails", 20)), // Lost: the entropy is 0.
        (&bob, coinflip("heads", 30)), // Won: 20 of it from the house would not do, so the mint pays.
        (&bob, buy("Hat")),
    ] {
        assert_eq!(code_of(&server.says(who, command)), None);
        rows.push(newest());
    }
    rows.push(server.done(on(&ann, "give", 40)));
    rows.push(server.done(on(&ann, "take", 15)));
    rows.push(server.done(on(&bob, "set", 3)));
    for row in rows.iter().rev() {
        let by = server.done(undo(*row));
        let written = server.newest();
        assert_eq!((written.seq.0, written.undoes), (by, Some(JournalSeq(*row))));
        assert_eq!(written.command, "economy undo");
        assert_eq!(server.events()[0]["actorName"], "Boss");
        assert_eq!(code(&server.acts(undo(*row))).as_deref(), Some("already_undone"));
        assert_eq!(code(&server.acts(undo(by))).as_deref(), Some("is_undo"));
        server.prove();
    }
    assert_eq!((server.held(&ann), server.held(&bob)), (0, 0));
    let last =
        "SELECT mint || ' ' || burn || ' ' || shop || ' ' || house FROM journal ORDER BY seq DESC LIMIT 1";
    assert_eq!(server.sqlite.text(last), "0 0 0 0", "as though nothing had been");
    let page = interactions::books::audit::JournalPage {
        before: None,
        limit: 200,
        player: None,
        changes_only: false,
    };
    let journal = Books::new(&server.sqlite).journal(page).unwrap().rows;
    let undone =
        journal.iter().filter(|row| row.undone_by.is_some()).map(|row| row.seq.0).collect::<Vec<_>>();
    assert_eq!(undone, rows.into_iter().rev().collect::<Vec<_>>());
    // Both see the payment go back: who paid, and who was paid.
    for who in [&ann, &bob] {
        let page = interactions::books::audit::JournalPage {
            before: None,
            limit: 200,
            player: Some(who.id),
            changes_only: true,
        };
        let rows = Books::new(&server.sqlite).journal(page).unwrap().rows;
        assert!(rows.iter().any(|row| row.undoes.is_some() && row.tax.get() == -5), "{}", who.name);
    }
}

#[test]
fn an_undo_that_would_break_a_balance_is_refused() {
    let (server, ann, bob) = (Server::new(), person(1), person(2));
    server.manages(&person(99), set_rule("gambling", "on"));
    let newest = || server.newest().seq.0;
    server.says(&ann, daily());
    let claimed = newest();
    server.says(&ann, pay(&bob, 60, None));
    let paid = newest();
    assert_eq!(code(&server.acts(undo(claimed))).as_deref(), Some("undo_below_zero"), "40 of 100 are left");
    server.done(on(&bob, "set", 59));
    assert_eq!(code(&server.acts(undo(paid))).as_deref(), Some("undo_below_zero"), "59 of 60 are left");
    server.done(on(&bob, "set", 60));
    server.done(on(&ann, "set", 1_000_000_000_000));
    assert_eq!(code(&server.acts(undo(paid))).as_deref(), Some("undo_over_cap"));
    // Coins that were lost to the house, and won from it since, are not the house's any more.
    server.says(&bob, coinflip("tails", 10));
    let lost = newest();
    server.says(&bob, coinflip("heads", 10));
    assert_eq!(code(&server.acts(undo(lost))).as_deref(), Some("undo_below_zero"));
    server.prove();
}

#[test]
fn the_server_its_rules_and_its_shelf_are_managed() {
    let (server, ann) = (Server::new(), person(1));
    server.says(&ann, daily());
    server.done(json!({"action": "pause"}));
    assert_eq!(server.newest().note.as_deref(), Some("because"));
    assert_eq!(code_of(&server.says(&ann, work())).as_deref(), Some("paused"));
    server.done(json!({"action": "resume"}));
    server.done(setting("work_min", "60"));
    assert_eq!(server.newest().note.as_deref(), Some("work_min: 20 coins → 60 coins, because because"));
    assert_eq!(code_of(&server.says(&ann, work())), None);
    assert_eq!(server.held(&ann), 160);
    let rest = json!({"price": "15", "description": "warm", "stock": 2, "limit": 1});
    server.done(item("add", "Hat", &rest));
    server.done(item("edit", "hat", &json!({"name": "Cap", "price": "20", "limit": -1})));
    let books = Books::new(&server.sqlite);
    assert_eq!(
        serde_json::to_value(books.shop().unwrap()).unwrap(),
        json!([{"name": "Cap", "description": "warm", "price": "20", "stock": 2, "limit": null}])
    );
    server.done(item("remove", "Cap", &json!({})));
    assert_eq!(Books::new(&server.sqlite).shop().unwrap(), []);
    let rules = serde_json::to_value(Books::new(&server.sqlite).rules().unwrap()).unwrap();
    assert_eq!((&rules["paused"], rules["settings"].as_array().unwrap().len()), (&json!(false), 17));
    assert_eq!(
        rules["settings"][10],
        json!({
            "key": "work_min", "about": "The least that work pays", "unit": "coins", "value": 60, "default": 20,
            "min": 0, "max": 1_000_000,
        })
    );
    server.prove();
}

#[test]
fn maintenance_is_heard_once_and_in_order() {
    let (server, ann) = (Server::new(), person(1));
    server.says(&ann, daily());
    let hear = |is_on, change| {
        Books::new(&server.sqlite).hear_of_maintenance(Maintenance { is_on, change }).unwrap();
    };
    hear(true, 1);
    assert_eq!(code_of(&server.says(&ann, work())).as_deref(), Some("maintenance"));
    assert_eq!(code_of(&server.manages(&person(99), set_rule("pay_min", "2"))), None, "who manages goes on");
    hear(false, 2);
    hear(true, 1);
    assert_eq!(code_of(&server.says(&ann, work())), None, "late news is old news");
    hear(true, 3);
    assert_eq!(code_of(&server.says(&ann, work())).as_deref(), Some("maintenance"));
}

#[test]
fn a_long_reason_fits_into_every_list() {
    let (server, ann) = (Server::new(), person(1));
    server.says(&ann, daily());
    let reason = "_".repeat(200);
    for number in 0..12 {
        let acted = server.acts_as(&format!("k{number}"), &reason, on(&ann, "give", 1));
        assert_eq!(code(&acted), None);
    }
    for reply in [
        server.says(&ann, command("history", &json!([]), &[])),
        server.manages(&person(99), subcommand(&["economy", "audit"], &[], &[])),
    ] {
        assert!(text_of(&reply).chars().count() <= 4_096, "{reply}");
    }
    assert_eq!(server.newest().note, None, "the audit itself is no act");
}
