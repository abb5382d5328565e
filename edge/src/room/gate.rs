//! The Worker's side of the room: what is checked before the room is asked, and how it is asked.

use protocol::{Epoch, Report, report::REPORT_MAX_BYTES};
use serde::Serialize;
use worker::{Headers, Method, ObjectNamespace, Request, RequestInit, Response};

use crate::{
    answer::{Problem, read_bounded},
    session::{Credential, query},
    settings::Settings,
};

/// The binding in `wrangler.toml`.
pub const BINDING: &str = "ROOM";
/// There is one room.
const NAME: &str = "room";

/// `GET /ws`: checks what can be checked before the upgrade, and hands the socket to the room.
pub async fn open_socket(request: Request, settings: &Settings) -> Result<Response, Problem> {
    let upgrade = request.headers().get("Upgrade")?.unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Err(Problem::new(426, "upgrade_required", "Open this address as a WebSocket."));
    }
    let credential = Credential::of(&request, settings)?;
    if let Some(origin) = request.headers().get("Origin")?
        && origin != own_origin(&request, settings)?
    {
        return Err(Problem::new(403, "foreign_origin", "Another site may not open this socket."));
    }
    let resume = match (query(&request, "epoch")?, query(&request, "since")?) {
        (None, None) => String::new(),
        (Some(epoch), Some(since)) => match (epoch.parse::<Epoch>(), since.parse::<u64>()) {
            (Ok(epoch), Ok(since)) => format!("?epoch={epoch}&since={since}"),
            _ => return Err(bad_resume()),
        },
        _ => return Err(bad_resume()),
    };
    let headers = Headers::new();
    headers.set("Upgrade", "websocket")?;
    ask(&credential, settings, &format!("/ws{resume}"), headers).await
}

/// `GET /api/…`: the room answers those that may look.
pub async fn get(request: Request, settings: &Settings, path: &str) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    let search = request.url()?.query().map(|query| format!("?{query}")).unwrap_or_default();
    ask(&credential, settings, &format!("{path}{search}"), Headers::new()).await
}

/// Whether a request may look at what is not the room's own.
pub async fn admit(request: &Request, settings: &Settings) -> Result<(), Problem> {
    let credential = Credential::of(request, settings)?;
    if credential == Credential::Program {
        return Ok(());
    }
    let answer = ask(&credential, settings, "/admit", Headers::new()).await?;
    if answer.status_code() == 200 { Ok(()) } else { Err(Problem::signed_out()) }
}

/// `POST /api/report`: the bot-worker's look at the bot.
pub async fn post_report(mut request: Request, settings: &Settings) -> Result<Response, Problem> {
    let authorization = request.headers().get("Authorization")?.unwrap_or_default();
    let permitted =
        authorization.strip_prefix("Bearer ").is_some_and(|token| settings.is_secret("BOT_TOKEN", token));
    if !permitted {
        return Err(Problem::new(401, "bad_bot_token", "BOT_TOKEN is not the one that the edge has."));
    }
    let body = read_bounded(&mut request, REPORT_MAX_BYTES).await?;
    let report: Report =
        protocol::version::read(&body).map_err(|error| Problem::unread("bad_report", &error))?;
    tell(&settings.objects(BINDING)?, "/report", &report).await?;
    Ok(Response::empty()?.with_status(204))
}

/// Tells the room something from within the edge; gives its answer.
pub async fn tell(objects: &ObjectNamespace, path: &str, what: &impl Serialize) -> Result<String, Problem> {
    let body =
        serde_json::to_string(what).map_err(|error| Problem::failure("A message is not JSON", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    let mut response = objects.get_by_name(NAME)?.fetch_with_request(request).await?;
    let answer = response.text().await?;
    if response.status_code() == 200 {
        Ok(answer)
    } else {
        let message = format!("The room answered {}: {answer}", response.status_code());
        Err(Problem::new(503, "unavailable", message))
    }
}

/// Asks the room in the name of whoever showed this credential.
async fn ask(
    credential: &Credential,
    settings: &Settings,
    path: &str,
    headers: Headers,
) -> Result<Response, Problem> {
    headers.set(Credential::HEADER, &credential.to_header())?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    Ok(settings.objects(BINDING)?.get_by_name(NAME)?.fetch_with_request(request).await?)
}

fn bad_resume() -> Problem {
    Problem::new(400, "bad_resume", "`epoch` takes hexadecimal digits, `since` a whole number; both or none.")
}

fn own_origin(request: &Request, settings: &Settings) -> Result<String, Problem> {
    let own = match settings.text("PUBLIC_URL") {
        Some(url) => {
            let parsed = worker::Url::parse(&url).ok();
            let usable = parsed.filter(|url| url.has_host() && url.scheme().starts_with("http"));
            usable.ok_or_else(|| {
                Problem::bad_setting("PUBLIC_URL", "expected something like https://pulse.example")
            })?
        }
        None => request.url()?,
    };
    Ok(own.origin().ascii_serialization())
}
