//! An interaction's JSON: only what Pulse reads.

use std::collections::HashMap;

use protocol::{GuildId, InteractionId, UserId, session};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Person;
use crate::{command::Options, text};

/// A group of subcommands in a group is as deep as Discord goes.
const DEPTH_MAX: usize = 2;

#[derive(Deserialize)]
pub(super) struct Kind {
    #[serde(rename = "type")]
    pub(super) kind: u8,
}

#[derive(Deserialize)]
pub(super) struct Wire {
    pub(super) id: InteractionId,
    pub(super) application_id: Option<String>,
    pub(super) token: Option<String>,
    pub(super) guild_id: Option<GuildId>,
    /// The owners of the application's installation here, by its kind; payloads of old have no such field.
    authorizing_integration_owners: Option<HashMap<String, Value>>,
    member: Option<Member>,
    user: Option<User>,
    pub(super) data: Option<Data>,
}

#[derive(Deserialize)]
struct Member {
    user: Option<User>,
    nick: Option<String>,
    permissions: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: UserId,
    username: Option<String>,
    global_name: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    bot: bool,
    /// One of Discord's own, which writes its announcements.
    #[serde(default, deserialize_with = "or_default")]
    system: bool,
}

#[derive(Deserialize)]
pub(super) struct Data {
    pub(super) name: Option<String>,
    pub(super) custom_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    options: Vec<OptionValue>,
    #[serde(default, deserialize_with = "or_default")]
    resolved: Resolved,
}

#[derive(Deserialize)]
struct OptionValue {
    name: String,
    value: Option<Value>,
    #[serde(default)]
    options: Option<Vec<OptionValue>>,
    #[serde(default, deserialize_with = "or_default")]
    focused: bool,
}

#[derive(Default, Deserialize)]
struct Resolved {
    #[serde(default, deserialize_with = "or_default")]
    users: HashMap<UserId, User>,
    #[serde(default, deserialize_with = "or_default")]
    members: HashMap<UserId, Member>,
    #[serde(default, deserialize_with = "or_default")]
    channels: HashMap<String, Value>,
}

/// A `null` is as though it had been left out.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// The key of an installation in a server, as against `1`, by a person for themselves.
const GUILD_INSTALL: &str = "0";

impl Wire {
    /// Whether the server itself has added the application.
    pub(super) fn is_added_to_server(&self) -> bool {
        let owners = self.authorizing_integration_owners.as_ref();
        owners.is_none_or(|owners| owners.contains_key(GUILD_INSTALL))
    }

    /// Whether Discord says that who did this may manage the server.
    pub(super) fn is_manager(&self) -> bool {
        let permissions = self.member.as_ref().and_then(|member| member.permissions.as_deref());
        permissions.is_some_and(session::manages)
    }

    pub(super) fn take_actor(&mut self) -> Option<Person> {
        let (nick, user) = match self.member.take() {
            Some(member) => (member.nick, member.user.or(self.user.take())),
            None => (None, self.user.take()),
        };
        Some(user?.into_person(nick, false))
    }
}

impl User {
    fn into_person(self, nick: Option<String>, absent: bool) -> Person {
        let shown = [nick, self.global_name, self.username].into_iter().flatten();
        let name = shown.map(|name| text::clean_name(&name)).find(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| format!("Player {}", self.id));
        Person { id: self.id, name, bot: self.bot, absent: absent || self.system }
    }
}

impl Data {
    /// Returns the text so far in the option that has the focus, cleaned.
    pub(super) fn focused(&self) -> Option<String> {
        fn find(options: &[OptionValue], depth: usize) -> Option<&OptionValue> {
            options.iter().find(|option| option.focused).or_else(|| {
                let nested = options.iter().filter_map(|option| option.options.as_deref());
                nested.take(DEPTH_MAX.saturating_sub(depth)).find_map(|nested| find(nested, depth + 1))
            })
        }
        find(&self.options, 0)?.value.as_ref()?.as_str().map(text::clean_note)
    }
}

impl From<Data> for Options {
    fn from(data: Data) -> Self {
        let Data { mut options, resolved, .. } = data;
        let mut path = Vec::new();
        while path.len() < DEPTH_MAX
            && let [OptionValue { name, value: None, options: nested, .. }] = options.as_mut_slice()
        {
            path.push(std::mem::take(name));
            options = nested.take().unwrap_or_default();
        }
        let Resolved { users, mut members, channels } = resolved;
        let people = users.into_values().map(|user| {
            let member = members.remove(&user.id);
            let absent = member.is_none();
            let person = user.into_person(member.and_then(|member| member.nick), absent);
            (person.id, person)
        });
        let values = options.into_iter().map(|option| (option.name, option.value.unwrap_or_default()));
        Self::new(path, values.collect(), people.collect()).with_channels(channels.into_keys().collect())
    }
}
