//! The shop, and what those who manage a server do.

use interactions::{Books, Call, Command, Person, interaction::Autocomplete};
use protocol::time::MINUTE_MS;
use serde_json::{Value as Json, json};

use crate::server::Server;
use crate::support::{
    GUILD, NOON, answer, call, code_of, command, daily, field, footer_of, pay, person, press, set_rule,
    subcommand, text_of,
};

fn adjust(act: &str, target: &Person, amount: i64, reason: &str) -> Command {
    let options = [("user", json!(target.id)), ("amount", json!(amount)), ("reason", json!(reason))];
    subcommand(&["economy", act], &options, &[target])
}

fn item(act: &str, options: &[(&str, Json)]) -> Command {
    subcommand(&["economy", "item", act], options, &[])
}

fn buy(item: &str, quantity: i64) -> Command {
    command("buy", &json!([{"name": "item", "value": item}, {"name": "quantity", "value": quantity}]), &[])
}

fn plain(name: &str) -> Command {
    command(name, &json!([]), &[])
}

fn check(reply: &str, code: Option<&str>) {
    assert_eq!(code_of(reply).as_deref(), code, "{reply}");
}

#[test]
fn what_holds_second_accounts_back_is_told_at_the_first_use() {
    let told = |reply: &str| field(reply, "Second accounts");
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    assert_eq!(told(&server.says(&ann, daily())), None, "players need not know");
    let listed = told(&server.manages(&boss, subcommand(&["economy", "settings"], &[], &[]))).unwrap();
    for key in ["earn_account_age_days", "pay_account_age_days", "pay_receive_cap", "pay_tax_percent"] {
        assert!(listed.contains(&format!("`/economy settings key:{key} value:")), "{listed}");
    }
    assert_eq!(told(&server.says(&ann, adjust("give", &ann, 5, "please"))), None);
    assert!(told(&server.manages(&boss, adjust("give", &ann, 5, "because"))).is_some());
    assert_eq!(told(&server.manages(&boss, adjust("give", &ann, 5, "because"))), None, "once is enough");

    let server = Server::new();
    assert_eq!(told(&server.manages(&boss, set_rule("pay_tax_percent", "2"))), None, "it is known");
    let server = Server::new();
    assert!(told(&server.manages(&boss, set_rule("gambling", "on"))).is_some());
}

#[test]
fn coins_are_made_and_burnt_by_those_who_may() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    check(&server.says(&ann, adjust("give", &ann, 5, "please")), Some("not_permitted"));
    let reply = server.manages(&boss, adjust("give", &ann, 500, "won the **contest**"));
    assert_eq!(
        (field(&reply, "Before"), field(&reply, "After")),
        (Some("0 coins".into()), Some("500 coins".into()))
    );
    assert!(text_of(&reply).contains("won the \\*\\*contest\\*\\*"));
    assert!(reply.contains("\"flags\":64"), "only the manager reads it");
    check(&server.manages(&boss, adjust("take", &ann, 200, "fine")), None);
    check(&server.manages(&boss, adjust("set", &ann, 50, "round")), None);
    assert_eq!(server.held(&ann), 50);
    assert_eq!(
        server.sqlite.number("SELECT mint * 10000 + burn FROM journal ORDER BY seq DESC LIMIT 1"),
        -4_999_550
    );
    server.prove();
    let bot = Person { bot: true, ..person(5) };
    for (command, code) in [
        (adjust("give", &bot, 1, "x"), "bot_recipient"),
        (adjust("give", &ann, 1, "  "), "reason_missing"),
        (adjust("give", &ann, 1, &"x".repeat(101)), "note_too_long"),
        (adjust("give", &ann, 0, "x"), "amount_too_small"),
        (adjust("give", &ann, 1_000_000_000_001, "x"), "amount_too_large"),
        (adjust("take", &ann, 51, "x"), "insufficient_funds"),
        (adjust("take", &person(7), 1, "x"), "unknown_player"),
        (adjust("set", &ann, 50, "x"), "nothing_to_change"),
        (adjust("set", &ann, -1, "x"), "amount_too_small"),
        (
            subcommand(&["economy", "reset"], &[("user", json!(ann.id)), ("reason", json!(""))], &[&ann]),
            "reason_missing",
        ),
    ] {
        check(&server.manages(&boss, command), Some(code));
    }
    assert_eq!(server.held(&ann), 50);
}

