//! One server: its players by wealth, level or streak, its journal, and the proof of its books.

use leptos::prelude::*;
use protocol::{GuildId, Timestamp, UserId};

use super::{
    journal, managing, moment, panel, player_link, say, servers,
    table::{self, Column, span},
};
use view_model::route::{Route, View};

use crate::{
    browser,
    dom::{El, effect, el, link},
    fetch, format,
    json::Json,
    shell::Shell,
};

const PLAYERS: [Column; 7] = [
    Column { title: "Rank", is_text: false },
    Column { title: "Player", is_text: true },
    Column { title: "Balance", is_text: false },
    Column { title: "Level", is_text: false },
    Column { title: "Streak", is_text: false },
    Column { title: "Since", is_text: false },
    Column { title: "Last command", is_text: false },
];

/// Fills a server's page; it replaces what the part held before.
pub fn render(shell: Shell, part: &El, server: GuildId) {
    part.empty();
    let head = el("header");
    head.class("page-head");
    let title = el("h2");
    head.add(&title);
    let mut place: Route = shell.page.route.get_untracked().at(View::Overview);
    place.filter.guild = Some(server);
    head.add(&link(&browser::href(&place), "Its events"));
    let mut alone: Route = shell.page.route.get_untracked().at(View::Overview);
    if alone.room != Some(server) {
        alone.room = Some(server);
        head.add(&link(&browser::href(&alone), "Live: this server alone"));
    }
    proof(&head, server);
    part.add(&head);
    effect(move || _ = title.text(&servers::name_of(shell, server)));
    players(shell, &panel(part, "Players"), server);
    managing::manage(shell, part, server);
    journal::render(shell, &panel(part, "Journal"), server, None);
}

fn proof(head: &El, server: GuildId) {
    let (button, verdict) = (el("button"), el("span"));
    button.class("button").attr("type", "button").text("Prove the books");
    verdict.attr("role", "status").class("soft");
    let said = verdict.clone();
    button.on("click", move |_| {
        said.text("Replaying the journal …");
        let said = said.clone();
        fetch::spawn(async move {
            let answer = fetch::text(&fetch::guild_path(server, "proof")).await;
            let words = answer.map(|body| Json::parse(&body).map(|proof| verdict_of(&proof)));
            said.text(&match words {
                Ok(words) => words.unwrap_or_default(),
                Err(trouble) => trouble.to_owned(),
            });
        });
    });
    head.add(&button).add(&verdict);
}

fn verdict_of(proof: &Json) -> String {
    let wrong = proof.get("mismatches").items().len();
    let counted = [
        &format::coins_of(&proof.text("rows")),
        " rows and ",
        &format::coins_of(&proof.text("accounts")),
        " accounts",
    ]
    .concat();
    if wrong == 0 && proof.text("sum") == "0" {
        ["✓ ", &counted, " agree."].concat()
    } else {
        [
            "✕ ",
            &counted,
            " replayed: ",
            &format::count(wrong as u64),
            " accounts differ, the sum is ",
            &proof.text("sum"),
            ".",
        ]
        .concat()
    }
}

fn players(shell: Shell, panel: &El, server: GuildId) {
    let wish = RwSignal::new(("wealth", 1_u32));
    let choice = el("div");
    choice.class("choice").attr("role", "group").attr("aria-label", "Players by");
    for (by, name) in [("wealth", "Wealth"), ("level", "Level"), ("streak", "Streak")] {
        let button = el("button");
        button.attr("type", "button").text(name).on("click", move |_| wish.set((by, 1)));
        choice.add(&button);
        effect(move || _ = button.attr("aria-pressed", if wish.get().0 == by { "true" } else { "false" }));
    }
    panel.query("header").add(&choice);
    let place = el("div");
    place.attr("aria-live", "polite");
    panel.add(&place);
    let pages = RwSignal::new(1_u32);
    let shown = place.clone();
    effect(move || {
        shell.page.acted.track();
        let (by, page) = wish.get();
        let shown = shown.clone();
        fetch::spawn(async move {
            let question = ["players?by=", by, "&page=", &page.to_string()].concat();
            let answer = fetch::text(&fetch::guild_path(server, &question)).await;
            if wish.try_get_untracked() != Some((by, page)) {
                return; // The reader has moved on.
            }
            shown.empty();
            match answer.map(|body| Json::parse(&body)) {
                Err(trouble) => say(&shown, trouble),
                Ok(body) => {
                    let Some(body) = body else { return };
                    pages.set(body.text("pages").parse().unwrap_or(1));
                    let last = body.text("page").parse().unwrap_or(page);
                    if last < page {
                        return wish.set((by, last)); // There are fewer by now.
                    }
                    list_players(shell, &shown, server, &body, page);
                }
            }
        });
    });
    pager(panel, wish, pages);
}

fn list_players(shell: Shell, place: &El, server: GuildId, body: &Json, page: u32) {
    let players = body.get("players").items();
    if players.is_empty() {
        say(place, "Nobody has an account here yet.");
        return;
    }
    let table = table::plain(place, &PLAYERS);
    for (index, player) in (1_u32..).zip(&players) {
        let text = |name: &str| player.text(name);
        let rank = match text("rank") {
            rank if rank.is_empty() => ((page - 1) * 50 + index).to_string(),
            rank => rank,
        };
        let name = text("userId").parse().map_or_else(
            |_| span(&text("name")),
            |user| player_link(shell, server, UserId(user), &text("name")),
        );
        let at = |name: &str| moment(shell, text(name).parse().ok().map(Timestamp));
        let cells = [
            span(&format::coins_of(&rank)),
            name,
            span(&format::coins_of(&text("balance"))),
            span(&format::coins_of(&text("level"))),
            span(&format::coins_of(&text("streak"))),
            at("createdAt"),
            at("lastAt"),
        ];
        table::add_row(&table, &PLAYERS, &cells);
    }
}

fn pager(panel: &El, wish: RwSignal<(&'static str, u32)>, pages: RwSignal<u32>) {
    let (line, back, on, where_) = (el("p"), el("button"), el("button"), el("span"));
    line.class("pager");
    for (button, name, forward) in [(&back, "Previous", false), (&on, "Next", true)] {
        button.class("button small").attr("type", "button").text(name);
        button.on("click", move |_| {
            wish.update(|wish| wish.1 = if forward { wish.1 + 1 } else { wish.1.saturating_sub(1).max(1) });
        });
    }
    line.add(&back).add(&where_).add(&on);
    panel.add(&line);
    effect(move || {
        let (page, pages) = (wish.get().1, pages.get());
        line.hide(pages <= 1);
        back.flag("disabled", page <= 1);
        on.flag("disabled", page >= pages);
        where_.text(&["Page ", &format::count(page.into()), " of ", &format::count(pages.into())].concat());
    });
}
