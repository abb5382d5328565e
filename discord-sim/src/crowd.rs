//! Who plays and what they type. The seed decides, and what the edge took in.

use protocol::{Timestamp, time::Day};

use crate::{
    cast::{Guild, Player},
    payload::Typed,
    splitmix::SplitMix,
};

/// What a `/daily` gives at least; the crowd spends no more than it is sure to have.
const DAILY_AT_LEAST: u64 = 100;
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

/// How somebody plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personality {
    /// Claims, and pays small sums.
    Regular,
    /// Pays large sums.
    Whale,
    /// Comes late.
    NightOwl,
    /// Types `/daily` again and again.
    Spammer,
}

/// One command of the crowd.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// How long after the one before, in milliseconds.
    pub after_ms: u64,
    /// In which server.
    pub guild: Guild,
    /// Who types.
    pub player: Player,
    /// What is typed.
    pub typed: Typed,
    /// Whether they may manage the server.
    pub manages: bool,
    effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Effect {
    Nothing,
    Claimed { who: usize, day: Day },
    Paid { from: usize, to: usize, amount: u64 },
    Spent { who: usize, amount: u64 },
    Worked { who: usize, at: Timestamp },
    Stocked { guild: usize },
}

#[derive(Clone, Debug)]
struct Member {
    player: Player,
    guild: usize,
    personality: Personality,
    /// What they have at least.
    purse: u64,
    claimed: Option<Day>,
    worked: Option<Timestamp>,
}

/// Players in servers.
#[derive(Clone, Debug)]
pub struct Crowd {
    chance: SplitMix,
    guilds: Vec<Guild>,
    members: Vec<Member>,
    /// Servers whose shop has something to sell.
    stocked: Vec<usize>,
    moves: u64,
}

impl Crowd {
    /// These players, spread over these servers.
    pub fn new(seed: u64, guilds: Vec<Guild>, players: Vec<Player>) -> Self {
        let members = players
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
            })
            .collect();
        Self { chance: SplitMix::new(seed), guilds, members, stocked: Vec::new(), moves: 0 }
    }

    /// What happens next, if anybody plays. It counts only when it is told to have been [`taken`](Self::taken).
    pub fn next(&mut self, now: Timestamp) -> Option<Move> {
        let claimants = self.claimants(now.day());
        let spammers =
            self.those(|member| member.personality == Personality::Spammer && member.claimed.is_some());
        let chosen = if !claimants.is_empty() && (self.moves < 2 || self.chance.chance(CLAIMS_PERCENT)) {
            self.chance.pick(&claimants).map(|&who| claim(who, now.day()))
        } else if self.chance.chance(6) {
            self.chance.pick(&spammers).map(|&who| (who, Typed::new("daily"), Effect::Nothing))
        } else if self.chance.chance(15) {
            self.look()
        } else if self.chance.chance(8) {
            self.stock().or_else(|| self.work(now))
        } else if self.chance.chance(12) {
            self.spend()
        } else {
            self.pay()
        };
        let (who, typed, effect) = chosen.or_else(|| self.look())?;
        let member = self.members.get(who)?;
        let (guild, player) = (self.guilds.get(member.guild)?.clone(), member.player.clone());
        let after_ms = self.gap_ms();
        self.moves += 1;
        let manages = typed.command == "economy";
        Some(Move { after_ms, guild, player, typed, manages, effect })
    }

    /// The edge has taken this command in.
    pub fn taken(&mut self, taken: &Move) {
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
            Effect::Stocked { guild } => self.stocked.push(guild),
        }
    }

    fn those(&self, which: impl Fn(&Member) -> bool) -> Vec<usize> {
        self.members.iter().enumerate().filter(|(_, member)| which(member)).map(|(index, _)| index).collect()
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

fn claim(who: usize, day: Day) -> (usize, Typed, Effect) {
    (who, Typed::new("daily"), Effect::Claimed { who, day })
}

/// Who is what stays the same in every run.
const fn personality(index: usize) -> Personality {
    match index % 12 {
        3 => Personality::Whale,
        5 | 8 => Personality::NightOwl,
        10 => Personality::Spammer,
        _ => Personality::Regular,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn play(seed: u64, players: usize, moves: usize) -> Vec<Move> {
        let mut crowd = Crowd::new(seed, cast::guilds(3), cast::players(players));
        let mut played = Vec::new();
        for _ in 0..moves {
            let Some(next) = crowd.next(NOW) else { break };
            crowd.taken(&next);
            played.push(next);
        }
        played
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(play(1, 24, 500), play(1, 24, 500));
        assert_ne!(play(1, 24, 500), play(2, 24, 500));
    }

    #[test]
    fn crowds_of_any_size_play() {
        for (players, moves) in [(0, 0), (1, 50), (3, 50), (100, 50)] {
            assert_eq!(play(1, players, 50).len(), moves, "{players} players");
        }
    }

    #[test]
    fn the_page_is_lively_and_irregular() {
        let moves = play(1, 24, 3_000);
        assert!(moves[..3].iter().map(|each| each.after_ms).sum::<u64>() < 2_000);
        assert_eq!(moves[0].typed.command, "daily");
        let mean = moves.iter().map(|each| each.after_ms).sum::<u64>() / 3_000;
        assert!((250..=500).contains(&mean), "a command every {mean} ms");
        assert!(moves.iter().any(|each| each.after_ms > 1_000));
    }

    #[test]
    fn every_command_is_played_and_only_managers_manage() {
        let moves = play(1, 24, 3_000);
        let played: std::collections::BTreeSet<&str> =
            moves.iter().map(|each| each.typed.command.as_str()).collect();
        let all = [
            "balance",
            "buy",
            "coinflip",
            "daily",
            "economy",
            "history",
            "inventory",
            "leaderboard",
            "pay",
            "profile",
            "shop",
            "work",
        ];
        assert_eq!(played.into_iter().collect::<Vec<_>>(), all);
        assert!(moves.iter().all(|each| each.manages == (each.typed.command == "economy")));
        let opened = moves.iter().filter(|each| matches!(each.effect, Effect::Stocked { .. })).count();
        assert_eq!(opened, 3, "once in each server");
    }

    #[test]
    fn refusals_are_the_minority_and_everyone_stays_solvent() {
        let moves = play(1, 24, 3_000);
        let claims = moves.iter().filter(|each| matches!(each.effect, Effect::Claimed { .. })).count();
        let dailies = moves.iter().filter(|each| each.typed.command == "daily").count();
        assert_eq!(claims, 24, "each player claims once a day");
        assert!(dailies - claims < 300, "{} refusals", dailies - claims);

        let mut purses = [0_i64; 24];
        for each in &moves {
            match each.effect {
                Effect::Nothing | Effect::Worked { .. } | Effect::Stocked { .. } => {}
                Effect::Claimed { who, .. } => purses[who] += 100,
                Effect::Spent { who, amount } => {
                    purses[who] -= amount.cast_signed();
                    assert!(purses[who] >= 0, "{each:?}");
                }
                Effect::Paid { from, to, amount } => {
                    purses[from] -= amount.cast_signed();
                    purses[to] += amount.cast_signed();
                    assert!(purses[from] >= 0, "{each:?}");
                    assert_ne!(from, to);
                }
            }
        }
    }
}