#[test]
fn a_large_act_asks_twice_and_happens_once() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    let ask = || server.manages(&boss, adjust("give", &ann, 100_001, "grant"));
    let question = ask();
    assert_eq!((server.held(&ann), code_of(&question)), (0, None));
    check(&server.presses(NOON, &person(8), &question, "Yes, do it"), Some("confirmation_gone"));
    let done = server.presses(NOON, &boss, &question, "Yes, do it");
    assert_eq!((server.held(&ann), field(&done, "After").as_deref()), (100_001, Some("100,001 coins")));
    assert!(
        done.contains("\"type\":7") && done.contains("\"components\":[]"),
        "the buttons are gone: {done}"
    );
    check(&server.presses(NOON, &boss, &question, "Yes, do it"), Some("confirmation_gone"));
    check(&server.presses(NOON, &boss, &question, "No"), Some("confirmation_gone"));
    let cancelled = ask();
    assert!(text_of(&server.presses(NOON, &boss, &cancelled, "No")).contains("Nothing has changed"));
    check(&server.presses(NOON, &boss, &cancelled, "Yes, do it"), Some("confirmation_gone"));
    let old = ask();
    check(&server.presses(NOON.plus(15 * MINUTE_MS), &boss, &old, "Yes, do it"), Some("confirmation_gone"));
    let lost = ask();
    let pressed = press(server.id(), &boss, &lost, "Yes, do it");
    check(&answer(&server.sqlite, NOON, &pressed), Some("not_permitted"));
    assert_eq!(server.held(&ann), 100_001);
    server.prove();
}

#[test]
fn a_reset_puts_a_player_back_and_pays_nobody_twice() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    server.says(&ann, daily());
    server.manages(&boss, item("add", &[("item", json!("Hat")), ("price", json!(10))]));
    server.says(&ann, buy("hat", 2));
    let reset =
        subcommand(&["economy", "reset"], &[("user", json!(ann.id)), ("reason", json!("asked"))], &[&ann]);
    let question = server.manages(&boss, reset);
    assert!(text_of(&question).contains("80 coins"), "{question}");
    let done = server.presses(NOON, &boss, &question, "Yes, do it");
    assert_eq!(
        (field(&done, "Before"), field(&done, "After")),
        (Some("80 coins".into()), Some("0 coins".into()))
    );
    check(&server.says(&ann, daily()), Some("daily_claimed"));
    assert!(text_of(&server.says(&ann, plain("inventory"))).contains("nothing yet"));
    server.prove();
}

#[test]
fn rules_are_shown_set_and_kept() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    let show =
        |options: &[(&str, Json)]| server.manages(&boss, subcommand(&["economy", "settings"], options, &[]));
    assert!(text_of(&show(&[])).contains("`daily_base` **100 coins** · What a daily pays"));
    let reply = server.manages(&boss, set_rule("daily_base", "250"));
    assert_eq!(
        (field(&reply, "Before"), field(&reply, "After")),
        (Some("100 coins".into()), Some("250 coins".into()))
    );
    assert_eq!(field(&server.says(&ann, daily()), "Balance").as_deref(), Some("250 coins"));
    assert!(text_of(&show(&[])).contains("`daily_base` **250 coins** ✎"));
    assert_eq!(field(&show(&[("key", json!("daily_base"))]), "Default").as_deref(), Some("100 coins"));
    for (key, value, code) in [
        ("daily_base", "250", "nothing_to_change"),
        ("daily_base", "-1", "bad_setting"),
        ("pay_tax_percent", "7,5 %", "bad_setting"),
        ("pay_tax_percent", "1,5", "bad_setting"),
        ("daily_base", "12,50", "bad_setting"),
        ("luck", "1", "bad_setting"),
        ("pay_max", "0", "bad_setting"),
        ("work_min", "61", "bad_setting"),
    ] {
        check(&server.manages(&boss, set_rule(key, value)), Some(code));
    }
    let reply = server.manages(&boss, set_rule("pay_tax_percent", "200"));
    assert!(text_of(&reply).contains("`pay_tax_percent` takes 0 to 100"), "{reply}");
    check(&server.says(&ann, set_rule("daily_base", "1")), Some("not_permitted"));
}

#[test]
fn a_paused_economy_refuses_players_and_serves_managers() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    let act = |act: &str| server.manages(&boss, subcommand(&["economy", act], &[], &[]));
    check(&act("resume"), Some("nothing_to_change"));
    check(&act("pause"), None);
    check(&act("pause"), Some("nothing_to_change"));
    for command in [daily(), pay(&boss, 1, None), plain("shop"), plain("leaderboard")] {
        check(&server.says(&ann, command), Some("paused"));
    }
    check(&server.manages(&boss, adjust("give", &ann, 5, "sorry")), None);
    check(&act("resume"), None);
    check(&server.says(&ann, daily()), None);
}

