//! Thresholds: what was raised, loudly where that is wanted, and for how long.

use leptos::prelude::*;
use protocol::time::SECOND_MS;
use wasm_bindgen_futures::JsFuture;

use super::{actions::complain, moment};
use view_model::{
    alert::{self, Alert, Alerts, Kind, Settings, Tenths},
    field, words,
};

use crate::{
    browser,
    dom::{El, effect, el, query, query_all},
    fetch, format,
    shell::Shell,
};

/// The bounds of the thresholds, in tenths: of milliseconds of latency, and of percent of failed commands.
const BOUNDS: [[i64; 2]; 2] = [[10, 600_000], [1, 1_000]];
/// The keys under which the browser keeps the settings and the log.
const SETTINGS: &str = "pulse-alerts";
const LOG: &str = "pulse-alert-log";

/// Watches, and keeps what it says true.
pub fn mount(shell: Shell) {
    shell.with(|state| {
        let kept = browser::kept(SETTINGS);
        if !kept.is_empty() {
            state.settings = Settings::read(&kept);
        }
        state.alerts = Alerts::read(&browser::kept(LOG));
    });
    form(shell);
    watch(shell);
    effect(move || {
        shell.page.alerts.track();
        show(shell);
    });
    effect(move || {
        shell.page.alerts.track();
        let first = shell.with(|state| state.alerts.active().next().map(told));
        let title =
            words::title(shell.page.status.get(), shell.page.paused.get(), &first.unwrap_or_default());
        document().set_title(&title);
    });
}

/// Looks at each new set of numbers, also while the page is paused or out of sight.
fn watch(shell: Shell) {
    let looked = StoredValue::new(None);
    effect(move || {
        let now = shell.page.now.get();
        let raised = shell.with(|state| {
            let stats = state.feed().stats()?;
            if looked.get_value() == Some(stats.as_of) {
                return None;
            }
            looked.set_value(Some(stats.as_of));
            let rate = alert::error_rate(state.feed().history().iter(), now);
            let seconds = stats.gateway.map(|gateway| {
                let seconds = gateway.lost_since.map_or(0, |since| stats.as_of.since(since) / SECOND_MS);
                f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))
            });
            let values = [words::shown_latency(stats), rate, seconds];
            let before = state.alerts.clone();
            let raised = state.alerts.look(&state.settings, now, values);
            (state.alerts != before).then_some((raised, state.settings, state.alerts.write()))
        });
        if let Some((raised, settings, log)) = raised {
            browser::keep(LOG, &log);
            shell.page.alerts.update(|alerts| *alerts += 1);
            if !raised.is_empty() {
                call(shell, &settings);
            }
        }
    });
}

fn call(shell: Shell, settings: &Settings) {
    if settings.sound {
        browser::sound();
    }
    if settings.notify {
        let words = shell.with(|state| state.alerts.active().next().map(told));
        browser::notify(&words.unwrap_or_default());
    }
}

fn told(alert: &Alert) -> String {
    let (name, value) = name_and_value(alert);
    [name, " ", &value].concat()
}

fn name_and_value(alert: &Alert) -> (&'static str, String) {
    match alert.kind {
        Kind::Latency => ("Latency", format::ms(alert.worst.get()) + " ms"),
        Kind::Errors => ("Failed commands", format::tenths(alert.worst.get()) + " %"),
        Kind::Gateway => {
            ("Gateway disconnected", format::digits(&words::span(u64::from(alert.worst.0 / 10))))
        }
    }
}

