//! Players' accounts, row by row. Only the columns that change are written: an index whose column stays costs nothing.

use protocol::{JournalSeq, Timestamp, UserId, time::Day};

use super::{Books, BooksError, Change, row::Reader};
use crate::{
    rules::{Account, Window},
    sql::{Row, Sql, Value},
};

const COLUMNS: [&str; 20] = [
    "user",
    "name",
    "balance",
    "xp",
    "level",
    "xp_day",
    "xp_today",
    "streak",
    "freezes",
    "last_daily",
    "last_work",
    "sent_since",
    "sent_total",
    "received_since",
    "received_total",
    "remind",
    "frozen",
    "last_row",
    "created_at",
    "last_at",
];

impl<S: Sql> Books<S> {
    /// Reads a player's account; `None` where there is none.
    pub fn account(&self, user: UserId) -> Result<Option<Account>, BooksError> {
        let statement = format!("SELECT {} FROM accounts WHERE user = ?", COLUMNS.join(", "));
        let rows = self.sql.query(&statement, &[user.into()])?;
        rows.into_iter().next().map(read).transpose()
    }

    pub(super) fn write_account(&self, change: &Change) -> Result<(), BooksError> {
        let after = values(&change.after);
        let Some(before) = change.before.as_ref().map(values) else {
            let marks = ["?"; COLUMNS.len()].join(", ");
            let statement = format!("INSERT INTO accounts ({}) VALUES ({marks})", COLUMNS.join(", "));
            return self.write(&statement, &after);
        };
        let changed =
            || COLUMNS.iter().zip(&before).zip(&after).filter(|((_, before), after)| before != after);
        let assignments: Vec<_> = changed().map(|((column, _), _)| format!("{column} = ?")).collect();
        if assignments.is_empty() {
            return Ok(());
        }
        let mut parameters: Vec<_> = changed().map(|(_, value)| value.clone()).collect();
        parameters.push(change.after.user.into());
        self.write(&format!("UPDATE accounts SET {} WHERE user = ?", assignments.join(", ")), &parameters)
    }

    /// Accounts in the order of a query that ends in a `WHERE`, `ORDER` or `LIMIT`.
    pub(super) fn accounts(&self, rest: &str, parameters: &[Value]) -> Result<Vec<Account>, BooksError> {
        let statement = format!("SELECT {} FROM accounts {rest}", COLUMNS.join(", "));
        self.sql.query(&statement, parameters)?.into_iter().map(read).collect()
    }
}

fn values(account: &Account) -> [Value; COLUMNS.len()] {
    [
        account.user.into(),
        account.name.as_str().into(),
        account.balance.into(),
        account.xp.into(),
        account.level().into(),
        account.xp_day.0.into(),
        account.xp_today.into(),
        account.streak.into(),
        account.freezes.into(),
        account.last_daily.map(|day| day.0).into(),
        account.last_work.into(),
        account.sent.since.into(),
        account.sent.total.into(),
        account.received.since.into(),
        account.received.total.into(),
        u64::from(account.remind).into(),
        u64::from(account.frozen).into(),
        account.last_row.map(|seq| seq.0).into(),
        account.created_at.into(),
        account.last_at.into(),
    ]
}

fn read(row: Row) -> Result<Account, BooksError> {
    let mut row = Reader::new("accounts", Some(row));
    Ok(Account {
        user: row.user()?,
        name: row.text()?,
        balance: row.coins()?,
        xp: {
            let xp = row.unsigned()?;
            row.unsigned()?; // The level is what the experience makes it; its column is there to be ordered by.
            xp
        },
        xp_day: Day(row.unsigned()?),
        xp_today: row.unsigned()?,
        streak: row.unsigned()?,
        freezes: row.unsigned()?,
        last_daily: row.optional()?.map(Day),
        last_work: row.optional()?.map(Timestamp),
        sent: Window { since: Timestamp(row.unsigned()?), total: row.coins()? },
        received: Window { since: Timestamp(row.unsigned()?), total: row.coins()? },
        remind: row.unsigned()? == 1,
        frozen: row.unsigned()? == 1,
        last_row: row.optional()?.map(JournalSeq),
        created_at: Timestamp(row.unsigned()?),
        last_at: Timestamp(row.unsigned()?),
    })
}

impl Change {
    /// An account whose owner was seen, and nothing else.
    pub fn none(account: Account) -> Self {
        Self { before: Some(account.clone()), after: account }
    }
}
