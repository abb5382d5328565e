//! One row of the event list. A row that leaves the window is used again for the next that enters.

use leptos::prelude::GetUntracked;
use protocol::{Event, GuildId, Timestamp};

use super::{href, set_moment};
use view_model::{route::View, text::isolated, words};

use crate::{
    dom::{El, el, link, px, svg},
    format,
    shell::Shell,
};

/// The elements of one row of the event list; a row is used again for another event.
pub struct Row {
    /// The row's outermost element.
    pub item: El,
    line: El,
    sign: El,
    word: El,
    message: El,
    server: El,
    amount: El,
    handled: El,
    when: El,
    details: El,
    y: f64,
}

impl Row {
    /// A row that shows nothing yet.
    pub fn new() -> Self {
        let (item, line) = (el("li"), el("button"));
        item.class("event");
        line.class("line").attr("type", "button").attr("aria-expanded", "false");
        let severity = el("span");
        severity.class("severity");
        let (icon, sign, word) = (svg("svg"), svg("use"), el("span"));
        icon.attr("viewBox", "0 0 16 16").attr("aria-hidden", "true").add(&sign);
        word.class("unseen");
        severity.add(&icon).add(&word);
        line.add(&severity);
        let part = |class: &str, tag: &str| {
            let part = el(tag);
            part.class(class);
            line.add(&part);
            part
        };
        let message = part("message", "span");
        message.flag("data-message", true);
        let server = part("server", "span");
        let amount = part("amount", "span");
        amount.flag("data-amount", true);
        let (handled, when) = (part("handled", "span"), part("when", "time"));
        let details = el("div");
        details.class("details").hide(true);
        item.add(&line).add(&details);
        Self { item, line, sign, word, message, server, amount, handled, when, details, y: -1.0 }
    }

    /// Shows an event, closed.
    pub fn show(&self, event: &Event, now: Timestamp, arrives: bool) {
        let severity = event.severity.word();
        self.item.class(if arrives { "event arrived" } else { "event" });
        self.item.attr("data-seq", &event.seq.to_string()).attr("data-severity", severity);
        self.item.attr("data-source", event.source.word());
        self.sign.attr("href", &["#", severity].concat());
        self.word.text(&[severity, ": "].concat());
        self.message.text(&format::sentence(event));
        self.server.text(&isolated(event.guild_name.as_deref().unwrap_or_default()));
        self.amount.text(&event.amount.map(format::coins).unwrap_or_default());
        let handled = event.handled_ms.map(|ms| format::count(ms.into()) + " ms");
        self.handled.text(&handled.unwrap_or_default());
        set_moment(&self.when, event.at, now);
        self.close();
    }

    /// Shows all that is known of the event.
    pub fn open(&self, shell: Shell, event: &Event) {
        self.line.attr("aria-expanded", "true");
        self.details.empty().hide(false);
        let list = el("dl");
        let fact = |name: &str, value: &El| {
            let pair = el("div");
            let place = el("dd");
            place.add(value);
            pair.put("dt", "", name).add(&place);
            list.add(&pair);
        };
        let text = |value: &str| {
            let span = el("span");
            span.text(value);
            span
        };
        fact("Message", &text(&format::sentence(event)));
        fact("When", &text(&format::moment(event.at)));
        fact("Severity", &text(event.severity.word()));
        fact("Kind", &text(words::source(event.source.word())));
        if event.guild_id != GuildId::NONE {
            let name = event.guild_name.clone().unwrap_or_else(|| event.guild_id.to_string());
            fact("Server", &link(&href(shell, View::Server(event.guild_id)), &isolated(&name)));
        }
        for (role, user, name) in [
            ("Player", event.actor_id, &event.actor_name),
            ("Other player", event.target_id, &event.target_name),
        ] {
            if let Some(user) = user {
                let name = name.clone().unwrap_or_else(|| user.to_string());
                fact(role, &link(&href(shell, View::Player(event.guild_id, user)), &name));
            }
        }
        if let Some(amount) = event.amount {
            fact("Coins", &text(&format::coins(amount)));
        }
        if let Some(ms) = event.handled_ms {
            fact("Handled in", &text(&(format::count(ms.into()) + " ms")));
        }
        fact("Number", &text(&event.seq.to_string()));
        fact("Id", &text(&event.id));
        if let Some(address) = journal_row(shell, event) {
            fact("Books", &link(&address, "Journal row"));
        }
        self.details.add(&list);
    }

    /// Shows the line alone.
    pub fn close(&self) {
        if self.line.get("aria-expanded") == "true" || !self.details.0.has_attribute("hidden") {
            self.line.attr("aria-expanded", "false");
            self.details.empty().hide(true);
        }
    }

    /// Moves it to its place in the list, in pixels from the top.
    pub fn stand_at(&mut self, y: f64) {
        if (self.y - y).abs() > 0.001 {
            self.y = y;
            self.item.style("transform", &["translateY(", &px(y), ")"].concat());
        }
    }

    /// The height when it is closed, in pixels: with the line under it.
    pub fn line_height(&self) -> f64 {
        self.item.height() - self.details.height()
    }

    /// The height that the open details add, in pixels.
    pub fn extra_height(&self) -> f64 {
        self.details.height()
    }
}

/// The address of an event's journal row: the event's id is the interaction's, sometimes with a suffix. `None` for events
/// without a player.
fn journal_row(shell: Shell, event: &Event) -> Option<String> {
    let interaction: u64 = event.id.split('-').next()?.parse().ok()?;
    event.actor_id?;
    let mut place = shell.page.route.get_untracked().at(View::Server(event.guild_id));
    place.row = Some(interaction.to_string());
    Some(crate::browser::href(&place))
}
