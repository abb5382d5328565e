//! The economy's rules, one line each, as a player meets them.

use crate::support::{
    GUILD, NOON, Sqlite, answer, answer_by, balance, by_manager, call, code_of, coinflip, command, daily,
    field, parse, pay, person, set_rule, subcommand, work,
};
use interactions::{
    Command, Person,
    books::Listener,
    rules::{self, Account, Refusal, TransferOrder, check_order, transfer},
    settings::{Key, Settings},
};
use protocol::{Coins, Timestamp, UserId, time::DAY_MS};
use serde_json::json;

/// Plays commands in order; the last reply is looked at.
fn play(commands: &[(&Person, Timestamp, Command)]) -> (Sqlite, String) {
    let sqlite = Sqlite::new();
    let mut reply = String::new();
    for (number, (actor, at, command)) in commands.iter().enumerate() {
        reply = answer(&sqlite, *at, &call(number as u64 + 1, actor, command.clone()));
    }
    assert_eq!(sqlite.number("SELECT COUNT(*) FROM journal"), i64::try_from(commands.len()).unwrap());
    if !commands.is_empty() {
        assert_books_balance(&sqlite);
    }
    (sqlite, reply)
}

fn assert_books_balance(sqlite: &Sqlite) {
    let held = sqlite.number("SELECT COALESCE(SUM(balance), 0) FROM accounts");
    let last = "FROM journal ORDER BY seq DESC LIMIT 1";
    assert_eq!(
        sqlite.number(&format!("SELECT wealth {last}")),
        held,
        "the running wealth is what accounts hold"
    );
    assert_eq!(
        sqlite.number(&format!("SELECT wealth + mint + burn + shop + house {last}")),
        0,
        "all accounts add up to zero"
    );
    assert!(sqlite.number("SELECT COALESCE(MIN(balance), 0) FROM accounts") >= 0);
}

fn check_refused(code: &str, commands: &[(&Person, Timestamp, Command)]) {
    let before = play(&commands[..commands.len() - 1]).0;
    let (after, reply) = play(commands);
    assert_eq!(code_of(&reply).as_deref(), Some(code));
    for table in
        ["SELECT COUNT(*) FROM accounts", "SELECT COALESCE(SUM(balance + xp + streak), 0) FROM accounts"]
    {
        assert_eq!(before.number(table), after.number(table), "{code}: {table}");
    }
}

fn check_fields(expected: &[(&str, &str)], commands: &[(&Person, Timestamp, Command)]) {
    let (_, reply) = play(commands);
    assert_eq!(code_of(&reply), None, "{reply}");
    for (name, value) in expected {
        assert_eq!(field(&reply, name).as_deref(), Some(*value), "{name} in {reply}");
    }
}

fn day(number: u64) -> Timestamp {
    NOON.plus(number * DAY_MS)
}

#[test]
fn a_daily_pays_more_with_each_day() {
    let ann = person(1);
    check_fields(&[("Balance", "100 coins"), ("Streak", "1 day"), ("Rank", "#1")], &[(&ann, NOON, daily())]);
    check_fields(
        &[("Balance", "210 coins"), ("Streak", "2 days")],
        &[(&ann, NOON, daily()), (&ann, day(1), daily())],
    );
    let month: Vec<_> = (0..30).map(|number| (&ann, day(number), daily())).collect();
    // 100 a day, and 10 + 20 + … + 200, then 200 a day.
    check_fields(&[("Balance", "6,900 coins"), ("Streak", "30 days")], &month);
}

#[test]
fn a_day_is_a_calendar_day() {
    let ann = person(1);
    let midnight = NOON.day().next().start();
    check_fields(&[("Streak", "2 days")], &[(&ann, midnight.minus(1), daily()), (&ann, midnight, daily())]);
    check_refused("daily_claimed", &[(&ann, midnight, daily()), (&ann, midnight.plus(DAY_MS - 1), daily())]);
}

#[test]
fn a_clock_that_steps_back_pays_no_day_twice() {
    let ann = person(1);
    check_refused("daily_claimed", &[(&ann, day(1), daily()), (&ann, day(0), daily())]);
}

