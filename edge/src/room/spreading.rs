//! Everything is paused, or goes on: each server's books hear of it from here, and once more with the acknowledgement of
//! whatever they deliver.

use std::{rc::Rc, time::Duration};

use futures_util::{StreamExt, stream};
use protocol::{GuildId, record::Maintenance};
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
            let tell = |guild| inner.tell_until_heard(guild, said);
            stream::iter(guilds).for_each_concurrent(AT_ONCE, tell).await;
        });
    }

    async fn tell_until_heard(&self, guild: GuildId, said: Maintenance) {
        let mut told = self.tell_guild(guild, said).await;
        for wait in AGAIN_AFTER_MS {
            let Err(error) = &told else { return };
            log::error(&format_args!(
                "server {guild} has not heard of maintenance, again in {wait} ms: {error}"
            ));
            Delay::from(Duration::from_millis(wait)).await;
            told = self.tell_guild(guild, said).await;
        }
    }

    async fn tell_guild(&self, guild: GuildId, said: Maintenance) -> Result<(), Problem> {
        let guilds: &ObjectNamespace = self.attendance.guilds()?;
        let body = serde_json::to_string(&said)
            .map_err(|error| Problem::failure("A message is not JSON", &error))?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(body.into()));
        let request = Request::new_with_init(&format!("https://guild{}", guild::MAINTENANCE), &init)?;
        let response = guilds.get_by_name(&guild.to_string())?.fetch_with_request(request).await?;
        match response.status_code() {
            200 => Ok(()),
            status => Err(Problem::new(503, "unavailable", format!("the books answered {status}"))),
        }
    }
}
