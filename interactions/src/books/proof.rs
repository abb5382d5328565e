//! The proof that the journal and the accounts agree: the whole journal is replayed and compared with what the accounts hold,
//! in steps, between which commands may be answered.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use protocol::{
    Coins, UserId,
    audit::{Mismatch, Proof},
};

use super::{Books, BooksError, row::Reader};
use crate::sql::Sql;

/// Rows of the journal that one step replays at most, and accounts that it compares at most.
pub const PROOF_STEP: u32 = 1_000;

/// A proof that is under way. What is committed between two of its steps is replayed before the next accounts are
/// compared, so each account is compared with the journal as it stands at that moment.
#[derive(Debug, Default)]
pub struct Proving {
    replay: Replay,
    /// The journal is replayed to this row.
    replayed_to: u64,
    stage: Stage,
    accounts: u64,
    mismatches: Vec<Mismatch>,
}

/// The account that is compared next.
#[derive(Debug)]
enum Stage {
    /// The accounts after this one.
    Accounts(String),
    /// The players in the journal, after this one, who were not among the accounts: they have none, or one that was opened
    /// meanwhile.
    Others(String),
}

impl Default for Stage {
    fn default() -> Self {
        Self::Accounts(String::new())
    }
}

impl<S: Sql> Books<S> {
    /// Replays the whole journal, and compares what it gives with what the accounts hold.
    pub fn prove(&self) -> Result<Proof, BooksError> {
        let mut proving = Proving::default();
        loop {
            if let Some(proof) = self.prove_on(&mut proving)? {
                return Ok(proof);
            }
        }
    }

    /// One step of a proof, which takes the same time however long the journal is; the proof, when it was the last one.
    pub fn prove_on(&self, proving: &mut Proving) -> Result<Option<Proof>, BooksError> {
        if !self.replay_on(proving)? {
            return Ok(None);
        }
        match std::mem::take(&mut proving.stage) {
            Stage::Accounts(last) => {
                proving.stage = self.compare_accounts(proving, &last)?;
                Ok(None)
            }
            Stage::Others(last) => match self.compare_others(proving, last)? {
                Some(stage) => {
                    proving.stage = stage;
                    Ok(None)
                }
                None => Ok(Some(std::mem::take(proving).finish())),
            },
        }
    }

    /// Replays the next rows. Whether they were the last ones.
    fn replay_on(&self, proving: &mut Proving) -> Result<bool, BooksError> {
        let statement =
            "SELECT seq, debit, credit, amount, tax FROM journal WHERE seq > ? ORDER BY seq LIMIT ?";
        let rows = self.sql.query(statement, &[proving.replayed_to.into(), u64::from(PROOF_STEP).into()])?;
        let is_end = (rows.len() as u64) < u64::from(PROOF_STEP);
        for row in rows {
            let mut row = Reader::new("journal", Some(row));
            proving.replayed_to = row.unsigned()?;
            proving.replay.add(row.optional_text()?, row.optional_text()?, row.coins()?, row.coins()?);
        }
        Ok(is_end)
    }

    fn compare_accounts(&self, proving: &mut Proving, last: &str) -> Result<Stage, BooksError> {
        let statement = "SELECT user, balance FROM accounts WHERE user > ? ORDER BY user LIMIT ?";
        let rows = self.sql.query(statement, &[last.into(), u64::from(PROOF_STEP).into()])?;
        let is_end = (rows.len() as u64) < u64::from(PROOF_STEP);
        let mut last = last.to_owned();
        for row in rows {
            let mut row = Reader::new("accounts", Some(row));
            let user = row.user()?;
            proving.compare(user, row.coins()?);
            last = user.to_string();
        }
        Ok(if is_end { Stage::Others(String::new()) } else { Stage::Accounts(last) })
    }

    /// The next of those who were not among the accounts; `None` when there were no more.
    fn compare_others(&self, proving: &mut Proving, last: String) -> Result<Option<Stage>, BooksError> {
        let range = (Excluded(last), Unbounded);
        let next = proving.replay.balances.range::<String, _>(range).take(PROOF_STEP as usize);
        let next: Vec<_> = next.map(|(party, held)| (party.clone(), held.is_compared)).collect();
        let Some((last, _)) = next.last().cloned() else { return Ok(None) };
        for (party, _) in next.into_iter().filter(|(_, is_compared)| !is_compared) {
            let Ok(user) = party.parse::<UserId>() else { continue };
            let found = self.sql.query("SELECT balance FROM accounts WHERE user = ?", &[user.into()])?;
            match found.into_iter().next() {
                Some(row) => proving.compare(user, Reader::new("accounts", Some(row)).coins()?),
                None => proving.note_mismatch(user, Coins::ZERO),
            }
        }
        Ok(Some(Stage::Others(last)))
    }
}

impl Proving {
    fn compare(&mut self, user: UserId, account: Coins) {
        self.accounts += 1;
        self.note_mismatch(user, account);
        self.replay.balances.entry(user.to_string()).or_default().is_compared = true;
        self.replay.sum = self.replay.sum.saturating_plus(account);
    }

    fn note_mismatch(&mut self, user_id: UserId, account: Coins) {
        let held = self.replay.balances.get(&user_id.to_string());
        let journal = held.map(|held| held.journal).unwrap_or_default();
        if journal != account {
            self.mismatches.push(Mismatch { user_id, journal, account });
        }
    }

    fn finish(self) -> Proof {
        let Self { replay: Replay { rows, sum, lowest, .. }, accounts, mismatches, .. } = self;
        Proof { rows, accounts, sum, lowest_balance: lowest, mismatches }
    }
}

/// The journal added up.
#[derive(Debug, Default)]
struct Replay {
    rows: u64,
    balances: BTreeMap<String, Held>,
    /// The coins of mint, burn, shop and house together; the players' accounts are added.
    sum: Coins,
    lowest: Coins,
}

/// A player's coins by the journal.
#[derive(Debug, Default)]
struct Held {
    journal: Coins,
    /// The account has been compared, and is in the sum: what comes later is added there, too.
    is_compared: bool,
}

impl Replay {
    fn add(&mut self, debit: Option<String>, credit: Option<String>, amount: Coins, tax: Coins) {
        self.rows += 1;
        if let Some(debit) = debit {
            self.change(debit, Coins::ZERO.saturating_minus(amount));
        }
        if let Some(credit) = credit {
            self.change(credit, amount.saturating_minus(tax));
        }
        self.sum = self.sum.saturating_plus(tax);
    }

    fn change(&mut self, party: String, by: Coins) {
        if ["mint", "burn", "shop", "house"].contains(&party.as_str()) {
            self.sum = self.sum.saturating_plus(by);
            return;
        }
        let held = self.balances.entry(party).or_default();
        held.journal = held.journal.saturating_plus(by);
        self.lowest = self.lowest.min(held.journal);
        if held.is_compared {
            self.sum = self.sum.saturating_plus(by);
        }
    }
}
