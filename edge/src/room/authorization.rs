//! Sessions, in the room of all servers: who is let in, what they may look at, and that both stay true.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared, join_all},
};
use interactions::sql::SqlError;
use protocol::{
    GuildId, Timestamp,
    action::Actor,
    message::CloseCode,
    room::{Input, SessionId},
    session::{Me, RIGHTS_DUE_MS, Role, Scope},
    time::SECOND_MS,
};
use serde::{Deserialize, Serialize};

use super::Inner;
use crate::{
    answer::Problem,
    clock::now,
    log,
    session::{
        CloseSession, Credential, OpenSession, Principal, SessionOpened, Sessions,
        discord::{self, OAuthError},
        store::{Session, short},
    },
    stubs::room::{RoomAddress, tell_at},
};

/// A server's own room that has asked within this long has viewers to be sent away, in milliseconds.
const ATTENDED_WITHIN_MS: u64 = 15 * SECOND_MS;

/// The code of an answer that waits for Discord to say what somebody may.
pub(super) const RIGHTS_UNKNOWN: &str = "rights_unknown";
/// The wait before another try while Discord does not say what somebody may, in milliseconds.
const RIGHTS_RETRY_MS: u64 = 5 * SECOND_MS;

/// The room of all's memory of visitors. Lost with the object, it comes back by itself.
#[derive(Default)]
pub(super) struct Authorization {
    /// Questions to Discord that are under way, by session: whoever else needs the answer waits for it.
    asking: RefCell<BTreeMap<String, Asking>>,
    /// The last question of each server's own room, and the sessions that have sockets there.
    attended: RefCell<BTreeMap<GuildId, Watched>>,
}

type Asking = Shared<LocalBoxFuture<'static, ()>>;

/// A server's own room that somebody watches.
#[derive(Default)]
struct Watched {
    at: Timestamp,
    sessions: BTreeSet<SessionId>,
}

/// Somebody who is let in.
pub(super) struct Authorized {
    pub(super) scope: Scope,
    pub(super) me: Me,
}

impl Authorized {
    /// Whether they may act on a server; on everything where none is named.
    pub(super) fn may_act(&self, on: Option<GuildId>) -> bool {
        on.map_or(self.scope == Scope::Everything, |guild| self.scope.covers(guild))
    }

    /// Returns the actor whom the journal and the feed name when they act.
    pub(super) fn actor(&self) -> Actor {
        Actor { id: self.me.id, name: self.me.name.clone() }
    }
}

/// News for a server's own room: these sessions may watch no more.
#[derive(Serialize, Deserialize)]
pub(super) struct SessionEnded {
    /// The short names, as text: 64 bits do not survive JavaScript.
    sessions: Vec<String>,
}

impl Inner {
    /// Returns the owner of a credential; `None` for somebody who is signed out. A manager's rights are asked for first when
    /// they are older than 1.5 × the age at which they are due, and in the background when they are only due.
    pub(super) async fn visitor(
        self: &Rc<Self>,
        credential: &Credential,
    ) -> Result<Option<Authorized>, Problem> {
        let Credential::Session(hash) = credential else { return Ok(Some(program())) };
        let Some(session) = self.session(|sessions| sessions.find(hash, now()))? else { return Ok(None) };
        self.confirmed(session).await
    }

    /// The same of a session that has a socket somewhere.
    pub(super) async fn watcher(self: &Rc<Self>, id: SessionId) -> Result<Option<Authorized>, Problem> {
        match self.session(|sessions| sessions.find_short(id, now()))? {
            Some(session) => self.confirmed(session).await,
            None => Ok(None),
        }
    }

    async fn confirmed(self: &Rc<Self>, session: Session) -> Result<Option<Authorized>, Problem> {
        if self.is_manager(&session) && session.life.is_unsure(now(), self.rights_due_ms()?) {
            let hash = session.hash.clone();
            self.ask_for_rights(session).await;
            let Some(session) = self.session(|sessions| sessions.find(&hash, now()))? else {
                return Ok(None);
            };
            // Discord is away, which is nobody's fault, and not for long.
            if session.life.is_unsure(now(), self.rights_due_ms()?) {
                return Err(rights_unknown());
            }
            return self.admitted(&session).map(Some);
        }
        self.ask_for_rights_soon(&session)?;
        self.admitted(&session).map(Some)
    }

    fn admitted(&self, session: &Session) -> Result<Authorized, Problem> {
        let scope = self.scope_of(session)?;
        let guilds = if let Scope::Servers(guilds) = &scope { Some(guilds.clone()) } else { None };
        let (role, person) = match &session.visitor.person {
            None => (Role::Local, None),
            Some(person) if guilds.is_none() => (Role::Admin, Some(person.clone())),
            Some(person) => (Role::Manager, Some(person.clone())),
        };
        let (id, name, avatar_url) = match person {
            Some(person) => (Some(person.id), person.name, person.avatar_url),
            None => (None, "An administrator".to_owned(), None),
        };
        Ok(Authorized { scope, me: Me { id, name, avatar_url, role, guilds } })
    }

