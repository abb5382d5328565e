//! Books whose storage fills up: it is told in time, whoever plays can go on looking, and who manages the server can act.

use interactions::{
    Books, BooksError, Call,
    books::Listener,
    service::{Answered, NoRow},
};
use protocol::{JournalSeq, Timestamp, time::HOUR_MS};
use serde_json::json;

use crate::support::{
    NOON, Sqlite, balance, by_manager, call, code_of, daily, field, pay, person, set_rule, subcommand,
};

/// The books of the tests may take up so many bytes: some hundred rows.
const SMALL: u64 = 600_000;

/// As the edge does it: all of it, or nothing.
fn whole(
    books: &Books<&Sqlite>,
    act: impl FnOnce() -> Result<Answered, BooksError>,
) -> Result<Answered, BooksError> {
    books.sql().run("SAVEPOINT whole");
    let answered = act();
    if answered.is_err() {
        books.forget();
        // A database without room may have rolled everything back by itself.
        if !books.sql().connection.is_autocommit() {
            books.sql().run("ROLLBACK TO whole; RELEASE whole");
        }
    } else {
        books.sql().run("RELEASE whole");
    }
    answered
}

/// Answers, in whatever room there is.
fn ask(books: &Books<&Sqlite>, now: Timestamp, call: &Call) -> Answered {
    match whole(books, || books.answer(now, 0, call, 1)) {
        Err(error) if error.is_full() => {
            match whole(books, || books.answer_without_row(now, 0, call, NoRow::Full)) {
                Err(error) if error.is_full() => NoRow::Full.refuse(now, call.pressed).unwrap(),
                answered => answered.unwrap(),
            }
        }
        answered => answered.unwrap(),
    }
}

/// Payments until one is refused; gives how many were made.
fn fill(books: &Books<&Sqlite>, now: Timestamp, first: u64) -> u64 {
    let (ann, bob) = (person(1), person(2));
    for id in first..first + 20_000 {
        let (from, to) = if id % 2 == 0 { (&ann, &bob) } else { (&bob, &ann) };
        let answered = ask(books, now.plus(id), &call(id, from, pay(to, 1, Some(&"why not? ".repeat(10)))));
        match code_of(&answered.reply).as_deref() {
            None => {}
            Some("store_full") => {
                assert_eq!(answered.rows_written, 0);
                return id - first;
            }
            Some(other) => panic!("refused with {other}"),
        }
    }
    panic!("the books are never full");
}

fn economy(act: &str) -> interactions::Command {
    subcommand(&["economy", act], &[], &[])
}

/// The marks that were told, in order, with how much each stands out.
fn told(sqlite: &Sqlite) -> Vec<String> {
    let events = "SELECT COALESCE(group_concat(told, ' '), '') FROM (
        SELECT substr(value ->> 'id', instr(value ->> 'id', '-store-') + 7) || ':' || (value ->> 'severity') AS told
        FROM journal, json_each(events) WHERE value ->> 'source' = 'edge' ORDER BY seq)";
    sqlite.text(events).split_whitespace().map(str::to_owned).collect()
}

fn holds(sqlite: &Sqlite) -> i64 {
    assert_eq!(sqlite.number("SELECT SUM(balance) FROM accounts"), 200, "no coin is lost");
    sqlite.number("SELECT balance FROM accounts WHERE name = 'Player 1'")
}

