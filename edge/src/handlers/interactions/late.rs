//! An answer that comes after its promise: the edit of `@original`, or a message beside it.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>.

use std::time::Duration;

use ::interactions::{Call, interaction::Webhook, reply::Late, rest::Meaning};
use protocol::{
    Timestamp,
    job::{Job, Task},
    time::{MINUTE_MS, SECOND_MS},
};
use worker::{Delay, Fetch, Headers, Method, Request, RequestInit};

use super::tell_failure;
use crate::{
    answer::Problem,
    discord::{self, named},
    log,
    settings::Settings,
    stubs::{guild::Answer, room},
};

/// The waits between attempts, in milliseconds. For some seconds Discord answers 404, until it has seen the promise.
const AGAIN_AFTER_MS: [u64; 7] =
    [250, 500, SECOND_MS, 2 * SECOND_MS, 3 * SECOND_MS, 5 * SECOND_MS, 8 * SECOND_MS];
/// The longest wait of Discord's that is waited for, in milliseconds: the runtime ends what goes on for long.
const RETRY_AFTER_MAX_MS: u64 = 10 * SECOND_MS;

/// How long after its arrival an interaction can be answered, in milliseconds: a little less than Discord's 15 minutes.
const ANSWERABLE_MS: u64 = 14 * MINUTE_MS;

/// The outcome of an attempt.
enum Attempt {
    Delivered,
    /// Again, after at least so many milliseconds.
    Again(u64, String),
    /// Again, but later than the runtime lets this go on.
    MuchLater(String),
    Hopeless(String),
}

/// Delivers an answer to whom it was promised.
pub(super) async fn deliver(
    call: &Call,
    webhook: &Webhook,
    arrived_at: Timestamp,
    answer: Result<Answer, Problem>,
    settings: &Settings,
) {
    let changes = call.changes_message();
    let answer = answer.ok().and_then(|answer| Late::new(answer.reply(), changes));
    let answer = answer.unwrap_or_else(|| Late::unknown_outcome(changes));
    let mut waits = AGAIN_AFTER_MS.into_iter();
    let (why, is_hopeless) = loop {
        let attempt = send(webhook, &answer, settings).await;
        let (at_least, why) = match attempt {
            Ok(Attempt::Delivered) => return,
            Ok(Attempt::Hopeless(why)) => break (why, true),
            Ok(Attempt::MuchLater(why)) => break (why, false),
            Ok(Attempt::Again(at_least, why)) => (at_least, why),
            Err(error) => (0, error.to_string()),
        };
        let Some(wait) = waits.next() else { break (why, false) };
        Delay::from(Duration::from_millis(wait.max(at_least))).await;
    };
    if !is_hopeless && hand_over(call, webhook, arrived_at, &answer, settings).await {
        log::info(&format_args!(
            "server {}: bot-worker gets the late answer to {}: {why}",
            call.guild, call.id
        ));
        return;
    }
    log::error(&format_args!(
        "server {}: the late answer to {} was not delivered: {why}",
        call.guild, call.id
    ));
    let message = format!("The late answer to /{} could not be delivered: {why}", call.command.name());
    tell_failure(call, "undelivered", message, settings).await;
}

/// Gives the answer to bot-worker, which has another address, and more time. Only one that takes its promise's place: a message
/// beside it would be there twice if Discord had taken it after all.
async fn hand_over(
    call: &Call,
    webhook: &Webhook,
    arrived_at: Timestamp,
    answer: &Late,
    settings: &Settings,
) -> bool {
    let Late::InPlace(message) = answer else { return false };
    let task = Task::Answer {
        guild_id: call.guild,
        application_id: webhook.application.clone(),
        token: webhook.token.clone(),
        message: message.clone(),
    };
    let expires_at = arrived_at.plus(ANSWERABLE_MS);
    let job = Job { id: format!("answer:{}", call.id), due_at: arrived_at, expires_at, task };
    if !job.is_well_formed() {
        return false;
    }
    let told = async { room::tell(&settings.objects(room::BINDING)?, "/undelivered", &job).await };
    told.await.inspect_err(|error| log::error(&format_args!("the room took no late answer: {error}"))).is_ok()
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
            Attempt::MuchLater(format!("{why}; it asks to wait {} s", asked_ms.div_ceil(SECOND_MS)))
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
