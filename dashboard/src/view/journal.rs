//! A server's journal, newest first, as far back as the reader wants to look.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use protocol::{GuildId, Timestamp, UserId};
use wasm_bindgen_futures::spawn_local;

use super::{
    managing, moment, player_link, say, server,
    table::{self, Column, span},
};
use crate::{
    dom::{El, el},
    fetch, format,
    json::Json,
    lens::text::isolated,
    shell::Shell,
};

const COLUMNS: [Column; 8] = [
    Column { title: "Row", is_text: false },
    Column { title: "When", is_text: true },
    Column { title: "Command", is_text: true },
    Column { title: "From", is_text: true },
    Column { title: "To", is_text: true },
    Column { title: "Amount", is_text: false },
    Column { title: "Balance after", is_text: false },
    Column { title: "Actions", is_text: false },
];
/// Rows in one page.
const ROWS: &str = "100";
/// Pages that are looked through for one row.
const LOOK_THROUGH: u32 = 20;

#[derive(Clone)]
struct Journal {
    shell: Shell,
    server: GuildId,
    player: Option<UserId>,
    place: El,
    body: El,
    more: El,
    /// Where the next page begins; empty for the newest.
    before: Rc<RefCell<String>>,
    /// The interaction whose row is looked for.
    wanted: Option<String>,
}

/// The journal of a server; of one player in it, if one is given.
pub fn fill(shell: Shell, panel: &El, server: GuildId, player: Option<UserId>) {
    let (place, more) = (el("div"), el("button"));
    panel.add(&place);
    more.class("button small more-rows").attr("type", "button").text("Older rows").hide(true);
    let journal = Journal {
        shell,
        server,
        player,
        body: table::plain(&place, &COLUMNS),
        place,
        more,
        before: Rc::default(),
        wanted: shell.page.place.with_untracked(|place| place.row.clone()),
    };
    panel.add(&journal.more);
    let again = journal.clone();
    journal.more.on("click", move |_| spawn_local(again.clone().read(None)));
    let wanted = journal.wanted.clone();
    spawn_local(journal.read(wanted));
}

impl Journal {
    /// Reads one page more, or as many as it takes to find a row.
    async fn read(self, wanted: Option<String>) {
        for _ in 0..LOOK_THROUGH {
            let start = self.before.borrow().clone();
            let rows = match self.page(&start).await {
                Ok(rows) => rows,
                Err(trouble) => return say(&self.place, trouble),
            };
            let last = rows.last().map(|row| row.text("seq"));
            self.more.hide(last.as_deref().is_none_or(|last| last == "1"));
            let Some(last) = last else {
                if start.is_empty() {
                    say(&self.place, "Nothing is written here yet.");
                }
                return;
            };
            *self.before.borrow_mut() = last;
            let mut found = false;
            for row in &rows {
                found |= self.add(row, wanted.as_deref());
            }
            if found || wanted.is_none() {
                return;
            }
        }
        say(&self.place, "The row that was looked for is further back than this looks.");
    }

    async fn page(&self, before: &str) -> Result<Vec<Json>, &'static str> {
        let mut question = ["journal?limit=", ROWS].concat();
        if !before.is_empty() {
            question.push_str(&["&before=", before].concat());
        }
        if let Some(player) = self.player {
            question.push_str(&["&player=", &player.to_string()].concat());
        }
        let body = fetch::text(&server::path(self.server, &question)).await?;
        Ok(Json::parse(&body).map(|rows| rows.items()).unwrap_or_default())
    }

    /// Adds a row; whether it is the one that was looked for.
    fn add(&self, row: &Json, wanted: Option<&str>) -> bool {
        let money = |name: &str| {
            let text = row.text(name);
            span(&if text.is_empty() { "–".to_owned() } else { format::coins_of(&text) })
        };
        let amount = if row.text("debit").is_empty() { span("–") } else { money("amount") };
        let tax = row.text("tax");
        if !tax.is_empty() && tax != "0" {
            amount.put("span", "note", &[&format::coins_of(&tax), " tax"].concat());
        }
        let cells = [
            span(&row.text("seq")),
            moment(self.shell, row.text("at").parse().ok().map(Timestamp)),
            command(row),
            self.side(row, "debit"),
            self.side(row, "credit"),
            amount,
            money("balanceAfter"),
            managing::undo(self.server, row),
        ];
        let line = table::add_row(&self.body, &COLUMNS, &cells);
        let is_wanted = self.wanted.is_some() && self.wanted == Some(row.text("id"));
        if is_wanted {
            line.attr("aria-current", "true").attr("tabindex", "-1");
            line.0.scroll_into_view();
            line.focus();
        }
        is_wanted && wanted.is_some()
    }

    /// One side of a row: a player, the mint, or nobody.
    fn side(&self, row: &Json, side: &str) -> El {
        let (account, name) = (row.text(side), row.text(&[side, "Name"].concat()));
        match account.parse() {
            Ok(user) => player_link(
                self.shell,
                self.server,
                UserId(user),
                if name.is_empty() { &account } else { &name },
            ),
            Err(_) => span(if account.is_empty() { "–" } else { &account }),
        }
    }
}

/// The command, and what there is to say of it: its note, who did it where no side says so, and what was undone.
fn command(row: &Json) -> El {
    let [command, note, by, undoes, undone] =
        ["command", "note", "actorName", "undoes", "undoneBy"].map(|name| row.text(name));
    let cell = span(&command);
    let is_plain = ["debit", "credit"].iter().any(|side| row.text(side) == row.text("actorId"));
    let by = if is_plain && !command.starts_with("economy") { String::new() } else { by };
    let quote = if note.is_empty() { ["", ""] } else { ["“", "”"] };
    let note = [quote[0], &isolated(&note), quote[1]].concat();
    let by = isolated(&by);
    for (words, of) in [("", &*note), ("by ", &*by), ("undoes row ", &*undoes), ("undone by row ", &*undone)]
    {
        if !of.is_empty() {
            cell.put("span", "note", &[words, of].concat());
        }
    }
    cell
}
