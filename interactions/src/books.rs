//! One server's books. Every balance change is one journal row; an interaction is answered once, and its answer kept.

mod accounts;
mod acting;
mod announcing;
pub mod audit;
mod boards;
mod decision;
mod fullness;
mod history;
mod journal;
mod life;
mod maintenance;
mod outbox;
pub mod proof;
mod reminding;
mod row;
mod shop;
mod standings;
mod totals;
mod upkeep;

use std::cell::{Cell, RefCell};

use protocol::{
    Event, Sentence, Severity, Source, Timestamp, UserId,
    rate_limit::{RateLimit, RateLimits},
    record::{Activity, Life, Maintenance},
};

pub(crate) use self::acting::NOBODY;
pub use self::{
    acting::MovedRow,
    boards::Standing,
    decision::{Change, Decision, Entry, Party, Write},
    fullness::STORE_MAX_BYTES,
    history::{HISTORY_PAGE, Moved},
    outbox::Listener,
    shop::{Holding, SHOP_MAX},
    standings::Measure,
    upkeep::REPLIES_KEPT_MS,
};
use self::{
    journal::JournalEntry,
    outbox::{Acknowledged, Retelling},
    standings::Standings,
    totals::Totals,
};
use crate::{
    action::Order,
    origin::Origin,
    rules::Account,
    settings::{Setting, Settings},
    sql::{Sql, SqlError, Value},
};

/// The rate limit of one person's commands in one server: far above what anybody can type, so that it meets nobody who
/// plays, and no load test, and so that what one account can make the books write down has a bound.
const PLAYER_RATE: RateLimit = RateLimit { at_once: 2_000, every_ms: 20 };
/// The name under which a pause is kept among the settings.
const PAUSED: &str = "paused";

/// The books could not be read or written. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// The database said no.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// JSON could not be written or read.
    #[error("the journal's JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A row is not what the schema says.
    #[error("a row of {0} is not what the schema says")]
    Shape(&'static str),
}

impl BooksError {
    /// Whether a limit of the plan is reached.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Sql(error) if error.is_limit())
    }

    /// Whether the storage has no room for what was to be written.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Sql(error) if error.is_full())
    }
}

/// One server's books over its database. What is in memory beside it can always be read again.
#[derive(Debug)]
pub struct Books<S> {
    sql: S,
    kept: RefCell<Option<Cache>>,
    rows_written: Cell<u64>,
    /// The people who use commands faster than [`PLAYER_RATE`]. A restart forgives it.
    rate_limits: RefCell<RateLimits<UserId>>,
    /// The storage holds so many bytes at most.
    store_max: u64,
    /// Its bytes, as they were last measured.
    stored: Cell<Option<u64>>,
    /// By [`Listener`].
    acknowledged: [Cell<Acknowledged>; Listener::ALL.len()],
    /// By [`Listener`].
    retelling: [Cell<Option<Retelling>>; Listener::ALL.len()],
}

/// The cache: values that are not read again for each command.
#[derive(Debug)]
struct Cache {
    settings: Settings,
    standings: Standings,
    announce: Option<String>,
    maintenance: Maintenance,
    totals: Totals,
    life: Option<Life>,
    /// The last mark of fullness that was told.
    told_percent: u64,
}

impl<S: Sql> Books<S> {
    /// The books in this database, whose tables are in place.
    pub fn new(sql: S) -> Self {
        Self {
            sql,
            kept: RefCell::default(),
            rows_written: Cell::new(0),
            rate_limits: RefCell::new(RateLimits::of(PLAYER_RATE)),
            store_max: STORE_MAX_BYTES,
            stored: Cell::default(),
            acknowledged: Default::default(),
            retelling: Default::default(),
        }
    }

    /// Returns the database below the books.
    pub fn sql(&self) -> &S {
        &self.sql
    }

    /// Returns the server's rules in force.
    pub fn settings(&self) -> Result<Settings, BooksError> {
        self.cached(|kept| Ok(kept.settings))
    }

    /// Counts a command of a person's; the wait in milliseconds, if they use commands faster than anybody types.
    pub(crate) fn count(&self, now: Timestamp, person: UserId) -> Result<(), u64> {
        self.rate_limits.borrow_mut().step(now, person)
    }

    /// Counts the rows that are written from now on anew.
    pub(crate) fn count_rows_anew(&self) {
        self.rows_written.set(0);
    }

    /// Returns the rows that were written since they are counted.
    pub(crate) fn rows_written(&self) -> u64 {
        self.rows_written.get()
    }

    /// Lets go of everything in memory: what was counted in a transaction that failed never happened.
    pub fn forget(&self) {
        self.kept.replace(None);
        self.measure_anew();
        self.acknowledged.iter().for_each(|known| known.set(Acknowledged::ReadError));
    }

