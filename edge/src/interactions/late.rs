//! An answer that comes after its promise: the edit of `@original`, or a message beside it.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>.

use std::time::Duration;

use ::interactions::{Call, interaction::Webhook, reply::Late, rest::Meaning};
use protocol::time::SECOND_MS;
use worker::{Delay, Fetch, Headers, Method, Request, RequestInit};

use super::tell_failure;
use crate::{
    answer::Problem,
    discord::{self, named},
    guild::Answer,
    log,
    settings::Settings,
};

/// The waits between attempts, in milliseconds. For some seconds Discord answers 404, until it has seen the promise.
const AGAIN_AFTER_MS: [u64; 7] =
    [250, 500, SECOND_MS, 2 * SECOND_MS, 3 * SECOND_MS, 5 * SECOND_MS, 8 * SECOND_MS];
/// The longest wait of Discord's that is waited for, in milliseconds: the runtime ends what goes on for long.
const RETRY_AFTER_MAX_MS: u64 = 10 * SECOND_MS;

/// How an attempt ended.
enum Attempt {
    Delivered,
    /// Again, after at least so many milliseconds.
    Again(u64, String),
    Hopeless(String),
}

/// Delivers an answer to whom it was promised.
pub(super) async fn deliver(
    call: &Call,
    webhook: &Webhook,
    answer: Result<Answer, Problem>,
    settings: &Settings,
) {
    let changes = call.changes_message();
    let answer = answer.ok().and_then(|answer| Late::new(answer.reply(), changes));
    let answer = answer.unwrap_or_else(|| Late::unknown_outcome(changes));
    let mut waits = AGAIN_AFTER_MS.into_iter();
    let why = loop {
        let attempt = send(webhook, &answer, settings).await;
        let (at_least, why) = match attempt {
            Ok(Attempt::Delivered) => return,
            Ok(Attempt::Hopeless(why)) => break why,
            Ok(Attempt::Again(at_least, why)) => (at_least, why),
            Err(error) => (0, error.to_string()),
        };
        let Some(wait) = waits.next() else { break why };
        Delay::from(Duration::from_millis(wait.max(at_least))).await;
    };
    log::error(&format_args!(
        "server {}: the late answer to {} was not delivered: {why}",
        call.guild, call.id
    ));
    let message = format!("The late answer to /{} could not be delivered: {why}", call.command.name());
    tell_failure(call, "undelivered", message, settings).await;
}

async fn send(webhook: &Webhook, answer: &Late, settings: &Settings) -> Result<Attempt, Problem> {
    let Webhook { application, token } = webhook;
    let (method, place, message) = match answer {
        Late::InPlace(message) => (Method::Patch, "/messages/@original", message),
        Late::Beside(message) => (Method::Post, "", message),
    };
    let url = format!("{}/webhooks/{application}/{token}{place}", settings.discord_api()?);
    let headers = named(Headers::new())?;
    headers.set("Content-Type", "application/json")?;
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers).with_body(Some(message.to_string().into()));
    // The address holds the token, and so would what the runtime says of a request that failed.
    let request = Request::new_with_init(&url, &init).map_err(|_| unreachable())?;
    let mut response = Fetch::Request(request).send().await.map_err(|_| unreachable())?;
    if (200..300).contains(&response.status_code()) {
        return Ok(Attempt::Delivered);
    }
    let refusal = discord::refusal(&mut response).await;
    let why = format!("Discord answered {}: {refusal}", refusal.status);
    let asked_ms = refusal.retry_after_ms.unwrap_or(0);
    Ok(match (refusal.meaning(), refusal.status) {
        (Meaning::Limited, _) if asked_ms > RETRY_AFTER_MAX_MS => {
            Attempt::Hopeless(format!("{why}; it asks to wait {} s", asked_ms.div_ceil(SECOND_MS)))
        }
        (Meaning::Limited | Meaning::Later | Meaning::Proxy, _) => {
            Attempt::Again(asked_ms.min(RETRY_AFTER_MAX_MS), why)
        }
        (_, 404) => Attempt::Again(0, why),
        _ => Attempt::Hopeless(why),
    })
}

fn unreachable() -> Problem {
    Problem::new(502, "discord_unreachable", "Discord could not be reached.")
}
