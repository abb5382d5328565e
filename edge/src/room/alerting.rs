//! Alerts leave the room: messages to channels, each within bounds of time and size, and what the other side answers.

use std::{pin::pin, rc::Rc, time::Duration};

use futures_util::{
    StreamExt,
    future::{Either, join_all, select},
};
use interactions::{
    sql::{Sql, Value},
    webhook::{self, Secret},
};
use protocol::{
    Event, Seq,
    action::Actor,
    alert::{
        Alerts, Channel, ChannelId, ChannelKind, EVENTS_PER_MESSAGE, Incident, IncidentId, ShownIncident,
        discord_trial, events_letter,
        public::{LISTED_MAX, PublicIncident, PublicStatus},
        signed_trial,
    },
    room::{Carried, EventParcel, Input, Parcel, Row},
    text,
    time::SECOND_MS,
};
use serde::Serialize;
use worker::{
    AbortController, Delay, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response, Url,
};

use super::Inner;
use crate::{
    alerting::{Address, HERE},
    answer::Problem,
    clock::now,
    discord::named,
    log,
    query::query,
};

/// How long a receiver may take, its answer's body included, in milliseconds.
const ANSWER_MAX_MS: u64 = 10 * SECOND_MS;
/// How much of an answer is read, in bytes: a message of Discord's has some thousands.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How much of an answer a test shows, in characters.
const SHOWN_MAX_CHARS: usize = 300;
/// Events that are looked at for one message.
const LOOKED_AT_MAX: u64 = 500;
/// Incidents in one page: at most, and without `limit`.
const PAGE_MAX: u64 = 200;
const PAGE: u64 = 50;

/// The result of a test of a channel.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tried {
    /// Whether the other side has taken the message.
    ok: bool,
    /// The status of its answer; `null` where there was none.
    status: Option<u16>,
    took_ms: u64,
    /// The beginning of its answer, or why it could not be asked.
    answer: String,
}

/// A message on its way.
struct Letter<'a> {
    kind: ChannelKind,
    hint: &'a str,
    sealed: &'a str,
    id: &'a str,
    /// The message on Discord that it changes.
    message: Option<&'a str>,
    body: &'a str,
}

