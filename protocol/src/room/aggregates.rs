//! The sums over all servers, kept up with each delivery and never recomputed.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use super::row::GuildRow;
use super::timeline::Sums;
use crate::{
    Coins, GuildId, Timestamp, UserId,
    check::FullBooks,
    record::GuildTotals,
    stats::{Economy, LEADERBOARD_LEN, Leader, Leaderboards},
};

/// Books that take up so much of their storage, in percent, are shown to those who run the edge.
const WORTH_A_LOOK_PERCENT: u64 = 50;

#[derive(Clone, Debug, Default)]
pub(super) struct Aggregates {
    guilds: HashMap<GuildId, GuildRow>,
    players: u64,
    wealth: Coins,
    levels: u64,
    commands: u64,
    unbalanced: u64,
    last_command_at: Option<Timestamp>,
    by_wealth: Ranking,
    by_level: Ranking,
    by_streak: Ranking,
}

impl Aggregates {
    pub(super) fn restore(guilds: BTreeMap<GuildId, GuildRow>) -> Self {
        let mut aggregates = Self::default();
        for (id, row) in guilds {
            aggregates.put(id, row);
        }
        aggregates
    }

    /// The fullest of the books that take up half of their storage or more.
    pub(super) fn fullest(&self) -> Option<FullBooks> {
        let full = |(&guild_id, row): (&GuildId, &GuildRow)| FullBooks {
            guild_id,
            percent: row.totals.store_percent,
        };
        let fullest = self.guilds.iter().map(full).max_by_key(|books| (books.percent, books.guild_id));
        fullest.filter(|books| books.percent >= WORTH_A_LOOK_PERCENT)
    }

    /// The row that describes a server's books.
    pub(super) fn row(&self, guild: GuildId) -> Option<&GuildRow> {
        self.guilds.get(&guild)
    }

    /// Puts what is known of a server now in the place of what was known.
    pub(super) fn replace(&mut self, id: GuildId, row: GuildRow) {
        if let Some(old) = self.guilds.remove(&id) {
            self.players -= old.totals.players;
            self.wealth = self.wealth.saturating_minus(old.totals.wealth);
            self.levels -= old.totals.levels;
            self.commands -= old.totals.commands;
            self.unbalanced -= u64::from(!old.totals.balanced);
            self.by_wealth.remove(&old.totals.leaderboards.wealth);
            self.by_level.remove(&old.totals.leaderboards.level);
            self.by_streak.remove(&old.totals.leaderboards.streak);
        }
        self.put(id, row);
    }

    fn put(&mut self, id: GuildId, row: GuildRow) {
        let totals = &row.totals;
        self.players += totals.players;
        self.wealth = self.wealth.saturating_plus(totals.wealth);
        self.levels += totals.levels;
        self.commands += totals.commands;
        self.unbalanced += u64::from(!totals.balanced);
        self.last_command_at = self.last_command_at.max(totals.last_command_at);
        self.by_wealth.add(&totals.leaderboards.wealth);
        self.by_level.add(&totals.leaderboards.level);
        self.by_streak.add(&totals.leaderboards.streak);
        self.guilds.insert(id, row);
    }

    pub(super) fn economy(&self, last_day: Sums) -> Economy {
        Economy {
            total_wealth: self.wealth,
            avg_level: self.avg_level(),
            top_streak: self.top_streak(),
            minted_24h: last_day.minted,
            burned_24h: last_day.burned,
            balanced: self.unbalanced == 0,
        }
    }

    pub(super) fn avg_level(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a mean that is shown with one decimal")]
        let avg_level = if self.players == 0 { 0.0 } else { self.levels as f64 / self.players as f64 };
        (avg_level * 100.0).round() / 100.0
    }

    pub(super) fn top_streak(&self) -> u32 {
        self.by_streak.best().and_then(|days| u32::try_from(days.get()).ok()).unwrap_or(0)
    }

    pub(super) fn leaderboards(&self) -> Leaderboards {
        Leaderboards {
            wealth: self.by_wealth.top(),
            level: self.by_level.top(),
            streak: self.by_streak.top(),
        }
    }

    /// Servers whose books do not add up.
    pub(super) fn unbalanced(&self) -> u64 {
        self.unbalanced
    }

    pub(super) fn guild_count(&self) -> u64 {
        self.guilds.len() as u64
    }

    pub(super) fn guild_ids(&self) -> impl Iterator<Item = GuildId> {
        self.guilds.keys().copied()
    }

    /// The servers in which a command was used since then, the last one first.
    pub(super) fn played_since(&self, from: Timestamp) -> Vec<GuildId> {
        let played = self.guilds.iter().filter_map(|(&id, row)| Some((row.totals.last_command_at?, id)));
        let mut played: Vec<(Timestamp, GuildId)> = played.filter(|(at, _)| *at >= from).collect();
        played.sort_unstable_by_key(|&(at, id)| (Reverse(at), id));
        played.into_iter().map(|(_, id)| id).collect()
    }

    pub(super) fn totals(&self, id: GuildId) -> Option<&GuildTotals> {
        self.guilds.get(&id).map(|row| &row.totals)
    }

    pub(super) fn players(&self) -> u64 {
        self.players
    }

    pub(super) fn wealth(&self) -> Coins {
        self.wealth
    }

    pub(super) fn commands(&self) -> u64 {
        self.commands
    }

    pub(super) fn last_command_at(&self) -> Option<Timestamp> {
        self.last_command_at
    }
}

/// The top lists of all servers in one order.
#[derive(Clone, Debug, Default)]
struct Ranking(BTreeMap<(Reverse<Coins>, GuildId, UserId), String>);

impl Ranking {
    fn add(&mut self, leaders: &[Leader]) {
        for leader in leaders {
            self.0.insert(Self::key(leader), leader.name.clone());
        }
    }

    fn remove(&mut self, leaders: &[Leader]) {
        for leader in leaders {
            self.0.remove(&Self::key(leader));
        }
    }

    fn key(leader: &Leader) -> (Reverse<Coins>, GuildId, UserId) {
        (Reverse(leader.value), leader.guild_id, leader.user_id)
    }

    fn best(&self) -> Option<Coins> {
        self.0.first_key_value().map(|((value, ..), _)| value.0)
    }

    fn top(&self) -> Vec<Leader> {
        self.0
            .iter()
            .take(LEADERBOARD_LEN)
            .map(|(&(Reverse(value), guild_id, user_id), name)| Leader {
                user_id,
                name: name.clone(),
                guild_id,
                value,
            })
            .collect()
    }
}
