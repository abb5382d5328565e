//! Pages for administrators: the journal, a player's account, the rules and the shop.

use protocol::{
    Coins, InteractionId, JournalSeq, Timestamp, UserId,
    audit::{
        HeldItem, JOURNAL_PAGE_MAX, JournalRow, PLAYERS_PAGE, PLAYERS_PAGES_MAX, PlayerProfile, PlayersPage,
        Rule, Rules, ShopItem,
    },
    csv::{Cell, Table},
};
use serde::{Deserialize, Serialize};

use super::{Books, BooksError, Holding, Measure, Party, Standing, row::Reader};
use crate::{
    rules::Item,
    settings::{ALL, Setting},
    sql::{Row, Sql},
};

/// Rows of the journal that are looked through at a time, at most, for those that are asked for.
pub const JOURNAL_WALK_MAX: u64 = 10_000;

/// A question for a page of the journal.
#[derive(Clone, Copy, Debug)]
pub struct JournalPage {
    /// Rows before this one; the newest when left out.
    pub before: Option<JournalSeq>,
    /// The number of rows wanted, at most [`JOURNAL_PAGE_MAX`].
    pub limit: u64,
    /// Only those that this person typed, was the target of, gave or got coins by.
    pub player: Option<UserId>,
    /// Only those that moved coins or are kept for the audit: neither reads nor refusals.
    pub changes_only: bool,
}

/// Some rows of the journal, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct JournalPiece {
    /// Those that were asked for, among the rows that were looked through.
    pub rows: Vec<JournalRow>,
    /// Rows before this one were not looked through; `None` at the journal's beginning.
    pub next: Option<JournalSeq>,
}

impl<S: Sql> Books<S> {
    /// Journal rows, newest first. At most [`JOURNAL_WALK_MAX`] rows are looked through, so that it takes the same time
    /// however long the journal is, and however few of its rows are asked for.
    pub fn journal(&self, page: JournalPage) -> Result<JournalPiece, BooksError> {
        let statement =
            "SELECT seq, id, at, command, debit, credit, amount, tax, actor, target, note, balance_after,
            (SELECT name FROM accounts WHERE user = debit), (SELECT name FROM accounts WHERE user = credit),
            COALESCE(actor_name, (SELECT name FROM accounts WHERE user = actor)),
            undoes, (SELECT undo.seq FROM journal AS undo WHERE undo.undoes = journal.seq)
            FROM journal WHERE seq < ?1 AND seq >= ?5 AND (?2 IS NULL OR ?2 IN (actor, target, debit, credit))
            AND (?4 = 0 OR debit IS NOT NULL OR audit = 1) ORDER BY seq DESC LIMIT ?3";
        let end = self.newest_row()?.next();
        let before = page.before.map_or(end, |before| before.min(end));
        let floor = before.0.saturating_sub(JOURNAL_WALK_MAX).max(1);
        let limit = page.limit.min(JOURNAL_PAGE_MAX);
        let changes_only = u64::from(page.changes_only).into();
        let parameters = [before.0.into(), page.player.into(), limit.into(), changes_only, floor.into()];
        let rows = self.sql.query(statement, &parameters)?;
        let rows = rows.into_iter().map(read_row).collect::<Result<Vec<_>, _>>()?;
        let reached = match rows.last() {
            Some(last) if rows.len() as u64 == limit => last.seq.0,
            _ => floor,
        };
        Ok(JournalPiece { rows, next: Some(JournalSeq(reached)).filter(|_| reached > 1) })
    }

    fn newest_row(&self) -> Result<JournalSeq, BooksError> {
        let found = self.sql.query("SELECT COALESCE(MAX(seq), 0) FROM journal", &[])?;
        Ok(JournalSeq(Reader::new("journal", found.into_iter().next()).unsigned()?))
    }

    /// Whether nobody who manages the server has done anything yet.
    pub fn has_no_act(&self) -> Result<bool, BooksError> {
        Ok(self.sql.query("SELECT seq FROM journal WHERE audit = 1 LIMIT 1", &[])?.is_empty())
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
        Ok(self.shop_items()?.into_iter().map(shown).collect())
    }

    /// A page of a server's players, from 1, best first; the last one, where there are fewer pages.
    pub fn players(&self, by: Measure, page: u64, now: Timestamp) -> Result<PlayersPage, BooksError> {
        let pages = self.ranked(by)?.div_ceil(PLAYERS_PAGE).clamp(1, PLAYERS_PAGES_MAX);
        let page = page.clamp(1, pages);
        let board = self.board(by, (page - 1).saturating_mul(PLAYERS_PAGE), PLAYERS_PAGE)?;
        let players = board.into_iter().map(|standing| profile_of(standing, now)).collect();
        Ok(PlayersPage { players, page, pages, by: by.word().to_owned() })
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
