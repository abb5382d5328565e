//! A server's journal, newest first, as far back as the reader wants to look.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use protocol::{GuildId, Timestamp, UserId};

use super::{
    managing, moment, player_link, say,
    table::{self, Column, span},
};
use view_model::{text::isolated, words};

use crate::{
    dom::{El, effect, el},
    fetch, format,
    json::Json,
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
const ROWS: usize = 100;

/// The journal as it is read anew: after an action, or with other rows.
#[derive(Clone)]
struct Journal {
    shell: Shell,
    server: GuildId,
    player: Option<UserId>,
    /// Reads and refusals, too.
    everything: bool,
    place: El,
    body: El,
    more: El,
    /// The cursor of the next page; empty for the first.
    before: Rc<RefCell<String>>,
    /// The number of rows that are shown; it outlives a reload of the journal, which reads as many again.
    rows: Rc<Cell<usize>>,
    /// The interaction whose row is looked for.
    wanted: Option<String>,
}

/// The journal of a server; of one player in it, if one is given. What changed nothing is shown when it is asked for, or one
/// of its rows is looked for.
pub fn render(shell: Shell, panel: &El, server: GuildId, player: Option<UserId>) {
    let wanted = shell.page.route.with_untracked(|place| place.row.clone());
    let everything = RwSignal::new(wanted.is_some());
    let (choice, shown) = (el("div"), el("div"));
    choice.class("choice").attr("role", "group").attr("aria-label", "Journal rows");
    let rows = Rc::new(Cell::new(0));
    for (name, all) in [("Changes", false), ("Everything", true)] {
        let (button, rows) = (el("button"), rows.clone());
        button.attr("type", "button").text(name);
        button.on("click", move |_| {
            rows.set(0);
            everything.set(all);
        });
        choice.add(&button);
        effect(move || {
            button.attr("aria-pressed", if everything.get() == all { "true" } else { "false" });
        });
    }
    panel.query("header").add(&choice);
    panel.add(&shown);
    effect(move || {
        shell.page.acted.track();
        let (place, more) = (el("div"), el("button"));
        more.class("button small more-rows").attr("type", "button").text("Older rows").hide(true);
        let journal = Journal {
            shell,
            server,
            player,
            everything: everything.get(),
            body: table::plain(&place, &COLUMNS),
            place,
            more,
            before: Rc::default(),
            rows: rows.clone(),
            wanted: wanted.clone(),
        };
        fetch::spawn(journal.begin(shown.clone()));
    });
}

impl Journal {
    /// Reads as many rows as were shown before, and then takes their place.
    async fn begin(self, shown: El) {
        let goal = self.rows.replace(0);
        let mut row = self.read().await;
        while self.rows.get() < goal && !self.more.0.has_attribute("hidden") {
            row = row.or(self.read().await);
        }
        let again = self.clone();
        self.more.on("click", move |_| {
            let again = again.clone();
            fetch::spawn(async move { _ = again.read().await });
        });
        shown.empty().add(&self.place).add(&self.more);
        if let Some(row) = row.filter(|_| goal == 0) {
            row.0.scroll_into_view();
            row.focus();
        }
    }

    /// Reads one page more; gives the row that is looked for, if it is among them.
    async fn read(&self) -> Option<El> {
        let (rows, next) = match self.page().await {
            Ok(page) => page,
            Err(trouble) => {
                self.more.hide(true);
                let is_gone = self.wanted.is_some() && trouble == words::refusal(404);
                let gone = "This row is not there any more: what changed nothing is kept for two days.";
                say(&self.place, if is_gone { gone } else { trouble });
                return None;
            }
        };
        self.more.hide(rows.len() < ROWS && next.is_empty());
        match rows.last() {
            // A page may be short although older rows exist: the answer then says where they are looked for.
            _ if !next.is_empty() => *self.before.borrow_mut() = next,
            Some(last) => *self.before.borrow_mut() = last.text("seq"),
            None if self.rows.get() == 0 => say(&self.place, "Nothing is written here yet."),
            None => {}
        }
        self.rows.set(self.rows.get() + rows.len());
        rows.iter().fold(None, |found, row| self.add(row).or(found))
    }

    /// The rows, and the one before which the next page begins, where the answer names it.
    async fn page(&self) -> Result<(Vec<Json>, String), &'static str> {
        let before = self.before.borrow().clone();
        let mut question = ["journal?limit=", &ROWS.to_string()].concat();
        let around = self.wanted.clone().filter(|_| before.is_empty()).unwrap_or_default();
        let player = self.player.map(|player| player.to_string()).unwrap_or_default();
        let only = if self.everything { "" } else { "changes" };
        for (name, value) in
            [("&before=", &*before), ("&around=", &around), ("&player=", &player), ("&only=", only)]
        {
            if !value.is_empty() {
                question.push_str(&[name, value].concat());
            }
        }
        let (body, next) = fetch::page(&fetch::guild_path(self.server, &question)).await?;
        Ok((Json::parse(&body).map(|rows| rows.items()).unwrap_or_default(), next))
    }

    /// Adds a row; gives it if it is the one that is looked for.
    fn add(&self, row: &Json) -> Option<El> {
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
        let wanted = self.wanted.as_ref().filter(|wanted| **wanted == row.text("id"));
        wanted.map(|_| {
            line.attr("aria-current", "true").attr("tabindex", "-1");
            line
        })
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
