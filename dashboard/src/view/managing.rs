//! The actions of each page: on a player, on a row of the journal, on a server, on everything.

use leptos::prelude::*;
use protocol::{GuildId, UserId};
use wasm_bindgen::JsValue;

use super::{
    actions::{Act, Field, button},
    panel, say,
    table::{self, Column, span},
};
use view_model::{field::Kind, text::isolated};

use crate::{
    dom::{El, effect, el},
    fetch, format,
    json::Json,
    shell::Shell,
};

const AMOUNT: [Field; 1] = [field("amount", "Coins", Kind::Whole)];
const NEW_ITEM: [Field; 5] = [field("item", "Name", Kind::Words), ITEM[1], ITEM[2], ITEM[3], ITEM[4]];
const ITEM: [Field; 5] = [
    field("name", "Name", Kind::Words),
    field("price", "Price", Kind::Whole),
    field("description", "Description", Kind::Note),
    field("stock", "Stock", Kind::Limit),
    field("limit", "A player may hold", Kind::Limit),
];
const RULES: [Column; 3] = [
    Column { title: "Setting", is_text: true },
    Column { title: "Now", is_text: false },
    Column { title: "Default", is_text: false },
];
const SHOP: [Column; 4] = [
    Column { title: "Item", is_text: true },
    Column { title: "Price", is_text: false },
    Column { title: "Stock", is_text: false },
    Column { title: "A player", is_text: false },
];

/// Neither on nor off.
const UNKNOWN: u64 = 2;

const fn field(name: &'static str, label: &'static str, kind: Kind) -> Field {
    Field { name, label, kind }
}

