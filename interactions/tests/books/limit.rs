//! A limit of the plan is reached: what can be answered without a row is, and everything else says when to come again.

use interactions::{Books, limit, service::NoRow};

use crate::support::{NOON, Sqlite, answer, balance, call, code_of, daily, pay, person, text_of, work};

#[test]
fn looks_and_refusals_are_answered_and_changes_are_put_off() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let claimed = answer(&sqlite, NOON, &call(1, &ann, daily()));
    let rows = || sqlite.number("SELECT COUNT(*) FROM journal");
    let before = rows();
    let said = |id, who, command| {
        let call = call(id, who, command);
        Books::new(&sqlite).answer_without_row(NOON, 0, &call, NoRow::Limited).unwrap().reply
    };
    assert_eq!(said(1, &ann, daily()), claimed, "what was answered before is answered again");
    let looked = said(2, &ann, balance(None));
    assert!(text_of(&looked).contains("100 coins"), "{looked}");
    assert_eq!(code_of(&said(3, &ann, daily())).as_deref(), Some("daily_claimed"));
    for (id, who, command) in [(4, &bob, daily()), (5, &ann, work()), (6, &ann, pay(&bob, 10, None))] {
        let put_off = said(id, who, command);
        assert_eq!(code_of(&put_off).as_deref(), Some("limit_reached"), "{put_off}");
        let until = format!("<t:{}:R>", limit::ends_at(NOON).seconds());
        assert!(text_of(&put_off).contains(&until), "{put_off}");
    }
    assert_eq!(rows(), before, "nothing was written");
    assert!(text_of(&answer(&sqlite, NOON, &call(4, &bob, daily()))).contains("claimed"), "sent again later");
}

#[test]
fn who_repeats_what_is_not_kept_any_more_is_told_so_without_a_row_too() {
    let (sqlite, ann) = (Sqlite::new(), person(1));
    answer(&sqlite, NOON, &call(1, &ann, daily()));
    sqlite.run("UPDATE journal SET reply = ''");
    for why in [NoRow::Full, NoRow::Limited] {
        let again = Books::new(&sqlite).answer_without_row(NOON, 0, &call(1, &ann, daily()), why).unwrap();
        assert_eq!((code_of(&again.reply).as_deref(), again.rows_written), (Some("answered_before"), 0));
    }
}
