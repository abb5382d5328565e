//! An answer that comes after its promise: the edit of `@original`.
//!
//! Source: <https://discord.com/developers/docs/interactions/receiving-and-responding#edit-original-interaction-response>.

use std::time::Duration;

use ::interactions::{Call, interaction::Webhook, reply};
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

/// Puts an answer where its promise stands.
pub(super) async fn deliver(
    call: &Call,
    webhook: &Webhook,
    answer: Result<Answer, Problem>,
    settings: &Settings,
) {
    let message = answer.ok().and_then(|answer| reply::message_of(answer.reply()));
    let message = message.unwrap_or_else(reply::unknown_outcome);
    let mut waits = AGAIN_AFTER_MS.into_iter();
    let why = loop {
        let attempt = edit(webhook, &message, settings).await;
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

async fn edit(webhook: &Webhook, message: &Value, settings: &Settings) -> Result<Attempt, Problem> {
    let Webhook { application, token } = webhook;
    let url = format!("{}/webhooks/{application}/{token}/messages/@original", settings.discord_api());
    let headers = Headers::new();
    headers.set("Content-Type", "application/json")?;
    let mut init = RequestInit::new();
    init.with_method(Method::Patch).with_headers(headers).with_body(Some(message.to_string().into()));
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