/// An action on what this page is about, with these words before what it is done to.
fn act(
    server: GuildId,
    action: &'static str,
    title: &[&str],
    to: (&'static str, JsValue),
    values: &Json,
) -> Act {
    Act {
        server: Some(server),
        action,
        title: title.concat(),
        about: "",
        to,
        fields: Vec::new(),
        values: values.clone(),
        is_change: false,
        is_dangerous: false,
    }
}

/// Adds the buttons of the actions on a player.
pub fn player(place: &El, server: GuildId, user: UserId, profile: &Json) {
    let name = profile.text("name");
    let name = isolated(&name);
    let user = JsValue::from(user.to_string());
    let add = |action, word, title, fields: &[Field], about, is_dangerous| {
        let act = act(server, action, &[title, &name], ("userId", user.clone()), profile);
        place.add(&button(word, Act { about, fields: fields.to_vec(), is_dangerous, ..act }));
    };
    add("give", "Give", "Give coins to ", &AMOUNT[..], "", false);
    add("take", "Take", "Take coins from ", &AMOUNT, "", true);
    add("set", "Set", "Set the balance of ", &AMOUNT, "", true);
    let about =
        "Coins, level, streak and items are gone for good: for somebody who has left, or starts anew.";
    add("reset", "Reset", "Reset ", &[], about, true);
    if profile.is_true("frozen") {
        add("unfreeze", "Unfreeze", "Unfreeze ", &[], "", false);
    } else {
        let about = "Their coins stay where they are, and nobody can pay them, until they are unfrozen.";
        add("freeze", "Freeze", "Freeze ", &[], about, true);
    }
}

/// The button that undoes a row of the journal; empty for a row that moved nothing, is undone, or undoes another.
pub fn undo(server: GuildId, row: &Json) -> El {
    if ["undoes", "undoneBy"].iter().any(|name| !row.text(name).is_empty()) || row.text("debit").is_empty() {
        return el("span");
    }
    let to = ("seq", row.get("seq").0);
    let undo = act(server, "undo", &["Undo row ", &row.text("seq")], to, row);
    let about = "Its coins go back to where they came from. Experience, streaks and items stay.";
    button("Undo", Act { about, is_dangerous: true, ..undo })
}

/// Everything is paused, or goes on: for those who may do so, and a manager may not.
pub fn everything(shell: Shell, panel: &El) {
    let place = el("span");
    panel.query("header").add(&place);
    // A number, as other memos of the page are: each kind of memo has its price in bytes.
    let paused = Memo::new(move |_| {
        let stats = shell.page.stats.with(|stats| stats.as_ref().map(|stats| stats.maintenance_mode));
        stats.map_or(UNKNOWN, u64::from)
    });
    effect(move || {
        place.empty();
        let paused = paused.get();
        let may = shell.page.me.get().is_some_and(|me| me.text("role") != "manager");
        if may && paused != UNKNOWN {
            place.add(&pause(None, paused == 1, "everything"));
        }
    });
}

fn pause(server: Option<GuildId>, paused: bool, what: &str) -> El {
    let (action, word, about) = if paused {
        ("resume", "Resume ", "Players' commands work again.")
    } else {
        ("pause", "Pause ", "Players' commands are refused until it goes on. Nothing is lost.")
    };
    let title = [word, what].concat();
    let act = act(GuildId::NONE, action, &[&title], ("", JsValue::UNDEFINED), &Json(JsValue::UNDEFINED));
    button(&title, Act { server, about, is_dangerous: !paused, ..act })
}

/// The rules of a server, its shop, and whether it is paused; asked for when somebody wants to see them.
pub fn manage(shell: Shell, part: &El, server: GuildId) {
    let body = panel(part, "Rules and shop");
    let (reveal, shown) = (el("button"), el("div"));
    reveal.class("button small").attr("type", "button").text("Show");
    body.query("header").add(&reveal);
    body.add(&shown);
    let revealed = RwSignal::new(false);
    reveal.on("click", move |_| revealed.set(true));
    effect(move || {
        shell.page.acted.track();
        reveal.hide(revealed.get());
        if !revealed.get() {
            return;
        }
        let shown = shown.clone();
        fetch::spawn(async move {
            let place = el("div");
            for (path, show) in [("settings", show_rules as fn(&El, GuildId, &Json)), ("shop", show_shop)] {
                match fetch::text(&fetch::guild_path(server, path)).await {
                    Ok(answer) => _ = Json::parse(&answer).map(|answer| show(&place, server, &answer)),
                    Err(trouble) => say(&place, trouble),
                }
            }
            shown.empty().add(&place);
        });
    });
}

fn show_rules(place: &El, server: GuildId, rules: &Json) {
    let choices = el("p");
    choices.class("choices").add(&pause(Some(server), rules.is_true("paused"), "this server"));
    place.add(&choices);
    let table = table::plain(place, &RULES);
    for rule in rules.get("settings").items() {
        let key = rule.text("key");
        let change = act(server, "setting", &["Change ", &key], ("setting", key.as_str().into()), &rule);
        let name = span(&key);
        name.put("span", "note", &rule.text("about"));
        let kind = match rule.text("unit").as_str() {
            "switch" => Kind::Switch,
            "percent" => Kind::Percent,
            _ => Kind::Whole,
        };
        name.add(&button("Change", Act { fields: vec![field("value", "Value", kind)], ..change }));
        let shown = |field| {
            let value = rule.text(field);
            match (kind, value.as_str()) {
                (Kind::Switch, "0") => span("off"),
                (Kind::Switch, _) => span("on"),
                _ => span(&format::coins_of(&value)),
            }
        };
        table::add_row(&table, &RULES, &[name, shown("value"), shown("default")]);
    }
}

fn show_shop(place: &El, server: GuildId, shop: &Json) {
    let table = table::plain(place, &SHOP);
    for item in shop.items() {
        let name = item.text("name");
        let to = || ("item", name.as_str().into());
        let edit = act(server, "item_edit", &["Change ", &isolated(&name)], to(), &item);
        let remove = act(server, "item_remove", &["Remove ", &isolated(&name)], to(), &item);
        let about = "It leaves the shop; players keep theirs.";
        let title = span(&name);
        title.put("span", "note", &item.text("description"));
        title.add(&button("Change", Act { fields: ITEM.to_vec(), is_change: true, ..edit }));
        title.add(&button("Remove", Act { about, is_dangerous: true, ..remove }));
        let shown = |field| match item.text(field).as_str() {
            "" => span("no limit"),
            count => span(&format::coins_of(count)),
        };
        table::add_row(&table, &SHOP, &[title, shown("price"), shown("stock"), shown("limit")]);
    }
    let add = act(server, "item_add", &["Add an item"], ("", JsValue::UNDEFINED), shop);
    let choices = el("p");
    choices.class("choices").add(&button("Add an item", Act { fields: NEW_ITEM.to_vec(), ..add }));
    place.add(&choices);
}
