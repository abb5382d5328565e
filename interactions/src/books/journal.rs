//! The journal's rows, as a commit writes them.

use protocol::{
    Coins, Event, InteractionId, JournalSeq, Timestamp,
    record::{Activity, JobOrder, Outcome},
};

use super::{Books, BooksError, Change, Entry, Party, row::Reader, standings::RankMoves, totals::Totals};
use crate::{action::Order, origin::Origin, sql::Sql};

/// The columns of the journal, beside those of [`Totals`].
const COLUMNS: [&str; 29] = [
    "seq",
    "id",
    "at",
    "command",
    "outcome",
    "debit",
    "credit",
    "amount",
    "tax",
    "actor",
    "target",
    "note",
    "balance_after",
    "handled_ms",
    "previous_at",
    "active",
    "reply",
    "events",
    "debit_prev",
    "debit_after",
    "credit_prev",
    "credit_after",
    "moves",
    "audit",
    "jobs",
    "undoes",
    "key",
    "action",
    "actor_name",
];

/// A row in the making.
pub(super) struct JournalEntry<'a> {
    now: Timestamp,
    origin: &'a Origin<'a>,
    outcome: Outcome,
    handled_ms: u32,
    pub(super) activity: Option<Activity>,
    pub(super) moves: Vec<RankMoves>,
    pub(super) audited: bool,
    pub(super) name: Option<String>,
    pub(super) reply: String,
    pub(super) jobs: Vec<JobOrder>,
    pub(super) undoes: Option<JournalSeq>,
    /// The action from the page that it is the answer to.
    pub(super) order: Option<&'a Order>,
    debit: Side,
    credit: Side,
}

/// A player's side of a row.
#[derive(Clone, Copy, Default)]
struct Side {
    /// The player's row before this one.
    prev: Option<JournalSeq>,
    /// The player's balance after this row.
    after: Option<Coins>,
}

impl<'a> JournalEntry<'a> {
    pub(super) fn new(now: Timestamp, origin: &'a Origin<'a>, outcome: Outcome, handled_ms: u32) -> Self {
        Self {
            now,
            origin,
            outcome,
            handled_ms,
            activity: None,
            moves: Vec::new(),
            audited: false,
            name: None,
            reply: String::new(),
            jobs: Vec::new(),
            undoes: None,
            order: None,
            debit: Side::default(),
            credit: Side::default(),
        }
    }

    /// Links a player whose coins move to the row before.
    pub(super) fn add_party(&mut self, entry: &Entry, change: &Change) {
        let prev = change.before.as_ref().and_then(|before| before.last_row);
        let side = Side { prev, after: Some(change.after.balance) };
        if entry.debit == Some(Party::Player(change.after.user)) {
            self.debit = side;
        } else {
            self.credit = side;
        }
    }
}

impl<S: Sql> Books<S> {
    pub(crate) fn reply_to(&self, id: InteractionId) -> Result<Option<String>, BooksError> {
        let rows = self.sql.query("SELECT reply FROM journal WHERE id = ?", &[id.to_string().into()])?;
        rows.into_iter().next().map(|row| Reader::new("journal", Some(row)).text()).transpose()
    }

    /// Returns the totals after the newest row.
    pub(super) fn totals(&self) -> Result<Totals, BooksError> {
        self.cached(|kept| Ok(kept.totals))
    }

    /// Lets go of what was said in the rows after one up to another. They are taken out and put back: a row that is only made
    /// smaller leaves its page as it was.
    pub(super) fn let_go_of_said(&self, after: u64, upto: u64) -> Result<(), BooksError> {
        let range = [after.into(), upto.into()];
        let rows = "FROM journal WHERE seq > ? AND seq <= ? AND key IS NULL";
        let (kept, totals) = (kept_columns().collect::<Vec<_>>(), Totals::COLUMNS);
        // Two arrays, because a function takes 32 arguments at Cloudflare.
        let pack = format!(
            "SELECT json_group_array(json_array(json_array({}), json_array({}))) {rows}",
            kept.join(", "),
            totals.join(", ")
        );
        let packed = self.sql.query(&pack, &range)?.into_iter().next();
        let packed = Reader::new("journal", packed).text()?;
        self.write(&format!("DELETE {rows}"), &range)?;
        let unpacked = |array: usize, columns: usize| {
            let values = (0..columns).map(move |at| format!("json_extract(value, '$[{array}][{at}]')"));
            values.collect::<Vec<_>>().join(", ")
        };
        let unpack = format!(
            "INSERT INTO journal ({}, {}, reply) SELECT {}, {}, '' FROM json_each(?)",
            kept.join(", "),
            totals.join(", "),
            unpacked(0, kept.len()),
            unpacked(1, totals.len())
        );
        self.write(&unpack, &[packed.into()])
    }

