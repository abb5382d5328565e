//! Jobs that the books ask of the bot: reminders that players want, and who has become the richest.

use interactions::{Books, Command, Interaction, Person, books::Listener, schema};
use protocol::{
    JournalSeq, Timestamp, UserId,
    job::{Job, Task},
    record::JobOrder,
    time::{DAY_MS, MINUTE_MS},
};
use serde_json::{Value as Json, json};

use crate::support::{
    GUILD, NOON, Sqlite, answer, by_manager, call, code_of, daily, parse, pay, person, press, subcommand,
    text_of, work,
};

/// Returns the orders to the bot in the rows after this one.
fn orders(sqlite: &Sqlite, after: u64) -> Vec<JobOrder> {
    let books = Books::new(sqlite);
    books.acknowledge(Listener::Everyone, JournalSeq(after)).unwrap();
    let push = books.backlog(NOON, GUILD, Listener::Everyone).unwrap();
    push.into_iter().flat_map(|push| push.records).flat_map(|record| record.jobs).collect()
}

fn given(orders: &[JobOrder]) -> Vec<&Job> {
    let mut given = Vec::new();
    for order in orders {
        if let JobOrder::Give(job) = order {
            given.push(job);
        }
    }
    given
}

fn reminded(orders: &[JobOrder]) -> Vec<(UserId, Timestamp)> {
    let whom = |job: &Job| match job.task {
        Task::Remind { user_id, .. } => (user_id, job.due_at),
        Task::Announce { .. } | Task::Answer { .. } => panic!("{job:?}"),
    };
    given(orders).into_iter().map(whom).collect()
}

fn announce(channel: Option<&str>) -> Command {
    let options: Vec<(&str, Json)> = channel.map(|id| ("channel", json!(id))).into_iter().collect();
    subcommand(&["economy", "announce"], &options, &[])
}

/// Returns the moment after the next day's beginning at which this player's reminder leaves.
fn tomorrow(now: Timestamp, who: &Person) -> Timestamp {
    now.day().next().start().plus((who.id.0 >> 22) % (15 * MINUTE_MS))
}

#[test]
fn a_reminder_is_wanted_by_a_button_and_unwanted_by_the_same() {
    let (sqlite, ann) = (Sqlite::new(), person(1));
    let claim = answer(&sqlite, NOON, &call(1, &ann, daily()));
    assert_eq!(orders(&sqlite, 0), [], "nobody has asked for one");

    let pressed = press(2, &ann, &claim, "Remind me");
    let wanted = Books::new(&sqlite).answer(NOON, 0, &pressed, 1).unwrap();
    let reply: Json = serde_json::from_str(&wanted.reply).unwrap();
    assert_eq!(
        (&reply["type"], &reply["data"]["flags"]),
        (&json!(4), &json!(64)),
        "the claim stays as it is"
    );
    assert!(wanted.rows_written <= 3, "{} rows", wanted.rows_written);
    assert_eq!(answer(&sqlite, NOON, &pressed), wanted.reply, "the same press again");
    let asked = orders(&sqlite, 1);
    assert_eq!(reminded(&asked), [(ann.id, tomorrow(NOON, &ann))]);

    let unwanted = answer(&sqlite, NOON, &press(3, &ann, &claim, "Remind me"));
    assert!(text_of(&unwanted).starts_with("No more"), "{unwanted}");
    assert_eq!(orders(&sqlite, 2), [JobOrder::Withdraw(given(&asked)[0].id.clone())]);
    answer(&sqlite, NOON.plus(DAY_MS), &call(4, &ann, daily()));
    assert_eq!(orders(&sqlite, 3), []);
}

#[test]
fn a_claim_takes_the_place_of_its_reminder_and_asks_for_the_next() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let claim = answer(&sqlite, NOON, &call(1, &ann, daily()));
    answer(&sqlite, NOON, &call(2, &bob, daily()));
    answer(&sqlite, NOON, &press(3, &ann, &claim, "Remind me"));
    let first = given(&orders(&sqlite, 2))[0].id.clone();
    let next_day = NOON.plus(DAY_MS);
    let rows = |id: u64, who: &Person| {
        Books::new(&sqlite).answer(next_day, 0, &call(id, who, daily()), 1).unwrap().rows_written
    };
    let (with, without) = (rows(4, &ann), rows(5, &bob));
    assert_eq!(with, without, "a job is a part of the row that asks for it");
    assert!(with <= 6);
    let asked = orders(&sqlite, 3);
    assert_eq!(asked[0], JobOrder::Withdraw(first));
    assert_eq!(reminded(&asked), [(ann.id, tomorrow(next_day, &ann))]);
    answer(&sqlite, next_day, &call(6, &ann, work()));
    assert_eq!(orders(&sqlite, 5), [], "no other command has to do with it");
}

