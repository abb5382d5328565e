//! A server's books, as others ask them.

use std::borrow::Cow;

use interactions::{
    Call,
    action::Order,
    interaction::Autocomplete,
    limit,
    service::{Answered, NoRow},
    sql::is_full,
};
use js_sys::Promise;
use protocol::{GuildId, Timestamp, audit::Proof};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use worker::{Method, Request, RequestInit, Response, Stub};

use crate::{
    answer::{LIMIT, Problem, json},
    clock::now,
    settings::Settings,
};

/// The binding in `wrangler.toml`.
pub const BINDING: &str = "GUILD";
/// The path at which a server's own room asks to be told.
pub const FOLLOW: &str = "/follow";

/// The path at which the room says who takes no messages of the bot.
pub const REMIND_NO_MORE: &str = "/remind-no-more";
/// The path at which the Worker asks for an action.
pub const ACT: &str = "/act";
/// The path at which the room says whether everything is paused.
pub const MAINTENANCE: &str = "/maintenance";
/// The path at which the Worker asks for the next piece of a proof.
pub const PROVE: &str = "/prove";
/// The header that says what an answer cost, in written rows of the storage.
pub const ROWS_WRITTEN: &str = "Pulse-Rows-Written";
/// The code of an object whose storage is full.
pub const STORE_FULL: &str = "store_full";
/// The code of an object that has too much to do. Asking it again would make that worse.
pub const OVERLOADED: &str = "overloaded";

/// A call that the Worker asks a server's books to answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question<'a> {
    /// [`protocol::VERSION`]: old and new code run side by side during a deployment.
    pub version: u32,
    pub call: Cow<'a, Call>,
    pub arrived_at: Timestamp,
    /// The storage had no room for the books' answer: one without a row is wanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_room: bool,
}

/// An answer for Discord.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// As it is kept, byte for byte.
    reply: Box<RawValue>,
    /// [`ROWS_WRITTEN`].
    pub rows_written: u64,
}

impl Answer {
    /// Refuses a command whose books cannot write, or cannot even be asked.
    pub fn refused(why: NoRow, now: Timestamp, pressed: bool) -> Result<Self, Problem> {
        let answer = why.refuse(now, pressed).and_then(Self::try_from);
        answer.map_err(|error| Problem::failure("A refusal is not JSON", &error))
    }

    /// Returns the reply as JSON for Discord.
    pub fn reply(&self) -> &str {
        self.reply.get()
    }
}

impl TryFrom<Answered> for Answer {
    type Error = serde_json::Error;

    fn try_from(Answered { reply, rows_written }: Answered) -> Result<Self, Self::Error> {
        Ok(Self { reply: RawValue::from_string(reply)?, rows_written })
    }
}

#[wasm_bindgen]
extern "C" {
    /// The stub of a server's books, with the methods that are called by RPC.
    type Called;

    #[wasm_bindgen(method, catch)]
    fn answer(this: &Called, question: &str) -> Result<Promise, JsValue>;
}

/// Asks a server's books. What finds no room in the storage once the books have answered is lost, and their answer with it:
/// they are asked for one that needs no row, and if there is none, the command is refused.
pub async fn ask(call: &Call, arrived_at: Timestamp, settings: &Settings) -> Result<Answer, Problem> {
    let is_full = |answer: &Result<_, Problem>| answer.as_ref().is_err_and(|error| error.is(STORE_FULL));
    let mut answer = ask_once(call, arrived_at, false, settings).await;
    if is_full(&answer) {
        answer = ask_once(call, arrived_at, true, settings).await;
    }
    if is_full(&answer) {
        return Answer::refused(NoRow::Full, arrived_at, call.pressed);
    }
    answer
}

/// Each attempt has a stub of its own: one that failed once keeps failing.
async fn ask_once(
    call: &Call,
    arrived_at: Timestamp,
    without_room: bool,
    settings: &Settings,
) -> Result<Answer, Problem> {
    let question =
        Question { version: protocol::VERSION, call: Cow::Borrowed(call), arrived_at, without_room };
    let question =
        serde_json::to_string(&question).map_err(|error| Problem::failure("A call is not JSON", &error))?;
    let stub: Stub = settings.objects(BINDING)?.named(&call.guild.to_string())?;
    let told = async { JsFuture::from(stub.into_rpc::<Called>().answer(&question)?).await };
    let answer = told.await.map_err(|error| unanswered(worker::Error::from(error)))?;
    serde_json::from_str(&answer.as_string().unwrap_or_default())
        .map_err(|error| Problem::failure("The books' answer", &error))
}

/// Returns what an option could be completed to, as JSON for Discord.
pub async fn autocomplete(lookup: &Autocomplete, settings: &Settings) -> Result<String, Problem> {
    Ok(post(&lookup.guild.to_string(), "/complete", lookup, settings).await?.text().await?)
}

pub async fn post(
    guild: &str,
    path: &str,
    what: &impl Serialize,
    settings: &Settings,
) -> Result<Response, Problem> {
    let body = serde_json::to_string(what).map_err(|error| Problem::failure("A call is not JSON", &error))?;
    let stub: Stub = settings.objects(BINDING)?.named(guild)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("https://guild{path}"), &init)?;
    stub.fetch_with_request(request).await.map_err(unanswered)
}

/// An action from the page that the Worker asks for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionRequest {
    /// [`protocol::VERSION`].
    pub version: u32,
    pub order: Order,
    pub arrived_at: Timestamp,
}

/// Asks a server's books for an action; gives their answer.
pub async fn act(order: &Order, settings: &Settings) -> Result<Response, Problem> {
    let arrived_at = now();
    let asked = ActionRequest { version: protocol::VERSION, order: order.clone(), arrived_at };
    let mut answer = post(&order.guild.to_string(), ACT, &asked, settings).await?;
    let body = answer.text().await?;
    if answer.status_code() == 503 && body.contains(LIMIT) {
        return Err(Problem::limit(arrived_at));
    }
    json(body, answer.status_code())
}

/// Asks a server's books for something to read.
pub async fn read(settings: &Settings, guild: GuildId, what: &str) -> Result<Response, Problem> {
    let inner = Request::new(&format!("https://guild/{what}"), Method::Get)?;
    Ok(settings.objects(BINDING)?.named(&guild.to_string())?.fetch_with_request(inner).await?)
}

/// The Worker's question for a piece of a proof.
#[derive(Serialize, Deserialize)]
pub struct ProofRequest {
    /// The session that wants to know, or the program.
    pub who: String,
    /// The proof to carry on; a new one when left out.
    pub id: Option<String>,
}

/// The object's answer to it.
#[derive(Serialize, Deserialize)]
pub enum Piece {
    /// The proof.
    Proven(Proof),
    /// There is more to do: it is carried on by this name.
    UnderWay(String),
    /// Another proof is under way.
    Busy,
    /// It is not known by that name.
    Lost,
}

fn unanswered(error: worker::Error) -> Problem {
    let said = error.to_string();
    if limit::is_limit(&said) {
        error.into()
    } else if said.contains(OVERLOADED) {
        Problem::new(503, OVERLOADED, said)
    } else if is_full(&said) {
        Problem::new(507, STORE_FULL, "The storage of this server's books is full. Nothing has happened.")
    } else {
        error.into()
    }
}
