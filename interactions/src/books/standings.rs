//! Ranks, counted and never searched for. A ladder's rung is how many accounts lie between two values; a rank is the rungs
//! above, and a short look at the index for the rest of one's own rung.
//!
//! The ladders live in memory, and are counted up again after a restart from the last snapshot and the journal rows
//! since. They cost a command no written row.

use std::mem;

use protocol::JournalSeq;
use serde::{Deserialize, Serialize};

use super::{BooksError, row::Reader};
use crate::{
    rules::Account,
    sql::{Sql, Value},
};

/// A rung that has grown beyond this many accounts is divided.
const RUNG_MAX: u64 = 512;
/// Into rungs of this many.
const RUNG_CUT: u64 = 256;
/// Two neighbours that have shrunk below this many together become one.
const RUNG_JOIN: u64 = 128;
/// Above every value, and still exact where numbers are floating point.
const ENDLESS: i64 = 1 << 53;
/// Journal rows that are read at a time when counting up.
const REPLAY_STEP: u64 = 1_000;

/// The value that a board is ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// The balance, in coins.
    #[default]
    Wealth,
    /// The level that experience makes.
    Level,
    /// Days in a row.
    Streak,
}

impl Measure {
    /// All measures, in the order of the ladders.
    pub const ALL: [Self; 3] = [Self::Wealth, Self::Level, Self::Streak];

    /// Its name in options, buttons and queries.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wealth => "wealth",
            Self::Level => "level",
            Self::Streak => "streak",
        }
    }

    /// The measure of that name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.word() == word)
    }

    /// Returns this value of an account; 0 is on no board.
    pub fn of(self, account: &Account) -> i64 {
        let unsigned = match self {
            Self::Wealth => return account.balance.get(),
            Self::Level => account.level(),
            Self::Streak => account.streak,
        };
        i64::try_from(unsigned).unwrap_or(i64::MAX)
    }

    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Wealth => "balance",
            Self::Level => "level",
            Self::Streak => "streak",
        }
    }
}

/// A change of an account on the ladders: the value before and after, by measure; `None` where nothing moved.
pub(super) type RankMoves = [Option<(i64, i64)>; 3];

/// Returns the moves that a change of an account makes.
pub(super) fn moves(before: Option<&Account>, after: &Account) -> RankMoves {
    Measure::ALL.map(|measure| {
        let (before, after) = (before.map_or(0, |before| measure.of(before)), measure.of(after));
        (before != after).then_some((before, after))
    })
}

/// The ladders of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standings {
    ladders: [RankHistogram; 3],
    /// The row after which they stand like this in the database.
    stored: JournalSeq,
}

impl Standings {
    /// Reads the snapshot and counts up what came after it; counts everything where there is none.
    pub(super) fn load(sql: &impl Sql) -> Result<Self, BooksError> {
        let rows = sql.query("SELECT seq, ladders FROM standings", &[])?;
        let Some(row) = rows.into_iter().next() else {
            let mut ladders = Measure::ALL.map(|_| RankHistogram::default());
            for (ladder, measure) in ladders.iter_mut().zip(Measure::ALL) {
                ladder.rungs = cut(sql, measure, 1, ENDLESS)?;
            }
            return Ok(Self { ladders, stored: JournalSeq(0) });
        };
        let mut row = Reader::new("standings", Some(row));
        let stored = JournalSeq(row.unsigned()?);
        let mut standings = Self { ladders: serde_json::from_str(&row.text()?)?, stored };
        standings.replay(sql)?;
        Ok(standings)
    }

