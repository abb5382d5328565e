//! Verified bytes become an [`Interaction`]. Only what is used is required, so that a field that Discord adds or leaves
//! out breaks nothing.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object>.

mod wire;

use std::fmt;

use protocol::{GuildId, InteractionId, Timestamp, time::HOUR_MS};
use serde::{Deserialize, Serialize};

use self::wire::{Kind, Wire};
use crate::{Command, Verified, books::REPLIES_KEPT_MS, command::Options, origin::Origin};
pub use crate::{autocomplete::Autocomplete, parse_error::ParseError, person::Person};

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
    /// Everything about it but the command's options.
    pub fn origin(&self) -> Origin<'_> {
        Origin {
            id: self.id,
            guild: self.guild,
            actor: &self.actor,
            manager: self.manager,
            pressed: self.pressed,
            command: self.command.name(),
        }
    }

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
