//! Sessions and credentials: who somebody is, and what they show for it. The rules about them are in `protocol::session`.

pub mod cookie;
pub mod discord;
pub mod store;

use protocol::room::SessionId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use worker::Request;

pub use self::store::{Principal, Sessions};
use crate::{answer::Problem, settings::Settings};

/// The entropy of a session's token, in bytes.
const TOKEN_BYTES: usize = 32;

/// The credential of a request. The Worker finds it out; the room decides about sessions.
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
        let token = cookie::session_of(request, settings)?;
        token.map(|token| Self::Session(hash(&token))).ok_or_else(Problem::signed_out)
    }

    /// Whether a request shows `BOT_TOKEN`, as the bot-worker's do.
    pub fn is_bot(request: &Request, settings: &Settings) -> Result<bool, Problem> {
        let authorization = request.headers().get("Authorization")?.unwrap_or_default();
        let token = authorization.strip_prefix("Bearer ");
        Ok(token.is_some_and(|token| settings.is_secret("BOT_TOKEN", token)))
    }

    /// Returns the name by which a browser's session is counted; `None` for a program.
    pub fn session(&self) -> Option<SessionId> {
        let Self::Session(hash) = self else { return None };
        store::short(hash)
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

/// The Worker asks the room to open a session.
#[derive(Serialize, Deserialize)]
pub struct OpenSession {
    /// The person, and the servers that they manage.
    pub visitor: Principal,
    /// The hash of the one-time link that they came by; it must not have been used.
    pub link: Option<String>,
    /// The hash of the session that this browser had, which ends.
    pub instead_of: Option<String>,
}

/// The room's answer to somebody who wants a session.
#[derive(Serialize, Deserialize)]
pub enum SessionOpened {
    /// The token, for the cookie.
    Session(String),
    /// There is nothing that they may look at; or the link was used.
    Nothing,
}

/// The Worker asks the room to close a session.
#[derive(Serialize, Deserialize)]
pub struct CloseSession {
    /// The hash of the session's token.
    pub hash: String,
    /// And all others of the same person.
    pub everywhere: bool,
}

/// Returns the SHA-256 of a secret, in hexadecimal digits: it is stored in the secret's place.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// 256 random bits in hexadecimal digits, as many as a sealed token has.
pub fn random_token() -> String {
    let mut bytes = [0; TOKEN_BYTES];
    // The runtime's entropy does not fail; were it to, a predictable session would be worse than none.
    getrandom::fill(&mut bytes).expect("the platform gives entropy");
    hex::encode(bytes)
}

/// Whether this can be a token.
pub fn is_token(text: &str) -> bool {
    text.len() == 2 * TOKEN_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
