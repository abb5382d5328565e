//! The sessions, over the database of the room of all servers. A session's token is not among what is kept.

use std::collections::BTreeSet;

use interactions::sql::{Sql, SqlError, Value};
use protocol::{
    GuildId, Timestamp,
    room::SessionId,
    session::{IDLE_MAX_MS, Life, Person},
};
use serde::{Deserialize, Serialize};

use super::{discord::Token, hash, random_token};
use crate::sql::ObjectSql;

/// Who somebody is, and what Discord says that they manage.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Visitor {
    /// The account at Discord.
    pub person: Option<Person>,
    /// The servers that they manage, Pulse in them or not.
    pub managed: BTreeSet<GuildId>,
    /// What lets us ask again.
    pub token: Option<Token>,
    /// Nobody in particular: who came by the link of a developer's machine.
    #[serde(default)]
    pub local: bool,
}

impl Visitor {
    /// Whether this is somebody: a person, or, in a build for developers alone, who came by its link. A row that says
    /// neither is damaged, and lets nobody in.
    pub fn is_somebody(&self) -> bool {
        self.person.is_some() || (cfg!(feature = "local-link") && self.local)
    }
}

/// A session that is open.
#[derive(Clone, Debug)]
pub struct Session {
    /// What stands for its token.
    pub hash: String,
    /// Whose it is.
    pub visitor: Visitor,
    /// Its moments.
    pub life: Life,
}

/// The short name of the session with this hash.
pub fn short(hash: &str) -> Option<SessionId> {
    hash.get(..16).and_then(|digits| digits.parse().ok())
}

/// The table.
pub struct Sessions<'a>(pub &'a ObjectSql);

/// The most sessions that a person has at a time.
const OF_A_PERSON_MAX: u64 = 10;
/// The most sessions that there are at a time.
const IN_ALL_MAX: u64 = 10_000;

const FOUND: &str = "SELECT hash, visitor, opened_at, seen_at, checked_at FROM signed_in";