/// An answer, of which no more was read than is wanted.
struct Answer {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

impl Inner {
    /// Carries messages to their channels, side by side, and lets nobody wait for it.
    pub(super) fn post(self: &Rc<Self>, parcels: Vec<Parcel>) {
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            join_all(parcels.iter().map(|parcel| inner.carry(parcel))).await;
        });
    }

    async fn carry(self: &Rc<Self>, parcel: &Parcel) {
        let letter = Letter {
            kind: parcel.kind,
            hint: &parcel.hint,
            sealed: &parcel.sealed,
            id: &parcel.id(),
            message: parcel.message.as_deref(),
            body: &parcel.body,
        };
        let carried = match self.send(&letter).await {
            Ok(answer) => {
                webhook::outcome(parcel.kind, answer.status, header_of(&answer.headers), &answer.body)
            }
            Err(why) => Carried::Later(why, None),
        };
        if let Carried::Later(why, _) | Carried::Gone(why) = &carried {
            log::error(&format_args!("an alert did not reach {}: {why}", parcel.hint));
        }
        let input = Input::Carried(parcel.incident, parcel.channel, parcel.version, carried);
        self.take_or_log(input).await;
    }

    /// Carries events to their channel, and lets nobody wait for it.
    pub(super) fn post_events(self: &Rc<Self>, parcel: EventParcel) {
        let inner = Rc::clone(self);
        self.state.wait_until(async move {
            let (up_to, sent, carried) = match inner.events_after(&parcel) {
                Err(problem) => (parcel.after, false, Carried::Later(problem.to_string(), None)),
                Ok((up_to, events)) if events.is_empty() => (up_to, false, Carried::Taken(None)),
                Ok((up_to, events)) => (up_to, true, inner.carry_events(&parcel, &events).await),
            };
            inner.take_or_log(Input::EventsCarried(parcel.channel, up_to, sent, carried)).await;
        });
    }

    /// The next events that the channel wants, oldest first, and the last one that was looked at.
    fn events_after(&self, parcel: &EventParcel) -> Result<(Seq, Vec<Event>), Problem> {
        let statement = "SELECT value FROM memory WHERE kind = 'event' AND key > ? ORDER BY key LIMIT ?";
        let parameters = [Row::key_text(parcel.after.0).into(), Value::from(LOOKED_AT_MAX)];
        let rows = self.sql.query(statement, &parameters);
        let rows = rows.map_err(|error| Problem::failure("The events", &error))?;
        let (mut up_to, mut events) = (parcel.after, Vec::new());
        for row in rows {
            let [Value::Text(value)] = row.as_slice() else { continue };
            let event: Event =
                serde_json::from_str(value).map_err(|error| Problem::failure("An event", &error))?;
            up_to = event.seq;
            if parcel.wanted.wants(&event) {
                events.push(event);
            }
            if events.len() == EVENTS_PER_MESSAGE {
                break;
            }
        }
        Ok((up_to, events))
    }

    async fn carry_events(&self, parcel: &EventParcel, events: &[Event]) -> Carried {
        let Ok(bot) = self.core().map(|core| core.borrow().room.bot_name()) else {
            return Carried::Later("the room has lost what it knew".to_owned(), None);
        };
        let [first, last] = [events.first(), events.last()].map(|event| event.map_or(0, |event| event.seq.0));
        let letter = Letter {
            kind: ChannelKind::Webhook,
            hint: &parcel.hint,
            sealed: &parcel.sealed,
            id: &format!("evt_{first}_{last}"),
            message: None,
            body: &events_letter(&bot, events).to_string(),
        };
        match self.send(&letter).await {
            Ok(answer) => {
                webhook::outcome(letter.kind, answer.status, header_of(&answer.headers), &answer.body)
            }
            Err(why) => Carried::Later(why, None),
        }
    }

    /// Sends a message that shows that a channel works; `None` where there is no such channel.
    pub(super) async fn try_channel(&self, actor: &Actor, id: ChannelId) -> Result<Option<Tried>, Problem> {
        let (channel, bot): (Option<Channel>, String) = {
            let room = &self.core()?.borrow().room;
            (room.channel(id).cloned(), room.bot_name())
        };
        let Some(channel) = channel else { return Ok(None) };
        let began = now();
        let body = match channel.kind {
            ChannelKind::Discord => discord_trial(&bot, &actor.name),
            ChannelKind::Webhook => signed_trial(&bot, &actor.name, began),
        };
        let letter = Letter {
            kind: channel.kind,
            hint: &channel.hint,
            sealed: &channel.sealed,
            id: &format!("test_{id}_{began}"),
            message: None,
            body: &body.to_string(),
        };
        let sent = self.send(&letter).await;
        let took_ms = now().since(began);
        Ok(Some(match sent {
            Ok(answer) => Tried {
                ok: (200..300).contains(&answer.status),
                status: Some(answer.status),
                took_ms,
                answer: shown(&answer.body),
            },
            Err(why) => Tried { ok: false, status: None, took_ms, answer: why },
        }))
    }

    async fn send(&self, letter: &Letter<'_>) -> Result<Answer, String> {
        let Letter { kind, hint, sealed, .. } = letter;
        let Address { url, secret } = Address::open(&self.settings, hint, sealed).ok_or(
            "its address is encrypted under a secret that is set no more: remove the channel and add it anew",
        )?;
        // Once more: a build without the developers' link takes none that another build has kept.
        let url = match kind {
            ChannelKind::Discord => webhook::of_discord(&url, HERE),
            ChannelKind::Webhook => webhook::receiver(&url, HERE),
        }?;
        let request = match kind {
            ChannelKind::Discord => to_discord(url, letter),
            ChannelKind::Webhook => to_receiver(&url, secret.as_deref(), letter),
        };
        // The runtime's own words about an address would hold it.
        fetch(request.map_err(|_| "the request could not be made")?).await
    }

    /// All that there is to see of the alerts.
    pub(super) fn alerts(&self) -> Result<Alerts, Problem> {
        let mut alerts = self.core()?.borrow().room.alerts();
        let live = alerts.incidents.len() as u64;
        alerts.incidents.extend(self.past(u64::MAX, PAGE.saturating_sub(live))?);
        Ok(alerts)
    }

    /// The public status, with the incidents of 90 days.
    pub(super) fn public_status(&self) -> Result<PublicStatus, Problem> {
        let mut status = self.core()?.borrow().room.public_status(now());
        let past = self.past(u64::MAX, LISTED_MAX as u64)?;
        status.incidents.extend(past.iter().filter_map(|shown| PublicIncident::of(&shown.incident)));
        status.incidents.sort_by_key(|incident| std::cmp::Reverse(incident.since));
        Ok(status)
    }

    /// `?before=ID&limit=N`: incidents, newest first.
    pub(super) fn incidents(&self, request: &Request) -> Result<Vec<ShownIncident>, Problem> {
        let number = |name: &str, default: u64| match query(request, name)?.filter(|text| !text.is_empty()) {
            None => Ok(default),
            Some(text) => {
                text.parse().map_err(|_| Problem::bad_query(&format_args!("`{name}` takes a whole number")))
            }
        };
        let (before, limit) = (number("before", u64::MAX)?, number("limit", PAGE)?);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Problem::bad_query(&format_args!("`limit` is from 1 to {PAGE_MAX}")));
        }
        let mut incidents = self.core()?.borrow().room.alerts().incidents;
        incidents.extend(self.past(before, limit)?);
        incidents.retain(|shown| shown.incident.id < IncidentId(before));
        incidents.sort_by_key(|shown| std::cmp::Reverse(shown.incident.id));
        incidents.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(incidents)
    }

    fn past(&self, before: u64, limit: u64) -> Result<Vec<ShownIncident>, Problem> {
        let statement = "SELECT value FROM memory WHERE kind = 'past' AND key < ? ORDER BY key DESC LIMIT ?";
        let rows = self.sql.query(statement, &[Row::key_text(before).into(), Value::from(limit)]);
        let rows = rows.map_err(|error| Problem::failure("The incidents", &error))?;
        let read = |row: &Vec<Value>| {
            let [Value::Text(value)] = row.as_slice() else { return None };
            serde_json::from_str::<Incident>(value).ok().map(ShownIncident::from)
        };
        Ok(rows.iter().filter_map(read).collect())
    }
}

