//! Books that are set back to an earlier state, as Cloudflare can restore an object's database: afterwards the rooms show
//! what is in them.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use interactions::{Books, books::Listener, schema};
use protocol::{
    Coins, Epoch, Event, JournalSeq, Timestamp,
    job::{Jobs, Task},
    message::CloseCode,
    record::{Acknowledgement, Life},
    room::{Input, Output, Room, Row, SocketId, Takes},
    time::{DAY_MS, MINUTE_MS},
};
use rusqlite::Connection;

use crate::support::{GUILD, NOON, Sqlite, answer, call, daily, pay, person, press, work};

/// A server's books and the room that they tell, on one clock.
struct Town {
    sqlite: Sqlite,
    room: Room,
    now: Timestamp,
    calls: u64,
    /// Events that the room has told, by their number.
    told: BTreeMap<u64, Event>,
    /// How the room has closed sockets.
    closed: Vec<CloseCode>,
    /// The file with the copy of the database, once there is one.
    file: Option<PathBuf>,
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = std::fs::remove_file(file); // What stays behind is only in the folder for it.
        }
    }
}

impl Town {
    fn new() -> Self {
        let sqlite = Sqlite::new();
        Books::new(&sqlite).begin(NOON).unwrap();
        let (room, _) = Room::new(Epoch(1));
        Self { sqlite, room, now: NOON, calls: 0, told: BTreeMap::new(), closed: Vec::new(), file: None }
    }

    /// So many payments and jobs, each told at once where `tells`.
    fn play(&mut self, calls: u64, tells: bool) {
        for _ in 0..calls {
            let (ann, bob) = (person(1 + self.calls % 5), person(6));
            let command = match self.calls % 4 {
                0 => daily(),
                1 => work(),
                _ => pay(&bob, 3, None),
            };
            self.say(&call(1_000 + self.calls, &ann, command));
            if tells {
                self.tell();
            }
        }
    }

    fn say(&mut self, call: &interactions::Call) -> String {
        self.calls += 1;
        self.now = self.now.plus(MINUTE_MS);
        answer(&self.sqlite, self.now, call)
    }

    /// Delivers until nothing is left, as the object does.
    fn tell(&mut self) {
        for _ in 0..20 {
            let push = Books::new(&self.sqlite).backlog(self.now, GUILD, Listener::Everyone).unwrap();
            let Some(push) = push else { break };
            let was_empty = push.records.is_empty();
            let said = self.deliver(push);
            let books = Books::new(&self.sqlite);
            if said.misses {
                books.tell_again(self.now, Listener::Everyone, &said).unwrap();
                continue;
            }
            if books.is_behind(&said).unwrap() {
                books.begin_anew(self.now, &said).unwrap();
                continue;
            }
            books.acknowledge(Listener::Everyone, said.seq).unwrap();
            books.keep_acknowledgements().unwrap();
            if was_empty {
                break;
            }
        }
    }

    fn deliver(&mut self, push: protocol::record::Push) -> Acknowledgement {
        let mut said = None;
        for output in self.room.handle(self.now, Input::Recorded(push)) {
            match output {
                Output::Store(Row::Event(event)) => drop(self.told.insert(event.seq.0, event)),
                Output::Acknowledge(acknowledgement) => said = Some(acknowledgement),
                Output::Close(_, code) => self.closed.push(code),
                _ => {}
            }
        }
        said.unwrap()
    }

