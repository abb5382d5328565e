//! The sessions, over the database of the room of all servers. A session's token is not among what is kept, and what Discord
//! gives us to ask with is kept encrypted.

use std::{cell::RefCell, collections::BTreeSet, fmt::Display};

use interactions::{
    at_rest::NONCE_BYTES,
    sql::{Sql, SqlError, Value, exists},
};
use protocol::{
    GuildId, Timestamp,
    room::SessionId,
    session::{IDLE_MAX_MS, Life, Person},
};
use serde::{Deserialize, Serialize};

use super::{discord::Token, hash, random_token};
use crate::{settings::Settings, sql::ObjectSql};

/// A person, and the servers that Discord says they manage.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Principal {
    /// The account at Discord.
    pub person: Option<Person>,
    /// The servers that they manage, Pulse in them or not.
    pub managed: BTreeSet<GuildId>,
    /// The tokens that let us ask Discord again.
    pub token: Option<Token>,
    /// Nobody in particular: who came by the link of a developer's machine.
    #[serde(default)]
    pub local: bool,
}

impl Principal {
    /// Whether this is somebody: a person, or, in a build for developers alone, who came by its link. A row that says
    /// neither is damaged, and lets nobody in.
    pub fn is_somebody(&self) -> bool {
        self.person.is_some() || (cfg!(feature = "local-link") && self.local)
    }
}

/// A session that is open.
#[derive(Clone, Debug)]
pub struct Session {
    /// The hash of its token, which names its row.
    pub hash: String,
    /// The owner, and the servers that they manage.
    pub visitor: Principal,
    /// The moments of its beginning, its last use and its last check.
    pub life: Life,
}

/// The short name of the session with this hash.
pub fn short(hash: &str) -> Option<SessionId> {
    hash.get(..16).and_then(|digits| digits.parse().ok())
}

/// The table of the sessions.
pub struct Sessions<'a> {
    sql: &'a ObjectSql,
    settings: &'a Settings,
    /// The tokens of sessions that have ended, of people who have no session any more.
    let_go: RefCell<Vec<Token>>,
}

/// The most sessions that a person has at a time.
const OF_A_PERSON_MAX: u64 = 10;
/// The most sessions that there are at a time.
const IN_ALL_MAX: u64 = 10_000;
/// The most sessions that are pruned at a time: of each, Discord may have to be told.
const PRUNED_MAX: u64 = 20;

/// The tables and indexes, by their names.
const TABLES: [(&str, &str); 4] = [
    (
        "signed_in",
        "CREATE TABLE signed_in (
            hash TEXT PRIMARY KEY, user TEXT, visitor TEXT NOT NULL, opened_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL, checked_at INTEGER NOT NULL
        ) WITHOUT ROWID",
    ),
    ("signed_in_by_user", "CREATE INDEX signed_in_by_user ON signed_in (user)"),
    ("signed_in_by_use", "CREATE INDEX signed_in_by_use ON signed_in (seen_at)"),
    ("used_links", "CREATE TABLE used_links (hash TEXT PRIMARY KEY, at INTEGER NOT NULL)"),
];

const FOUND: &str = "SELECT hash, visitor, opened_at, seen_at, checked_at FROM signed_in";

impl<'a> Sessions<'a> {
    /// Those in this database, with the keys that follow from these settings.
    pub fn new(sql: &'a ObjectSql, settings: &'a Settings) -> Self {
        Self { sql, settings, let_go: RefCell::default() }
    }

    /// Returns the tokens that are used no more, to be revoked at Discord.
    pub fn let_go(self) -> Vec<Token> {
        self.let_go.into_inner()
    }

    /// Makes the tables, and encrypts what releases before this one have kept in clear.
    pub fn prepare(&self) -> Result<(), SqlError> {
        for (name, statement) in TABLES {
            if !exists(self.sql, name)? {
                self.sql.execute(statement, &[])?;
            }
        }
        for row in self.sql.query(&format!("{FOUND} WHERE visitor LIKE '%\"access\":%'"), &[])? {
            let Ok(Session { hash, visitor, .. }) = self.read(row) else { continue }; // Who uses it is told.
            let statement = "UPDATE signed_in SET visitor = ? WHERE hash = ?";
            self.sql.execute(statement, &[self.kept(&hash, &visitor)?.into(), hash.into()])?;
        }
        Ok(())
    }

