//! Who may see what. Sessions live in the room's database as hashes; a program shows `ADMIN_TOKEN` instead.

use interactions::sql::{Sql, SqlError, Value};
use protocol::{GuildId, Timestamp, room::SessionId, time::DAY_MS};
use sha2::{Digest, Sha256};
use worker::Request;

use crate::{answer::Problem, room::Place, settings::Settings, sql::ObjectSql};

/// The cookie's name where the page comes over TLS; the prefix binds it to this very host.
const COOKIE: &str = "__Host-pulse";
/// The cookie's name on a developer's machine.
const LOCAL_COOKIE: &str = "pulse";
/// How long a session lasts, in milliseconds.
const SESSION_MS: u64 = 7 * DAY_MS;
/// What a session's cookie holds, in bytes of entropy.
const TOKEN_BYTES: usize = 32;

/// How somebody asks to be let in. The Worker finds it out; the room decides about sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A program with `ADMIN_TOKEN`.
    Program,
    /// A browser, by the hash of its session's token.
    Session(String),
}

impl Credential {
    /// The header between the Worker and the room.
    pub const HEADER: &'static str = "X-Pulse-Credential";

    /// Reads what a request shows.
    pub fn of(request: &Request, settings: &Settings) -> Result<Self, Problem> {
        if let Some(authorization) = request.headers().get("Authorization")? {
            let token = authorization.strip_prefix("Bearer ").ok_or_else(Problem::signed_out)?;
            return if settings.is_secret("ADMIN_TOKEN", token) {
                Ok(Self::Program)
            } else {
                Err(Problem::signed_out())
            };
        }
        let cookies = request.headers().get("Cookie")?.unwrap_or_default();
        let token = cookies.split(';').find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            let named = name == COOKIE || (cfg!(feature = "local-link") && name == LOCAL_COOKIE);
            // What cannot be a token is no reason to wake the room.
            let token = value.len() == 2 * TOKEN_BYTES && value.bytes().all(|byte| byte.is_ascii_hexdigit());
            (named && token).then_some(value)
        });
        token.map(|token| Self::Session(hash(token))).ok_or_else(Problem::signed_out)
    }

    /// What a browser's session is counted by; `None` for a program.
    pub fn session(&self) -> Option<SessionId> {
        let Self::Session(hash) = self else { return None };
        hash.get(..16).and_then(|digits| digits.parse().ok())
    }

    /// As a header's value.
    pub fn to_header(&self) -> String {
        match self {
            Self::Program => "program".to_owned(),
            Self::Session(hash) => format!("session {hash}"),
        }
    }

    /// From a header's value.
    pub fn from_header(value: &str) -> Option<Self> {
        match value.split_once(' ') {
            None if value == "program" => Some(Self::Program),
            Some(("session", hash)) => Some(Self::Session(hash.to_owned())),
            _ => None,
        }
    }
}

/// What somebody may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All servers.
    Everything,
}

impl Scope {
    /// The room to look at for whoever asks for this server, or for none; `None`: it is not theirs to look at.
    #[expect(clippy::unnecessary_wraps, reason = "every session of today sees all servers")]
    pub fn place(&self, asked: Option<GuildId>) -> Option<Place> {
        match (self, asked) {
            (Self::Everything, None) => Some(Place::Everyone),
            (Self::Everything, Some(guild)) => Some(Place::Server(guild)),
        }
    }

    /// Whether a server is theirs to look at.
    pub fn covers(&self, guild: GuildId) -> bool {
        self.place(Some(guild)).is_some()
    }
}

/// The sessions, over the room's database.
pub struct Sessions<'a>(pub &'a ObjectSql);