    /// The database as it is now.
    fn copy(&mut self) -> Sqlite {
        static COPIES: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), COPIES.fetch_add(1, Ordering::Relaxed));
        let file = std::env::temp_dir().join(format!("pulse-life-{process}-{number}"));
        let _ = std::fs::remove_file(&file); // One that an earlier run has left behind.
        self.sqlite.connection.execute("VACUUM INTO ?", [file.to_str()]).unwrap();
        let copy = Sqlite { connection: Connection::open(&file).unwrap(), ..Sqlite::empty() };
        self.file = Some(file);
        copy
    }

    /// The room says of the server what its books say.
    fn assert_agreed(&self) {
        let totals = self.room.guilds().into_iter().find(|guild| guild.id == GUILD).unwrap();
        let rows = self.sqlite.number("SELECT MAX(seq) FROM journal");
        let wealth = self.sqlite.number("SELECT SUM(balance) FROM accounts");
        let players = self.sqlite.number("SELECT COUNT(*) FROM accounts");
        let told =
            (i64::try_from(totals.commands).unwrap(), totals.wealth, i64::try_from(totals.players).unwrap());
        assert_eq!(told, (rows, Coins::new(wealth), players));
        assert!(self.room.stats(self.now).economy.balanced);
    }

    /// Returns the ids of the players whom the bot is to remind within the next day.
    fn reminders(&mut self) -> Vec<String> {
        let outputs = self.room.handle(self.now.plus(DAY_MS), Input::Pulled(Takes::Messages));
        let jobs = outputs.into_iter().find_map(|output| match output {
            Output::HandOut(Jobs { jobs, .. }) => Some(jobs),
            _ => None,
        });
        let whom = jobs.unwrap().into_iter().filter_map(|job| match job.task {
            Task::Remind { user_id, .. } => Some(user_id.to_string()),
            Task::Announce { .. } | Task::Answer { .. } => None,
        });
        whom.collect()
    }

    fn warnings(&self) -> Vec<&str> {
        let of = |event: &&Event| event.id.starts_with("set-back-");
        self.told.values().filter(of).map(|event| event.message.as_str()).collect()
    }
}

#[test]
fn after_a_restore_twenty_rows_back_room_books_and_reminders_agree() {
    // Rows committed after the restore are told at once; or the room is away, and hears of them when there are as many rows
    // as before, or more.
    for rows_untold in [0, 5, 20, 45] {
        let mut town = Town::new();
        town.play(12, true);
        let (ann, ben) = (person(21), person(22));
        let claim = town.say(&call(1, &ann, daily()));
        town.say(&press(2, &ann, &claim, "Remind me"));
        town.tell();
        let earlier = town.copy();

        let claim = town.say(&call(3, &ben, daily()));
        town.say(&press(4, &ben, &claim, "Remind me"));
        town.play(18, true);
        town.assert_agreed();
        assert_eq!(town.reminders(), [ann.id.to_string(), ben.id.to_string()]);
        let told_before = town.told.len();

        town.sqlite = earlier;
        town.play(rows_untold, false);
        town.play(7, true);
        town.assert_agreed();
        let warnings = town.warnings();
        assert_eq!(warnings.len(), 1, "{rows_untold}: {warnings:?}");
        assert!(warnings[0].ends_with("20 rows that were told of are gone"), "{warnings:?}");
        // Each row since then with something to tell is told once.
        let since: Vec<&str> = town.told.values().skip(told_before).map(|event| event.id.as_str()).collect();
        let events = "SELECT COUNT(*) FROM journal, json_each(events) WHERE seq > 14";
        let events = usize::try_from(town.sqlite.number(events)).unwrap();
        assert_eq!(since.len(), events + 1, "{rows_untold}, and the warning: {since:?}");
        assert_eq!(town.reminders(), [ann.id.to_string()], "{rows_untold}: Ben has never claimed");
    }
}

