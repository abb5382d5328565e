//! The people whom commands mean: coins for members of the server only, permissions as Discord writes them, and replies that
//! say nothing wrong to anybody who reads them.

use interactions::{Books, Call, Command, Interaction, Person, interaction::Autocomplete};
use protocol::{UserId, time::DAY_MS};
use serde_json::{Value as Json, json};

use crate::actions::{act, code, order};
use crate::server::Server;
use crate::support::{
    GUILD, NOON, Sqlite, answer, balance, by_manager, call, code_of, command, daily, field, footer_of, parse,
    pay, person, press, set_rule, subcommand, text_of, work,
};

/// Somebody who has left, or never came.
fn absent(number: u64) -> Person {
    Person { absent: true, ..person(number) }
}

fn adjust(act: &str, target: &Person, amount: i64) -> Command {
    let options = [("user", json!(target.id)), ("amount", json!(amount)), ("reason", json!("because"))];
    subcommand(&["economy", act], &options, &[target])
}

fn reset(target: &Person) -> Command {
    let options = [("user", json!(target.id)), ("reason", json!("has left"))];
    subcommand(&["economy", "reset"], &options, &[target])
}

fn profile(of: &Person) -> Command {
    command("profile", &json!([{"name": "user", "type": 6, "value": of.id}]), &[of])
}

fn page(name: &str, page: u64) -> Command {
    command(name, &json!([{"name": "page", "value": page}]), &[])
}

fn check(reply: &str, code: Option<&str>) {
    assert_eq!(code_of(reply).as_deref(), code, "{reply}");
}

/// `/pay` as Discord sends it, with these users and members among the resolved.
fn paid_to(users: &Json, members: &Json) -> Json {
    json!({
        "id": "1500000000000000001", "application_id": "1090000000000000000", "type": 2, "token": "t", "version": 1,
        "guild_id": GUILD, "channel_id": "1", "context": 0,
        "member": {"user": {"id": "820000000000000001", "username": "robin"}, "permissions": "0"},
        "data": {"id": "7", "name": "pay", "type": 1,
            "options": [{"name": "user", "type": 6, "value": "820000000000000055"}, {"name": "amount", "type": 4, "value": 7}],
            "resolved": {"users": {"820000000000000055": users}, "members": members}},
    })
}

#[test]
fn coins_go_to_members_only() {
    let gone = json!({"id": "820000000000000055", "username": "gone", "global_name": "Gone Away"});
    let member = json!({"820000000000000055": {"nick": null, "roles": [], "permissions": "0"}});
    let with = |field: &str| {
        let mut user = gone.clone();
        user[field] = json!(true);
        user
    };
    for (what, users, members, code) in [
        ("a member", &gone, &member, None),
        ("who has left", &gone, &json!({}), Some("not_a_member")),
        ("no members at all", &gone, &Json::Null, Some("not_a_member")),
        ("another's member", &gone, &json!({"820000000000000056": {}}), Some("not_a_member")),
        ("Discord's own", &with("system"), &Json::Null, Some("not_a_member")),
        ("Discord's own, as a member", &with("system"), &member, Some("not_a_member")),
        ("a bot", &with("bot"), &member, Some("bot_recipient")),
        ("a bot elsewhere", &with("bot"), &Json::Null, Some("bot_recipient")),
    ] {
        let server = Server::new();
        let Ok(Interaction::Command(paid, _)) = parse(&paid_to(users, members)) else { panic!("{what}") };
        answer(&server.sqlite, NOON, &call(1, &paid.actor, daily()));
        let reply = answer(&server.sqlite, NOON, &paid);
        assert_eq!(code_of(&reply).as_deref(), code, "{what}: {reply}");
        let held = if code.is_none() { 93 } else { 100 };
        assert_eq!(server.held(&paid.actor), held, "{what}");
        server.prove();
    }
}

#[test]
fn who_has_left_is_seen_and_can_only_be_cleared() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    server.says(&ann, daily());
    let gone = absent(1);
    for command in [adjust("give", &gone, 5), adjust("set", &gone, 101)] {
        check(&server.manages(&boss, command), Some("not_a_member"));
    }
    check(&server.says(&person(2), pay(&gone, 1, None)), Some("not_a_member"));
    let seen = server.says(&boss, balance(Some(&gone)));
    assert_eq!(text_of(&seen), "**Player 1** has **100 coins**. They are not in this server any more.");
    assert!(text_of(&server.says(&boss, profile(&gone))).ends_with("\nNot in this server any more."));
    check(&server.manages(&boss, adjust("take", &gone, 40)), None);
    check(&server.manages(&boss, adjust("set", &gone, 50)), None);
    assert_eq!(server.held(&ann), 50);
    let question = server.manages(&boss, reset(&gone));
    server.presses(NOON, &boss, &question, "Yes, do it");
    assert_eq!(server.held(&ann), 0);
    for command in [
        adjust("give", &absent(7), 5),
        adjust("take", &absent(7), 5),
        adjust("set", &absent(7), 5),
        reset(&absent(7)),
        profile(&absent(7)),
    ] {
        check(&server.manages(&boss, command), Some("not_a_member"));
    }
    server.prove();
}

