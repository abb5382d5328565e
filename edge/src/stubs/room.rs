//! The rooms, as others ask them.

use js_sys::Promise;
use protocol::{
    GuildId,
    job::Settlement,
    record::{Acknowledgement, Push},
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use worker::{Headers, Method, Request, RequestInit, Response};

use crate::{answer::Problem, objects::Objects, session::Credential, settings::Settings};

#[wasm_bindgen]
extern "C" {
    /// The stub of a room, with the methods that are called by RPC.
    type Called;

    #[wasm_bindgen(method, catch)]
    fn push(this: &Called, push: &str) -> Result<Promise, JsValue>;
}

/// The binding in `wrangler.toml`.
pub const BINDING: &str = "ROOM";
/// The object's name of the room of all servers.
const EVERYONE: &str = "room";

/// The address of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomAddress {
    /// The one of all servers: it admits, and it hears of everything.
    Everyone,
    /// A server's own. Nothing of another server ever comes there.
    Server(GuildId),
}

impl RoomAddress {
    /// The header of an answer that sends the Worker to a server's own room.
    pub const HEADER: &'static str = "X-Pulse-Place";

    /// The place of the object with this name; `None` for a name that is no room's.
    pub fn named(name: &str) -> Option<Self> {
        if name == EVERYONE { Some(Self::Everyone) } else { name.parse().ok().map(Self::Server) }
    }

    fn name(self) -> String {
        match self {
            Self::Everyone => EVERYONE.to_owned(),
            Self::Server(guild) => guild.to_string(),
        }
    }
}

/// The settlement of a job, as the Worker passes it on.
#[derive(Serialize, Deserialize)]
pub struct Settled {
    pub id: String,
    pub settlement: Settlement,
}

/// Delivers to a room what the journal gained; gives its answer.
pub async fn push(rooms: &Objects, place: RoomAddress, push: &Push) -> Result<Acknowledgement, Problem> {
    let push =
        serde_json::to_string(push).map_err(|error| Problem::failure("A delivery is not JSON", &error))?;
    let room: Called = rooms.named(&place.name())?.into_rpc();
    let told = async { JsFuture::from(room.push(&push)?).await };
    let answer = told.await.map_err(worker::Error::from)?.as_string().unwrap_or_default();
    serde_json::from_str(&answer).map_err(|error| Problem::failure("The room's answer is not JSON", &error))
}

/// Tells the room of all servers something from within the edge; gives its answer.
pub async fn tell(rooms: &Objects, path: &str, what: &impl Serialize) -> Result<String, Problem> {
    tell_at(rooms, RoomAddress::Everyone, path, what).await
}

/// Tells a room something from within the edge; gives its answer.
pub async fn tell_at(
    rooms: &Objects,
    place: RoomAddress,
    path: &str,
    what: &impl Serialize,
) -> Result<String, Problem> {
    let body =
        serde_json::to_string(what).map_err(|error| Problem::failure("A message is not JSON", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    let mut response = rooms.named(&place.name())?.fetch_with_request(request).await?;
    let answer = response.text().await?;
    if response.status_code() == 200 {
        Ok(answer)
    } else {
        let message = format!("The room answered {}: {answer}", response.status_code());
        Err(Problem::new(503, "unavailable", message))
    }
}

/// Asks in the name of whoever showed this credential. The room of all servers admits; what is to be seen of one server
/// alone, it leaves to that server's own room.
pub async fn ask(
    credential: &Credential,
    settings: &Settings,
    path: &str,
    upgrade: bool,
) -> Result<Response, Problem> {
    let answer = ask_at(RoomAddress::Everyone, credential, settings, path, upgrade).await?;
    match answer.headers().get(RoomAddress::HEADER)? {
        None => Ok(answer),
        Some(name) => {
            let place = RoomAddress::named(&name)
                .ok_or_else(|| Problem::failure("The room sent elsewhere", &name))?;
            ask_at(place, credential, settings, path, upgrade).await
        }
    }
}

/// Asks one room in the name of whoever showed this credential.
pub async fn ask_at(
    place: RoomAddress,
    credential: &Credential,
    settings: &Settings,
    path: &str,
    upgrade: bool,
) -> Result<Response, Problem> {
    let headers = Headers::new();
    headers.set(Credential::HEADER, &credential.to_header())?;
    if upgrade {
        headers.set("Upgrade", "websocket")?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
    Ok(settings.objects(BINDING)?.named(&place.name())?.fetch_with_request(request).await?)
}
