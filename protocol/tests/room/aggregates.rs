//! The sums over all servers: what the cards say of players, money, levels and streaks.

use std::collections::BTreeMap;

use crate::samples::{EPOCH, HARBOUR, NOON, record, report};
use protocol::{
    Coins, GuildId, JournalSeq, Timestamp, UserId,
    record::{Activity, GuildTotals, Push, Record},
    room::{Input, Kind, Memory, Output, Room, Row},
    stats::{Leader, Leaderboards},
    time::DAY_MS,
};

const ORCHARD: GuildId = GuildId(42);
const QUARTER_MS: u64 = 15 * 60_000;

fn room() -> Room {
    Room::new(EPOCH).0
}

/// A leader of a server: the player's number, and the value.
fn leaders(guild_id: GuildId, values: &[(u64, i64)]) -> Vec<Leader> {
    let leader = |&(user, value): &(u64, i64)| {
        let (user_id, name) = (UserId(user), format!("Player {user}"));
        Leader { user_id, name, guild_id, value: Coins::new(value) }
    };
    values.iter().map(leader).collect()
}

fn totals(guild: GuildId, players: u64, wealth: i64, levels: u64, streaks: &[(u64, i64)]) -> GuildTotals {
    GuildTotals {
        players,
        wealth: Coins::new(wealth),
        levels,
        commands: players * 10,
        balanced: true,
        last_command_at: Some(NOON.plus(players)),
        leaderboards: Leaderboards {
            wealth: leaders(guild, &[(1, wealth)]),
            level: leaders(guild, &[(1, 3)]),
            streak: leaders(guild, streaks),
        },
        store_percent: 0,
    }
}

/// Delivers the row of this number, with these totals after it.
fn deliver(room: &mut Room, now: Timestamp, guild_id: GuildId, seq: u64, totals: GuildTotals) -> Vec<Output> {
    let records = vec![Record { seq: JournalSeq(seq), ..record(seq) }];
    room.handle(
        now,
        Input::Recorded(Push {
            version: protocol::VERSION,
            guild_id,
            records,
            totals,
            after: None,
            life: None,
            reminders: None,
            rows: 0,
        }),
    )
}

#[test]
fn servers_add_up_and_a_delivery_takes_the_place_of_the_one_before() {
    let mut room = room();
    let economy = room.stats(NOON).economy;
    assert_eq!((economy.avg_level, economy.top_streak), (0.0, 0), "nobody has no level");
    assert_eq!(room.stats(NOON).last_command_timestamp, None);
    deliver(&mut room, NOON, HARBOUR, 1, totals(HARBOUR, 4, 1_000, 5, &[(1, 7)]));
    deliver(&mut room, NOON, ORCHARD, 1, totals(ORCHARD, 2, 300, 3, &[(2, 9)]));
    let stats = room.stats(NOON);
    assert_eq!((stats.guilds.count, stats.users.total, stats.commands.total), (2, 6, 60));
    assert_eq!(stats.economy.total_wealth, Coins::new(1_300));
    assert_eq!((stats.economy.avg_level, stats.economy.top_streak), (1.33, 9));
    assert_eq!(stats.last_command_timestamp, Some(NOON.plus(4)));
    let listed: Vec<GuildId> = room.guilds().iter().map(|guild| guild.id).collect();
    assert_eq!(listed, [ORCHARD, HARBOUR]);

    deliver(&mut room, NOON, ORCHARD, 2, totals(ORCHARD, 3, 200, 10, &[(2, 4)]));
    let stats = room.stats(NOON);
    assert_eq!((stats.users.total, stats.commands.total), (7, 70));
    assert_eq!(stats.economy.total_wealth, Coins::new(1_200));
    assert_eq!((stats.economy.avg_level, stats.economy.top_streak), (2.14, 7));
}

#[test]
fn one_server_out_of_balance_is_enough() {
    let mut room = room();
    let unbalanced = |guild| GuildTotals { balanced: false, ..totals(guild, 1, 5, 0, &[]) };
    let balanced = |room: &Room| room.stats(NOON).economy.balanced;
    assert!(balanced(&room));
    deliver(&mut room, NOON, HARBOUR, 1, unbalanced(HARBOUR));
    deliver(&mut room, NOON, ORCHARD, 1, unbalanced(ORCHARD));
    assert!(!balanced(&room));
    deliver(&mut room, NOON, HARBOUR, 2, totals(HARBOUR, 1, 5, 0, &[]));
    assert!(!balanced(&room), "the other one is still wrong");
    deliver(&mut room, NOON, ORCHARD, 2, totals(ORCHARD, 1, 5, 0, &[]));
    assert!(balanced(&room));
}

#[test]
fn the_top_ten_are_of_all_servers_and_of_now() {
    let mut room = room();
    let with = |guild, wealth: &[(u64, i64)]| GuildTotals {
        leaderboards: Leaderboards { wealth: leaders(guild, wealth), ..Leaderboards::default() },
        ..totals(guild, 9, 0, 0, &[])
    };
    let shown = |room: &Room| -> Vec<(u64, i64)> {
        let board = room.stats(NOON).leaderboards.wealth;
        board.iter().map(|leader| (leader.user_id.0, leader.value.get())).collect()
    };
    let harbour: Vec<(u64, i64)> =
        (1..=8).map(|user| (user, 100 - 10 * i64::try_from(user).unwrap())).collect();
    deliver(&mut room, NOON, HARBOUR, 1, with(HARBOUR, &harbour));
    deliver(&mut room, NOON, ORCHARD, 1, with(ORCHARD, &[(11, 95), (12, 55), (13, 15), (14, 5)]));
    assert_eq!(
        shown(&room),
        [(11, 95), (1, 90), (2, 80), (3, 70), (4, 60), (12, 55), (5, 50), (6, 40), (7, 30), (8, 20)]
    );
    assert_eq!(room.stats(NOON).leaderboards.wealth[0].name, "Player 11");
    deliver(&mut room, NOON, ORCHARD, 2, with(ORCHARD, &[(12, 200)]));
    assert_eq!(shown(&room)[..2], [(12, 200), (1, 90)], "what was there before is gone");
    assert_eq!(shown(&room).len(), 9);
}

