//! A server's own room. That server's books feed it; what it has to know of the bot and of the sessions, it asks the room
//! of all servers: while somebody watches, and before it answers.

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use futures_util::future::{Either, select};
use protocol::{
    Event, GuildId, Timestamp,
    message::CloseCode,
    record::Maintenance,
    room::{Input, OFFLINE_AFTER_MS, ReportRow, STATS_EVERY_MS, SessionId},
};
use serde::{Deserialize, Serialize};
use worker::{Env, Method, RequestInit};

use super::{Inner, authorization::RIGHTS_UNKNOWN};
use crate::{
    answer::Problem,
    clock::now,
    log,
    objects::Objects,
    stubs::{
        guild,
        room::{BINDING, RoomAddress, tell},
    },
};

/// The longest that the room of all servers may take to answer, in milliseconds: the tick waits for it.
const ANSWER_MAX_MS: u64 = 2_000;

/// The state of a server's own room besides what every room has.
pub(super) struct UpstreamSync {
    rooms: Result<Objects, Problem>,
    guilds: Result<Objects, Problem>,
    /// The books tell this room what happens.
    following: Cell<bool>,
    asked_at: Cell<Timestamp>,
}

/// The question of a server's own room to the room of all.
#[derive(Serialize, Deserialize)]
pub(super) struct Question {
    guild: GuildId,
    /// The arrival of its last report; 0 when none has come.
    reported_at: Timestamp,
    /// The sessions that have sockets here, as text: 64 bits do not survive JavaScript.
    sessions: Vec<String>,
    /// Rows that this room has written since it last asked.
    #[serde(default)]
    rows: u64,
}

/// The answer to it: news of the bot, failures of the edge, and sessions whose sockets have to close.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    report: Option<ReportRow>,
    failures: Vec<Event>,
    /// Sessions that have ended.
    signed_out: Vec<String>,
    /// Sessions that may look at this server no more.
    forbidden: Vec<String>,
    /// Sessions of which Discord does not say what they may: they come back when it does.
    #[serde(default)]
    unsure: Vec<String>,
    /// The maintenance state.
    #[serde(default)]
    maintenance: Maintenance,
}

impl UpstreamSync {
    pub(super) fn new(env: &Env) -> Self {
        Self {
            rooms: Objects::bound(env, BINDING),
            guilds: Objects::bound(env, guild::BINDING),
            following: Cell::default(),
            asked_at: Cell::default(),
        }
    }

    /// Returns the servers' books; fails where they are not bound.
    pub(super) fn guilds(&self) -> Result<&Objects, Problem> {
        self.guilds.as_ref().map_err(|error| Problem::failure("No books are bound", error))
    }
}

impl Inner {
    /// Asks for what this room has to know, unless it has just asked.
    pub(super) async fn attend_if_due(self: &Rc<Self>) {
        if now().since(self.upstream.asked_at.get()) >= STATS_EVERY_MS {
            self.sync_upstream().await;
        }
    }

    /// Asks for what this room has to know. What cannot be had now is asked for again at the next tick.
    pub(super) async fn sync_upstream(self: &Rc<Self>) {
        let Some(RoomAddress::Server(guild)) = self.place else { return };
        let asked_before = self.upstream.asked_at.replace(now());
        if now().since(asked_before) >= OFFLINE_AFTER_MS
            && let Err(error) = self.take(Input::Returned).await
        {
            log::error(&format_args!("the room of server {guild}: {error:?}"));
        }
        let asked = pin!(self.ask_all(guild));
        let patience = pin!(worker::Delay::from(Duration::from_millis(ANSWER_MAX_MS)));
        match select(asked, patience).await {
            Either::Left((Ok(()), _)) => {}
            Either::Left((Err(error), _)) => log::error(&format_args!("the room of server {guild}: {error}")),
            Either::Right(_) => {
                log::error(&format_args!("the room of server {guild} heard nothing of the bot in time"));
            }
        }
    }

    async fn ask_all(self: &Rc<Self>, guild: GuildId) -> Result<(), Problem> {
        if !self.upstream.following.get() {
            self.follow(guild).await?;
            self.upstream.following.set(true);
        }
        let question = {
            let core = self.core()?.borrow();
            let mut sessions: Vec<String> = core
                .sockets
                .whose()
                .into_iter()
                .filter_map(|(_, session)| Some(session?.to_string()))
                .collect();
            sessions.sort_unstable();
            sessions.dedup();
            let rows = self.sql.take_rows();
            Question { guild, reported_at: core.room.reported_at(), sessions, rows }
        };
        let answer = tell(self.rooms()?, "/attend", &question).await;
        let answer = answer.inspect_err(|_| self.sql.give_back_rows(question.rows))?;
        let answer: Answer =
            serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer", &error))?;
        for (sessions, code) in [
            (answer.signed_out, CloseCode::SignedOut),
            (answer.forbidden, CloseCode::Forbidden),
            (answer.unsure, CloseCode::Restart),
        ] {
            for session in sessions.iter().filter_map(|session| session.parse().ok()) {
                self.take(Input::Ended(session, code)).await?;
            }
        }
        self.take(Input::Heard(answer.maintenance)).await?;
        for failure in answer.failures {
            self.take(Input::Failed(failure)).await?;
        }
        if let Some(row) = answer.report {
            self.take(Input::Reported(row.report)).await?;
        }
        Ok(())
    }

    /// Asks the books to tell this room, too; they do it for what has been before they answer.
    async fn follow(&self, guild: GuildId) -> Result<(), Problem> {
        let guilds = self.upstream.guilds()?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post);
        let request = worker::Request::new_with_init(&format!("https://guild{}", guild::FOLLOW), &init)?;
        let response = guilds.named(&guild.to_string())?.fetch_with_request(request).await?;
        match response.status_code() {
            200 => Ok(()),
            status => Err(Problem::failure("The books could not be followed", &status)),
        }
    }

    /// The other end: what the room of all knows.
    pub(super) async fn attended(self: &Rc<Self>, question: &Question) -> Result<Answer, Problem> {
        let there = question.sessions.iter().filter_map(|name| name.parse().ok()).collect();
        self.note_attendance(question.guild, there);
        let (mut signed_out, mut forbidden, mut unsure) = (Vec::new(), Vec::new(), Vec::new());
        for name in &question.sessions {
            let Ok(session) = name.parse::<SessionId>() else { continue };
            match self.watcher(session).await {
                Ok(None) => signed_out.push(name.clone()),
                Ok(Some(visitor)) if !visitor.scope.covers(question.guild) => forbidden.push(name.clone()),
                Ok(Some(_)) => {}
                Err(problem) if problem.is(RIGHTS_UNKNOWN) => unsure.push(name.clone()),
                Err(problem) => return Err(problem),
            }
        }
        let room = &mut self.core()?.borrow_mut().room;
        room.look(now());
        room.note_rows(now(), question.rows);
        let report = room.report_for(now(), question.guild, question.reported_at);
        let (failures, maintenance) = (room.failures_of(question.guild), room.maintenance());
        Ok(Answer { report, failures, signed_out, forbidden, unsure, maintenance })
    }

    pub(super) fn rooms(&self) -> Result<&Objects, Problem> {
        self.upstream.rooms.as_ref().map_err(|error| Problem::failure("No room is bound", error))
    }
}