#[test]
fn the_shop_sells_what_is_on_the_shelf() {
    let (server, boss, ann, bob) = (Server::new(), person(9), person(1), person(2));
    server.says(&ann, daily());
    server.says(&bob, daily());
    assert!(text_of(&server.says(&ann, plain("shop"))).contains("shelf is empty"));
    let hat = [
        ("item", json!("Top Hat")),
        ("price", json!(30)),
        ("stock", json!(3)),
        ("limit", json!(2)),
        ("description", json!("tall")),
    ];
    check(&server.says(&ann, item("add", &hat)), Some("not_permitted"));
    check(&server.manages(&boss, item("add", &hat)), None);
    check(
        &server.manages(&boss, item("add", &[("item", json!("top hat")), ("price", json!(1))])),
        Some("item_exists"),
    );
    check(
        &server.manages(&boss, item("add", &[("item", json!("Air")), ("price", json!(0))])),
        Some("amount_too_small"),
    );
    assert_eq!(
        text_of(&server.says(&ann, plain("shop"))),
        "**Top Hat** · 30 coins · 3 left · 2 a player\ntall"
    );
    for (who, what, quantity, code) in [
        (&ann, "crown", 1, Some("unknown_item")),
        (&ann, "top hat", 0, Some("bad_quantity")),
        (&ann, "top hat", -3, Some("bad_quantity")),
        (&ann, "top hat", 1_001, Some("bad_quantity")),
        (&ann, "top hat", 4, Some("out_of_stock")),
        (&ann, "top hat", 3, Some("item_limit")),
        (&ann, "TOP HAT", 2, None),
        (&ann, "top hat", 1, Some("item_limit")),
        (&bob, "top hat", 2, Some("out_of_stock")),
        (&bob, "top hat", 1, None),
        (&person(3), "top hat", 1, Some("out_of_stock")),
    ] {
        check(&server.says(who, buy(what, quantity)), code);
    }
    assert_eq!((server.held(&ann), server.held(&bob)), (40, 70));
    assert_eq!(text_of(&server.says(&ann, plain("inventory"))), "2 × **Top Hat**");
    let price = |price: i64| {
        item("edit", &[("item", json!("Top Hat")), ("price", json!(price)), ("stock", json!(-1))])
    };
    check(&server.manages(&boss, price(50)), None);
    check(&server.manages(&boss, price(50)), Some("nothing_to_change"));
    check(&server.says(&person(3), buy("top hat", 1)), Some("insufficient_funds"));
    check(&server.says(&bob, buy("top hat", 1)), None);
    check(&server.manages(&boss, item("remove", &[("item", json!("top hat"))])), None);
    check(&server.says(&bob, buy("top hat", 1)), Some("unknown_item"));
    assert_eq!(text_of(&server.says(&bob, plain("inventory"))), "2 × **Top Hat**", "what was bought stays");
    check(&server.manages(&boss, item("add", &hat)), None);
    let profile = server.says(&bob, command("profile", &json!([]), &[]));
    assert_eq!(field(&profile, "Items").as_deref(), Some("2 × Top Hat"));
    let items = Books::new(&server.sqlite).profile(bob.id, NOON).unwrap().unwrap().items;
    assert_eq!((items[0].name.as_str(), items[0].quantity), ("Top Hat", 2));
    server.prove();
}

#[test]
fn an_item_is_found_however_it_is_capitalised_and_keeps_its_name_when_it_is_added() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    server.says(&ann, daily());
    let add = |name: &str, other: &str| {
        let options = [("item", json!(name)), ("name", json!(other)), ("price", json!(1))];
        server.manages(&boss, item("add", &options))
    };
    check(&add("Éclair", "Жар-птица"), None);
    check(&add("жар-Птица", "Éclair"), None);
    check(&add("éCLAIR", "Cup"), Some("item_exists"));
    check(&add("ЖАР-ПТИЦА", "Cup"), Some("item_exists"));
    let renamed = [("item", json!("ÉCLAIR")), ("name", json!("Жар-Птица"))];
    check(&server.manages(&boss, item("edit", &renamed)), Some("item_exists"));
    check(&server.says(&ann, buy("éclair", 1)), None);
    check(&server.says(&ann, buy("Жар-птица", 1)), None);
    let inventory = server.says(&ann, plain("inventory"));
    assert_eq!(text_of(&inventory), "1 × **Éclair**\n1 × **жар\\-Птица**");
    server.prove();
}

