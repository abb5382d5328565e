//! When it is over: what happened, and what to do.

use leptos::prelude::*;
use protocol::{link::Status, message::CloseCode};

use crate::{
    dom::{el, live, one},
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
        let Ending { title, advice, .. } = words::ending(code);
        let panel = el("section");
        panel.class("panel notice").attr("role", "alert").attr("data-ended", &code.to_string());
        let text = el("div");
        text.put("h2", "", title).put("p", "", advice);
        let reload = el("button");
        reload.class("button primary").attr("type", "button").text("Reload").on("click", |_| Shell::reload());
        panel.add(&text).add(&reload);
        place.add(&panel);
    });
}
