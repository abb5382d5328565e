//! Work for the bot-worker, as the room keeps it.

use crate::samples::{EPOCH, HARBOUR, NOON, push};
use protocol::{
    GuildId, Severity, Source, Timestamp, UserId,
    job::{JOBS_PER_PULL, Job, Jobs, Settlement, Task},
    record::{JobOrder, Push},
    room::{Input, JOBS_KEPT_MAX, Kind, Memory, Output, Room, Row, Takes},
};

const HOUR_MS: u64 = 3_600_000;

fn reminder(number: u64, due_at: Timestamp) -> Job {
    let task =
        Task::Remind { user_id: UserId(number), guild_id: HARBOUR, text: "Your daily is ready.".into() };
    Job { id: format!("remind:{number}"), due_at, expires_at: due_at.plus(HOUR_MS), task }
}

fn give(number: u64, due_at: Timestamp) -> JobOrder {
    JobOrder::Give(reminder(number, due_at))
}

/// A room, its rows, and the journal that tells it.
struct House {
    room: Room,
    memory: Memory,
    rows: u64,
}

impl House {
    fn empty() -> Self {
        Self { room: Room::new(EPOCH).0, memory: Memory::new(EPOCH), rows: 0 }
    }

    fn handle(&mut self, now: Timestamp, input: Input<'_>) -> Vec<Output> {
        let outputs = self.room.handle(now, input);
        for output in &outputs {
            match output {
                Output::Store(row) => {
                    let value = row.value().expect("a row is JSON");
                    let kept = self.memory.add(row.kind(), &Row::key_text(row.key()), &value);
                    kept.expect("a row is read again");
                }
                Output::Delete(Kind::Job, key) => drop(self.memory.jobs.remove(key)),
                _ => {}
            }
        }
        outputs
    }

    fn next_push(&mut self, orders: Vec<JobOrder>) -> Push {
        self.rows += 1;
        let mut push = push(HARBOUR, self.rows..=self.rows);
        push.records[0].jobs = orders;
        push
    }

    fn order(&mut self, orders: Vec<JobOrder>) -> Vec<String> {
        let push = self.next_push(orders);
        warnings(&self.handle(NOON, Input::Recorded(push)))
    }

    fn pulled(&mut self, now: Timestamp) -> (Vec<String>, Vec<String>) {
        let outputs = self.handle(now, Input::Pulled(Takes::Messages));
        let Jobs { jobs, .. } = handed_out(&outputs);
        (jobs.into_iter().map(|job| job.id).collect(), warnings(&outputs))
    }

    fn settle(&mut self, id: &str, settlement: Settlement) -> Vec<Output> {
        self.handle(NOON, Input::Settled(id.into(), settlement))
    }

    /// As after a restart.
    fn restart(&mut self) {
        self.room = Room::restore(self.memory.clone(), []);
    }
}

fn handed_out(outputs: &[Output]) -> Jobs {
    let jobs = |output: &Output| if let Output::HandOut(jobs) = output { Some(jobs.clone()) } else { None };
    outputs.iter().find_map(jobs).expect("an answer")
}

fn warnings(outputs: &[Output]) -> Vec<String> {
    let warning = |output: &Output| match output {
        Output::Store(Row::Event(event)) if event.severity == Severity::Warn => {
            assert_eq!(event.source, Source::Bot);
            Some(event.message.clone())
        }
        _ => None,
    };
    outputs.iter().filter_map(warning).collect()
}

fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("remind:{number}")).collect()
}

#[test]
fn a_job_is_handed_out_from_its_time_on_until_it_is_settled() {
    let mut house = House::empty();
    house.order(vec![give(1, NOON.plus(10)), give(2, NOON.plus(5))]);
    assert_eq!(house.pulled(NOON).0, ids([]));
    assert_eq!(house.pulled(NOON.plus(5)).0, ids([2]));
    assert_eq!(house.pulled(NOON.plus(10)).0, ids([2, 1]), "oldest first");
    house.restart();
    assert_eq!(house.pulled(NOON.plus(10)).0, ids([2, 1]), "a restart forgets none");
    assert_eq!(house.settle("remind:2", Settlement::Done), [Output::Delete(Kind::Job, 2)]);
    assert_eq!(house.settle("remind:2", Settlement::Done), [], "the same again changes nothing");
    assert_eq!(house.settle("remind:9", Settlement::Done), []);
    house.restart();
    assert_eq!(house.pulled(NOON.plus(10)), (ids([1]), vec![]));
}

#[test]
fn a_delivery_that_comes_twice_brings_its_jobs_once() {
    let mut house = House::empty();
    let push = house.next_push(vec![give(1, NOON)]);
    house.handle(NOON, Input::Recorded(push.clone()));
    house.settle("remind:1", Settlement::Done);
    house.handle(NOON, Input::Recorded(push));
    assert_eq!(house.pulled(NOON).0, ids([]));
    house.order(vec![give(2, NOON), give(2, NOON.plus(1)), give(3, NOON)]);
    assert_eq!(house.pulled(NOON.plus(1)).0, ids([2, 3]), "an id is one job");
    house.order(vec![JobOrder::Withdraw("remind:2".into()), JobOrder::Withdraw("remind:9".into())]);
    assert_eq!(house.pulled(NOON.plus(1)).0, ids([3]));
}

