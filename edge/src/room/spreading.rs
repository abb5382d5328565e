//! What servers' books hear from the room: that everything is paused, or goes on, and once more with the acknowledgement
//! of whatever they deliver; and who takes no messages of the bot.

use std::{rc::Rc, time::Duration};

use futures_util::{StreamExt, stream};
use protocol::{GuildId, UserId, record::Maintenance};
use serde::Serialize;
use worker::{Delay, Method, ObjectNamespace, Request, RequestInit};

use super::Inner;
use crate::{answer::Problem, guild, log};

/// The waits before a server is told again, in milliseconds. What it has not heard then, it hears with its next command.
const AGAIN_AFTER_MS: [u64; 4] = [250, 1_000, 4_000, 10_000];
/// Servers that are told at a time.
const AT_ONCE: usize = 50;

impl Inner {
    /// Tells these servers' books.
    pub(super) fn spread(self: &Rc<Self>, said: Maintenance, guilds: Vec<GuildId>) {
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            let tell = |guild| inner.tell_until_heard(guild, guild::MAINTENANCE, said);
            stream::iter(guilds).for_each_concurrent(AT_ONCE, tell).await;
        });
    }

    /// Tells a player's books. Were they never to hear it, the next reminder would say it again.
    pub(super) fn remind_no_more(self: &Rc<Self>, guild: GuildId, user: UserId) {
        let inner = Rc::clone(self);
        self.state
            .wait_until(async move { inner.tell_until_heard(guild, guild::REMIND_NO_MORE, user).await });
    }

    async fn tell_until_heard(&self, guild: GuildId, path: &str, said: impl Serialize) {
        let mut told = self.tell_guild(guild, path, &said).await;
        for wait in AGAIN_AFTER_MS {
            let Err(error) = &told else { return };
            log::error(&format_args!(
                "server {guild} has not heard the room at {path}, again in {wait} ms: {error}"
            ));
            Delay::from(Duration::from_millis(wait)).await;
            told = self.tell_guild(guild, path, &said).await;
        }
    }

    async fn tell_guild(&self, guild: GuildId, path: &str, said: &impl Serialize) -> Result<(), Problem> {
        let guilds: &ObjectNamespace = self.attendance.guilds()?;
        let body =
            serde_json::to_string(said).map_err(|error| Problem::failure("A message is not JSON", &error))?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(body.into()));
        let request = Request::new_with_init(&format!("https://guild{path}"), &init)?;
        let response = guilds.get_by_name(&guild.to_string())?.fetch_with_request(request).await?;
        match response.status_code() {
            200 => Ok(()),
            status => Err(Problem::new(503, "unavailable", format!("the books answered {status}"))),
        }
    }
}
