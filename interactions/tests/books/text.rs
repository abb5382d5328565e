//! Names and notes in any script, from typing to the reply, the feed, boards, announcements and the journal.

use expect_test::expect;
use interactions::{Books, Person, reply, schema};
use proptest::prelude::*;
use protocol::{UserId, text::fold};
use serde_json::json;

use crate::{corpus, server::Server, sqlite::Sqlite, support::*};

fn named(number: u64, name: &str) -> Person {
    Person { name: name.to_owned(), ..person(number) }
}

/// Somebody as Discord would tell of them.
fn typed_by(name: &str) -> Person {
    let body = json!({
        "type": 2, "id": "1", "guild_id": GUILD, "data": {"name": "work"},
        "member": {"user": {"id": person(1).id, "username": "", "global_name": name}}
    });
    match parse(&body).unwrap() {
        interactions::Interaction::Command(call, _) => call.actor,
        other => panic!("not a command: {other:?}"),
    }
}

/// Whether a line keeps a name from reordering what stands around it.
fn is_kept_apart(line: &str, name: &str) -> bool {
    line.contains(&format!("\u{2068}{name}\u{2069}"))
}

fn add(name: &str) -> interactions::Command {
    subcommand(&["economy", "item", "add"], &[("item", json!(name)), ("price", json!(5))], &[])
}

fn buy(name: &str) -> interactions::Command {
    command("buy", &json!([{"name": "item", "value": name}]), &[])
}

#[test]
fn a_name_of_which_nothing_can_be_seen_is_the_id() {
    for blank in corpus::BLANKS {
        let UserId(id) = person(1).id;
        assert_eq!(typed_by(blank).name, format!("Player {id}"), "{blank:?}");
    }
    for name in corpus::NAMES {
        assert_eq!(typed_by(name).name, name);
    }
}

#[test]
fn a_name_from_right_to_left_moves_no_amount() {
    let (server, ali, bob) = (Server::new(), named(1, "ﷺ"), named(2, "המנהל 1"));
    let boss = named(9, "المدير 1");
    server.manages(&boss, add("سيف"));
    server.manages(&boss, subcommand(&["economy", "announce"], &[("channel", json!("5"))], &[]));
    for (player, amount) in [(&ali, 1_959), (&bob, 5)] {
        server.manages(&boss, give(player, amount));
    }
    let paid = server.says(&ali, pay(&bob, 1_900, Some("99. الإيجار")));
    assert!(is_kept_apart(&text_of(&paid), "המנהל 1"), "{paid}");
    assert!(is_kept_apart(&text_of(&paid), "99\\. الإيجار"), "{paid}");
    let bought = server.says(&bob, buy("سيف"));
    assert!(is_kept_apart(&text_of(&bought), "سيف"), "{bought}");
    for command in ["leaderboard", "inventory", "shop", "history"] {
        let reply = server.says(&bob, self::command(command, &json!([]), &[]));
        let apart =
            ["سيف", "המנהל 1", "99\\. الإيجار"].iter().any(|name| is_kept_apart(&reply_text(&reply), name));
        assert!(apart, "{reply}");
    }
    let events = server.sqlite.text("SELECT group_concat(events, '') FROM journal");
    for name in ["ﷺ", "המנהל 1", "المدير 1", "سيف", "جائزة"] {
        assert!(is_kept_apart(&events, name), "{events}");
    }
    let jobs = server.sqlite.text("SELECT group_concat(jobs, '') FROM journal");
    assert!(is_kept_apart(&jobs, "המנהל 1"), "{jobs}");
}

/// The text of a reply, its fields and its small line.
fn reply_text(reply: &str) -> String {
    let reply: serde_json::Value = serde_json::from_str(reply).unwrap();
    reply["data"]["embeds"].to_string().replace("\\\\", "\\")
}

fn give(to: &Person, amount: i64) -> interactions::Command {
    let options = [("user", json!(to.id)), ("amount", json!(amount)), ("reason", json!("جائزة"))];
    subcommand(&["economy", "give"], &options, &[to])
}

