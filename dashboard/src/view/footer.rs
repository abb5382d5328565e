//! The small print: how long it runs, who watches, when the last command came.

use leptos::prelude::*;

use crate::{format, page::Page, words};

/// The page's foot.
pub fn footer(page: Page) -> impl IntoView {
    let uptime = page.text(|stats| stats.uptime.map_or_else(|| "—".to_owned(), words::span));
    let viewers = page.text(|stats| format::count(stats.viewers.into()));
    let last = page.figure(|stats| stats.last_command_timestamp);
    let last = Memo::new(move |_| match last.get() {
        None => "–".to_owned(),
        Some(None) => "never".to_owned(),
        Some(Some(at)) => words::ago(page.now.get(), at),
    });
    view! {
        <footer class="foot">
            <dl>
                <div><dt>"Uptime"</dt><dd>{uptime}</dd></div>
                <div><dt>"Viewers"</dt><dd data-viewers>{viewers}</dd></div>
                <div><dt>"Last command"</dt><dd>{last}</dd></div>
            </dl>
            <p>"Pulse " {env!("CARGO_PKG_VERSION")}</p>
        </footer>
    }
}
