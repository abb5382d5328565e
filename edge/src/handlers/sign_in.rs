//! `/login`, `/login/callback`, `/logout`: the way in with Discord, and the way out.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use interactions::way_back::way_back;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use worker::{Request, Response};

use super::authorize::{self, own_origin};
use crate::{
    answer::{Problem, page, see_other},
    log,
    query::query,
    session::{
        CloseSession, Credential, OpenSession, Principal, SessionOpened, cookie,
        discord::{self, OAuthError},
        hash, is_token, random_token,
    },
    settings::Settings,
};

/// The path to which Discord sends people back; the application at Discord has to name the whole address.
const CALLBACK: &str = "/login/callback";

/// A sign-in that a browser has begun, as its cookie remembers it.
struct PendingSignIn {
    /// Comes back from Discord: a sign-in that somebody else began has another.
    state: String,
    /// Shown with the code: a code that was stolen on the way is worth nothing (RFC 7636).
    verifier: String,
    /// The path on this site to go to afterwards.
    next: String,
}

impl PendingSignIn {
    fn to_cookie(&self) -> String {
        format!("{}.{}.{}", self.state, self.verifier, hex::encode(&self.next))
    }

    fn from_cookie(value: &str) -> Option<Self> {
        let mut parts = value.split('.');
        let (state, verifier) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let next = String::from_utf8(hex::decode(parts.next()?).ok()?).ok()?;
        (is_token(&state) && is_token(&verifier)).then(|| Self { state, verifier, next: way_back(&next) })
    }
}

/// `GET /login?next=/…`: to Discord.
pub fn begin(request: &Request, settings: &Settings) -> Result<Response, Problem> {
    let next = way_back(&query(request, "next")?.unwrap_or_default());
    let begun = PendingSignIn { state: random_token(), verifier: random_token(), next };
    settings.needed("DISCORD_CLIENT_SECRET")?;
    let mut url = discord::authorize_url(settings)?;
    url.query_pairs_mut()
        .append_pair("client_id", &settings.needed("DISCORD_APPLICATION_ID")?)
        .append_pair("redirect_uri", &redirect_uri(request, settings)?)
        .append_pair("response_type", "code")
        .append_pair("scope", "identify guilds")
        .append_pair("state", &begun.state)
        .append_pair("code_challenge", &BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&begun.verifier)))
        .append_pair("code_challenge_method", "S256");
    let response = see_other(url.as_str())?;
    response.headers().append("Set-Cookie", &cookie::sign_in(&request.url()?, &begun.to_cookie()))?;
    Ok(response)
}

/// `GET /login/callback?code=…&state=…`: back from Discord.
pub async fn finish(request: &Request, settings: &Settings) -> Result<Response, Problem> {
    let response = match come_back(request, settings).await? {
        Ok(response) => response,
        Err(Stop { status, title, words }) => page(status, title, &words)?,
    };
    response.headers().append("Set-Cookie", &cookie::no_sign_in(&request.url()?))?;
    Ok(response)
}

/// Why nobody is signed in, for the one who tried.
struct Stop {
    status: u16,
    title: &'static str,
    words: String,
}

impl Stop {
    fn new(status: u16, title: &'static str, words: impl Into<String>) -> Self {
        Self { status, title, words: words.into() }
    }
}

async fn come_back(request: &Request, settings: &Settings) -> Result<Result<Response, Stop>, Problem> {
    let begun = cookie::sign_in_of(request)?.and_then(|value| PendingSignIn::from_cookie(&value));
    let state = query(request, "state")?.unwrap_or_default();
    let same = |begun: &PendingSignIn| bool::from(begun.state.as_bytes().ct_eq(state.as_bytes()));
    let Some(begun) = begun.filter(same) else {
        let words = "It was begun in another browser, or more than ten minutes ago. Nothing has happened; begin again.";
        return Ok(Err(Stop::new(400, "This sign-in cannot be finished here", words)));
    };
    let Some(code) = query(request, "code")? else {
        let words =
            "Discord says that you did not agree. Nothing has happened; you can begin again at any time.";
        return Ok(Err(Stop::new(403, "You are not signed in", words)));
    };
    let callback = redirect_uri(request, settings)?;
    let told = async {
        let token = discord::exchange(settings, &code, &callback, &begun.verifier).await?;
        let (person, managed) = discord::who(settings, &token).await?;
        Ok::<_, OAuthError>(Principal { person: Some(person), managed, token: Some(token), local: false })
    };
    let visitor = match told.await {
        Ok(visitor) => visitor,
        Err(OAuthError::Refused) => {
            let words = "Discord does not know this sign-in any more: each can be used once. Begin again.";
            return Ok(Err(Stop::new(400, "This sign-in is used up", words)));
        }
        Err(OAuthError::Away(why)) => {
            log::error(&format_args!("signing in: Discord did not tell who it is: {why}"));
            let words = "Discord does not answer as it should. Nothing has happened; try again in a moment.";
            return Ok(Err(Stop::new(502, "Discord is not to be reached", words)));
        }
    };
    let name = visitor.person.as_ref().map(|person| person.name.clone()).unwrap_or_default();
    let instead_of = cookie::session_of(request, settings)?.map(|token| hash(&token));
    Ok(match authorize::open_session(settings, &OpenSession { visitor, link: None, instead_of }).await? {
        SessionOpened::Session(token) => {
            let response = see_other(&begun.next)?;
            response.headers().append("Set-Cookie", &cookie::session(&request.url()?, &token, settings)?)?;
            Ok(response)
        }
        SessionOpened::Nothing => Err(Stop::new(
            403,
            "There is nothing here for you yet",
            format!(
                "You are {name} at Discord. To look at a server you have to be its owner, or have its permission \
                 Manage Server, and Pulse has to be in it. If one of these has changed just now, sign in again."
            ),
        )),
    })
}

/// `POST /logout`, `POST /logout/everywhere`: the session ends, or all of this person's, and their sockets with them.
pub async fn end(request: &Request, settings: &Settings, everywhere: bool) -> Result<Response, Problem> {
    authorize::require_own_origin(request, settings)?;
    if let Some(token) = cookie::session_of(request, settings)? {
        authorize::close_session(settings, &CloseSession { hash: hash(&token), everywhere }).await?;
    }
    let response = Response::empty()?.with_status(204);
    response.headers().append("Set-Cookie", &cookie::no_session(&request.url()?))?;
    Ok(response)
}

/// `GET /api/me`: who one is here.
pub async fn me(request: Request, settings: &Settings) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    authorize::me(&credential, settings).await
}

fn redirect_uri(request: &Request, settings: &Settings) -> Result<String, Problem> {
    Ok(format!("{}{CALLBACK}", own_origin(request, settings)?))
}
