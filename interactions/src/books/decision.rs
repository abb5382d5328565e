//! What a command wants done: a reply, accounts that change, at most one movement of money, and what to show.

use protocol::{Coins, Event, UserId, record::Outcome};

use crate::{
    ledger::{Account, Refusal},
    reply::Reply,
};

/// What a command has decided.
#[derive(Clone, Debug)]
pub struct Decision {
    pub(super) outcome: Outcome,
    pub(super) reply: Reply,
    pub(super) entry: Entry,
    pub(super) changes: Vec<Change>,
    pub(super) events: Vec<Event>,
}

/// An account before and after.
#[derive(Clone, Debug)]
pub struct Change {
    /// `None` when it is opened now.
    pub before: Option<Account>,
    /// As it is to be written.
    pub after: Account,
}

/// The money side of a journal row; empty when none moved.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Who gave.
    pub debit: Option<Party>,
    /// Who got it.
    pub credit: Option<Party>,
    /// What the debited account lost.
    pub amount: Coins,
    /// What of it was burnt on the way.
    pub tax: Coins,
    /// The other person.
    pub target: Option<UserId>,
    /// A note.
    pub note: Option<String>,
    /// What the actor holds afterwards.
    pub balance_after: Option<Coins>,
}

/// One side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The only source of coins.
    Mint,
    /// A player.
    Player(UserId),
}

impl Party {
    pub(super) fn word(self) -> String {
        match self {
            Self::Mint => "mint".to_owned(),
            Self::Player(user) => user.to_string(),
        }
    }
}

impl Decision {
    /// What was asked is done.
    pub fn done(reply: Reply) -> Self {
        Self {
            outcome: Outcome::Done,
            reply,
            entry: Entry::default(),
            changes: Vec::new(),
            events: Vec::new(),
        }
    }

    /// A rule said no.
    pub fn refuse(refusal: &Refusal) -> Self {
        Self::done(refusal.into()).ended(Outcome::Refused)
    }

    /// How it ended.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Money that moves.
    #[must_use]
    pub fn with_entry(mut self, entry: Entry) -> Self {
        self.entry = entry;
        self
    }

    /// An account that changes.
    #[must_use]
    pub fn with_change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Something to show.
    #[must_use]
    pub fn with_event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }
}
