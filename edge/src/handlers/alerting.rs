//! `/api/alerts`: rules, channels and incidents, for administrators. The room of all servers keeps them.

use ::interactions::{
    at_rest::NONCE_BYTES,
    webhook::{self, FRESH_BYTES, Secret},
};
use protocol::{
    action::Actor,
    alert::{
        ChannelChange, ChannelId, ChannelKind, IncidentId, NewChannel, ORDER_MAX_BYTES, Order, RulesChange,
        Step,
    },
    room::Ordered,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use worker::{Request, Response};

use super::{
    acting::{admit_from_own_page, require_json, sentence},
    stream,
};
use crate::{
    answer::{Problem, read_bounded},
    session::Credential,
    settings::Settings,
    stubs::room,
};

/// Whether a channel's address may be this very machine: only in the build for developers and tests.
pub const HERE: bool = cfg!(feature = "local-link");

/// An address and what signs, as a row keeps it, encrypted.
#[derive(Serialize, Deserialize)]
pub struct Address {
    pub url: String,
    pub secret: Option<String>,
}

impl Address {
    /// Encrypts it for a channel of which this is shown.
    fn seal(&self, settings: &Settings, hint: &str) -> Result<String, Problem> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| Problem::failure("No entropy", &error))?;
        let text = serde_json::to_string(self).map_err(|error| Problem::failure("An address", &error))?;
        let sealed = settings.with_rest_keys(|keys| keys.first()?.seal(nonce, &about(hint), &text));
        sealed.ok_or_else(|| {
            Problem::bad_setting("BOT_TOKEN", "not set; addresses of channels are encrypted under it")
        })
    }

    /// Decrypts an address; `None` when the deployment's secrets are others now.
    pub fn open(settings: &Settings, hint: &str, sealed: &str) -> Option<Self> {
        let about = about(hint);
        let text = settings.with_rest_keys(|keys| keys.iter().find_map(|key| key.open(&about, sealed)));
        serde_json::from_str(&text?).ok()
    }
}

fn about(hint: &str) -> String {
    format!("alert channel {hint}")
}

/// `PUT /api/alerts/rules`.
pub async fn set_rules(mut request: Request, settings: &Settings) -> Result<Response, Problem> {
    let actor = admit(&request, settings).await?;
    let change: RulesChange = read(&mut request, "bad_rule").await?;
    order(settings, &actor, &Order::SetRules(change), "bad_rule").await?;
    stream::get(request, settings, "/alerts").await
}

/// `POST /api/alerts/channels`. A secret that is made here is told this once.
pub async fn add_channel(mut request: Request, settings: &Settings) -> Result<Response, Problem> {
    const CODE: &str = "bad_channel";
    let actor = admit(&request, settings).await?;
    let new: NewChannel = read(&mut request, CODE).await?;
    let url = match new.kind {
        ChannelKind::Discord => webhook::of_discord(&new.url, HERE),
        ChannelKind::Webhook => webhook::receiver(&new.url, HERE),
    };
    let url = url.map_err(|why| bad(CODE, &why))?;
    let secret = match (new.kind, new.secret) {
        (ChannelKind::Discord, None) => None,
        (ChannelKind::Discord, Some(_)) => return Err(bad(CODE, "Discord takes no `secret`: leave it out")),
        (ChannelKind::Webhook, None) => Some(fresh_secret()?),
        (ChannelKind::Webhook, Some(given)) if Secret::read(&given).is_some() => Some(given),
        (ChannelKind::Webhook, Some(_)) => {
            return Err(bad(
                CODE,
                "`secret` is `whsec_` and base64 of 24 to 64 bytes; leave it out and one is made",
            ));
        }
    };
    let hint = webhook::hint(&url);
    let address = Address { url: url.to_string(), secret };
    let sealed = address.seal(settings, &hint)?;
    let add = Order::AddChannel {
        kind: new.kind,
        name: new.name,
        hint: hint.clone(),
        sealed,
        severity: new.severity,
        incidents: new.incidents,
        events: new.events,
    };
    let id = order(settings, &actor, &add, CODE).await?;
    let answer = json!({ "id": id, "hint": hint, "secret": address.secret });
    Ok(Response::from_json(&answer)?.with_status(201))
}

