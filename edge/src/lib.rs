//! The edge: routes, and nothing else. The rules are in `interactions` and `protocol`.

#![allow(
    missing_docs,
    reason = "the SDK's macros export methods that cannot carry any; nothing depends on this crate"
)]

mod answer;
mod clock;
mod discord;
mod ed25519;
mod guild;
mod handlers;
mod headers;
mod identity;
mod limits;
mod log;
mod objects;
mod query;
mod room;
mod session;
mod settings;
mod sql;
mod stubs;

use std::rc::Rc;

use worker::{Context, Env, Method, Request, Response, event};

use self::{
    answer::Problem,
    handlers::{acting, alerting, audit, bot, check, interactions, page, sign_in, status, stream},
    settings::Settings,
};
pub use self::{guild::Guild, room::Room};

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let settings = Rc::new(Settings::new(env));
    let seen = log::Seen::of(&request);
    let (path, address) = (request.path(), limits::address(&request)?);
    let routed = match limits::check(&request, address.as_deref(), &settings).await {
        Ok(()) => route(request, &settings, &context).await,
        Err(problem) => Err(problem),
    };
    let code = routed.as_ref().err().map(Problem::code);
    let response = routed.or_else(Problem::into_response)?;
    let status = response.status_code();
    seen.tell(status, code);
    limits::note(&path, address, status);
    headers::dress(response, &seen.id)
}

async fn route(request: Request, settings: &Rc<Settings>, context: &Context) -> Result<Response, Problem> {
    let path = request.path();
    // Discord posts to the address as somebody has typed it.
    let path = if path == "/interactions/" { "/interactions" } else { path.as_str() };
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (request.method(), segments.as_slice()) {
        (Method::Get | Method::Head, [""]) => page::document(request, settings).await,
        (Method::Post, ["interactions"]) => interactions::post(request, settings, context).await,
        (Method::Get, ["ws"]) => stream::open_socket(request, settings).await,
        (Method::Get, ["api", "snapshot"]) => stream::get(request, settings, "/snapshot").await,
        (Method::Get, ["api", "guilds"]) => stream::get(request, settings, "/guilds").await,
        (Method::Get, ["api", "events"]) => stream::get(request, settings, "/events").await,
        (Method::Get, ["api", "events.csv"]) => stream::get(request, settings, "/events.csv").await,
        (Method::Get, ["api", "history"]) => stream::get(request, settings, "/history").await,
        (Method::Get, ["api", "room"]) => stream::get(request, settings, "/room").await,
        (Method::Get, ["api", "check"]) => check::get(&request, settings).await,
        (_, ["api", "guilds", _, "actions"]) if request.method() != Method::Post => {
            Err(Problem::method_not_allowed("POST"))
        }
        (Method::Get, ["api", "guilds", guild, rest @ ..]) => {
            audit::audit(&request, settings, guild, &rest.join("/")).await
        }
        (Method::Post, ["api", "actions"]) => acting::on_everything(request, settings).await,
        (Method::Post, ["api", "guilds", guild, "actions"]) => {
            acting::on_server(request, settings, guild).await
        }
        (Method::Get, ["api", "alerts"]) => stream::get(request, settings, "/alerts").await,
        (Method::Get, ["api", "alerts", "incidents"]) => {
            stream::get(request, settings, "/alerts/incidents").await
        }
        (Method::Put, ["api", "alerts", "rules"]) => alerting::set_rules(request, settings).await,
        (Method::Post, ["api", "alerts", "channels"]) => alerting::add_channel(request, settings).await,
        (Method::Put, ["api", "alerts", "channels", id]) => {
            alerting::change_channel(request, settings, id).await
        }
        (Method::Delete, ["api", "alerts", "channels", id]) => {
            alerting::remove_channel(&request, settings, id).await
        }
        (Method::Post, ["api", "alerts", "channels", id, "test"]) => {
            alerting::test_channel(&request, settings, id).await
        }
        (Method::Post, ["api", "alerts", "incidents", id]) => {
            alerting::handle_incident(request, settings, id).await
        }
        (Method::Post, ["api", "report"]) => bot::post_report(request, settings).await,
        (Method::Get, ["api", "jobs"]) => bot::get_jobs(&request, settings).await,
        (Method::Post, ["api", "jobs", id]) => bot::settle_job(request, settings, id).await,
        (Method::Get, ["api", "me"]) => sign_in::me(request, settings).await,
        (Method::Get, ["login"]) => sign_in::begin(&request, settings),
        (Method::Get, ["login", "callback"]) => sign_in::finish(&request, settings).await,
        #[cfg(feature = "local-link")]
        (Method::Get, ["login", "local"]) => handlers::local_sign_in::link(&request, settings).await,
        (Method::Post, ["logout"]) => sign_in::end(&request, settings, false).await,
        (Method::Post, ["logout", "everywhere"]) => sign_in::end(&request, settings, true).await,
        (Method::Get | Method::Head, ["status"]) => status::page(settings).await,
        (Method::Get | Method::Head, ["status.svg"]) => status::badge(settings).await,
        (Method::Get | Method::Head, ["healthz"]) => Ok(Response::ok("ok")?),
        (_, ["interactions"]) => Err(Problem::method_not_allowed("POST")),
        (
            _,
            ["" | "ws" | "healthz" | "login" | "status" | "status.svg"]
            | ["login", "callback"]
            | [
                "api",
                "snapshot" | "guilds" | "events" | "events.csv" | "history" | "room" | "check" | "jobs"
                | "me" | "alerts",
            ]
            | ["api", "alerts", "incidents"],
        ) => Err(Problem::method_not_allowed("GET")),
        (_, ["logout"] | ["logout", "everywhere"] | ["api", "report" | "actions"] | ["api", "jobs", _]) => {
            Err(Problem::method_not_allowed("POST"))
        }
        (
            _,
            ["api", "alerts", "channels"]
            | ["api", "alerts", "channels", _, "test"]
            | ["api", "alerts", "incidents", _],
        ) => Err(Problem::method_not_allowed("POST")),
        (_, ["api", "alerts", "rules"]) => Err(Problem::method_not_allowed("PUT")),
        (_, ["api", "alerts", "channels", _]) => Err(Problem::method_not_allowed("PUT, DELETE")),
        _ => Err(Problem::not_found()),
    }
}
