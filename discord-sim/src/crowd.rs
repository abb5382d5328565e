//! The simulated players and their moves. A seed decides them, together with the edge's answers.

use protocol::{InteractionId, Timestamp, time::Day};
use serde_json::Value;

use crate::{
    fixtures::{Guild, Player},
    payload::{Payload, Typed},
    splitmix::SplitMix,
};

/// The least that a `/daily` gives, in coins: counted where its answer does not tell the player's balance.
const DAILY_AT_LEAST: u64 = 100;
/// The period at which a new player comes and another leaves, in milliseconds.
const TURN_MS: u64 = 90_000;
/// The pause before the first command, in milliseconds.
const FIRST_GAP_MS: u64 = 250;
/// The mean of the pauses, in milliseconds: about three commands a second.
const MEAN_GAP_MS: u64 = 320;
/// A pause is never shorter, in milliseconds.
const SHORTEST_GAP_MS: u64 = 40;
/// A pause is never longer, in milliseconds.
const LONGEST_GAP_MS: u64 = 1_500;
/// Commands that night owls let pass before they join.
const OWLS_WAIT_MOVES: u64 = 90;
/// Of 100 commands while somebody has yet to claim, so many are claims.
const CLAIMS_PERCENT: u64 = 40;

mod choosing;
mod coming;
mod managing;
mod pressing;
mod reading;

/// A player's habits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personality {
    /// Claims, and pays small sums.
    Regular,
    /// Pays large sums.
    Whale,
    /// Claims only once the crowd has done `OWLS_WAIT_MOVES` commands.
    NightOwl,
    /// Types `/daily` again and again.
    Spammer,
}

/// A player's deed: a slash command, or a press of a button.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Types a command.
    Types(Typed),
    /// Presses a button below an answer of the bot.
    Presses {
        /// The button's `custom_id`.
        button: String,
        /// The message with the button, as the answer contained it.
        message: Value,
    },
}

impl Deed {
    /// Its name: `economy item add`, or what the button carries.
    pub fn name(&self) -> String {
        match self {
            Self::Types(typed) => {
                std::iter::once(&typed.command).chain(&typed.path).cloned().collect::<Vec<_>>().join(" ")
            }
            Self::Presses { button, .. } => button.clone(),
        }
    }

    /// Whether it is for those who manage the server.
    fn manages(&self) -> bool {
        self.name().starts_with("economy")
    }
}

/// One deed of the crowd.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The pause after the move before, in milliseconds.
    pub after_ms: u64,
    /// The server in which it happens.
    pub guild: Guild,
    /// The player who does it.
    pub player: Player,
    /// The command, or the button.
    pub deed: Deed,
    /// Whether the deed is one of `/economy`: its member then has the Manage Server permission.
    pub manages: bool,
    who: usize,
    effect: Effect,
}

impl Move {
    /// The interaction that it is, with this id.
    pub fn payload(&self, id: InteractionId) -> Payload {
        let payload = match &self.deed {
            Deed::Types(typed) => Payload::command(id, typed.clone()),
            Deed::Presses { button, message } => Payload::button(id, button, message.clone()),
        };
        let payload = payload.by(&self.player).in_guild(&self.guild);
        if self.manages { payload.managing() } else { payload }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Effect {
    Nothing,
    Claimed { who: usize, day: Day },
    Paid { from: usize, to: usize, amount: u64 },
    Spent { who: usize, amount: u64 },
    Worked { who: usize, at: Timestamp },
    Managed { guild: usize, on: Purse },
    Paused { guild: usize, on: bool },
    Asked { whom: usize },
    Reset { whom: usize },
}

/// The effect of a manager's act on the balance that a player believes in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Purse {
    Nobodys,
    Gains { who: usize, amount: u64 },
    Loses { who: usize, amount: u64 },
    Holds { who: usize, amount: u64 },
}

#[derive(Clone, Debug)]
struct Member {
    player: Player,
    guild: usize,
    personality: Personality,
    /// The balance in coins as far as the player knows: as answers tell it, estimated in between.
    purse: u64,
    claimed: Option<Day>,
    worked: Option<Timestamp>,
    offer: Option<pressing::Offer>,
}

/// The players, their servers, and what each player believes.
#[derive(Clone, Debug)]
pub struct Crowd {
    chance: SplitMix,
    guilds: Vec<Guild>,
    members: Vec<Member>,
    /// The number of duties that are done, by server.
    managed: Vec<usize>,
    /// The server that is paused, for as short as can be.
    paused: Option<usize>,
    moves: u64,
    /// Indices of the members who play now, those who came first at the beginning.
    present: Vec<usize>,
    turns: Option<coming::Turns>,
}

impl Crowd {
    /// These players, spread over these servers.
    pub fn new(seed: u64, guilds: Vec<Guild>, players: Vec<Player>) -> Self {
        let members: Vec<Member> = players
            .into_iter()
            .enumerate()
            .filter(|_| !guilds.is_empty())
            .map(|(index, player)| Member {
                player,
                guild: index % guilds.len(),
                personality: personality(index),
                purse: 0,
                claimed: None,
                worked: None,
                offer: None,
            })
            .collect();
        let managed = vec![0; guilds.len()];
        let present = (0..members.len()).collect();
        let chance = SplitMix::new(seed);
        Self { chance, guilds, members, managed, paused: None, moves: 0, present, turns: None }
    }

