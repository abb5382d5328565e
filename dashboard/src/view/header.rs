//! The page's head: the state of the connection, the age of the numbers, the theme and the navigation.

use leptos::prelude::*;
use protocol::link::Status;

use super::href;
use view_model::{route::View, words};

use crate::{
    browser,
    dom::{effect, query, query_all},
    format,
    shell::Shell,
};

/// The key under which the browser keeps the theme; `dress.js` reads it before the first paint.
const THEME: &str = "pulse-theme";

/// Keeps the page's head true, and the weight of what is below.
pub fn mount(shell: Shell) {
    query("[data-version]").text(env!("CARGO_PKG_VERSION"));
    pill(shell);
    as_of(shell);
    pause(shell);
    beat(shell);
    effect(move || shell.page.announced.with(|text| _ = query("[data-announced]").text(text)));
    query("[data-retry]").on("click", move |_| shell.nudge());
    query("[data-theme-switch]").on("click", |_| next_theme());
    show_theme(&theme());
    navigation(shell);
}

/// System, light, dark, and over again.
pub fn next_theme() {
    let next = match theme().as_str() {
        "system" => "light",
        "light" => "dark",
        _ => "system",
    };
    browser::keep(THEME, next);
    show_theme(next);
}

fn theme() -> String {
    query(":root").get("data-theme")
}

fn show_theme(theme: &str) {
    query(":root").attr("data-theme", theme);
    query("[data-theme-switch]")
        .attr("aria-label", &["Theme: ", theme].concat())
        .attr("title", &["Theme: ", theme].concat());
}

fn pill(shell: Shell) {
    let page = shell.page;
    effect(move || {
        let (status, paused, pending) = (page.status.get(), page.paused.get(), page.pending.get());
        let well = matches!(status, Status::Live | Status::Connecting);
        query(".pill").attr("data-status", if paused && well { "paused" } else { words::state(status) });
        let words = if paused { words::paused_pill(status, pending) } else { words::pill(status) };
        query("[data-pill]").text(&format::digits(&words));
        let waiting = matches!(status, Status::Reconnecting(_) | Status::Polling(_));
        query("[data-retry]").hide(!waiting);
        let spoken = if paused && well { "Paused" } else { words::spoken(status) };
        let ears = query("[data-spoken]");
        if ears.0.text_content().as_deref() != Some(spoken) {
            ears.text(spoken); // Only a new state is told; a status that is set anew is read out anew.
        }
        query("main").class(if words::is_doubtful(status) { "doubtful" } else { "" });
    });
}

fn as_of(shell: Shell) {
    let page = shell.page;
    effect(move || {
        let old = page.paused.get() || words::is_doubtful(page.status.get());
        let text = match page.as_of().filter(|_| old) {
            Some(as_of) => "as of ".to_owned() + &format::clock(as_of),
            None => String::new(),
        };
        query("[data-as-of]").text(&text);
    });
}

fn pause(shell: Shell) {
    let page = shell.page;
    let button = query("[data-pause]");
    button.on("click", move |_| shell.pause(!page.paused.get_untracked()));
    effect(move || {
        let paused = page.paused.get();
        button.text(if paused { "Resume" } else { "Pause" });
        button.attr("aria-pressed", if paused { "true" } else { "false" });
    });
}

fn beat(shell: Shell) {
    let dot = query(".dot");
    effect(move || {
        dot.class(match shell.page.beat.get() {
            _ if shell.page.paused.get() => "dot",
            0 => "dot",
            beat if beat % 2 == 0 => "dot beat-even",
            _ => "dot beat-odd",
        });
    });
}

fn navigation(shell: Shell) {
    effect(move || {
        let place = shell.page.route.get();
        query(":root").flag("data-kiosk", place.kiosk);
        for link in query_all("[data-go]") {
            let (view, word) = match link.get("data-go").as_str() {
                "servers" => (View::Servers, "servers"),
                "alerts" => (View::Alerts, "alerts"),
                _ => (View::Overview, "overview"),
            };
            link.attr("href", &href(shell, view));
            let is_here = place.view.word() == word
                || word == "servers" && matches!(place.view, View::Server(_) | View::Player(..));
            if is_here {
                link.attr("aria-current", "page");
            } else {
                let _ = link.0.remove_attribute("aria-current");
            }
        }
    });
}