impl Sessions<'_> {
    /// Makes the tables.
    pub fn prepare(&self) -> Result<(), SqlError> {
        for statement in [
            "CREATE TABLE IF NOT EXISTS signed_in (
                hash TEXT PRIMARY KEY, user TEXT, visitor TEXT NOT NULL, opened_at INTEGER NOT NULL,
                seen_at INTEGER NOT NULL, checked_at INTEGER NOT NULL
            ) WITHOUT ROWID",
            "CREATE INDEX IF NOT EXISTS signed_in_by_user ON signed_in (user)",
            "CREATE INDEX IF NOT EXISTS signed_in_by_use ON signed_in (seen_at)",
            "CREATE TABLE IF NOT EXISTS used_links (hash TEXT PRIMARY KEY, at INTEGER NOT NULL)",
        ] {
            self.0.execute(statement, &[])?;
        }
        Ok(())
    }

    /// Whether a link is used for the first time. From now on it is used.
    pub fn use_link(&self, link: &str, now: Timestamp) -> Result<bool, SqlError> {
        let statement = "INSERT OR IGNORE INTO used_links (hash, at) VALUES (?, ?)";
        Ok(self.0.execute(statement, &[link.into(), now.into()])? > 0)
    }

    /// Opens a session; gives its token, which is kept nowhere. Beyond the bounds a person's oldest session
    /// ends, and of all sessions those that nobody has used for longest.
    pub fn open(&self, visitor: &Visitor, now: Timestamp) -> Result<String, SqlError> {
        let token = random_token();
        let user = visitor.person.as_ref().map(|person| person.id.to_string());
        let parameters = [
            hash(&token).into(),
            user.map_or(Value::Null, Value::from),
            json(visitor)?.into(),
            now.into(),
            now.into(),
            now.into(),
        ];
        self.0.execute("INSERT INTO signed_in VALUES (?, ?, ?, ?, ?, ?)", &parameters)?;
        if let Some(person) = &visitor.person {
            let beyond = "DELETE FROM signed_in WHERE hash IN
                (SELECT hash FROM signed_in WHERE user = ? ORDER BY opened_at DESC LIMIT -1 OFFSET ?)";
            self.0.execute(beyond, &[person.id.to_string().into(), OF_A_PERSON_MAX.into()])?;
        }
        let beyond = "DELETE FROM signed_in WHERE hash IN
            (SELECT hash FROM signed_in ORDER BY seen_at DESC LIMIT -1 OFFSET ?)";
        self.0.execute(beyond, &[IN_ALL_MAX.into()])?;
        Ok(token)
    }

    /// The open session with this hash. One that is over is deleted; that one is used is noted.
    pub fn find(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, SqlError> {
        let found = self.0.query(&format!("{FOUND} WHERE hash = ?"), &[hash.into()])?;
        let Some(mut session) = found.into_iter().next().map(read).transpose()? else { return Ok(None) };
        if session.life.is_over(now) || !session.visitor.is_somebody() {
            self.close(hash)?;
            return Ok(None);
        }
        if session.life.is_to_be_noted(now) {
            session.life.seen_at = now;
            self.0.execute("UPDATE signed_in SET seen_at = ? WHERE hash = ?", &[now.into(), hash.into()])?;
        }
        Ok(Some(session))
    }

    /// The same by the short name.
    pub fn find_short(&self, id: SessionId, now: Timestamp) -> Result<Option<Session>, SqlError> {
        // Behind all hexadecimal digits comes `g`.
        let statement = "SELECT hash FROM signed_in WHERE hash >= ? AND hash < ? LIMIT 1";
        let found = self.0.query(statement, &[id.to_string().into(), format!("{id}g").into()])?;
        match found.into_iter().next().and_then(|row| row.into_iter().next()) {
            Some(Value::Text(hash)) => self.find(&hash, now),
            _ => Ok(None),
        }
    }

    /// Keeps what Discord has said now.
    pub fn confirm(&self, hash: &str, visitor: &Visitor, now: Timestamp) -> Result<(), SqlError> {
        let statement = "UPDATE signed_in SET visitor = ?, checked_at = ? WHERE hash = ?";
        self.0.execute(statement, &[json(visitor)?.into(), now.into(), hash.into()]).map(|_| ())
    }

    /// Closes a session.
    pub fn close(&self, hash: &str) -> Result<(), SqlError> {
        self.0.execute("DELETE FROM signed_in WHERE hash = ?", &[hash.into()]).map(|_| ())
    }

    /// All sessions of the person whose session this is; of nobody in particular, this one.
    pub fn siblings(&self, hash: &str) -> Result<Vec<String>, SqlError> {
        let statement = "SELECT hash FROM signed_in WHERE hash = ?1
            OR user = (SELECT user FROM signed_in WHERE hash = ?1)";
        let rows = self.0.query(statement, &[hash.into()])?;
        let text = |value| if let Value::Text(hash) = value { Some(hash) } else { None };
        Ok(rows.into_iter().filter_map(|row| text(row.into_iter().next()?)).collect())
    }

    /// Deletes what nobody has used for too long. One that is used and too old is deleted when it is found.
    pub fn prune(&self, now: Timestamp) -> Result<(), SqlError> {
        let unused = "DELETE FROM signed_in WHERE seen_at <= ?";
        self.0.execute(unused, &[now.minus(IDLE_MAX_MS).into()]).map(|_| ())
    }
}

fn json(visitor: &Visitor) -> Result<String, SqlError> {
    serde_json::to_string(visitor).map_err(|error| unread(&error.to_string()))
}

fn read(row: Vec<Value>) -> Result<Session, SqlError> {
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
    let visitor = serde_json::from_str(&visitor).map_err(|error| unread(&error.to_string()))?;
    Ok(Session { hash, visitor, life })
}

fn unread(reason: &str) -> SqlError {
    SqlError { statement: "a session".to_owned(), reason: reason.to_owned() }
}