#[test]
fn who_can_claim_already_is_reminded_at_once_and_who_has_no_account_is_refused() {
    let (sqlite, ann, bob) = (Sqlite::new(), person(1), person(2));
    let claim = answer(&sqlite, NOON, &call(1, &ann, daily()));
    let stranger = answer(&sqlite, NOON, &press(2, &bob, &claim, "Remind me"));
    assert_eq!(code_of(&stranger).as_deref(), Some("no_account"));
    // An account that a payment has opened has claimed nothing yet; the button is below somebody else's claim.
    answer(&sqlite, NOON, &call(3, &ann, pay(&bob, 5, None)));
    answer(&sqlite, NOON, &press(4, &bob, &claim, "Remind me"));
    assert_eq!(reminded(&orders(&sqlite, 3)), [(bob.id, NOON)]);
    let later = NOON.plus(3 * DAY_MS);
    answer(&sqlite, later, &press(5, &ann, &claim, "Remind me"));
    assert_eq!(reminded(&orders(&sqlite, 4)), [(ann.id, later)]);
    answer(&sqlite, later, &by_manager(call(6, &ann, subcommand(&["economy", "pause"], &[], &[]))));
    let paused = answer(&sqlite, later, &press(7, &bob, &claim, "Remind me"));
    assert_eq!(code_of(&paused).as_deref(), Some("paused"));
    assert_eq!(orders(&sqlite, 6), []);
}

#[test]
fn who_takes_no_messages_is_reminded_no_more_until_they_ask_again() {
    let (sqlite, ann) = (Sqlite::new(), person(1));
    let claim = answer(&sqlite, NOON, &call(1, &ann, daily()));
    answer(&sqlite, NOON, &press(2, &ann, &claim, "Remind me"));
    let books = Books::new(&sqlite);
    for who in [ann.id, ann.id, person(9).id] {
        books.remind_no_more(who).unwrap();
    }
    let account = books.account(ann.id).unwrap().unwrap();
    assert!(!account.remind);
    let next_day = NOON.plus(DAY_MS);
    let claim = answer(&sqlite, next_day, &call(3, &ann, daily()));
    assert_eq!(orders(&sqlite, 2), [], "no reminder is asked for");
    answer(&sqlite, next_day, &press(4, &ann, &claim, "Remind me"));
    assert_eq!(reminded(&orders(&sqlite, 3)), [(ann.id, tomorrow(next_day, &ann))]);
}

#[test]
fn who_comes_to_the_top_is_told_in_the_channel_of_the_server() {
    let (sqlite, ann, bob, cy) = (Sqlite::new(), person(1), person(2), person(3));
    let mut id = 0;
    let mut play = |who: &Person, command: Command| {
        id += 1;
        let reply = answer(&sqlite, NOON.plus(id * 20 * MINUTE_MS), &by_manager(call(id, who, command)));
        let told: Vec<(String, String)> = given(&orders(&sqlite, id - 1))
            .into_iter()
            .map(|job| match &job.task {
                Task::Announce { channel_id, text, .. } => (channel_id.clone(), text.clone()),
                Task::Remind { .. } | Task::Answer { .. } => panic!("{job:?}"),
            })
            .collect();
        (told, code_of(&reply))
    };
    let nothing = (vec![], None);
    let told = |channel: &str, text: &str| (vec![(channel.to_owned(), text.to_owned())], None);
    let amount = |who: &Person, amount: i64| {
        [("user", json!(who.id)), ("amount", json!(amount)), ("reason", json!("contest"))]
    };
    for who in [&ann, &bob, &cy] {
        assert_eq!(play(who, daily()), nothing, "no channel is named");
    }
    assert_eq!(play(&ann, pay(&bob, 10, None)), nothing);
    assert_eq!(play(&ann, announce(Some("1795348800000000001"))), nothing);
    assert_eq!(play(&ann, announce(Some("1795348800000000001"))).1.as_deref(), Some("nothing_to_change"));
    // Ann has 90, Bob 110, Cy 100.
    assert_eq!(play(&cy, pay(&bob, 1, None)), nothing, "who is at the top already");
    assert_eq!(
        play(&bob, pay(&ann, 15, None)),
        told("1795348800000000001", "**Player 1** is now the richest here, with **105 coins**.")
    );
    assert_eq!(play(&cy, pay(&bob, 1, None)), nothing, "who rises, and not to the top");
    let take = subcommand(&["economy", "take"], &amount(&ann, 50), &[&ann]);
    assert_eq!(play(&ann, take), nothing, "who has only been left at the top");
    let give = subcommand(&["economy", "give"], &amount(&bob, 500), &[&bob]);
    assert_eq!(
        play(&ann, give),
        told("1795348800000000001", "**Player 2** is now the richest here, with **597 coins**.")
    );
    let give = |coins: i64| subcommand(&["economy", "give"], &amount(&ann, coins), &[&ann]);
    assert_eq!(play(&bob, give(542)), nothing, "who has only as much as the richest");
    assert_eq!(
        play(&bob, give(1)),
        told("1795348800000000001", "**Player 1** is now the richest here, with **598 coins**.")
    );
    assert_eq!(play(&ann, announce(None)), nothing);
    let give = subcommand(&["economy", "give"], &amount(&ann, 900), &[&ann]);
    assert_eq!(play(&ann, give), nothing, "no channel any more");
    let by_player = answer(&sqlite, NOON, &call(99, &ann, announce(None)));
    assert_eq!(code_of(&by_player).as_deref(), Some("not_permitted"));
}