#[test]
fn a_freeze_forgives_one_missed_day() {
    let ann = person(1);
    let week: Vec<_> = (0..7).map(|number| (&ann, day(number), daily())).collect();
    let and = |number| [week.clone(), vec![(&ann, day(number), daily())]].concat();
    check_fields(&[("Streak", "8 days")], &and(7));
    check_fields(&[("Streak", "8 days")], &and(8));
    check_fields(&[("Streak", "1 day")], &and(9));
    let twice = [and(8), vec![(&ann, day(10), daily())]].concat();
    check_fields(&[("Streak", "1 day")], &twice);
}

#[test]
fn two_freezes_can_be_held_and_outlive_the_streak() {
    let claim = |account: Account, number| rules::daily(account, &Settings::default(), day(number)).unwrap();
    let mut account = Account::open(&person(1), NOON);
    let mut held = Vec::new();
    for number in 0..21 {
        account = claim(account, number).account;
        held.push(account.freezes);
    }
    assert_eq!(
        held,
        [[0; 6].as_slice(), &[1; 7], &[2; 8]].concat(),
        "the 7th and the 14th day, not the 21st"
    );
    let anew = claim(account.clone(), 23).account;
    assert_eq!((anew.streak, anew.freezes), (1, 2), "two missed days are no freeze's");
    let forgiven = claim(account, 22);
    assert_eq!((forgiven.freeze_used, forgiven.account.streak, forgiven.account.freezes), (true, 22, 1));
}

#[test]
fn what_comes_again_says_when() {
    let ann = person(1);
    let moment = |at: Timestamp| format!("<t:{}:R>", at.seconds());
    let next_day = moment(NOON.day().next().start());
    let next_shift = moment(NOON.plus(3_600_000));
    for (commands, said) in [
        (vec![(&ann, NOON, daily())], &next_day),
        (vec![(&ann, NOON, daily()), (&ann, NOON.plus(5), daily())], &next_day),
        (vec![(&ann, NOON, work())], &next_shift),
        (vec![(&ann, NOON, work()), (&ann, NOON.plus(5), work())], &next_shift),
    ] {
        let (_, reply) = play(&commands);
        assert!(reply.contains(said.as_str()), "no {said} in {reply}");
    }
}

#[test]
fn a_payment_moves_coins_and_tells_the_recipient_alone() {
    let (ann, bob) = (person(1), person(2));
    let commands = [(&ann, NOON, daily()), (&ann, NOON, pay(&bob, 30, Some("**thanks** @everyone")))];
    check_fields(&[("Payer's balance", "70 coins")], &commands);
    let reply: serde_json::Value = serde_json::from_str(&play(&commands).1).unwrap();
    let mentions = &reply["data"]["allowed_mentions"];
    assert_eq!(mentions["users"], json!([bob.id.to_string()]));
    assert_eq!(mentions["parse"], json!([]));
    let text = reply["data"]["embeds"][0]["description"].as_str().unwrap();
    assert!(text.contains("\\*\\*thanks\\*\\* @\u{200b}everyone"), "{text}");
    let seen = [commands.to_vec(), vec![(&bob, NOON, balance(None))]].concat();
    assert!(play(&seen).1.contains("**Player 2** has **30 coins**"));
}

#[test]
fn payments_are_refused_in_a_fixed_order() {
    let (ann, bob) = (person(1), person(2));
    let bot = Person { bot: true, ..person(3) };
    let rich = (&ann, NOON, daily());
    check_refused("self_transfer", &[rich.clone(), (&ann, NOON, pay(&ann, 0, None))]);
    check_refused("bot_recipient", &[rich.clone(), (&ann, NOON, pay(&bot, 0, None))]);
    check_refused("amount_too_small", &[rich.clone(), (&ann, NOON, pay(&bob, 0, None))]);
    check_refused("amount_too_small", &[rich.clone(), (&ann, NOON, pay(&bob, -5, None))]);
    check_refused("amount_too_small", &[rich.clone(), (&ann, NOON, pay(&bob, i64::MIN, None))]);
    check_refused("amount_too_large", &[rich.clone(), (&ann, NOON, pay(&bob, 1_000_001, None))]);
    check_refused("amount_too_large", &[rich.clone(), (&ann, NOON, pay(&bob, i64::MAX, None))]);
    let long = "x".repeat(101);
    check_refused("note_too_long", &[rich.clone(), (&ann, NOON, pay(&bob, 101, Some(&long)))]);
    check_refused("insufficient_funds", &[rich.clone(), (&ann, NOON, pay(&bob, 101, None))]);
    check_refused("insufficient_funds", &[(&ann, NOON, pay(&bob, 1, None))]);
    check_fields(&[("Payer's balance", "0 coins")], &[rich, (&ann, NOON, pay(&bob, 100, None))]);
}

