//! Ranks and boards stand as though everybody had been sorted, whatever happened before and however often the memory
//! was lost.

use interactions::{
    Books, Person,
    books::Measure,
    schema,
    sql::{Sql as _, Value},
};
use proptest::prelude::*;
use protocol::time::DAY_MS;
use serde_json::json;

use crate::support::{
    NOON, Sqlite, answer, by_manager, call, code_of, command, daily, footer_of, pay, person, press,
    subcommand, text_of,
};

fn leaderboard(by: &str, page: u64) -> interactions::Command {
    command("leaderboard", &json!([{"name": "by", "value": by}, {"name": "page", "value": page}]), &[])
}

/// Accounts with these balances, as though they had been played for.
fn seed(sqlite: &Sqlite, balances: &[i64]) {
    let statement = "INSERT INTO accounts (user, name, balance, xp, level, xp_day, xp_today, streak, freezes, created_at, last_at)
        VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?3 % 40, 0, 0, 0)";
    sqlite.run("BEGIN");
    for (number, &balance) in balances.iter().enumerate() {
        let Person { id, name, .. } = person(number as u64);
        let xp = balance.unsigned_abs() * 3;
        let level = interactions::rules::level(xp);
        sqlite.query(statement, &[id.into(), name.into(), balance.into(), xp.into(), level.into()]).unwrap();
    }
    sqlite.run("COMMIT");
}

fn assert_ranks(sqlite: &Sqlite, books: &Books<&Sqlite>) {
    for (measure, column) in Measure::ALL.into_iter().zip(["balance", "level", "streak"]) {
        let sorted = sqlite.query(&format!("SELECT {column} FROM accounts ORDER BY 1 DESC"), &[]).unwrap();
        let (mut rank, mut last, mut listed) = (0, None, 0);
        for (place, row) in (1..).zip(&sorted) {
            let Value::Integer(value) = row[0] else { panic!("{row:?}") };
            listed += u64::from(value > 0);
            if last.replace(value) != Some(value) {
                rank = place;
                assert_eq!(books.rank(measure, value).unwrap(), rank, "{column} {value}");
            }
        }
        assert_eq!(books.ranked(measure).unwrap(), listed, "after rank {rank}");
    }
}

#[test]
fn a_board_shows_ranks_that_equals_share() {
    let sqlite = Sqlite::new();
    let players: Vec<Person> = (1..=12).map(person).collect();
    for (id, player) in (1..).zip(&players) {
        answer(&sqlite, NOON, &call(id, player, daily()));
    }
    answer(&sqlite, NOON, &call(20, &players[0], pay(&players[1], 30, None)));
    let first = answer(&sqlite, NOON, &call(21, &players[0], leaderboard("wealth", 1)));
    let lines: Vec<String> = text_of(&first).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[0], "**#1** Player 2 · 130 coins");
    assert!(lines[1].starts_with("**#2**") && lines[9].starts_with("**#2**"), "{lines:?}");
    assert_eq!(footer_of(&first), "Player 1 is #12 with 70 coins · page 1 of 2");
    let second = answer(&sqlite, NOON, &press(22, &players[1], &first, "Next ▶"));
    assert_eq!(text_of(&second).lines().last(), Some("**#12** Player 1 · 70 coins"));
    assert!(second.contains("\"type\":7"), "a button changes the message it is below");
    assert_eq!(footer_of(&second), "Player 1 is #12 with 70 coins · page 2 of 2", "whoever turns the page");
    let back = answer(&sqlite, NOON, &press(23, &players[0], &second, "◀ Better"));
    assert_eq!(text_of(&back), text_of(&first));
    for (id, by, page, code) in
        [(24, "wealth", 3, Some("no_such_page")), (25, "streak", 2, None), (26, "level", 1, None)]
    {
        let reply = answer(&sqlite, NOON, &call(id, &players[0], leaderboard(by, page)));
        assert_eq!(code_of(&reply).as_deref(), code, "{by} {page}");
    }
}

