//! A slash command: its definition, its options and its decision.

use twilight_model::{
    application::{
        command::{Command as Definition, CommandType},
        interaction::InteractionContextType,
    },
    oauth::ApplicationIntegrationType,
};
use twilight_util::builder::command::CommandBuilder;

use super::{context::Context, options::Options};
use crate::{
    BooksError,
    autocomplete::Autocomplete,
    books::{Books, Decision},
    parse_error::ParseError,
    reply::Choice,
    sql::Sql,
};

/// The largest whole number that Discord lets anybody type.
pub(super) const INTEGER_OPTION_MAX: i64 = (1 << 53) - 1;

/// A slash command: its definition, its options and its decision.
pub(crate) trait SlashCommand: Sized {
    /// As it is typed.
    const NAME: &'static str;
    /// Whether only who typed it reads the answer.
    const EPHEMERAL: bool = false;
    /// Whether it goes on working in a paused economy.
    const ADMINISTRATIVE: bool = false;

    /// Returns the definition that is registered with Discord.
    fn definition() -> Definition;

    /// Reads the command's options; fails where a required one is missing, or one is of another type.
    fn parse(options: &mut Options) -> Result<Self, ParseError>;

    /// Reads a button of its own: the words after its name.
    fn from_component<'a>(_words: impl Iterator<Item = &'a str>) -> Option<Self> {
        None
    }

    /// Whether its button is answered by a message of its own, to who pressed it alone.
    fn answers_with_new_message(&self) -> bool {
        false
    }

    /// Returns what an option could be completed to.
    fn autocomplete(_lookup: &Autocomplete, _books: &Books<impl Sql>) -> Result<Vec<Choice>, BooksError> {
        Ok(Vec::new())
    }

    /// The name it stands with in the journal.
    fn name(&self) -> &str {
        Self::NAME
    }

    /// Decides what happens; writes nothing.
    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError>;
}

/// A slash command that exists in servers only, and only in those that have added Pulse: an application that people may
/// install for themselves, as new ones may be, would come along into every server that they are in.
pub(super) fn defined(name: &str, description: &str) -> CommandBuilder {
    CommandBuilder::new(name, description, CommandType::ChatInput)
        .contexts([InteractionContextType::Guild])
        .integration_types([ApplicationIntegrationType::GuildInstall])
}
