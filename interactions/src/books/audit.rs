//! What an administrator reads: the journal in pages, a player's account, and the proof that the two agree.

use std::collections::BTreeMap;

use protocol::{
    Coins, InteractionId, JournalSeq, Timestamp, UserId,
    audit::{
        HeldItem, JOURNAL_PAGE_MAX, JournalRow, Mismatch, PLAYERS_PAGE, PLAYERS_PAGES_MAX, PlayerProfile,
        PlayersPage, Proof, Rule, Rules, ShopItem,
    },
    csv::{Cell, Table},
};

use super::{Books, BooksError, Holding, Measure, Party, Standing, row::Reader};
use crate::{
    ledger::Item,
    settings::{ALL, Setting},
    sql::{Row, Sql, Value},
};

/// Rows that the proof replays at a time.
const PROOF_STEP: u64 = 1_000;

/// Which page of the journal.
#[derive(Clone, Copy, Debug)]
pub struct JournalPage {
    /// Rows before this one; the newest when left out.
    pub before: Option<JournalSeq>,
    /// How many, at most [`JOURNAL_PAGE_MAX`].
    pub limit: u64,
    /// Only those that this person typed, was the target of, gave or got coins by.
    pub player: Option<UserId>,
    /// Only those that moved coins or are kept for the audit: neither reads nor refusals.
    pub changes_only: bool,
}

impl<S: Sql> Books<S> {
    /// Journal rows, newest first.
    pub fn journal(&self, page: JournalPage) -> Result<Vec<JournalRow>, BooksError> {
        let statement =
            "SELECT seq, id, at, command, debit, credit, amount, tax, actor, target, note, balance_after,
            (SELECT name FROM accounts WHERE user = debit), (SELECT name FROM accounts WHERE user = credit),
            COALESCE(actor_name, (SELECT name FROM accounts WHERE user = actor)),
            undoes, (SELECT undo.seq FROM journal AS undo WHERE undo.undoes = journal.seq)
            FROM journal WHERE seq < ?1 AND (?2 IS NULL OR ?2 IN (actor, target, debit, credit))
            AND (?4 = 0 OR debit IS NOT NULL OR audit = 1) ORDER BY seq DESC LIMIT ?3";
        let before = page.before.map_or(Value::Integer((1 << 53) - 1), |seq| seq.0.into());
        let limit = Value::from(page.limit.min(JOURNAL_PAGE_MAX));
        let changes_only = u64::from(page.changes_only).into();
        let rows = self.sql.query(statement, &[before, page.player.into(), limit, changes_only])?;
        rows.into_iter().map(read_row).collect()
    }

    /// The journal row of an interaction, if there is one.
    pub fn row_of(&self, id: InteractionId) -> Result<Option<JournalSeq>, BooksError> {
        let found = self.sql.query("SELECT seq FROM journal WHERE id = ?", &[id.to_string().into()])?;
        let Some(row) = found.into_iter().next() else { return Ok(None) };
        Ok(Some(JournalSeq(Reader::new("journal", Some(row)).unsigned()?)))
    }

    /// A player as an administrator sees it.
    pub fn profile(&self, user: UserId, now: Timestamp) -> Result<Option<PlayerProfile>, BooksError> {
        let Some(account) = self.account(user)? else { return Ok(None) };
        let rank = self.rank(Measure::Wealth, account.balance.get())?;
        let items = self.holdings(user)?.into_iter();
        let items = items.map(|Holding { name, quantity }| HeldItem { name, quantity }).collect();
        Ok(Some(PlayerProfile { items, ..profile_of(Standing { rank, account }, now) }))
    }

    /// The rules as they stand.
    pub fn rules(&self) -> Result<Rules, BooksError> {
        let settings = self.settings()?;
        let rule = |setting: &Setting| Rule {
            key: setting.name.to_owned(),
            about: setting.about.to_owned(),
            unit: setting.unit.word().to_owned(),
            value: settings.get(setting.key),
            default: setting.default,
            min: *setting.range.start(),
            max: *setting.range.end(),
        };
        Ok(Rules {
            paused: settings.paused(),
            maintenance: self.maintenance()?.is_on,
            settings: ALL.iter().map(rule).collect(),
        })
    }

    /// The shelf by name.
    pub fn shop(&self) -> Result<Vec<ShopItem>, BooksError> {
        let shown = |item: Item| {
            let Item { name, description, price, stock, per_player: limit, .. } = item;
            ShopItem { name, description, price, stock, limit }
        };
        Ok(self.shelf()?.into_iter().map(shown).collect())
    }

    /// A page of a server's players, from 1, best first; the last one, where there are fewer pages.
    pub fn players(&self, by: Measure, page: u64, now: Timestamp) -> Result<PlayersPage, BooksError> {
        let pages = self.ranked(by)?.div_ceil(PLAYERS_PAGE).clamp(1, PLAYERS_PAGES_MAX);
        let page = page.clamp(1, pages);
        let board = self.board(by, (page - 1).saturating_mul(PLAYERS_PAGE), PLAYERS_PAGE)?;
        let players = board.into_iter().map(|standing| profile_of(standing, now)).collect();
        Ok(PlayersPage { players, page, pages, by: by.word().to_owned() })
    }

