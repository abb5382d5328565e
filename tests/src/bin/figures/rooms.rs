//! A room without sockets and storage: the pure core, to count what it writes and to time what it computes.

use protocol::{
    Coins, Epoch, Event, GuildId, JournalSeq, Severity, Source, Timestamp, UserId,
    record::{Activity, GuildTotals, Outcome, Push, Record},
    room::{Input, Output, Room, SocketId},
    stats::{LEADERBOARD_LEN, Leader, Leaderboards},
    time::SECOND_MS,
};

/// Where all of this begins.
pub const NOON: u64 = 1_795_348_800_000;

/// A room and its clock.
pub struct House {
    room: Room,
    now: Timestamp,
}

impl House {
    /// A room that so many servers of so many players each have told of themselves.
    pub fn with(guilds: u64, players: u64) -> Self {
        let mut house = Self { room: Room::new(Epoch(1)).0, now: Timestamp(NOON) };
        for guild in 1..=guilds {
            house.record(guild, 1, players);
        }
        house.handle(Input::Joined(SocketId(1), None, None));
        house
    }

    /// A second and a half passes, and a server tells of one more command.
    pub fn record(&mut self, guild: u64, seq: u64, players: u64) -> Vec<Output> {
        self.now = self.now.plus(3 * SECOND_MS / 2);
        self.room
            .handle(self.now, Input::Recorded(push(GuildId(guild << 20), JournalSeq(seq), self.now, players)))
    }

    /// Lets five seconds pass; gives the outputs of the tick.
    pub fn tick(&mut self) -> Vec<Output> {
        self.now = self.now.plus(5 * SECOND_MS);
        self.room.handle(self.now, Input::Ticked)
    }

    fn handle(&mut self, input: Input<'_>) -> Vec<Output> {
        self.room.handle(self.now, input)
    }
}

/// Rows that the outputs write, an armed alarm among them.
pub fn rows(outputs: &[Output]) -> usize {
    let writes = |output: &&Output| {
        matches!(output, Output::Store(_) | Output::Forget(..) | Output::Delete(..) | Output::TickIn(_))
    };
    outputs.iter().filter(writes).count()
}

/// A delivery of one row with one event.
pub fn push(guild_id: GuildId, seq: JournalSeq, at: Timestamp, players: u64) -> Push {
    let message = "Load0000000001 claimed 100 coins (day 1)".to_owned();
    let event = Event {
        actor_id: Some(UserId(guild_id.0 + 1)),
        actor_name: Some("Load0000000001".to_owned()),
        amount: Some(Coins::new(100)),
        handled_ms: Some(3),
        ..Event::new(format!("{guild_id}-{seq:?}"), at, guild_id, Severity::Success, Source::Daily, message)
    };
    let record = Record {
        seq,
        at,
        outcome: Outcome::Done,
        handled_ms: 3,
        minted: Coins::new(100),
        burned: Coins::ZERO,
        activity: Some(Activity { previous: None }),
        events: vec![event],
        jobs: Vec::new(),
    };
    let board: Vec<Leader> = (0..LEADERBOARD_LEN as u64)
        .map(|place| Leader {
            user_id: UserId(guild_id.0 + place),
            name: format!("Player {place}"),
            guild_id,
            value: Coins::new(i64::try_from(guild_id.0 % 9_973 + 100 - place).unwrap_or(100)),
        })
        .collect();
    let totals = GuildTotals {
        players,
        wealth: Coins::new(i64::try_from(players * 100).unwrap_or(i64::MAX)),
        levels: players,
        commands: seq.0,
        balanced: true,
        last_command_at: Some(at),
        leaderboards: Leaderboards { wealth: board.clone(), level: board.clone(), streak: board },
        store_percent: 0,
    };
    Push {
        version: protocol::VERSION,
        guild_id,
        records: vec![record],
        totals,
        after: None,
        life: None,
        reminders: None,
        rows: 0,
    }
}