#[test]
fn who_has_left_is_cleared_from_the_page_and_when_they_were_seen_is_told() {
    let (server, ann, bob) = (Server::new(), person(1), person(2));
    server.says(&ann, daily());
    server.says(&ann, pay(&bob, 30, None));
    let books = Books::new(&server.sqlite);
    let last = |who: &Person| books.profile(who.id, NOON).unwrap().unwrap().last_at;
    assert_eq!((last(&ann), last(&bob)), (Some(NOON), None));
    let long = "x".repeat(200);
    let acts = |who: &Person, key| {
        let deed = json!({"action": "reset", "userId": who.id});
        act(&server.sqlite, NOON, server.id(), &order(key, &long, deed))
    };
    assert_eq!(code(&acts(&person(7), "k1")).as_deref(), Some("unknown_player"));
    assert_eq!(code(&acts(&ann, "k2")), None);
    assert_eq!(code(&acts(&ann, "k2")), None, "the same again");
    assert_eq!(server.held(&ann), 0);
    check(&server.says(&ann, daily()), Some("daily_claimed"));
    server.prove();
}

#[test]
fn a_bot_and_a_stranger_are_not_advised_to_claim() {
    let server = Server::new();
    let bot = Person { bot: true, ..person(5) };
    for (who, line) in [
        (&bot, "**Player 5** is a bot, and bots have no account."),
        (&absent(6), "**Player 6** is not in this server, and has no account here."),
        (&person(7), "**Player 7** has **0 coins** and no account yet. `/daily` opens one."),
    ] {
        assert_eq!(text_of(&server.says(&person(1), balance(Some(who)))), line);
    }
    for (who, code) in [
        (&bot, "bot_recipient"),
        (&absent(6), "not_a_member"),
        (&person(7), "unknown_player"),
        (&person(1), "no_account"),
    ] {
        check(&server.says(&person(1), profile(who)), Some(code));
    }
}

/// Parses `/economy audit` as Discord sends it for somebody with these permissions; returns whether they may manage.
fn is_manager(permissions: &Json) -> bool {
    let body = json!({
        "id": "1", "type": 2, "guild_id": GUILD,
        "member": {"user": {"id": "810000000000000001", "username": "manager"}, "permissions": permissions},
        "data": {"name": "economy", "options": [{"name": "audit", "type": 1}]},
    });
    match parse(&body) {
        Ok(Interaction::Command(call, _)) => call.manager,
        other => panic!("not a command: {other:?}"),
    }
}

#[test]
fn permissions_may_grow_beyond_64_bits() {
    for (permissions, manages) in [
        ("32", true),
        ("8", true),
        ("1180591620717411303432", true), // 2^70 + Administrator
        ("1180591620717411303456", true), // 2^70 + Manage Server
        ("1180591620717411303424", false),
        ("18446744073709551616", false),                   // 2^64
        ("340282366920938463463374607431768211496", true), // 2^128 + Administrator + Manage Server
        ("340282366920938463463374607431768211456", false),
        ("", false),
        ("many", false),
    ] {
        assert_eq!(is_manager(&json!(permissions)), manages, "{permissions}");
    }
    assert!(!is_manager(&Json::Null));
}

#[test]
fn a_server_may_go_by_discords_permission_for_the_command() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    server.manages(
        &boss,
        subcommand(&["economy", "item", "add"], &[("item", json!("Hat")), ("price", json!(5))], &[]),
    );
    let typed = Autocomplete { guild: GUILD, manager: false, command: "economy".into(), typed: "ha".into() };
    let choices = || Books::new(&server.sqlite).autocomplete(&typed).unwrap().len();
    let refused = server.says(&ann, adjust("give", &ann, 5));
    check(&refused, Some("not_permitted"));
    assert!(text_of(&refused).contains("economy_by_role value:on"), "{refused}");
    assert_eq!(choices(), 0);
    check(&server.manages(&boss, set_rule("economy_by_role", "yes")), None);
    check(&server.says(&ann, adjust("give", &ann, 5)), None);
    assert_eq!((server.held(&ann), choices()), (5, 1));
    check(&server.manages(&boss, set_rule("economy_by_role", "off")), None);
    check(&server.says(&ann, adjust("give", &ann, 5)), Some("not_permitted"));
}

#[test]
fn a_board_that_others_turn_speaks_of_who_asked_for_it() {
    let (server, ann) = (Server::new(), person(1));
    for number in 1..=12 {
        server.says(&person(number), daily());
    }
    let board = server.says(&ann, page("leaderboard", 1));
    assert_eq!(footer_of(&board), "Player 1 is #1 with 100 coins · page 1 of 2");
    let stranger = person(77);
    let next = server.presses(NOON, &stranger, &board, "Next ▶");
    assert_eq!(footer_of(&next), "Player 1 is #1 with 100 coins · page 2 of 2");
    let back = server.presses(NOON, &person(2), &next, "◀ Better");
    assert_eq!(footer_of(&back), footer_of(&board));
    // A button of the release before says of nobody where they are.
    for custom_id in ["leaderboard:wealth:1", "leaderboard:wealth:1:999"] {
        let pressed =
            Call { pressed: true, ..call(server.id(), &stranger, Command::from_component(custom_id)) };
        assert_eq!(footer_of(&answer(&server.sqlite, NOON, &pressed)), "page 1 of 2");
    }
    let typed = server.says(&stranger, page("leaderboard", 1));
    assert_eq!(footer_of(&typed), "Player 77 is not on it yet · page 1 of 2");
}

