//! A server's own room: it is told of one server from some row on, and the room of all notices nothing.

use interactions::{Books, books::Listener, schema};
use protocol::{
    JournalSeq, Timestamp,
    time::{DAY_MS, MINUTE_MS},
};

use crate::support::{GUILD, NOON, Sqlite, answer, call, daily, person, press, work};

/// The rows that a listener has not acknowledged, which it does with this.
fn told(sqlite: &Sqlite, listener: Listener) -> Vec<u64> {
    let books = Books::new(sqlite);
    let mut told = Vec::new();
    while let Some(push) = books.backlog(NOON, GUILD, listener).unwrap() {
        told.extend(push.records.iter().map(|record| record.seq.0));
        books.acknowledge(listener, push.records.last().unwrap().seq).unwrap();
    }
    books.keep_acknowledgements().unwrap();
    told
}

/// So many rows, the last of them at `last_at`, a minute apart.
fn rows(sqlite: &Sqlite, count: u64, last_at: Timestamp) {
    for number in 1..=count {
        let at = last_at.minus((count - number) * MINUTE_MS);
        answer(sqlite, at, &call(number, &person(number), work()));
    }
}

#[test]
fn nobody_follows_until_somebody_does() {
    let sqlite = Sqlite::new();
    rows(&sqlite, 3, NOON);
    assert!(told(&sqlite, Listener::Server).is_empty());
    Books::new(&sqlite).follow(NOON).unwrap();
    assert_eq!(told(&sqlite, Listener::Server), [1, 2, 3]);
    assert_eq!(told(&sqlite, Listener::Everyone), [1, 2, 3], "each has its own place");
    Books::new(&sqlite).follow(NOON).unwrap();
    assert!(told(&sqlite, Listener::Server).is_empty(), "following again begins nothing anew");
    answer(&sqlite, NOON, &call(4, &person(4), daily()));
    assert_eq!(told(&sqlite, Listener::Server), [4]);
}

#[test]
fn it_begins_with_the_rows_of_a_day_and_with_the_newest_in_any_case() {
    let later = |ms| NOON.plus(ms);
    for (rows_before, followed_at, first) in [
        (0, NOON, None),
        (5, NOON, Some(1)),
        (5, later(DAY_MS - 2 * MINUTE_MS), Some(3)),
        (5, later(DAY_MS), Some(5)),
        (5, later(9 * DAY_MS), Some(5)),
        (2_500, NOON, Some(1_060)),
    ] {
        let sqlite = Sqlite::new();
        rows(&sqlite, rows_before, NOON);
        Books::new(&sqlite).follow(followed_at).unwrap();
        let told = told(&sqlite, Listener::Server);
        assert_eq!(told.first().copied(), first, "{rows_before} rows, {followed_at}");
        assert_eq!(told.last().copied(), first.map(|_| rows_before));
    }
}

#[test]
fn what_the_bot_is_to_do_is_told_to_the_room_of_all_only() {
    let sqlite = Sqlite::new();
    let ann = person(1);
    let reply = answer(&sqlite, NOON, &call(1, &ann, daily()));
    answer(&sqlite, NOON, &press(2, &ann, &reply, "Remind me"));
    let books = Books::new(&sqlite);
    books.follow(NOON).unwrap();
    let jobs = |listener| {
        let push = books.backlog(NOON, GUILD, listener).unwrap().unwrap();
        push.records.into_iter().map(|record| record.jobs.len()).sum::<usize>()
    };
    assert_eq!((jobs(Listener::Everyone), jobs(Listener::Server)), (1, 0));
}

#[test]
fn rows_stay_until_both_have_them() {
    let sqlite = Sqlite::new();
    rows(&sqlite, 1, NOON); // The newest row stays in any case.
    let refused = |id| answer(&sqlite, NOON, &call(id, &person(1), work()));
    (2..=40).for_each(|id| drop(refused(id)));
    let books = Books::new(&sqlite);
    books.follow(NOON).unwrap();
    told(&sqlite, Listener::Everyone);
    books.acknowledge(Listener::Server, JournalSeq(21)).unwrap();
    let kept = |after: Timestamp| {
        while books.tidy(after).unwrap() {}
        sqlite.number("SELECT COUNT(*) FROM journal")
    };
    assert_eq!(
        kept(NOON.plus(9 * DAY_MS)),
        20,
        "twenty rows are not needed any more, and the first moved coins"
    );
    books.acknowledge(Listener::Server, JournalSeq(30)).unwrap();
    assert_eq!(kept(NOON.plus(9 * DAY_MS)), 20, "a few are not worth the row that says so");
    books.acknowledge(Listener::Server, JournalSeq(40)).unwrap();
    assert_eq!(kept(NOON.plus(9 * DAY_MS)), 2);
}

#[test]
fn a_server_of_the_release_before_can_be_followed() {
    let sqlite = Sqlite::empty();
    schema::migrate_to(&sqlite, 3).unwrap();
    for seq in 1..=2 {
        let insert = format!(
            "INSERT INTO journal (seq, id, at, command, outcome, amount, tax, actor, handled_ms, active, reply,
                players, wealth, levels, mint, burn)
            VALUES ({seq}, '{seq}', {NOON}, 'balance', 'done', 0, 0, '1', 1, 0, '{{}}', 0, 0, 0, 0, 0)"
        );
        sqlite.connection.execute(&insert, []).unwrap();
    }
    schema::migrate(&sqlite).unwrap();
    Books::new(&sqlite).follow(NOON).unwrap();
    assert_eq!(told(&sqlite, Listener::Server), [1, 2]);
}

#[test]
fn an_acknowledgement_is_written_down_with_every_sixteenth_row() {
    let sqlite = Sqlite::new();
    rows(&sqlite, 31, NOON);
    let books = Books::new(&sqlite);
    let written = || sqlite.number("SELECT acknowledged FROM outbox");
    for (row, expected) in [(1, 0), (15, 0), (16, 16), (17, 16), (31, 16)] {
        books.acknowledge(Listener::Everyone, JournalSeq(row)).unwrap();
        books.tidy(NOON).unwrap();
        assert_eq!(written(), expected, "after row {row}");
        assert_eq!(books.backlog(NOON, GUILD, Listener::Everyone).unwrap().is_some(), row < 31);
    }
    let again = Books::new(&sqlite).backlog(NOON, GUILD, Listener::Everyone).unwrap().unwrap();
    assert_eq!(again.records.len(), 15, "what was not written down is delivered again, and passed over");
}
