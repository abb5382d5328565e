//! Values that the tests speak with.

use protocol::{
    Coins, DashboardStats, Epoch, Event, GuildId, JournalSeq, Report, Seq, Severity, Snapshot, Source,
    Timestamp, UserId, VERSION,
    check::{BindingCheck, ClientSecret, EdgeCheck, RoomCheck, SettingCheck},
    history::HistoryPoint,
    record::{Activity, GuildTotals, Outcome, Push, Record},
    report::{NamedGuild, REPORT_EVERY_MS, ReportedBot, ReportedGuilds, Shard},
    stats::{
        Bot, BotStatus, Commands, Economy, Guilds, Handling, Leader, Leaderboards, Ping, RECENT_EVENTS_LEN,
        Users,
    },
};

/// A day in January 2026, noon.
pub const NOON: Timestamp = Timestamp(1_768_478_400_000);
pub const EPOCH: Epoch = Epoch(0x00c0_ffee_1234_5678);
pub const HARBOUR: GuildId = GuildId(197_038_439_483_310_086);
pub const ADA: UserId = UserId(80_351_110_224_678_912);
pub const GRACE: UserId = UserId(53_908_232_506_183_680);

/// The event of this number; with 0, one that is not numbered yet.
pub fn event(seq: u64) -> Event {
    Event {
        seq: Seq(seq),
        id: format!("1294851902374051840-{seq}"),
        at: NOON.plus(seq),
        severity: Severity::Success,
        source: Source::Transfer,
        guild_id: HARBOUR,
        guild_name: Some("Harbour".to_owned()),
        actor_id: Some(ADA),
        actor_name: Some("Ada".to_owned()),
        target_id: Some(GRACE),
        target_name: Some("Grace".to_owned()),
        amount: Some(Coins::new(250)),
        message: "Ada paid Grace 250 coins".to_owned(),
        parts: Vec::new(),
        handled_ms: Some(7),
    }
}

pub fn events(seqs: impl IntoIterator<Item = u64>) -> Vec<Event> {
    seqs.into_iter().map(event).collect()
}

/// The answer of an edge that lacks a secret.
pub fn edge_check() -> EdgeCheck {
    let setting = |name: &str, problem: Option<&str>| SettingCheck {
        name: name.to_owned(),
        set: problem.is_none(),
        problem: problem.map(str::to_owned),
    };
    let binding =
        |name: &str, bound| BindingCheck { name: name.to_owned(), bound, optional: name == "LIMITER" };
    EdgeCheck {
        version: VERSION,
        release: "0.1.0".to_owned(),
        now: NOON,
        settings: vec![
            setting("BOT_TOKEN", None),
            setting("DISCORD_CLIENT_SECRET", Some("not set: nobody can sign in")),
        ],
        bindings: vec![binding("ROOM", true), binding("LIMITER", false)],
        public_key_matches: Some(true),
        client_secret: ClientSecret::Unreachable,
        client_secret_why: Some("/oauth2/token: no answer in 5000 ms".to_owned()),
        room: Some(RoomCheck { servers: 2, viewers: 1, ..RoomCheck::default() }),
        plan: None,
    }
}

/// The room's numbers when it had numbered `seq` events.
pub fn stats(as_of: Timestamp, seq: u64) -> DashboardStats {
    let oldest = seq.saturating_sub(RECENT_EVENTS_LEN as u64) + 1;
    DashboardStats {
        bot: Bot { name: "Pulse".to_owned(), avatar_url: None, status: BotStatus::Online },
        guilds: Guilds { count: 2 },
        users: Users { active: 31, total: 112 },
        commands: Commands {
            total: 4_000 + seq,
            last_hour: 61,
            refused_last_hour: 5,
            failed_last_hour: 1,
            change_from_last_month: Some(-12.5),
        },
        ping: Ping {
            avg: Some(41.3),
            gateway: Some(40.0),
            rest: Some(88.2),
            rest_failure: None,
            change_from_last_hour: None,
        },
        handling: Handling { p50: Some(4), p99: Some(17) },
        economy: Economy {
            total_wealth: Coins::new(9_007_199_254_740_993),
            avg_level: 3.25,
            top_streak: 19,
            minted_24h: Coins::new(12_400),
            burned_24h: Coins::new(310),
            balanced: true,
        },
        leaderboards: Leaderboards {
            wealth: vec![leader(9_000)],
            level: vec![leader(12)],
            streak: vec![leader(19)],
        },
        recent_events: events((oldest..=seq).rev()),
        gateway: None,
        uptime: Some(86_400),
        last_command_timestamp: Some(as_of.minus(900)),
        maintenance_mode: false,
        viewers: 3,
        as_of,
        seq: Seq(seq),
    }
}

