//! The running totals, which each journal row carries: two countings of the same coins, that have to agree.

use protocol::{Coins, JournalSeq, Timestamp};

use super::{BooksError, Change, Entry, Party, row::Reader};
use crate::{rules::Account, sql::EXACT_MAX};

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
    pub(super) shop: Coins,
    pub(super) house: Coins,
}

impl Totals {
    /// Their columns in the journal.
    pub(super) const COLUMNS: [&'static str; 7] =
        ["players", "wealth", "levels", "mint", "burn", "shop", "house"];

    /// The same to be selected, for [`Totals::read`]: what does not fit into a number of JavaScript's comes as text.
    pub(super) fn selected() -> String {
        let exact = |column| {
            format!("CASE WHEN abs({column}) > {EXACT_MAX} THEN CAST({column} AS TEXT) ELSE {column} END")
        };
        Self::COLUMNS.map(exact).join(", ")
    }

    pub(super) fn add_change(&mut self, change: &Change) {
        let before = change.before.as_ref();
        self.players += u64::from(before.is_none());
        self.levels += change.after.level();
        self.levels -= before.map_or(0, Account::level);
        let held = before.map(|before| before.balance).unwrap_or_default();
        self.wealth = self.wealth.saturating_plus(change.after.balance).saturating_minus(held);
    }

    pub(super) fn add_entry(&mut self, entry: &Entry) {
        if let Some(debit) = entry.debit.and_then(|party| self.side(party)) {
            *debit = debit.saturating_minus(entry.amount);
        }
        if let Some(credit) = entry.credit.and_then(|party| self.side(party)) {
            *credit = credit.saturating_plus(entry.amount).saturating_minus(entry.tax);
        }
        self.burn = self.burn.saturating_plus(entry.tax);
    }

    /// Returns the coins of a party that is no player.
    fn side(&mut self, party: Party) -> Option<&mut Coins> {
        match party {
            Party::Mint => Some(&mut self.mint),
            Party::Burn => Some(&mut self.burn),
            Party::Shop => Some(&mut self.shop),
            Party::House => Some(&mut self.house),
            Party::Player(_) => None,
        }
    }

    /// Two countings of the same coins, from the accounts and from the entries, agree.
    pub(super) fn balanced(&self) -> bool {
        let sides = [self.mint, self.burn, self.shop, self.house];
        sides.into_iter().fold(self.wealth, Coins::saturating_plus) == Coins::ZERO
    }

    /// Reads [`Totals::selected`].
    pub(super) fn read(row: &mut Reader) -> Result<Self, BooksError> {
        Ok(Self {
            players: row.unsigned()?,
            wealth: row.coins()?,
            levels: row.unsigned()?,
            mint: row.coins()?,
            burn: row.coins()?,
            shop: row.coins()?,
            house: row.coins()?,
            ..Self::default()
        })
    }
}
