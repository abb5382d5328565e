//! The room's object: sockets and SQLite on one side, `protocol::room` on the other, and a drain loop between them.

mod memory;
mod sockets;

use std::{cell::RefCell, rc::Rc, time::Duration};

use interactions::sql::SqlError;
use protocol::{
    Epoch, Report, Seq, ServerMessage, Timestamp,
    message::{PING, PONG},
    record::Acknowledgement,
    report::REPORT_MAX_BYTES,
    room::{self, Frame, Input, Output, SocketId},
};
use serde::Serialize;
use worker::{
    Env, Headers, Method, ObjectNamespace, Request, RequestInit, Response, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, console_error, durable_object,
};

use self::{memory::Store, sockets::Sockets};
use crate::{
    answer::{Problem, read_bounded},
    session::{Credential, Sessions, query},
    settings::Settings,
    sql::ObjectSql,
};

/// The binding in `wrangler.toml`.
pub const BINDING: &str = "ROOM";
/// There is one room.
const NAME: &str = "room";

/// `GET /ws`: checks what can be checked before the upgrade, and hands the socket to the room.
pub async fn open_socket(request: Request, settings: &Settings) -> Result<Response, Problem> {
    let upgrade = request.headers().get("Upgrade")?.unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Err(Problem::new(426, "upgrade_required", "Open this address as a WebSocket."));
    }
    let credential = Credential::of(&request, settings)?;
    if let Some(origin) = request.headers().get("Origin")?
        && origin != own_origin(&request, settings)?
    {
        return Err(Problem::new(403, "foreign_origin", "Another site may not open this socket."));
    }
    let resume = match (query(&request, "epoch")?, query(&request, "since")?) {
        (None, None) => String::new(),
        (Some(epoch), Some(since)) => match (epoch.parse::<Epoch>(), since.parse::<u64>()) {
            (Ok(epoch), Ok(since)) => format!("?epoch={epoch}&since={since}"),
            _ => return Err(bad_resume()),
        },
        _ => return Err(bad_resume()),
    };
    let headers = Headers::new();
    headers.set("Upgrade", "websocket")?;
    ask(&credential, settings, &format!("/ws{resume}"), headers).await
}

/// `GET /api/…`: the room answers those that may look.
pub async fn get(request: Request, settings: &Settings, path: &str) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    let search = request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default();
    ask(&credential, settings, &format!("{path}{search}"), Headers::new()).await
}

/// Whether a request may look at what is not the room's own.
pub async fn admit(request: &Request, settings: &Settings) -> Result<(), Problem> {
    let credential = Credential::of(request, settings)?;
    if credential == Credential::Program {
        return Ok(());
    }
    let answer = ask(&credential, settings, "/admit", Headers::new()).await?;
    if answer.status_code() == 200 { Ok(()) } else { Err(Problem::signed_out()) }
}

/// `POST /api/report`: the bot-worker's look at the bot.
pub async fn post_report(mut request: Request, settings: &Settings) -> Result<Response, Problem> {
    let authorization = request.headers().get("Authorization")?.unwrap_or_default();
    let permitted =
        authorization.strip_prefix("Bearer ").is_some_and(|token| settings.is_secret("BOT_TOKEN", token));
    if !permitted {
        return Err(Problem::new(401, "bad_bot_token", "BOT_TOKEN is not the one that the edge has."));
    }
    let body = read_bounded(&mut request, REPORT_MAX_BYTES).await?;
    let report: Report = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(400, "bad_report", format!("Not a report: {error}.")))?;
    tell(&settings.objects(BINDING)?, "/report", &report).await?;
    Ok(Response::empty()?.with_status(204))
}

