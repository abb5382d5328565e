//! The account menu: the person who is signed in, the choice of a server to look at alone, and the sign-out.

use leptos::prelude::*;
use protocol::GuildId;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::servers;
use crate::{
    browser,
    dom::{effect, query},
    fetch,
    json::Json,
    shell::Shell,
};

/// Keeps the menu true, and the name of the server that is looked at alone.
pub fn mount(shell: Shell) {
    let me = shell.page.me;
    fetch::spawn(async move {
        let trouble = match fetch::text("/api/me").await {
            Ok(body) => {
                me.set(Json::parse(&body));
                return;
            }
            Err(trouble) => trouble,
        };
        query("[data-me-role]").text(trouble);
    });
    who(shell);
    alone(shell);
    for (button, path) in
        [("[data-sign-out]", "/logout"), ("[data-sign-out-everywhere]", "/logout/everywhere")]
    {
        query(button).on("click", move |_| sign_out(path));
    }
    closing();
}

/// The address of the sign-in, which leads back to this place.
pub fn sign_in_href(shell: Shell) -> String {
    let next = "/".to_owned() + &browser::href(&shell.page.route.get_untracked());
    browser::query("/login?", &[("next", next)])
}

fn who(shell: Shell) {
    effect(move || {
        let Some(me) = shell.page.me.get() else { return };
        query("[data-me]").text(&me.text("name"));
        query("[data-me-role]").text(match me.text("role").as_str() {
            "admin" => "Administrator of all servers",
            "manager" => "Manager of your servers",
            _ => "By the one-time link of this machine",
        });
        query("[data-me-ways]").hide(false);
    });
}

/// Leaves; the page that comes then holds nothing of what was seen.
fn sign_out(path: &'static str) {
    fetch::spawn(async move {
        match fetch::post(path).await {
            Ok(_) => _ = window().location().set_href("/"),
            Err(trouble) => _ = query("[data-me-role]").text(trouble),
        }
    });
}

/// A manager without a choice of their own looks at the first of their servers.
fn alone(shell: Shell) {
    effect(move || {
        let me = shell.page.me.get();
        let chosen = shell.page.route.with(|place| place.room);
        let theirs = me.filter(|me| me.text("role") == "manager").map(|me| first(&me));
        let room = chosen.or(theirs.flatten());
        query("[data-alone]").hide(room.is_none());
        query("[data-all]").hide(theirs.is_some());
        if let Some(room) = room {
            query("[data-alone-name]").text(&servers::name_of(shell, room));
        }
    });
}

fn first(me: &Json) -> Option<GuildId> {
    me.get("guilds").items().first()?.as_text()?.parse().ok()
}

/// A menu closes by Escape, and by whatever is done elsewhere.
fn closing() {
    let menu = query("[data-account]");
    let body = query("body");
    for happening in ["click", "focusin"] {
        let menu = menu.clone();
        body.on(happening, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if !menu.0.contains(target.as_deref()) {
                menu.flag("open", false);
            }
        });
    }
    let closed = menu.clone();
    menu.on("keydown", move |event| {
        if event.dyn_ref::<KeyboardEvent>().is_some_and(|key| key.key() == "Escape") {
            closed.flag("open", false).query("summary").focus();
        }
    });
}