    /// Uses a link up; returns whether this was the first time.
    pub fn use_link(&self, link: &str, now: Timestamp) -> Result<bool, SqlError> {
        let statement = "INSERT OR IGNORE INTO used_links (hash, at) VALUES (?, ?)";
        Ok(self.sql.execute(statement, &[link.into(), now.into()])? > 0)
    }

    /// Opens a session, which takes the place of another one; gives its token, which is kept nowhere. Beyond the bounds a
    /// person's oldest session ends, and of all sessions those that nobody has used for longest.
    pub fn open(
        &self,
        visitor: &Principal,
        instead_of: Option<&str>,
        now: Timestamp,
    ) -> Result<String, SqlError> {
        let token = random_token();
        let (hash, user) = (hash(&token), visitor.person.as_ref().map(|person| person.id.to_string()));
        let kept = self.kept(&hash, visitor)?;
        let parameters = [hash.into(), user.clone().into(), kept.into(), now.into(), now.into(), now.into()];
        self.sql.execute("INSERT INTO signed_in VALUES (?, ?, ?, ?, ?, ?)", &parameters)?;
        if let Some(before) = instead_of {
            self.close(before)?;
        }
        if let Some(user) = user {
            let beyond = "hash IN (SELECT hash FROM signed_in WHERE user = ? ORDER BY opened_at DESC LIMIT -1 OFFSET ?)";
            self.end(beyond, &[user.into(), OF_A_PERSON_MAX.into()])?;
        }
        let beyond = "hash IN (SELECT hash FROM signed_in ORDER BY seen_at DESC LIMIT -1 OFFSET ?)";
        self.end(beyond, &[IN_ALL_MAX.into()])?;
        Ok(token)
    }

