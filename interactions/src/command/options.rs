//! The options of a command: the path of subcommands, values by name, and the people and channels they mention.

use std::collections::{HashMap, HashSet};

use protocol::{Coins, UserId};
use serde_json::Value;

use crate::{Person, parse_error::ParseError};

/// The options of a command, as Discord sent them.
#[derive(Clone, Debug, Default)]
pub struct Options {
    command: &'static str,
    path: Vec<String>,
    values: HashMap<String, Value>,
    people: HashMap<UserId, Person>,
    channels: HashSet<String>,
}

impl Options {
    /// Options as Discord sends them: the subcommands' names, outermost first, then the innermost one's values.
    pub fn new(path: Vec<String>, values: HashMap<String, Value>, people: HashMap<UserId, Person>) -> Self {
        Self { path, values, people, ..Self::default() }
    }

    /// The same with the ids of the channels that Discord has resolved: they are there, and in this server.
    #[must_use]
    pub fn with_channels(mut self, channels: HashSet<String>) -> Self {
        self.channels = channels;
        self
    }

    /// The same, as this command's.
    pub(super) fn of(&mut self, command: &'static str) -> Self {
        Self { command, ..std::mem::take(self) }
    }

    /// The subcommands, outermost first.
    pub(super) fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The error of an option that is missing, or is not what its definition says.
    pub(super) fn bad(&self, option: &'static str) -> ParseError {
        ParseError::BadOption { command: self.command, option }
    }

    /// An option that mentions a user.
    pub(super) fn person(&mut self, option: &'static str) -> Result<Option<Person>, ParseError> {
        let Some(value) = self.values.remove(option) else { return Ok(None) };
        let id = value.as_str().and_then(|id| id.parse().ok());
        let person = id.and_then(|id| self.people.remove(&id));
        person.map(Some).ok_or(self.bad(option))
    }

    /// An option that is a whole number.
    pub(super) fn integer(&mut self, option: &'static str) -> Result<Option<i64>, ParseError> {
        let Some(value) = self.values.remove(option) else { return Ok(None) };
        value.as_i64().map(Some).ok_or(self.bad(option))
    }

    /// An option that is an amount.
    pub(super) fn coins(&mut self, option: &'static str) -> Result<Option<Coins>, ParseError> {
        Ok(self.integer(option)?.map(Coins::new))
    }

    /// An option that counts pages, from 1; the first when left out.
    pub(super) fn page(&mut self) -> Result<u64, ParseError> {
        let page = self.integer("page")?.unwrap_or(1);
        u64::try_from(page).ok().filter(|&page| page > 0).ok_or(self.bad("page"))
    }

    /// Whether Discord has resolved this channel.
    pub(super) fn has_channel(&self, id: &str) -> bool {
        self.channels.contains(id)
    }

    /// An option that is text.
    pub(super) fn text(&mut self, option: &'static str) -> Result<Option<String>, ParseError> {
        match self.values.remove(option) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.bad(option)),
        }
    }
}
