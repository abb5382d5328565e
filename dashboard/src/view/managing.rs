//! What there is to do on each page: with a player, with a row, with a server, with everything.

use leptos::prelude::*;
use protocol::{GuildId, UserId};
use wasm_bindgen_futures::spawn_local;

use super::{
    actions::{Act, Field, button},
    panel, say, server,
    table::{self, Column, span},
};
use crate::{
    dom::{El, el, live},
    fetch, format,
    json::Json,
    shell::Shell,
};

const RULES: [Column; 3] = [
    Column { title: "Setting", is_text: true },
    Column { title: "Now", is_text: false },
    Column { title: "", is_text: false },
];
const SHOP: [Column; 5] = [
    Column { title: "Item", is_text: true },
    Column { title: "Price", is_text: false },
    Column { title: "Stock", is_text: false },
    Column { title: "A player", is_text: false },
    Column { title: "", is_text: false },
];

fn act(server: GuildId, action: &'static str, title: String) -> Act {
    Act {
        server: Some(server),
        action,
        title,
        about: "",
        fixed: Vec::new(),
        fields: Vec::new(),
        is_dangerous: false,
    }
}

/// What can be done with a player.
pub fn player(shell: Shell, place: &El, server: GuildId, user: UserId, profile: &Json) {
    let name = profile.text("name");
    let fixed = vec![("userId", user.to_string().into())];
    let amount = vec![(Field::text("amount", "Coins"), String::new())];
    for (action, word, title, is_dangerous) in [
        ("give", "Give", ["Give coins to ", &name].concat(), false),
        ("take", "Take", ["Take coins from ", &name].concat(), true),
        ("set", "Set", ["Set the balance of ", &name].concat(), true),
    ] {
        let (fixed, fields) = (fixed.clone(), amount.clone());
        let act = Act { fixed, fields, is_dangerous, ..act(server, action, title) };
        place.add(&button(shell, word, act));
    }
    let act = if profile.is_true("frozen") {
        act(server, "unfreeze", ["Unfreeze ", &name].concat())
    } else {
        let about = "Their coins stay where they are, and nobody can pay them, until they are unfrozen.";
        Act { about, is_dangerous: true, ..act(server, "freeze", ["Freeze ", &name].concat()) }
    };
    let word = if act.is_dangerous { "Freeze" } else { "Unfreeze" };
    place.add(&button(shell, word, Act { fixed, ..act }));
}

/// What can be done with a row of the journal, and what was.
pub fn row(shell: Shell, cell: &El, server: GuildId, row: &Json) {
    let note = |words: &str, of: &str| {
        if !of.is_empty() {
            cell.put("span", "note", &[words, of].concat());
        }
    };
    note("by ", &row.text("actorName"));
    let (undoes, undone) = (row.text("undoes"), row.text("undoneBy"));
    note("undoes row ", &undoes);
    note("undone by row ", &undone);
    if row.text("debit").is_empty() || !undoes.is_empty() || !undone.is_empty() {
        return;
    }
    let seq = row.text("seq");
    let about = "Its coins go back to where they came from. Experience, streaks and items stay.";
    let undo = act(server, "undo", ["Undo row ", &seq].concat());
    let undo = button(
        shell,
        "Undo",
        Act { about, fixed: vec![("seq", row.get("seq").0.clone())], is_dangerous: true, ..undo },
    );
    cell.add(undo.attr("aria-label", &["Undo row ", &seq].concat()));
}

/// Everything is paused, or goes on.
pub fn everything(shell: Shell, panel: &El) {
    let place = el("span");
    panel.one("header").add(&place);
    live(move || {
        let paused = shell.page.stats.with(|stats| stats.as_ref().map(|stats| stats.maintenance_mode));
        place.empty();
        if let Some(paused) = paused {
            place.add(&pause(shell, None, paused, "everything"));
        }
    });
}

fn pause(shell: Shell, server: Option<GuildId>, paused: bool, what: &str) -> El {
    let (action, word, about) = if paused {
        ("resume", "Resume ", "Players' commands work again.")
    } else {
        ("pause", "Pause ", "Players' commands are refused until it goes on. Nothing is lost.")
    };
    let title = [word, what].concat();
    let act = Act { server, about, is_dangerous: !paused, ..act(GuildId::NONE, action, title.clone()) };
    button(shell, &title, act)
}