/// Tells the room something from within the edge; gives its answer.
pub async fn tell(objects: &ObjectNamespace, path: &str, what: &impl Serialize) -> Result<String, Problem> {
    let body =
        serde_json::to_string(what).map_err(|error| Problem::failure("A message is not JSON", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    let mut response = objects.get_by_name(NAME)?.fetch_with_request(request).await?;
    let answer = response.text().await?;
    if response.status_code() == 200 {
        Ok(answer)
    } else {
        Err(Problem::new(503, "unavailable", format!("The room answered {}.", response.status_code())))
    }
}

/// Asks the room in the name of whoever showed this credential.
async fn ask(
    credential: &Credential,
    settings: &Settings,
    path: &str,
    headers: Headers,
) -> Result<Response, Problem> {
    headers.set(Credential::HEADER, &credential.to_header())?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    Ok(settings.objects(BINDING)?.get_by_name(NAME)?.fetch_with_request(request).await?)
}

fn bad_resume() -> Problem {
    Problem::new(400, "bad_resume", "`epoch` takes hexadecimal digits, `since` a whole number; both or none.")
}

fn own_origin(request: &Request, settings: &Settings) -> Result<String, Problem> {
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

/// The object.
#[durable_object]
pub struct Room {
    inner: Rc<Inner>,
}

struct Inner {
    state: State,
    sql: ObjectSql,
    core: Result<RefCell<Core>, String>,
}

struct Core {
    room: room::Room,
    sockets: Sockets,
}

/// What is left to do when the outputs have been performed: the alarm's API is asynchronous.
#[derive(Default)]
struct Rest {
    acknowledgement: Option<Acknowledgement>,
    alarm: Option<Alarm>,
}

enum Alarm {
    In(u64),
    Never,
}

impl worker::DurableObject for Room {
    fn new(state: State, _env: Env) -> Self {
        if let Ok(pair) = worker::worker_sys::WebSocketRequestResponsePair::new(PING, PONG) {
            state.set_websocket_auto_response(&pair);
        }
        let sql = ObjectSql::new(&state);
        let mut sockets = Sockets::restore(&state);
        // A constructor cannot fail; what went wrong is said with each answer. Without its rows the room would number
        // anew under an old epoch.
        let core = restore(&sql, &mut sockets).map(|room| RefCell::new(Core { room, sockets }));
        Self { inner: Rc::new(Inner { state, sql, core: core.map_err(|problem| problem.to_string()) }) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        match self.inner.route(request).await {
            Ok(response) => Ok(response),
            Err(problem) => problem.into_response(),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        if let Err(error) = self.inner.take(Input::Ticked).await {
            console_error!("the room's tick: {error:?}"); // An alarm that fails is repeated, and then dropped.
        }
        Response::empty()
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        let Some(id) = sockets::id_of(&socket) else { return Ok(()) };
        let frame = match &message {
            WebSocketIncomingMessage::String(text) => Frame::Text(text),
            WebSocketIncomingMessage::Binary(_) => Frame::Binary,
        };
        self.inner.take_or_log(Input::Said(id, frame)).await;
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _: String,
        _: bool,
    ) -> worker::Result<()> {
        if let Some(id) = sockets::id_of(&socket) {
            self.inner.left(id).await;
        }
        sockets::answer_close(&socket, code);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _: worker::Error) -> worker::Result<()> {
        if let Some(id) = sockets::id_of(&socket) {
            self.inner.left(id).await;
        }
        Ok(())
    }
}

fn restore(sql: &ObjectSql, sockets: &mut Sockets) -> Result<room::Room, Problem> {
    let failure = |error: SqlError| Problem::failure("The room's database", &error);
    Sessions(sql).prepare().map_err(failure)?;
    let store = Store(sql);
    store.prepare().map_err(failure)?;
    if let Some(memory) = store.remember().map_err(|error| Problem::failure("The room's memory", &error))? {
        return Ok(room::Room::restore(memory, sockets.ids()));
    }
    sockets.restart(); // They listen to an epoch that is lost.
    let mut entropy = [0; 8];
    getrandom::fill(&mut entropy).map_err(|error| Problem::failure("No entropy", &error))?;
    let (room, outputs) = room::Room::new(Epoch(u64::from_le_bytes(entropy)));
    for output in outputs {
        if let Output::Store(row) = output {
            store.write(&row).map_err(failure)?;
        }
    }
    Ok(room)
}

impl Inner {
    async fn route(self: &Rc<Self>, mut request: Request) -> Result<Response, Problem> {
        let path = request.path();
        match (request.method(), path.as_str()) {
            (Method::Post, "/push") => {
                let push = request.json().await?;
                let rest = self.take(Input::Recorded(push)).await?;
                Ok(Response::from_json(&rest.acknowledgement)?)
            }
            (Method::Post, "/report") => {
                let report = request.json().await?;
                self.take(Input::Reported(report)).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/failed") => {
                let event = request.json().await?;
                self.take(Input::Failed(event)).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/sessions") => {
                let link: String = request.json().await?;
                let opened = Sessions(&self.sql).open_by_link(&link, now());
                let token = opened.map_err(|error| Problem::failure("The sessions", &error))?;
                Ok(Response::ok(token.unwrap_or_default())?)
            }
            (Method::Get, path) => {
                self.admit(&request)?;
                self.show(path, &request).await
            }
            _ => Err(Problem::not_found()),
        }
    }

    async fn show(self: &Rc<Self>, path: &str, request: &Request) -> Result<Response, Problem> {
        match path {
            "/ws" => self.join(request).await,
            "/admit" => Ok(Response::ok("")?),
            "/snapshot" => Ok(Response::from_json(&self.core()?.borrow().room.snapshot(now()))?),
            "/guilds" => Ok(Response::from_json(&self.core()?.borrow().room.guilds())?),
            "/events" => Ok(Response::from_json(&memory::EventQuery::parse(request)?.run(&self.sql)?)?),
            _ => Err(Problem::not_found()),
        }
    }

    fn admit(&self, request: &Request) -> Result<(), Problem> {
        let shown = request.headers().get(Credential::HEADER)?;
        let credential =
            shown.and_then(|value| Credential::from_header(&value)).ok_or_else(Problem::signed_out)?;
        match Sessions(&self.sql).admit(&credential, now()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Problem::signed_out()),
            Err(error) => Err(Problem::failure("The sessions", &error)),
        }
    }

    async fn join(self: &Rc<Self>, request: &Request) -> Result<Response, Problem> {
        let resume = match (query(request, "epoch")?, query(request, "since")?) {
            (Some(epoch), Some(since)) => epoch.parse().ok().zip(since.parse().ok().map(Seq)),
            _ => None,
        };
        let pair = WebSocketPair::new()?;
        let id = self.core()?.borrow_mut().sockets.accept(&self.state, pair.server)?;
        self.take(Input::Joined(id, resume)).await?;
        Ok(Response::from_websocket(pair.client)?)
    }

    fn core(&self) -> Result<&RefCell<Core>, Problem> {
        self.core.as_ref().map_err(|broken| Problem::failure("The room has not come up", broken))
    }

    async fn left(self: &Rc<Self>, id: SocketId) {
        if let Ok(core) = &self.core {
            core.borrow_mut().sockets.forget(id);
        }
        self.take_or_log(Input::Left(id)).await;
    }

    async fn take_or_log(self: &Rc<Self>, input: Input<'_>) {
        if let Err(error) = self.take(input).await {
            console_error!("the room: {error:?}");
        }
    }

    /// The drain loop: hands the input to the core, performs what it wants.
    async fn take(self: &Rc<Self>, input: Input<'_>) -> Result<Rest, Problem> {
        let mut rest = Rest::default();
        let outputs = self.core()?.borrow_mut().room.handle(now(), input);
        if let Err(problem) = self.store(&outputs) {
            self.forget_what_was_not_stored()?;
            return Err(problem);
        }
        for output in outputs {
            self.perform(output, &mut rest)?;
        }
        match rest.alarm.take() {
            Some(Alarm::In(wait_ms)) => self.arm(wait_ms).await?,
            Some(Alarm::Never) => self.state.storage().delete_alarm().await?,
            None => {}
        }
        Ok(rest)
    }

    fn perform(self: &Rc<Self>, output: Output, rest: &mut Rest) -> Result<(), Problem> {
        match output {
            Output::Store(_) | Output::Forget(..) => {} // Done before, all at once.
            Output::Admit(id) => self.core()?.borrow_mut().sockets.admit(id),
            Output::Send(id, message) => self.core()?.borrow().sockets.send(id, frame(&message)?.as_ref()),
            Output::Broadcast(message) => self.core()?.borrow().sockets.broadcast(frame(&message)?.as_ref()),
            Output::Close(id, code) => self.core()?.borrow_mut().sockets.close(id, code),
            Output::Acknowledge(acknowledgement) => rest.acknowledgement = Some(acknowledgement),
            Output::FlushIn(wait_ms) => self.flush_in(wait_ms),
            Output::TickIn(wait_ms) => rest.alarm = Some(Alarm::In(wait_ms)),
            Output::TickNever => rest.alarm = Some(Alarm::Never),
        }
        Ok(())
    }

    /// Writes all rows, or none: what an input changed is one thing.
    fn store(&self, outputs: &[Output]) -> Result<(), Problem> {
        let store = Store(&self.sql);
        let failure = |error: SqlError| Problem::failure("The room's database", &error);
        if !outputs.iter().any(|output| matches!(output, Output::Store(_) | Output::Forget(..))) {
            return Ok(());
        }
        self.sql.atomically(|| {
            for output in outputs {
                match output {
                    Output::Store(row) => store.write(row).map_err(failure)?,
                    Output::Forget(kind, below) => store.forget(*kind, *below).map_err(failure)?,
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// The core has gone on without its rows: it goes back to where they are.
    fn forget_what_was_not_stored(&self) -> Result<(), Problem> {
        let mut core = self.core()?.borrow_mut();
        core.room = restore(&self.sql, &mut core.sockets)?;
        Ok(())
    }

    fn flush_in(self: &Rc<Self>, wait_ms: u64) {
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            worker::Delay::from(Duration::from_millis(wait_ms)).await;
            inner.take_or_log(Input::Flushed).await;
        });
    }

    /// Arms the alarm when there is none, or one that a restart has left behind past due.
    async fn arm(&self, wait_ms: u64) -> Result<(), Problem> {
        let storage = self.state.storage();
        let armed = storage.get_alarm().await?;
        if armed.is_none_or(|at| at.unsigned_abs() < now().0) {
            storage.set_alarm(Duration::from_millis(wait_ms)).await?;
        }
        Ok(())
    }
}

fn now() -> Timestamp {
    Timestamp(worker::Date::now().as_millis())
}

/// One serialisation, one JavaScript string, however many sockets it goes to.
fn frame(message: &ServerMessage) -> Result<js_sys::JsString, Problem> {
    let text =
        serde_json::to_string(message).map_err(|error| Problem::failure("A frame is not JSON", &error))?;
    Ok(js_sys::JsString::from(text))
}
