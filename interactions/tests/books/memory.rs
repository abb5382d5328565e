//! An interaction that the books have answered and let go of since does not happen a second time.

use interactions::{Books, Call, books::Listener, sql::Sql};
use proptest::prelude::*;
use protocol::{
    InteractionId, JournalSeq, Timestamp,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};

use crate::support::{NOON, Sqlite, balance, call, code_of, daily, pay, person};

/// Bytes of which these books take up next to nothing, and more than a third.
const ROOMY: u64 = 100_000_000;
const NARROW: u64 = 250_000;

/// The id that Discord makes at this moment.
fn made(at: Timestamp) -> InteractionId {
    InteractionId(((at.0 - 1_420_070_400_000) << 22) | 5)
}

fn made_at(at: Timestamp, call: Call) -> Call {
    Call { id: made(at), ..call }
}

/// The background's work, as after the room has everything.
fn tidy(books: &Books<&Sqlite>, now: Timestamp) {
    let newest = u64::try_from(books.sql().number("SELECT COALESCE(MAX(seq), 0) FROM journal")).unwrap();
    books.acknowledge(Listener::Everyone, JournalSeq(newest)).unwrap();
    while books.tidy(now).unwrap() {}
}

#[test]
fn an_interaction_is_taken_until_an_hour_before_its_reply_is_let_go() {
    let now = NOON.plus(30 * DAY_MS);
    let first = Timestamp(1_795_305_600_000);
    for (what, id, forgotten) in [
        ("made now", made(now), false),
        ("by a clock that is ahead", made(now.plus(DAY_MS)), false),
        ("yesterday", made(now.minus(DAY_MS)), false),
        ("47 hours ago", made(now.minus(47 * HOUR_MS)), false),
        ("more than that", made(now.minus(47 * HOUR_MS + 1)), true),
        ("a week ago", made(now.minus(7 * DAY_MS)), true),
        ("with the first books", made(first), true),
        ("before there were any", made(first.minus(1)), false),
        ("of no moment at all", InteractionId(7), false),
        ("of the end of time", InteractionId(u64::MAX), false),
    ] {
        let call = Call { id, ..call(1, &person(1), daily()) };
        assert_eq!(call.may_be_forgotten(now), forgotten, "{what}");
    }
}

proptest! {
    /// Whenever it comes again, it is refused, or answered by the same bytes.
    #[test]
    fn what_comes_again_is_refused_or_has_the_same_answer(
        kind in 0..3_u8, took in 0..10 * MINUTE_MS, again in 0..6 * DAY_MS, tidied in prop::collection::vec(0..6 * DAY_MS, 0..4),
    ) {
        let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
        let books = Books::new(&sqlite);
        let command = match kind {
            0 => daily(),
            1 => pay(&bob, 5, None), // Refused: she has nothing.
            _ => balance(None),
        };
        let asked = made_at(NOON, call(0, &ann, command));
        let reply = books.answer(NOON.plus(took), 0, &asked, 1).unwrap().reply;
        books.answer(NOON.plus(took), 0, &call(1, &bob, daily()), 1).unwrap();
        for after in tidied {
            if after < again {
                tidy(&books, NOON.plus(took + after));
            }
        }
        let now = NOON.plus(took + again);
        if !asked.may_be_forgotten(now) {
            prop_assert_eq!(books.answer(now, 0, &asked, 1).unwrap().reply, reply);
        }
    }
}

#[test]
fn old_rows_keep_their_amounts_and_let_go_of_what_was_said() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let books = Books::new(&sqlite).bounded(ROOMY);
    let ask = |now, call: &Call| books.answer(now, 0, call, 1).unwrap();
    ask(NOON, &call(1, &ann, daily()));
    ask(NOON, &call(2, &ann, pay(&bob, 30, Some("for lunch"))));
    let later = NOON.plus(49 * HOUR_MS);
    ask(later, &call(3, &bob, daily()));

    let columns = "SELECT group_concat(name) FROM pragma_table_info('journal') WHERE name NOT IN ('reply', 'events', 'jobs')";
    let rest = format!("SELECT {} FROM journal ORDER BY seq", sqlite.text(columns));
    let before = sqlite.query(&rest, &[]).unwrap();
    let said = "SELECT group_concat(seq) FROM (SELECT seq FROM journal WHERE reply <> '' ORDER BY seq)";
    books.tidy(later).unwrap();
    assert_eq!(sqlite.text(said), "1,2,3", "the room has not heard of them");
    tidy(&books, later);
    assert_eq!(sqlite.text(said), "1,2,3", "there is room for them");
    let books = Books::new(&sqlite).bounded(NARROW);
    tidy(&books, later);
    assert_eq!(sqlite.text(said), "3");
    // Every other column is as it was.
    assert_eq!(sqlite.query(&rest, &[]).unwrap(), before);
    let kept = "SELECT group_concat(debit || '>' || credit || ':' || amount || ':' || COALESCE(note, '')) FROM journal";
    let (a, b) = (ann.id, bob.id);
    assert_eq!(sqlite.text(kept), format!("mint>{a}:100:,{a}>{b}:30:for lunch,mint>{b}:100:"));

    // By an id that tells no moment it can come again.
    let ask = |now, call: &Call| books.answer(now, 0, call, 1).unwrap();
    let again = ask(later, &call(2, &ann, pay(&bob, 30, None)));
    assert_eq!((code_of(&again.reply).as_deref(), again.rows_written), (Some("answered_before"), 0));
    assert_eq!(sqlite.number("SELECT balance FROM accounts WHERE name = 'Player 1'"), 70);
}