#[test]
fn a_payment_says_whose_balance_it_shows() {
    let (server, ann, bob) = (Server::new(), person(1), person(2));
    server.says(&ann, daily());
    let reply = server.says(&ann, pay(&bob, 30, None));
    assert_eq!(field(&reply, "Payer's balance").as_deref(), Some("70 coins"));
    assert!(
        !reply.contains("Your") && !reply.contains("You "),
        "its recipient is notified and reads it: {reply}"
    );
}

#[test]
fn a_refusal_speaks_of_who_has_too_little() {
    let (server, boss, ann, bob) = (Server::new(), person(9), person(1), person(2));
    server.says(&ann, daily());
    let own = server.says(&ann, pay(&bob, 101, None));
    assert_eq!(
        text_of(&own),
        "That is more than the 100 coins you have. Try less, or earn more with `/daily` and `/work`."
    );
    let taken = server.manages(&boss, adjust("take", &ann, 101));
    assert_eq!(
        (code_of(&taken).as_deref(), text_of(&taken).as_str()),
        (Some("insufficient_funds"), "That is more than the 100 coins they have. Take less.")
    );
}

#[test]
fn the_last_page_is_the_last_that_has_anything() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    let last = |reply: &str| {
        check(reply, Some("no_such_page"));
        text_of(reply)
    };
    let audit = |page: u64| subcommand(&["economy", "audit"], &[("page", json!(page))], &[]);
    server.says(&ann, daily());
    assert_eq!(last(&server.says(&ann, page("history", 2))), "The last page is 1.");
    assert_eq!(last(&server.manages(&boss, audit(1))), "There is nothing yet.");
    for _ in 0..11 {
        server.manages(&boss, adjust("give", &ann, 1));
    }
    for asked in [3, 49, 50, 100, 101, u64::from(u32::MAX)] {
        assert_eq!(last(&server.says(&ann, page("history", asked))), "The last page is 2.", "{asked}");
        assert_eq!(last(&server.manages(&boss, audit(asked))), "The last page is 2.", "{asked}");
    }
    check(&server.says(&ann, page("history", 2)), None);
    for name in ["leaderboard", "shop"] {
        let pressed = |asked: &str| Call {
            pressed: true,
            ..call(server.id(), &ann, Command::from_component(&format!("{name}:{asked}")))
        };
        let asked = if name == "shop" { pressed("9") } else { pressed("wealth:9") };
        assert_eq!(last(&answer(&server.sqlite, NOON, &asked)), "The last page is 1.");
    }
    assert_eq!(last(&server.says(&person(3), page("history", 50))), "There is nothing yet.");
}

#[test]
fn a_history_is_no_longer_than_its_hundred_pages() {
    let (server, ann) = (Server::new(), person(1));
    server.says(&ann, daily());
    let boss = person(9);
    for _ in 0..1_010 {
        server.manages(&boss, adjust("give", &ann, 1));
    }
    let last = server.says(&ann, page("history", 100));
    assert_eq!(code_of(&last), None);
    assert!(
        serde_json::from_str::<Json>(&last).unwrap()["data"]["components"][0]["components"][1]["disabled"]
            == true
    );
    assert_eq!(text_of(&server.says(&ann, page("history", 101))), "The last page is 100.");
    let pressed = press(server.id(), &ann, &last, "◀ Newer");
    assert_eq!(code_of(&answer(&server.sqlite, NOON, &pressed)), None);
}

#[test]
fn who_has_a_young_account_earns_nothing_where_the_server_says_so() {
    let sqlite = Sqlite::new();
    let young = Person { id: UserId((NOON.0 - 1_420_070_400_000 - DAY_MS) << 22), ..person(1) };
    let bob = person(2);
    let mut last = 0;
    let mut ask = |now, who: &Person, command| {
        last += 1;
        code_of(&answer(&sqlite, now, &by_manager(call(last, who, command))))
    };
    assert_eq!(ask(NOON, &young, daily()), None, "nobody is refused until somebody says so");
    assert_eq!(ask(NOON, &bob, set_rule("earn_account_age_days", "7")), None);
    let refused = Some("account_too_young".to_owned());
    for command in [daily(), work()] {
        assert_eq!(ask(NOON.plus(DAY_MS), &young, command.clone()), refused);
        assert_eq!(ask(NOON.plus(DAY_MS), &bob, command.clone()), None);
        assert_eq!(ask(NOON.plus(6 * DAY_MS), &young, command), None, "a week old");
    }
    assert_eq!(ask(NOON.plus(DAY_MS), &bob, pay(&young, 5, None)), None, "to be paid is another setting's");
}
