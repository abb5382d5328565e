//! Books on rusqlite, with the very statements that run at the edge.

use std::cell::Cell;

use interactions::{Books, Call, Command, Interaction, Person, PublicKey, schema, signature::verify};
use protocol::{GuildId, InteractionId, Timestamp, UserId};
use rusqlite::Connection;
use serde_json::{Value as Json, json};

pub use crate::sqlite::Sqlite;

pub const GUILD: GuildId = GuildId(41_771_983_423_143_937);
/// 2026-11-22T12:00:00Z.
pub const NOON: Timestamp = Timestamp(1_795_348_800_000);

impl Sqlite {
    pub fn new() -> Self {
        let sqlite = Self::empty();
        schema::migrate(&sqlite).unwrap();
        sqlite
    }

    pub fn empty() -> Self {
        Self { connection: Connection::open_in_memory().unwrap(), asked: None, steps: Cell::new(0) }
    }

    pub fn number(&self, statement: &str) -> i64 {
        self.connection.query_row(statement, [], |row| row.get(0)).unwrap()
    }

    pub fn text(&self, statement: &str) -> String {
        self.connection.query_row(statement, [], |row| row.get(0)).unwrap()
    }

    /// The steps of a statement's plan.
    pub fn plan(&self, statement: &str) -> Vec<String> {
        let mut prepared = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let parameters = vec![rusqlite::types::Value::Null; prepared.parameter_count()];
        let steps = prepared.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        steps.map(Result::unwrap).collect()
    }
}

pub fn person(number: u64) -> Person {
    // Ids of 2020, as real accounts have.
    let (id, name) = (UserId((669_999_999_000 + number) << 20), format!("Player {number}"));
    Person { id, name, bot: false, absent: false }
}

pub fn call(id: u64, actor: &Person, command: Command) -> Call {
    let (manager, pressed) = (false, false);
    Call { id: InteractionId(id), guild: GUILD, actor: actor.clone(), manager, pressed, command }
}

/// Parses a body as though Discord had signed it.
pub fn parse(body: &Json) -> Result<Interaction, interactions::interaction::ParseError> {
    use ed25519_dalek::{Signer, SigningKey};

    let body = body.to_string();
    let signer = SigningKey::from_bytes(&[7; 32]);
    let key = PublicKey::from_hex(&hex::encode(signer.verifying_key().to_bytes())).unwrap();
    let signature = hex::encode(signer.sign(format!("1{body}").as_bytes()).to_bytes());
    Interaction::parse(verify(&key, Some(&signature), Some("1"), body.as_bytes()).unwrap())
}

/// A command as it comes from Discord, with only what Pulse uses.
pub fn command(name: &str, options: &Json, people: &[&Person]) -> Command {
    let users: serde_json::Map<String, Json> = people
        .iter()
        .map(|person| {
            (person.id.to_string(), json!({"id": person.id, "username": person.name, "bot": person.bot}))
        })
        .collect();
    let members: serde_json::Map<String, Json> = people
        .iter()
        .filter(|person| !person.absent)
        .map(|person| (person.id.to_string(), json!({"nick": null})))
        .collect();
    let channels: serde_json::Map<String, Json> = channels_in(options)
        .map(|id| (id.to_owned(), json!({"id": id, "name": "announcements", "type": 0})))
        .collect();
    let body = json!({
        "type": 2, "id": "1", "guild_id": GUILD, "member": {"user": {"id": "1", "username": "x"}},
        "data": {
            "name": name, "options": options,
            "resolved": {"users": users, "members": members, "channels": channels}
        }
    });
    match parse(&body).unwrap() {
        Interaction::Command(call, _) => call.command,
        other => panic!("not a command: {other:?}"),
    }
}

/// The channels that options name, of subcommands, too.
fn channels_in(options: &Json) -> Box<dyn Iterator<Item = &str> + '_> {
    Box::new(options.as_array().into_iter().flatten().flat_map(|option| {
        let own = option["value"].as_str().filter(|_| option["name"] == "channel");
        channels_in(&option["options"]).chain(own)
    }))
}

pub fn daily() -> Command {
    command("daily", &json!([]), &[])
}

