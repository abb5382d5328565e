//! The room's object: sockets and SQLite on one side, `protocol::room` on the other, and a drain loop between them.

mod alerting;
mod answering;
mod authorization;
mod events;
mod limit;
mod memory;
mod server;
mod sockets;
mod spreading;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use interactions::sql::SqlError;
use protocol::{
    Epoch, ServerMessage,
    job::Jobs,
    message::{PING, PONG},
    record::Acknowledgement,
    room::{self, Frame, Input, Output, SocketId},
};
use wasm_bindgen::{JsError, prelude::wasm_bindgen};
use worker::{Env, Request, Response, State, WebSocket, WebSocketIncomingMessage, durable_object};

use self::{authorization::Authorization, memory::Store, server::UpstreamSync, sockets::Sockets};
use crate::{
    answer::{LIMIT, Problem},
    clock::now,
    identity, log,
    session::Sessions,
    settings::Settings,
    sql::ObjectSql,
    stubs::room::RoomAddress,
};

/// The Durable Object of a room: sockets and SQLite on one side, the room of `protocol` on the other.
#[durable_object]
pub struct Room {
    inner: Rc<Inner>,
}

struct Inner {
    /// The address of this room; `None` where it cannot tell, and then `core` says why.
    place: Option<RoomAddress>,
    upstream: UpstreamSync,
    authorization: Authorization,
    settings: Settings,
    state: State,
    sql: ObjectSql,
    core: Result<RefCell<Core>, String>,
    /// The core has gone on without its rows, and they could not be read again.
    lost: Cell<bool>,
    /// A timer stands in for the alarm, which the storage does not take.
    timed: Cell<bool>,
}

struct Core {
    room: room::Room,
    sockets: Sockets,
}

/// The work that is left when the outputs have been performed: the alarm's API is asynchronous.
#[derive(Default)]
struct Reply {
    acknowledgement: Option<Acknowledgement>,
    jobs: Jobs,
    answer: Option<room::Answer>,
    ordered: Option<room::Ordered>,
    alarm: Option<Alarm>,
}

enum Alarm {
    In(u64),
    Never,
}

/// The methods that are called by RPC, with JSON for JSON.
#[wasm_bindgen]
impl Room {
    /// Whether the start has failed, or the rows could not be read again: the next call then makes the object anew
    /// (`entry.js`), as what was wrong may be mended.
    pub fn broken(&self) -> bool {
        self.inner.core.is_err() || self.inner.lost.get()
    }

