//! The running totals, which each journal row carries: two countings of the same coins, that have to agree.

use protocol::{Coins, JournalSeq, Timestamp};

use super::{BooksError, Change, Entry, Party, row::Reader};
use crate::ledger::Account;

/// The running totals after a journal row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) seq: JournalSeq,
    pub(super) at: Option<Timestamp>,
    pub(super) players: u64,
    pub(super) wealth: Coins,
    pub(super) levels: u64,
    pub(super) mint: Coins,
    pub(super) burn: Coins,
}

impl Totals {
    pub(super) fn add_change(&mut self, change: &Change) {
        let before = change.before.as_ref();
        self.players += u64::from(before.is_none());
        self.levels += change.after.level();
        self.levels -= before.map_or(0, Account::level);
        let held = before.map(|before| before.balance).unwrap_or_default();
        self.wealth = self.wealth.saturating_plus(change.after.balance).saturating_minus(held);
    }

    pub(super) fn add_entry(&mut self, entry: &Entry) {
        if entry.debit == Some(Party::Mint) {
            self.mint = self.mint.saturating_minus(entry.amount);
        }
        self.burn = self.burn.saturating_plus(entry.tax);
    }

    /// Two countings of the same coins, from the accounts and from the entries, agree.
    pub(super) fn balanced(&self) -> bool {
        self.wealth.saturating_plus(self.mint).saturating_plus(self.burn) == Coins::ZERO
    }

    /// Reads them from the five last columns of a journal row.
    pub(super) fn read(row: &mut Reader) -> Result<Self, BooksError> {
        Ok(Self {
            players: row.unsigned()?,
            wealth: row.coins()?,
            levels: row.unsigned()?,
            mint: row.coins()?,
            burn: row.coins()?,
            ..Self::default()
        })
    }
}