#[test]
fn nobody_holds_more_than_the_cap() {
    use interactions::sql::Sql as _;

    let (ann, bob) = (person(1), person(2));
    let sqlite = Sqlite::new();
    for (id, who) in [(1, &ann), (2, &bob)] {
        answer(&sqlite, NOON, &call(id, who, daily()));
    }
    let almost =
        format!("UPDATE accounts SET balance = {} WHERE user = '{}'", Coins::PLAYER_CAP.get() - 5, bob.id);
    sqlite.execute(&almost, &[]).unwrap();
    let reply = answer(&sqlite, NOON, &call(3, &ann, pay(&bob, 6, None)));
    assert_eq!(code_of(&reply).as_deref(), Some("recipient_cap"));
    let reply = answer(&sqlite, day(1), &call(4, &bob, daily()));
    assert_eq!(code_of(&reply).as_deref(), Some("recipient_cap"), "a claim is not consumed without pay");
    let reply = answer(&sqlite, NOON, &call(5, &ann, pay(&bob, 5, None)));
    assert_eq!(code_of(&reply), None);
}

#[test]
fn balance_shows_rank_and_level() {
    let (ann, bob) = (person(1), person(2));
    let commands = [
        (&ann, NOON, daily()),
        (&bob, NOON, daily()),
        (&ann, NOON, pay(&bob, 1, None)),
        (&bob, NOON, balance(Some(&ann))),
    ];
    check_fields(&[("Rank", "#2"), ("Level", "0")], &commands);
    let (sqlite, reply) = play(&[(&ann, NOON, balance(None))]);
    assert!(reply.contains("no account yet"));
    assert_eq!(sqlite.number("SELECT COUNT(*) FROM accounts"), 0, "looking opens no account");
}

#[test]
fn experience_makes_levels() {
    for (xp, level) in
        [(0, 0), (99, 0), (100, 1), (299, 1), (300, 2), (599, 2), (600, 3), (50 * 100 * 101, 100)]
    {
        assert_eq!(rules::level(xp), level, "{xp} xp");
    }
    let ann = person(1);
    let (sqlite, _) = play(&(0..4).map(|number| (&ann, day(number), daily())).collect::<Vec<_>>());
    let books = interactions::Books::new(&sqlite);
    let events: Vec<_> = books
        .backlog(NOON, GUILD, Listener::Everyone)
        .unwrap()
        .unwrap()
        .records
        .into_iter()
        .flat_map(|record| record.events)
        .collect();
    assert_eq!(events.last().unwrap().message, "Player 1 reached level 1");
    assert_eq!(events.len(), 5);
}

#[test]
fn experience_has_a_daily_limit() {
    let (ann, bob) = (person(1), person(2));
    let mut commands = vec![(&ann, NOON, daily())];
    commands.extend((0..30).map(|_| (&ann, NOON, pay(&bob, 1, None))));
    let (sqlite, _) = play(&commands);
    assert_eq!(sqlite.number("SELECT MAX(xp) FROM accounts"), 200);
    commands.push((&ann, day(1), pay(&bob, 1, None)));
    let (sqlite, _) = play(&commands);
    assert_eq!(sqlite.number("SELECT MAX(xp) FROM accounts"), 210, "the next day is another one");
    assert_eq!(sqlite.number("SELECT MIN(xp) FROM accounts"), 0, "who is paid has done nothing");
}

#[test]
fn each_command_brings_its_experience() {
    let (sqlite, ann, boss) = (Sqlite::new(), person(1), person(9));
    let hat = [("item", json!("Hat")), ("price", json!(1))];
    let buy = command("buy", &json!([{"name": "item", "value": "hat"}]), &[]);
    let managed = [set_rule("gambling", "on"), subcommand(&["economy", "item", "add"], &hat, &[])];
    for (id, act) in (1..).zip(managed) {
        assert_eq!(code_of(&answer(&sqlite, NOON, &by_manager(call(id, &boss, act)))), None);
    }
    let mut before = 0;
    for (number, (played, expected)) in
        [(daily(), 25), (work(), 15), (coinflip("heads", 1), 10), (buy, 10), (balance(None), 0)]
            .into_iter()
            .enumerate()
    {
        let reply = answer(&sqlite, NOON, &call(100 + number as u64, &ann, played));
        assert_eq!(code_of(&reply), None, "{reply}");
        let xp = sqlite.number("SELECT xp FROM accounts");
        assert_eq!(xp - before, expected, "{reply}");
        before = xp;
    }
}

