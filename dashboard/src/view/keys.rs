//! All of it by keyboard, and links that lead within the page.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement, KeyboardEvent};

use super::header;
use view_model::route::View;

use crate::{
    browser,
    dom::{El, query},
    shell::Shell,
};

/// The key under which the browser keeps that the reader wants no shortcuts of one letter.
const KEYS: &str = "pulse-keys";
const OFF: &str = "off";

/// Listens for keys and clicks.
pub fn mount(shell: Shell) {
    let body = query("body");
    body.on("keydown", move |event| pressed(shell, &event));
    body.on("click", move |event| clicked(shell, &event));
    query("[data-help]").on("click", |_| help());
    let keys = query("[data-keys]");
    keys.set_checked(browser::kept(KEYS) != OFF);
    let ticked = keys.clone();
    keys.on("change", move |_| browser::keep(KEYS, if ticked.is_checked() { "" } else { OFF }));
}

fn pressed(shell: Shell, event: &Event) {
    let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let typing = target.closest("input, select, textarea, dialog").ok().flatten().is_some();
    if typing || key.ctrl_key() || key.meta_key() || key.alt_key() || browser::kept(KEYS) == OFF {
        return;
    }
    let is_control = target.closest("button, a, summary").ok().flatten().is_some();
    match key.key().as_str() {
        " " if !is_control => shell.pause(!shell.page.paused.get_untracked()),
        "/" => search(shell),
        "t" | "T" => header::next_theme(),
        "?" => help(),
        _ => return,
    }
    event.prevent_default();
}

fn search(shell: Shell) {
    let place = shell.page.route.get_untracked();
    if place.view != View::Overview {
        shell.go(place.at(View::Overview), true);
    }
    request_animation_frame(|| query("[data-filter=q]").focus());
}

fn help() {
    if let Ok(dialog) = query("#help").0.dyn_into::<HtmlDialogElement>()
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

/// A link that begins with `?` leads within the page: no reload. Opening it in another tab is the browser's business.
fn clicked(shell: Shell, event: &Event) {
    let Some(click) = event.dyn_ref::<web_sys::PointerEvent>() else { return };
    if click.ctrl_key() || click.meta_key() || click.shift_key() || event.default_prevented() {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(link) = target.and_then(|target| target.closest("a[href^='?']").ok().flatten()) else { return };
    let place = browser::place_of(&El(link).get("href"));
    let (view, room) = shell.page.route.with_untracked(|before| (before.view, before.room));
    if place.room != room {
        return; // Another room is another document.
    }
    event.prevent_default();
    let moves = place.view != view;
    shell.go(place, true);
    if let Ok(dialog) = query("#help").0.dyn_into::<HtmlDialogElement>() {
        dialog.close();
    }
    if moves {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        query("main").focus();
    }
}
