//! `/economy …`: what those who manage the server do. Each act is a journal row with a reason, and an event.

mod act;
mod adjust;
mod announce;
mod audit;
mod confirm;
mod freeze;
mod items;
mod pause;
mod rules;
mod undo;

use serde::{Deserialize, Serialize};
use twilight_model::{application::command::Command as Definition, guild::Permissions};
use twilight_util::builder::command::SubCommandBuilder;

pub(crate) use self::{
    adjust::{Adjust, Reset},
    freeze::Freeze,
    items::{ItemAct, Wanted},
    pause::Pause,
    rules::Rules,
    undo::Undo,
};
use self::{announce::Announce, audit::Audit, confirm::Confirm};
use super::{
    buy::Buy,
    context::Context,
    definition::{SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError,
    autocomplete::Autocomplete,
    books::{Books, Decision},
    parse_error::ParseError,
    reply::Choice,
    rules::Refusal,
    settings::{AGAINST_SECOND_ACCOUNTS, Key, Setting, Settings},
    sql::Sql,
};

/// `/economy …`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Economy {
    /// `give`, `take` and `set`.
    Adjust(Adjust),
    /// `reset`.
    Reset(Reset),
    /// `settings`.
    Rules(Rules),
    /// `item add`, `item edit` and `item remove`.
    Item(ItemAct),
    /// `announce`.
    Announce(Announce),
    /// `audit`.
    Audit(Audit),
    /// `pause` and `resume`.
    Pause(Pause),
    /// The buttons below an act that asks twice.
    Confirm(Confirm),
    /// A player is frozen or let go; from the page only.
    Freeze(Freeze),
    /// A row of the journal is undone; from the page only.
    Undo(Undo),
}

impl SlashCommand for Economy {
    const NAME: &'static str = "economy";
    const EPHEMERAL: bool = true;
    const ADMINISTRATIVE: bool = true;

    fn definition() -> Definition {
        let mut definition = defined(Self::NAME, "For those who manage the server")
            .default_member_permissions(Permissions::MANAGE_GUILD);
        for subcommand in adjust::definitions() {
            definition = definition.option(subcommand);
        }
        definition
            .option(rules::definition())
            .option(items::definition())
            .option(announce::definition())
            .option(audit::definition())
            .option(SubCommandBuilder::new(
                "pause",
                "Refuse players' commands until resumed; nothing is lost",
            ))
            .option(SubCommandBuilder::new("resume", "Let players' commands work again"))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let path: Vec<String> = options.path().into_iter().map(str::to_owned).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Ok(match path.as_slice() {
            ["give" | "take" | "set"] => Self::Adjust(Adjust::parse(path[0], options)?),
            ["reset"] => Self::Reset(Reset::parse(options)?),
            ["settings"] => Self::Rules(Rules::parse(options)?),
            ["item", act] => Self::Item(ItemAct::parse(act, options)?),
            ["announce"] => Self::Announce(Announce::parse(options)?),
            ["audit"] => Self::Audit(Audit { page: options.page()? }),
            ["pause"] => Self::Pause(Pause { paused: true }),
            ["resume"] => Self::Pause(Pause { paused: false }),
            _ => return Err(options.bad("subcommand")),
        })
    }

    fn from_component<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (act, rest) = (words.next()?, words.next()?);
        match act {
            "audit" => Some(Self::Audit(Audit { page: rest.parse().ok()? })),
            "yes" | "no" => Some(Self::Confirm(Confirm { of: rest.parse().ok()?, yes: act == "yes" })),
            _ => None,
        }
    }

    fn autocomplete(lookup: &Autocomplete, books: &Books<impl Sql>) -> Result<Vec<Choice>, BooksError> {
        if may(lookup.manager, &books.settings()?) {
            Buy::autocomplete(lookup, books)
        } else {
            Ok(Vec::new())
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Adjust(adjust) => adjust.name(),
            Self::Reset(_) => "economy reset",
            Self::Rules(_) => "economy settings",
            Self::Item(act) => act.name(),
            Self::Announce(_) => "economy announce",
            Self::Audit(_) => "economy audit",
            Self::Pause(Pause { paused: true }) => "economy pause",
            Self::Pause(Pause { paused: false }) => "economy resume",
            Self::Confirm(_) => "economy confirm",
            Self::Freeze(freeze) => freeze.name(),
            Self::Undo(_) => "economy undo",
        }
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        if !may(context.origin.manager, &context.settings) {
            return Ok(Decision::refuse(&Refusal::NotPermitted));
        }
        let decision = match self {
            Self::Confirm(confirm) => confirm.decide(context),
            _ => self.act(context, false),
        }?;
        if decision.is_done()
            && context.books.has_no_act()?
            && decision.settings_after(context.settings).lets_second_accounts_be()
        {
            return Ok(decision.noting("Second accounts", &about_second_accounts()));
        }
        Ok(decision)
    }
}

/// Those who manage a server read it with whatever they do there first.
fn about_second_accounts() -> String {
    let suggested = AGAINST_SECOND_ACCOUNTS.iter().map(|&(key, value)| {
        let setting = Setting::of(key);
        format!("`/economy settings key:{} value:{value}`", setting.name)
    });
    let suggested: Vec<String> = suggested.collect();
    format!(
        "Nothing holds somebody back here who plays with many accounts. Any of these does:\n{}",
        suggested.join("\n")
    )
}

/// Whether somebody may use `/economy`. Discord sends it only from whom it lets use it, but that is not asked unless
/// the server says so: to allow the whole application to a role allows this command, too.
fn may(manager: bool, settings: &Settings) -> bool {
    manager || settings.is_on(Key::EconomyByRole)
}

impl Economy {
    /// Decides an act from the page, which has asked its own questions.
    pub(crate) fn decide_action(
        &self,
        context: &Context<'_, impl Sql>,
        reason: &str,
    ) -> Result<Decision, BooksError> {
        match self {
            Self::Adjust(adjust) => adjust.decide_checked(context, true),
            Self::Reset(reset) => reset.decide_checked(context, true),
            Self::Freeze(_) | Self::Undo(_) => self.act(context, true),
            // The other acts have no reason of their own when they are typed.
            _ => Ok(self.act(context, true)?.because(reason)),
        }
    }

    /// Decides an act; `confirmed` when its button was pressed.
    fn act(&self, context: &Context<'_, impl Sql>, confirmed: bool) -> Result<Decision, BooksError> {
        match self {
            Self::Adjust(adjust) => adjust.decide(context, confirmed),
            Self::Freeze(freeze) => freeze.decide(context),
            Self::Undo(undo) => undo.decide(context),
            Self::Reset(reset) => reset.decide(context, confirmed),
            Self::Rules(rules) => Ok(rules.decide(context)),
            Self::Item(act) => act.decide(context),
            Self::Announce(announce) => announce.decide(context),
            Self::Audit(audit) => audit.decide(context),
            Self::Pause(pause) => Ok(pause.decide(context)),
            Self::Confirm(_) => Ok(Decision::refuse(&Refusal::ConfirmationGone)),
        }
    }
}
