//! The Worker's side of the room: what is checked before the room is asked, and how it is asked.

use js_sys::Promise;
use protocol::{
    GuildId, Report,
    action::Actor,
    job::{self, ANSWERS, SETTLEMENT_MAX_BYTES, Settlement},
    record::{Acknowledgement, Push},
    report::{NextReport, REPORT_MAX_BYTES},
};
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use worker::{Headers, Method, Request, RequestInit, Response};

use super::answering::Settled;
use crate::{
    answer::{Problem, read_bounded},
    objects::Objects,
    session::{CloseSession, Credential, OpenSession, SessionOpened, query},
    settings::Settings,
};

#[wasm_bindgen]
extern "C" {
    /// The stub of a room, with the methods that are called by RPC.
    type Called;

    #[wasm_bindgen(method, catch)]
    fn push(this: &Called, push: &str) -> Result<Promise, JsValue>;
}

/// The binding in `wrangler.toml`.
pub const BINDING: &str = "ROOM";
/// The object's name of the room of all servers.
const EVERYONE: &str = "room";

/// The address of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomAddress {
    /// The one of all servers: it admits, and it hears of everything.
    Everyone,
    /// A server's own. Nothing of another server ever comes there.
    Server(GuildId),
}

impl RoomAddress {
    /// The header of an answer that sends the Worker to a server's own room.
    pub const HEADER: &'static str = "X-Pulse-Place";

    /// The place of the object with this name; `None` for a name that is no room's.
    pub fn named(name: &str) -> Option<Self> {
        if name == EVERYONE { Some(Self::Everyone) } else { name.parse().ok().map(Self::Server) }
    }

    fn name(self) -> String {
        match self {
            Self::Everyone => EVERYONE.to_owned(),
            Self::Server(guild) => guild.to_string(),
        }
    }
}

/// `GET /ws`: checks what can be checked before the upgrade, and hands the socket to the room.
pub async fn open_socket(request: Request, settings: &Settings) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    if let Some(origin) = request.headers().get("Origin")?
        && origin != own_origin(&request, settings)?
    {
        return Err(Problem::new(403, "foreign_origin", "Another site may not open this socket."));
    }
    let upgrade = request.headers().get("Upgrade")?.unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Err(Problem::new(426, "upgrade_required", "Open this address as a WebSocket."));
    }
    // Any other epoch, of whatever form, is one that was never issued: its bearer gets everything.
    match (query(&request, "epoch")?, query(&request, "since")?) {
        (None, None) => {}
        (Some(_), Some(since)) if since.parse::<u64>().is_ok() => {}
        _ => return Err(bad_resume()),
    }
    ask(&credential, settings, &format!("/ws{}", search(&request)?), true).await
}

/// `GET /api/…`: the room answers those that may look.
pub async fn get(request: Request, settings: &Settings, path: &str) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    ask(&credential, settings, &format!("{path}{}", search(&request)?), false).await
}

/// Checks that the owner of a credential may look at a server's books; fails with 401, 403 or 404 otherwise.
pub async fn admit(credential: &Credential, settings: &Settings, guild: GuildId) -> Result<(), Problem> {
    if *credential == Credential::Program {
        return Ok(());
    }
    let answer =
        ask_at(RoomAddress::Everyone, credential, settings, &format!("/admit?room={guild}"), false).await?;
    match answer.status_code() {
        200 => Ok(()),
        403 => Err(Problem::forbidden()),
        404 => Err(Problem::not_found()),
        401 => Err(Problem::signed_out()),
        status => Err(unavailable(status)),
    }
}

/// Returns the owner of a credential if they may act on a server, or on everything where none is named.
pub async fn admit_actor(
    credential: &Credential,
    settings: &Settings,
    on: Option<GuildId>,
) -> Result<Actor, Problem> {
    let on = on.map(|guild| format!("?room={guild}")).unwrap_or_default();
    let mut answer =
        ask_at(RoomAddress::Everyone, credential, settings, &format!("/actor{on}"), false).await?;
    match answer.status_code() {
        200 => Ok(answer.json().await?),
        401 => Err(Problem::signed_out()),
        403 => Err(Problem::forbidden()),
        status => Err(unavailable(status)),
    }
}

