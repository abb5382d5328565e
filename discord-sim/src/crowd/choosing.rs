//! The choice of a player's next command, out of those that are surely possible.

use protocol::Timestamp;

use super::{Crowd, Effect, Personality, managing::ITEM};
use crate::payload::{Typed, Value};

/// The rest between two shifts, in milliseconds: a little more than the rule.
const REST_MS: u64 = 61 * 60_000;
/// Of 100 times that somebody spends, so many are spent in the shop: what is bought is gone, and what they earn is not more.
const BUYS_PERCENT: u64 = 20;
const NOTES: [&str; 10] = [
    "gg",
    "for the fish 🐟",
    "rent",
    "you won the bet",
    "thanks for the carry",
    "snacks 🍿",
    "don't spend it all at once",
    "as promised",
    "для пиццы",
    "IOU settled",
];

/// Commands that only show something; one's own `/balance` most of all.
const LOOKS: [&str; 9] =
    ["balance", "balance", "balance", "profile", "leaderboard", "history", "shop", "inventory", "economy"];

impl Crowd {
    /// A command that changes nothing: `/balance`, one's own or a neighbour's, and the other commands that show something.
    pub(super) fn look(&mut self) -> Option<(usize, Typed, Effect)> {
        let everyone = self.those(|_| true);
        let who = *self.chance.pick(&everyone)?;
        let command = *self.chance.pick(&LOOKS)?;
        let typed = match (command, self.neighbour(who)) {
            ("economy", _) if self.manager(self.members[who].guild) == Some(who) => {
                Typed::new("economy").under("audit")
            }
            ("economy", _) => Typed::new("balance"),
            ("balance" | "profile", Some(other)) if self.chance.chance(35) => {
                Typed::new(command).with("user", Value::User(self.members[other].player.clone()))
            }
            _ => Typed::new(command),
        };
        Some((who, typed, Effect::Nothing))
    }

    /// The manager of a server: the first of its members, who never leaves.
    pub(super) fn manager(&self, guild: usize) -> Option<usize> {
        self.those(|member| member.guild == guild).into_iter().min()
    }

    /// `/work`, by whoever has rested.
    pub(super) fn work(&mut self, now: Timestamp) -> Option<(usize, Typed, Effect)> {
        let rested = self.those(|member| {
            member.claimed.is_some() && member.worked.is_none_or(|last| now.since(last) > REST_MS)
        });
        let who = *self.chance.pick(&rested)?;
        Some((who, Typed::new("work"), Effect::Worked { who, at: now }))
    }

    /// `/buy` or `/coinflip`. A stake that might be lost counts as lost.
    pub(super) fn spend(&mut self) -> Option<(usize, Typed, Effect)> {
        let solvent = self.those(|member| member.purse >= 2 * ITEM.1);
        let who = *self.chance.pick(&solvent)?;
        let member = &self.members[who];
        if self.managed[member.guild] > 0 && self.chance.chance(BUYS_PERCENT) {
            let typed = Typed::new("buy").with("item", Value::Text(ITEM.0.into()));
            return Some((who, typed, Effect::Spent { who, amount: ITEM.1 }));
        }
        let amount = 1 + self.chance.below(member.purse / 10);
        let side = if self.chance.chance(50) { "heads" } else { "tails" };
        let typed = Typed::new("coinflip")
            .with("side", Value::Text(side.into()))
            .with("amount", Value::Integer(amount.cast_signed()));
        Some((who, typed, Effect::Spent { who, amount }))
    }

    /// `/pay`, out of what is surely there.
    pub(super) fn pay(&mut self) -> Option<(usize, Typed, Effect)> {
        let solvent = self.those(|member| member.purse >= 20);
        let from = *self.chance.pick(&solvent)?;
        let to = self.neighbour(from)?;
        let member = &self.members[from];
        let most = match member.personality {
            Personality::Whale => member.purse / 3,
            _ => (member.purse / 6).min(40),
        };
        let amount = 1 + self.chance.below(most.max(1));
        let mut typed = Typed::new("pay")
            .with("user", Value::User(self.members[to].player.clone()))
            .with("amount", Value::Integer(amount.cast_signed()));
        if self.chance.chance(45)
            && let Some(&note) = self.chance.pick(&NOTES)
        {
            typed = typed.with("note", Value::Text(note.into()));
        }
        Some((from, typed, Effect::Paid { from, to, amount }))
    }

    pub(super) fn neighbour(&mut self, of: usize) -> Option<usize> {
        let guild = self.members.get(of)?.guild;
        let mut neighbours = self.those(|member| member.guild == guild);
        neighbours.retain(|&other| other != of);
        self.chance.pick(&neighbours).copied()
    }
}
