//! The history of a player's coins, along the chain of rows that each money row continues; and of administrators' acts.

use protocol::{Coins, JournalSeq, Timestamp, UserId};

use super::{Books, BooksError, row::Reader};
use crate::{
    rules::Account,
    sql::{Row, Sql, Value},
};

/// Lines of a history or an audit in one reply.
pub const HISTORY_PAGE: u64 = 10;

/// One journal row, as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The moment of the commit.
    pub at: Timestamp,
    /// The name of the command.
    pub command: String,
    /// The party that gave: a player's id or a word.
    pub debit: Option<String>,
    /// The party that got: a player's id or a word.
    pub credit: Option<String>,
    /// The coins that the debited side lost.
    pub amount: Coins,
    /// The part of them that was burnt.
    pub tax: Coins,
    /// The person who typed it or acted.
    pub actor: UserId,
    /// The name, where an action from the page was sent by nobody on Discord.
    pub actor_name: Option<String>,
    /// The other person, such as the recipient of a payment.
    pub target: Option<UserId>,
    /// The note or the reason.
    pub note: Option<String>,
    /// The balance afterwards of the player whose history this is; in an audit, of the target.
    pub after: Option<Coins>,
}

const COLUMNS: &str = "at, command, debit, credit, amount, tax, actor, actor_name, target, note";

impl<S: Sql> Books<S> {
    /// A page of a player's own rows, newest first, from 1; and whether there are older ones.
    pub fn history(&self, account: &Account, page: u64) -> Result<(Vec<Moved>, bool), BooksError> {
        let Some(JournalSeq(newest)) = account.last_row else { return Ok((Vec::new(), false)) };
        let statement = format!(
            "WITH RECURSIVE chain (row, place) AS (
                SELECT ?1, 0
                UNION ALL
                SELECT CASE WHEN debit = ?2 THEN debit_prev ELSE credit_prev END, place + 1
                FROM chain CROSS JOIN journal ON seq = row WHERE place < ?3 + ?4
            )
            SELECT {COLUMNS}, CASE WHEN debit = ?2 THEN debit_after ELSE credit_after END
            FROM chain CROSS JOIN journal ON seq = row WHERE place >= ?3 LIMIT ?4 + 1"
        );
        let skip = page.saturating_sub(1).saturating_mul(HISTORY_PAGE);
        let parameters = [newest.into(), account.user.into(), skip.into(), HISTORY_PAGE.into()];
        page_of(self.sql.query(&statement, &parameters)?)
    }

    /// Returns the number of pages in a player's own history, counting to `most`. It walks row by row.
    pub fn history_pages(&self, account: &Account, most: u64) -> Result<u64, BooksError> {
        let Some(JournalSeq(newest)) = account.last_row else { return Ok(0) };
        let statement = "WITH RECURSIVE chain (row, place) AS (
                SELECT ?1, 1
                UNION ALL
                SELECT CASE WHEN debit = ?2 THEN debit_prev ELSE credit_prev END, place + 1
                FROM chain CROSS JOIN journal ON seq = row WHERE place < ?3
            )
            SELECT COUNT(row) FROM chain";
        let rows = most.saturating_mul(HISTORY_PAGE);
        self.pages_counted(statement, &[newest.into(), account.user.into(), rows.into()])
    }

    /// Returns the number of pages with acts of administrators, counting to `most`.
    pub fn acts_pages(&self, most: u64) -> Result<u64, BooksError> {
        let statement = "SELECT COUNT(*) FROM (SELECT seq FROM journal WHERE audit = 1 LIMIT ?)";
        self.pages_counted(statement, &[most.saturating_mul(HISTORY_PAGE).into()])
    }

    fn pages_counted(&self, statement: &str, parameters: &[Value]) -> Result<u64, BooksError> {
        let row = self.sql.query(statement, parameters)?.into_iter().next();
        Ok(Reader::new("journal", row).unsigned()?.div_ceil(HISTORY_PAGE))
    }

    /// A page of what administrators did, newest first, from 1; and whether there are older acts.
    pub fn acts(&self, page: u64) -> Result<(Vec<Moved>, bool), BooksError> {
        let statement = format!(
            "SELECT {COLUMNS}, balance_after FROM journal WHERE audit = 1 ORDER BY seq DESC LIMIT ? OFFSET ?"
        );
        let skip = page.saturating_sub(1).saturating_mul(HISTORY_PAGE);
        page_of(self.sql.query(&statement, &[(HISTORY_PAGE + 1).into(), skip.into()])?)
    }
}

fn page_of(rows: Vec<Row>) -> Result<(Vec<Moved>, bool), BooksError> {
    let more = rows.len() as u64 > HISTORY_PAGE;
    let shown = rows.into_iter().take(usize::try_from(HISTORY_PAGE).unwrap_or(usize::MAX));
    Ok((shown.map(read).collect::<Result<_, _>>()?, more))
}

fn read(row: Row) -> Result<Moved, BooksError> {
    let mut row = Reader::new("journal", Some(row));
    Ok(Moved {
        at: Timestamp(row.unsigned()?),
        command: row.text()?,
        debit: row.optional_text()?,
        credit: row.optional_text()?,
        amount: row.coins()?,
        tax: row.coins()?,
        actor: row.user()?,
        actor_name: row.optional_text()?,
        target: row.optional_text()?.and_then(|id| id.parse().ok()),
        note: row.optional_text()?,
        after: row.optional()?.and_then(|coins| i64::try_from(coins).ok()).map(Coins::new),
    })
}
