//! One object a server: its books over its own SQLite. It answers calls, and pushes what the journal gained to the room.

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use futures_util::future::{Either, select};

use interactions::{
    Books, BooksError, Call,
    books::audit::{JournalPage, journal_csv},
    schema,
};
use protocol::{
    GuildId, JournalSeq, Timestamp, UserId,
    audit::JOURNAL_PAGE_MAX,
    record::{Acknowledgement, Push},
};
use serde::{Deserialize, Serialize};
use worker::{
    Env, Method, ObjectNamespace, Request, RequestInit, Response, State, WebSocket, WebSocketIncomingMessage,
    console_error, durable_object,
};

use crate::{
    answer::{Problem, csv_response},
    room,
    session::query,
    settings::Settings,
    sql::ObjectSql,
};

/// The binding in `wrangler.toml`.
pub const BINDING: &str = "GUILD";
/// Without `limit`, this many rows of the journal.
const JOURNAL_PAGE: u64 = 50;
/// An alarm looks after a commit whose push was lost with the object, after this many milliseconds.
const OUTBOX_ALARM_MS: u64 = 10_000;

/// How long the room may take to answer a delivery, in milliseconds.
const DELIVERY_MAX_MS: u64 = 5_000;

/// What the Worker asks of a server's books.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    /// [`protocol::VERSION`]: old and new code run side by side during a deployment.
    version: u32,
    call: Call,
    arrived_at: Timestamp,
}

/// Asks a server's books. Each attempt has a stub of its own: one that failed once keeps failing.
pub async fn ask(call: &Call, arrived_at: Timestamp, settings: &Settings) -> Result<String, Problem> {
    let question = Question { version: protocol::VERSION, call: call.clone(), arrived_at };
    let body =
        serde_json::to_string(&question).map_err(|error| Problem::failure("A call is not JSON", &error))?;
    let stub = settings.objects(BINDING)?.get_by_name(&call.guild.to_string())?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let mut response =
        stub.fetch_with_request(Request::new_with_init("https://guild/answer", &init)?).await?;
    let body = response.text().await?;
    if response.status_code() == 200 {
        Ok(body)
    } else {
        Err(Problem::new(
            503,
            "unavailable",
            "The server's books did not answer; nothing is known to have happened.",
        ))
    }
}

/// `GET /api/guilds/{id}/…`: an administrator reads a server's books.
pub async fn audit(
    request: &Request,
    settings: &Settings,
    guild: &str,
    path: &str,
) -> Result<Response, Problem> {
    room::admit(request, settings).await?;
    let guild: GuildId = guild.parse().map_err(|_| Problem::not_found())?;
    let search = request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default();
    let inner = Request::new(&format!("https://guild/{path}{search}"), Method::Get)?;
    Ok(settings.objects(BINDING)?.get_by_name(&guild.to_string())?.fetch_with_request(inner).await?)
}

/// Why the books did not answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Books(#[from] BooksError),
    #[error("the transaction failed: {0}")]
    Transaction(#[from] worker::Error),
}

/// The object.
#[durable_object]
pub struct Guild {
    inner: Rc<Inner>,
}

struct Inner {
    state: State,
    sql: ObjectSql,
    room: worker::Result<ObjectNamespace>,
    /// What went wrong in the constructor, to be said with each answer: a constructor cannot fail.
    broken: Option<BooksError>,
    pushing: Cell<bool>,
    alarm_armed: Cell<bool>,
}

