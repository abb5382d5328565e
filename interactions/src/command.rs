//! Commands that players can type. A command is one file below `command/` and one line in the table here.

mod balance;
mod buy;
mod coinflip;
mod daily;
pub(crate) mod economy;
mod history;
mod inventory;
mod leaderboard;
mod options;
mod pay;
mod profile;
mod shop;
mod unknown;
mod work;

use protocol::{Event, Sentence, Severity, Source, Timestamp};
use serde::{Deserialize, Serialize};
use twilight_model::{
    application::{
        command::{Command as Definition, CommandType},
        interaction::InteractionContextType,
    },
    oauth::ApplicationIntegrationType,
};
use twilight_util::builder::command::CommandBuilder;

pub use self::options::Options;
use crate::{
    BooksError, Call, Person,
    books::{Books, Change, Decision},
    interaction::{Autocomplete, ParseError},
    reply::Choice,
    rules::Account,
    settings::Settings,
    sql::Sql,
};

/// The largest whole number that Discord lets anybody type.
const INTEGER_OPTION_MAX: i64 = (1 << 53) - 1;

macro_rules! commands {
    ($($command:ident in $module:ident;)+) => {
        $(pub use self::$module::$command;)+

        /// A command with its options.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Command {
            $(#[doc = concat!("See `command/", stringify!($module), ".rs`.")] $command($command),)+
            /// A command or a button that Discord still shows and Pulse does not know.
            Unknown(unknown::Unknown),
        }

        /// The definitions that are registered with Discord.
        pub fn definitions() -> Vec<Definition> {
            vec![$($command::definition()),+]
        }

        impl Command {
            /// Reads a command by its name.
            pub fn parse(name: &str, options: &mut Options) -> Result<Self, ParseError> {
                Ok(match name {
                    $($command::NAME => Self::$command($command::parse(&mut options.of($command::NAME))?),)+
                    other => Self::Unknown(unknown::Unknown::new(other)),
                })
            }

            /// Reads a button by what it carries: a command's name, and words of its own.
            pub fn from_component(custom_id: &str) -> Self {
                let mut words = custom_id.split(':');
                let pressed = match words.next() {
                    $(Some($command::NAME) => $command::from_component(words).map(Self::$command),)+
                    _ => None,
                };
                pressed.unwrap_or_else(|| Self::Unknown(unknown::Unknown::new(custom_id)))
            }

            /// The name it stands with in the journal.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$command(command) => command.name(),)+
                    Self::Unknown(unknown) => unknown.name(),
                }
            }

            /// Whether only who typed it reads the answer.
            pub fn is_private(&self) -> bool {
                match self {
                    $(Self::$command(command) => $command::EPHEMERAL || command.answers_with_new_message(),)+
                    Self::Unknown(_) => true,
                }
            }

            /// Whether its button is answered by a message of its own, and the one with the button stays as it is.
            pub fn answers_with_new_message(&self) -> bool {
                match self {
                    $(Self::$command(command) => command.answers_with_new_message(),)+
                    Self::Unknown(_) => false,
                }
            }

            /// Whether it goes on working in a paused economy.
            pub fn is_administrative(&self) -> bool {
                match self {
                    $(Self::$command(_) => $command::ADMINISTRATIVE,)+
                    Self::Unknown(_) => true,
                }
            }

            /// Decides what happens; writes nothing.
            pub fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
                match self {
                    $(Self::$command(command) => command.decide(context),)+
                    Self::Unknown(unknown) => Ok(unknown.decide(context)),
                }
            }
        }

        /// Returns what an option could be completed to; nothing for a command that completes none.
        pub fn autocomplete(lookup: &Autocomplete, books: &Books<impl Sql>) -> Result<Vec<Choice>, BooksError> {
            match lookup.command.as_str() {
                $($command::NAME => $command::autocomplete(lookup, books),)+
                _ => Ok(Vec::new()),
            }
        }
    };
}

commands! {
    Daily in daily;
    Balance in balance;
    Pay in pay;
    Work in work;
    Coinflip in coinflip;
    Leaderboard in leaderboard;
    Profile in profile;
    History in history;
    Shop in shop;
    Buy in buy;
    Inventory in inventory;
    Economy in economy;
}

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

/// The context in which a command decides.
pub struct Context<'a, S> {
    /// The interaction: the command with its options, the actor and the server.
    pub call: &'a Call,
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
    fn own(&self) -> Result<Option<Account>, BooksError> {
        self.books.account(self.call.actor.id)
    }

    /// Returns the actor's account, opened if there is none.
    fn opened(&self, own: Option<&Account>) -> Account {
        own.cloned().unwrap_or_else(|| Account::open(&self.call.actor, self.now))
    }

    /// Returns the person whom a command is about (the actor, when nobody is named), and that person's account.
    fn subject<'a>(
        &'a self,
        named: Option<&'a Person>,
        own: Option<&Account>,
    ) -> Result<(&'a Person, Option<Account>), BooksError> {
        let actor = &self.call.actor;
        Ok(match named {
            Some(person) if person.id != actor.id => (person, self.books.account(person.id)?),
            _ => (named.unwrap_or(actor), own.cloned()),
        })
    }

    /// Returns a change of nothing but `last_at`; `None` for an actor without an account.
    fn seen(&self) -> Result<Option<Change>, BooksError> {
        Ok(self.own()?.map(Change::none))
    }

    /// An event of this call, to be filled in.
    fn event(&self, severity: Severity, source: Source, message: impl Into<Sentence>) -> Event {
        event(self.call, self.now, severity, source, message)
    }
}

/// An event of a call, to be filled in.
pub(crate) fn event(
    call: &Call,
    now: Timestamp,
    severity: Severity,
    source: Source,
    message: impl Into<Sentence>,
) -> Event {
    Event {
        actor_id: Some(call.actor.id),
        actor_name: Some(call.actor.name.clone()),
        ..Event::new(call.id.to_string(), now, call.guild, severity, source, message)
    }
}

/// A slash command that exists in servers only, and only in those that have added Pulse: an application that people may
/// install for themselves, as new ones may be, would come along into every server that they are in.
fn defined(name: &str, description: &str) -> CommandBuilder {
    CommandBuilder::new(name, description, CommandType::ChatInput)
        .contexts([InteractionContextType::Guild])
        .integration_types([ApplicationIntegrationType::GuildInstall])
}