#[test]
fn an_empty_board_says_how_to_be_the_first() {
    let sqlite = Sqlite::new();
    let reply = answer(&sqlite, NOON, &call(1, &person(1), leaderboard("level", 1)));
    assert_eq!(
        (code_of(&reply), footer_of(&reply).as_str()),
        (None, "Player 1 is not on it yet · page 1 of 1")
    );
    assert_eq!(text_of(&reply), "Nobody yet. Be the first with `/daily`.");
}

#[test]
fn ranks_stand_over_many_rungs_and_over_a_restart() {
    let sqlite = Sqlite::new();
    // Many share a value, many have one of their own, some have nothing.
    let balances: Vec<i64> = (0..6_000).map(|n| if n % 3 == 0 { 100 } else { n * 7 % 5_000 }).collect();
    seed(&sqlite, &balances);
    let books = Books::new(&sqlite);
    assert_ranks(&sqlite, &books);
    for id in 0..1_200_u64 {
        let who = person(id * 5 % 6_000);
        books.answer(NOON, 0, &call(id + 1, &who, daily()), 1).unwrap();
    }
    assert_ranks(&sqlite, &books);
    books.tidy(NOON).unwrap();
    assert_eq!(sqlite.number("SELECT seq FROM standings"), 1_200);
    for id in 0..300_u64 {
        books
            .answer(NOON, 0, &call(id + 5_000, &person(id * 5), pay(&person(id * 5 + 1), 60, None)), 1)
            .unwrap();
    }
    assert_ranks(&sqlite, &Books::new(&sqlite));
}

/// Counted in steps of the database's machine: what a clock would say of a million players, said at once and the same
/// on every machine.
#[test]
fn a_command_costs_the_same_among_many_as_among_few() {
    let cost = |players: u64| {
        let sqlite = Sqlite::new();
        seed(
            &sqlite,
            &(0..players.cast_signed()).map(|n| (n * 7_919) % 10_007 * (n % 7 + 1)).collect::<Vec<_>>(),
        );
        let books = Books::new(&sqlite);
        let say = |id: u64, command: interactions::Command| {
            let before = sqlite.steps.get();
            books.answer(NOON, 0, &call(id, &person(id * 37 % players), command), 1).unwrap();
            sqlite.steps.get() - before
        };
        say(1, daily()); // The first command reads the standings.
        (0..200_u64)
            .map(|n| {
                let other = person(n * 41 % players);
                let looked =
                    say(n * 4 + 2, leaderboard("level", 1)) + say(n * 4 + 3, crate::support::balance(None));
                looked + say(n * 4 + 4, daily()) + say(n * 4 + 5, pay(&other, 1, None))
            })
            .sum::<u64>()
    };
    let (few, many) = (cost(1_000), cost(30_000));
    assert!(many * 10 <= few * 13, "{few} steps among a thousand, {many} among thirty");
}

#[test]
fn a_streak_that_ended_leaves_the_board_the_next_day() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let books = Books::new(&sqlite);
    let at = |day: u64| NOON.plus(day * DAY_MS);
    let claim = |id, who, day| books.answer(at(day), 0, &call(id, who, daily()), 1).unwrap();
    for day in 0..3 {
        claim(day + 1, &ann, day);
    }
    claim(10, &bob, 2);
    let streaks = |day| {
        while books.tidy(at(day)).unwrap() {}
        let board = books.board(Measure::Streak, 0, 10).unwrap();
        assert_ranks(&sqlite, &books);
        board.into_iter().map(|standing| standing.account.streak).collect::<Vec<_>>()
    };
    assert_eq!(streaks(2), [3, 1]);
    assert_eq!(streaks(3), [3, 1], "yesterday's claim still counts");
    claim(11, &bob, 3);
    assert_eq!(streaks(4), [2], "Ann missed a day");
    assert_ranks(&sqlite, &Books::new(&sqlite));
    let reply = claim(12, &ann, 4).reply;
    assert_eq!(crate::support::field(&reply, "Streak").as_deref(), Some("1 day"));
}

