//! The browser's services: storage, the address, files, a sound, notifications, and a monotonic clock.

use js_sys::{Array, Date, Math};
use leptos::prelude::{document, set_timeout, window};
use protocol::Timestamp;
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, Blob, BlobPropertyBag, Notification, NotificationPermission, Storage, Url};

use view_model::route::Route;

use crate::dom;

/// The time before a saved file's object URL is revoked, in seconds: the browser has to fetch it first.
const FILE_KEPT_S: u64 = 60;

thread_local! {
    /// The wall clock's reading at the zero of the monotonic clock, in milliseconds since 1970.
    static BEGUN_MS: f64 = Date::now() - counted_ms();
}

/// The clock that silence, waits and ages go by. It begins with the viewer's clock on the wall, and nobody sets it: neither
/// a person, nor the network's time, nor the change to another one. All that is shown of it passes through
/// [`Link::server_time`](protocol::link::Link::server_time).
pub fn now() -> Timestamp {
    BEGUN_MS.with(|begun| moment(begun + counted_ms()))
}

/// The clock on the wall: to see how far it has gone from the other one, and for nothing else.
pub fn wall() -> Timestamp {
    moment(Date::now())
}

fn counted_ms() -> f64 {
    window().performance().map_or_else(Date::now, |performance| performance.now())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date of today, in whole ms")]
fn moment(ms: f64) -> Timestamp {
    Timestamp(ms as u64)
}

/// Enough for a back-off: 53 bits that no secret hangs on.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^53")]
pub fn entropy() -> u64 {
    (Math::random() * 9_007_199_254_740_992.0) as u64
}

/// The storage of this tab; `None` where the browser blocks it.
pub fn session_storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// Reads a value of the local storage; empty when there is none, or when the browser blocks storage.
pub fn kept(name: &str) -> String {
    let storage = window().local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(name).ok().flatten()).unwrap_or_default()
}

/// Keeps something in this browser; one that keeps nothing does without.
pub fn keep(name: &str, value: &str) {
    if let Some(storage) = window().local_storage().ok().flatten() {
        let _ = storage.set_item(name, value);
    }
}

/// Parses the address of the document.
pub fn place() -> Route {
    place_of(&window().location().search().unwrap_or_default())
}

/// Parses the query string of a relative address, with or without its `?`.
pub fn place_of(search: &str) -> Route {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        js_sys::decode_uri_component(&text).map_or(text, String::from)
    };
    let pairs: Vec<_> = search
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    Route::read(&pairs)
}

/// The address of a place.
pub fn href(place: &Route) -> String {
    query("?", &place.pairs())
}

/// `start` with these parameters behind it.
pub fn query(start: &str, pairs: &[(&'static str, String)]) -> String {
    let mut query = start.to_owned();
    for (name, value) in pairs {
        if !query.ends_with(['?', '&']) {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.push_str(&String::from(js_sys::encode_uri_component(value)));
    }
    query
}

/// Writes the place into the address: as a new step of the browser's history, or over the present one.
pub fn show_place(place: &Route, new_step: bool) {
    let Ok(history) = window().history() else { return };
    let href = href(place);
    let (state, title) = (JsValue::NULL, "");
    let _ = if new_step {
        history.push_state_with_url(&state, title, Some(&href))
    } else {
        history.replace_state_with_url(&state, title, Some(&href))
    };
}

/// Hands a file to the reader.
pub fn save(name: &str, kind: &str, text: &str) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&text.into());
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    let link = dom::link(&url, "");
    link.attr("download", name);
    link.html().click();
    set_timeout(
        move || {
            let _ = Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(FILE_KEPT_S),
    );
}

/// Two short tones. A browser that was never clicked on plays none.
pub fn sound() {
    let _ = tones();
}

fn tones() -> Result<(), JsValue> {
    let audio = AudioContext::new()?;
    for (start, hertz) in [(0.0, 660.0), (0.18, 880.0)] {
        let (tone, volume) = (audio.create_oscillator()?, audio.create_gain()?);
        let start = audio.current_time() + start;
        tone.frequency().set_value(hertz);
        volume.gain().set_value_at_time(0.12, start)?;
        volume.gain().exponential_ramp_to_value_at_time(0.001, start + 0.16)?;
        tone.connect_with_audio_node(&volume)?.connect_with_audio_node(&audio.destination())?;
        tone.start_with_when(start)?;
        tone.stop_with_when(start + 0.17)?;
    }
    set_timeout(
        move || {
            let _ = audio.close();
        },
        std::time::Duration::from_secs(1),
    );
    Ok(())
}

/// Shows a notification of the system, where it is allowed.
pub fn notify(text: &str) {
    if may_notify() == Some(true) {
        let _ = Notification::new(text);
    }
}

/// Whether notifications are allowed; `None` while nobody has been asked, or where there are none.
pub fn may_notify() -> Option<bool> {
    js_sys::Reflect::get(&window(), &"Notification".into()).ok().filter(JsValue::is_function)?;
    match Notification::permission() {
        NotificationPermission::Granted => Some(true),
        NotificationPermission::Denied => Some(false),
        _ => None,
    }
}

/// Asks the reader for the right to notify.
pub fn ask_to_notify() -> Option<js_sys::Promise> {
    js_sys::Reflect::get(&window(), &"Notification".into()).ok().filter(JsValue::is_function)?;
    Notification::request_permission().ok()
}

/// Whether the tab is out of sight.
pub fn is_hidden() -> bool {
    document().hidden()
}
