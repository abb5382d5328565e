//! The panel at the end of a connection: what happened, and what to do.

use leptos::prelude::*;
use protocol::{link::Status, message::CloseCode};

use super::account;
use view_model::words::{self, Ending};

use crate::{
    dom::{effect, el, link, query},
    shell::Shell,
};

/// Shows a panel when the conversation has ended for good.
pub fn mount(shell: Shell) {
    let page = shell.page;
    // 0 while there is none: as other memos of the page are, because each kind of memo has its price in bytes.
    let code = Memo::new(move |_| match page.status.get() {
        // While the page is about to reload by itself there is nothing to do.
        Status::Ended(code) if code == CloseCode::VersionMismatch.number() && !page.reload_failed.get() => 0,
        Status::Ended(code) => u64::from(code),
        _ => 0,
    });
    effect(move || {
        let place = query("#notice");
        place.empty();
        let code = code.get();
        if code == 0 {
            return;
        }
        let Ending { title, advice, sign_in, .. } = words::ending(u16::try_from(code).unwrap_or_default());
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
        if page.route.with_untracked(|place| place.room.is_some()) {
            let all = link("?", "All servers");
            all.class("button");
            ways.add(&all);
        }
        let reload = el("button");
        reload.class("button").attr("type", "button").text("Reload").on("click", |_| Shell::reload());
        place.add(panel.add(ways.add(&reload)));
    });
}