#[test]
fn the_same_interaction_is_answered_once() {
    let (ann, bob) = (person(1), person(2));
    let sqlite = Sqlite::new();
    for (id, command) in
        [(1, daily()), (2, pay(&bob, 10, None)), (3, pay(&bob, 1_000, None)), (4, balance(None))]
    {
        let first = answer(&sqlite, NOON, &call(id, &ann, command.clone()));
        for later in [NOON, day(1), day(9)] {
            assert_eq!(answer(&sqlite, later, &call(id, &ann, command.clone())), first);
        }
    }
    assert_eq!(sqlite.number("SELECT COUNT(*) FROM journal"), 4);
    assert_eq!(sqlite.number("SELECT SUM(balance) FROM accounts"), 100);
}

#[test]
fn an_unknown_command_is_a_polite_reply_and_an_error_event() {
    let ann = person(1);
    let unknown = command("rob", &json!([]), &[]);
    let (sqlite, reply) = play(&[(&ann, NOON, unknown)]);
    assert_eq!(code_of(&reply).as_deref(), Some("unknown_command"));
    let push = interactions::Books::new(&sqlite).backlog(NOON, GUILD, Listener::Everyone).unwrap().unwrap();
    assert_eq!(push.records[0].events[0].severity, protocol::Severity::Error);
}

#[test]
fn a_young_account_is_told_so() {
    let settings = Settings::default().with(Key::PayAccountAgeDays, 7).unwrap();
    let young = Person { id: UserId((NOON.0 - 1_420_070_400_000 - DAY_MS) << 22), ..person(1) };
    let bob = person(2);
    let order = TransferOrder { to: &bob, amount: Coins::new(1), note: None };
    assert_eq!(check_order(&young, order, &settings, NOON).unwrap_err().code(), "account_too_young");
    assert!(check_order(&young, order, &settings, day(7)).is_ok());
}

#[test]
fn a_tax_is_burnt_and_cannot_be_avoided_in_small_coins() {
    let settings = Settings::default().with(Key::PayTaxPercent, 10).unwrap();
    let mut ann = Account::open(&person(1), NOON);
    ann.balance = Coins::new(100);
    for (amount, tax) in [(100, 10), (11, 2), (1, 1)] {
        let bob = Account::open(&person(2), NOON);
        let done = transfer(ann.clone(), bob, Coins::new(amount), &settings, NOON).unwrap();
        assert_eq!((done.tax.get(), done.to.balance.get()), (tax, amount - tax));
    }
}

#[test]
fn a_day_has_caps_for_sending_and_receiving() {
    let settings =
        Settings::default().with(Key::PaySendCap, 50).unwrap().with(Key::PayReceiveCap, 70).unwrap();
    let mut ann = Account::open(&person(1), NOON);
    ann.balance = Coins::new(1_000);
    let pay = |from: &Account, to: &Account, amount, now| {
        transfer(from.clone(), to.clone(), Coins::new(amount), &settings, now)
    };
    let bob = Account::open(&person(2), NOON);
    let first = pay(&ann, &bob, 40, NOON).unwrap();
    let refusal = pay(&first.from, &first.to, 11, NOON.plus(DAY_MS - 1)).unwrap_err();
    assert_eq!(refusal, Refusal::SendCap { left: Coins::new(10), next: NOON.plus(DAY_MS) });
    assert!(pay(&first.from, &first.to, 10, NOON.plus(DAY_MS - 1)).is_ok());
    assert!(pay(&first.from, &first.to, 50, NOON.plus(DAY_MS)).is_ok(), "a new day, a new cap");
    let mut cat = Account::open(&person(3), NOON);
    cat.balance = Coins::new(1_000);
    let refusal = pay(&cat, &first.to, 31, NOON).unwrap_err();
    assert_eq!(refusal, Refusal::ReceiveCap { left: Coins::new(30), next: NOON.plus(DAY_MS) });
    assert!(pay(&cat, &first.to, 30, NOON).is_ok());
}

