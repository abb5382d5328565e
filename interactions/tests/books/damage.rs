//! Rows that are not what the schema says, and a migration that is cut off: what needs them is refused by name, nothing panics,
//! and nothing is lost once they are mended.

use std::cell::Cell;

use interactions::{
    Books, BooksError, Call,
    books::{Listener, audit::JournalPage},
    schema,
    sql::{Row, Sql, Value},
};
use protocol::{JournalSeq, record::Acknowledgement, time::DAY_MS};
use serde_json::json;

use crate::{
    actions::order,
    faults::Failing,
    support::{
        GUILD, NOON, Sqlite, answer, balance, by_manager, call, coinflip, command, daily, pay, person, press,
        set_rule, subcommand, work,
    },
};

/// Steps of the schema that releases have left behind.
const STEPS: usize = 8;

/// Books in which something of everything has happened.
fn played() -> Sqlite {
    let sqlite = Sqlite::new();
    Books::new(&sqlite).begin(NOON).unwrap();
    let (ann, bob) = (person(1), person(2));
    let add = [("item", json!("Crown")), ("price", json!(5)), ("stock", json!(3))];
    let give = [("user", json!(ann.id)), ("amount", json!(900_000)), ("reason", json!("because"))];
    let commands: Vec<Call> = [
        (&ann, daily()),
        (&bob, daily()),
        (&ann, set_rule("gambling", "on")),
        (&ann, subcommand(&["economy", "item", "add"], &add, &[])),
        (&ann, command("buy", &json!([{"name": "item", "value": "Crown"}]), &[])),
        (&ann, pay(&bob, 7, Some("for lunch"))),
        (&ann, coinflip("heads", 3)),
        (&bob, work()),
        (&bob, balance(None)),
        (&ann, subcommand(&["economy", "give"], &give, &[&ann])), // It waits for its button.
    ]
    .into_iter()
    .zip(1..)
    .map(|((who, command), id)| by_manager(call(id, who, command)))
    .collect();
    let replies: Vec<String> = commands.iter().map(|call| answer(&sqlite, NOON, call)).collect();
    answer(&sqlite, NOON, &press(11, &ann, &replies[0], "Remind me"));
    let books = Books::new(&sqlite);
    books.act(NOON, 0, &order("key", "because", json!({"action": "freeze", "userId": bob.id})), 1).unwrap();
    books.follow(NOON).unwrap();
    books.tidy(NOON).unwrap();
    sqlite
}

type Asked = Box<dyn Fn(&Books<&Sqlite>) -> Result<(), BooksError>>;

/// Commands of players and of those who manage the server.
fn typed() -> Vec<(&'static str, Asked)> {
    let plain = |name| command(name, &json!([]), &[]);
    let economy = |act| subcommand(&["economy", act], &[], &[]);
    let commands = [
        ("/daily", 1, daily()),
        ("/work", 2, work()),
        ("/pay", 1, pay(&person(2), 5, None)),
        ("/balance", 2, balance(None)),
        ("/coinflip", 1, coinflip("tails", 2)),
        ("/leaderboard", 1, plain("leaderboard")),
        ("/profile", 1, plain("profile")),
        ("/history", 1, plain("history")),
        ("/inventory", 1, plain("inventory")),
        ("/shop", 1, plain("shop")),
        ("/buy", 1, command("buy", &json!([{"name": "item", "value": "Crown"}]), &[])),
        ("/economy settings", 1, economy("settings")),
        ("/economy audit", 1, economy("audit")),
        ("/economy pause", 1, economy("pause")),
    ];
    let say = |(what, who, command)| -> (&'static str, Asked) {
        let call = by_manager(call(1_000 + who, &person(who), command));
        (what, Box::new(move |books| books.answer(NOON.plus(DAY_MS), 0, &call, 1).map(drop)))
    };
    commands.map(say).into()
}

