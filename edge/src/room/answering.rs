//! Requests to a room: by other parts of the edge, and, through the Worker, by people and programs.

use std::rc::Rc;

use interactions::sql::Sql;
use protocol::{
    Seq,
    check::RoomCheck,
    history::Range,
    message::CloseCode,
    record::{Acknowledgement, Push},
    room::{Input, Refusal, SESSION_SOCKETS_MAX, Takes},
    session::View,
};
use serde::de::DeserializeOwned;
use worker::{Method, Request, Response, WebSocketPair};

use super::{Alarm, Inner, events::EventQuery};
use crate::{
    answer::Problem,
    clock::now,
    log,
    query::query,
    session::Credential,
    stubs::room::{RoomAddress, Settled},
};

impl Inner {
    pub(super) async fn route(self: &Rc<Self>, mut request: Request) -> Result<Response, Problem> {
        self.core()?; // Before anything else: a room that has not come up does not know whom it may tell what.
        let path = request.path();
        match (request.method(), path.as_str()) {
            (Method::Post, "/report") => {
                let report = read(&request.bytes().await?)?;
                self.take(Input::Reported(report)).await?;
                Ok(Response::from_json(&self.core()?.borrow().room.next_report(now()))?)
            }
            (Method::Post, "/undelivered") => {
                let job = request.json().await?;
                self.take(Input::Undelivered(job)).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/jobs") => {
                let takes = if request.json().await? { Takes::Answers } else { Takes::Messages };
                let reply = self.take(Input::Pulled(takes)).await?;
                Ok(Response::from_json(&reply.jobs)?)
            }
            (Method::Post, "/settled") => {
                let Settled { id, settlement } = request.json().await?;
                self.take(Input::Settled(id, settlement)).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/actions") => {
                let (actor, action) = request.json().await?;
                let reply = self.take(Input::Acted(actor, action)).await?;
                Ok(Response::from_json(&reply.answer)?)
            }
            (Method::Post, "/alerts/order") => {
                let (actor, order) = request.json().await?;
                let reply = self.take(Input::Ordered(actor, order)).await?;
                Ok(Response::from_json(&reply.ordered)?)
            }
            (Method::Post, "/alerts/test") => {
                let (actor, channel) = request.json().await?;
                Ok(Response::from_json(&self.try_channel(&actor, channel).await?)?)
            }
            (Method::Post, "/failed") => {
                let event = request.json().await?;
                self.take(Input::Failed(event)).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/sessions") => {
                let opened = self.open_session(&request.json().await?)?;
                Ok(Response::from_json(&opened)?)
            }
            (Method::Post, "/sessions/close") => {
                self.close_sessions(&request.json().await?).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/ended") => {
                self.hear_of_the_end(request.json().await?).await?;
                Ok(Response::ok("")?)
            }
            (Method::Post, "/check") => {
                let check = {
                    let room = &mut self.core()?.borrow_mut().room;
                    room.note_rows(now(), self.sql.take_rows());
                    RoomCheck { bytes: self.sql.size().ok(), ..room.check(now()) }
                };
                Ok(Response::from_json(&check)?)
            }
            (Method::Post, "/status") => Ok(Response::from_json(&self.public_status()?)?),
            (Method::Post, "/attend") => {
                let answer = self.attended(&request.json().await?).await?;
                Ok(Response::from_json(&answer)?)
            }
            (Method::Get, path) => {
                let shown = request.headers().get(Credential::HEADER)?;
                let credential = shown.and_then(|value| Credential::from_header(&value));
                let credential = credential.ok_or_else(Problem::signed_out)?;
                if self.place == Some(RoomAddress::Everyone) {
                    return self.admit(path, &request, &credential).await;
                }
                self.attend_if_due().await;
                self.show(path, &request, &credential).await
            }
            _ => Err(Problem::not_found()),
        }
    }

