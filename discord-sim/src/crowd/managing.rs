//! The managers' deeds: everything that `/economy` can, one thing after another, and then now and then.

use super::{Crowd, Deed, Effect, Purse};
use crate::payload::{Typed, Value};

/// Commands before managing begins.
const BEGINS_MOVES: u64 = 12;
/// Of 100 chances to manage, so many are taken when everything has been done once.
const LATER_PERCENT: u64 = 15;
/// The item that the shop sells from the beginning, and its price in coins.
pub(super) const ITEM: (&str, u64) = ("Lucky fish", 25);
/// Items that are put beside it, with their prices: more than a page holds.
const SHELF: [(&str, i64); 11] = [
    ("Lantern", 40),
    ("Sea glass", 30),
    ("Rope", 20),
    ("Brass compass", 120),
    ("Tide table", 15),
    ("Message in a bottle", 60),
    ("Golden anchor", 900),
    ("Rubber duck", 10),
    ("Fog horn", 75),
    ("Old map", 250),
    ("Gull feather", 5),
];
/// The factor by which a gift is larger than what is taken.
const PRIZE: u64 = 8;
/// The reasons for which something is given or taken.
const REASONS: [&str; 4] = ["for helping out", "lost a bet", "won the quiz", "as agreed"];

/// One of a manager's duties: an `/economy` command.
#[derive(Clone, Copy)]
enum Duty {
    Open,
    Stock(usize),
    Announce,
    Settings,
    Allow,
    Give,
    Take,
    Set,
    Edit,
    Remove,
    Pause,
    Resume,
    Reset,
    Audit,
}

/// Duties that are done once in each server, in this order.
const FIRST: [Duty; 26] = [
    Duty::Open,
    Duty::Allow,
    Duty::Announce,
    Duty::Stock(0),
    Duty::Give,
    Duty::Stock(1),
    Duty::Settings,
    Duty::Stock(2),
    Duty::Stock(3),
    Duty::Stock(4),
    Duty::Take,
    Duty::Stock(5),
    Duty::Stock(6),
    Duty::Set,
    Duty::Stock(7),
    Duty::Stock(8),
    Duty::Pause,
    Duty::Resume,
    Duty::Edit,
    Duty::Stock(9),
    Duty::Stock(10),
    Duty::Audit,
    Duty::Reset,
    Duty::Reset,
    Duty::Remove,
    Duty::Audit,
];
/// Afterwards, again and again.
const THEN: [Duty; 5] = [Duty::Give, Duty::Audit, Duty::Settings, Duty::Take, Duty::Reset];

impl Crowd {
    /// The next duty that can be done, in the server that has seen least of them.
    pub(super) fn manage(&mut self) -> Option<(usize, Typed, Effect)> {
        if self.moves < BEGINS_MOVES {
            return None;
        }
        let mut guilds: Vec<usize> = (0..self.guilds.len()).collect();
        guilds.sort_by_key(|&guild| self.managed[guild]);
        guilds.into_iter().find_map(|guild| {
            let done = self.managed[guild];
            let duty = match FIRST.get(done) {
                Some(&duty) => duty,
                None if self.chance.chance(LATER_PERCENT) => THEN[done % THEN.len()],
                None => return None,
            };
            self.perform(guild, duty)
        })
    }

    /// A pause is over as soon as it has begun: players are waiting.
    pub(super) fn resume(&mut self, guild: usize) -> Option<(usize, Deed, Effect)> {
        self.perform(guild, Duty::Resume).map(super::typed)
    }

    fn perform(&mut self, guild: usize, duty: Duty) -> Option<(usize, Typed, Effect)> {
        let who = self.manager(guild)?;
        let economy = |word: &str| Typed::new("economy").under(word);
        let item = |word: &str, name: &str| economy("item").under(word).with("item", text(name));
        let (typed, on) = match duty {
            Duty::Open => (item("add", ITEM.0).with("price", integer(ITEM.1)), Purse::Nobodys),
            Duty::Stock(number) => {
                let (name, price) = SHELF[number];
                (item("add", name).with("price", Value::Integer(price)), Purse::Nobodys)
            }
            Duty::Edit => (item("edit", SHELF[0].0).with("description", text("It burns")), Purse::Nobodys),
            Duty::Remove => (item("remove", SHELF[10].0), Purse::Nobodys),
            Duty::Announce => {
                let channel = Value::Channel(self.guilds[guild].id.0 + 1);
                (economy("announce").with("channel", channel), Purse::Nobodys)
            }
            Duty::Settings => (economy("settings"), Purse::Nobodys),
            Duty::Allow => {
                let setting = economy("settings").with("key", text("gambling")).with("value", text("on"));
                (setting, Purse::Nobodys)
            }
            Duty::Audit => (economy("audit"), Purse::Nobodys),
            Duty::Give | Duty::Take | Duty::Set => return self.adjust(guild, who, duty),
            Duty::Reset => {
                let whom = self.neighbour(who)?;
                return Some((who, self.on(whom, "reset"), Effect::Asked { whom }));
            }
            Duty::Pause => return Some((who, economy("pause"), Effect::Paused { guild, on: true })),
            Duty::Resume => return Some((who, economy("resume"), Effect::Paused { guild, on: false })),
        };
        Some((who, typed, Effect::Managed { guild, on }))
    }

    /// Takes from somebody who has something, and gives to who has least.
    fn adjust(&mut self, guild: usize, manager: usize, duty: Duty) -> Option<(usize, Typed, Effect)> {
        let known = self.those(|member| member.guild == guild && member.claimed.is_some());
        let solvent: Vec<usize> =
            known.iter().copied().filter(|&who| self.members[who].purse >= 20).collect();
        let poorest = known.into_iter().min_by_key(|&who| self.members[who].purse);
        let who = if matches!(duty, Duty::Give) { poorest? } else { *self.chance.pick(&solvent)? };
        let amount = 10 + self.chance.below(11);
        let (word, on) = match duty {
            Duty::Take => ("take", Purse::Loses { who, amount }),
            Duty::Set => ("set", Purse::Holds { who, amount: 10 * amount }),
            _ => ("give", Purse::Gains { who, amount: PRIZE * amount }),
        };
        let (Purse::Loses { amount, .. } | Purse::Holds { amount, .. } | Purse::Gains { amount, .. }) = on
        else {
            return None;
        };
        let typed = self.on(who, word).with("amount", integer(amount));
        Some((manager, typed, Effect::Managed { guild, on }))
    }

    /// An act on somebody, with a reason.
    fn on(&mut self, whom: usize, word: &str) -> Typed {
        let reason = self.chance.pick(&REASONS).copied().unwrap_or_default();
        let user = Value::User(self.members[whom].player.clone());
        Typed::new("economy").under(word).with("user", user).with("reason", text(reason))
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn integer(number: u64) -> Value {
    Value::Integer(number.cast_signed())
}
