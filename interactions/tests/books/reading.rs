//! Pages for administrators take the same short time however long the journal is, piece by piece, and are right though
//! commands are answered between two pieces.

use std::collections::BTreeSet;

use interactions::{
    Books, Person,
    books::{
        audit::{JOURNAL_WALK_MAX, JournalPage},
        proof::{PROOF_STEP, Proving},
    },
};
use protocol::{Coins, JournalSeq, audit::Proof};

use crate::support::{NOON, Sqlite, call, daily, pay, person};

/// Rows of a long journal: two weeks of a busy server.
const LONG: u64 = 300_000;
/// The most steps of the database's machine that one piece may take.
const PIECE_STEPS_MAX: u64 = 250_000;

/// A journal of many claims by so many players, as though they had been played.
fn seed(rows: u64, players: u64) -> Sqlite {
    let sqlite = Sqlite::new();
    let first = person(0).id.0;
    sqlite.run(&format!(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {rows}),
        row (n, user) AS (SELECT n, CAST({first} + ((n % {players}) << 20) AS TEXT) FROM number)
        INSERT INTO journal (seq, id, at, command, outcome, debit, credit, amount, tax, actor, handled_ms, active, reply,
            players, wealth, levels, mint, burn)
        SELECT n, CAST(900000000000 + n AS TEXT), n, 'daily', 'done', 'mint', user, 100, 0, user, 1, 1, '{{}}',
            {players}, n * 100, 0, n * -100, 0 FROM row;
        INSERT INTO accounts (user, name, balance, xp, xp_day, xp_today, streak, freezes, created_at, last_at)
        SELECT credit, 'Player', SUM(amount), 0, 0, 0, 0, 0, 0, 0 FROM journal GROUP BY credit;"
    ));
    sqlite
}

/// Proves to the end, and does something after each step; gives the proof, how many steps it took, and what the dearest cost.
fn prove(sqlite: &Sqlite, mut between: impl FnMut(&Books<&Sqlite>, u64)) -> (Proof, u64, u64) {
    let books = Books::new(sqlite);
    let (mut proving, mut dearest) = (Proving::default(), 0);
    for step in 1.. {
        let before = sqlite.steps.get();
        let proof = books.prove_on(&mut proving).unwrap();
        dearest = dearest.max(sqlite.steps.get() - before);
        match proof {
            Some(proof) => return (proof, step, dearest),
            None => between(&books, step),
        }
    }
    unreachable!()
}

#[test]
fn each_step_of_a_proof_costs_the_same_however_long_the_journal_is() {
    let sqlite = seed(LONG, 3_000);
    let (proof, steps, dearest) = prove(&sqlite, |_, _| ());
    assert_eq!((proof.rows, proof.accounts, proof.sum), (LONG, 3_000, Coins::ZERO));
    assert!(proof.mismatches.is_empty(), "{:?}", proof.mismatches);
    assert!(steps >= LONG / u64::from(PROOF_STEP), "{steps} steps");
    assert!(dearest < PIECE_STEPS_MAX, "a step took {dearest} of the database's");
}

#[test]
fn a_proof_is_right_though_commands_are_answered_between_its_steps() {
    let sqlite = seed(20_000, 2_500);
    // Ids before, among and after those of the accounts that are compared already.
    let players: Vec<Person> = [0, 1, 7, 1_200, 2_400, 2_499, 9_000].map(person).to_vec();
    let mut id = 1;
    let (proof, steps, _) = prove(&sqlite, |books, step| {
        for number in 0..3 {
            let context = usize::try_from(step).unwrap();
            let (from, to) = ((context + number) % players.len(), (context * 5 + 3) % players.len());
            let command = if number == 0 { daily() } else { pay(&players[to], 40, None) };
            id += 1;
            books.answer(NOON, 0, &call(id, &players[from], command), 1).unwrap();
        }
    });
    assert!(steps > 22, "{steps} steps");
    assert_eq!(proof.rows, sqlite.number("SELECT MAX(seq) FROM journal").unsigned_abs());
    assert_eq!((proof.sum, proof.mismatches.len()), (Coins::ZERO, 0), "{:?}", proof.mismatches);
    assert!(
        sqlite.number("SELECT COUNT(*) FROM journal WHERE tax = 0 AND command = 'pay' AND debit IS NOT NULL")
            > 5
    );
    let again = Books::new(&sqlite).prove().unwrap();
    assert_eq!((again.rows, again.sum), (proof.rows, proof.sum));
}

#[test]
fn whatever_does_not_agree_is_found() {
    let sqlite = seed(5_000, 2_500);
    let ids = [3, 1_700, 2_499].map(|number| person(number).id);
    sqlite.run(&format!(
        "UPDATE accounts SET balance = balance + 5 WHERE user = '{}'; DELETE FROM accounts WHERE user = '{}';
        INSERT INTO accounts (user, name, balance, xp, xp_day, xp_today, streak, freezes, created_at, last_at)
        VALUES ('{}', 'Stranger', 9, 0, 0, 0, 0, 0, 0, 0)",
        ids[0],
        ids[1],
        person(5_000).id
    ));
    let (proof, ..) = prove(&sqlite, |_, _| ());
    let found: BTreeSet<_> = proof
        .mismatches
        .iter()
        .map(|wrong| (wrong.user_id, wrong.journal.get(), wrong.account.get()))
        .collect();
    let expected = [(ids[0], 200, 205), (ids[1], 200, 0), (person(5_000).id, 0, 9)];
    assert_eq!(found, expected.into_iter().collect());
    assert_eq!(proof.sum, Coins::new(5 - 200 + 9));
}

#[test]
fn rows_of_one_player_are_found_piece_by_piece_over_the_whole_journal() {
    let sqlite = seed(LONG, 100_000);
    let books = Books::new(&sqlite);
    let who = person(5).id;
    let mut page = JournalPage { before: None, limit: 200, player: Some(who), changes_only: false };
    let (mut found, mut pieces) = (Vec::new(), 0);
    loop {
        let before = sqlite.steps.get();
        let piece = books.journal(page).unwrap();
        let took = sqlite.steps.get() - before;
        assert!(took < PIECE_STEPS_MAX, "a piece took {took} of the database's steps");
        found.extend(piece.rows.iter().map(|row| row.seq.0));
        pieces += 1;
        match piece.next {
            Some(next) => page.before = Some(next),
            None => break,
        }
    }
    assert_eq!(found, [200_005, 100_005, 5]);
    assert_eq!(pieces, LONG.div_ceil(JOURNAL_WALK_MAX));
}

#[test]
fn a_full_page_says_where_the_next_one_begins() {
    let sqlite = seed(12, 3);
    let books = Books::new(&sqlite);
    let read = |before: Option<u64>, limit, player: Option<u64>| {
        let player = player.map(|number| person(number).id);
        let page = JournalPage { before: before.map(JournalSeq), limit, player, changes_only: false };
        let piece = books.journal(page).unwrap();
        (piece.rows.iter().map(|row| row.seq.0).collect::<Vec<_>>(), piece.next.map(|next| next.0))
    };
    let cases: [(_, _, _, &[u64], _); 6] = [
        (None, 2, None, &[12, 11], Some(11)),
        (None, 2, Some(0), &[12, 9], Some(9)),
        (Some(4), 2, Some(0), &[3], None),
        (Some(2), 1, None, &[1], None),
        (Some(u64::MAX), 12, None, &[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], None),
        (Some(0), 5, None, &[], None),
    ];
    for (before, limit, player, rows, next) in cases {
        assert_eq!(read(before, limit, player), (rows.to_vec(), next), "{before:?} {limit} {player:?}");
    }
}
