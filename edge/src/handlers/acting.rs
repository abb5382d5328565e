//! `POST /api/guilds/{id}/actions` and `POST /api/actions`: what somebody who may act asks for. What can be refused
//! without the books is refused here.

use interactions::action::Order;
use protocol::{
    GuildId,
    action::{ACTION_MAX_BYTES, Action, Actor, BadAction},
    room::Answer,
};
use worker::{Request, Response};

use super::authorize;
use crate::{
    answer::{Problem, json, key_reused, read_bounded},
    session::Credential,
    settings::Settings,
    stubs::{guild, room},
};

/// Why an action on one server is none on everything.
const NOT_OFFERED: &str = "here, `action` is one of pause, resume";

/// `POST /api/guilds/{id}/actions`: an action on one server.
pub async fn on_server(mut request: Request, settings: &Settings, id: &str) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?; // Who is nobody is not told which addresses there are.
    let server: GuildId = id.parse().map_err(|_| Problem::not_found())?;
    let actor = admit(&request, settings, &credential, Some(server)).await?;
    let order = read(&mut request, server, actor).await?;
    guild::act(&order, settings).await
}

/// `POST /api/actions`: everything is paused, or goes on.
pub async fn on_everything(mut request: Request, settings: &Settings) -> Result<Response, Problem> {
    let credential = Credential::of(&request, settings)?;
    let actor = admit(&request, settings, &credential, None).await?;
    let Order { actor, action, .. } = read(&mut request, GuildId::NONE, actor).await?;
    let answer = room::tell(&settings.objects(room::BINDING)?, "/actions", &(actor, action)).await?;
    let answer =
        serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer", &error))?;
    match answer {
        Answer::Done(body) => json(body, 200),
        Answer::Refused(body) => json(body, 422),
        Answer::KeyReused => Err(key_reused()),
        Answer::NotOffered => Err(bad_action(&BadAction::Malformed(NOT_OFFERED.to_owned()))),
    }
}

/// Gives the person who acts, if they may, and if it is their own page that asks, in JSON.
async fn admit(
    request: &Request,
    settings: &Settings,
    credential: &Credential,
    on: Option<GuildId>,
) -> Result<Actor, Problem> {
    let actor = admit_from_own_page(request, settings, credential, on).await?;
    require_json(request)?;
    Ok(actor)
}

/// Gives the person who acts, if they may, and if it is their own page that asks.
pub async fn admit_from_own_page(
    request: &Request,
    settings: &Settings,
    credential: &Credential,
    on: Option<GuildId>,
) -> Result<Actor, Problem> {
    let from_a_page = request.headers().get("Origin")?.is_some();
    if from_a_page || *credential != Credential::Program {
        authorize::require_own_origin(request, settings)?;
    }
    authorize::admit_actor(credential, settings, on).await
}

/// Whether the body says that it is JSON.
pub fn require_json(request: &Request) -> Result<(), Problem> {
    let kind = request.headers().get("Content-Type")?.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    // No form can send this, and no script of another site without being asked first.
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(415, "bad_content_type", "Send JSON, as application/json."));
    }
    Ok(())
}

async fn read(request: &mut Request, server: GuildId, actor: Actor) -> Result<Order, Problem> {
    let body = read_bounded(request, ACTION_MAX_BYTES).await?;
    let order = Action::read(&body).and_then(|action| Order::new(server, actor, action));
    order.map_err(|why| bad_action(&why))
}

fn bad_action(why: &BadAction) -> Problem {
    Problem::new(400, why.code(), sentence(&why.to_string()))
}

/// An error's text as people read it: with a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).chain(['.']).collect()
}