fn leader(value: i64) -> Leader {
    Leader { user_id: ADA, name: "Ada".to_owned(), guild_id: HARBOUR, value: Coins::new(value) }
}

/// The room at `as_of`, with these events in its ring.
pub fn snapshot(epoch: Epoch, as_of: Timestamp, ring: std::ops::RangeInclusive<u64>) -> Snapshot {
    let (at, seq) = (as_of.floor(5_000), *ring.end());
    let point = HistoryPoint {
        at: at.minus(10_000),
        ping: Some(40.6),
        handling_p99: Some(17),
        commands: 3,
        errors: 0,
        wealth: Coins::new(9_007_199_254_740_000),
        guilds: Some(2),
        active: Some(31),
        avg_level: Some(3.25),
        top_streak: Some(19),
        started_at: Some(as_of.minus(86_400_000)),
    };
    let quiet = HistoryPoint {
        at: at.minus(5_000),
        ping: None,
        handling_p99: None,
        commands: 0,
        started_at: Some(Timestamp(0)),
        ..point.clone()
    };
    let mut history = vec![point, quiet];
    protocol::history::thin(&mut history);
    Snapshot {
        version: VERSION,
        epoch,
        seq: Seq(seq),
        stats: stats(as_of, seq),
        events: events(ring.rev()),
        history,
    }
}

pub fn report(at: Timestamp) -> Report {
    let name = NamedGuild { id: HARBOUR, name: "Harbour".to_owned(), icon_url: None, members: 112 };
    Report {
        version: VERSION,
        started_at: at.minus(86_400_000),
        at,
        bot: ReportedBot { id: UserId(1), name: "Pulse".to_owned(), avatar_url: None },
        shards: vec![Shard {
            id: 0,
            state: "active".to_owned(),
            latency_ms: Some(40.0),
            down_ms: None,
            tries: 0,
        }],
        shard_count: None,
        rest_ms: Some(88.25),
        rest_failure: None,
        guilds: ReportedGuilds { count: 2, members: 140, named: vec![name] },
        missed: Vec::new(),
        next_in_ms: REPORT_EVERY_MS,
        leaving: false,
    }
}

/// A row with one event.
pub fn record(seq: u64) -> Record {
    let mut event = event(0);
    event.id = format!("{HARBOUR}-{seq}");
    event.guild_name = None;
    Record {
        seq: JournalSeq(seq),
        at: NOON,
        outcome: Outcome::Done,
        handled_ms: 7,
        minted: Coins::new(250),
        burned: Coins::new(12),
        activity: Some(Activity { previous: Some(NOON.minus(3_600_000)) }),
        events: vec![event],
        jobs: Vec::new(),
    }
}

/// A delivery of these rows.
pub fn push(guild: GuildId, rows: std::ops::RangeInclusive<u64>) -> Push {
    let totals = GuildTotals {
        players: 112,
        wealth: Coins::new(1_000).saturating_plus(Coins::new(rows.end().cast_signed())),
        levels: 364,
        commands: *rows.end(),
        balanced: true,
        last_command_at: Some(NOON),
        leaderboards: Leaderboards { wealth: vec![leader(9_000)], ..Leaderboards::default() },
        store_percent: 0,
    };
    Push {
        version: VERSION,
        guild_id: guild,
        records: rows.map(record).collect(),
        totals,
        after: None,
        life: None,
        reminders: None,
        rows: 0,
    }
}
