//! `GET /api/check`: what the edge says of itself to those who run it, and never a value of a setting.

use interactions::{PublicKey, deployment};
use protocol::check::{BindingCheck, EdgeCheck, RoomCheck};
use worker::{Request, Response};

use super::authorize;
use crate::{
    answer::Problem,
    clock::now,
    query::query,
    session::{Credential, discord},
    settings::Settings,
    stubs::{guild, room},
};

/// Answers bot-worker, programs and administrators.
pub async fn get(request: &Request, settings: &Settings) -> Result<Response, Problem> {
    admit(request, settings).await?;
    let (client_secret, client_secret_why) = discord::client_secret(settings).await;
    Ok(Response::from_json(&EdgeCheck {
        version: protocol::VERSION,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        now: now(),
        settings: deployment::look_at(|name| settings.text(name)),
        bindings: bindings(settings),
        public_key_matches: public_key_matches(request, settings)?,
        client_secret,
        client_secret_why,
        room: room_of_all(settings).await,
        plan: settings.plan(),
    })?)
}

async fn admit(request: &Request, settings: &Settings) -> Result<(), Problem> {
    if Credential::is_bot(request, settings)? {
        return Ok(());
    }
    match Credential::of(request, settings)? {
        // The room need not be up for it: that it is not is among what is asked here.
        Credential::Program => Ok(()),
        session @ Credential::Session(_) => authorize::admit_actor(&session, settings, None).await.map(drop),
    }
}

fn bindings(settings: &Settings) -> Vec<BindingCheck> {
    let binding = |name: &str, bound, optional| BindingCheck { name: name.to_owned(), bound, optional };
    vec![
        binding(guild::BINDING, settings.objects(guild::BINDING).is_ok(), false),
        binding(room::BINDING, settings.objects(room::BINDING).is_ok(), false),
        binding("ASSETS", settings.assets().is_ok(), false),
        binding("LIMITER", settings.limiter("LIMITER").is_some(), true),
    ]
}

/// Compares `?publicKey=` with the one that is set; `None` where either is no key. The key is public: it gives nothing away.
fn public_key_matches(request: &Request, settings: &Settings) -> Result<Option<bool>, Problem> {
    let read = |text: Option<String>| text.and_then(|text| PublicKey::from_hex(&text).ok());
    let asked = read(query(request, "publicKey")?);
    Ok(asked.zip(read(settings.text("DISCORD_PUBLIC_KEY"))).map(|(asked, set)| asked == set))
}

async fn room_of_all(settings: &Settings) -> Option<RoomCheck> {
    let answer = room::tell(&settings.objects(room::BINDING).ok()?, "/check", &()).await.ok()?;
    serde_json::from_str(&answer).ok()
}
