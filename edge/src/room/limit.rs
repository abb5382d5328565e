//! A limit of the plan is reached: the room goes on from memory with what need not be durable, and says so.

use std::{rc::Rc, time::Duration};

use protocol::room::{self, Input, Output};
use worker::Delay;

use super::{Inner, Reply};
use crate::{
    answer::{LIMIT, Problem},
    clock::now,
    log,
};

impl Inner {
    /// The rows of these outputs were not written. Where a limit is to blame and they may wait, the room goes on; otherwise it
    /// goes back to where it was, and so do the outputs come to nothing.
    pub(super) fn go_on_without_rows(
        self: &Rc<Self>,
        problem: Problem,
        before: Option<room::Room>,
        outputs: &[Output],
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let (is_limit, may_wait) = (problem.is(LIMIT), outputs.iter().all(Output::may_wait));
        if !(is_limit && may_wait) {
            match before {
                Some(before) => self.core()?.borrow_mut().room = before,
                None => self.forget_what_was_not_stored()?,
            }
        }
        if is_limit {
            self.note_limit(reply)?;
        }
        if is_limit && may_wait { Ok(()) } else { Err(problem) }
    }

    fn note_limit(self: &Rc<Self>, reply: &mut Reply) -> Result<(), Problem> {
        if !self.core()?.borrow().room.is_limited() {
            log::error(&"the storage takes no rows: the plan's limit is reached, until midnight (UTC)");
        }
        let said = self.core()?.borrow_mut().room.handle(now(), Input::Limited);
        said.into_iter().try_for_each(|output| self.perform(output, reply))
    }

    /// Rows were written while they were thought to be refused.
    pub(super) fn note_end_of_limit(self: &Rc<Self>, reply: &mut Reply) -> Result<(), Problem> {
        log::info(&"the storage takes rows again");
        let before = self.core()?.borrow().room.clone();
        let outputs = self.core()?.borrow_mut().room.handle(now(), Input::Unlimited);
        if let Err(problem) = self.store(&outputs) {
            // It will be said with the next row.
            self.core()?.borrow_mut().room = before;
            log::error(&format_args!("the end of a limit could not be written down: {problem}"));
            return Ok(());
        }
        outputs.into_iter().try_for_each(|output| self.perform(output, reply))
    }

    /// The alarm is armed, which is a row.
    pub(super) fn note_alarm(self: &Rc<Self>) -> Result<(), Problem> {
        self.sql.note_row();
        if self.core()?.borrow().room.is_limited() {
            self.note_end_of_limit(&mut Reply::default())?;
        }
        Ok(())
    }

    /// The storage does not take the alarm: a timer ticks in its place.
    pub(super) fn tick_by_timer(self: &Rc<Self>, wait_ms: u64) -> Result<(), Problem> {
        self.note_limit(&mut Reply::default())?;
        if self.timed.replace(true) {
            return Ok(());
        }
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            Delay::from(Duration::from_millis(wait_ms)).await;
            inner.timed.set(false);
            inner.tick().await;
        });
        Ok(())
    }
}