impl worker::DurableObject for Guild {
    fn new(state: State, env: Env) -> Self {
        let sql = ObjectSql::new(&state);
        let broken = schema::migrate(&sql).err().map(BooksError::from);
        let room = env.durable_object(room::BINDING);
        let inner =
            Inner { state, sql, room, broken, pushing: Cell::new(false), alarm_armed: Cell::new(false) };
        Self { inner: Rc::new(inner) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if request.method() == Method::Get {
            return self.inner.audit(&request).or_else(Problem::into_response);
        }
        let now = Timestamp(worker::Date::now().as_millis());
        let question: Question = request.json().await?;
        match self.inner.answer(now, &question) {
            Ok(reply) => {
                Inner::push_soon(&self.inner, question.call.guild);
                Response::ok(reply)
            }
            Err(error) => {
                console_error!("server {}: {error}", question.call.guild);
                Response::error("the books did not answer", 500)
            }
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.inner.alarm_armed.set(false);
        if self.inner.pushing.get()
            && let Err(error) = self.inner.arm_alarm().await
        {
            console_error!("the outbox's alarm: {error}"); // The push in flight arms it with its next delivery.
        }
        if let Some(guild) = self.inner.guild() {
            Inner::push_soon(&self.inner, guild);
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
    fn answer(&self, now: Timestamp, question: &Question) -> Result<String, String> {
        if let Some(broken) = &self.broken {
            return Err(format!("the tables are not in place: {broken}"));
        }
        let handled_ms = u32::try_from(now.since(question.arrived_at)).unwrap_or(u32::MAX);
        let books = Books::new(&self.sql);
        self.sql
            .atomically(|| books.answer(now, &question.call, handled_ms).map_err(Unanswered::from))
            .map_err(|error| error.to_string())
    }

    fn audit(&self, request: &Request) -> Result<Response, Problem> {
        let books = Books::new(&self.sql);
        let unread = |error: BooksError| Problem::failure("The books could not be read", &error);
        let path = request.path();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["proof"] => Ok(Response::from_json(&books.prove().map_err(unread)?)?),
            ["journal"] => Ok(Response::from_json(&books.journal(journal_page(request)?).map_err(unread)?)?),
            ["journal.csv"] => {
                let rows = books.journal(journal_page(request)?).map_err(unread)?;
                csv_response(journal_csv(&rows))
            }
            ["players", user] => {
                let user = user.parse().map_err(|_| Problem::not_found())?;
                let profile = books.profile(user).map_err(unread)?.ok_or_else(Problem::not_found)?;
                Ok(Response::from_json(&profile)?)
            }
            _ => Err(Problem::not_found()),
        }
    }

    /// The server whose books these are: the object's name.
    fn guild(&self) -> Option<GuildId> {
        self.state.id().name()?.parse().ok()
    }

    /// One push is in flight at most; what is committed meanwhile leaves with the next, so batches grow with the load.
    fn push_soon(inner: &Rc<Self>, guild: GuildId) {
        if inner.pushing.replace(true) {
            return;
        }
        let inner = Rc::clone(inner);
        let pusher = Rc::clone(&inner);
        inner.state.wait_until(async move {
            let sent = pusher.push_all(guild).await;
            pusher.pushing.set(false);
            if let Err(error) = sent {
                console_error!(
                    "server {guild}: the room did not take the journal, the alarm repeats it: {error}"
                );
            }
        });
    }

    async fn push_all(&self, guild: GuildId) -> Result<(), Problem> {
        let books = Books::new(&self.sql);
        let backlog = |books: &Books<'_, ObjectSql>| {
            books.backlog(guild).map_err(|error| Problem::failure("The journal could not be read", &error))
        };
        while let Some(push) = backlog(&books)? {
            self.arm_alarm().await?;
            let room = self.room.as_ref().map_err(|error| Problem::failure("No room is bound", error))?;
            let Acknowledgement { seq } = deliver(room, &push).await?;
            books
                .acknowledge(seq)
                .map_err(|error| Problem::failure("The outbox could not be kept", &error))?;
        }
        Ok(())
    }

    /// Were the object lost now, this would bring it back to push again.
    async fn arm_alarm(&self) -> worker::Result<()> {
        if !self.alarm_armed.get() {
            self.state.storage().set_alarm(Duration::from_millis(OUTBOX_ALARM_MS)).await?;
            self.alarm_armed.set(true);
        }
        Ok(())
    }
}

fn journal_page(request: &Request) -> Result<JournalPage, Problem> {
    let number = |name: &str| {
        let given = query(request, name)?.filter(|value| !value.is_empty());
        given
            .map(|value| value.parse::<u64>())
            .transpose()
            .map_err(|_| Problem::new(400, "bad_query", format!("`{name}` takes a whole number.")))
    };
    let limit = number("limit")?.unwrap_or(JOURNAL_PAGE);
    if !(1..=JOURNAL_PAGE_MAX).contains(&limit) {
        return Err(Problem::new(400, "bad_query", format!("`limit` is from 1 to {JOURNAL_PAGE_MAX}.")));
    }
    Ok(JournalPage {
        before: number("before")?.map(JournalSeq),
        limit,
        player: number("player")?.map(UserId),
    })
}

async fn deliver(room: &ObjectNamespace, push: &Push) -> Result<Acknowledgement, Problem> {
    let told = pin!(room::tell(room, "/push", push));
    let patience = pin!(worker::Delay::from(Duration::from_millis(DELIVERY_MAX_MS)));
    let answer = match select(told, patience).await {
        Either::Left((answer, _)) => answer?,
        Either::Right(_) => {
            return Err(Problem::new(504, "room_silent", "The room did not answer a delivery in time."));
        }
    };
    serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer is not JSON", &error))
}
