//! Verified bytes become an [`Interaction`]. Only what is used is required, so that a field that Discord adds or leaves
//! out breaks nothing.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object>.

use std::collections::HashMap;

use protocol::{GuildId, InteractionId, UserId};
use serde::{Deserialize, Serialize};

use crate::{Command, Verified, command::Options, text};

/// What Discord asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Interaction {
    /// Discord asks whether we are there.
    Ping,
    /// A player typed a command in a server.
    Command(Box<Call>),
    /// A command where there is no server, and so no economy.
    OutsideServer,
}

/// One use of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What makes the answer unique.
    pub id: InteractionId,
    /// In which server.
    pub guild: GuildId,
    /// Who typed it.
    pub actor: Person,
    /// What was typed.
    pub command: Command,
}

/// Somebody on Discord.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The name shown in the server, cleaned, not escaped.
    pub name: String,
    /// Whether it is a bot.
    pub bot: bool,
}

/// Signed by Discord, and still not understood.
#[derive(Debug, thiserror::Error)]
pub enum NotUnderstood {
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
        /// The command.
        command: &'static str,
        /// The option.
        option: &'static str,
    },
}

impl NotUnderstood {
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

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Deserialize)]
struct Wire {
    id: InteractionId,
    guild_id: Option<GuildId>,
    member: Option<WireMember>,
    user: Option<WireUser>,
    data: Option<WireData>,
}

#[derive(Deserialize)]
struct WireMember {
    user: Option<WireUser>,
    nick: Option<String>,
}

#[derive(Deserialize)]
struct WireUser {
    id: UserId,
    username: Option<String>,
    global_name: Option<String>,
    #[serde(default)]
    bot: bool,
}

#[derive(Deserialize)]
struct WireData {
    name: String,
    #[serde(default)]
    options: Vec<WireOption>,
    #[serde(default)]
    resolved: WireResolved,
}

#[derive(Deserialize)]
struct WireOption {
    name: String,
    #[serde(default)]
    value: serde_json::Value,
}

#[derive(Default, Deserialize)]
struct WireResolved {
    #[serde(default)]
    users: HashMap<UserId, WireUser>,
    #[serde(default)]
    members: HashMap<UserId, WireMember>,
}

impl Interaction {
    /// Reads a verified body.
    pub fn parse(verified: Verified<'_>) -> Result<Self, NotUnderstood> {
        let bytes = verified.bytes();
        match serde_json::from_slice::<Kind>(bytes)?.kind {
            PING => Ok(Self::Ping),
            APPLICATION_COMMAND => Self::parse_command(serde_json::from_slice(bytes)?),
            other => Err(NotUnderstood::UnknownType(other)),
        }
    }

    fn parse_command(wire: Wire) -> Result<Self, NotUnderstood> {
        let Wire { id, guild_id, member, user, data } = wire;
        let Some(guild) = guild_id else { return Ok(Self::OutsideServer) };
        let (nick, user) = match member {
            Some(member) => (member.nick, member.user.or(user)),
            None => (None, user),
        };
        let actor = user.ok_or(NotUnderstood::Missing("member.user"))?.into_person(nick);
        let data = data.ok_or(NotUnderstood::Missing("data"))?;
        let command = Command::parse(&data.name, &mut data.options.into_options(data.resolved))?;
        Ok(Self::Command(Box::new(Call { id, guild, actor, command })))
    }
}

impl WireUser {
    fn into_person(self, nick: Option<String>) -> Person {
        let shown = [nick, self.global_name, self.username].into_iter().flatten();
        let name = shown.map(|name| text::clean_name(&name)).find(|name| !name.is_empty());
        Person { id: self.id, name: name.unwrap_or_else(|| format!("Player {}", self.id)), bot: self.bot }
    }
}

trait IntoOptions {
    fn into_options(self, resolved: WireResolved) -> Options;
}

impl IntoOptions for Vec<WireOption> {
    fn into_options(self, resolved: WireResolved) -> Options {
        let WireResolved { users, mut members } = resolved;
        let people = users
            .into_values()
            .map(|user| {
                let nick = members.remove(&user.id).and_then(|member| member.nick);
                let person = user.into_person(nick);
                (person.id, person)
            })
            .collect();
        Options::new(self.into_iter().map(|option| (option.name, option.value)).collect(), people)
    }
}
