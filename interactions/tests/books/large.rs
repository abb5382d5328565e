//! Sums beyond 2^53, which numbers of JavaScript's cannot hold, and which thousands of rich players have together.

use interactions::{Books, books::Listener};
use protocol::Coins;

use crate::support::{GUILD, NOON, Sqlite, answer, call, daily, person};

#[test]
fn totals_beyond_2_to_the_53rd_stay_exact_and_balance() {
    let (sqlite, ann) = (Sqlite::new(), person(1));
    answer(&sqlite, NOON, &call(1, &ann, daily()));
    // As though many had been given much, and something had been burnt.
    let many = 9_007_199_254_740_993_i64;
    sqlite.run(&format!("UPDATE journal SET wealth = {many}, burn = 8, mint = {}", -many - 8));
    for number in 2..40 {
        answer(&sqlite, NOON, &call(number, &person(number), daily()));
    }
    let push = Books::new(&sqlite).backlog(NOON, GUILD, Listener::Everyone).unwrap().unwrap();
    let claimed = sqlite.number("SELECT SUM(amount) FROM journal WHERE seq > 1");
    assert_eq!(push.totals.wealth, Coins::new(many + claimed));
    assert!(push.totals.balanced, "{:?}", push.totals);
    let kinds = sqlite.text("SELECT group_concat(DISTINCT typeof(wealth) || typeof(mint)) FROM journal");
    assert_eq!(kinds, "integerinteger", "what is written as text is kept as an integer");
}
