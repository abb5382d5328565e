//! One player: what they have, what they bought, and every row of the books that they stand in.

use leptos::prelude::Track;
use protocol::{GuildId, Timestamp, UserId};

use super::{journal, managing, moment, panel, say, servers, table::span};
use view_model::{route::View, text::isolated, words};

use crate::{
    dom::{El, effect, el, link},
    fetch, format,
    json::Json,
    shell::Shell,
};

/// Fills a player's page; it replaces what the part held before.
pub fn render(shell: Shell, part: &El, guild: GuildId, player: UserId) {
    part.empty();
    let (head, title) = (el("header"), el("h2"));
    head.class("page-head");
    let back = link(&super::href(shell, View::Server(guild)), "");
    head.add(&title).add(&back);
    part.add(&head);
    title.text(&player.to_string());
    effect(move || _ = back.text(&servers::name_of(shell, guild)));
    let facts = el("div");
    facts.class("facts").attr("aria-live", "polite");
    part.add(&facts);
    let (items, owned, tools) = (panel(part, "Items"), el("div"), el("span"));
    items.add(&owned);
    head.add(tools.class("tools"));
    journal::render(shell, &panel(part, "Journal"), guild, Some(player));
    effect(move || {
        shell.page.acted.track();
        let [title, tools, facts, owned] = [&title, &tools, &facts, &owned].map(Clone::clone);
        fetch::spawn(async move {
            let answer =
                fetch::text(&fetch::guild_path(guild, &["players/", &player.to_string()].concat())).await;
            for part in [&tools, &facts, &owned] {
                part.empty();
            }
            match answer.map(|body| Json::parse(&body)) {
                Ok(Some(profile)) => {
                    let name = profile.text("name");
                    if !name.is_empty() {
                        title.text(&name);
                    }
                    if profile.is_true("frozen") {
                        tools.put("span", "tag", "Frozen");
                    }
                    managing::player(&tools, guild, player, &profile);
                    show(shell, &facts, &profile);
                    show_items(&owned, &profile);
                }
                Ok(None) => {}
                Err(trouble) if trouble == words::refusal(404) => {
                    say(&facts, "Nobody with this id has an account in this server.");
                    say(&owned, "Nothing bought yet.");
                }
                Err(trouble) => say(&facts, trouble),
            }
        });
    });
}

fn show(shell: Shell, facts: &El, profile: &Json) {
    let whole = |name: &str| span(&format::coins_of(&profile.text(name)));
    let at = |name: &str| moment(shell, profile.text(name).parse().ok().map(Timestamp));
    for (name, value) in [
        ("Balance", whole("balance")),
        ("Rank", whole("rank")),
        ("Level", whole("level")),
        ("Experience", whole("xp")),
        ("Streak", whole("streak")),
        ("Freezes", whole("freezes")),
        ("Account since", at("createdAt")),
        ("Last command", at("lastAt")),
    ] {
        let (card, figure) = (el("article"), el("p"));
        figure.class("value").add(&value);
        card.class("panel card").put("h3", "", name).add(&figure);
        facts.add(&card);
    }
}

/// Items are names, or names with how many.
fn show_items(panel: &El, profile: &Json) {
    let items = profile.get("items").items();
    if items.is_empty() {
        return say(panel, "Nothing bought yet.");
    }
    let list = el("ul");
    list.class("items");
    for item in items {
        let quantity = item.text("quantity");
        let name = item.as_text().unwrap_or_else(|| item.text("name"));
        let count = if quantity.is_empty() || quantity == "1" {
            String::new()
        } else {
            [" × ", &format::coins_of(&quantity)].concat()
        };
        list.put("li", "", &(isolated(&name) + &count));
    }
    panel.add(&list);
}
