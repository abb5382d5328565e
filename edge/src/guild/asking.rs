//! The Worker's end: it asks a server's books.

use interactions::{Call, interaction::Lookup};
use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use worker::{Method, Request, RequestInit, Response, Stub};

use super::BINDING;
use crate::{answer::Problem, settings::Settings};

/// The header that says what an answer cost, in written rows of the storage.
pub const ROWS_WRITTEN: &str = "Pulse-Rows-Written";
/// The code of an object that has too much to do. Asking it again would make that worse.
pub const OVERLOADED: &str = "overloaded";

/// What the Worker asks of a server's books.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Question {
    /// [`protocol::VERSION`]: old and new code run side by side during a deployment.
    pub(super) version: u32,
    pub(super) call: Call,
    pub(super) arrived_at: Timestamp,
}

/// An answer for Discord.
pub struct Answer {
    /// The JSON.
    pub reply: String,
    /// [`ROWS_WRITTEN`].
    pub rows_written: String,
}

/// Asks a server's books. Each attempt has a stub of its own: one that failed once keeps failing.
pub async fn ask(call: &Call, arrived_at: Timestamp, settings: &Settings) -> Result<Answer, Problem> {
    let question = Question { version: protocol::VERSION, call: call.clone(), arrived_at };
    let guild = call.guild.to_string();
    let mut response = post(&guild, "/answer", &question, settings).await?;
    if response.status_code() != 200 {
        let message = "The server's books did not answer; nothing is known to have happened.";
        return Err(Problem::new(503, "unavailable", message));
    }
    let rows_written = response.headers().get(ROWS_WRITTEN)?.unwrap_or_default();
    Ok(Answer { reply: response.text().await?, rows_written })
}

/// What an option could be completed to, as JSON for Discord.
pub async fn complete(lookup: &Lookup, settings: &Settings) -> Result<String, Problem> {
    Ok(post(&lookup.guild.to_string(), "/complete", lookup, settings).await?.text().await?)
}

pub(super) async fn post(
    guild: &str,
    path: &str,
    what: &impl Serialize,
    settings: &Settings,
) -> Result<Response, Problem> {
    let body = serde_json::to_string(what).map_err(|error| Problem::failure("A call is not JSON", &error))?;
    let stub: Stub = settings.objects(BINDING)?.get_by_name(guild)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("https://guild{path}"), &init)?;
    stub.fetch_with_request(request).await.map_err(|error| {
        let said = error.to_string();
        if said.contains(OVERLOADED) { Problem::new(503, OVERLOADED, said) } else { error.into() }
    })
}