    /// The open session with this hash. One that is over is deleted; that one is used is noted.
    pub fn find(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, SqlError> {
        let found = self.sql.query(&format!("{FOUND} WHERE hash = ?"), &[hash.into()])?;
        let Some(mut session) = found.into_iter().next().map(|row| self.read(row)).transpose()? else {
            return Ok(None);
        };
        if session.life.is_over(now) || !session.visitor.is_somebody() {
            or_limited(self.close(hash))?;
            return Ok(None);
        }
        if session.life.is_to_be_noted(now) {
            session.life.seen_at = now;
            let statement = "UPDATE signed_in SET seen_at = ? WHERE hash = ?";
            or_limited(self.sql.execute(statement, &[now.into(), hash.into()]))?;
        }
        Ok(Some(session))
    }

    /// The same by the short name.
    pub fn find_short(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, SqlError> {
        // Behind all hexadecimal digits comes `g`.
        let statement = "SELECT hash FROM signed_in WHERE hash >= ? AND hash < ? LIMIT 1";
        let found = self.sql.query(statement, &[id.to_string().into(), format!("{id}g").into()])?;
        match found.into_iter().next().and_then(|row| row.into_iter().next()) {
            Some(Value::Text(hash)) => self.find(&hash, now),
            _ => Ok(None),
        }
    }

    /// Keeps what Discord has said now.
    pub fn confirm(&self, hash: &str, visitor: &Principal, now: Timestamp) -> Result<(), SqlError> {
        let statement = "UPDATE signed_in SET visitor = ?, checked_at = ? WHERE hash = ?";
        let parameters = [self.kept(hash, visitor)?.into(), now.into(), hash.into()];
        self.sql.execute(statement, &parameters).map(|_| ())
    }

    /// Closes a session; its token is let go of, if the person has no other session.
    pub fn close(&self, hash: &str) -> Result<(), SqlError> {
        self.end("hash = ?", &[hash.into()])
    }

    /// Closes a session of which Discord has said that it allows nothing any more.
    pub fn close_refused(&self, hash: &str) -> Result<(), SqlError> {
        self.sql.execute("DELETE FROM signed_in WHERE hash = ?", &[hash.into()]).map(|_| ())
    }

    /// All sessions of the person whose session this is; of nobody in particular, this one.
    pub fn siblings(&self, hash: &str) -> Result<Vec<String>, SqlError> {
        let statement = "SELECT hash FROM signed_in WHERE hash = ?1
            OR user = (SELECT user FROM signed_in WHERE hash = ?1)";
        let rows = self.sql.query(statement, &[hash.into()])?;
        let text = |value| if let Value::Text(hash) = value { Some(hash) } else { None };
        Ok(rows.into_iter().filter_map(|row| text(row.into_iter().next()?)).collect())
    }

    /// Deletes some of those that nobody has used for too long. One that is used and too old is deleted when it is found.
    pub fn prune(&self, now: Timestamp) -> Result<(), SqlError> {
        let unused = "hash IN (SELECT hash FROM signed_in WHERE seen_at <= ? ORDER BY seen_at LIMIT ?)";
        or_limited(self.end(unused, &[now.minus(IDLE_MAX_MS).into(), PRUNED_MAX.into()]))
    }

    /// Deletes these. Discord revokes all that a person has allowed at once, so it is told of their last session alone.
    fn end(&self, which: &str, parameters: &[Value]) -> Result<(), SqlError> {
        let statement = format!(
            "DELETE FROM signed_in WHERE {which} RETURNING hash, visitor, opened_at, seen_at, checked_at"
        );
        for row in self.sql.query(&statement, parameters)? {
            let Ok(Session { visitor: Principal { person, token, .. }, .. }) = self.read(row) else {
                continue;
            };
            let (Some(person), Some(token)) = (person, token) else { continue };
            let others = "SELECT 1 FROM signed_in WHERE user = ? LIMIT 1";
            if self.sql.query(others, &[person.id.to_string().into()])?.is_empty() {
                self.let_go.borrow_mut().push(token);
            }
        }
        Ok(())
    }

    /// A visitor as JSON, to be kept in the row with this hash.
    fn kept(&self, hash: &str, visitor: &Principal) -> Result<String, SqlError> {
        let unkept = |error: &dyn Display| unread(&error.to_string());
        let sealed = |token: &Token| {
            let mut nonce = [0; NONCE_BYTES];
            getrandom::fill(&mut nonce).map_err(|error| unkept(&error))?;
            let token = serde_json::to_string(token).map_err(|error| unkept(&error))?;
            let sealed = self.settings.with_rest_keys(|keys| keys.first()?.seal(nonce, hash, &token));
            sealed.ok_or_else(|| unkept(&"no secret is set that it could be encrypted under"))
        };
        let Principal { person, managed, token, local } = visitor.clone();
        let sealed = token.as_ref().map(sealed).transpose()?;
        let kept = StoredPrincipal { person, managed, token: None, sealed, local };
        serde_json::to_string(&kept).map_err(|error| unkept(&error))
    }

    fn read(&self, row: Vec<Value>) -> Result<Session, SqlError> {
        let Ok(
            [
                Value::Text(hash),
                Value::Text(visitor),
                Value::Integer(opened),
                Value::Integer(seen),
                Value::Integer(checked),
            ],
        ) = <[Value; 5]>::try_from(row)
        else {
            return Err(unread("a row of another shape"));
        };
        let at = |ms: i64| Timestamp(ms.unsigned_abs());
        let life = Life { opened_at: at(opened), seen_at: at(seen), checked_at: at(checked) };
        let kept: StoredPrincipal =
            serde_json::from_str(&visitor).map_err(|error| unread(&error.to_string()))?;
        // A token that no key of ours opens is gone: Discord cannot be asked, and the session ends when it has to be.
        let opened = kept.sealed.and_then(|sealed| {
            self.settings.with_rest_keys(|keys| keys.iter().find_map(|key| key.open(&hash, &sealed)))
        });
        let token = kept.token.or_else(|| serde_json::from_str(&opened?).ok());
        let visitor = Principal { person: kept.person, managed: kept.managed, token, local: kept.local };
        Ok(Session { hash, visitor, life })
    }
}

/// A visitor as a row keeps it.
#[derive(Serialize, Deserialize)]
struct StoredPrincipal {
    person: Option<Person>,
    managed: BTreeSet<GuildId>,
    /// In clear, as releases before this one have kept it. Never written.
    #[serde(default, skip_serializing)]
    token: Option<Token>,
    /// The token, encrypted.
    #[serde(default)]
    sealed: Option<String>,
    #[serde(default)]
    local: bool,
}

/// Where a limit of the plan is reached, what would only be noted is passed over: who is signed in goes on looking.
fn or_limited<T>(noted: Result<T, SqlError>) -> Result<(), SqlError> {
    match noted {
        Err(error) if !error.is_limit() => Err(error),
        _ => Ok(()),
    }
}

fn unread(reason: &str) -> SqlError {
    SqlError { statement: "a session".to_owned(), reason: reason.to_owned() }
}
