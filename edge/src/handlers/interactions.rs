//! `POST /interactions`: bound, verify, parse, hand to the server's books, answer in time.

mod late;

use std::{
    pin::pin,
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use ::interactions::{
    Call, Interaction, PublicKey,
    interaction::{Autocomplete, Webhook},
    reply,
    service::NoRow,
    signature::{Claim, SIGNATURE_HEADER, TIMESTAMP_HEADER, Verified},
};
use futures_util::future::{Either, select};
use protocol::{Timestamp, room::edge_failure, time::SECOND_MS};
use worker::{Context, Delay, Headers, Request, Response};

use crate::{
    answer::{LIMIT, Problem, read_bounded},
    ed25519, headers, log,
    settings::Settings,
    stubs::{
        guild::{self, Answer},
        room,
    },
};

/// The largest interaction that is read, in bytes. Discord's own are far smaller.
const BODY_MAX_BYTES: usize = 256 * 1024;
/// The whole answer to whatever Discord did not sign.
const FORGED: &str = "invalid request signature";
/// Discord waits 3 s for a first answer, in which the way there and back has to fit, too. In milliseconds.
const DEFER_AFTER_MS: u64 = 2 * SECOND_MS;
/// The waits before the books are asked again, in milliseconds. The runtime lets work go on for 30 s after an answer.
const ASK_AGAIN_AFTER_MS: [u64; 5] = [0, 250, SECOND_MS, 4 * SECOND_MS, 8 * SECOND_MS];

static FORGED_COUNT: AtomicU64 = AtomicU64::new(0);

/// Answers `POST /interactions`: reads the body, verifies its signature, and has the server's books answer it in time.
pub async fn post(
    mut request: Request,
    settings: &Rc<Settings>,
    context: &Context,
) -> Result<Response, Problem> {
    let arrived_at = Timestamp(worker::Date::now().as_millis());
    let body = read_bounded(&mut request, BODY_MAX_BYTES).await?;
    let key = settings.public_key()?;
    let Some(verified) = verify(key.as_ref(), request.headers(), &body, arrived_at).await? else {
        return forged();
    };
    let interaction = Interaction::parse(verified)
        .map_err(|reason| Problem::new(400, reason.code(), reason.to_string()))?;
    match interaction {
        Interaction::Ping => Ok(headers::json(reply::PONG.to_owned())?),
        Interaction::OutsideServer => Ok(Response::from_json(&reply::outside_server())?),
        Interaction::NotAdded(application) => Ok(Response::from_json(&reply::not_added(&application))?),
        Interaction::NoChoices => Ok(Response::from_json(&reply::choices(Vec::new()))?),
        Interaction::Complete(lookup) => autocomplete(&lookup, settings).await,
        Interaction::Command(call, _) if call.may_be_forgotten(arrived_at) => forged(),
        Interaction::Command(call, webhook) => {
            answer_in_time(*call, webhook, arrived_at, settings, context).await
        }
    }
}

async fn verify<'a>(
    key: Option<&PublicKey>,
    headers: &Headers,
    body: &'a [u8],
    now: Timestamp,
) -> Result<Option<Verified<'a>>, Problem> {
    let (signature, timestamp) = (headers.get(SIGNATURE_HEADER)?, headers.get(TIMESTAMP_HEADER)?);
    let claim = Claim::new(signature.as_deref(), timestamp.as_deref(), body).ok();
    let (Some(key), Some(claim)) = (key, claim.filter(|claim| claim.is_current(now))) else {
        return Ok(None);
    };
    Ok(ed25519::check(claim, key).await.ok())
}

fn forged() -> Result<Response, Problem> {
    let count = FORGED_COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    // Discord forges some on purpose; a line for each would let anybody fill the log.
    if count.is_power_of_two() {
        log::info(&format_args!("forged interactions refused so far: {count}"));
    }
    Ok(Response::ok(FORGED)?.with_status(401))
}

/// Choices come in time or not at all: whoever types has typed on by then.
async fn autocomplete(lookup: &Autocomplete, settings: &Settings) -> Result<Response, Problem> {
    let asked = pin!(guild::autocomplete(lookup, settings));
    match select(asked, Delay::from(Duration::from_millis(DEFER_AFTER_MS))).await {
        Either::Left((Ok(choices), _)) => Ok(headers::json(choices)?),
        Either::Left((Err(error), _)) => {
            log::error(&format_args!("server {}: no choices: {error}", lookup.guild));
            Ok(Response::from_json(&reply::choices(Vec::new()))?)
        }
        Either::Right(_) => Ok(Response::from_json(&reply::choices(Vec::new()))?),
    }
}

/// The answer itself, or, when the books take longer than Discord waits, the promise of one.
async fn answer_in_time(
    call: Call,
    webhook: Webhook,
    arrived_at: Timestamp,
    settings: &Rc<Settings>,
    context: &Context,
) -> Result<Response, Problem> {
    let promise = reply::deferred(call.command.is_private(), call.changes_message());
    let patience = Duration::from_millis(settings.number("DEFER_AFTER_MS")?.unwrap_or(DEFER_AFTER_MS));
    let asked = Box::pin(ask_books(call.clone(), arrived_at, Rc::clone(settings)));
    // At once where nobody is to be waited for: so the late way can be looked at, however fast the books are.
    let asked = if patience.is_zero() {
        asked
    } else {
        match select(asked, Delay::from(patience)).await {
            Either::Left((answer, _)) => {
                let answer = answer?;
                let response = headers::json(answer.reply().to_owned())?;
                response.headers().set(guild::ROWS_WRITTEN, &answer.rows_written.to_string())?;
                return Ok(response);
            }
            Either::Right(((), asked)) => asked,
        }
    };
    let settings = Rc::clone(settings);
    context.wait_until(async move {
        let answer = asked.await;
        late::deliver(&call, &webhook, arrived_at, answer, &settings).await;
    });
    Ok(Response::from_json(&promise)?)
}

/// The books answer an interaction once, so that asking again after a fault is safe.
async fn ask_books(call: Call, arrived_at: Timestamp, settings: Rc<Settings>) -> Result<Answer, Problem> {
    let mut answer = guild::ask(&call, arrived_at, &settings).await;
    for wait in ASK_AGAIN_AFTER_MS {
        match &answer {
            Err(error) if !error.is(guild::OVERLOADED) && !error.is(LIMIT) => {
                log::error(&format_args!("server {}: asking again in {wait} ms: {error}", call.guild));
            }
            _ => break,
        }
        Delay::from(Duration::from_millis(wait)).await;
        answer = guild::ask(&call, arrived_at, &settings).await;
    }
    if answer.as_ref().is_err_and(|error| error.is(LIMIT)) {
        return Answer::refused(NoRow::Limited, arrived_at, call.pressed);
    }
    if let Err(error) = &answer {
        log::error(&format_args!("server {}: interaction {} failed: {error}", call.guild, call.id));
        let message = format!("/{} could not be carried out; the log says why", call.command.name());
        tell_failure(&call, "failed", message, &settings).await;
    }
    answer
}

/// Lets administrators see what went wrong.
async fn tell_failure(call: &Call, what: &str, message: String, settings: &Settings) {
    let at = Timestamp(worker::Date::now().as_millis());
    let event = edge_failure(format!("{}-{what}", call.id), at, call.guild, message);
    let told = async { room::tell(&settings.objects(room::BINDING)?, "/failed", &event).await };
    if let Err(error) = told.await {
        log::error(&format_args!("the room did not hear of a failure: {error}"));
    }
}