    /// Takes a [`Push`] and answers it with an [`Acknowledgement`].
    ///
    /// # Errors
    ///
    /// Nothing of it was stored; the message says why.
    pub fn push(&self, push: &str) -> Result<String, JsError> {
        let acknowledgement = self.inner.record(push.as_bytes());
        let acknowledgement = acknowledgement.map_err(|problem| JsError::new(&problem.to_string()))?;
        Ok(serde_json::to_string(&acknowledgement)?)
    }
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
        let (place, settings) = (place_of(&state, &sql), Settings::new(env.clone()));
        let core = place.as_ref().map_err(String::clone).and_then(|_| {
            let everyone = matches!(place, Ok(RoomAddress::Everyone));
            let room =
                restore(&sql, &settings, &mut sockets, everyone).map_err(|problem| problem.to_string())?;
            Ok(RefCell::new(Core { room, sockets }))
        });
        let (place, upstream, lost) = (place.ok(), UpstreamSync::new(&env), Cell::new(false));
        let authorization = Authorization::default();
        let timed = Cell::new(false);
        let inner = Inner { place, upstream, authorization, settings, state, sql, core, lost, timed };
        Self { inner: Rc::new(inner) }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        match self.inner.route(request).await {
            Ok(response) => Ok(response),
            Err(problem) => problem.into_response(),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.inner.tick().await;
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

/// A room that cannot tell which one it is shows nobody anything: least of all what the room of all servers shows.
fn place_of(state: &State, sql: &ObjectSql) -> Result<RoomAddress, String> {
    let name = identity::name(state, sql).map_err(|error| error.to_string())?;
    RoomAddress::named(&name).ok_or_else(|| format!("`{name}` is the name of no room"))
}

/// The room as its rows tell. That of all servers keeps watch.
fn restore(
    sql: &ObjectSql,
    settings: &Settings,
    sockets: &mut Sockets,
    keeps_watch: bool,
) -> Result<room::Room, Problem> {
    let mut room = remembered(sql, settings, sockets)?;
    if keeps_watch {
        let page = settings.text("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned());
        room.keep_watch(page);
    }
    Ok(room)
}

fn remembered(sql: &ObjectSql, settings: &Settings, sockets: &mut Sockets) -> Result<room::Room, Problem> {
    let failure = |error: SqlError| Problem::database("The room's database", &error);
    Sessions::new(sql, settings).prepare().map_err(failure)?;
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
    fn core(&self) -> Result<&RefCell<Core>, Problem> {
        if self.lost.get() {
            return Err(Problem::failure(
                "The room has lost what it knew",
                &"its rows could not be read again",
            ));
        }
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
            log::error(&format_args!("the room: {error:?}"));
        }
    }

    /// The drain loop: hands the input to the core, performs what it wants.
    async fn take(self: &Rc<Self>, input: Input<'_>) -> Result<Reply, Problem> {
        let mut reply = self.drain(input)?;
        match reply.alarm.take() {
            Some(Alarm::In(wait_ms)) => self.arm(wait_ms).await?,
            Some(Alarm::Never) => self.state.storage().delete_alarm().await?,
            None => {}
        }
        Ok(reply)
    }

    /// Does the work of the alarm. It must not fail, for one that does is repeated, and then dropped.
    async fn tick(self: &Rc<Self>) {
        self.sync_upstream().await;
        if let Err(error) = self.end_old_sessions().await {
            log::error(&format_args!("the room's sessions: {error:?}"));
        }
        if let Err(error) = self.take(Input::Ticked).await {
            log::error(&format_args!("the room's tick: {error:?}"));
        }
    }

    /// The same as [`Self::take`] but for the alarm.
    fn drain(self: &Rc<Self>, input: Input<'_>) -> Result<Reply, Problem> {
        let mut reply = Reply::default();
        let (before, outputs) = {
            let room = &mut self.core()?.borrow_mut().room;
            if self.place == Some(RoomAddress::Everyone) {
                room.note_rows(now(), self.sql.take_rows()); // A server's own room tells of them when it asks.
            }
            (room.is_limited().then(|| room.clone()), room.handle(now(), input))
        };
        let was_limited = before.is_some();
        let rows = match self.store(&outputs) {
            Ok(rows) => rows,
            Err(problem) => {
                self.go_on_without_rows(problem, before, &outputs, &mut reply)?;
                0
            }
        };
        for output in outputs {
            self.perform(output, &mut reply)?;
        }
        if was_limited && rows > 0 {
            self.note_end_of_limit(&mut reply)?;
        }
        Ok(reply)
    }

    fn perform(self: &Rc<Self>, output: Output, reply: &mut Reply) -> Result<(), Problem> {
        match output {
            Output::Store(_) | Output::Forget(..) | Output::Delete(..) => {} // Done before, all at once.
            Output::Admit(id) => self.core()?.borrow_mut().sockets.admit(id),
            Output::Send(id, message) => self.core()?.borrow().sockets.send(id, frame(&message)?.as_ref()),
            Output::Broadcast(message) => self.core()?.borrow().sockets.broadcast(frame(&message)?.as_ref()),
            Output::Close(id, code) => self.core()?.borrow_mut().sockets.close(id, code),
            Output::Answer(answer) => reply.answer = Some(answer),
            Output::Spread(said, guilds) => self.spread(said, guilds),
            Output::RemindNoMore(guild, user) => self.remind_no_more(guild, user),
            Output::HandOut(jobs) => reply.jobs = jobs,
            Output::Ordered(ordered) => reply.ordered = Some(ordered),
            Output::Post(parcels) => self.post(parcels),
            Output::PostEvents(parcel) => self.post_events(parcel),
            Output::Acknowledge(acknowledgement) => reply.acknowledgement = Some(acknowledgement),
            Output::FlushIn(wait_ms) => self.flush_in(wait_ms),
            Output::TickIn(wait_ms) => reply.alarm = Some(Alarm::In(wait_ms)),
            Output::TickNever => reply.alarm = Some(Alarm::Never),
        }
        Ok(())
    }

    /// Writes all rows, or none: what an input changed is one thing. Gives how many were written.
    fn store(&self, outputs: &[Output]) -> Result<u64, Problem> {
        let store = Store(&self.sql);
        let failure = |error: SqlError| Problem::database("The room's database", &error);
        if !outputs
            .iter()
            .any(|output| matches!(output, Output::Store(_) | Output::Forget(..) | Output::Delete(..)))
        {
            return Ok(0);
        }
        self.sql.atomically(|| {
            let mut rows = 0;
            for output in outputs {
                rows += match output {
                    Output::Store(row) => store.write(row).map_err(failure)?,
                    Output::Forget(kind, below) => store.forget(*kind, *below).map_err(failure)?,
                    Output::Delete(kind, key) => store.delete(*kind, *key).map_err(failure)?,
                    _ => 0,
                };
            }
            Ok(rows)
        })
    }

    /// The core has gone on without its rows: it goes back to where they are.
    fn forget_what_was_not_stored(&self) -> Result<(), Problem> {
        let mut core = self.core()?.borrow_mut();
        let everyone = self.place == Some(RoomAddress::Everyone);
        let restored = restore(&self.sql, &self.settings, &mut core.sockets, everyone);
        self.lost.set(restored.is_err());
        core.room = restored?;
        Ok(())
    }

    fn flush_in(self: &Rc<Self>, wait_ms: u64) {
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            worker::Delay::from(Duration::from_millis(wait_ms)).await;
            inner.take_or_log(Input::Flushed).await;
        });
    }

    /// Arms the alarm when there is none, one that comes later, or one that a restart has left behind past due.
    async fn arm(self: &Rc<Self>, wait_ms: u64) -> Result<(), Problem> {
        let storage = self.state.storage();
        let armed = storage.get_alarm().await?;
        let wanted_before = now().0..=now().plus(wait_ms).0;
        if armed.is_none_or(|at| !wanted_before.contains(&at.unsigned_abs())) {
            match storage.set_alarm(Duration::from_millis(wait_ms)).await.map_err(Problem::from) {
                Err(problem) if problem.is(LIMIT) => self.tick_by_timer(wait_ms)?,
                Err(problem) => return Err(problem),
                Ok(()) => self.note_alarm()?,
            }
        }
        Ok(())
    }
}

/// One serialisation, one JavaScript string, however many sockets it goes to.
fn frame(message: &ServerMessage) -> Result<js_sys::JsString, Problem> {
    let text =
        serde_json::to_string(message).map_err(|error| Problem::failure("A frame is not JSON", &error))?;
    Ok(js_sys::JsString::from(text))
}
