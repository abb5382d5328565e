//! The filter of the list of events: severities, kind, server, words.

use leptos::prelude::*;

use view_model::{
    filter::{Filter, severity},
    text::isolated,
    words,
};

use crate::{
    dom::{El, effect, el, query, query_all},
    json::Json,
    shell::Shell,
};

/// Kinds that can be chosen before one of them has come.
const KINDS: [&str; 10] =
    ["daily", "transfer", "work", "coinflip", "shop", "level_up", "admin", "command", "bot", "edge"];

/// Keeps the fields and the address alike.
pub fn mount(shell: Shell) {
    let fields = query_all("[data-filter]");
    let kinds = query("[data-filter=source]");
    for kind in KINDS {
        option(&kinds, kind, words::source(kind));
    }
    for field in &fields {
        let changed = field.clone();
        let name = field.get("data-filter");
        field.on("input", move |_| {
            let mut place = shell.page.route.get_untracked();
            place.filter.take(&name, &changed.value());
            shell.go(place, false);
        });
    }
    let severities = query_all("[data-severity-pick]");
    for button in &severities {
        let Some(severity) = severity(&button.get("data-severity-pick")) else { continue };
        button.on("click", move |_| {
            let mut place = shell.page.route.get_untracked();
            place.filter.toggle(severity);
            shell.go(place, false);
        });
    }
    query(".filters").on("submit", |event| event.prevent_default());
    query("[data-clear]").on("click", move |_| {
        let mut place = shell.page.route.get_untracked();
        place.filter = Filter::default();
        shell.go(place, false);
    });
    effect(move || {
        let place = shell.page.route.get();
        let servers = query("[data-filter=guild]");
        shell.page.guilds.with(|guilds| {
            for guild in guilds.iter().flat_map(Json::items) {
                option(&servers, &guild.text("id"), &isolated(&guild.text("name")));
            }
        });
        let set = place.filter.pairs();
        for field in &fields {
            let name = field.get("data-filter");
            let value =
                set.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str()).unwrap_or_default();
            if name != "q" {
                option(field, value, value); // A value from the address that is not in the list yet.
            }
            if field.value() != value {
                field.set_value(value);
            }
        }
        for button in &severities {
            let picked = severity(&button.get("data-severity-pick"));
            let picked = picked.is_some_and(|severity| place.filter.severities.contains(&severity));
            button.attr("aria-pressed", if picked { "true" } else { "false" });
        }
        query("[data-clear]").hide(place.filter.is_open());
    });
}

fn option(list: &El, value: &str, name: &str) {
    let known = list.query(&["option[value='", &value.replace(['\'', '\\'], ""), "']"].concat());
    if known.0.parent_element().is_some() {
        if known.0.text_content().as_deref() == Some(value) && !name.is_empty() {
            known.text(name);
        }
        return;
    }
    let new = el("option");
    new.attr("value", value).text(name);
    list.add(&new);
}
