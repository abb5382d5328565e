//! `/economy settings [key] [value]`: show all, show one, set one.

use protocol::{Sentence, Severity};
use serde::{Deserialize, Serialize};
use twilight_util::builder::command::{StringBuilder, SubCommandBuilder};

use super::{
    super::{context::Context, options::Options},
    act::event,
};
use crate::{
    books::{Decision, Entry, Write},
    parse_error::ParseError,
    reply::Reply,
    rules::Refusal,
    settings::{ALL, BadSetting, Setting, Settings},
    sql::Sql,
    text,
};

/// The longest value that is looked at, in characters.
const VALUE_MAX_CHARS: u16 = 20;

/// `/economy settings [key] [value]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    key: Option<String>,
    /// As it was typed: what is cut off a number makes it another one.
    value: Option<String>,
}

pub(super) fn definition() -> SubCommandBuilder {
    let choices = ALL.iter().map(|setting| (setting.name, setting.name));
    SubCommandBuilder::new("settings", "See the rules of this server, or change one")
        .option(StringBuilder::new("key", "Which; all when left out").choices(choices))
        .option(StringBuilder::new("value", "Its new value").max_length(VALUE_MAX_CHARS))
}

impl Rules {
    /// Makes an act that sets a rule, for an action from the page.
    pub(crate) fn to_set(key: &str, value: &str) -> Self {
        Self { key: Some(text::clean_name(key)), value: Some(value.to_owned()) }
    }

    pub(super) fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let key = options.text("key")?.map(|typed| text::clean_name(&typed));
        Ok(Self { key, value: options.text("value")? })
    }

    pub(super) fn decide<S: Sql>(&self, context: &Context<'_, S>) -> Decision {
        let Some(key) = &self.key else { return Decision::done(list(&context.settings)) };
        let refused = |why: BadSetting| Decision::refuse(&Refusal::BadSetting(why));
        let setting = match Setting::named(key) {
            Ok(setting) => setting,
            Err(why) => return refused(why),
        };
        let old = context.settings.get(setting.key);
        let Some(value) = &self.value else { return Decision::done(one(setting, old)) };
        let new =
            match setting.parse(value).and_then(|new| context.settings.with(setting.key, new).map(|_| new)) {
                Ok(new) if new == old => return Decision::refuse(&Refusal::NothingToChange),
                Ok(new) => new,
                Err(why) => return refused(why),
            };
        let change = Sentence::new(setting.name)
            .words(": ")
            .then(setting.said(old))
            .words(" → ")
            .then(setting.said(new));
        let note = change.to_string();
        let message = Sentence::of(&context.origin.actor.name).words(" set ").then(change);
        let reply = Reply::success("Settings", &format!("**{}**\n{}", setting.name, setting.about))
            .ephemeral()
            .field("Before", &setting.words(old))
            .field("After", &setting.words(new));
        Decision::done(reply)
            .audited()
            .with_entry(Entry { note: Some(note), ..Entry::default() })
            .with_event(event(context, Severity::Info, None, None, message))
            .with_write(Write::Setting(setting.key, new))
    }
}

fn list(settings: &Settings) -> Reply {
    let line = |setting: &Setting| {
        let value = settings.get(setting.key);
        let changed = if value == setting.default { "" } else { " ✎" };
        format!("`{}` **{}**{changed} · {}", setting.name, setting.words(value), setting.about)
    };
    let lines: Vec<_> = ALL.iter().map(line).collect();
    let paused = if settings.paused() { "Paused. `/economy resume` lets players on again.\n\n" } else { "" };
    Reply::info("Settings", &format!("{paused}{}", lines.join("\n")))
        .ephemeral()
        .footer("✎ is not the default")
}

fn one(setting: &Setting, value: i64) -> Reply {
    Reply::info("Settings", &format!("**{}**\n{}", setting.name, setting.about))
        .ephemeral()
        .field("Now", &setting.words(value))
        .field("Default", &setting.words(setting.default))
        .field("Takes", &setting.range_words())
}