fn unavailable(status: u16) -> Problem {
    Problem::new(503, "unavailable", format!("The room answered {status}."))
}

fn search(request: &Request) -> Result<String, Problem> {
    Ok(request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default())
}

/// Opens a session, where there is something to look at.
pub async fn open_session(settings: &Settings, opening: &OpenSession) -> Result<SessionOpened, Problem> {
    let answer = tell(&settings.objects(BINDING)?, "/sessions", opening).await?;
    serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer is not JSON", &error))
}

/// Closes a session, and sends its sockets away.
pub async fn close_session(settings: &Settings, closing: &CloseSession) -> Result<(), Problem> {
    tell(&settings.objects(BINDING)?, "/sessions/close", closing).await.map(drop)
}

/// Answers `GET /api/me`: the owner of a credential, as JSON.
pub async fn me(credential: &Credential, settings: &Settings) -> Result<Response, Problem> {
    ask_at(RoomAddress::Everyone, credential, settings, "/me", false).await
}

/// A browser names the page's origin with each POST. A cookie that comes without, or from elsewhere, proves nothing.
pub fn require_own_origin(request: &Request, settings: &Settings) -> Result<(), Problem> {
    let own = own_origin(request, settings)?;
    match request.headers().get("Origin")? {
        Some(origin) if origin == own => Ok(()),
        _ => Err(Problem::new(403, "foreign_origin", "Another site may not act here.")),
    }
}

/// `POST /api/report`: the bot-worker's look at the bot.
pub async fn post_report(mut request: Request, settings: &Settings) -> Result<Response, Problem> {
    admit_bot(&request, settings)?;
    let body = read_bounded(&mut request, REPORT_MAX_BYTES).await?;
    let report: Report =
        protocol::version::read(&body).map_err(|error| Problem::unread("bad_report", &error))?;
    let next = tell(&settings.objects(BINDING)?, "/report", &report).await?;
    let next: NextReport = serde_json::from_str(&next)
        .map_err(|error| Problem::failure("The room's answer is not JSON", &error))?;
    let headers = Headers::new();
    headers.set(NextReport::IN_MS_HEADER, &next.in_ms.to_string())?;
    headers.set(NextReport::JOBS_DUE_HEADER, if next.jobs_due { "yes" } else { "no" })?;
    Ok(Response::empty()?.with_status(204).with_headers(headers))
}

/// `GET /api/jobs`: the work that is due.
pub async fn get_jobs(request: &Request, settings: &Settings) -> Result<Response, Problem> {
    admit_bot(request, settings)?;
    let takes_answers = query(request, "takes")?.is_some_and(|what| what == ANSWERS);
    let jobs = tell(&settings.objects(BINDING)?, "/jobs", &takes_answers).await?;
    let response = Response::ok(jobs)?;
    response.headers().set("Content-Type", "application/json")?;
    Ok(response)
}

/// `POST /api/jobs/{id}`: how a job ended. One that is over already is over.
pub async fn settle_job(mut request: Request, settings: &Settings, id: &str) -> Result<Response, Problem> {
    admit_bot(&request, settings)?;
    if !job::is_id(id) {
        return Err(Problem::not_found());
    }
    let body = read_bounded(&mut request, SETTLEMENT_MAX_BYTES).await?;
    let settlement: Settlement = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(400, "bad_settlement", format!("Not a settlement: {error}")))?;
    let settled = Settled { id: id.to_owned(), settlement };
    tell(&settings.objects(BINDING)?, "/settled", &settled).await?;
    Ok(Response::empty()?.with_status(204))
}