fn to_discord(mut url: Url, letter: &Letter<'_>) -> worker::Result<Request> {
    let method = if let Some(message) = letter.message {
        let path = format!("{}/messages/{message}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Method::Patch
    } else {
        url.query_pairs_mut().append_pair("wait", "true");
        Method::Post
    };
    request(&url, method, named(Headers::new())?, letter.body)
}

fn to_receiver(url: &Url, secret: Option<&str>, letter: &Letter<'_>) -> worker::Result<Request> {
    let secret = secret.and_then(Secret::read);
    let secret = secret.ok_or_else(|| worker::Error::RustError("no secret".to_owned()))?;
    let timestamp_s = now().seconds();
    let headers = Headers::new();
    headers.set("User-Agent", concat!("Pulse/", env!("CARGO_PKG_VERSION")))?;
    headers.set("webhook-id", letter.id)?;
    headers.set("webhook-timestamp", &timestamp_s.to_string())?;
    headers.set("webhook-signature", &secret.sign(letter.id, timestamp_s, letter.body))?;
    request(url, Method::Post, headers, letter.body)
}

fn request(url: &Url, method: Method, headers: Headers, body: &str) -> worker::Result<Request> {
    headers.set("Content-Type", "application/json")?;
    let mut init = RequestInit::new();
    init.with_method(method)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(body.into()));
    Request::new_with_init(url.as_str(), &init)
}

/// Asks, and lets go of whoever takes longer than it may, or sends more.
async fn fetch(request: Request) -> Result<Answer, String> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let asked = pin!(async {
        let response = Fetch::Request(request).send_with_signal(&signal).await;
        let mut response = response.map_err(|_| "it could not be reached".to_owned())?;
        let body = read(&mut response).await;
        Ok::<_, String>(Answer { status: response.status_code(), headers: response.headers().clone(), body })
    });
    let patience = pin!(Delay::from(Duration::from_millis(ANSWER_MAX_MS)));
    let answer = match select(asked, patience).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(format!("it had not answered in full after {} s", ANSWER_MAX_MS / SECOND_MS)),
    };
    controller.abort();
    answer
}

async fn read(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    let Ok(mut chunks) = response.stream() else { return body };
    while let Some(Ok(chunk)) = chunks.next().await {
        body.extend_from_slice(&chunk);
        if body.len() >= ANSWER_MAX_BYTES {
            body.truncate(ANSWER_MAX_BYTES);
            break;
        }
    }
    body
}

/// Headers by their names; a date to wait for becomes seconds.
fn header_of(headers: &Headers) -> impl Fn(&str) -> Option<String> {
    move |name| {
        let value = headers.get(name).ok().flatten()?;
        let is_a_wait = name.eq_ignore_ascii_case("retry-after");
        if !is_a_wait || value.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Some(value);
        }
        let at = js_sys::Date::parse(&value);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date")]
        (at.is_finite() && at > 0.0)
            .then(|| (at as u64).saturating_sub(now().0).div_ceil(SECOND_MS).to_string())
    }
}

fn shown(body: &[u8]) -> String {
    let clean = text::clean(&String::from_utf8_lossy(body));
    text::shortened(&clean, SHOWN_MAX_CHARS).to_owned()
}