#[test]
fn work_pays_fairly_and_again_after_a_while() {
    let ann = person(1);
    let hour = 3_600_000;
    let refused = [(&ann, NOON, work()), (&ann, NOON.plus(hour - 1), work())];
    check_refused("cooldown", &refused);
    check_refused("cooldown", &[(&ann, NOON, work()), (&ann, NOON.minus(hour), work())]);
    check_fields(&[("Balance", "40 coins")], &[(&ann, NOON, work()), (&ann, NOON.plus(hour), work())]);
    let account = Account::open(&ann, NOON);
    let earned =
        |entropy| rules::work(account.clone(), &Settings::default(), NOON, entropy).unwrap().amount.get();
    assert_eq!((earned(0), earned(u64::MAX)), (20, 60));
    let draws: Vec<i64> = (0..41_000).map(|draw| earned((u64::MAX / 41_000) * draw)).collect();
    for amount in 20..=60 {
        let times = draws.iter().filter(|&&drawn| drawn == amount).count();
        assert!((999..=1_001).contains(&times), "{amount} is drawn {times} times of 41,000");
    }
}

#[test]
fn a_coin_is_fair_and_the_house_pays_what_it_has_won() {
    const HEADS: u64 = 0;
    const TAILS: u64 = 1 << 63;
    let (ann, sqlite) = (person(1), Sqlite::new());
    answer(&sqlite, NOON, &call(1, &ann, daily()));
    let reply = answer_by(&sqlite, NOON, HEADS, &call(2, &ann, coinflip("heads", 10)));
    assert_eq!(code_of(&reply).as_deref(), Some("gambling_off"));
    answer(&sqlite, NOON, &by_manager(call(3, &ann, set_rule("gambling", "on"))));
    for (id, bet, code) in
        [(4, 0, "amount_too_small"), (5, 10_001, "amount_too_large"), (6, 101, "insufficient_funds")]
    {
        assert_eq!(
            code_of(&answer(&sqlite, NOON, &call(id, &ann, coinflip("heads", bet)))).as_deref(),
            Some(code)
        );
    }
    let mut next = 7;
    let mut play = |side, bet, entropy| {
        next += 1;
        let reply = answer_by(&sqlite, NOON, entropy, &call(next, &ann, coinflip(side, bet)));
        assert_books_balance(&sqlite);
        let row = "SELECT debit || '>' || credit FROM journal ORDER BY seq DESC LIMIT 1";
        (field(&reply, "Balance").unwrap(), sqlite.text(row).replace(&ann.id.to_string(), "ann"))
    };
    assert_eq!(play("tails", 40, HEADS), ("60 coins".to_owned(), "ann>house".to_owned()));
    assert_eq!(play("tails", 30, TAILS), ("90 coins".to_owned(), "house>ann".to_owned()));
    assert_eq!(
        play("heads", 30, HEADS),
        ("120 coins".to_owned(), "mint>ann".to_owned()),
        "the house holds 10"
    );
    assert_eq!(play("heads", 120, TAILS), ("0 coins".to_owned(), "ann>house".to_owned()));
}