/// Everything that can be asked of books.
fn asked() -> Vec<(&'static str, Asked)> {
    let first = call(1, &person(1), daily());
    let undo = order("another", "because", json!({"action": "undo", "seq": 6}));
    let mut asked = typed();
    let rest: [(&'static str, Asked); 13] = [
        ("the same again", Box::new(move |books| books.answer(NOON, 0, &first, 1).map(drop))),
        ("an action", Box::new(move |books| books.act(NOON, 9, &undo, 1).map(drop))),
        ("a delivery", Box::new(|books| books.backlog(NOON, GUILD, Listener::Everyone).map(drop))),
        ("a server's delivery", Box::new(|books| books.backlog(NOON, GUILD, Listener::Server).map(drop))),
        ("the background's work", Box::new(|books| books.tidy(NOON.plus(4 * DAY_MS)).map(drop))),
        ("room", Box::new(|books| books.make_room(NOON.plus(4 * DAY_MS)).map(drop))),
        ("the proof", Box::new(|books| books.prove().map(drop))),
        (
            "the journal",
            Box::new(|books| {
                let page = JournalPage { before: None, limit: 50, player: None, changes_only: false };
                books.journal(page).map(drop)
            }),
        ),
        ("a player", Box::new(|books| books.profile(person(1).id, NOON).map(drop))),
        ("the shelf", Box::new(|books| books.shop().map(drop))),
        ("the rules", Box::new(|books| books.rules().map(drop))),
        ("following", Box::new(|books| books.follow(NOON))),
        (
            "another life",
            Box::new(|books| {
                let said = Acknowledgement { seq: JournalSeq(3), ..Acknowledgement::default() };
                books.begin_anew(NOON, &said)
            }),
        ),
    ];
    asked.extend(rest);
    asked
}

fn columns(sqlite: &Sqlite) -> Vec<(String, String)> {
    let columns = "SELECT tables.name, columns.name FROM sqlite_master AS tables
        JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' ORDER BY 1, 2";
    let rows = sqlite.query(columns, &[]).unwrap();
    let read = |row: Row| match row.as_slice() {
        [Value::Text(table), Value::Text(column)] => (table.clone(), column.clone()),
        other => panic!("{other:?}"),
    };
    rows.into_iter().map(read).collect()
}

#[test]
fn each_kind_of_row_may_be_damaged_in_each_column() {
    let sqlite = played();
    let (mut damaged, mut refused, asked) = (0, 0, asked());
    for (table, column) in columns(&sqlite) {
        for value in ["'damaged'", "''", "NULL", "-1", "9007199254740991", "'{\"a\":[1'"] {
            for (what, ask) in &asked {
                sqlite.run("SAVEPOINT before");
                // A value that the schema itself refuses cannot be there.
                let is_there =
                    sqlite.connection.execute(&format!("UPDATE {table} SET {column} = {value}"), []).is_ok();
                if is_there {
                    damaged += 1;
                    if let Err(error) = ask(&Books::new(&sqlite)) {
                        refused += 1;
                        let said = error.to_string();
                        let is_named =
                            said.contains("a row of ") || said.contains("refused `") || said.contains("JSON");
                        assert!(is_named, "{what} with {table}.{column} = {value}: {said}");
                    }
                }
                sqlite.run("ROLLBACK TO before; RELEASE before");
            }
        }
    }
    assert!(damaged > 5_000 && refused > 500, "{damaged} damaged, {refused} refused");
    let proof = Books::new(&sqlite).prove().unwrap();
    assert_eq!((proof.sum.get(), proof.mismatches.len()), (0, 0), "mended, they are as before");
}

fn made(sqlite: &Sqlite) -> Vec<Row> {
    sqlite.query("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2", &[]).unwrap()
}

#[test]
fn a_migration_that_is_cut_off_at_any_statement_begins_again() {
    let whole = made(&Sqlite::new());
    for step in 0..STEPS {
        for cut in 0.. {
            let sqlite = Sqlite::empty();
            if step > 0 {
                schema::migrate_to(&sqlite, step).unwrap();
            }
            let before = made(&sqlite);
            // As the object's start does it, in one transaction.
            sqlite.run("SAVEPOINT start");
            let is_over = schema::migrate(&Failing { sqlite: &sqlite, until: Cell::new(Some(cut)) }).is_ok();
            if is_over {
                sqlite.run("RELEASE start");
                assert_eq!(made(&sqlite), whole, "from step {step}");
                break;
            }
            sqlite.run("ROLLBACK TO start; RELEASE start");
            assert_eq!(made(&sqlite), before, "from step {step}, cut off at {cut}: nothing of it is there");
            schema::migrate(&sqlite).unwrap();
            assert_eq!(made(&sqlite), whole, "from step {step}, cut off at {cut}");
        }
    }
}
