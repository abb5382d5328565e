//! Answers that people like to read, in Discord's shape.

use protocol::{UserId, text::shortened};
use serde_json::{Value, json};
use twilight_model::{
    application::command::{CommandOptionChoice, CommandOptionChoiceValue},
    channel::message::{
        AllowedMentions, Component, Embed, MessageFlags,
        component::{Button, ButtonStyle},
    },
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
    id::Id,
};
use twilight_util::builder::{
    embed::{EmbedBuilder, EmbedFieldBuilder, EmbedFooterBuilder},
    message::{ActionRowBuilder, ButtonBuilder},
};

use crate::rules::Refusal;

const GREEN: u32 = 0x2f_b3_7a;
const BLUE: u32 = 0x4f_7c_e8;
const AMBER: u32 = 0xe0_a1_2b;
const RED: u32 = 0xd9_4b_4b;

/// The answer to Discord's PING.
pub const PONG: &str = r#"{"type":1}"#;
/// The most choices that an option can be completed to.
pub const CHOICES_MAX: usize = 25;
/// The longest choice, in characters.
const CHOICE_MAX_CHARS: usize = 100;
/// `flags` of a message that only one person reads.
const EPHEMERAL: u64 = MessageFlags::EPHEMERAL.bits();

/// Something that an option can be completed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As it is shown.
    pub name: String,
    /// As it is typed.
    pub value: String,
}

/// A message in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    embed: EmbedBuilder,
    buttons: Vec<Button>,
    mention: Option<UserId>,
    private: bool,
    /// A message of its own even where a button was pressed.
    apart: bool,
}

impl Reply {
    /// A green reply: something was done.
    pub fn success(title: &str, text: &str) -> Self {
        Self::new(GREEN, text).titled(title)
    }

    /// A blue reply: it answers a question.
    pub fn info(title: &str, text: &str) -> Self {
        Self::new(BLUE, text).titled(title)
    }

    /// Something cannot be taken back.
    pub fn warning(title: &str, text: &str) -> Self {
        Self::new(RED, text).titled(title)
    }

    /// A rule said no: only the player reads it, with the stable code below.
    pub fn refusal(text: &str, code: &str) -> Self {
        Self { apart: true, private: true, ..Self::new(AMBER, text) }.footer(code)
    }

    /// A short fact beside others.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.embed = self.embed.field(EmbedFieldBuilder::new(name, value).inline());
        self
    }

    /// A small line below.
    #[must_use]
    pub fn footer(mut self, text: &str) -> Self {
        self.embed = self.embed.footer(EmbedFooterBuilder::new(text));
        self
    }

    /// Only who typed the command reads it.
    #[must_use]
    pub fn ephemeral(mut self) -> Self {
        self.private = true;
        self
    }

    /// Only who pressed the button reads it, in a message of its own: the one with the button stays as it is.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self.ephemeral()
    }

    /// A button, which may be out of use.
    #[must_use]
    pub fn button(self, label: &str, custom_id: &str, usable: bool) -> Self {
        self.with_button(ButtonStyle::Secondary, label, custom_id, usable)
    }

    /// A button for what cannot be taken back.
    #[must_use]
    pub fn danger(self, label: &str, custom_id: &str) -> Self {
        self.with_button(ButtonStyle::Danger, label, custom_id, true)
    }

    /// Somebody who is notified.
    #[must_use]
    pub fn mentioning(mut self, user: UserId) -> Self {
        self.mention = Some(user);
        self
    }

    /// The answer as Discord reads it: a new message, or, where a button was pressed, a new face of the message that it
    /// is below. A refusal never changes a message that others read.
    pub fn into_response(self, pressed: bool) -> InteractionResponse {
        let kind = if pressed && !self.apart {
            InteractionResponseType::UpdateMessage
        } else {
            InteractionResponseType::ChannelMessageWithSource
        };
        let embed: Embed = self.embed.build();
        let mentioned = self.mention.and_then(|user| Id::new_checked(user.0));
        let row = self.buttons.into_iter().fold(ActionRowBuilder::new(), ActionRowBuilder::component);
        let row = row.build();
        let rows = if row.components.is_empty() { Vec::new() } else { vec![Component::ActionRow(row)] };
        InteractionResponse {
            kind,
            data: Some(InteractionResponseData {
                // Sent always: left out, Discord notifies every user that the text names.
                allowed_mentions: Some(AllowedMentions {
                    users: mentioned.into_iter().collect(),
                    ..AllowedMentions::default()
                }),
                // An update without them would leave the old buttons standing.
                components: (pressed || !rows.is_empty()).then_some(rows),
                content: mentioned.map(|user| format!("<@{user}>")),
                embeds: Some(vec![embed]),
                flags: self.private.then_some(MessageFlags::EPHEMERAL),
                ..InteractionResponseData::default()
            }),
        }
    }

    fn new(color: u32, text: &str) -> Self {
        let embed = EmbedBuilder::new().color(color).description(text);
        Self { embed, buttons: Vec::new(), mention: None, private: false, apart: false }
    }

    fn titled(mut self, title: &str) -> Self {
        self.embed = self.embed.title(title);
        self
    }

    fn with_button(mut self, style: ButtonStyle, label: &str, custom_id: &str, usable: bool) -> Self {
        let button = ButtonBuilder::new(style).label(label).custom_id(custom_id).disabled(!usable);
        self.buttons.push(button.build());
        self
    }
}