/// `PUT /api/alerts/channels/{id}`.
pub async fn change_channel(
    mut request: Request,
    settings: &Settings,
    id: &str,
) -> Result<Response, Problem> {
    let actor = admit(&request, settings).await?;
    let id: ChannelId = id.parse().map_err(|_| Problem::not_found())?;
    let change: ChannelChange = read(&mut request, "bad_channel").await?;
    order(settings, &actor, &Order::ChangeChannel(id, change), "bad_channel").await?;
    Ok(Response::empty()?.with_status(204))
}

/// `DELETE /api/alerts/channels/{id}`.
pub async fn remove_channel(request: &Request, settings: &Settings, id: &str) -> Result<Response, Problem> {
    let actor = admit_without_body(request, settings).await?;
    let id: ChannelId = id.parse().map_err(|_| Problem::not_found())?;
    order(settings, &actor, &Order::RemoveChannel(id), "bad_channel").await?;
    Ok(Response::empty()?.with_status(204))
}

/// `POST /api/alerts/channels/{id}/test`: says what the other side has answered.
pub async fn test_channel(request: &Request, settings: &Settings, id: &str) -> Result<Response, Problem> {
    let actor = admit_without_body(request, settings).await?;
    let id: ChannelId = id.parse().map_err(|_| Problem::not_found())?;
    let answer = room::tell(&settings.objects(room::BINDING)?, "/alerts/test", &(actor, id)).await?;
    let tried: Option<serde_json::Value> =
        serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer", &error))?;
    Ok(Response::from_json(&tried.ok_or_else(Problem::not_found)?)?)
}

/// `POST /api/alerts/incidents/{id}`.
pub async fn handle_incident(
    mut request: Request,
    settings: &Settings,
    id: &str,
) -> Result<Response, Problem> {
    let actor = admit(&request, settings).await?;
    let id: IncidentId = id.parse().map_err(|_| Problem::not_found())?;
    let step: Step = read(&mut request, "bad_step").await?;
    order(settings, &actor, &Order::Handle(id, step), "bad_step").await?;
    Ok(Response::empty()?.with_status(204))
}

async fn admit(request: &Request, settings: &Settings) -> Result<Actor, Problem> {
    let actor = admit_without_body(request, settings).await?;
    require_json(request)?;
    Ok(actor)
}

async fn admit_without_body(request: &Request, settings: &Settings) -> Result<Actor, Problem> {
    let credential = Credential::of(request, settings)?;
    admit_from_own_page(request, settings, &credential, None).await
}

async fn read<T: DeserializeOwned>(request: &mut Request, code: &'static str) -> Result<T, Problem> {
    let body = read_bounded(request, ORDER_MAX_BYTES).await?;
    serde_json::from_slice(&body).map_err(|error| bad(code, &format!("not of that shape: {error}")))
}

async fn order(
    settings: &Settings,
    actor: &Actor,
    order: &Order,
    code: &'static str,
) -> Result<Option<ChannelId>, Problem> {
    let answer = room::tell(&settings.objects(room::BINDING)?, "/alerts/order", &(actor, order)).await?;
    let ordered: Option<Ordered> =
        serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer", &error))?;
    match ordered {
        Some(Ordered::Done(id)) => Ok(id),
        Some(Ordered::Malformed(why)) => Err(bad(code, &why)),
        Some(Ordered::TooManyChannels(why)) => Err(Problem::new(409, "too_many_channels", sentence(&why))),
        Some(Ordered::Unknown) => Err(Problem::not_found()),
        None => Err(Problem::failure("The room's answer", &"it is empty")),
    }
}

fn bad(code: &'static str, why: &str) -> Problem {
    Problem::new(400, code, sentence(why))
}

fn fresh_secret() -> Result<String, Problem> {
    let mut entropy = [0; FRESH_BYTES];
    getrandom::fill(&mut entropy).map_err(|error| Problem::failure("No entropy", &error))?;
    Ok(Secret::fresh(entropy))
}