/// The room's object can be restored, too: it knows fewer rows than it has said.
#[test]
fn a_room_that_was_set_back_is_told_again_what_it_misses() {
    for (rows_missed, days, known) in [(1, 0, true), (25, 0, true), (25, 3, true), (12, 0, false)] {
        let what = format!("{rows_missed} rows, {days} days, known: {known}");
        let mut town = Town::new();
        let (ann, ben) = (person(21), person(22));
        if known {
            town.play(12, true);
            let claim = town.say(&call(1, &ann, daily()));
            town.say(&press(2, &ann, &claim, "Remind me"));
            town.tell();
        }
        let earlier = town.room.clone();
        let (seq_then, epoch) = (earlier.state().seq.0, earlier.state().epoch);

        let claim = town.say(&call(3, &ben, daily()));
        town.say(&press(4, &ben, &claim, "Remind me"));
        town.tell();
        town.play(rows_missed - 1, true);
        town.now = town.now.plus(days * DAY_MS);
        while Books::new(&town.sqlite).tidy(town.now).unwrap() {}
        town.room = earlier;
        town.told.retain(|seq, _| *seq <= seq_then);
        town.room.handle(town.now, Input::Joined(SocketId(1), None, None));
        town.play(2, true);

        town.assert_agreed();
        assert_ne!(town.room.state().epoch, epoch, "{what}: viewers have other events under these numbers");
        assert_eq!(town.closed, [CloseCode::Restart], "{what}");
        let mut told: Vec<&str> = town.told.values().map(|event| event.id.as_str()).collect();
        let warned = told.iter().filter(|id| id.starts_with("room-set-back-")).count();
        assert_eq!(warned, 1, "{what}: it is told once");
        told.retain(|id| !id.starts_with("room-set-back-"));
        let ids = "SELECT group_concat(value ->> 'id', ' ') FROM
            (SELECT value FROM journal, json_each(events) ORDER BY seq, json_each.key)";
        if days == 0 {
            assert_eq!(
                told.join(" "),
                town.sqlite.text(ids),
                "{what}: each event once, in the journal's order"
            );
        }
        let all = if known { vec![ann.id.to_string(), ben.id.to_string()] } else { vec![ben.id.to_string()] };
        let claimed_long_ago = days > 0;
        assert_eq!(town.reminders(), if claimed_long_ago { Vec::new() } else { all }, "{what}");
    }
}

#[test]
fn new_books_under_the_name_of_old_ones_are_told_from_their_first_row() {
    let mut town = Town::new();
    town.play(9, true);
    town.now = town.now.plus(DAY_MS);
    town.sqlite = Sqlite::new();
    Books::new(&town.sqlite).begin(town.now).unwrap();
    town.play(3, true);
    town.assert_agreed();
    assert_eq!(
        town.warnings(),
        ["The books of this server are not the ones of before: 9 rows that were told of are gone"]
    );
}

#[test]
fn books_of_an_older_release_begin_a_life_where_they_are_and_nothing_is_told_twice() {
    let mut town = Town::new();
    town.sqlite.run("DELETE FROM life");
    town.play(6, true);
    let told = town.told.len();
    schema::migrate(&town.sqlite).unwrap();
    Books::new(&town.sqlite).begin(town.now).unwrap();
    let life = Books::new(&town.sqlite).backlog(NOON, GUILD, Listener::Everyone).unwrap();
    assert_eq!(life, None, "nothing is new");
    town.play(1, true);
    town.assert_agreed();
    assert_eq!(town.warnings(), [""; 0]);
    assert!(town.told.len() > told);
    let life: Life = {
        let rows = town.sqlite.text("SELECT json_object('id', id, 'after', after) FROM life");
        serde_json::from_str(&rows).unwrap()
    };
    assert_eq!(life.after, JournalSeq(6));
}

#[test]
fn a_room_that_knows_of_no_lives_sets_nothing_back() {
    let mut town = Town::new();
    town.play(3, true);
    let said = Acknowledgement { seq: JournalSeq(99), ..Acknowledgement::default() };
    assert!(!Books::new(&town.sqlite).is_behind(&said).unwrap());
}

#[test]
fn a_clock_that_steps_back_and_a_delivery_that_comes_twice_are_no_restore() {
    let mut town = Town::new();
    town.play(8, true);
    town.now = town.now.minus(6 * MINUTE_MS);
    town.play(4, false);
    let books = Books::new(&town.sqlite);
    let push = books.backlog(town.now, GUILD, Listener::Everyone).unwrap().unwrap();
    for _ in 0..2 {
        let said = town.deliver(push.clone());
        assert!(!said.conflicts && !Books::new(&town.sqlite).is_behind(&said).unwrap(), "{said:?}");
    }
    town.tell();
    town.assert_agreed();
    assert_eq!(town.warnings(), [""; 0]);
}
