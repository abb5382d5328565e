//! What players can type. A command is one file below `command/`, one variant, and one arm in each table here.

mod balance;
mod daily;
mod pay;
mod unknown;

use std::collections::HashMap;

use protocol::{Coins, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

pub use self::{balance::Balance, daily::Daily, pay::Pay, unknown::Unknown};
use crate::{
    BooksError, Call, Person,
    books::{Decision, Desk},
    interaction::NotUnderstood,
    sql::Sql,
};

/// A command with its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// `/daily`.
    Daily(Daily),
    /// `/balance [user]`.
    Balance(Balance),
    /// `/pay user amount [note]`.
    Pay(Pay),
    /// A command that Discord still shows and Pulse does not know.
    Unknown(Unknown),
}

/// The definitions that are registered with Discord.
pub fn definitions() -> Vec<Definition> {
    vec![daily::definition(), balance::definition(), pay::definition()]
}

impl Command {
    /// Reads a command by its name.
    pub fn parse(name: &str, options: &mut Options) -> Result<Self, NotUnderstood> {
        Ok(match name {
            daily::NAME => Self::Daily(Daily),
            balance::NAME => Self::Balance(Balance::parse(options)?),
            pay::NAME => Self::Pay(Pay::parse(options)?),
            other => Self::Unknown(Unknown::new(other)),
        })
    }

    /// The name it was typed with.
    pub fn name(&self) -> &str {
        match self {
            Self::Daily(_) => daily::NAME,
            Self::Balance(_) => balance::NAME,
            Self::Pay(_) => pay::NAME,
            Self::Unknown(unknown) => unknown.name(),
        }
    }

    /// Decides what happens; writes nothing.
    pub fn decide(
        &self,
        call: &Call,
        desk: &Desk<'_, impl Sql>,
        now: Timestamp,
    ) -> Result<Decision, BooksError> {
        match self {
            Self::Daily(Daily) => Daily::decide(call, desk, now),
            Self::Balance(balance) => balance.decide(call, desk),
            Self::Pay(pay) => pay.decide(call, desk, now),
            Self::Unknown(unknown) => Ok(unknown.decide(call, now)),
        }
    }
}

/// What came with a command: values by name, and the people they mention.
#[derive(Clone, Debug, Default)]
pub struct Options {
    values: HashMap<String, serde_json::Value>,
    people: HashMap<UserId, Person>,
}

impl Options {
    /// Options as Discord sends them.
    pub fn new(values: HashMap<String, serde_json::Value>, people: HashMap<UserId, Person>) -> Self {
        Self { values, people }
    }

    /// An option that mentions a user.
    fn person(
        &mut self,
        command: &'static str,
        option: &'static str,
    ) -> Result<Option<Person>, NotUnderstood> {
        let Some(value) = self.values.remove(option) else { return Ok(None) };
        let id = value.as_str().and_then(|id| id.parse().ok());
        let person = id.and_then(|id| self.people.remove(&id));
        person.map(Some).ok_or(NotUnderstood::BadOption { command, option })
    }

    /// An option that is an amount.
    fn coins(&mut self, command: &'static str, option: &'static str) -> Result<Option<Coins>, NotUnderstood> {
        let Some(value) = self.values.remove(option) else { return Ok(None) };
        value
            .as_i64()
            .map(|amount| Some(Coins::new(amount)))
            .ok_or(NotUnderstood::BadOption { command, option })
    }

    /// An option that is text.
    fn text(&mut self, command: &'static str, option: &'static str) -> Result<Option<String>, NotUnderstood> {
        match self.values.remove(option) {
            None => Ok(None),
            Some(serde_json::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(NotUnderstood::BadOption { command, option }),
        }
    }
}

/// An event of a call, to be filled in by its command.
pub(crate) fn event(
    call: &Call,
    now: Timestamp,
    severity: protocol::Severity,
    source: protocol::Source,
    message: String,
) -> protocol::Event {
    protocol::Event {
        actor_id: Some(call.actor.id),
        actor_name: Some(call.actor.name.clone()),
        ..protocol::Event::new(call.id.to_string(), now, call.guild, severity, source, message)
    }
}
