//! The context in which a command decides.

use protocol::{Event, Sentence, Severity, Source, Timestamp};

use crate::{
    BooksError, Person,
    books::{Books, Change},
    origin::Origin,
    rules::Account,
    settings::Settings,
    sql::Sql,
};

/// The context in which a command decides.
pub struct Context<'a, S> {
    /// The interaction: the actor and the server.
    pub origin: Origin<'a>,
    /// The books, to look into.
    pub books: &'a Books<S>,
    /// The server's rules in force.
    pub settings: Settings,
    /// The moment of the decision, by the edge's clock.
    pub now: Timestamp,
    /// 64 random bits.
    pub entropy: u64,
}

impl<S: Sql> Context<'_, S> {
    /// The account of who typed it.
    pub(super) fn own(&self) -> Result<Option<Account>, BooksError> {
        self.books.account(self.origin.actor.id)
    }

    /// Returns the actor's account, opened if there is none.
    pub(super) fn opened(&self, own: Option<&Account>) -> Account {
        own.cloned().unwrap_or_else(|| Account::open(self.origin.actor, self.now))
    }

    /// Returns the person whom a command is about (the actor, when nobody is named), and that person's account.
    pub(super) fn subject<'a>(
        &'a self,
        named: Option<&'a Person>,
        own: Option<&Account>,
    ) -> Result<(&'a Person, Option<Account>), BooksError> {
        let actor = self.origin.actor;
        Ok(match named {
            Some(person) if person.id != actor.id => (person, self.books.account(person.id)?),
            _ => (named.unwrap_or(actor), own.cloned()),
        })
    }

    /// Returns a change of nothing but `last_at`; `None` for an actor without an account.
    pub(super) fn seen(&self) -> Result<Option<Change>, BooksError> {
        Ok(self.own()?.map(Change::none))
    }

    /// An event of this call, to be filled in.
    pub(super) fn event(&self, severity: Severity, source: Source, message: impl Into<Sentence>) -> Event {
        self.origin.event(self.now, severity, source, message)
    }
}