#[test]
fn players_are_read_in_pages() {
    let sqlite = Sqlite::new();
    seed(&sqlite, &(0..120).collect::<Vec<_>>());
    let books = Books::new(&sqlite);
    let page = books.players(Measure::Wealth, 3, NOON).unwrap();
    assert_eq!((page.players.len(), page.pages), (19, 3), "who has nothing is not listed");
    assert_eq!((page.players[0].rank, page.players[0].balance.get()), (101, 19));
    let beyond = books.players(Measure::Wealth, 50, NOON).unwrap();
    assert_eq!(
        (beyond.page, &beyond.players),
        (3, &page.players),
        "players have gone since it was asked for"
    );
    let streaks = books.players(Measure::Streak, 1, NOON).unwrap();
    assert_eq!((streaks.players.len(), streaks.by.as_str()), (50, "streak"));
}

#[test]
fn what_an_older_release_left_behind_is_carried_on() {
    let sqlite = Sqlite::empty();
    schema::migrate_to(&sqlite, 1).unwrap();
    let (ann, bob) = (person(1), person(2));
    sqlite.run(&format!(
        "INSERT INTO accounts VALUES ('{ann}', 'Ann', 70, 735, 0, 35, 1, 0, 20779, 1, 1),
            ('{bob}', 'Bob', 30, 0, 0, 0, 0, 0, NULL, 1, 1);
        INSERT INTO journal VALUES
            (1, '1', 1, 'daily', 'done', 'mint', '{ann}', 100, 0, '{ann}', NULL, NULL, 100, 1, NULL, 1, '{{}}', NULL, 1, 100, 0, -100, 0),
            (2, '2', 2, 'daily', 'refused', NULL, NULL, 0, 0, '{ann}', NULL, NULL, NULL, 1, NULL, 0, '{{}}', NULL, 1, 100, 0, -100, 0),
            (3, '3', 3, 'pay', 'done', '{ann}', '{bob}', 30, 0, '{ann}', '{bob}', NULL, 70, 1, 1, 1, '{{}}', NULL, 2, 100, 0, -100, 0);",
        ann = ann.id,
        bob = bob.id,
    ));
    schema::migrate(&sqlite).unwrap();
    schema::migrate(&sqlite).unwrap();
    assert_ranks(&sqlite, &Books::new(&sqlite));
    assert_eq!(sqlite.number("SELECT level FROM accounts WHERE name = 'Ann'"), 3);
    let history = answer(&sqlite, NOON, &call(4, &ann, command("history", &json!([]), &[])));
    let kinds: Vec<String> =
        text_of(&history).lines().map(|line| line.split(" · ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(kinds, ["pay", "daily"]);
    let reply = answer(&sqlite, NOON, &call(5, &bob, pay(&ann, 30, None)));
    assert_eq!(code_of(&reply), None);
    let proof = Books::new(&sqlite).prove().unwrap();
    assert_eq!((proof.sum.get(), proof.mismatches.len()), (0, 0));
}

#[test]
fn a_reset_takes_a_player_off_every_board() {
    let (sqlite, ann) = (Sqlite::new(), person(1));
    answer(&sqlite, NOON, &call(1, &ann, daily()));
    let options = [("user", json!(ann.id)), ("reason", json!("cheated"))];
    let reset = subcommand(&["economy", "reset"], &options, &[&ann]);
    let question = answer(&sqlite, NOON, &by_manager(call(2, &person(9), reset)));
    answer(&sqlite, NOON, &by_manager(press(3, &person(9), &question, "Yes, do it")));
    let books = Books::new(&sqlite);
    assert_eq!(Measure::ALL.map(|measure| books.ranked(measure).unwrap()), [0, 0, 0]);
    assert_eq!(sqlite.number("SELECT players FROM journal ORDER BY seq DESC LIMIT 1"), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Few players with few coins: a rung of the ladders has room for all. Many: rungs are divided and joined.
    #[test]
    fn ranks_agree_with_sorting(
        balances in prop::collection::vec(0..3_000_i64, 0..1_500),
        payments in prop::collection::vec((0..1_500_u64, 0..1_500_u64, 1..2_000_i64), 0..60),
    ) {
        let sqlite = Sqlite::new();
        seed(&sqlite, &balances);
        let books = Books::new(&sqlite);
        for (id, (from, to, amount)) in (1..).zip(payments) {
            books.answer(NOON, 0, &call(id, &person(from), pay(&person(to), amount, None)), 1).unwrap();
        }
        assert_ranks(&sqlite, &books);
    }
}
