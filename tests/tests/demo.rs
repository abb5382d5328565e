//! The demo's crowd before the real books for hours, by a clock that nobody waits for.

#[allow(dead_code, reason = "shared with the tests of the books")]
#[path = "../../interactions/tests/books/sqlite.rs"]
mod sqlite;

use std::{cell::Cell, collections::BTreeMap};

use discord_sim::{crowd::Crowd, fixtures};
use ed25519_dalek::{Signer, SigningKey};
use interactions::{Books, Interaction, PublicKey, schema, signature::verify};
use protocol::{InteractionId, Timestamp, time::MINUTE_MS};
use rusqlite::Connection;
use serde_json::Value;

use self::sqlite::Sqlite;

const NOON: Timestamp = Timestamp(1_795_348_800_000);
const GUILDS: usize = 3;
/// Everybody who comes to play, some at a time.
const PEOPLE: usize = 1_000;

/// The books of each server, in the order of the servers.
struct Demo {
    crowd: Crowd,
    books: Vec<Books<Sqlite>>,
    key: SigningKey,
    now: Timestamp,
    deeds: u64,
}

/// Counts of the deeds that were carried out and refused, by name.
#[derive(Debug, Default)]
struct Done {
    carried_out: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
}

impl Demo {
    fn begin() -> Self {
        let books = (0..GUILDS).map(|_| {
            let connection = Connection::open_in_memory().unwrap();
            let sqlite = Sqlite { connection, asked: None, steps: Cell::new(0) };
            schema::migrate(&sqlite).unwrap();
            Books::new(sqlite)
        });
        let crowd = Crowd::new(1, fixtures::guilds(GUILDS), fixtures::players(PEOPLE)).taking_turns(24);
        Self { crowd, books: books.collect(), key: SigningKey::from_bytes(&[7; 32]), now: NOON, deeds: 0 }
    }

    fn play(&mut self, ms: u64) -> Done {
        let (until, mut done) = (self.now.plus(ms), Done::default());
        while self.now < until {
            let next = self.crowd.next(self.now).unwrap();
            self.now = self.now.plus(next.after_ms);
            self.deeds += 1;
            // An id of this moment: how old an account is follows from ids.
            let id = InteractionId(((self.now.0 - 1_420_070_400_000) << 22) | (self.deeds & 0xfff));
            let guild = fixtures::guilds(GUILDS).iter().position(|guild| guild.id == next.guild.id).unwrap();
            let reply = self.answer(guild, &next.payload(id).build());
            let footer = reply["data"]["embeds"][0]["footer"]["text"].as_str().unwrap_or_default();
            let is_refused =
                footer.len() > 2 && footer.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let counts = if is_refused { &mut done.refused } else { &mut done.carried_out };
            *counts.entry(next.deed.name()).or_default() += 1;
            self.crowd.taken(&next, &reply);
        }
        done
    }

    fn answer(&self, guild: usize, interaction: &Value) -> Value {
        let body = interaction.to_string();
        let key = PublicKey::from_hex(&hex::encode(self.key.verifying_key().to_bytes())).unwrap();
        let signature = hex::encode(self.key.sign(format!("1{body}").as_bytes()).to_bytes());
        let verified = verify(&key, Some(&signature), Some("1"), body.as_bytes()).unwrap();
        let Interaction::Command(call, _) = Interaction::parse(verified).unwrap() else { panic!("{body}") };
        let answer =
            self.books[guild].answer(self.now, self.deeds.wrapping_mul(0x9e37_79b9_7f4a_7c15), &call, 3);
        serde_json::from_str(&answer.unwrap().reply).unwrap()
    }
}

#[test]
fn after_two_hours_the_crowd_pays_claims_works_and_buys_as_in_its_first_minutes() {
    let mut demo = Demo::begin();
    let first = demo.play(5 * MINUTE_MS);
    demo.play(120 * MINUTE_MS);
    let later = demo.play(5 * MINUTE_MS);
    for (deed, at_least) in [("pay", first.carried_out["pay"] / 2), ("buy", 3), ("daily", 2), ("work", 2)] {
        let count = later.carried_out.get(deed).copied().unwrap_or_default();
        assert!(count >= at_least, "{deed} {count} times: {later:?}; at first {first:?}");
    }
    let (done, refused): (u64, u64) = (later.carried_out.values().sum(), later.refused.values().sum());
    assert!(refused * 5 < done, "{refused} refusals beside {done}: {later:?}");
}