    pub(super) fn write_journal(
        &self,
        row: &JournalEntry<'_>,
        entry: &Entry,
        events: &[Event],
        totals: &Totals,
    ) -> Result<(), BooksError> {
        let origin = row.origin;
        let events = if events.is_empty() { None } else { Some(serde_json::to_string(events)?) };
        let jobs = if row.jobs.is_empty() { None } else { Some(serde_json::to_string(&row.jobs)?) };
        let action = row.order.map(|order| serde_json::to_string(&order.action)).transpose()?;
        let any_moved = row.moves.iter().flatten().any(Option::is_some);
        let on_ladders = if any_moved { Some(serde_json::to_string(&row.moves)?) } else { None };
        let statement = format!(
            "INSERT INTO journal ({}, {}) VALUES ({})",
            COLUMNS.join(", "),
            Totals::COLUMNS.join(", "),
            ["?"; COLUMNS.len() + Totals::COLUMNS.len()].join(", ")
        );
        let parameters = [
            totals.seq.0.into(),
            origin.id.to_string().into(),
            row.now.into(),
            row.name.as_deref().unwrap_or(origin.command).into(),
            outcome_word(row.outcome).into(),
            entry.debit.map(Party::word).into(),
            entry.credit.map(Party::word).into(),
            entry.amount.into(),
            entry.tax.into(),
            origin.actor.id.into(),
            entry.target.into(),
            entry.note.as_deref().into(),
            entry.balance_after.into(),
            u64::from(row.handled_ms).into(),
            row.activity.and_then(|activity| activity.previous).into(),
            u64::from(row.activity.is_some()).into(),
            row.reply.as_str().into(),
            events.into(),
            row.debit.prev.map(|seq| seq.0).into(),
            row.debit.after.into(),
            row.credit.prev.map(|seq| seq.0).into(),
            row.credit.after.into(),
            on_ladders.into(),
            u64::from(row.audited).into(),
            jobs.into(),
            row.undoes.map(|seq| seq.0).into(),
            row.order.map(|order| order.action.key.as_str()).into(),
            action.into(),
            row.order.map(|order| order.actor.name.as_str()).into(),
            totals.players.into(),
            totals.wealth.into(),
            totals.levels.into(),
            totals.mint.into(),
            totals.burn.into(),
            totals.shop.into(),
            totals.house.into(),
        ];
        self.write(&statement, &parameters)?;
        self.cached(|kept| {
            kept.totals = Totals { at: Some(row.now), ..*totals };
            Ok(())
        })
    }
}

/// The columns of a row that was let go of: without what was said, and without those of an action, whose answer is kept.
fn kept_columns() -> impl Iterator<Item = &'static str> {
    let let_go = ["reply", "events", "jobs", "key", "action", "actor_name"];
    COLUMNS.into_iter().filter(move |column| !let_go.contains(column))
}

/// The totals in the newest row.
pub(super) fn read_totals(sql: &impl Sql) -> Result<Totals, BooksError> {
    let statement = format!("SELECT seq, at, {} FROM journal ORDER BY seq DESC LIMIT 1", Totals::selected());
    let Some(row) = sql.query(&statement, &[])?.into_iter().next() else { return Ok(Totals::default()) };
    let mut row = Reader::new("journal", Some(row));
    let (seq, at) = (JournalSeq(row.unsigned()?), Timestamp(row.unsigned()?));
    Ok(Totals { seq, at: Some(at), ..Totals::read(&mut row)? })
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
    }
}
