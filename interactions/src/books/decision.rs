//! The decision of a command: a reply, accounts that change, at most one movement of money, and events to show.

use protocol::{
    Coins, Event, InteractionId, JournalSeq, UserId,
    record::{JobOrder, Outcome},
};

use crate::{
    reply::Reply,
    rules::{Account, Item, Refusal},
    settings::{Key, Settings},
};

/// The decision of a command, which is committed whole.
#[derive(Clone, Debug)]
pub struct Decision {
    pub(super) outcome: Outcome,
    pub(super) reply: Reply,
    pub(super) entry: Entry,
    pub(super) changes: Vec<Change>,
    pub(super) writes: Vec<Write>,
    pub(super) events: Vec<Event>,
    pub(super) jobs: Vec<JobOrder>,
    pub(super) audited: bool,
    pub(super) name: Option<String>,
    pub(super) refusal: Option<Refusal>,
    pub(super) undoes: Option<JournalSeq>,
    /// The call waits for its button.
    pub(super) waits: bool,
}

/// An account before and after.
#[derive(Clone, Debug)]
pub struct Change {
    /// `None` when it is opened now.
    pub before: Option<Account>,
    /// As it is to be written.
    pub after: Account,
}

/// Another write, beside accounts and the journal row.
#[derive(Clone, Debug)]
pub enum Write {
    /// A setting has another value.
    Setting(Key, i64),
    /// The economy is paused, or goes on.
    Paused(bool),
    /// An item is new, or is changed.
    Item(Item),
    /// So many of an item are left.
    Stock {
        /// The item's number.
        item: u64,
        /// The number that is left.
        left: u64,
    },
    /// An item is for sale no more.
    RemoveItem(u64),
    /// A player holds so many of an item.
    Holding {
        /// The player's user id.
        user: UserId,
        /// The item's number.
        item: u64,
        /// The number that the player holds from now on.
        quantity: u64,
    },
    /// A player holds nothing any more.
    ForgetHoldings(UserId),
    /// New richest players are announced in this channel, or nowhere.
    Announce(Option<String>),
    /// A call waits for its button.
    Pend {
        /// The id of its interaction.
        id: InteractionId,
        /// The call, as JSON.
        call: String,
    },
    /// A call waits no more.
    Settle(InteractionId),
}

/// The money side of a journal row; empty when none moved.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The party that gives.
    pub debit: Option<Party>,
    /// The party that gets.
    pub credit: Option<Party>,
    /// The coins that the debited account loses.
    pub amount: Coins,
    /// The part of `amount` that is burnt on the way; negative in the undo of a taxed payment.
    pub tax: Coins,
    /// The other person, such as the recipient of a payment.
    pub target: Option<UserId>,
    /// A note, or the reason.
    pub note: Option<String>,
    /// The balance afterwards of the target of an administrator's act, else of the actor.
    pub balance_after: Option<Coins>,
}

/// One side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The only source of coins; the only one that goes below zero.
    Mint,
    /// The sink of taxes, and of coins that an administrator takes.
    Burn,
    /// Coins paid for items.
    Shop,
    /// Coins lost at gambling, and not yet won.
    House,
    /// A player, by user id.
    Player(UserId),
}

impl Party {
    pub(crate) fn word(self) -> String {
        match self {
            Self::Mint => "mint".to_owned(),
            Self::Burn => "burn".to_owned(),
            Self::Shop => "shop".to_owned(),
            Self::House => "house".to_owned(),
            Self::Player(user) => user.to_string(),
        }
    }

    /// Returns the party with this word in the journal: a name, or a player's id.
    pub(super) fn named(word: &str) -> Option<Self> {
        match word {
            "mint" => Some(Self::Mint),
            "burn" => Some(Self::Burn),
            "shop" => Some(Self::Shop),
            "house" => Some(Self::House),
            user => user.parse().ok().map(Self::Player),
        }
    }
}

