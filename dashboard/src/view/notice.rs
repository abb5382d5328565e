//! When it is over: what happened, and what to do.

use leptos::prelude::*;
use protocol::{link::Status, message::CloseCode};

use super::account;
use crate::{
    dom::{el, link, live, one},
    shell::Shell,
    words::{self, Ending},
};

/// Shows a panel when the conversation has ended for good.
pub fn keep(shell: Shell) {
    let page = shell.page;
    let code = Memo::new(move |_| match page.status.get() {
        // While the page is about to reload by itself there is nothing to do.
        Status::Ended(code) if code == CloseCode::VersionMismatch.number() && !page.reload_failed.get() => {
            None
        }
        Status::Ended(code) => Some(code),
        _ => None,
    });
    live(move || {
        let place = one("#notice");
        place.empty();
        let Some(code) = code.get() else { return };
        let Ending { title, advice, sign_in, .. } = words::ending(code);
        let panel = el("section");
        panel.class("panel notice").attr("role", "alert").attr("data-ended", &code.to_string());
        let text = el("div");
        text.put("h2", "", title).put("p", "", advice);
        panel.add(&text);
        let ways = el("p");
        ways.class("ways");
        if !sign_in.is_empty() {
            let sign_in = link(&account::sign_in_href(shell), sign_in);
            sign_in.class("button primary");
            ways.add(&sign_in);
        }
        if page.place.with_untracked(|place| place.room.is_some()) {
            let all = link("?", "All servers");
            all.class("button");
            ways.add(&all);
        }
        let reload = el("button");
        reload.class("button").attr("type", "button").text("Reload").on("click", |_| Shell::reload());
        place.add(panel.add(ways.add(&reload)));
    });
}