    fn replay(&mut self, sql: &impl Sql) -> Result<(), BooksError> {
        let statement = "SELECT seq, moves FROM journal WHERE seq > ? ORDER BY seq LIMIT ?";
        let mut after = self.stored.0;
        loop {
            let rows = sql.query(statement, &[after.into(), REPLAY_STEP.into()])?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let mut row = Reader::new("journal", Some(row));
                after = row.unsigned()?;
                if let Some(moves) = row.optional_text()? {
                    for moves in serde_json::from_str::<Vec<RankMoves>>(&moves)? {
                        self.count(moves);
                    }
                }
            }
        }
        self.balance(sql)
    }

    /// Counts the moves of one account.
    pub(super) fn count(&mut self, moves: RankMoves) {
        for (ladder, moved) in self.ladders.iter_mut().zip(moves) {
            if let Some((before, after)) = moved {
                ladder.leave(before);
                ladder.enter(after);
            }
        }
    }

    /// Divides what has grown and joins what has shrunk. The database holds what was counted.
    pub(super) fn balance(&mut self, sql: &impl Sql) -> Result<(), BooksError> {
        for (ladder, measure) in self.ladders.iter_mut().zip(Measure::ALL) {
            ladder.balance(|from, to| cut(sql, measure, from, to))?;
        }
        Ok(())
    }

    /// The rank of a value: 1 is the best, and equals share theirs.
    pub(super) fn rank(&self, sql: &impl Sql, measure: Measure, value: i64) -> Result<u64, BooksError> {
        let (above, rest) = self.ladders[measure as usize].above(value);
        let beside = match rest {
            Rest::Nobody => 0,
            Rest::Above { to } => count_between(sql, measure, value + 1, to)?,
            Rest::AllBut { players, from } => {
                players.saturating_sub(count_between(sql, measure, from, value + 1)?)
            }
        };
        Ok(above + beside + 1)
    }

    /// Returns the number of accounts on a board.
    pub(super) fn ranked(&self, measure: Measure) -> u64 {
        self.ladders[measure as usize].rungs.iter().map(|rung| rung.1).sum()
    }

    /// Returns the number of journal rows that the snapshot is behind.
    pub(super) fn unstored(&self, seq: JournalSeq) -> u64 {
        seq.0.saturating_sub(self.stored.0)
    }

    /// Writes a snapshot, as of a row.
    pub(super) fn store(&mut self, sql: &impl Sql, seq: JournalSeq) -> Result<(), BooksError> {
        let ladders = serde_json::to_string(&self.ladders)?;
        let statement = "INSERT OR REPLACE INTO standings (only, seq, ladders) VALUES (0, ?, ?)";
        sql.execute(statement, &[seq.0.into(), ladders.into()])?;
        self.stored = seq;
        Ok(())
    }
}

/// The beginning of a rung, and the number of accounts from there to the next one's beginning.
type Bucket = (i64, u64);

/// The rest of a rank's count: those above a value on its own rung, from the end that is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Nobody,
    /// Those between the value and where the next rung begins.
    Above {
        to: i64,
    },
    /// The rung's players without those from its beginning to the value.
    AllBut {
        players: u64,
        from: i64,
    },
}

/// The accounts with more than nothing, by value, in rungs. The first rung begins at 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct RankHistogram {
    rungs: Vec<Bucket>,
    /// The beginnings of the rungs that have grown or shrunk too far.
    #[serde(skip)]
    uneven: Vec<i64>,
}

impl Default for RankHistogram {
    fn default() -> Self {
        Self { rungs: vec![(1, 0)], uneven: Vec::new() }
    }
}

impl RankHistogram {
    /// The rung that a value lies on.
    fn index(&self, value: i64) -> usize {
        self.rungs.partition_point(|rung| rung.0 <= value).saturating_sub(1)
    }

    /// Returns the beginning of the next rung.
    fn end(&self, index: usize) -> i64 {
        self.rungs.get(index + 1).map_or(ENDLESS, |rung| rung.0)
    }

    fn enter(&mut self, value: i64) {
        if value > 0 {
            let index = self.index(value);
            self.rungs[index].1 += 1;
            if self.rungs[index].1 > RUNG_MAX && self.end(index) > self.rungs[index].0 + 1 {
                self.uneven.push(self.rungs[index].0);
            }
        }
    }

    fn leave(&mut self, value: i64) {
        if value > 0 {
            let index = self.index(value);
            self.rungs[index].1 = self.rungs[index].1.saturating_sub(1);
            if self.rungs[index].1 < RUNG_JOIN / 2 {
                self.uneven.push(self.rungs[index].0);
            }
        }
    }

    /// Returns the number of accounts on higher rungs, and the rest that has still to be counted on the value's own.
    fn above(&self, value: i64) -> (u64, Rest) {
        if value < 1 {
            return (self.rungs.iter().map(|rung| rung.1).sum(), Rest::Nobody);
        }
        let index = self.index(value);
        let above = self.rungs[index + 1..].iter().map(|rung| rung.1).sum();
        let ((from, players), to) = (self.rungs[index], self.end(index));
        let rest = if value + 1 >= to || players == 0 {
            Rest::Nobody
        } else if to < ENDLESS && value - from < to - value {
            // On the last rung nobody knows how far it reaches; who plays most is near its top.
            Rest::AllBut { players, from }
        } else {
            Rest::Above { to }
        };
        (above, rest)
    }