impl Sessions<'_> {
    /// Makes the tables.
    pub fn prepare(&self) -> Result<(), SqlError> {
        self.0.execute(
            "CREATE TABLE IF NOT EXISTS sessions (hash TEXT PRIMARY KEY, expires_at INTEGER NOT NULL)",
            &[],
        )?;
        self.0.execute(
            "CREATE TABLE IF NOT EXISTS used_links (hash TEXT PRIMARY KEY, at INTEGER NOT NULL)",
            &[],
        )?;
        Ok(())
    }

    /// What somebody with this credential may look at; `None` for somebody who is signed out.
    pub fn scope(&self, credential: &Credential, now: Timestamp) -> Result<Option<Scope>, SqlError> {
        let Credential::Session(hash) = credential else { return Ok(Some(Scope::Everything)) };
        let statement = "SELECT 1 FROM sessions WHERE hash = ? AND expires_at > ?";
        let found = self.0.query(statement, &[hash.as_str().into(), now.into()])?;
        Ok((!found.is_empty()).then_some(Scope::Everything))
    }

    /// The same for a session that is known by its short name.
    pub fn scope_of(&self, session: SessionId, now: Timestamp) -> Result<Option<Scope>, SqlError> {
        // Behind all hexadecimal digits comes `g`.
        let statement = "SELECT hash FROM sessions WHERE hash >= ? AND hash < ? LIMIT 1";
        let (from, to) = (session.to_string(), format!("{session}g"));
        let found = self.0.query(statement, &[from.into(), to.into()])?;
        match found.into_iter().next().and_then(|row| row.into_iter().next()) {
            Some(Value::Text(hash)) => self.scope(&Credential::Session(hash), now),
            _ => Ok(None),
        }
    }

    /// Opens a session for a link that was not used before; `None` for one that was.
    pub fn open_by_link(&self, link_hash: &str, now: Timestamp) -> Result<Option<String>, SqlError> {
        let used = self.0.query("SELECT 1 FROM used_links WHERE hash = ?", &[link_hash.into()])?;
        if !used.is_empty() {
            return Ok(None);
        }
        self.0.execute("INSERT INTO used_links VALUES (?, ?)", &[link_hash.into(), now.into()])?;
        let token = random_token();
        let expires_at = Value::from(now.plus(SESSION_MS));
        self.0.execute("DELETE FROM sessions WHERE expires_at <= ?", &[now.into()])?;
        self.0.execute("INSERT INTO sessions VALUES (?, ?)", &[hash(&token).into(), expires_at])?;
        Ok(Some(token))
    }
}

/// What is stored in the place of a secret.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn random_token() -> String {
    let mut bytes = [0; TOKEN_BYTES];
    // The runtime's entropy does not fail; were it to, a predictable session would be worse than none.
    getrandom::fill(&mut bytes).expect("the platform gives entropy");
    hex::encode(bytes)
}

/// `GET /login/local?ticket=…`: the one-time link of a developer's machine. It is not in a build that is deployed.
#[cfg(feature = "local-link")]
pub async fn local_link(request: &Request, settings: &Settings) -> Result<worker::Response, Problem> {
    use subtle::ConstantTimeEq;

    let refused = || {
        Problem::new(
            401,
            "link_invalid",
            "This link is used up or too old. Start `cargo xtask dev` again for a new one.",
        )
    };
    let now = worker::Date::now().as_millis();
    let given = query(request, "ticket")?.unwrap_or_default();
    let link = settings.text("DEV_LINK").ok_or_else(refused)?;
    let (ticket, expires_at) = link.split_once('.').ok_or_else(refused)?;
    let fresh = expires_at.parse().is_ok_and(|expires_at: u64| now < expires_at);
    if !fresh || !bool::from(ticket.as_bytes().ct_eq(given.as_bytes())) {
        return Err(refused());
    }
    let objects = settings.objects(crate::room::BINDING)?;
    let token = crate::room::tell(&objects, "/sessions", &hash(ticket)).await?;
    if token.is_empty() {
        return Err(refused());
    }
    let seconds = SESSION_MS / 1_000;
    let cookie = format!("{LOCAL_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    let response = worker::Response::empty()?.with_status(303);
    response.headers().set("Location", "/")?;
    response.headers().set("Set-Cookie", &cookie)?;
    Ok(response)
}

/// A query parameter.
pub fn query(request: &Request, name: &str) -> Result<Option<String>, Problem> {
    Ok(request.url()?.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()))
}
