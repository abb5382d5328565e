//! Rate limits by address and by session. Each Worker counts for itself: enough against somebody who tries secrets or
//! hammers; `LIMITER`, Cloudflare's own, counts for all of them at a place where it is bound.

use std::cell::RefCell;

use protocol::{
    Timestamp,
    rate_limit::{RateLimit, RateLimits, network},
};
use worker::Request;

use crate::{
    answer::Problem,
    log,
    session::{Credential, cookie},
    settings::Settings,
};

/// The binding of Cloudflare's rate limiter.
const BINDING: &str = "LIMITER";
/// The header in which Cloudflare names the client's address. Nobody can send it from outside.
const ADDRESS: &str = "CF-Connecting-IP";

/// Beginning and finishing a sign-in, by address.
const SIGN_IN: RateLimit = RateLimit { at_once: 20, every_ms: 3_000 };
/// Being refused for what one shows (a wrong token, a session that is none), by address.
const REFUSED: RateLimit = RateLimit { at_once: 300, every_ms: 200 };
/// Signatures that do not hold, by address: apart, so that nothing but them keeps Discord out. One that holds clears it.
const FORGED: RateLimit = REFUSED;
/// Whatever is asked without a session or a token, by address.
const NOBODY: RateLimit = RateLimit { at_once: 300, every_ms: 100 };
/// `/api` and `/ws`, by session.
const SESSION: RateLimit = RateLimit { at_once: 300, every_ms: 50 };
/// The same by a program with a token: far more than one machine can ask, so that a load test measures Pulse.
const PROGRAM: RateLimit = RateLimit { at_once: 100_000, every_ms: 1 };

struct Limits {
    sign_in: RateLimits<String>,
    refused: RateLimits<String>,
    forged: RateLimits<String>,
    nobody: RateLimits<String>,
    session: RateLimits<String>,
    program: RateLimits<()>,
}

thread_local! {
    static LIMITS: RefCell<Limits> = const {
        RefCell::new(Limits {
            sign_in: RateLimits::of(SIGN_IN),
            refused: RateLimits::of(REFUSED),
            forged: RateLimits::of(FORGED),
            nobody: RateLimits::of(NOBODY),
            session: RateLimits::of(SESSION),
            program: RateLimits::of(PROGRAM),
        })
    };
}

/// Checks a request against the limits; fails with 429 `too_often` and the wait.
pub async fn check(request: &Request, address: Option<&str>, settings: &Settings) -> Result<(), Problem> {
    let (path, now) = (request.path(), now());
    let is_discord = is_interaction(&path);
    let signs_in = path.starts_with("/login");
    let waited = LIMITS.with_borrow_mut(|limits| {
        if let Some(address) = address {
            if signs_in {
                return Ok(limits.sign_in.step(now, address.to_owned()).err());
            }
            // Signatures cost the most to look at: whoever sends many that do not hold is not looked at for a while.
            let refused = if is_discord { &limits.forged } else { &limits.refused };
            if let Some(wait_ms) = refused.wait_ms(now, address) {
                return Ok(Some(wait_ms));
            }
        }
        if is_discord {
            return Ok(None);
        }
        Ok::<_, Problem>(match (Credential::of(request, settings), address) {
            (Ok(Credential::Session(hash)), _) => limits.session.step(now, hash).err(),
            (Ok(Credential::Program), _) => limits.program.step(now, ()).err(),
            (Err(_), _) if Credential::is_bot(request, settings)? => limits.program.step(now, ()).err(),
            (Err(_), Some(address)) => limits.nobody.step(now, address.to_owned()).err(),
            (Err(_), None) => None,
        })
    })?;
    if let Some(wait_ms) = waited {
        return Err(Problem::too_often(wait_ms));
    }
    match address {
        Some(address) if signs_in || cookie::session_of(request, settings)?.is_some() => {
            ask_cloudflare(settings, address).await
        }
        _ => Ok(()),
    }
}

/// Notes what came of a request: refused for what it showed, or signed by Discord.
pub fn note(path: &str, address: Option<String>, status: u16) {
    match (is_interaction(path), status) {
        (false, 401) => count_refused(address),
        (true, 401) => count(address, |limits| &mut limits.forged),
        (true, 200 | 400) => {
            if let Some(address) = address {
                LIMITS.with_borrow_mut(|limits| limits.forged.forget(&address));
            }
        }
        _ => {}
    }
}

/// Counts a request that was refused for what it showed.
pub fn count_refused(address: Option<String>) {
    count(address, |limits| &mut limits.refused);
}

fn count(address: Option<String>, of: impl FnOnce(&mut Limits) -> &mut RateLimits<String>) {
    let Some(address) = address else { return };
    // The next request is told that this one was too many.
    let _ = LIMITS.with_borrow_mut(|limits| of(limits).step(now(), address));
}

fn is_interaction(path: &str) -> bool {
    path.trim_end_matches('/') == "/interactions"
}

fn now() -> Timestamp {
    Timestamp(worker::Date::now().as_millis())
}

/// The [`network`] that a request comes from; `None` on a developer's machine, where Cloudflare names no addresses.
pub fn address(request: &Request) -> worker::Result<Option<String>> {
    Ok(request.headers().get(ADDRESS)?.map(|address| network(&address)))
}

async fn ask_cloudflare(settings: &Settings, address: &str) -> Result<(), Problem> {
    /// In milliseconds: the period of the binding in `wrangler.toml`.
    const PERIOD_MS: u64 = 60_000;
    let Some(limiter) = settings.limiter(BINDING) else { return Ok(()) };
    match limiter.limit(address.to_owned()).await {
        Ok(outcome) if !outcome.success => Err(Problem::too_often(PERIOD_MS)),
        Ok(_) => Ok(()),
        Err(error) => {
            // A request that cannot be counted is let in: a limiter that is away is no reason to be away, too.
            log::error(&format_args!("the rate limiter: {error}"));
            Ok(())
        }
    }
}