    fn scope_of(&self, session: &Session) -> Result<Scope, Problem> {
        if !self.is_manager(session) {
            return Ok(Scope::Everything);
        }
        if session.life.is_unsure(now(), self.rights_due_ms()?) {
            return Ok(Scope::Servers(BTreeSet::new()));
        }
        self.known_among(&session.visitor)
    }

    /// The servers that somebody manages, and that Pulse is in.
    fn known_among(&self, visitor: &Principal) -> Result<Scope, Problem> {
        let room = &self.core()?.borrow().room;
        Ok(Scope::Servers(visitor.managed.iter().copied().filter(|&guild| room.knows(guild)).collect()))
    }

    /// Everybody else sees everything, whatever Discord says.
    fn is_manager(&self, session: &Session) -> bool {
        session.visitor.person.as_ref().is_some_and(|person| !self.settings.is_admin(person.id))
    }

    pub(super) fn open_session(self: &Rc<Self>, opening: &OpenSession) -> Result<SessionOpened, Problem> {
        let now = now();
        let person = opening.visitor.person.as_ref();
        let admin = match person {
            Some(person) => self.settings.is_admin(person.id),
            None => opening.visitor.is_somebody(),
        };
        if !admin && self.known_among(&opening.visitor)? == Scope::Servers(BTreeSet::new()) {
            return Ok(SessionOpened::Nothing);
        }
        if let Some(link) = &opening.link
            && !self.session(|sessions| sessions.use_link(link, now))?
        {
            return Ok(SessionOpened::Nothing);
        }
        // An administrator of `ADMIN_IDS` is not asked about again: nothing is kept that we could ask with.
        let token = opening.visitor.token.clone().filter(|_| !admin);
        let visitor = Principal { token, ..opening.visitor.clone() };
        self.session(|sessions| {
            sessions.prune(now)?;
            sessions.open(&visitor, opening.instead_of.as_deref(), now).map(SessionOpened::Session)
        })
    }

    /// Ends a session, or all of a person, and sends their sockets away, in whichever room. Of one that is not open, nobody
    /// hears.
    pub(super) async fn close_sessions(self: &Rc<Self>, closing: &CloseSession) -> Result<(), Problem> {
        let mut hashes = self.session(|sessions| sessions.siblings(&closing.hash))?;
        if !closing.everywhere {
            hashes.retain(|hash| *hash == closing.hash);
        }
        for hash in &hashes {
            self.session(|sessions| sessions.close(hash))?;
        }
        let ended: Vec<SessionId> = hashes.iter().filter_map(|hash| short(hash)).collect();
        self.send_away(&ended).await?;
        let rooms = self.rooms()?;
        let told = self.watched_by(&ended).into_iter().map(|(guild, sessions)| async move {
            // One that does not hear it now asks within five seconds.
            if let Err(error) =
                tell_at(rooms, RoomAddress::Server(guild), "/ended", &SessionEnded { sessions }).await
            {
                log::error(&format_args!("the room of server {guild} did not hear of a sign-out: {error}"));
            }
        });
        join_all(told).await;
        Ok(())
    }

    /// The servers' own rooms in which some of these sessions have sockets, and which.
    fn watched_by(&self, sessions: &[SessionId]) -> Vec<(GuildId, Vec<String>)> {
        let since = now().minus(ATTENDED_WITHIN_MS);
        let mut attended = self.authorization.attended.borrow_mut();
        attended.retain(|_, watched| watched.at >= since);
        let there = |watched: &Watched| {
            sessions.iter().filter(|id| watched.sessions.contains(id)).map(ToString::to_string).collect()
        };
        let rooms = attended.iter().map(|(&guild, watched)| (guild, there(watched)));
        rooms.filter(|(_, sessions): &(_, Vec<String>)| !sessions.is_empty()).collect()
    }

    async fn send_away(self: &Rc<Self>, sessions: &[SessionId]) -> Result<(), Problem> {
        for &session in sessions {
            self.take(Input::Ended(session, CloseCode::SignedOut)).await?;
        }
        Ok(())
    }

    /// A server's own room hears of it.
    pub(super) async fn hear_of_the_end(self: &Rc<Self>, ended: SessionEnded) -> Result<(), Problem> {
        let sessions: Vec<SessionId> = ended.sessions.iter().filter_map(|name| name.parse().ok()).collect();
        self.send_away(&sessions).await
    }

    /// A server's own room has told which sessions have sockets there.
    pub(super) fn note_attendance(&self, guild: GuildId, sessions: BTreeSet<SessionId>) {
        self.authorization.attended.borrow_mut().insert(guild, Watched { at: now(), sessions });
    }

