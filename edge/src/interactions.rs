//! `POST /interactions`: bound, verify, parse, hand to the server's books, answer.

use std::sync::atomic::{AtomicU64, Ordering};

use ::interactions::{
    Call, Interaction, PublicKey, reply,
    signature::{self, SIGNATURE_HEADER, TIMESTAMP_HEADER, Verified},
};
use protocol::{Timestamp, room::edge_failure};
use worker::{Context, Headers, Request, Response, console_error, console_log};

use crate::{
    answer::{Problem, read_bounded},
    guild, room,
    settings::Settings,
};

/// The largest interaction that is read, in bytes. Discord's own are far smaller.
const BODY_MAX_BYTES: usize = 256 * 1024;
/// The whole answer to whatever Discord did not sign.
const FORGED: &str = "invalid request signature";

static FORGED_COUNT: AtomicU64 = AtomicU64::new(0);

/// Answers Discord.
pub async fn post(mut request: Request, settings: &Settings, context: &Context) -> Result<Response, Problem> {
    let arrived_at = Timestamp(worker::Date::now().as_millis());
    let body = read_bounded(&mut request, BODY_MAX_BYTES).await?;
    let Some(verified) = verify(settings.public_key()?.as_ref(), request.headers(), &body)? else {
        return forged();
    };
    let interaction = Interaction::parse(verified)
        .map_err(|reason| Problem::new(400, reason.code(), reason.to_string()))?;
    match interaction {
        Interaction::Ping => json(reply::PONG.to_owned()),
        Interaction::OutsideServer => Ok(Response::from_json(&reply::outside_server())?),
        Interaction::Command(call) => json(ask_books(&call, arrived_at, settings, context).await?),
    }
}

fn verify<'a>(
    key: Option<&PublicKey>,
    headers: &Headers,
    body: &'a [u8],
) -> Result<Option<Verified<'a>>, Problem> {
    let (signature, timestamp) = (headers.get(SIGNATURE_HEADER)?, headers.get(TIMESTAMP_HEADER)?);
    let verified =
        key.and_then(|key| signature::verify(key, signature.as_deref(), timestamp.as_deref(), body).ok());
    Ok(verified)
}

fn forged() -> Result<Response, Problem> {
    let count = FORGED_COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    // Discord forges some on purpose; a line for each would let anybody fill the log.
    if count.is_power_of_two() {
        console_log!("forged interactions refused so far: {count}");
    }
    Ok(Response::ok(FORGED)?.with_status(401))
}

/// The books answer an interaction once, so that asking again after a fault is safe.
async fn ask_books(
    call: &Call,
    arrived_at: Timestamp,
    settings: &Settings,
    context: &Context,
) -> Result<String, Problem> {
    let first = guild::ask(call, arrived_at, settings).await;
    let Err(error) = first else { return first };
    console_error!("server {}: asking again after: {error:?}", call.guild);
    let second = guild::ask(call, arrived_at, settings).await;
    if let Err(error) = &second {
        console_error!("server {}: interaction {} failed: {error:?}", call.guild, call.id);
        let message = format!("/{} could not be carried out; the log says why", call.command.name());
        let event = edge_failure(format!("{}-failed", call.id), arrived_at, call.guild, message);
        let objects = settings.objects(room::BINDING)?;
        context.wait_until(async move {
            if let Err(error) = room::tell(&objects, "/failed", &event).await {
                console_error!("the room did not hear of a failure: {error}");
            }
        });
    }
    second
}

fn json(body: String) -> Result<Response, Problem> {
    let response = Response::ok(body)?;
    response.headers().set("Content-Type", "application/json")?;
    Ok(response)
}
