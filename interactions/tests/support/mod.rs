//! Books on rusqlite, with the very statements that run at the edge.

#![allow(dead_code, reason = "each test program uses its own part")]

use interactions::{
    Books, Call, Command, Interaction, Person, PublicKey, schema,
    signature::verify,
    sql::{Row, Sql, SqlError, Value},
};
use protocol::{GuildId, InteractionId, Timestamp, UserId};
use rusqlite::{Connection, types::ValueRef};
use serde_json::{Value as Json, json};

pub const GUILD: GuildId = GuildId(41_771_983_423_143_937);
/// 2026-11-22T12:00:00Z.
pub const NOON: Timestamp = Timestamp(1_795_348_800_000);

pub struct Sqlite(Connection);

impl Sqlite {
    pub fn new() -> Self {
        let sqlite = Self(Connection::open_in_memory().unwrap());
        schema::migrate(&sqlite).unwrap();
        sqlite
    }

    pub fn number(&self, statement: &str) -> i64 {
        self.0.query_row(statement, [], |row| row.get(0)).unwrap()
    }
}

impl Sql for Sqlite {
    fn query(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, SqlError> {
        let refused =
            |error: rusqlite::Error| SqlError { statement: statement.to_owned(), reason: error.to_string() };
        let mut prepared = self.0.prepare_cached(statement).map_err(refused)?;
        let columns = prepared.column_count();
        let mut rows =
            prepared.query(rusqlite::params_from_iter(parameters.iter().map(to_sql))).map_err(refused)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(refused)? {
            all.push((0..columns).map(|column| from_sql(row.get_ref(column).unwrap())).collect());
        }
        Ok(all)
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<u64, SqlError> {
        self.query(statement, parameters).map(|_| 0)
    }
}

fn to_sql(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => rusqlite::types::Value::Integer(*number),
        Value::Text(text) => rusqlite::types::Value::Text(text.clone()),
    }
}

fn from_sql(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
        other => panic!("the books hold no {other:?}"),
    }
}

pub fn person(number: u64) -> Person {
    // Ids of 2020, as real accounts have.
    Person { id: UserId((669_999_999_000 + number) << 20), name: format!("Player {number}"), bot: false }
}

pub fn call(id: u64, actor: &Person, command: Command) -> Call {
    Call { id: InteractionId(id), guild: GUILD, actor: actor.clone(), command }
}

/// Parses a body as though Discord had signed it.
pub fn parse(body: &Json) -> Result<Interaction, interactions::interaction::NotUnderstood> {
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
    let body = json!({
        "type": 2, "id": "1", "guild_id": GUILD, "member": {"user": {"id": "1", "username": "x"}},
        "data": {"name": name, "options": options, "resolved": {"users": users}}
    });
    match parse(&body).unwrap() {
        Interaction::Command(call) => call.command,
        other => panic!("not a command: {other:?}"),
    }
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

/// The reply's refusal code, from where a player reads it.
pub fn code_of(reply: &str) -> Option<String> {
    let reply: Json = serde_json::from_str(reply).unwrap();
    let code = reply["data"]["embeds"][0]["footer"]["text"].as_str().map(str::to_owned);
    assert_eq!(
        code.is_some(),
        reply["data"]["flags"] == 64,
        "refusals, and only they, are for the player's eyes"
    );
    code
}

/// What stands in a field of the reply.
pub fn field(reply: &str, name: &str) -> Option<String> {
    let reply: Json = serde_json::from_str(reply).unwrap();
    let fields = reply["data"]["embeds"][0]["fields"].as_array()?.clone();
    fields
        .iter()
        .find(|field| field["name"] == name)
        .and_then(|field| field["value"].as_str().map(str::to_owned))
}

pub fn answer(sqlite: &Sqlite, now: Timestamp, call: &Call) -> String {
    Books::new(sqlite).answer(now, call, 3).unwrap()
}
