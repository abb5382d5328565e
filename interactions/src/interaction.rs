//! Verified bytes become an [`Interaction`]. Only what is used is required, so that a field that Discord adds or leaves
//! out breaks nothing.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object>.

mod wire;

use std::fmt;

use protocol::{GuildId, InteractionId, Timestamp, UserId, time::HOUR_MS};
use serde::{Deserialize, Serialize};

use self::wire::{Kind, Wire};
use crate::{Command, Verified, books::REPLIES_KEPT_MS, command::Options};

/// No books of Pulse are older, so that no interaction from before can have been answered: 2026-11-22T00:00:00Z.
const FIRST_BOOKS: Timestamp = Timestamp(1_795_305_600_000);
/// An interaction is taken for so long after it was made, in milliseconds: an hour less than its reply is kept, because
/// Discord's clock and the edge's need not agree.
const TAKEN_FOR_MS: u64 = REPLIES_KEPT_MS - HOUR_MS;

/// A request of Discord's.
#[derive(Clone, Debug, PartialEq)]
pub enum Interaction {
    /// Discord asks whether we are there.
    Ping,
    /// A player typed a command in a server, or pressed a button.
    Command(Box<Call>, Webhook),
    /// A player is typing, and wants to know what fits.
    Complete(Box<Autocomplete>),
    /// A command where there is no server, and so no economy.
    OutsideServer,
    /// A command in a server that has not added Pulse: who used it has brought it along. With the application's id.
    NotAdded(String),
    /// The same while it is being typed: there is nothing to choose from.
    NoChoices,
}

/// One use of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The id of the interaction, which is answered once.
    pub id: InteractionId,
    /// The server in which it was used.
    pub guild: GuildId,
    /// The person who typed the command or pressed the button.
    pub actor: Person,
    /// Whether the actor may manage the server.
    #[serde(default)]
    pub manager: bool,
    /// Whether it is a button: the answer then changes the message that it is below.
    #[serde(default)]
    pub pressed: bool,
    /// The command with its options, or the one that the pressed button stands for.
    pub command: Command,
}

impl Call {
    /// Whether its answer changes the message that it was pressed below.
    pub fn changes_message(&self) -> bool {
        self.pressed && !self.command.answers_with_new_message()
    }

    /// Whether the books may have answered it and have let go of it since, by the moment in its id: they would do it again.
    pub fn may_be_forgotten(&self, now: Timestamp) -> bool {
        let made_at = self.id.created_at();
        made_at >= FIRST_BOOKS && now.since(made_at) > TAKEN_FOR_MS
    }
}

/// A person or a bot on Discord.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The user id.
    pub id: UserId,
    /// The name shown in the server, cleaned, not escaped.
    pub name: String,
    /// Whether it is a bot.
    pub bot: bool,
    /// Whether they are not in the server, or not any more. Discord names them among the users, and not among the
    /// members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
}

/// An option that is being typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Autocomplete {
    /// The server in which it is typed.
    pub guild: GuildId,
    /// Whether who types may manage the server.
    pub manager: bool,
    /// The name of the command, such as `buy`.
    pub command: String,
    /// The text in the option so far, cleaned.
    pub typed: String,
}

/// The place at Discord to which a late answer goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The application's id, a part of the address.
    pub application: String,
    /// The right to answer this one interaction, for 15 minutes. A secret.
    pub token: String,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("application", &self.application).finish_non_exhaustive()
    }
}

/// Signed by Discord, and still not understood.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not the JSON of an interaction.
    #[error("not an interaction: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A kind that Pulse offers nobody.
    #[error("interactions of type {0} are not offered by Pulse")]
    UnknownType(u8),
    /// Something that is used is not there.
    #[error("the interaction has no {0}")]
    Missing(&'static str),
    /// An option that its definition demands is missing or of another type.
    #[error("/{command} came without a usable option `{option}`")]
    BadOption {
        /// The command's name, without its slash.
        command: &'static str,
        /// The option's name in the command's definition.
        option: &'static str,
    },
}

impl ParseError {
    /// Stable, `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_interaction",
            Self::UnknownType(_) => "unknown_interaction_type",
            Self::Missing(_) => "incomplete_interaction",
            Self::BadOption { .. } => "bad_option",
        }
    }
}

const PING: u8 = 1;
const APPLICATION_COMMAND: u8 = 2;
const MESSAGE_COMPONENT: u8 = 3;
const AUTOCOMPLETE: u8 = 4;

impl Interaction {
    /// Reads a verified body.
    pub fn parse(verified: Verified<'_>) -> Result<Self, ParseError> {
        let bytes = verified.bytes();
        let kind = serde_json::from_slice::<Kind>(bytes)?.kind;
        let wire = || serde_json::from_slice::<Wire>(bytes);
        match kind {
            PING => Ok(Self::Ping),
            APPLICATION_COMMAND => called(wire()?, |wire| {
                let data = wire.data.take().ok_or(ParseError::Missing("data"))?;
                let name = data.name.clone().ok_or(ParseError::Missing("data.name"))?;
                Command::parse(&name, &mut Options::from(data))
            }),
            MESSAGE_COMPONENT => called(wire()?, |wire| {
                let data = wire.data.take().ok_or(ParseError::Missing("data"))?;
                let custom_id = data.custom_id.ok_or(ParseError::Missing("data.custom_id"))?;
                Ok(Command::from_component(&custom_id))
            })
            .map(Self::into_pressed),
            AUTOCOMPLETE => looked_up(wire()?),
            other => Err(ParseError::UnknownType(other)),
        }
    }

    fn into_pressed(self) -> Self {
        match self {
            Self::Command(call, webhook) => Self::Command(Box::new(Call { pressed: true, ..*call }), webhook),
            other => other,
        }
    }
}

fn called(
    mut wire: Wire,
    command: impl FnOnce(&mut Wire) -> Result<Command, ParseError>,
) -> Result<Interaction, ParseError> {
    let Some(guild) = wire.guild_id else { return Ok(Interaction::OutsideServer) };
    if !wire.is_added_to_server() {
        return Ok(Interaction::NotAdded(wire.application_id.unwrap_or_default()));
    }
    let manager = wire.is_manager();
    let actor = wire.take_actor().ok_or(ParseError::Missing("member.user"))?;
    let command = command(&mut wire)?;
    let webhook = Webhook {
        application: wire.application_id.unwrap_or_default(),
        token: wire.token.unwrap_or_default(),
    };
    let call = Call { id: wire.id, guild, actor, manager, pressed: false, command };
    Ok(Interaction::Command(Box::new(call), webhook))
}

fn looked_up(wire: Wire) -> Result<Interaction, ParseError> {
    let Some(guild) = wire.guild_id.filter(|_| wire.is_added_to_server()) else {
        return Ok(Interaction::NoChoices);
    };
    let manager = wire.is_manager();
    let data = wire.data.ok_or(ParseError::Missing("data"))?;
    let typed = data.focused().unwrap_or_default();
    let command = data.name.ok_or(ParseError::Missing("data.name"))?;
    Ok(Interaction::Complete(Box::new(Autocomplete { guild, manager, command, typed })))
}