fn show(shell: Shell) {
    let (active, log) = shell.with(|state| {
        let active: Vec<Alert> = state.alerts.active().copied().collect();
        (active, state.alerts.log().to_vec())
    });
    for (card, kinds) in [("latency", [Kind::Latency, Kind::Gateway]), ("commands", [Kind::Errors; 2])] {
        let alarmed = active.iter().any(|alert| kinds.contains(&alert.kind));
        query(&["[data-card=", card, "]"].concat()).flag("data-alarmed", alarmed);
    }
    let icon = query("#icon");
    for name in ["href", "data-calm"] {
        if name == "data-calm" && !icon.0.has_attribute(name) {
            icon.attr(name, &icon.get("href"));
        }
    }
    let wanted = icon.get(if active.is_empty() { "data-calm" } else { "data-alert" });
    if icon.get("href") != wanted {
        icon.attr("href", &wanted);
    }
    let badge = query("[data-alert-count]");
    badge.hide(active.is_empty()).text(&format::count(active.len() as u64));
    let words: Vec<String> = active
        .iter()
        .map(|alert| told(alert) + if alert.kind == Kind::Gateway { "" } else { ", over its threshold" })
        .collect();
    let alarm = query("[data-alarm]");
    let words = words.join(" · ");
    if alarm.0.text_content().as_deref() != Some(&words) {
        alarm.text(&words);
    }
    list(shell, &log);
}

fn list(shell: Shell, log: &[Alert]) {
    query("[data-no-alerts]").hide(!log.is_empty());
    let table = query("[data-alert-log]");
    table.hide(log.is_empty());
    let body = table.query("tbody");
    body.empty();
    for alert in log {
        let (name, worst) = name_and_value(alert);
        let row = el("tr");
        let when = el("td");
        when.add(&moment(shell, Some(alert.since)));
        row.add(&when).put("td", "", name).put("td", "number", &worst);
        let lasted = alert.until.map_or_else(
            || "lasts".to_owned(),
            |until| format::digits(&words::span(until.since(alert.since) / SECOND_MS)),
        );
        row.put("td", "number", &lasted);
        body.add(&row);
    }
}

fn form(shell: Shell) {
    let settings = shell.with(|state| state.settings);
    let fields = query_all("[data-threshold]");
    for (field, threshold) in fields.iter().zip(settings.thresholds) {
        field.set_value(&threshold.map(Tenths::write).unwrap_or_default());
    }
    let (sound, notify) = (query("[data-sound]"), query("[data-notify]"));
    sound.set_checked(settings.sound);
    notify.set_checked(settings.notify && browser::may_notify() == Some(true));
    query("[data-alert-settings]").on("submit", |event| event.prevent_default());
    let (ticked, heard) = (notify.clone(), sound.clone());
    let save = move || {
        let before = shell.with(|state| state.settings.thresholds);
        let mut thresholds = before;
        for ((input, threshold), bounds) in fields.iter().zip(&mut thresholds).zip(BOUNDS) {
            let read = field::threshold(&input.value(), bounds);
            complain(input, read.as_ref().err().map_or("", String::as_str), false);
            // A threshold that is not understood changes nothing.
            *threshold = read.unwrap_or(*threshold);
        }
        let settings = Settings { thresholds, sound: heard.is_checked(), notify: ticked.is_checked() };
        browser::keep(SETTINGS, &settings.write());
        shell.with(|state| state.settings = settings);
        shell.page.alerts.update(|alerts| *alerts += 1);
    };
    let asked = notify.clone();
    query("[data-alert-settings]").on("change", move |_| {
        save();
        if asked.is_checked() && browser::may_notify() != Some(true) {
            ask_to_notify(asked.clone(), save.clone());
        }
    });
    query("[data-try]").on("click", move |_| {
        if sound.is_checked() {
            browser::sound();
        }
        if notify.is_checked() {
            browser::notify("Pulse would tell you like this.");
        }
        let is_silent = !sound.is_checked() && !notify.is_checked();
        query("[data-try-note]")
            .hide(!is_silent)
            .text("An alert only shows on this page: neither box is ticked.");
    });
}

fn ask_to_notify(tick: El, save: impl Fn() + 'static) {
    fetch::spawn(async move {
        if let Some(question) = browser::ask_to_notify() {
            let _ = JsFuture::from(question).await;
        }
        let allowed = browser::may_notify() == Some(true);
        tick.set_checked(allowed);
        query("[data-notify-note]")
            .hide(allowed)
            .text("This browser does not allow notifications of this page. Allow them beside its address, then try again.");
        save();
    });
}
