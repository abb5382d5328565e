//! An answer that comes after its promise: the edit of `@original`, or a message beside it.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages>.

use std::time::Duration;

use ::interactions::{Call, interaction::Webhook, reply::Late};
use protocol::time::SECOND_MS;
use serde_json::Value;
use worker::{Delay, Fetch, Headers, Method, Request, RequestInit};

use super::tell_failure;
use crate::{answer::Problem, guild::Answer, log, settings::Settings};

/// The waits between attempts, in milliseconds. For some seconds Discord answers 404, until it has seen the promise.
const AGAIN_AFTER_MS: [u64; 7] =
    [250, 500, SECOND_MS, 2 * SECOND_MS, 3 * SECOND_MS, 5 * SECOND_MS, 8 * SECOND_MS];
/// The longest wait that Discord may ask for, in seconds.
const RETRY_AFTER_MAX_SECONDS: f64 = 10.0;

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
    let url = format!("{}/webhooks/{application}/{token}{place}", settings.discord_api());
    let headers = Headers::new();
    headers.set("Content-Type", "application/json")?;
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers).with_body(Some(message.to_string().into()));
    // The address holds the token, and so would what the runtime says of a request that failed.
    let request = Request::new_with_init(&url, &init).map_err(|_| unreachable())?;
    let mut response = Fetch::Request(request).send().await.map_err(|_| unreachable())?;
    let status = response.status_code();
    let why = format!("Discord answered {status}");
    Ok(match status {
        200..=299 => Attempt::Delivered,
        429 => Attempt::Again(retry_after_ms(&mut response).await, why),
        404 | 500.. => Attempt::Again(0, why),
        _ => Attempt::Hopeless(why),
    })
}

fn unreachable() -> Problem {
    Problem::new(502, "discord_unreachable", "Discord could not be reached.")
}

async fn retry_after_ms(response: &mut worker::Response) -> u64 {
    let body: Option<Value> = response.json().await.ok();
    let seconds = body.and_then(|body| body.get("retry_after")?.as_f64()).unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 0 and a bound")]
    let ms = (seconds.clamp(0.0, RETRY_AFTER_MAX_SECONDS) * 1_000.0).ceil() as u64;
    ms
}