#[test]
fn discord_may_add_and_leave_out_what_is_not_used() {
    use interactions::Interaction;

    assert_eq!(parse(&json!({"type": 1})).unwrap(), Interaction::Ping);
    let bare = json!({"type": 2, "id": "5", "guild_id": "6", "member": {"user": {"id": "7"}}, "data": {"name": "daily"}});
    let Interaction::Command(call, _) = parse(&bare).unwrap() else { panic!("not a command") };
    assert_eq!(call.actor.name, "Player 7");
    let nulls = json!({"type": 2, "id": "5", "guild_id": "6", "member": {"nick": null, "permissions": null,
        "user": {"id": "7", "bot": null, "system": null, "global_name": null}},
        "data": {"name": "daily", "options": null, "resolved": null}});
    let Interaction::Command(call, _) = parse(&nulls).unwrap() else { panic!("not a command") };
    assert_eq!((call.actor.bot, call.manager), (false, false));
    let nulls = json!({"type": 2, "id": "5", "guild_id": "6", "member": {"user": {"id": "7"}}, "data": {"name": "daily",
        "options": [], "resolved": {"users": null, "members": null}}});
    assert!(matches!(parse(&nulls), Ok(Interaction::Command(..))));
    let dm = json!({"type": 2, "id": "5", "user": {"id": "7", "username": "a"}, "data": {"name": "daily"}});
    assert_eq!(parse(&dm).unwrap(), Interaction::OutsideServer);
    let typing = json!({"type": 4, "id": "5", "user": {"id": "7"}, "data": {"name": "buy", "options": [
        {"name": "item", "type": 3, "value": "ha", "focused": true}]}});
    assert_eq!(parse(&typing).unwrap(), Interaction::NoChoices);
    for (owners, is_answered) in [
        (json!(null), true),
        (json!({"0": "6"}), true),
        (json!({"0": "6", "1": "7"}), true),
        (json!({"1": "7"}), false),
        (json!({}), false),
    ] {
        let brought = json!({"type": 2, "id": "5", "application_id": "9", "guild_id": "6", "data": {"name": "daily"},
            "member": {"user": {"id": "7"}}, "authorizing_integration_owners": owners});
        let read = parse(&brought).unwrap();
        assert_eq!(matches!(read, Interaction::Command(..)), is_answered, "{owners}");
        assert_eq!(read == Interaction::NotAdded("9".into()), !is_answered, "{owners}");
        let pressed = json!({"type": 3, "id": "5", "guild_id": "6", "data": {"custom_id": "again"},
            "member": {"user": {"id": "7"}}, "authorizing_integration_owners": owners});
        assert_eq!(
            matches!(parse(&pressed), Ok(Interaction::Command(..))),
            is_answered,
            "a button, {owners}"
        );
        let typing = json!({"type": 4, "id": "5", "guild_id": "6", "member": {"user": {"id": "7"}}, "data": {"name": "buy",
            "options": []}, "authorizing_integration_owners": owners});
        assert_eq!(parse(&typing).unwrap() == Interaction::NoChoices, !is_answered, "typing, {owners}");
    }
    let full = json!({"type": 2, "id": "5", "guild_id": "6", "new": {"field": []}, "data": {"name": "daily", "x": 1},
        "member": {"nick": "  \u{202e}Ann ", "user": {"id": "7", "username": "a", "global_name": "b", "y": null}}});
    let Interaction::Command(call, _) = parse(&full).unwrap() else { panic!("not a command") };
    assert_eq!(call.actor.name, "Ann");
}

#[test]
fn what_is_not_an_interaction_has_a_code() {
    let member = json!({"user": {"id": "7"}});
    let cases = [
        ("malformed_interaction", json!([])),
        ("malformed_interaction", json!({})),
        ("malformed_interaction", json!({"type": "2"})),
        ("malformed_interaction", json!({"type": 2})),
        ("malformed_interaction", json!({"type": 2, "id": "x", "guild_id": "1"})),
        ("unknown_interaction_type", json!({"type": 9})),
        (
            "incomplete_interaction",
            json!({"type": 3, "id": "5", "guild_id": "6", "member": member, "data": {}}),
        ),
        ("incomplete_interaction", json!({"type": 4, "id": "5", "guild_id": "6", "member": member})),
        ("incomplete_interaction", json!({"type": 2, "id": "5", "guild_id": "6", "data": {"name": "daily"}})),
        ("incomplete_interaction", json!({"type": 2, "id": "5", "guild_id": "6", "member": member})),
        (
            "bad_option",
            json!({"type": 2, "id": "5", "guild_id": "6", "member": member, "data": {"name": "pay"}}),
        ),
        (
            "bad_option",
            json!({"type": 2, "id": "5", "guild_id": "6", "member": member, "data": {"name": "pay", "options":
                [{"name": "user", "value": "8"}, {"name": "amount", "value": 1}]}}),
        ),
    ];
    for (code, body) in cases {
        assert_eq!(parse(&body).unwrap_err().code(), code, "{body}");
    }
}

#[test]
fn the_proof_finds_what_does_not_add_up() {
    use interactions::sql::Sql as _;

    let (ann, bob) = (person(1), person(2));
    let (sqlite, _) = play(&[(&ann, NOON, daily()), (&ann, NOON, pay(&bob, 30, None))]);
    let books = interactions::Books::new(&sqlite);
    let proof = books.prove().unwrap();
    assert_eq!((proof.rows, proof.accounts, proof.sum, proof.mismatches.len()), (2, 2, Coins::ZERO, 0));
    sqlite.execute(&format!("UPDATE accounts SET balance = 31 WHERE user = '{}'", bob.id), &[]).unwrap();
    let proof = books.prove().unwrap();
    assert_eq!(proof.sum, Coins::new(1));
    let wrong = &proof.mismatches[0];
    assert_eq!((wrong.user_id, wrong.journal, wrong.account), (bob.id, Coins::new(30), Coins::new(31)));
}