#[test]
fn a_dropped_job_is_a_warning() {
    let mut house = House::empty();
    house.order(vec![give(1, NOON)]);
    let reason = format!("Discord answered 403\n{}", "x".repeat(500));
    let outputs = house.settle("remind:1", Settlement::Dropped { reason: reason.clone(), unwelcome: false });
    let told = warnings(&outputs);
    assert!(told[0].starts_with("A reminder was dropped: Discord answered 403 x"), "{told:?}");
    assert!(told[0].chars().count() < 250);
    let event = outputs.iter().find_map(|output| match output {
        Output::Store(Row::Event(event)) => Some((event.guild_id, event.target_id)),
        _ => None,
    });
    assert_eq!(event, Some((HARBOUR, Some(UserId(1)))));
    let again = house.settle("remind:1", Settlement::Dropped { reason, unwelcome: false });
    assert_eq!(warnings(&again), [""; 0], "once");
}

#[test]
fn a_player_who_takes_no_messages_is_told_to_their_books_once() {
    let mut house = House::empty();
    house.order(vec![give(1, NOON)]);
    let unwelcome = Settlement::Dropped { reason: "Discord answered 403".into(), unwelcome: true };
    let outputs = house.settle("remind:1", unwelcome.clone());
    assert!(outputs.contains(&Output::RemindNoMore(HARBOUR, UserId(1))), "{outputs:?}");
    assert!(warnings(&outputs)[0].ends_with("until one is asked for again: Discord answered 403"));
    let again = house.settle("remind:1", unwelcome);
    assert!(!again.iter().any(|output| matches!(output, Output::RemindNoMore(..))), "{again:?}");
}

#[test]
fn what_has_expired_is_told_in_one_line() {
    let mut house = House::empty();
    house.order((1..=30).map(|number| give(number, NOON)).chain([give(31, NOON.plus(1))]).collect());
    assert_eq!(house.pulled(NOON.plus(HOUR_MS - 1)).0.len(), JOBS_PER_PULL);
    let (left, told) = house.pulled(NOON.plus(HOUR_MS));
    assert_eq!((left, told), (ids([31]), vec!["30 jobs expired before the bot could do them".to_owned()]));
    assert_eq!(house.pulled(NOON.plus(HOUR_MS)), (ids([31]), vec![]));
    assert_eq!(house.memory.jobs.len(), 1);
}

#[test]
fn what_waits_is_bounded() {
    let mut house = House::empty();
    let most = JOBS_KEPT_MAX as u64;
    assert_eq!(house.order((1..=most).map(|number| give(number, NOON)).collect()), [""; 0]);
    let told = house.order(vec![give(most + 1, NOON), give(most + 2, NOON), give(1, NOON)]);
    assert_eq!(told, ["2 jobs found no room among those that wait"]);
    house.settle("remind:1", Settlement::Done);
    assert_eq!(house.order(vec![give(most + 1, NOON)]), [""; 0]);
    assert_eq!(house.memory.jobs.len(), JOBS_KEPT_MAX);
}

#[test]
fn what_no_bot_worker_would_take_is_passed_over() {
    let mut house = House::empty();
    let job = reminder(1, NOON);
    house.order(vec![JobOrder::Give(Job { id: "a/b".into(), ..job })]);
    assert_eq!(house.memory.jobs.len(), 0);
}

#[test]
fn the_bot_shows_how_many_play() {
    let mut house = House::empty();
    let presence =
        |house: &mut House| handed_out(&house.handle(NOON, Input::Pulled(Takes::Messages))).presence;
    assert_eq!(presence(&mut house), None);
    house.order(vec![]);
    assert_eq!(presence(&mut house).as_deref(), Some("/daily · 112 players"));
    let mut other = push(GuildId(42), 1..=1);
    other.totals.players = 1;
    house.handle(NOON, Input::Recorded(other));
    assert_eq!(presence(&mut house).as_deref(), Some("/daily · 113 players"));
}

#[test]
fn a_late_answer_waits_for_a_worker_that_takes_it_and_is_gone_when_it_is_settled() {
    let task = Task::Answer {
        guild_id: HARBOUR,
        application_id: "5".into(),
        token: "a-token".into(),
        message: serde_json::json!({ "embeds": [] }),
    };
    let job = Job { id: "answer:1".into(), due_at: NOON, expires_at: NOON.plus(HOUR_MS), task };
    let mut house = House::empty();
    house.handle(NOON, Input::Undelivered(job.clone()));
    house.handle(NOON, Input::Undelivered(job.clone()));
    house.room = Room::restore(house.memory.clone(), []);
    let pulled = |house: &mut House, takes| handed_out(&house.handle(NOON, Input::Pulled(takes))).jobs;
    assert_eq!(pulled(&mut house, Takes::Messages), [], "one of an older version could not read it");
    assert_eq!(pulled(&mut house, Takes::Answers), [job]);
    house.handle(NOON, Input::Settled("answer:1".into(), Settlement::Done));
    assert_eq!(pulled(&mut house, Takes::Answers), []);
    assert!(house.memory.jobs.is_empty(), "and so is its token");
}
