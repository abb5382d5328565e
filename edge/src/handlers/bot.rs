//! bot-worker's routes: its report, and the work that waits for it.

use protocol::{
    Report,
    job::{self, ANSWERS, SETTLEMENT_MAX_BYTES, Settlement},
    report::{NextReport, REPORT_MAX_BYTES},
};
use worker::{Headers, Request, Response};

use crate::{
    answer::{Problem, read_bounded},
    query::query,
    session::Credential,
    settings::Settings,
    stubs::room::{BINDING, Settled, tell},
};

/// `POST /api/report`: the bot-worker's look at the bot.
pub async fn post_report(mut request: Request, settings: &Settings) -> Result<Response, Problem> {
    admit_bot(&request, settings)?;
    let body = read_bounded(&mut request, REPORT_MAX_BYTES).await?;
    let report: Report =
        protocol::version::read(&body).map_err(|error| Problem::unread("bad_report", &error))?;
    let next = tell(&settings.objects(BINDING)?, "/report", &report).await?;
    let next: NextReport = serde_json::from_str(&next)
        .map_err(|error| Problem::failure("The room's answer is not JSON", &error))?;
    let headers = Headers::new();
    headers.set(NextReport::IN_MS_HEADER, &next.in_ms.to_string())?;
    headers.set(NextReport::JOBS_DUE_HEADER, if next.jobs_due { "yes" } else { "no" })?;
    Ok(Response::empty()?.with_status(204).with_headers(headers))
}

/// `GET /api/jobs`: the work that is due.
pub async fn get_jobs(request: &Request, settings: &Settings) -> Result<Response, Problem> {
    admit_bot(request, settings)?;
    let takes_answers = query(request, "takes")?.is_some_and(|what| what == ANSWERS);
    let jobs = tell(&settings.objects(BINDING)?, "/jobs", &takes_answers).await?;
    let response = Response::ok(jobs)?;
    response.headers().set("Content-Type", "application/json")?;
    Ok(response)
}

/// `POST /api/jobs/{id}`: how a job ended. One that is over already is over.
pub async fn settle_job(mut request: Request, settings: &Settings, id: &str) -> Result<Response, Problem> {
    admit_bot(&request, settings)?;
    if !job::is_id(id) {
        return Err(Problem::not_found());
    }
    let body = read_bounded(&mut request, SETTLEMENT_MAX_BYTES).await?;
    let settlement: Settlement = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(400, "bad_settlement", format!("Not a settlement: {error}")))?;
    let settled = Settled { id: id.to_owned(), settlement };
    tell(&settings.objects(BINDING)?, "/settled", &settled).await?;
    Ok(Response::empty()?.with_status(204))
}

/// Lets the bot-worker in, and nobody else.
fn admit_bot(request: &Request, settings: &Settings) -> Result<(), Problem> {
    if Credential::is_bot(request, settings)? {
        return Ok(());
    }
    let message = if settings.text("BOT_TOKEN").is_none() {
        "The edge has no BOT_TOKEN. Give it one with `wrangler secret put BOT_TOKEN`."
    } else {
        "BOT_TOKEN is not the one that the edge has."
    };
    Err(Problem::new(401, "bad_bot_token", message))
}
