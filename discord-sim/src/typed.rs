//! Slash commands as players type them: a command, perhaps a subcommand, and options with values.

use serde_json::{Map, json};

use crate::{fixtures::Player, objects, snowflake::command_id};

/// A slash command as a player typed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// The command's name, without the slash.
    pub command: String,
    /// The subcommand, with its group before it when it has one; at most two names.
    pub path: Vec<String>,
    /// The options, in their order.
    pub options: Vec<Choice>,
}

impl Typed {
    /// A command without options.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), path: Vec::new(), options: Vec::new() }
    }

    /// The same one step deeper: the subcommand, or a group and then its subcommand.
    #[must_use]
    pub fn under(mut self, name: impl Into<String>) -> Self {
        self.path.push(name.into());
        self
    }

    /// The same with one more option.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, value: Value) -> Self {
        self.options.push(Choice { name: option.into(), value });
        self
    }

    /// The `data` of an interaction; `in_server` tells whether members are known, too.
    pub(crate) fn data(&self, in_server: bool) -> Map<String, serde_json::Value> {
        let mut data =
            objects::object(json!({ "id": command_id(&self.command), "name": self.command, "type": 1 }));
        let options = self.nested_options();
        if !options.is_empty() {
            data.insert("options".into(), options.into());
        }
        if let Some(resolved) = self.resolved(in_server) {
            data.insert("resolved".into(), resolved);
        }
        data
    }

    /// `SUB_COMMAND` is 1 and `SUB_COMMAND_GROUP` is 2; the innermost holds the options, even when there are none.
    fn nested_options(&self) -> Vec<serde_json::Value> {
        let innermost: Vec<serde_json::Value> = self.options.iter().map(Choice::object).collect();
        self.path.iter().rev().zip(1..).fold(innermost, |options, (name, kind)| {
            vec![json!({ "name": name, "type": kind, "options": options })]
        })
    }

    fn resolved(&self, in_server: bool) -> Option<serde_json::Value> {
        let of = |pick: fn(&Choice) -> Option<(String, serde_json::Value)>| {
            self.options.iter().filter_map(pick).collect::<Map<_, _>>()
        };
        let mut resolved = Map::new();
        resolved.insert("users".into(), of(|choice| choice.value.user()).into());
        resolved.insert("channels".into(), of(|choice| choice.value.channel()).into());
        resolved.insert("roles".into(), of(|choice| choice.value.role()).into());
        if in_server {
            resolved.insert("members".into(), of(|choice| choice.value.member()).into());
        }
        resolved.retain(|_, found| found.as_object().is_some_and(|found| !found.is_empty()));
        (!resolved.is_empty()).then(|| resolved.into())
    }
}

/// One option and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The option's name.
    pub name: String,
    /// The typed or chosen value.
    pub value: Value,
}

impl Choice {
    fn object(&self) -> serde_json::Value {
        let (kind, value) = match &self.value {
            Value::Text(text) => (3, json!(text)),
            Value::Partial(text) => {
                return json!({ "name": self.name, "type": 3, "value": text, "focused": true });
            }
            Value::Integer(number) => (4, json!(number)),
            Value::Flag(flag) => (5, json!(flag)),
            Value::User(player) => (6, json!(player.id)),
            Value::Channel(id) => (7, json!(id.to_string())),
            Value::Role(id) => (8, json!(id.to_string())),
            Value::Number(number) => (10, json!(number)),
        };
        json!({ "name": self.name, "type": kind, "value": value })
    }
}

/// A value, by the types that Discord gives options.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// STRING, 3.
    Text(String),
    /// STRING, 3, still being typed: `focused` in an autocomplete interaction.
    Partial(String),
    /// INTEGER, 4.
    Integer(i64),
    /// BOOLEAN, 5.
    Flag(bool),
    /// USER, 6.
    User(Player),
    /// CHANNEL, 7: a text channel of the server.
    Channel(u64),
    /// ROLE, 8.
    Role(u64),
    /// NUMBER, 10.
    Number(f64),
}

impl Value {
    fn user(&self) -> Option<(String, serde_json::Value)> {
        let Self::User(player) = self else { return None };
        Some((player.id.to_string(), objects::user(player)))
    }

    fn member(&self) -> Option<(String, serde_json::Value)> {
        let Self::User(player) = self else { return None };
        Some((player.id.to_string(), objects::member(player, objects::MEMBER_PERMISSIONS).into()))
    }

    fn channel(&self) -> Option<(String, serde_json::Value)> {
        let Self::Channel(id) = self else { return None };
        let channel = json!({
            "flags": 0, "id": id.to_string(), "name": "announcements", "parent_id": null,
            "permissions": objects::MEMBER_PERMISSIONS.to_string(), "type": 0,
        });
        Some((id.to_string(), channel))
    }

    fn role(&self) -> Option<(String, serde_json::Value)> {
        let Self::Role(id) = self else { return None };
        let role = json!({
            "color": 0, "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null }, "flags": 0,
            "hoist": false, "icon": null, "id": id.to_string(), "managed": false, "mentionable": false,
            "name": "role", "permissions": "0", "position": 1, "unicode_emoji": null,
        });
        Some((id.to_string(), role))
    }
}
