//! A server's books as the room sees them: rows that come in order, again and again until they are acknowledged.

use protocol::{
    Coins, Event, GuildId, JournalSeq, Report, Severity, Source, Timestamp, UserId, VERSION,
    record::{Activity, GuildTotals, Outcome, PUSH_MAX_RECORDS, Push, Record},
    report::{NamedGuild, REPORT_EVERY_MS, ReportedBot, ReportedGuilds, Shard},
    stats::{Leader, Leaderboards},
};

use super::chance::Chance;

#[derive(Debug)]
pub struct Books {
    id: GuildId,
    journal: Vec<Record>,
    totals: GuildTotals,
    pub acknowledged: JournalSeq,
    pub in_flight: bool,
}

impl Books {
    pub fn new(id: GuildId) -> Self {
        let totals = GuildTotals { balanced: true, ..GuildTotals::default() };
        Self { id, journal: Vec::new(), totals, acknowledged: JournalSeq(0), in_flight: false }
    }

    /// Commits one command more: a journal row with up to two events.
    pub fn commit(&mut self, now: Timestamp, chance: &mut Chance) {
        let seq = JournalSeq(self.journal.len() as u64 + 1);
        let amount = chance.within(0..100).cast_signed();
        self.totals.commands += 1;
        self.totals.players += u64::from(chance.once_in(4));
        self.totals.wealth = self.totals.wealth.saturating_plus(Coins::new(amount));
        let previous = self.totals.last_command_at.replace(now);
        self.totals.leaderboards = self.leaderboards();
        let outcome =
            chance.one_of(&[Outcome::Done, Outcome::Done, Outcome::Refused]).unwrap_or(Outcome::Done);
        let events = (0..chance.within(0..3)).map(|part| self.event(seq, part, now)).collect();
        self.journal.push(Record {
            seq,
            at: now,
            outcome,
            handled_ms: u32::try_from(chance.within(1..90)).unwrap_or(0),
            minted: Coins::new(amount),
            burned: Coins::ZERO,
            activity: Some(Activity { previous }),
            events,
            jobs: Vec::new(),
        });
    }

    /// The next delivery: rows that the room has not acknowledged, at most `PUSH_MAX_RECORDS`; `None` when there are none.
    pub fn push(&self) -> Option<Push> {
        let records: Vec<Record> = self
            .journal
            .iter()
            .filter(|record| record.seq > self.acknowledged)
            .take(PUSH_MAX_RECORDS)
            .cloned()
            .collect();
        (!records.is_empty()).then(|| Push {
            version: VERSION,
            guild_id: self.id,
            records,
            totals: self.totals.clone(),
            after: None,
            life: None,
            reminders: None,
            rows: 0,
        })
    }

    /// The ids of all that ever happened here.
    pub fn event_ids(&self) -> impl Iterator<Item = &str> {
        self.journal.iter().flat_map(|record| &record.events).map(|event| event.id.as_str())
    }

    fn leaderboards(&self) -> Leaderboards {
        let leader = Leader {
            user_id: UserId(7),
            name: "Ada".to_owned(),
            guild_id: self.id,
            value: self.totals.wealth,
        };
        Leaderboards { wealth: vec![leader], ..Leaderboards::default() }
    }

    fn event(&self, seq: JournalSeq, part: u64, at: Timestamp) -> Event {
        let id = format!("{}-{seq}-{part}", self.id);
        Event::new(id, at, self.id, Severity::Success, Source::Daily, "claimed".to_owned())
    }
}

/// A report as the bot-worker would send it, with random gaps.
pub fn report(now: Timestamp, chance: &mut Chance) -> Report {
    let shard = Shard { id: 0, state: "active".to_owned(), latency_ms: Some(40.0), down_ms: None, tries: 0 };
    let name = chance.one_of(&["Harbour", "Haven"]).unwrap_or_default().to_owned();
    let named = NamedGuild { id: GuildId(1), name, icon_url: None, members: 3 };
    Report {
        version: VERSION,
        started_at: Timestamp(1_000),
        at: now,
        bot: ReportedBot { id: UserId(1), name: "Pulse".to_owned(), avatar_url: None },
        shards: if chance.once_in(3) { Vec::new() } else { vec![shard] },
        shard_count: None,
        rest_ms: (!chance.once_in(3)).then_some(80.0),
        rest_failure: None,
        guilds: ReportedGuilds { count: 2, members: 3, named: vec![named] },
        missed: Vec::new(),
        next_in_ms: REPORT_EVERY_MS,
        leaving: false,
    }
}
