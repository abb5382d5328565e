//! The servers that the bot is in.

use leptos::prelude::*;
use protocol::Timestamp;

use super::{
    managing, moment, panel, say,
    table::{self, Cell, Column},
};
use view_model::{
    order::{Key, Order},
    route::View,
    text::isolated,
};

use crate::{
    dom::{El, effect, el, link},
    format,
    json::Json,
    shell::Shell,
};

const COLUMNS: [Column; 5] = [
    Column { title: "Server", is_text: true },
    Column { title: "Players", is_text: false },
    Column { title: "Wealth", is_text: false },
    Column { title: "Commands", is_text: false },
    Column { title: "Last command", is_text: false },
];
/// The period of the requests for the list while it is open, in seconds.
const ASK_EVERY_S: u64 = 15;

/// There is no such server.
pub const UNKNOWN: u64 = 0;
/// Nobody has answered yet which servers there are.
pub const ASKED: u64 = 1;
/// It is one of those that are listed.
pub const KNOWN: u64 = 2;

/// The table of servers.
pub fn render(shell: Shell, part: &El) {
    let page = shell.page;
    part.empty();
    let panel = panel(part, "Servers");
    managing::everything(shell, &panel);
    let turn = Memo::new(move |_| page.now.with(|now| now.seconds() / ASK_EVERY_S));
    effect(move || {
        turn.get();
        if !page.paused.get_untracked() {
            shell.ask_guilds();
        }
    });
    let state = el("div");
    panel.add(&state);
    effect(move || {
        state.empty();
        let (trouble, guilds) = (page.guilds_trouble.get(), page.guilds.get());
        match guilds {
            _ if !trouble.is_empty() => say(&state, trouble),
            None => say(&state, "Looking …"),
            Some(guilds) if guilds.items().is_empty() => {
                say(&state, "The bot is in no server yet. Invite it, then try /daily there.");
            }
            Some(_) => {}
        }
    });
    let first = Order { column: 2, descending: true };
    table::sortable(&panel, &COLUMNS, first, move || {
        page.guilds.get().iter().flat_map(Json::items).map(|guild| row(shell, &guild)).collect()
    });
}

fn row(shell: Shell, guild: &Json) -> Vec<Cell> {
    let name = guild.text("name");
    let shown = guild.text("id").parse().map_or_else(
        |_| table::span(&name),
        |id| link(&super::href(shell, View::Server(id)), &isolated(&name)),
    );
    let whole = |name: &str| {
        let text = guild.text(name);
        table::number(&format::coins_of(&text), text.parse().ok())
    };
    let last = guild.text("lastCommandAt").parse().ok();
    vec![
        Cell { shown, key: Key::Text(name) },
        whole("players"),
        whole("wealth"),
        whole("commands"),
        Cell { shown: moment(shell, last.map(Timestamp)), key: Key::Number(last.map(u64::cast_signed)) },
    ]
}

/// Looks a server up in the list of those that the reader may see: [`UNKNOWN`], [`ASKED`] or [`KNOWN`]. A list that failed
/// to come counts as [`KNOWN`]: the page then says by itself what it lacks.
pub fn standing(shell: Shell, id: protocol::GuildId) -> u64 {
    let id = id.to_string();
    shell.page.guilds.with(|guilds| match guilds {
        None if shell.page.guilds_trouble.get().is_empty() => ASKED,
        Some(guilds) if guilds.items().iter().all(|guild| guild.text("id") != id) => UNKNOWN,
        _ => KNOWN,
    })
}

/// A server's name; its id until the bot has told it.
pub fn name_of(shell: Shell, id: protocol::GuildId) -> String {
    let id = id.to_string();
    shell
        .page
        .guilds
        .with(|guilds| {
            let found = guilds.iter().flat_map(Json::items).find(|guild| guild.text("id") == id);
            found.map(|guild| isolated(&guild.text("name"))).filter(|name| !name.is_empty())
        })
        .unwrap_or(id)
}