    /// Replays the whole journal in steps, and compares what it gives with what the accounts hold.
    pub fn prove(&self) -> Result<Proof, BooksError> {
        let mut replay = Replay::default();
        let statement =
            "SELECT seq, debit, credit, amount, tax FROM journal WHERE seq > ? ORDER BY seq LIMIT ?";
        let mut after = 0;
        loop {
            let rows = self.sql.query(statement, &[after.into(), PROOF_STEP.into()])?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let mut row = Reader::new("journal", Some(row));
                after = row.unsigned()?;
                replay.add(row.optional_text()?, row.optional_text()?, row.coins()?, row.coins()?);
            }
        }
        let mut mismatches = Vec::new();
        let mut accounts = 0;
        let statement = "SELECT user, balance FROM accounts WHERE user > ? ORDER BY user LIMIT ?";
        let mut last = String::new();
        loop {
            let rows = self.sql.query(statement, &[last.as_str().into(), PROOF_STEP.into()])?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let mut row = Reader::new("accounts", Some(row));
                let (user_id, account) = (row.user()?, row.coins()?);
                last = user_id.to_string();
                accounts += 1;
                let journal = replay.balances.remove(&last).unwrap_or_default();
                if journal != account {
                    mismatches.push(Mismatch { user_id, journal, account });
                }
                replay.sum = replay.sum.saturating_plus(account);
            }
        }
        for (user, journal) in replay.balances {
            // A player in the journal without an account.
            if let (Ok(user_id), true) = (user.parse(), journal != Coins::ZERO) {
                mismatches.push(Mismatch { user_id, journal, account: Coins::ZERO });
            }
        }
        let (rows, sum, lowest_balance) = (replay.rows, replay.sum, replay.lowest);
        Ok(Proof { rows, accounts, sum, lowest_balance, mismatches })
    }
}

fn profile_of(standing: Standing, now: Timestamp) -> PlayerProfile {
    let Standing { rank, account } = standing;
    PlayerProfile {
        user_id: account.user,
        rank,
        level: account.level(),
        streak: account.streak_on(now.day()),
        name: account.name,
        balance: account.balance,
        xp: account.xp,
        freezes: account.freezes,
        frozen: account.frozen,
        items: Vec::new(),
        created_at: account.created_at,
        last_at: Some(account.last_at).filter(|&at| at > Timestamp(0)),
    }
}

/// The journal added up.
#[derive(Default)]
struct Replay {
    rows: u64,
    balances: BTreeMap<String, Coins>,
    /// What the mint, the burnt coins, the shop and the house hold; the players' accounts are added to it.
    sum: Coins,
    lowest: Coins,
}

impl Replay {
    fn add(&mut self, debit: Option<String>, credit: Option<String>, amount: Coins, tax: Coins) {
        self.rows += 1;
        if let Some(debit) = debit {
            self.change(debit, Coins::ZERO.saturating_minus(amount));
        }
        if let Some(credit) = credit {
            self.change(credit, amount.saturating_minus(tax));
        }
        self.sum = self.sum.saturating_plus(tax);
    }

    fn change(&mut self, party: String, by: Coins) {
        if ["mint", "burn", "shop", "house"].contains(&party.as_str()) {
            self.sum = self.sum.saturating_plus(by);
            return;
        }
        let balance = self.balances.entry(party).or_default();
        *balance = balance.saturating_plus(by);
        self.lowest = self.lowest.min(*balance);
    }
}

/// The journal as a table for spreadsheets.
pub fn journal_csv(rows: &[JournalRow]) -> String {
    let mut table = Table::new(&[
        "seq",
        "id",
        "at",
        "command",
        "debit",
        "credit",
        "amount",
        "tax",
        "actorId",
        "targetId",
        "note",
        "balanceAfter",
        "actorName",
        "undoes",
        "debitName",
        "creditName",
        "time",
    ]);
    for row in rows {
        let text = |text: &Option<String>| Cell::maybe(text.as_deref(), Cell::text);
        let party = |party: &Option<String>| {
            Cell::maybe(party.as_deref(), |party| match Party::named(party) {
                Some(Party::Player(id)) => Cell::id(id),
                _ => Cell::text(party),
            })
        };
        table.row([
            Cell::plain(row.seq),
            Cell::id(row.id),
            Cell::plain(row.at),
            Cell::text(&row.command),
            party(&row.debit),
            party(&row.credit),
            Cell::plain(row.amount),
            Cell::plain(row.tax),
            Cell::id(row.actor_id),
            Cell::maybe(row.target_id, Cell::id),
            text(&row.note),
            Cell::maybe(row.balance_after, Cell::plain),
            text(&row.actor_name),
            Cell::maybe(row.undoes, Cell::plain),
            text(&row.debit_name),
            text(&row.credit_name),
            Cell::time(row.at),
        ]);
    }
    table.finish()
}

fn read_row(row: Row) -> Result<JournalRow, BooksError> {
    let mut row = Reader::new("journal", Some(row));
    let id = |text: String| text.parse::<UserId>().map_err(|_| BooksError::Shape("journal"));
    Ok(JournalRow {
        seq: JournalSeq(row.unsigned()?),
        id: row.text()?.parse::<InteractionId>().map_err(|_| BooksError::Shape("journal"))?,
        at: Timestamp(row.unsigned()?),
        command: row.text()?,
        debit: row.optional_text()?,
        credit: row.optional_text()?,
        amount: row.coins()?,
        tax: row.coins()?,
        actor_id: row.user()?,
        target_id: row.optional_text()?.map(id).transpose()?,
        note: row.optional_text()?,
        balance_after: row.optional()?.and_then(|coins| i64::try_from(coins).ok()).map(Coins::new),
        debit_name: row.optional_text()?,
        credit_name: row.optional_text()?,
        actor_name: row.optional_text()?,
        undoes: row.optional()?.map(JournalSeq),
        undone_by: row.optional()?.map(JournalSeq),
    })
}
