//! A minute under each fault that Discord can have: what the worker asks, and what of it counts as invalid.

use anyhow::Result;
use discord_sim::{
    faults::{Effect, Fault},
    state::Counts,
};
use futures_util::future::try_join_all;
use protocol::report::RestFailure;
use tests::{Stack, bot, stack::count};

/// Reports of a minute.
const MINUTE_REPORTS: usize = 12;
/// The most requests that the worker makes by itself within such a minute, those at its start included.
const REQUESTS_MAX: u64 = 40;

/// A fault of every request, with how many of its answers may count as invalid, and the words of its one line.
fn faults() -> Vec<(Effect, u64, &'static str)> {
    let limited = |retry_after, code, global| Effect::Status { status: 429, code, retry_after, global };
    vec![
        (limited(3600.0, 0, true), 1, "every request waits"),
        (limited(0.0, 0, true), 12, "every request waits"),
        (limited(2.5, 0, true), 4, "every request waits"),
        (limited(2.5, 0, false), 8, "429 to GET /users/@me"),
        (limited(2.1, 20_016, false), 8, "20016"),
        (Effect::Html { status: 429, retry_after: Some(3_600.0) }, 1, "every request waits"),
        (Effect::Html { status: 429, retry_after: None }, 6, "every request waits"),
        (Effect::Html { status: 403, retry_after: None }, 2, "every request waits"),
        (Effect::status(403), 8, "answered 403"),
        (Effect::error(403, 20_026), 2, "20026"),
        (Effect::status(503), 0, "answered 503"),
        (Effect::Html { status: 502, retry_after: None }, 0, "answered 502"),
        (Effect::Cut, 0, "silent until it works"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_makes_the_worker_ask_in_a_hurry() -> Result<()> {
    let all = faults();
    try_join_all(all.chunks(5).map(|some| under(some.to_vec()))).await?;
    Ok(())
}

/// One fault after the other, each with a fresh worker.
async fn under(faults: Vec<(Effect, u64, &'static str)>) -> Result<()> {
    let mut stack = Stack::set_with(bot::discord_like(|_| {}).await?, &[]).await?;
    for (effect, invalid_max, words) in faults {
        stack.connected().await?;
        let counts = || stack.discord.state().tally.counts();
        let before = counts();
        stack.discord.state().faults.add(Fault::new("/users/@me", effect.clone()));
        for _ in 0..MINUTE_REPORTS {
            stack.relay.next_report(|_| true).await?;
        }
        let failing = |failure: RestFailure| failure.count > 1;
        stack
            .shown(|stats| stats.ping.rest.is_none() && stats.ping.rest_failure.is_some_and(failing))
            .await?;
        let Counts { requests, invalid_requests, .. } = counts();
        let (asked, invalid) = (requests - before.requests, invalid_requests - before.invalid_requests);
        assert!(
            asked <= REQUESTS_MAX && invalid <= invalid_max,
            "{effect:?}: {invalid} of {asked} are invalid"
        );
        stack.discord.state().faults.clear();
        let lines = stack.end()?;
        assert!(count(&lines, words) >= 1, "{effect:?}");
        stack.restart(&[])?;
    }
    stack.connected().await?;
    Ok(())
}
