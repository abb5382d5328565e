//! The room's object: sockets and SQLite on one side, `protocol::room` on the other, and a drain loop between them.

mod events;
mod gate;
mod memory;
mod server;
mod sockets;

use std::{cell::RefCell, rc::Rc, time::Duration};

use interactions::sql::SqlError;
use protocol::{
    Epoch, Seq, ServerMessage, Timestamp,
    history::Range,
    job::{Jobs, Settlement},
    message::{CloseCode, PING, PONG},
    record::{Acknowledgement, Push},
    room::{self, Frame, Input, Output, Refusal, SESSION_SOCKETS_MAX, SocketId},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{
    Env, Method, Request, Response, State, WebSocket, WebSocketIncomingMessage, WebSocketPair, console_error,
    durable_object,
};

pub use self::gate::{
    BINDING, Place, admit, get, get_jobs, open_socket, post_report, settle_job, tell, tell_at,
};
use self::{events::EventQuery, memory::Store, server::Attendance, sockets::Sockets};
use crate::{
    answer::Problem,
    session::{Credential, Sessions, query},
    sql::ObjectSql,
};

/// The object.
#[durable_object]
pub struct Room {
    inner: Rc<Inner>,
}

struct Inner {
    place: Place,
    attendance: Attendance,
    state: State,
    sql: ObjectSql,
    core: Result<RefCell<Core>, String>,
}

struct Core {
    room: room::Room,
    sockets: Sockets,
}

/// How a job ended, as the Worker tells it.
#[derive(Serialize, Deserialize)]
struct Settled {
    id: String,
    settlement: Settlement,
}

/// What is left to do when the outputs have been performed: the alarm's API is asynchronous.
#[derive(Default)]
struct Rest {
    acknowledgement: Option<Acknowledgement>,
    jobs: Jobs,
    alarm: Option<Alarm>,
}

enum Alarm {
    In(u64),
    Never,
}

impl worker::DurableObject for Room {
    fn new(state: State, env: Env) -> Self {
        if let Ok(pair) = worker::worker_sys::WebSocketRequestResponsePair::new(PING, PONG) {
            state.set_websocket_auto_response(&pair);
        }
        let sql = ObjectSql::new(&state);
        let mut sockets = Sockets::restore(&state);
        // A constructor cannot fail; what went wrong is said with each answer. Without its rows the room would number
        // anew under an old epoch.
        let core = restore(&sql, &mut sockets).map(|room| RefCell::new(Core { room, sockets }));
        let place = state.id().name().map_or(Place::Everyone, |name| Place::named(&name));
        let (attendance, core) = (Attendance::new(&env), core.map_err(|problem| problem.to_string()));
        Self { inner: Rc::new(Inner { place, attendance, state, sql, core }) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        match self.inner.route(request).await {
            Ok(response) => Ok(response),
            Err(problem) => problem.into_response(),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.inner.attend().await;
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
        return Ok(room::Room::restore(memory, sockets.whose()));
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
                let push: Push = read(&mut request).await?;
                if matches!(self.place, Place::Server(own) if own != push.guild_id) {
                    return Err(Problem::forbidden());
                }
                let rest = self.take(Input::Recorded(push)).await?;
                Ok(Response::from_json(&rest.acknowledgement)?)
            }
            (Method::Post, "/report") => {
                let report = read(&mut request).await?;
                self.take(Input::Reported(report)).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/jobs") => {
                let rest = self.take(Input::Pulled).await?;
                Ok(Response::from_json(&rest.jobs)?)
            }
            (Method::Post, "/settled") => {
                let Settled { id, settlement } = request.json().await?;
                self.take(Input::Settled(id, settlement)).await?;
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
            (Method::Post, "/attend") => Ok(Response::from_json(&self.attended(&request.json().await?)?)?),
            (Method::Get, path) => {
                let shown = request.headers().get(Credential::HEADER)?;
                let credential = shown.and_then(|value| Credential::from_header(&value));
                let credential = credential.ok_or_else(Problem::signed_out)?;
                if self.place == Place::Everyone {
                    return self.admit(path, &request, &credential).await;
                }
                self.attend_if_due().await;
                self.show(path, &request, &credential).await
            }
            _ => Err(Problem::not_found()),
        }
    }

    /// Shows what there is to see here, or says in which room it is to be seen.
    async fn admit(
        self: &Rc<Self>,
        path: &str,
        request: &Request,
        credential: &Credential,
    ) -> Result<Response, Problem> {
        let scope = Sessions(&self.sql).scope(credential, now());
        let scope = scope.map_err(|error| Problem::failure("The sessions", &error))?;
        let scope = scope.ok_or_else(Problem::signed_out)?;
        let asked = query(request, "room")?.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose();
        let asked = asked.map_err(|_| Problem::bad_query(&"`room` takes a server's id"))?;
        if path == "/guilds" {
            let mut guilds = self.core()?.borrow().room.guilds();
            guilds.retain(|guild| scope.covers(guild.id));
            return Ok(Response::from_json(&guilds)?);
        }
        match scope.place(asked).ok_or_else(Problem::forbidden)? {
            _ if path == "/admit" => Ok(Response::ok("")?),
            Place::Everyone => self.show(path, request, credential).await,
            Place::Server(guild) if self.core()?.borrow().room.knows(guild) => {
                let elsewhere = Response::ok("")?;
                elsewhere.headers().set(Place::HEADER, &guild.to_string())?;
                Ok(elsewhere)
            }
            Place::Server(_) => Err(Problem::not_found()),
        }
    }

    async fn show(
        self: &Rc<Self>,
        path: &str,
        request: &Request,
        credential: &Credential,
    ) -> Result<Response, Problem> {
        match path {
            "/ws" => self.join(request, credential).await,
            "/snapshot" => Ok(Response::from_json(&self.core()?.borrow().room.snapshot(now()))?),
            "/history" => {
                let word = query(request, "range")?.unwrap_or_default();
                let range: Range = word.parse().map_err(|error| Problem::bad_query(&error))?;
                Ok(Response::from_json(&self.core()?.borrow().room.history(now(), range))?)
            }
            "/room" => Ok(Response::from_json(&self.core()?.borrow().room.state())?),
            "/events" => EventQuery::parse(request)?.run(&self.sql)?.into_json(),
            "/events.csv" => EventQuery::parse(request)?.run(&self.sql)?.into_csv(),
            _ => Err(Problem::not_found()),
        }
    }

    async fn join(self: &Rc<Self>, request: &Request, credential: &Credential) -> Result<Response, Problem> {
        let resume = match (query(request, "epoch")?, query(request, "since")?) {
            (Some(epoch), Some(since)) => epoch.parse().ok().zip(since.parse().ok().map(Seq)),
            _ => None,
        };
        let session = credential.session();
        let knocked = self.core()?.borrow_mut().room.knock(now(), session);
        let pair = WebSocketPair::new()?;
        match knocked {
            Ok(()) => {
                let id = self.core()?.borrow_mut().sockets.accept(&self.state, pair.server, session)?;
                self.take(Input::Joined(id, session, resume)).await?;
            }
            // A browser shows its page a close code, but no status. This socket is none of those that the room holds.
            Err(Refusal::RoomFull) => {
                let full = CloseCode::RoomFull;
                pair.server.accept()?;
                pair.server.close(Some(full.number()), Some(full.reason()))?;
            }
            Err(Refusal::TooManySockets) => return Err(too_many_sockets()),
            Err(Refusal::TooManyJoins { retry_in_ms }) => return Err(too_many_joins(retry_in_ms)),
        }
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
            Output::Store(_) | Output::Forget(..) | Output::Delete(..) => {} // Done before, all at once.
            Output::Admit(id) => self.core()?.borrow_mut().sockets.admit(id),
            Output::Send(id, message) => self.core()?.borrow().sockets.send(id, frame(&message)?.as_ref()),
            Output::Broadcast(message) => self.core()?.borrow().sockets.broadcast(frame(&message)?.as_ref()),
            Output::Close(id, code) => self.core()?.borrow_mut().sockets.close(id, code),
            Output::HandOut(jobs) => rest.jobs = jobs,
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
        if !outputs
            .iter()
            .any(|output| matches!(output, Output::Store(_) | Output::Forget(..) | Output::Delete(..)))
        {
            return Ok(());
        }
        self.sql.atomically(|| {
            for output in outputs {
                match output {
                    Output::Store(row) => store.write(row).map_err(failure)?,
                    Output::Forget(kind, below) => store.forget(*kind, *below).map_err(failure)?,
                    Output::Delete(kind, key) => store.delete(*kind, *key).map_err(failure)?,
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

/// A message of another part of the edge, which may be of an older version, or of a newer one.
async fn read<T: DeserializeOwned>(request: &mut Request) -> Result<T, Problem> {
    protocol::version::read(&request.bytes().await?).map_err(|error| Problem::unread("bad_message", &error))
}

fn too_many_sockets() -> Problem {
    let message = format!("One session holds at most {SESSION_SOCKETS_MAX} sockets.");
    Problem::new(429, "too_many_sockets", message)
}

fn too_many_joins(retry_in_ms: u64) -> Problem {
    let message = "This session opens sockets faster than it may.";
    Problem::new(429, "too_many_joins", message).retry_after(retry_in_ms)
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