#[test]
fn it_is_told_once_at_each_mark_and_then_only_looks_are_answered() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let books = Books::new(&sqlite).bounded(SMALL);
    for (id, who) in [(1, &ann), (2, &bob)] {
        ask(&books, NOON, &call(id, who, daily()));
    }
    fill(&books, NOON, 10);
    assert_eq!(told(&sqlite), ["50:warn", "80:warn", "98:error"]);
    let (rows, before) = (sqlite.number("SELECT COUNT(*) FROM journal"), holds(&sqlite));

    let look = ask(&books, NOON, &call(100_001, &ann, balance(None)));
    assert_eq!((code_of(&look.reply), look.rows_written), (None, 0));
    assert!(field(&look.reply, "Rank").is_some(), "{}", look.reply);
    let refused = ask(&books, NOON, &call(100_002, &ann, daily()));
    assert_eq!(code_of(&refused.reply).as_deref(), Some("daily_claimed"), "a rule of the economy says more");
    let again = ask(&books, NOON, &call(1, &ann, daily()));
    assert_eq!(code_of(&again.reply), None, "what was answered is answered again");
    assert_eq!(sqlite.number("SELECT COUNT(*) FROM journal"), rows, "and nothing of it is written");
    // A restart knows it from the database.
    let books = Books::new(&sqlite).bounded(SMALL);
    assert!(books.is_full().unwrap());

    let who = |id, command| by_manager(call(id, &ann, command));
    let paused = ask(&books, NOON, &who(100_003, economy("pause")));
    assert_eq!((code_of(&paused.reply), paused.rows_written > 0), (None, true));
    assert_eq!(code_of(&ask(&books, NOON, &call(100_004, &bob, daily())).reply).as_deref(), Some("paused"));
    assert_eq!(code_of(&ask(&books, NOON, &who(100_005, economy("resume"))).reply), None);
    assert_eq!(code_of(&ask(&books, NOON, &who(100_006, set_rule("gambling", "on"))).reply), None);
    let take = [("user", json!(ann.id)), ("amount", json!(1)), ("reason", json!("enough"))];
    let take = subcommand(&["economy", "take"], &take, &[&ann]);
    assert_eq!(code_of(&ask(&books, NOON, &who(100_007, take)).reply), None);
    assert_eq!(sqlite.number("SELECT balance FROM accounts WHERE name = 'Player 1'"), before - 1);
    assert_eq!(told(&sqlite), ["50:warn", "80:warn", "98:error"], "once each");
}

#[test]
fn what_was_said_makes_room_for_what_is_said() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let books = Books::new(&sqlite).bounded(SMALL);
    for (id, who) in [(1, &ann), (2, &bob)] {
        ask(&books, NOON, &call(id, who, daily()));
    }
    let paid = fill(&books, NOON, 10);
    let amounts = "SELECT COUNT(*) || ':' || SUM(amount) FROM journal WHERE debit <> 'mint'";
    assert_eq!(sqlite.text(amounts), format!("{paid}:{paid}"));

    let later = NOON.plus(49 * HOUR_MS);
    books.acknowledge(Listener::Everyone, JournalSeq(paid + 2)).unwrap();
    while books.make_room(later).unwrap() {}
    books.tidy(later).unwrap();
    assert!(!books.is_full().unwrap(), "{} %", books.store_percent().unwrap());
    assert_eq!(sqlite.text(amounts), format!("{paid}:{paid}"), "amounts are kept for ever");
    let more = fill(&books, later, 200_000);
    assert!(more * 4 > paid, "{more} after {paid}: replies are much of a row");
    holds(&sqlite);
}

#[test]
fn a_storage_without_room_loses_nothing_and_still_answers() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let books = Books::new(&sqlite);
    for (id, who) in [(1, &ann), (2, &bob)] {
        ask(&books, NOON, &call(id, who, daily()));
    }
    // The database's own bound, as the storage's: no page more than there are.
    let pages = sqlite.number("PRAGMA page_count");
    sqlite.number(&format!("PRAGMA max_page_count = {pages}"));
    fill(&books, NOON, 10);
    let (rows, before) = (sqlite.number("SELECT COUNT(*) FROM journal"), holds(&sqlite));

    let look = ask(&books, NOON, &call(100_001, &ann, balance(None)));
    assert_eq!((code_of(&look.reply), look.rows_written), (None, 0));
    let paused = ask(&books, NOON, &by_manager(call(100_002, &ann, economy("pause"))));
    assert_eq!(code_of(&paused.reply), None, "{}", paused.reply);
    assert_eq!(code_of(&ask(&books, NOON, &call(100_003, &bob, daily())).reply).as_deref(), Some("paused"));
    let given = [("user", json!(ann.id)), ("amount", json!(1)), ("reason", json!(&"x".repeat(90)))];
    let given = by_manager(call(100_004, &ann, subcommand(&["economy", "give"], &given, &[&ann])));
    assert_eq!(code_of(&ask(&books, NOON, &given).reply).as_deref(), Some("store_full"));
    assert_eq!(code_of(&ask(&books, NOON, &by_manager(call(100_005, &ann, economy("resume")))).reply), None);
    assert_eq!((sqlite.number("SELECT COUNT(*) FROM journal"), holds(&sqlite)), (rows, before));

    // With room again the same interactions are carried out.
    sqlite.number(&format!("PRAGMA max_page_count = {}", pages + 100));
    assert_eq!(code_of(&ask(&books, NOON, &given).reply), None);
    assert_eq!(sqlite.number("SELECT SUM(balance) FROM accounts"), 201);
    assert_eq!(sqlite.number("SELECT COUNT(*) FROM journal"), rows + 1);
}
