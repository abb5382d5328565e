//! The push to the rooms: one is in flight to each at most, and one that fails is repeated later and later.

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use futures_util::future::{Either, select};
use interactions::{BooksError, books::Listener};
use protocol::{
    GuildId, Timestamp,
    record::{Acknowledgement, PUSH_MAX_RECORDS, Push},
    room::COALESCE_MS,
    time::SECOND_MS,
};

use super::{AnswerError, Inner};
use crate::{
    answer::Problem,
    log,
    objects::Objects,
    stubs::room::{self, RoomAddress},
};

/// An alarm looks after a push that was lost with the object, after this many milliseconds.
pub const LOST_PUSH_MS: u64 = 10 * SECOND_MS;
/// The wait between two steps of the background's work, in milliseconds.
pub const NEXT_STEP_MS: u64 = SECOND_MS;
/// The longest that the room may take to answer a delivery, in milliseconds.
const DELIVERY_MAX_MS: u64 = 5 * SECOND_MS;
/// The longest wait after a push that failed, in milliseconds.
const BACKOFF_MAX_MS: u64 = 30 * SECOND_MS;

/// The state of the pushes, for each listener. Lost with the object, and then they start anew.
#[derive(Default)]
pub(super) struct Outboxes {
    everyone: Outbox,
    server: Outbox,
}

impl Outboxes {
    pub(super) fn are_pushing(&self) -> bool {
        self.everyone.pushing.get() || self.server.pushing.get()
    }

    /// After how long the first of the pushes that have failed is to be repeated, in milliseconds; `None` when none has.
    pub(super) fn repeat_in_ms(&self, now: Timestamp) -> Option<u64> {
        let failed = [&self.everyone, &self.server].into_iter().filter(|outbox| outbox.failures.get() > 0);
        failed.map(|outbox| outbox.resumes_at.get().since(now).max(SECOND_MS)).min()
    }

    fn of(&self, listener: Listener) -> &Outbox {
        match listener {
            Listener::Everyone => &self.everyone,
            Listener::Server => &self.server,
        }
    }
}

#[derive(Default)]
struct Outbox {
    pushing: Cell<bool>,
    /// Whether something was committed since the journal was read.
    fresh: Cell<bool>,
    departed_at: Cell<Timestamp>,
    failures: Cell<u32>,
    /// Before this moment, commands do not begin a push: the alarm will.
    resumes_at: Cell<Timestamp>,
}

impl Outbox {
    /// Notes a failure; gives the wait in milliseconds: 1 s, 2 s, 4 s, … .
    fn fail(&self, now: Timestamp) -> u64 {
        let wait = (SECOND_MS << self.failures.get().min(5)).min(BACKOFF_MAX_MS);
        self.failures.set(self.failures.get().saturating_add(1));
        self.resumes_at.set(now.plus(wait));
        wait
    }

    /// Returns the wait before the next delivery. The first after a quiet time leaves at once.
    fn wait(&self) -> Option<Duration> {
        let quiet = now().since(self.departed_at.get());
        (quiet < COALESCE_MS).then(|| Duration::from_millis(COALESCE_MS - quiet))
    }

    fn succeed(&self) {
        self.failures.set(0);
        self.resumes_at.set(Timestamp(0));
    }
}

impl Inner {
    /// Pushes what is not acknowledged. What is committed within [`COALESCE_MS`] of a push's departure, or before it has
    /// arrived, leaves with the next one, so batches grow with the load, and a player never waits for a room.
    pub(super) fn push_soon(inner: &Rc<Self>, now: Timestamp, guild: GuildId) {
        for listener in Listener::ALL {
            if inner.claim(listener, now) {
                let pusher = Rc::clone(inner);
                inner.state.wait_until(async move { pusher.push_claimed(listener, guild).await });
            }
        }
    }

    /// Pushes to one, unless that is going on, or has just failed.
    pub(super) async fn push(&self, listener: Listener, now: Timestamp, guild: GuildId) {
        if self.claim(listener, now) {
            self.push_claimed(listener, guild).await;
        }
    }

    /// Notes that there is something to push. Whether the caller is to do it.
    fn claim(&self, listener: Listener, now: Timestamp) -> bool {
        let outbox = self.outboxes.of(listener);
        outbox.fresh.set(true);
        let somebody_listens = self.books.listens(listener).unwrap_or(true); // The push will say what is wrong.
        somebody_listens && now >= outbox.resumes_at.get() && !outbox.pushing.replace(true)
    }

    /// Pushes to one whose push is the caller's, by [`Self::claim`].
    async fn push_claimed(&self, listener: Listener, guild: GuildId) {
        let outbox = self.outboxes.of(listener);
        let sent = self.push_all(outbox, listener, guild).await;
        outbox.pushing.set(false);
        match sent {
            Ok(()) => outbox.succeed(),
            Err(error) => self.repeat_later(outbox, guild, &error).await,
        }
    }

