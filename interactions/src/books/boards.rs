//! Ranks and boards, from the standings and the indexes that each write keeps.

use protocol::Coins;

use super::{Books, BooksError, Measure, standings::RankMoves};
use crate::{rules::Account, sql::Sql};

/// One line of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// 1 is the best; equals share theirs.
    pub rank: u64,
    /// The account with that rank.
    pub account: Account,
}

impl<S: Sql> Books<S> {
    /// The rank that a value would have: 1 is the best, and equals share theirs.
    pub fn rank(&self, measure: Measure, value: i64) -> Result<u64, BooksError> {
        self.cached(|kept| kept.standings.rank(&self.sql, measure, value))
    }

    /// The rank of an account as it will be after a change that has not been written yet.
    pub fn rank_after(&self, before: Option<&Account>, after: &Account) -> Result<u64, BooksError> {
        let value = Measure::Wealth.of(after);
        let own = before.is_some_and(|before| Measure::Wealth.of(before) > value);
        Ok(self.rank(Measure::Wealth, value)? - u64::from(own))
    }

    /// Returns the number of accounts on a board: those with more than nothing.
    pub fn ranked(&self, measure: Measure) -> Result<u64, BooksError> {
        self.cached(|kept| Ok(kept.standings.ranked(measure)))
    }

    /// A part of a board, best first.
    pub fn board(&self, measure: Measure, skip: u64, take: u64) -> Result<Vec<Standing>, BooksError> {
        let column = measure.column();
        let rest = format!("WHERE {column} > 0 ORDER BY {column} DESC, user LIMIT ? OFFSET ?");
        let accounts = self.accounts(&rest, &[take.into(), skip.into()])?;
        let mut board: Vec<Standing> = Vec::with_capacity(accounts.len());
        for (place, account) in (skip + 1..).zip(accounts) {
            let value = measure.of(&account);
            let rank = match board.last() {
                Some(above) if measure.of(&above.account) == value => above.rank,
                Some(_) => place,
                None => self.rank(measure, value)?,
            };
            board.push(Standing { rank, account });
        }
        Ok(board)
    }

    /// Returns the coins that the house has won and not yet paid out.
    pub fn house(&self) -> Result<Coins, BooksError> {
        Ok(self.totals()?.house)
    }

    pub(super) fn move_standings(&self, all: &[RankMoves]) -> Result<(), BooksError> {
        self.cached(|kept| {
            for moves in all {
                kept.standings.count(*moves);
            }
            kept.standings.balance(&self.sql)
        })
    }
}
