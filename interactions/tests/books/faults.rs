//! A database that says no in the middle of a command: nothing of it is kept, in the tables or in memory.

use std::cell::Cell;

use interactions::{
    Books, Call,
    sql::{Row, Sql, SqlError, Value},
};
use proptest::prelude::*;
use protocol::{
    Timestamp,
    time::{DAY_MS, HOUR_MS},
};

use crate::support::{
    NOON, Sqlite, answer_by, balance, by_manager, call, coinflip, daily, pay, person, set_rule, work,
};

/// A database that refuses one statement: the next but so many.
pub struct Failing<'a> {
    pub sqlite: &'a Sqlite,
    pub until: Cell<Option<u64>>,
}

impl Failing<'_> {
    fn step(&self) -> Result<(), SqlError> {
        match self.until.get() {
            Some(0) => {
                self.until.set(None);
                Err(SqlError { statement: String::new(), reason: "the test says no".to_owned() })
            }
            left => {
                self.until.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

impl Sql for Failing<'_> {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.step()?;
        self.sqlite.query(statement, parameters)
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        self.step()?;
        self.sqlite.execute(statement, parameters)
    }

    fn size(&self) -> Result<u64, SqlError> {
        self.sqlite.size()
    }
}

fn commands() -> impl Strategy<Value = Vec<(Call, u64, Option<u64>)>> {
    let command = prop_oneof![
        Just(daily()),
        Just(work()),
        Just(balance(None)),
        (0..4_u64, 1..150_i64).prop_map(|(to, amount)| pay(&person(to), amount, None)),
        (1..150_i64).prop_map(|amount| coinflip("heads", amount)),
        prop::sample::select(vec!["on", "off"]).prop_map(|to| set_rule("gambling", to)),
    ];
    let one = (0..4_u64, command, any::<u64>(), prop::option::weighted(0.4, 0..16_u64));
    prop::collection::vec(one, 1..60).prop_map(|all| {
        let numbered = (1..).zip(all);
        numbered
            .map(|(id, (who, command, entropy, fault))| {
                (by_manager(call(id, &person(who), command)), entropy, fault)
            })
            .collect()
    })
}

fn tables(sqlite: &Sqlite) -> Vec<Vec<Row>> {
    let all = ["journal ORDER BY seq", "accounts ORDER BY user", "settings ORDER BY key", "standings"];
    all.map(|rest| sqlite.query(&format!("SELECT * FROM {rest}"), &[]).unwrap()).into()
}

proptest! {
    /// The cache says what the database would, from command to command.
    #[test]
    fn books_that_were_refused_a_statement_are_as_if_nobody_had_asked(commands in commands()) {
        let (shaken, calm) = (Sqlite::new(), Sqlite::new());
        let books = Books::new(Failing { sqlite: &shaken, until: Cell::new(None) });
        for (context, (call, entropy, fault)) in commands.iter().enumerate() {
            let now = NOON.plus(context as u64 * 5 * HOUR_MS % (3 * DAY_MS));
            books.sql().until.set(*fault);
            let reply = attempt(&books, &shaken, now, *entropy, call).unwrap_or_else(|| {
                books.sql().until.set(None);
                attempt(&books, &shaken, now, *entropy, call).expect("nothing stands in its way now")
            });
            prop_assert_eq!(reply, answer_by(&calm, now, *entropy, call));
        }
        prop_assert_eq!(tables(&shaken), tables(&calm));
    }
}

/// As the edge does it: all of it, or nothing.
fn attempt(
    books: &Books<Failing<'_>>,
    sqlite: &Sqlite,
    now: Timestamp,
    entropy: u64,
    call: &Call,
) -> Option<String> {
    sqlite.run("SAVEPOINT whole");
    let answered = books.answer(now, entropy, call, 3);
    if answered.is_err() {
        sqlite.run("ROLLBACK TO whole");
        books.forget();
    }
    sqlite.run("RELEASE whole");
    answered.ok().map(|answered| answered.reply)
}