    /// A session is sent to a server's own room with a socket.
    pub(super) fn note_socket(&self, guild: GuildId, session: Option<SessionId>) {
        let mut attended = self.authorization.attended.borrow_mut();
        let watched = attended.entry(guild).or_default();
        watched.at = now();
        watched.sessions.extend(session);
    }

    /// The sockets in this room whose sessions are over by age. In a server's own room, [`Inner::attend`] asks.
    pub(super) async fn end_old_sessions(self: &Rc<Self>) -> Result<(), Problem> {
        if self.place != Some(RoomAddress::Everyone) {
            return Ok(());
        }
        self.session(|sessions| sessions.prune(now()))?;
        let sessions: BTreeSet<SessionId> =
            self.core()?.borrow().sockets.whose().into_iter().filter_map(|(_, session)| session).collect();
        for session in sessions {
            let code = match self.watcher(session).await {
                Ok(None) => CloseCode::SignedOut,
                // One who was an administrator, and is none any more.
                Ok(Some(admitted)) if admitted.scope != Scope::Everything => CloseCode::Forbidden,
                Ok(Some(_)) => continue,
                Err(problem) if problem.is(RIGHTS_UNKNOWN) => CloseCode::Restart,
                Err(problem) => return Err(problem),
            };
            self.take(Input::Ended(session, code)).await?;
        }
        Ok(())
    }

    fn ask_for_rights_soon(self: &Rc<Self>, session: &Session) -> Result<(), Problem> {
        if self.is_manager(session) && session.life.is_due(now(), self.rights_due_ms()?) {
            let (inner, session) = (Rc::clone(self), session.clone());
            self.state.wait_until(async move { inner.ask_for_rights(session).await });
        }
        Ok(())
    }

    fn rights_due_ms(&self) -> Result<u64, Problem> {
        Ok(self.settings.number("RIGHTS_AFTER_MS")?.unwrap_or(RIGHTS_DUE_MS))
    }

    /// Asks Discord what somebody manages now, or waits for who has just asked. Where it cannot be asked, what it has said holds
    /// until it is too old.
    async fn ask_for_rights(self: &Rc<Self>, session: Session) {
        let asking = {
            let mut asking = self.authorization.asking.borrow_mut();
            let (inner, hash) = (Rc::clone(self), session.hash.clone());
            asking
                .entry(hash)
                .or_insert_with(|| async move { inner.ask_discord(session).await }.boxed_local().shared())
                .clone()
        };
        asking.await;
    }

    async fn ask_discord(self: &Rc<Self>, session: Session) {
        let Session { hash, visitor, .. } = session;
        let told = match &visitor.token {
            Some(token) => discord::rights(&self.settings, token).await,
            // An administrator of yesterday: we have nothing to ask with.
            None => Err(OAuthError::Refused),
        };
        self.authorization.asking.borrow_mut().remove(&hash);
        let kept = match told {
            Ok((managed, token)) => {
                let visitor = Principal { managed, token: Some(token), ..visitor };
                self.session(|sessions| sessions.confirm(&hash, &visitor, now()))
            }
            Err(OAuthError::Refused) => self.session(|sessions| sessions.close_refused(&hash)),
            Err(OAuthError::Away(why)) => {
                log::error(&format_args!("what somebody may could not be asked: {why}"));
                Ok(())
            }
        };
        if let Err(error) = kept {
            log::error(&format_args!("a session: {error}"));
        }
    }

    /// Uses the sessions, and has revoked what is used no more.
    fn session<T>(
        self: &Rc<Self>,
        use_it: impl FnOnce(&Sessions) -> Result<T, SqlError>,
    ) -> Result<T, Problem> {
        let sessions = Sessions::new(&self.sql, &self.settings);
        let used = use_it(&sessions).map_err(|error| Problem::database("The sessions", &error));
        self.revoke(sessions.let_go());
        used
    }

    /// Tells Discord that these are used no more, and lets nobody wait for it. It is not tried again: what is left ends by
    /// itself within a week, and is kept nowhere.
    fn revoke(self: &Rc<Self>, tokens: Vec<discord::Token>) {
        if tokens.is_empty() {
            return;
        }
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            for token in &tokens {
                if let Err(OAuthError::Away(why)) = discord::revoke(&inner.settings, token).await {
                    log::error(&format_args!("what somebody had allowed could not be revoked: {why}"));
                    return; // The others would wait as long.
                }
            }
        });
    }
}

fn rights_unknown() -> Problem {
    let message = "Discord does not say now which servers you manage. Try again in a moment.";
    Problem::new(503, RIGHTS_UNKNOWN, message).retry_after(RIGHTS_RETRY_MS)
}

fn program() -> Authorized {
    let me =
        Me { id: None, name: "A program".to_owned(), avatar_url: None, role: Role::Program, guilds: None };
    Authorized { scope: Scope::Everything, me }
}