impl From<&Refusal> for Reply {
    fn from(refusal: &Refusal) -> Self {
        Self::refusal(&refusal.line(), refusal.code())
    }
}

/// The answer to a command where there is no server.
pub fn outside_server() -> InteractionResponse {
    Reply::refusal("Coins live in servers. Use this command in one.", "outside_server").into_response(false)
}

/// The answer to a command in a server that has not added Pulse.
pub fn not_added(application: &str) -> InteractionResponse {
    let link = format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot+applications.commands"
    );
    let text = format!(
        "Pulse has not been added to this server, so it has no coins. Somebody who manages it can [add it]({link})."
    );
    Reply::refusal(&text, "not_added").into_response(false)
}

/// The answer to a question for choices.
pub fn choices(choices: Vec<Choice>) -> InteractionResponse {
    let short = |text: &str| shortened(text, CHOICE_MAX_CHARS).to_owned();
    let choices = choices.into_iter().take(CHOICES_MAX).map(|choice| CommandOptionChoice {
        name: short(&choice.name),
        name_localizations: None,
        value: CommandOptionChoiceValue::String(short(&choice.value)),
    });
    InteractionResponse {
        kind: InteractionResponseType::ApplicationCommandAutocompleteResult,
        data: Some(InteractionResponseData {
            choices: Some(choices.collect()),
            ..InteractionResponseData::default()
        }),
    }
}

/// Returns the promise of a later answer. Whether only one person will read it is decided here, and cannot be changed then.
pub fn deferred(private: bool, changes: bool) -> Value {
    match (changes, private) {
        (true, _) => json!({ "type": 6 }),
        (false, true) => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
        (false, false) => json!({ "type": 5 }),
    }
}

/// An answer that comes after its promise.
#[derive(Clone, Debug, PartialEq)]
pub enum Late {
    /// It takes the place of the promise.
    InPlace(Value),
    /// A message of its own: the one that was to be changed stays as it is.
    Beside(Value),
}

impl Late {
    /// The message of an answer, to a promise to change a message or to write one; `None` when it is no message.
    pub fn new(answer: &str, changes: bool) -> Option<Self> {
        let mut answer: Value = serde_json::from_str(answer).ok()?;
        let kind = answer["type"].take();
        let mut message = answer.get_mut("data")?.take();
        if changes && kind == InteractionResponseType::ChannelMessageWithSource as u8 {
            return Some(Self::Beside(message));
        }
        message.as_object_mut()?.remove("flags"); // The promise had them.
        Some(Self::InPlace(message))
    }

    /// Returns the message for an answer that could not be had: nobody knows whether the command happened.
    pub fn unknown_outcome(changes: bool) -> Self {
        let line = "I cannot say whether this happened. Look at `/history` before you try again.";
        let embed = Reply::refusal(line, "unknown_outcome").embed.build();
        let mut message = json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } });
        if changes {
            message["flags"] = EPHEMERAL.into();
            return Self::Beside(message);
        }
        Self::InPlace(message)
    }
}