#[test]
fn a_channel_that_discord_did_not_resolve_is_refused() {
    let (sqlite, boss, id) = (Sqlite::new(), person(1), "1795348800000000001");
    let announce = |resolved: &Json| {
        let options = json!([{"name": "announce", "type": 1, "options": [{"name": "channel", "type": 7, "value": id}]}]);
        let body = json!({
            "type": 2, "id": "1", "guild_id": GUILD, "member": {"user": {"id": "1", "username": "x"}},
            "data": {"name": "economy", "options": options, "resolved": resolved}
        });
        match parse(&body).unwrap() {
            Interaction::Command(call, _) => call.command,
            other => panic!("not a command: {other:?}"),
        }
    };
    let refused = [
        json!(null),
        json!({}),
        json!({"channels": null}),
        json!({"channels": {}}),
        json!({"channels": {"1795348800000000002": {"id": "1795348800000000002"}}}),
        json!({"users": {id: {"id": id, "username": "x"}}}),
    ];
    for (number, resolved) in (1..).zip(&refused) {
        let reply = answer(&sqlite, NOON, &by_manager(call(number, &boss, announce(resolved))));
        assert_eq!(code_of(&reply).as_deref(), Some("unknown_channel"), "{resolved}");
    }
    // A part of the edge that is older says nothing of it.
    let old: Command = serde_json::from_value(json!({"Economy": {"Announce": {"channel": id}}})).unwrap();
    let reply = answer(&sqlite, NOON, &by_manager(call(50, &boss, old)));
    assert_eq!(code_of(&reply).as_deref(), Some("unknown_channel"));
    assert_eq!(Books::new(&sqlite).announce_channel().unwrap(), None);
    let command = announce(&json!({"channels": {id: {"id": id, "type": 0}}}));
    let reply = answer(&sqlite, NOON, &by_manager(call(51, &boss, command)));
    assert_eq!(code_of(&reply), None);
    assert_eq!(Books::new(&sqlite).announce_channel().unwrap().as_deref(), Some(id));
}

#[test]
fn accounts_of_an_older_release_want_no_reminder() {
    let (sqlite, ann) = (Sqlite::empty(), person(1));
    schema::migrate_to(&sqlite, 2).unwrap();
    let insert = format!(
        "INSERT INTO accounts (user, name, balance, xp, xp_day, xp_today, streak, freezes, last_daily, created_at, last_at)
        VALUES ('{}', 'Ann', 0, 0, 0, 0, 0, 0, NULL, 1, 1)",
        ann.id
    );
    sqlite.connection.execute(&insert, []).unwrap();
    schema::migrate(&sqlite).unwrap();
    answer(&sqlite, NOON, &call(1, &ann, daily()));
    assert_eq!(orders(&sqlite, 0), []);
    assert_eq!(sqlite.number("SELECT SUM(remind) FROM accounts"), 0);
}

/// A command travels between the edge's parts as JSON, and an older part writes the daily as `null`.
#[test]
fn the_daily_of_an_older_release_is_understood() {
    let old: Command = serde_json::from_value(json!({"Daily": null})).unwrap();
    assert_eq!(old, daily());
    assert_eq!(serde_json::to_value(&old).unwrap(), json!({"Daily": null}));
    assert_eq!(Command::from_component("daily:remind").name(), "daily remind");
    assert_eq!(Command::from_component("daily:forget").name(), "daily:forget");
}
