//! Answers that people like to read, in Discord's shape.

use protocol::{Timestamp, UserId};
use twilight_model::{
    channel::message::{AllowedMentions, Embed, MessageFlags},
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
    id::Id,
};
use twilight_util::builder::embed::{EmbedBuilder, EmbedFieldBuilder, EmbedFooterBuilder};

use crate::ledger::{NOTE_MAX_CHARS, Refusal};
use crate::text;

const GREEN: u32 = 0x2f_b3_7a;
const BLUE: u32 = 0x4f_7c_e8;
const AMBER: u32 = 0xe0_a1_2b;

/// The answer to Discord's PING.
pub const PONG: &str = r#"{"type":1}"#;

/// A message in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    embed: EmbedBuilder,
    mention: Option<UserId>,
    ephemeral: bool,
}

impl Reply {
    /// Something was done.
    pub fn success(title: &str, text: &str) -> Self {
        Self::new(GREEN, title, text)
    }

    /// Something was asked.
    pub fn info(title: &str, text: &str) -> Self {
        Self::new(BLUE, title, text)
    }

    /// A rule said no: only the player reads it, with the stable code below.
    pub fn refusal(text: &str, code: &str) -> Self {
        let embed = EmbedBuilder::new().color(AMBER).description(text).footer(EmbedFooterBuilder::new(code));
        Self { embed, mention: None, ephemeral: true }
    }

    /// A short fact beside others.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.embed = self.embed.field(EmbedFieldBuilder::new(name, value).inline());
        self
    }

    /// Somebody who is notified.
    #[must_use]
    pub fn mentioning(mut self, user: UserId) -> Self {
        self.mention = Some(user);
        self
    }

    /// The answer as Discord reads it.
    pub fn into_response(self) -> InteractionResponse {
        let embed: Embed = self.embed.build();
        let mentioned = self.mention.and_then(|user| Id::new_checked(user.0));
        InteractionResponse {
            kind: InteractionResponseType::ChannelMessageWithSource,
            data: Some(InteractionResponseData {
                // Sent always: left out, Discord notifies every user that the text names.
                allowed_mentions: Some(AllowedMentions {
                    users: mentioned.into_iter().collect(),
                    ..AllowedMentions::default()
                }),
                content: mentioned.map(|user| format!("<@{user}>")),
                embeds: Some(vec![embed]),
                flags: self.ephemeral.then_some(MessageFlags::EPHEMERAL),
                ..InteractionResponseData::default()
            }),
        }
    }

    fn new(color: u32, title: &str, text: &str) -> Self {
        let embed = EmbedBuilder::new().color(color).title(title).description(text);
        Self { embed, mention: None, ephemeral: false }
    }
}

impl From<&Refusal> for Reply {
    fn from(refusal: &Refusal) -> Self {
        let line = match refusal {
            Refusal::DailyClaimed { next } => {
                format!("You have claimed today's coins. The next daily comes {}.", relative_time(*next))
            }
            Refusal::SelfTransfer => "You cannot pay yourself. Choose somebody else.".to_owned(),
            Refusal::BotRecipient => "Bots have no account. Choose a person.".to_owned(),
            Refusal::AmountTooSmall { min } => format!("Pay at least {}.", text::coins(*min)),
            Refusal::AmountTooLarge { max } => format!("Pay at most {} at a time.", text::coins(*max)),
            Refusal::NoteTooLong => format!("A note has at most {NOTE_MAX_CHARS} characters. Shorten it."),
            Refusal::AccountTooYoung { days } => {
                format!("Both Discord accounts have to be at least {} old.", self::days(*days))
            }
            Refusal::InsufficientFunds { balance } => {
                format!("You have {}. Pay less, or earn more with `/daily`.", text::coins(*balance))
            }
            Refusal::RecipientCap => {
                format!("An account holds at most {}.", text::coins(protocol::Coins::PLAYER_CAP))
            }
        };
        Self::refusal(&line, refusal.code())
    }
}

/// The answer to a command where there is no server.
pub fn outside_server() -> InteractionResponse {
    Reply::refusal("Coins live in servers. Use this command in one.", "outside_server").into_response()
}

/// A moment that Discord shows as "in 3 hours".
pub fn relative_time(at: Timestamp) -> String {
    format!("<t:{}:R>", at.seconds())
}

/// `1 day`, `2 days`.
pub fn days(count: u64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}