    /// Chooses the next move; `None` when nobody plays. Its effects count only once it is reported as
    /// [`taken`](Self::taken).
    pub fn next(&mut self, now: Timestamp) -> Option<Move> {
        self.come_and_go(now);
        let claimants = self.claimants(now.day());
        let spammers =
            self.those(|member| member.personality == Personality::Spammer && member.claimed.is_some());
        let chosen = if let Some(guild) = self.paused {
            self.resume(guild)
        } else if let Some(who) = self.asked() {
            self.answer(who)
        } else if !claimants.is_empty() && (self.moves < 2 || self.chance.chance(CLAIMS_PERCENT)) {
            self.chance.pick(&claimants).map(|&who| typed(claim(who, now.day())))
        } else if self.chance.chance(6) {
            self.chance.pick(&spammers).map(|&who| (who, Deed::Types(Typed::new("daily")), Effect::Nothing))
        } else if self.chance.chance(7) {
            self.press()
        } else if self.chance.chance(15) {
            self.look().map(typed)
        } else if self.chance.chance(8) {
            self.manage().or_else(|| self.work(now)).map(typed)
        } else if self.chance.chance(12) {
            self.spend().map(typed)
        } else {
            self.pay().map(typed)
        };
        let (who, deed, effect) = chosen.or_else(|| self.look().map(typed))?;
        let member = self.members.get(who)?;
        let (guild, player) = (self.guilds.get(member.guild)?.clone(), member.player.clone());
        let after_ms = self.gap_ms();
        self.moves += 1;
        let manages = deed.manages();
        Some(Move { after_ms, guild, player, deed, manages, who, effect })
    }

    /// The edge has taken this in, and answered.
    pub fn taken(&mut self, taken: &Move, answer: &Value) {
        self.offered(taken, answer);
        if reading::is_refusal(answer) {
            self.refused(taken);
        } else {
            self.done(taken);
        }
        let reads_own = !matches!(taken.effect, Effect::Nothing | Effect::Managed { .. });
        if let Some(balance) = reading::balance(answer).filter(|_| reads_own) {
            self.members[taken.who].purse = balance;
        }
    }

    /// Corrects what a player believes after a refusal: the rules, or an earlier run, know better.
    fn refused(&mut self, taken: &Move) {
        match taken.effect {
            Effect::Claimed { who, day } => self.members[who].claimed = Some(day),
            Effect::Worked { who, at } => self.members[who].worked = Some(at),
            Effect::Paid { from: who, .. } | Effect::Spent { who, .. } => self.members[who].purse = 0,
            Effect::Managed { guild, .. } => self.managed[guild] += 1,
            Effect::Asked { .. } => self.managed[self.members[taken.who].guild] += 1,
            Effect::Paused { .. } => self.done(taken),
            Effect::Nothing | Effect::Reset { .. } => {}
        }
    }

    fn done(&mut self, taken: &Move) {
        match taken.effect {
            Effect::Nothing => {}
            Effect::Claimed { who, day } => {
                let member = &mut self.members[who];
                member.claimed = Some(day);
                member.purse += DAILY_AT_LEAST;
            }
            Effect::Paid { from, to, amount } => {
                self.members[from].purse -= amount.min(self.members[from].purse);
                self.members[to].purse += amount;
            }
            Effect::Spent { who, amount } => {
                self.members[who].purse -= amount.min(self.members[who].purse);
            }
            Effect::Worked { who, at } => self.members[who].worked = Some(at),
            Effect::Managed { guild, on } => {
                self.managed[guild] += 1;
                self.change_purse(on);
            }
            Effect::Paused { guild, on } => {
                self.managed[guild] += 1;
                self.paused = on.then_some(guild);
            }
            Effect::Asked { .. } => self.managed[self.members[taken.who].guild] += 1,
            Effect::Reset { whom } => self.members[whom].purse = 0,
        }
    }

    fn change_purse(&mut self, on: Purse) {
        match on {
            Purse::Nobodys => {}
            Purse::Gains { who, amount } => self.members[who].purse += amount,
            Purse::Loses { who, amount } => self.members[who].purse -= amount.min(self.members[who].purse),
            Purse::Holds { who, amount } => self.members[who].purse = amount,
        }
    }

    /// Indices of the members who play now and match.
    fn those(&self, which: impl Fn(&Member) -> bool) -> Vec<usize> {
        self.present.iter().copied().filter(|&who| which(&self.members[who])).collect()
    }

    fn claimants(&self, today: Day) -> Vec<usize> {
        let owls_are_up = self.moves >= OWLS_WAIT_MOVES;
        self.those(|member| {
            member.claimed != Some(today) && (owls_are_up || member.personality != Personality::NightOwl)
        })
    }

    /// Irregular, as people are: mostly short, sometimes long.
    fn gap_ms(&mut self) -> u64 {
        if self.moves == 0 {
            return FIRST_GAP_MS;
        }
        // The product of two even draws leans to the short side; its mean is a quarter of the range.
        let (one, other) = (self.chance.below(2_000), self.chance.below(2_000));
        let gap = one * other * MEAN_GAP_MS / 1_000_000;
        gap.clamp(SHORTEST_GAP_MS, LONGEST_GAP_MS)
    }
}

fn typed((who, typed, effect): (usize, Typed, Effect)) -> (usize, Deed, Effect) {
    (who, Deed::Types(typed), effect)
}

fn claim(who: usize, day: Day) -> (usize, Typed, Effect) {
    (who, Typed::new("daily"), Effect::Claimed { who, day })
}

/// The personality of a member by its index: it stays the same in every run.
const fn personality(index: usize) -> Personality {
    match index % 12 {
        3 => Personality::Whale,
        5 | 8 => Personality::NightOwl,
        10 => Personality::Spammer,
        _ => Personality::Regular,
    }
}

#[cfg(test)]
mod tests;
