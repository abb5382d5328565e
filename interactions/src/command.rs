//! Commands that players can type. A command is one file below `command/` and one line in the table here.

mod balance;
mod buy;
mod coinflip;
mod context;
mod daily;
pub(crate) mod definition;
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

use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;

use self::definition::SlashCommand;
pub use self::{context::Context, options::Options};
use crate::{
    BooksError,
    autocomplete::Autocomplete,
    books::{Books, Decision},
    parse_error::ParseError,
    reply::Choice,
    sql::Sql,
};

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
