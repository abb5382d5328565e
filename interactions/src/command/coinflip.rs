//! `/coinflip side amount`: even chance, and a win pays double. Off unless the server turns gambling on.

use protocol::{Coins, Event, Sentence, Severity, Source};
use serde::{Deserialize, Serialize};
use twilight_model::application::command::Command as Definition;
use twilight_util::builder::command::{IntegerBuilder, StringBuilder};

use super::{
    context::Context,
    definition::{INTEGER_OPTION_MAX, SlashCommand, defined},
    options::Options,
};
use crate::{
    BooksError,
    books::{Change, Decision, Entry, Party},
    parse_error::ParseError,
    reply::Reply,
    rules::{self, Flip, Side},
    sql::Sql,
    text,
};

/// `/coinflip side amount`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coinflip {
    side: Side,
    bet: Coins,
}

impl SlashCommand for Coinflip {
    const NAME: &'static str = "coinflip";

    fn definition() -> Definition {
        let side =
            StringBuilder::new("side", "What you bet on").choices([("Heads", "heads"), ("Tails", "tails")]);
        let amount = IntegerBuilder::new("amount", "Your bet").min_value(1).max_value(INTEGER_OPTION_MAX);
        defined(Self::NAME, "Bet on a coin; a win pays double")
            .option(side.required(true))
            .option(amount.required(true))
            .build()
    }

    fn parse(options: &mut Options) -> Result<Self, ParseError> {
        let side = match options.text("side")?.as_deref() {
            Some("heads") => Side::Heads,
            Some("tails") => Side::Tails,
            _ => return Err(options.bad("side")),
        };
        Ok(Self { side, bet: options.coins("amount")?.ok_or(options.bad("amount"))? })
    }

    fn decide(&self, context: &Context<'_, impl Sql>) -> Result<Decision, BooksError> {
        let before = context.own()?;
        let account = context.opened(before.as_ref());
        let flipped =
            rules::flip(account, self.side, self.bet, &context.settings, context.now, context.entropy);
        let flip = match flipped {
            Ok(flip) => flip,
            Err(refusal) => return Ok(Decision::refuse(&refusal)),
        };
        let player = Party::Player(context.origin.actor.id);
        let (debit, credit) = match flip.won {
            // The house pays out of what it has won. It owes nobody: what it lacks, the mint makes.
            true if context.books.house()? >= self.bet => (Party::House, player),
            true => (Party::Mint, player),
            false => (player, Party::House),
        };
        Ok(Decision::done(self.reply_to(&flip))
            .with_entry(Entry {
                debit: Some(debit),
                credit: Some(credit),
                amount: self.bet,
                balance_after: Some(flip.account.balance),
                ..Entry::default()
            })
            .with_event(self.event(flip.won, context))
            .with_change(Change { before, after: flip.account }))
    }
}

impl Coinflip {
    fn reply_to(self, flip: &Flip) -> Reply {
        let fell = match flip.fell {
            Side::Heads => "Heads",
            Side::Tails => "Tails",
        };
        let bet = text::coins(self.bet);
        let reply = if flip.won {
            Reply::success("Coin flip", &format!("**{fell}!** You won **{bet}**."))
        } else {
            Reply::info("Coin flip", &format!("**{fell}.** You lost **{bet}**."))
        };
        reply.field("Balance", &text::coins(flip.account.balance))
    }

    fn event<S: Sql>(self, won: bool, context: &Context<'_, S>) -> Event {
        let verb = if won { " won " } else { " lost " };
        let message =
            Sentence::of(&context.origin.actor.name).words(verb).coins(self.bet).words(" on a coin");
        Event { amount: Some(self.bet), ..context.event(Severity::Info, Source::Coinflip, message) }
    }
}