pub fn balance(of: Option<&Person>) -> Command {
    let options = of.map(|person| json!({"name": "user", "type": 6, "value": person.id}));
    command("balance", &json!(options.into_iter().collect::<Vec<_>>()), of.as_slice())
}

pub fn pay(to: &Person, amount: i64, note: Option<&str>) -> Command {
    let mut options = vec![
        json!({"name": "user", "type": 6, "value": to.id}),
        json!({"name": "amount", "type": 4, "value": amount}),
    ];
    options.extend(note.map(|note| json!({"name": "note", "type": 3, "value": note})));
    command("pay", &json!(options), &[to])
}

pub fn work() -> Command {
    command("work", &json!([]), &[])
}

pub fn coinflip(side: &str, amount: i64) -> Command {
    command("coinflip", &json!([{"name": "side", "value": side}, {"name": "amount", "value": amount}]), &[])
}

pub fn set_rule(key: &str, value: &str) -> Command {
    subcommand(&["economy", "settings"], &[("key", json!(key)), ("value", json!(value))], &[])
}

/// `/name subcommand …` with options by name.
pub fn subcommand(path: &[&str], options: &[(&str, Json)], people: &[&Person]) -> Command {
    let (name, rest) = path.split_first().unwrap();
    let options: Json = options.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let nest = |options, name: &&str| json!([{"name": name, "type": 1, "options": options}]);
    command(name, &rest.iter().rev().fold(options, nest), people)
}

/// A button below an earlier reply.
pub fn press(id: u64, actor: &Person, reply: &str, label: &str) -> Call {
    let reply: Json = serde_json::from_str(reply).unwrap();
    let rows = reply["data"]["components"].as_array().unwrap_or_else(|| panic!("no buttons: {reply}"));
    let mut buttons = rows.iter().flat_map(|row| row["components"].as_array().unwrap());
    let button =
        buttons.find(|button| button["label"] == label).unwrap_or_else(|| panic!("no {label}: {reply}"));
    assert_ne!(button["disabled"], true, "{label} is out of use");
    let command = Command::from_component(button["custom_id"].as_str().unwrap());
    Call { pressed: true, ..call(id, actor, command) }
}

/// The reply's refusal code, from where a player reads it.
pub fn code_of(reply: &str) -> Option<String> {
    const AMBER: u64 = 0xe0_a1_2b;
    let reply: Json = serde_json::from_str(reply).unwrap();
    let embed = &reply["data"]["embeds"][0];
    let code = embed["footer"]["text"].as_str().filter(|_| embed["color"] == AMBER);
    if code.is_some() {
        assert_eq!(
            (&reply["data"]["flags"], &reply["type"]),
            (&json!(64), &json!(4)),
            "a refusal is for one alone"
        );
    }
    code.map(str::to_owned)
}

/// The text of a reply.
pub fn text_of(reply: &str) -> String {
    let reply: Json = serde_json::from_str(reply).unwrap();
    reply["data"]["embeds"][0]["description"].as_str().unwrap_or_default().to_owned()
}

/// The small line below a reply.
pub fn footer_of(reply: &str) -> String {
    let reply: Json = serde_json::from_str(reply).unwrap();
    reply["data"]["embeds"][0]["footer"]["text"].as_str().unwrap_or_default().to_owned()
}

/// Returns the value of a field in the reply.
pub fn field(reply: &str, name: &str) -> Option<String> {
    let reply: Json = serde_json::from_str(reply).unwrap();
    let fields = reply["data"]["embeds"][0]["fields"].as_array()?.clone();
    fields
        .iter()
        .find(|field| field["name"] == name)
        .and_then(|field| field["value"].as_str().map(str::to_owned))
}

/// Answers as after a restart: nothing is in memory but what the database gives.
pub fn answer(sqlite: &Sqlite, now: Timestamp, call: &Call) -> String {
    answer_by(sqlite, now, 0, call)
}

/// The same, with the bits that decide what is drawn.
pub fn answer_by(sqlite: &Sqlite, now: Timestamp, entropy: u64, call: &Call) -> String {
    Books::new(sqlite).answer(now, entropy, call, 3).unwrap().reply
}

/// Makes it the call of somebody who manages the server.
pub fn by_manager(call: Call) -> Call {
    Call { manager: true, ..call }
}