/// A row of a player whose last command before it was then.
fn active(room: &mut Room, at: Timestamp, seq: u64, previous: Option<Timestamp>) -> Vec<Output> {
    let record = Record { at, activity: Some(Activity { previous }), ..record(seq) };
    let push = Push {
        version: protocol::VERSION,
        guild_id: HARBOUR,
        records: vec![record],
        totals: totals(HARBOUR, 1, 0, 0, &[]),
        after: None,
        life: None,
        reminders: None,
        rows: 0,
    };
    room.handle(at, Input::Recorded(push))
}

fn stored_activity(outputs: &[Output]) -> Vec<(Timestamp, u64)> {
    let stored = |output: &Output| match output {
        Output::Store(Row::Active(at, players)) => Some((*at, *players)),
        Output::Store(Row::Guild(_, row)) => row.steps.as_ref().and_then(|steps| steps.active),
        _ => None,
    };
    outputs.iter().filter_map(stored).collect()
}

#[test]
fn a_player_is_active_for_a_day_and_counted_once() {
    let mut room = room();
    let step = NOON.floor(QUARTER_MS);
    assert_eq!(stored_activity(&active(&mut room, NOON, 1, None)), [(step, 1)]);
    assert_eq!(stored_activity(&active(&mut room, NOON, 2, None)), [(step, 2)]);
    // The same player again, within the quarter of an hour and after it.
    assert_eq!(stored_activity(&active(&mut room, NOON.plus(1), 3, Some(NOON))), [(step, 2)]);
    let next = NOON.plus(QUARTER_MS);
    assert_eq!(
        stored_activity(&active(&mut room, next, 4, Some(NOON))),
        [(step, 1), (next.floor(QUARTER_MS), 1)]
    );
    assert_eq!(room.stats(next).users.active, 2);
    assert_eq!(room.stats(step.plus(DAY_MS)).users.active, 2);
    assert_eq!(room.stats(step.plus(DAY_MS + QUARTER_MS)).users.active, 1);
    assert_eq!(room.stats(step.plus(DAY_MS + 2 * QUARTER_MS)).users.active, 0);
}

#[test]
fn steps_that_count_no_more_are_let_go_after_two_days() {
    let forgotten =
        |outputs: &[Output]| outputs.iter().any(|output| matches!(output, Output::Forget(Kind::Active, _)));
    let mut room = room();
    let step = NOON.floor(QUARTER_MS);
    active(&mut room, step, 1, None);
    assert!(!forgotten(&active(&mut room, step.plus(2 * DAY_MS), 2, None)));
    let later = step.plus(2 * DAY_MS + QUARTER_MS);
    let outputs = active(&mut room, later, 3, None);
    assert!(outputs.contains(&Output::Forget(Kind::Active, later.minus(2 * DAY_MS).0)), "{outputs:?}");
}

#[test]
fn everything_outlives_a_restart() {
    let mut memory = Memory::new(EPOCH);
    let mut first = room();
    let mut report = report(NOON);
    report.bot.avatar_url = Some("https://cdn.discordapp.com/avatars/1/a.png".into());
    let mut outputs = active(&mut first, NOON, 1, None);
    outputs.extend(deliver(&mut first, NOON, ORCHARD, 1, totals(ORCHARD, 2, 300, 3, &[(2, 9)])));
    outputs.extend(first.handle(NOON, Input::Reported(report)));
    // A table: what is written later under the same key takes the place of what was there.
    let mut table = BTreeMap::new();
    for output in outputs {
        if let Output::Store(row) = output {
            table.insert((row.kind(), row.key()), row.value().unwrap());
        }
    }
    for ((kind, key), value) in table {
        memory.add(kind, &Row::key_text(key), &value).unwrap();
    }
    let restored = Room::restore(memory, []);
    let (before, after) = (first.stats(NOON), restored.stats(NOON));
    assert_eq!(after, before);
    assert_eq!(after.users.active, 2);
    assert_eq!(after.bot.avatar_url.as_deref(), Some("https://cdn.discordapp.com/avatars/1/a.png"));
    assert_eq!((after.ping.avg, after.uptime), (Some(40.0), Some(86_400)));
}

/// The average is of the samples of the last minute, not of steps of time that began before it.
#[test]
fn the_average_outlives_a_restart() {
    let mut table = BTreeMap::new();
    let mut first = room();
    for (after, ms) in [(1_000, 100.0), (59_000, 40.0)] {
        let now = NOON.plus(after);
        let mut report = report(now);
        report.shards[0].latency_ms = Some(ms);
        for output in first.handle(now, Input::Reported(report)) {
            if let Output::Store(row) = output {
                table.insert((row.kind(), row.key()), row.value().unwrap());
            }
        }
    }
    let mut memory = Memory::new(EPOCH);
    for ((kind, key), value) in table {
        memory.add(kind, &Row::key_text(key), &value).unwrap();
    }
    assert_eq!(Room::restore(memory, []).stats(NOON.plus(70_000)).ping.avg, Some(40.0));
}