    fn balance(
        &mut self,
        cut: impl Fn(i64, i64) -> Result<Vec<Bucket>, BooksError>,
    ) -> Result<(), BooksError> {
        for begin in mem::take(&mut self.uneven) {
            let index = self.index(begin);
            let ((from, players), end) = (self.rungs[index], self.end(index));
            // A rung of one single value is never looked into, however many share it.
            if players > RUNG_MAX && end > from + 1 {
                self.rungs.splice(index..=index, cut(from, end)?);
            } else {
                self.join(index);
                self.join(index.saturating_sub(1));
            }
        }
        Ok(())
    }

    /// Joins a rung with the next one, if few are on both.
    fn join(&mut self, index: usize) {
        if let (Some(&(_, players)), Some(&(_, next))) = (self.rungs.get(index), self.rungs.get(index + 1))
            && players + next < RUNG_JOIN
        {
            self.rungs[index].1 += next;
            self.rungs.remove(index + 1);
        }
    }
}

/// Cuts the accounts from one value up to another into rungs.
fn cut(sql: &impl Sql, measure: Measure, from: i64, to: i64) -> Result<Vec<Bucket>, BooksError> {
    let column = measure.column();
    let nth = format!(
        "SELECT {column} FROM accounts WHERE {column} >= ? AND {column} < ? AND {column} > 0
        ORDER BY {column} LIMIT 1 OFFSET ?"
    );
    let mut rungs = Vec::new();
    let mut begin = from;
    loop {
        let row = sql.query(&nth, &[begin.into(), to.into(), RUNG_CUT.into()])?;
        let end = match row.into_iter().next() {
            // So many share the first value that it gets a rung of its own.
            Some(row) => Reader::new("accounts", Some(row)).integer()?.max(begin + 1),
            None => to,
        };
        rungs.push((begin, count_between(sql, measure, begin, end)?));
        if end >= to {
            return Ok(rungs);
        }
        begin = end;
    }
}

fn count_between(sql: &impl Sql, measure: Measure, from: i64, to: i64) -> Result<u64, BooksError> {
    let column = measure.column();
    // The index holds what is above 0, and is used where a statement says so. Said before the range, SQLite would begin
    // at 0 and pass over everything up to the range.
    let statement =
        format!("SELECT COUNT(*) FROM accounts WHERE {column} >= ? AND {column} < ? AND {column} > 0");
    let row = sql.query(&statement, &[Value::from(from), Value::from(to)])?.into_iter().next();
    Reader::new("accounts", row).unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder(rungs: &[Bucket], uneven: &[i64]) -> RankHistogram {
        RankHistogram { rungs: rungs.to_vec(), uneven: uneven.to_vec() }
    }

    #[test]
    fn what_lies_above_is_the_higher_rungs_and_a_look() {
        let ladder = ladder(&[(1, 5), (10, 3), (11, 7), (50, 2)], &[]);
        for (value, above) in [
            (0, (17, Rest::Nobody)),
            (1, (12, Rest::AllBut { players: 5, from: 1 })),
            (8, (12, Rest::Above { to: 10 })),
            (9, (12, Rest::Nobody)),
            (10, (9, Rest::Nobody)),
            (30, (2, Rest::AllBut { players: 7, from: 11 })),
            (31, (2, Rest::Above { to: 50 })),
            (49, (2, Rest::Nobody)),
            (50, (0, Rest::Above { to: ENDLESS })),
            (1_000, (0, Rest::Above { to: ENDLESS })),
        ] {
            assert_eq!(ladder.above(value), above, "above {value}");
        }
    }

    #[test]
    fn rungs_are_divided_and_joined() {
        let mut shrunk = ladder(&[(1, 70), (10, 50), (20, 60), (30, 500)], &[10]);
        shrunk.balance(|_, _| unreachable!()).unwrap();
        assert_eq!(shrunk.rungs, [(1, 70), (10, 110), (30, 500)]);
        let mut grown = ladder(&[(1, 200), (10, 513), (11, 513)], &[10, 11, 11]);
        grown
            .balance(|from, to| {
                assert_eq!((from, to), (11, ENDLESS), "a single value stays whole");
                Ok(vec![(11, 256), (40, 257)])
            })
            .unwrap();
        assert_eq!(grown.rungs, [(1, 200), (10, 513), (11, 256), (40, 257)]);
    }
}