/// The rules of a server, its shop, and whether it is paused; asked for when somebody wants to see them.
pub fn manage(shell: Shell, part: &El, server: GuildId) {
    let panel = panel(part, "Rules and shop");
    let reveal = el("button");
    reveal.class("button small").attr("type", "button").text("Show");
    panel.one("header").add(&reveal);
    let opened = RwSignal::new(false);
    reveal.on("click", move |_| opened.set(true));
    let body = el("div");
    panel.add(&body);
    live(move || {
        reveal.hide(opened.get());
        if !opened.get() {
            return;
        }
        let body = body.clone();
        spawn_local(async move {
            let rules = fetch::text(&server::path(server, "settings")).await;
            let shop = fetch::text(&server::path(server, "shop")).await;
            match (rules, shop) {
                (Ok(rules), Ok(shop)) => {
                    if let (Some(rules), Some(shop)) = (Json::parse(&rules), Json::parse(&shop)) {
                        show_rules(shell, &body, server, &rules);
                        show_shop(shell, &body, server, &shop);
                    }
                }
                (Err(trouble), _) | (_, Err(trouble)) => say(&body, trouble),
            }
        });
    });
}

fn show_rules(shell: Shell, place: &El, server: GuildId, rules: &Json) {
    let choices = el("p");
    choices.class("choices");
    choices.add(&pause(shell, Some(server), rules.is_true("paused"), "this server"));
    place.add(&choices);
    let table = table::plain(place, &RULES);
    for rule in rules.get("settings").items() {
        let (key, value) = (rule.text("key"), rule.text("value"));
        let name = span(&key);
        name.put("span", "note", &rule.text("about"));
        let shown = match (rule.text("unit").as_str(), value.as_str()) {
            ("switch", "0") => "off".to_owned(),
            ("switch", _) => "on".to_owned(),
            ("coins_a_day", "0") => "no limit".to_owned(),
            _ => format::coins_of(&value),
        };
        let wanted = if rule.text("unit") == "switch" { shown.clone() } else { value };
        let change = Act {
            fixed: vec![("setting", key.as_str().into())],
            fields: vec![(Field::text("value", "Value"), wanted)],
            ..act(server, "setting", ["Change ", &key].concat())
        };
        let change = button(shell, "Change", change);
        change.attr("aria-label", &["Change ", &key].concat());
        table::add_row(&table, &RULES, &[name, span(&shown), change]);
    }
}

/// What an item has, beside its name.
fn item_fields(item: &Json) -> Vec<(Field, String)> {
    [
        Field::maybe("price", "Price"),
        Field::maybe("description", "Description"),
        Field::number("stock", "Stock (-1: without end)"),
        Field::number("limit", "A player may hold (-1: no limit)"),
    ]
    .map(|field| (field, item.text(field.name)))
    .into()
}

fn show_shop(shell: Shell, place: &El, server: GuildId, shop: &Json) {
    let choices = el("p");
    choices.class("choices");
    let mut fields = vec![(Field::text("item", "Name"), String::new())];
    fields.extend(item_fields(shop));
    choices.add(&button(
        shell,
        "Add an item",
        Act { fields, ..act(server, "item_add", "Add an item".to_owned()) },
    ));
    let items = shop.items();
    if items.is_empty() {
        say(place, "The shop is empty.");
    } else {
        let table = table::plain(place, &SHOP);
        for item in items {
            let name = item.text("name");
            let fixed = vec![("item", name.as_str().into())];
            let shown = |field: &str| {
                let text = item.text(field);
                span(&if text.is_empty() { "–".to_owned() } else { format::coins_of(&text) })
            };
            let title = span(&name);
            title.put("span", "note", &item.text("description"));
            let mut fields = vec![(Field::maybe("name", "New name"), String::new())];
            fields.extend(item_fields(&item));
            let edit = act(server, "item_edit", ["Change ", &name].concat());
            let edit = button(shell, "Change", Act { fixed: fixed.clone(), fields, ..edit });
            let remove = act(server, "item_remove", ["Remove ", &name].concat());
            let about = "It leaves the shop; players keep theirs.";
            let remove = button(shell, "Remove", Act { fixed, about, is_dangerous: true, ..remove });
            let both = el("span");
            both.class("choices").add(&edit).add(&remove);
            let cells = [title, shown("price"), shown("stock"), shown("limit"), both];
            table::add_row(&table, &SHOP, &cells);
        }
    }
    place.add(&choices);
}