/// Lets the bot-worker in, and nobody else.
fn admit_bot(request: &Request, settings: &Settings) -> Result<(), Problem> {
    if Credential::is_bot(request, settings)? {
        return Ok(());
    }
    let message = if settings.text("BOT_TOKEN").is_none() {
        "The edge has no BOT_TOKEN. Give it one with `wrangler secret put BOT_TOKEN`."
    } else {
        "BOT_TOKEN is not the one that the edge has."
    };
    Err(Problem::new(401, "bad_bot_token", message))
}

/// Delivers to a room what the journal gained; gives its answer.
pub async fn push(rooms: &Objects, place: RoomAddress, push: &Push) -> Result<Acknowledgement, Problem> {
    let push =
        serde_json::to_string(push).map_err(|error| Problem::failure("A delivery is not JSON", &error))?;
    let room: Called = rooms.named(&place.name())?.into_rpc();
    let told = async { JsFuture::from(room.push(&push)?).await };
    let answer = told.await.map_err(worker::Error::from)?.as_string().unwrap_or_default();
    serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer is not JSON", &error))
}

/// Tells the room of all servers something from within the edge; gives its answer.
pub async fn tell(rooms: &Objects, path: &str, what: &impl Serialize) -> Result<String, Problem> {
    tell_at(rooms, RoomAddress::Everyone, path, what).await
}

/// Tells a room something from within the edge; gives its answer.
pub async fn tell_at(
    rooms: &Objects,
    place: RoomAddress,
    path: &str,
    what: &impl Serialize,
) -> Result<String, Problem> {
    let body =
        serde_json::to_string(what).map_err(|error| Problem::failure("A message is not JSON", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    let mut response = rooms.named(&place.name())?.fetch_with_request(request).await?;
    let answer = response.text().await?;
    if response.status_code() == 200 {
        Ok(answer)
    } else {
        let message = format!("The room answered {}: {answer}", response.status_code());
        Err(Problem::new(503, "unavailable", message))
    }
}

/// Asks in the name of whoever showed this credential. The room of all servers admits; what is to be seen of one server
/// alone, it leaves to that server's own room.
async fn ask(
    credential: &Credential,
    settings: &Settings,
    path: &str,
    upgrade: bool,
) -> Result<Response, Problem> {
    let answer = ask_at(RoomAddress::Everyone, credential, settings, path, upgrade).await?;
    match answer.headers().get(RoomAddress::HEADER)? {
        None => Ok(answer),
        Some(name) => {
            let place = RoomAddress::named(&name)
                .ok_or_else(|| Problem::failure("The room sent elsewhere", &name))?;
            ask_at(place, credential, settings, path, upgrade).await
        }
    }
}

async fn ask_at(
    place: RoomAddress,
    credential: &Credential,
    settings: &Settings,
    path: &str,
    upgrade: bool,
) -> Result<Response, Problem> {
    let headers = Headers::new();
    headers.set(Credential::HEADER, &credential.to_header())?;
    if upgrade {
        headers.set("Upgrade", "websocket")?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    Ok(settings.objects(BINDING)?.named(&place.name())?.fetch_with_request(request).await?)
}

fn bad_resume() -> Problem {
    Problem::new(400, "bad_resume", "`epoch` takes what HELLO gave, `since` a whole number; both or none.")
}

/// The origin of Pulse's own page.
pub fn own_origin(request: &Request, settings: &Settings) -> Result<String, Problem> {
    let own = match settings.text("PUBLIC_URL") {
        Some(url) => {
            let parsed = worker::Url::parse(&url).ok();
            let usable = parsed.filter(|url| url.has_host() && url.scheme().starts_with("http"));
            usable.ok_or_else(|| {
                Problem::bad_setting("PUBLIC_URL", "expected something like https://pulse.example")
            })?
        }
        None => request.url()?,
    };
    Ok(own.origin().ascii_serialization())
}
