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
    shell::Shell,
};

const COLUMNS: [Column; 7] = [
    Column { title: "Row", is_text: false },
    Column { title: "When", is_text: true },
    Column { title: "Command", is_text: true },
    Column { title: "From", is_text: true },
    Column { title: "To", is_text: true },
    Column { title: "Amount", is_text: false },
    Column { title: "Balance after", is_text: false },
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
        let command = span(&row.text("command"));
        let note = row.text("note");
        if !note.is_empty() {
            command.put("span", "note", &["“", &note, "”"].concat());
        }
        managing::row(&command, self.server, row);
        let amount = if row.text("debit").is_empty() { span("–") } else { money("amount") };
        let tax = row.text("tax");
        if !tax.is_empty() && tax != "0" {
            amount.put("span", "note", &[&format::coins_of(&tax), " tax"].concat());
        }
        let cells = [
            span(&row.text("seq")),
            moment(self.shell, row.text("at").parse().ok().map(Timestamp)),
            command,
            self.side(&row.text("debit")),
            self.side(&row.text("credit")),
            amount,
            money("balanceAfter"),
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
    fn side(&self, account: &str) -> El {
        match account.parse() {
            Ok(user) => player_link(self.shell, self.server, UserId(user), account),
            Err(_) => span(if account.is_empty() { "–" } else { account }),
        }
    }
}