    /// Everything a call changes, in one stretch without an await.
    pub(crate) fn commit(
        &self,
        now: Timestamp,
        origin: &Origin<'_>,
        decision: Decision,
        handled_ms: u32,
        order: Option<&Order>,
    ) -> Result<String, BooksError> {
        let Decision {
            outcome,
            reply,
            entry,
            changes,
            writes,
            mut events,
            audited,
            name,
            mut jobs,
            refusal,
            undoes,
            waits: _,
        } = decision;
        let race = self.race(&changes)?;
        let mut totals = self.totals()?;
        totals.seq = totals.seq.next();
        let mut row = JournalEntry::new(now, origin, outcome, handled_ms);
        for mut change in changes {
            events.extend(level_up(origin, &change, now));
            totals.add_change(&change);
            let before = change.before.as_ref();
            if change.after.user == origin.actor.id && order.is_none() {
                row.activity = Some(Activity { previous: before.map(|before| before.last_at) });
                change.after.name.clone_from(&origin.actor.name);
                change.after.last_at = now;
            }
            if entry.moves(change.after.user) {
                row.add_party(&entry, &change);
                change.after.last_row = Some(totals.seq);
            }
            row.moves.push(standings::moves(before, &change.after));
            self.write_account(&change)?;
        }
        totals.add_entry(&entry);
        self.move_standings(&row.moves)?;
        jobs.extend(self.finish(race, origin, now)?);
        for write in writes {
            self.perform(write, now)?;
        }
        for event in &mut events {
            event.handled_ms = Some(handled_ms);
        }
        events.extend(self.tell_fullness(origin, now, totals.seq.0)?);
        row.undoes = undoes;
        row.order = order;
        row.reply = match order {
            None => serde_json::to_string(&reply.into_response(origin.pressed))?,
            Some(_) => acting::answer(totals.seq, origin.id, refusal.as_ref(), &entry, &events)?,
        };
        row.audited = audited;
        row.name = name;
        row.jobs = jobs;
        self.write_journal(&row, &entry, &events, &totals)?;
        Ok(row.reply)
    }

    fn perform(&self, write: Write, now: Timestamp) -> Result<(), BooksError> {
        match write {
            Write::Setting(key, value) => self.write_setting(Setting::of(key).name, value),
            Write::Paused(paused) => self.pause(paused),
            Write::Item(item) => self.write_item(&item),
            Write::Stock { item, left } => {
                self.write("UPDATE items SET stock = ? WHERE id = ?", &[left.into(), item.into()])
            }
            Write::RemoveItem(id) => self.remove_item(id),
            Write::Holding { user, item, quantity } => self.write_holding(user, item, quantity),
            Write::ForgetHoldings(user) => self.write("DELETE FROM holdings WHERE user = ?", &[user.into()]),
            Write::Announce(channel) => self.write_announce_channel(channel),
            Write::Pend { id, call } => {
                let statement = "INSERT INTO pending (id, at, call) VALUES (?, ?, ?)";
                self.write(statement, &[id.to_string().into(), now.into(), call.into()])
            }
            Write::Settle(id) => self.write("DELETE FROM pending WHERE id = ?", &[id.to_string().into()]),
        }
    }

    /// Pauses the economy, or lets it go on.
    pub(crate) fn pause(&self, paused: bool) -> Result<(), BooksError> {
        self.write_setting(PAUSED, i64::from(paused))
    }

    fn write_setting(&self, name: &str, value: i64) -> Result<(), BooksError> {
        let statement = "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)";
        self.write(statement, &[name.into(), value.into()])?;
        let settings = read_settings(&self.sql)?;
        self.cached(|kept| {
            kept.settings = settings;
            Ok(())
        })
    }

    fn write(&self, statement: &str, parameters: &[Value]) -> Result<(), BooksError> {
        let written = self.sql.execute(statement, parameters)?;
        self.rows_written.set(self.rows_written.get() + written);
        Ok(())
    }

    fn cached<R>(&self, look: impl FnOnce(&mut Cache) -> Result<R, BooksError>) -> Result<R, BooksError> {
        let mut kept = self.kept.borrow_mut();
        if kept.is_none() {
            *kept = Some(Cache {
                settings: read_settings(&self.sql)?,
                standings: Standings::load(&self.sql)?,
                announce: announcing::read_channel(&self.sql)?,
                maintenance: maintenance::read(&self.sql)?,
                totals: journal::read_totals(&self.sql)?,
                life: life::read(&self.sql)?,
                told_percent: fullness::read_told(&self.sql)?,
            });
        }
        kept.as_mut().map_or(Err(BooksError::Shape("memory")), look)
    }
}

fn read_settings(sql: &impl Sql) -> Result<Settings, BooksError> {
    let mut read = Settings::default();
    for row in sql.query("SELECT key, value FROM settings ORDER BY key", &[])? {
        let mut row = row::Reader::new("settings", Some(row));
        let (name, value) = (row.text()?, row.integer()?);
        if name == PAUSED {
            read = read.with_paused(value != 0);
        } else if let Ok(setting) = Setting::named(&name) {
            // One that a newer release knows, or that this one has narrowed, keeps its default here.
            read = read.holding(setting.key, value);
        }
    }
    Ok(read)
}

fn level_up(origin: &Origin<'_>, change: &Change, now: Timestamp) -> Option<Event> {
    let (before, after) = (change.before.as_ref().map_or(0, Account::level), change.after.level());
    (after > before).then(|| {
        let message = Sentence::of(&change.after.name).words(" reached level ").number(after);
        let event = origin.event(now, Severity::Info, Source::LevelUp, message);
        Event { id: format!("{}-level", origin.id), ..event }
    })
}