impl Entry {
    /// Coins that a player earned.
    pub fn earned(user: UserId, amount: Coins, balance_after: Coins) -> Self {
        Self {
            debit: Some(Party::Mint),
            credit: Some(Party::Player(user)),
            amount,
            balance_after: Some(balance_after),
            ..Self::default()
        }
    }

    /// Whether this player's coins move.
    pub(super) fn moves(&self, user: UserId) -> bool {
        [self.debit, self.credit].contains(&Some(Party::Player(user)))
    }
}

impl Decision {
    /// A decision that does what was asked; so far it only replies.
    pub fn done(reply: Reply) -> Self {
        Self {
            outcome: Outcome::Done,
            reply,
            entry: Entry::default(),
            changes: Vec::new(),
            writes: Vec::new(),
            events: Vec::new(),
            jobs: Vec::new(),
            audited: false,
            name: None,
            refusal: None,
            undoes: None,
            waits: false,
        }
    }

    /// Whether something is missing without a row of it. A look and a refusal can do without.
    pub(crate) fn needs_row(&self) -> bool {
        let is_changed = |change: &Change| change.before.as_ref() != Some(&change.after);
        self.audited
            || self.entry.debit.is_some()
            || !(self.writes.is_empty() && self.jobs.is_empty() && self.events.is_empty())
            || self.changes.iter().any(is_changed)
    }

    /// A rule said no.
    pub fn refuse(refusal: &Refusal) -> Self {
        Self { refusal: Some(refusal.clone()), ..Self::done(refusal.into()).ended(Outcome::Refused) }
    }

    /// Whether what was asked is done.
    pub fn is_done(&self) -> bool {
        self.outcome == Outcome::Done
    }

    /// Sets the outcome.
    #[must_use]
    pub fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Sets the movement of money.
    #[must_use]
    pub fn with_entry(mut self, entry: Entry) -> Self {
        self.entry = entry;
        self
    }

    /// An account that changes.
    #[must_use]
    pub fn with_change(mut self, change: impl Into<Option<Change>>) -> Self {
        self.changes.extend(change.into());
        self
    }

    /// Whether the call waits for its button.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// Whether a rule said no.
    pub(crate) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Returns the writes beside accounts and the journal row.
    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Returns the events to show, to be changed.
    pub(crate) fn events_mut(&mut self) -> &mut [Event] {
        &mut self.events
    }

    /// Returns the reply alone.
    pub(crate) fn into_reply(self) -> Reply {
        self.reply
    }

    /// Has the call wait for its button.
    pub(crate) fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Something else that is written.
    #[must_use]
    pub fn with_write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds an event for the feed.
    #[must_use]
    pub fn with_event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    /// Work for the bot-worker, or work that it need not do any more.
    #[must_use]
    pub fn with_jobs(mut self, jobs: impl IntoIterator<Item = JobOrder>) -> Self {
        self.jobs.extend(jobs);
        self
    }

    /// One more thing in the reply.
    #[must_use]
    pub fn noting(mut self, title: &str, text: &str) -> Self {
        self.reply = self.reply.field(title, text);
        self
    }

    /// The server's rules after it.
    pub fn settings_after(&self, settings: Settings) -> Settings {
        self.writes.iter().fold(settings, |settings, write| match write {
            Write::Setting(key, value) => settings.holding(*key, *value),
            _ => settings,
        })
    }

    /// An act of those who manage the server: kept for ever, and listed in the audit.
    #[must_use]
    pub fn audited(mut self) -> Self {
        self.audited = true;
        self
    }

    /// It undoes this row.
    #[must_use]
    pub fn undoing(mut self, row: JournalSeq) -> Self {
        self.undoes = Some(row);
        self
    }

    /// Says why in the note and in the events, where something was done.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        if self.outcome == Outcome::Done {
            let note =
                self.entry.note.map_or_else(|| reason.to_owned(), |note| format!("{note}, because {reason}"));
            self.entry.note = Some(note);
            for event in &mut self.events {
                event.message.push_str(", because ");
                event.message.push_str(reason);
            }
        }
        self
    }

    /// Under which name it stands in the journal, when that is not the command's own.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}
