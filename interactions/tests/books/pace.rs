//! One person's commands have a pace, far above what anybody types; beyond it they are refused, and nothing is written.

use interactions::Books;

use crate::support::{NOON, Sqlite, balance, call, code_of, daily, person, text_of};

#[test]
fn who_is_faster_than_anybody_types_waits_and_leaves_no_row() {
    let (sqlite, ann, ben) = (Sqlite::new(), person(1), person(2));
    let books = Books::new(&sqlite);
    let ask = |now, id, who| books.answer(now, 0, &call(id, who, balance(None)), 1).unwrap();
    let first = books.answer(NOON, 0, &call(1, &ann, daily()), 1).unwrap();
    for id in 2..=2_000 {
        assert_eq!(code_of(&ask(NOON, id, &ann).reply), None, "{id}");
    }
    let rows = || sqlite.number("SELECT COUNT(*) FROM journal");
    assert_eq!(rows(), 2_000);

    let refused = ask(NOON, 2_001, &ann);
    assert_eq!((code_of(&refused.reply).as_deref(), refused.rows_written), (Some("too_often"), 0));
    assert!(text_of(&refused.reply).contains("<t:1795348800:R>"), "when to go on: {}", refused.reply);
    assert_eq!(rows(), 2_000, "no row of what was too often");
    let again = books.answer(NOON, 0, &call(1, &ann, daily()), 1).unwrap();
    assert_eq!((again.reply, again.rows_written), (first.reply, 0), "what was answered, for the asking");
    assert_eq!(code_of(&ask(NOON, 2_002, &ben).reply), None, "others are not concerned");

    let later = NOON.plus(20);
    assert_eq!(code_of(&ask(later, 2_001, &ann).reply), None, "the same again, in time");
    assert_eq!(code_of(&ask(later, 2_003, &ann).reply).as_deref(), Some("too_often"));
    assert_eq!(code_of(&ask(NOON.plus(60_000), 2_003, &ann).reply), None);
    assert_eq!(rows(), 2_003);
}