    /// Takes a delivery, which may be of an older version, or of a newer one.
    pub(super) fn record(self: &Rc<Self>, push: &[u8]) -> Result<Option<Acknowledgement>, Problem> {
        let push: Push = read(push)?;
        if matches!(self.place, Some(RoomAddress::Server(own)) if own != push.guild_id) {
            return Err(Problem::forbidden());
        }
        let reply = self.drain(Input::Recorded(push))?;
        if let Some(Alarm::In(wait_ms)) = reply.alarm {
            // The books are answered at once; a call by RPC waits for nothing.
            let inner = Rc::clone(self);
            self.state.wait_until(async move {
                if let Err(error) = inner.arm(wait_ms).await {
                    log::error(&format_args!("the room's alarm: {error}"));
                }
            });
        }
        Ok(reply.acknowledgement)
    }

    /// Shows what there is to see here, or says in which room it is to be seen.
    async fn admit(
        self: &Rc<Self>,
        path: &str,
        request: &Request,
        credential: &Credential,
    ) -> Result<Response, Problem> {
        let visitor = self.visitor(credential).await?.ok_or_else(Problem::signed_out)?;
        let asked = query(request, "room")?.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose();
        let asked = asked.map_err(|_| Problem::bad_query(&"`room` takes a server's id"))?;
        if path == "/guilds" {
            let mut guilds = self.core()?.borrow().room.guilds();
            guilds.retain(|guild| visitor.scope.covers(guild.id));
            return Ok(Response::from_json(&guilds)?);
        }
        if path == "/actor" {
            let actor = visitor.may_act(asked).then(|| visitor.actor()).ok_or_else(Problem::forbidden)?;
            return Ok(Response::from_json(&actor)?);
        }
        if path == "/me" {
            return Ok(Response::from_json(&visitor.me)?);
        }
        if path.starts_with("/alerts") {
            visitor.may_act(None).then_some(()).ok_or_else(Problem::forbidden)?;
            return match path {
                "/alerts" => Ok(Response::from_json(&self.alerts()?)?),
                "/alerts/incidents" => Ok(Response::from_json(&self.incidents(request)?)?),
                _ => Err(Problem::not_found()),
            };
        }
        match visitor.scope.view(asked) {
            View::Nothing => Err(Problem::forbidden()),
            // Looking at a server that Pulse is not in would make it books.
            View::Server(guild) if !self.core()?.borrow().room.knows(guild) => Err(Problem::not_found()),
            _ if path == "/admit" => Ok(Response::ok("")?),
            View::Everything => self.show(path, request, credential).await,
            View::Server(guild) => {
                if path == "/ws" {
                    self.note_socket(guild, credential.session());
                }
                let elsewhere = Response::ok("")?;
                elsewhere.headers().set(RoomAddress::HEADER, &guild.to_string())?;
                Ok(elsewhere)
            }
        }
    }

    async fn show(
        self: &Rc<Self>,
        path: &str,
        request: &Request,
        credential: &Credential,
    ) -> Result<Response, Problem> {
        self.core()?.borrow_mut().room.look(now());
        match path {
            "/ws" => self.join(request, credential).await,
            "/snapshot" => Ok(Response::from_json(&self.core()?.borrow().room.snapshot(now()))?),
            "/document" => Ok(Response::from_json(&self.core()?.borrow().room.document(now()))?),
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
        let knocked = self.core()?.borrow_mut().room.admit(now(), session);
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
}

/// A message of another part of the edge, which may be of an older version, or of a newer one.
fn read<T: DeserializeOwned>(message: &[u8]) -> Result<T, Problem> {
    protocol::version::read(message).map_err(|error| Problem::unread("bad_message", &error))
}

fn too_many_sockets() -> Problem {
    let message = format!("One session holds at most {SESSION_SOCKETS_MAX} sockets.");
    Problem::new(429, "too_many_sockets", message)
}

fn too_many_joins(retry_in_ms: u64) -> Problem {
    let message = "This session opens sockets faster than it may.";
    Problem::new(429, "too_many_joins", message).retry_after(retry_in_ms)
}
