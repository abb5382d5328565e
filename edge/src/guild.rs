//! One object a server: its books over its own SQLite. It answers calls, and pushes what the journal gained to the room.

mod acting;
mod journal;
mod outbox;
mod proving;
mod reading;

use std::{cell::Cell, rc::Rc};

use interactions::{
    Books, BooksError, Call,
    books::{Listener, STORE_MAX_BYTES},
    interaction::Autocomplete,
    limit, reply, schema,
    service::{Answered, NoRow},
    sql,
};
use protocol::{GuildId, Timestamp, UserId};
use wasm_bindgen::{JsError, prelude::wasm_bindgen};
use worker::{Env, Method, Request, Response, State, WebSocket, WebSocketIncomingMessage, durable_object};

use self::{outbox::Outboxes, proving::Proofs};
use crate::{
    answer::Problem,
    clock::now,
    identity::{self, Nameless},
    log,
    objects::Objects,
    settings::Settings,
    sql::ObjectSql,
    stubs::{
        guild::{ACT, Answer, FOLLOW, MAINTENANCE, PROVE, Question, REMIND_NO_MORE},
        room,
    },
};

/// The setting with what an object may store, in megabytes.
const STORE_MAX_MB: &str = "STORE_MAX_MB";
/// Why the books did not answer.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error("the books have not come up: {0}")]
    Broken(String),
    #[error("asked for what concerns server {0}")]
    Foreign(GuildId),
    #[error("asked by release {0} of the protocol, which this object does not know yet")]
    Newer(u32),
    #[error("no entropy: {0}")]
    Entropy(String),
    #[error(transparent)]
    Nameless(#[from] Nameless),
    #[error(transparent)]
    Books(#[from] BooksError),
    #[error("the transaction failed: {0}")]
    Transaction(#[from] worker::Error),
}

impl AnswerError {
    /// Whether a limit of the plan is reached, which may have kept the books from coming up, too.
    fn is_limit(&self) -> bool {
        limit::is_limit(&self.to_string())
    }

    /// Whether the storage has no room for what was to be written.
    fn is_full(&self) -> bool {
        match self {
            Self::Books(error) => error.is_full(),
            Self::Transaction(error) => sql::is_full(&error.to_string()),
            _ => false,
        }
    }
}

/// The Durable Object of one server: its books, over its own SQLite.
#[durable_object]
pub struct Guild {
    inner: Rc<Inner>,
}

struct Inner {
    state: State,
    books: Books<ObjectSql>,
    rooms: Result<Objects, Problem>,
    /// The server whose books these are, or what went wrong in the constructor, to be said with each answer: a constructor
    /// cannot fail.
    started: Result<GuildId, String>,
    outboxes: Outboxes,
    proofs: Proofs,
    alarm_armed: Cell<bool>,
    /// Whether the log has it that there is no room: a line for each command would say nothing more.
    has_said_full: Cell<bool>,
}

/// The methods that are called by RPC, with JSON for JSON.
#[wasm_bindgen]
impl Guild {
    /// Whether the start has failed: the next call then makes the object anew (`entry.js`), as what was wrong may be mended.
    pub fn broken(&self) -> bool {
        self.inner.started.is_err()
    }

    /// Answers a [`Question`] with an [`Answer`].
    ///
    /// # Errors
    ///
    /// Nothing has happened; the log says why.
    pub fn answer(&self, question: &str) -> Result<String, JsError> {
        let now = now();
        let question: Question<'_> = serde_json::from_str(question)?;
        match self.inner.answer(now, &question) {
            Ok(answered) => {
                // In a storage without room the alarm of a push would fail, and take the answer with it.
                if !self.inner.has_said_full.get() {
                    Inner::push_soon(&self.inner, now, question.call.guild);
                    Inner::make_room_soon(&self.inner);
                }
                Ok(serde_json::to_string(&Answer::try_from(answered)?)?)
            }
            Err(error) if error.is_limit() => {
                log::error(&format_args!("server {}: {error}", question.call.guild));
                let answered = self.inner.answer_at_limit(now, &question)?;
                Ok(serde_json::to_string(&Answer::try_from(answered)?)?)
            }
            Err(error) => {
                log::error(&format_args!("server {}: {error}", question.call.guild));
                Err(JsError::new("the books did not answer"))
            }
        }
    }
}

impl worker::DurableObject for Guild {
    fn new(state: State, env: Env) -> Self {
        let store_max = Settings::new(env.clone()).number(STORE_MAX_MB).ok().flatten();
        let store_max = store_max.map_or(STORE_MAX_BYTES, |megabytes| megabytes.saturating_mul(1_000_000));
        let books = Books::new(ObjectSql::new(&state)).bounded(store_max);
        let started = start(&state, &books).map_err(|error| error.to_string());
        let inner = Inner {
            state,
            books,
            rooms: Objects::bound(&env, room::BINDING),
            started,
            outboxes: Outboxes::default(),
            proofs: Proofs::default(),
            alarm_armed: Cell::new(false),
            has_said_full: Cell::new(false),
        };
        Self { inner: Rc::new(inner) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if let Err(error) = self.inner.guild() {
            return Problem::failure("The books do not answer", &error).into_response();
        }
        if request.method() == Method::Get {
            return self.inner.read(&request).or_else(Problem::into_response);
        }
        let now = now();
        if request.path() == FOLLOW {
            return self.inner.follow(now).await.or_else(Problem::into_response);
        }
        if request.path() == PROVE {
            return self.inner.prove_piece(&mut request).await.or_else(Problem::into_response);
        }
        if request.path() == ACT {
            return self.inner.act(now, &mut request).await.or_else(Problem::into_response);
        }
        if request.path() == MAINTENANCE {
            let heard = self.inner.hear_of_maintenance(request.json().await?);
            return heard.map_or_else(Problem::into_response, |()| Response::ok(""));
        }
        if request.path() == REMIND_NO_MORE {
            let user: UserId = request.json().await?;
            let heard = self.inner.whole(|books| books.remind_no_more(user));
            return heard.map_or_else(
                |error| Problem::failure("The books could not be kept", &error).into_response(),
                |()| Response::ok(""),
            );
        }
        if request.path() == "/complete" {
            let lookup: Autocomplete = request.json().await?;
            let choices = self.inner.books.autocomplete(&lookup).unwrap_or_else(|error| {
                log::error(&format_args!("server {}: no choices: {error}", lookup.guild));
                Vec::new()
            });
            return Response::from_json(&reply::choices(choices));
        }
        Problem::not_found().into_response()
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.inner.alarm_armed.set(false);
        let now = now();
        if let Err(error) = self.inner.wake(now).await {
            // A failing alarm would be repeated and then dropped; the next command arms a new one.
            log::error(&format_args!("the books' alarm: {error}"));
        }
        Response::empty()
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> worker::Result<()> {
        Ok(())
    }
}

impl Inner {
    fn answer(&self, now: Timestamp, question: &Question<'_>) -> Result<Answered, AnswerError> {
        self.check_ready(question.version, question.call.guild)?;
        let handled_ms = u32::try_from(now.since(question.arrived_at)).unwrap_or(u32::MAX);
        let (entropy, call) = (entropy()?, &*question.call);
        if question.without_room {
            return self.answer_when_full(now, entropy, call);
        }
        match self.whole(|books| books.answer(now, entropy, call, handled_ms)) {
            Err(error) if error.is_full() => self.answer_when_full(now, entropy, call),
            answered => {
                let has_written = answered.as_ref().is_ok_and(|answered| answered.rows_written > 0);
                self.has_said_full.set(self.has_said_full.get() && !has_written);
                answered
            }
        }
    }

    /// Answers while the storage has no room: nothing is lost, and what needs no row goes on.
    fn answer_when_full(&self, now: Timestamp, entropy: u64, call: &Call) -> Result<Answered, AnswerError> {
        if !self.has_said_full.replace(true) {
            log::error(&format_args!(
                "server {}: the storage is full; what only looks is answered",
                call.guild
            ));
        }
        match self.whole(|books| books.answer_without_row(now, entropy, call, NoRow::Full)) {
            Err(error) if error.is_full() => {
                Ok(NoRow::Full.refuse(now, call.pressed).map_err(BooksError::from)?)
            }
            answered => answered,
        }
    }

    /// Has the background's work look for room, in books that are full: nobody else would wake it, as nothing is written.
    fn make_room_soon(inner: &Rc<Self>) {
        if inner.books.is_full().unwrap_or(false) {
            let keeper = Rc::clone(inner);
            inner.state.wait_until(async move {
                if let Err(error) = keeper.arm_alarm(outbox::LOST_PUSH_MS).await {
                    log::error(&format_args!("the alarm of full books: {error}"));
                }
            });
        }
    }

    /// The answer while a limit of the plan is reached: it writes nothing, and where nothing can be read either, it says when to
    /// come again.
    fn answer_at_limit(
        &self,
        now: Timestamp,
        question: &Question<'_>,
    ) -> Result<Answered, serde_json::Error> {
        let call = &question.call;
        let read = || {
            self.check_ready(question.version, call.guild)?;
            Ok::<_, AnswerError>(self.books.answer_without_row(now, entropy()?, call, NoRow::Limited)?)
        };
        let answered = read().or_else(|_| NoRow::Limited.refuse(now, call.pressed));
        self.books.forget();
        answered
    }

    /// Checks that the tables are in place, that the caller means these books, and that its version is known.
    fn check_ready(&self, version: u32, guild: GuildId) -> Result<(), AnswerError> {
        if self.guild()? != guild {
            return Err(AnswerError::Foreign(guild));
        }
        if version > protocol::VERSION {
            return Err(AnswerError::Newer(version));
        }
        Ok(())
    }

    /// Runs what writes, and keeps all of it or nothing.
    fn whole<T>(
        &self,
        write: impl FnOnce(&Books<ObjectSql>) -> Result<T, BooksError>,
    ) -> Result<T, AnswerError> {
        let written = self.books.sql().atomically(|| write(&self.books).map_err(AnswerError::from));
        if written.is_err() {
            self.books.forget();
        }
        written
    }

    /// The alarm: pushes what is not acknowledged, then writes down what is, and does one step of the background's work. It
    /// arms the next alarm only if something is left: quiet books sleep, and cost nothing.
    async fn wake(&self, now: Timestamp) -> Result<(), AnswerError> {
        let guild = self.guild()?;
        for listener in Listener::ALL {
            self.push(listener, now, guild).await;
        }
        let more = match self.whole(|books| books.tidy(now)) {
            Err(error) if error.is_full() => self.whole(|books| books.make_room(now))?,
            tidied => tidied?,
        };
        if more {
            self.arm_alarm(outbox::NEXT_STEP_MS).await?;
        } else if self.outboxes.are_pushing() {
            self.arm_alarm(outbox::LOST_PUSH_MS).await?;
        } else if let Some(wait_ms) = self.outboxes.repeat_in_ms(now) {
            // The alarm that a failure has armed may have been this one, which came for the other listener.
            self.arm_alarm(wait_ms).await?;
        } else {
            self.disarm_alarm().await?;
        }
        Ok(())
    }

    /// Tells the server's own room what it has missed, and what comes.
    async fn follow(&self, now: Timestamp) -> Result<Response, Problem> {
        let unkept = |error| Problem::failure("The books could not be followed", &error);
        self.whole(|books| books.follow(now)).map_err(unkept)?;
        let guild = self.guild().map_err(unkept)?;
        self.push(Listener::Server, now, guild).await;
        Ok(Response::ok("")?)
    }

    /// The server whose books these are.
    fn guild(&self) -> Result<GuildId, AnswerError> {
        self.started.clone().map_err(AnswerError::Broken)
    }
}

/// Finds out whose books these are, and brings the tables to this release. An object without a server's name is nobody's
/// books, and stays empty.
fn start(state: &State, books: &Books<ObjectSql>) -> Result<GuildId, AnswerError> {
    let sql = books.sql();
    let name = identity::name(state, sql)?;
    let guild = name.parse().map_err(|_| AnswerError::Broken(format!("`{name}` is no server's id")))?;
    sql.atomically(|| {
        schema::migrate(sql).map_err(BooksError::from)?;
        Ok::<_, AnswerError>(books.begin(now())?)
    })?;
    Ok(guild)
}

fn entropy() -> Result<u64, AnswerError> {
    let mut entropy = [0; 8];
    getrandom::fill(&mut entropy).map_err(|error| AnswerError::Entropy(error.to_string()))?;
    Ok(u64::from_ne_bytes(entropy))
}