#[test]
fn an_item_is_one_however_it_is_typed() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    server.manages(&boss, give(&ann, 1_000));
    for (shelf, typed) in [
        ("Café", "CAFE\u{301}"),
        ("İksir", "İKSİR"),
        ("Kılıç", "KILIÇ"),
        ("Straße", "STRASSE"),
        ("می‌خواهم", "میخواهم"),
    ] {
        assert_eq!(code_of(&server.manages(&boss, add(shelf))), None, "{shelf}");
        assert_eq!(code_of(&server.manages(&boss, add(typed))).as_deref(), Some("item_exists"), "{typed}");
        assert_eq!(code_of(&server.says(&ann, buy(typed))), None, "{typed}");
    }
    for blank in corpus::BLANKS {
        assert_eq!(code_of(&server.manages(&boss, add(blank))).as_deref(), Some("unknown_item"), "{blank:?}");
        let options = [("item", json!("Café")), ("name", json!(blank))];
        let renamed = server.manages(&boss, subcommand(&["economy", "item", "edit"], &options, &[]));
        assert_eq!(code_of(&renamed).as_deref(), Some("unknown_item"), "{blank:?}");
    }
}

#[test]
fn the_shelf_of_an_older_release_is_carried_on() {
    let sqlite = Sqlite::empty();
    schema::migrate_to(&sqlite, 5).unwrap();
    for (id, name) in (1_i64..).zip(["Cafe\u{301}", "Café", "STRASSE", "Straße", "İksir", "\u{2800}"]) {
        let statement = "INSERT INTO items (id, name, price) VALUES (?1, ?2, 5)";
        sqlite.connection.execute(statement, rusqlite::params![id, name]).unwrap();
    }
    schema::migrate(&sqlite).unwrap();
    let books = Books::new(&sqlite);
    let found = |name: &str| books.item(name).unwrap().map(|item| (item.id, item.name));
    expect![[r#"
        [
            Some(
                (
                    1,
                    "Café",
                ),
            ),
            Some(
                (
                    2,
                    "Café (2)",
                ),
            ),
            Some(
                (
                    3,
                    "STRASSE",
                ),
            ),
            Some(
                (
                    4,
                    "Straße (2)",
                ),
            ),
            Some(
                (
                    5,
                    "İksir",
                ),
            ),
            Some(
                (
                    6,
                    "Item 6",
                ),
            ),
        ]
    "#]]
    .assert_debug_eq(&["CAFÉ", "café (2)", "straße", "Strasse (2)", "IKSIR", "item 6"].map(found));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_typed_comes_back_readable(typed in corpus::typed(), note in corpus::typed()) {
        let (server, boss, ann) = (Server::new(), person(9), typed_by(&typed));
        server.manages(&boss, give(&ann, 1_000));
        server.says(&ann, pay(&person(2), 10, Some(&note)));
        let board = server.says(&ann, command("leaderboard", &json!([]), &[]));
        let history = server.says(&ann, command("history", &json!([]), &[]));
        for line in [text_of(&board), text_of(&history)] {
            let depth = line.chars().fold(0_i32, |depth, c| match c { '\u{2068}' => depth + 1, '\u{2069}' => depth - 1, _ => depth });
            prop_assert_eq!(depth, 0, "{:?}", line);
            let is_hostile = |c: char| matches!(c, '\u{202a}'..='\u{202e}') || c.is_control() && c != '\n';
            prop_assert!(!line.contains(is_hostile), "{:?}", line);
        }
        prop_assert!(fold(&text_of(&board)).contains(&fold(&interactions::text::escape(&ann.name))), "{}", board);
    }

    #[test]
    fn an_item_on_the_shelf_is_found_again(typed in corpus::typed()) {
        let (server, boss) = (Server::new(), person(9));
        prop_assume!(code_of(&server.manages(&boss, add(&typed))).is_none());
        let name = Books::new(&server.sqlite).shop().unwrap()[0].name.clone();
        for again in [typed, name.clone(), name.to_uppercase(), name.to_lowercase()] {
            prop_assume!(again.chars().count() <= 32);
            prop_assert!(Books::new(&server.sqlite).item(&interactions::text::clean_name(&again)).unwrap().is_some(), "{:?}", again);
        }
    }
}

#[test]
fn a_choice_is_cut_between_what_people_see_as_one_character() {
    // A family is one emoji of five characters; a choice holds a hundred.
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    for (before, kept) in [(95, 100), (96, 96), (99, 99)] {
        let text = format!("{}{family}y", "x".repeat(before));
        let choice = reply::Choice { name: text.clone(), value: text.clone() };
        let answer = serde_json::to_value(reply::choices(vec![choice])).unwrap();
        let expected = json!(text.chars().take(kept).collect::<String>());
        for field in ["name", "value"] {
            assert_eq!(answer["data"]["choices"][0][field], expected, "{field} after {before}");
        }
    }
}