    async fn push_all(&self, outbox: &Outbox, listener: Listener, guild: GuildId) -> Result<(), Problem> {
        let unread = |error: BooksError| Problem::failure("The journal could not be read", &error);
        while outbox.fresh.get() {
            if !self.books.listens(listener).map_err(unread)? {
                return Ok(());
            }
            if let Some(wait) = outbox.wait() {
                // Were the object lost now, this would bring it back to push again.
                self.arm_alarm(LOST_PUSH_MS).await?;
                worker::Delay::from(wait).await;
            }
            outbox.fresh.set(false);
            let Some(mut push) = self.books.backlog(now(), guild, listener).map_err(unread)? else {
                return Ok(());
            };
            self.arm_alarm(LOST_PUSH_MS).await?;
            // A server's own room tells of its own rows alone.
            push.rows = if listener == Listener::Everyone { self.books.sql().take_rows() } else { 0 };
            outbox.departed_at.set(now());
            if push.records.len() >= PUSH_MAX_RECORDS {
                outbox.fresh.set(true);
                outbox.departed_at.set(Timestamp(0)); // What has waited for the room waits no longer.
            }
            let rooms = self.rooms.as_ref().map_err(|error| Problem::failure("No room is bound", error))?;
            let room = match listener {
                Listener::Everyone => RoomAddress::Everyone,
                Listener::Server => RoomAddress::Server(guild),
            };
            let said = deliver(rooms, room, &push).await;
            let said = said.inspect_err(|_| self.books.sql().give_back_rows(push.rows))?;
            // A server's own room has only heard of it, too.
            if let (Listener::Everyone, Some(maintenance)) = (listener, said.maintenance) {
                self.hear_of_maintenance(maintenance)?;
            }
            self.take_word(outbox, listener, guild, &said)
                .map_err(|error| Problem::failure("The outbox could not be kept", &error))?;
        }
        Ok(())
    }

    /// Takes a listener's word for how far it has the journal. If it has rows that these books have not, they were restored
    /// to an earlier state, and begin another life; if it has not what it had, it was, and is told again.
    fn take_word(
        &self,
        outbox: &Outbox,
        listener: Listener,
        guild: GuildId,
        said: &Acknowledgement,
    ) -> Result<(), AnswerError> {
        if said.misses {
            let seq = said.seq.0;
            log::error(&format_args!(
                "server {guild}: a room was set back, and is told of the rows after {seq} again"
            ));
            self.whole(|books| books.tell_again(now(), listener, said))?;
            outbox.fresh.set(true);
            return Ok(());
        }
        if self.books.is_behind(said)? {
            log::error(&format_args!(
                "server {guild}: the books were set back; a room has row {}",
                said.seq.0
            ));
            self.whole(|books| books.begin_anew(now(), said))?;
            outbox.fresh.set(true);
            return Ok(());
        }
        Ok(self.books.acknowledge(listener, said.seq)?)
    }

    async fn repeat_later(&self, outbox: &Outbox, guild: GuildId, error: &Problem) {
        let wait = outbox.fail(now());
        log::error(&format_args!(
            "server {guild}: the room did not take the journal, again in {wait} ms: {error}"
        ));
        self.alarm_armed.set(false);
        if let Err(error) = self.arm_alarm(wait).await {
            log::error(&format_args!("server {guild}: the outbox's alarm: {error}"));
        }
    }

    /// Arms the alarm, unless there is one.
    pub(super) async fn arm_alarm(&self, after_ms: u64) -> worker::Result<()> {
        if !self.alarm_armed.get() {
            self.state.storage().set_alarm(Duration::from_millis(after_ms)).await?;
            self.books.sql().note_row();
            self.alarm_armed.set(true);
        }
        Ok(())
    }

    /// Takes the alarm away, if there is one.
    pub(super) async fn disarm_alarm(&self) -> worker::Result<()> {
        if self.alarm_armed.replace(false) {
            self.state.storage().delete_alarm().await?;
        }
        Ok(())
    }
}

fn now() -> Timestamp {
    Timestamp(worker::Date::now().as_millis())
}

async fn deliver(rooms: &Objects, room: RoomAddress, push: &Push) -> Result<Acknowledgement, Problem> {
    let told = pin!(room::push(rooms, room, push));
    let patience = pin!(worker::Delay::from(Duration::from_millis(DELIVERY_MAX_MS)));
    match select(told, patience).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => {
            Err(Problem::new(504, "room_silent", "The room did not answer a delivery in time."))
        }
    }
}
