//! `/economy announce [channel]`: where the server reads who has come to the top.

use protocol::{Sentence, Severity};
use serde::{Deserialize, Serialize};
use twilight_model::channel::ChannelType;
use twilight_util::builder::command::{ChannelBuilder, SubCommandBuilder};

use super::{
    super::{context::Context, options::Options},
    act::event,
};
use crate::{
    BooksError,
    books::{Decision, Entry, Write},
    parse_error::ParseError,
    reply::Reply,
    rules::Refusal,
    sql::Sql,
};

/// `/economy announce [channel]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announce {
    /// A channel's id, in digits; nowhere when left out.
    channel: Option<String>,
    /// Discord has resolved it: it is a channel of this server, and not whatever somebody has sent.
    #[serde(default)]
    resolved: bool,
}

pub(super) fn definition() -> SubCommandBuilder {
    SubCommandBuilder::new("announce", "Tell in a channel who has become the richest").option(
        ChannelBuilder::new("channel", "Where; nowhere when left out")
            .channel_types([ChannelType::GuildText, ChannelType::GuildAnnouncement]),
    )
}

impl Announce {
    pub(super) fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let channel = options.text("channel")?;
        if channel.as_ref().is_some_and(|id| !id.parse::<u64>().is_ok_and(|id| id > 0)) {
            return Err(options.bad("channel"));
        }
        let resolved = channel.as_ref().is_some_and(|id| options.has_channel(id));
        Ok(Self { channel, resolved })
    }

    pub(super) fn decide<S: Sql>(&self, context: &Context<'_, S>) -> Result<Decision, BooksError> {
        if self.channel.is_some() && !self.resolved {
            return Ok(Decision::refuse(&Refusal::UnknownChannel));
        }
        let before = context.books.announce_channel()?;
        if before == self.channel {
            return Ok(Decision::refuse(&Refusal::NothingToChange));
        }
        let words = |channel: &Option<String>| {
            channel.as_ref().map_or_else(|| "nowhere".to_owned(), |id| format!("<#{id}>"))
        };
        let line = match &self.channel {
            Some(id) => {
                format!("Who becomes the richest is told in <#{id}>, if the bot may write there.")
            }
            None => "Who becomes the richest is told nowhere.".to_owned(),
        };
        let (actor, place) =
            (Sentence::of(&context.origin.actor.name), self.channel.as_deref().unwrap_or("nowhere"));
        let note = format!("announce: {} → {}", words(&before), words(&self.channel));
        let message = actor.words(" set the channel for announcements: ").words(place);
        Ok(Decision::done(Reply::success("Announcements", &line).ephemeral())
            .audited()
            .with_entry(Entry { note: Some(note), ..Entry::default() })
            .with_event(event(context, Severity::Info, None, None, message))
            .with_write(Write::Announce(self.channel.clone())))
    }
}
