//! The page, from top to bottom.

mod cards;
mod events;
mod footer;
mod header;
mod leaders;
mod notice;

use leptos::prelude::*;
use protocol::Timestamp;

use crate::{shell::Shell, words};

/// The whole page.
pub fn page(shell: Shell) -> impl IntoView {
    let page = shell.page;
    let doubtful = Memo::new(move |_| words::is_doubtful(page.status.get()));
    view! {
        {header::header(shell)}
        <main class:doubtful=doubtful>
            {notice::notice(shell.page)}
            {cards::cards(page)}
            <div class="columns">
                {events::events(page)}
                {leaders::leaders(page)}
            </div>
        </main>
        {footer::footer(page)}
    }
}

/// A text that flashes softly when it changes; not when it first comes.
fn flashing(text: Memo<String>) -> impl IntoView {
    let class = Memo::new(move |before: Option<&(String, u32)>| {
        let text = text.get();
        // The dash of what is not known yet is no value to change from.
        let changes = match before {
            Some((known, changes)) if known != "–" => changes + 1,
            _ => 0,
        };
        (text, changes)
    });
    view! {
        <span class=move || match class.get().1 {
            0 => "",
            changes if changes % 2 == 0 => "flash-even",
            _ => "flash-odd",
        }>{text}</span>
    }
}

/// How long ago `at` was, kept true by the page's clock.
fn ago(now: RwSignal<Timestamp>, at: Timestamp) -> Memo<String> {
    Memo::new(move |_| words::ago(now.get(), at))
}