#[test]
fn the_shelf_is_turned_over_in_pages_and_has_an_end() {
    let (server, boss) = (Server::new(), person(9));
    for number in 0..100 {
        let name = format!("Item {number:02}");
        check(&server.manages(&boss, item("add", &[("item", json!(name)), ("price", json!(1))])), None);
    }
    check(
        &server.manages(&boss, item("add", &[("item", json!("One more")), ("price", json!(1))])),
        Some("shelf_full"),
    );
    let first = server.says(&boss, plain("shop"));
    let second = server.presses(NOON, &boss, &first, "More ▶");
    assert!(text_of(&second).starts_with("**Item 10**"), "{second}");
    let typed = |typed: &str| Autocomplete {
        guild: GUILD,
        manager: false,
        command: "buy".into(),
        typed: typed.into(),
    };
    let books = Books::new(&server.sqlite);
    assert_eq!(books.autocomplete(&typed("")).unwrap().len(), 25);
    let choices = books.autocomplete(&typed("m 42")).unwrap();
    assert_eq!((choices.len(), choices[0].value.as_str()), (1, "Item 42"));
    let of_economy = |manager| Autocomplete { manager, command: "economy".into(), ..typed("42") };
    assert_eq!(books.autocomplete(&of_economy(true)).unwrap().len(), 1);
    assert_eq!(books.autocomplete(&of_economy(false)).unwrap().len(), 0);
}

#[test]
fn the_audit_says_who_did_what_to_whom_and_why() {
    let (server, boss, ann) = (Server::new(), person(9), person(1));
    let audit = subcommand(&["economy", "audit"], &[], &[]);
    check(&server.manages(&boss, audit.clone()), Some("no_such_page"));
    server.says(&ann, daily());
    for number in 1..=12 {
        server.manages(&boss, adjust("give", &ann, number, "contest"));
    }
    server.manages(&boss, set_rule("gambling", "on"));
    let page = server.manages(&boss, audit);
    let lines: Vec<String> = text_of(&page).lines().map(str::to_owned).collect();
    assert!(lines[0].ends_with("**settings**: gambling\\: off → on"), "{lines:?}");
    let (boss_id, ann_id) = (boss.id, ann.id);
    assert!(
        lines[1].ends_with(&format!("<@{boss_id}> · **give** · 12 coins · <@{ann_id}> → 178: contest")),
        "{lines:?}"
    );
    let older = server.presses(NOON, &boss, &page, "Older ▶");
    assert_eq!((text_of(&older).lines().count(), footer_of(&older).as_str()), (3, "page 2"));
    check(&server.says(&ann, subcommand(&["economy", "audit"], &[], &[])), Some("not_permitted"));
}

#[test]
fn a_history_has_every_move_of_ones_own_coins() {
    let (server, ann, bob) = (Server::new(), person(1), person(2));
    let history = || plain("history");
    check(&server.says(&ann, history()), Some("no_such_page"));
    server.says(&ann, daily());
    server.says(&bob, daily());
    for _ in 0..11 {
        server.says(&ann, pay(&bob, 1, Some("tea")));
        server.says(&ann, pay(&bob, 5_000, None));
    }
    server.says(&bob, pay(&ann, 50, None));
    let first = server.says(&ann, history());
    let lines: Vec<String> = text_of(&first).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 10);
    assert!(lines[0].ends_with(&format!("pay · **+50** from <@{}> → **139**", bob.id)), "{lines:?}");
    assert!(lines[1].ends_with(&format!("pay · **−1** to <@{}> → **89**: tea", bob.id)), "{lines:?}");
    assert!(first.contains("\"flags\":64"), "only its owner reads it");
    let second = server.presses(NOON, &ann, &first, "Older ▶");
    let lines: Vec<String> = text_of(&second).lines().map(str::to_owned).collect();
    assert_eq!(
        (lines.len(), lines[2].contains("daily · **+100** from the mint → **100**")),
        (3, true),
        "{lines:?}"
    );
    check(
        &server.says(&ann, command("history", &json!([{"name": "page", "value": 3}]), &[])),
        Some("no_such_page"),
    );
    assert_eq!(text_of(&server.says(&bob, history())).lines().count(), 10);
}

#[test]
fn a_button_that_means_nothing_any_more_says_so() {
    let (server, ann) = (Server::new(), person(1));
    for custom_id in
        ["", "rob:1", "leaderboard", "leaderboard:luck:1", "economy:yes:x", "history:-1", "shop:x"]
    {
        let pressed = Call { pressed: true, ..call(server.id(), &ann, Command::from_component(custom_id)) };
        check(&answer(&server.sqlite, NOON, &pressed), Some("unknown_command"));
    }
    for custom_id in
        ["leaderboard:wealth:0", "history:0", "shop:0", "shop:99", "leaderboard:wealth:18446744073709551615"]
    {
        server.says(&ann, daily());
        let pressed = Call { pressed: true, ..call(server.id(), &ann, Command::from_component(custom_id)) };
        check(&answer(&server.sqlite, NOON, &pressed), Some("no_such_page"));
    }
}
