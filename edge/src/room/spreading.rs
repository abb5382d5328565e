//! News from the room to servers' books: that everything is paused, or goes on, and once more with the acknowledgement of
//! whatever they deliver; and who takes no messages of the bot.

use std::{cell::Cell, rc::Rc, time::Duration};

use futures_util::{StreamExt, stream};
use protocol::{GuildId, UserId, record::Maintenance};
use serde::Serialize;
use worker::{Delay, Method, Request, RequestInit};

use super::Inner;
use crate::{answer::Problem, log, stubs::guild};

/// The waits before a server is told again, in milliseconds. What it has not heard then, it hears with its next command.
const AGAIN_AFTER_MS: [u64; 4] = [250, 1_000, 4_000, 10_000];
/// Requests that one invocation makes at most: the smallest plan allows it 50, and some are for other things.
const REQUESTS_MAX: usize = 40;

impl Inner {
    /// Tells these servers' books.
    pub(super) fn spread(self: &Rc<Self>, said: Maintenance, guilds: Vec<GuildId>) {
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            let again = Cell::new(REQUESTS_MAX.saturating_sub(guilds.len()));
            let tell = |guild| inner.tell_until_heard(guild, guild::MAINTENANCE, said, &again);
            stream::iter(guilds).for_each_concurrent(REQUESTS_MAX, tell).await;
        });
    }

    /// Tells a player's books. Were they never to hear it, the next reminder would say it again.
    pub(super) fn remind_no_more(self: &Rc<Self>, guild: GuildId, user: UserId) {
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            let again = Cell::new(AGAIN_AFTER_MS.len());
            inner.tell_until_heard(guild, guild::REMIND_NO_MORE, user, &again).await;
        });
    }

    /// `again` is how many more requests than one for each may be made.
    async fn tell_until_heard(&self, guild: GuildId, path: &str, said: impl Serialize, again: &Cell<usize>) {
        let mut told = self.tell_guild(guild, path, &said).await;
        for wait in AGAIN_AFTER_MS {
            let Err(error) = &told else { return };
            log::error(&format_args!(
                "server {guild} has not heard the room at {path}, again in {wait} ms: {error}"
            ));
            let Some(left) = again.get().checked_sub(1) else { return };
            again.set(left);
            Delay::from(Duration::from_millis(wait)).await;
            told = self.tell_guild(guild, path, &said).await;
        }
    }

    async fn tell_guild(&self, guild: GuildId, path: &str, said: &impl Serialize) -> Result<(), Problem> {
        let guilds = self.upstream.guilds()?;
        let body =
            serde_json::to_string(said).map_err(|error| Problem::failure("A message is not JSON", &error))?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(body.into()));
        let request = Request::new_with_init(&format!("https://guild{path}"), &init)?;
        let response = guilds.named(&guild.to_string())?.fetch_with_request(request).await?;
        match response.status_code() {
            200 => Ok(()),
            status => Err(Problem::new(503, "unavailable", format!("the books answered {status}"))),
        }
    }
}
