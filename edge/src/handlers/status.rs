//! `GET /status` and `/status.svg`: what everybody may know, where the deployer wants it. The world may look as often as it
//! likes: the room is asked twice a minute at most, by each Worker.

use std::cell::RefCell;

use base64::{Engine, prelude::BASE64_STANDARD};
use protocol::{
    Timestamp,
    alert::public::{PublicStatus, STYLE},
    time::SECOND_MS,
};
use sha2::{Digest, Sha256};
use worker::Response;

use crate::{answer::Problem, clock::now, settings::Settings, stubs::room};

/// The setting that turns it on.
const SETTING: &str = "STATUS_PAGE";
/// How old what is shown may be, in milliseconds.
const KEPT_MS: u64 = 30 * SECOND_MS;

thread_local! {
    /// The status that was shown last.
    static KEPT: RefCell<Option<PublicStatus>> = const { RefCell::new(None) };
}

/// The page.
pub async fn page(settings: &Settings) -> Result<Response, Problem> {
    let status = status(settings).await?;
    let response = Response::from_html(status.page())?;
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; frame-ancestors 'none'");
    response.headers().set("Content-Security-Policy", &policy)?;
    cached(response)
}

/// The badge. Other sites may show it.
pub async fn badge(settings: &Settings) -> Result<Response, Problem> {
    let response = Response::ok(status(settings).await?.badge())?;
    response.headers().set("Content-Type", "image/svg+xml")?;
    response.headers().set("Content-Security-Policy", "default-src 'none'")?;
    cached(response)
}

fn cached(response: Response) -> Result<Response, Problem> {
    let control = format!("public, max-age={}", KEPT_MS / SECOND_MS);
    response.headers().set("Cache-Control", &control)?;
    Ok(response)
}

async fn status(settings: &Settings) -> Result<PublicStatus, Problem> {
    if settings.text(SETTING).as_deref() != Some("on") {
        return Err(Problem::not_found());
    }
    let now = now();
    let is_fresh = |kept: &PublicStatus| now.since(kept.at) < KEPT_MS && kept.at <= now;
    if let Some(kept) = KEPT.with_borrow(|kept| kept.clone().filter(is_fresh)) {
        return Ok(kept);
    }
    let answer = room::tell(&settings.objects(room::BINDING)?, "/status", &()).await?;
    let status: PublicStatus =
        serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer", &error))?;
    let status = PublicStatus { at: Timestamp(now.0), ..status };
    KEPT.set(Some(status.clone()));
    Ok(status)
}
