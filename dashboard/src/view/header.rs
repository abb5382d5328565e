//! Who this is, and whether what is below can be trusted.

use leptos::prelude::*;
use protocol::link::Status;

use crate::{format, page::Page, shell::Shell, words};

/// The heartbeat of `icon.svg`.
const MARK: &str = "M2 17h6l3-10 6 19 4-13 2 4h7";

/// The page's head.
pub fn header(shell: Shell) -> impl IntoView {
    let page = shell.page;
    let maintenance = page.figure(|stats| stats.maintenance_mode);
    view! {
        <header class="head">
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d=MARK/></svg>
            <h1>"Pulse"</h1>
            {bot(page)}
            <span class="tag" hidden=move || maintenance.get() != Some(true)>"Maintenance"</span>
            <div class="link">
                {as_of(page)}
                {pill(page)}
                {retry(shell)}
            </div>
        </header>
    }
}

fn bot(page: Page) -> impl IntoView {
    let name = page.figure(|stats| stats.bot.name.clone());
    let state = page.figure(|stats| words::bot(stats.bot.status));
    view! {
        <p class="bot" data-bot=move || state.get().unwrap_or("unknown")>
            <span class="bot-name">{move || name.get().unwrap_or_default()}</span>
            <span class="bot-state">{move || state.get().unwrap_or("…")}</span>
        </p>
    }
}

fn as_of(page: Page) -> impl IntoView {
    let text = Memo::new(move |_| {
        let as_of = page.as_of().filter(|_| words::is_doubtful(page.status.get()))?;
        Some(format!("as of {}", format::clock(as_of)))
    });
    view! { <span class="as-of" data-as-of>{move || text.get().unwrap_or_default()}</span> }
}

fn pill(page: Page) -> impl IntoView {
    let state = Memo::new(move |_| words::state(page.status.get()));
    let words = Memo::new(move |_| words::pill(page.status.get()));
    let spoken = Memo::new(move |_| words::spoken(page.status.get()));
    let beat = move || match page.beat.get() {
        0 => "dot",
        beat if beat % 2 == 0 => "dot beat-even",
        _ => "dot beat-odd",
    };
    view! {
        <span class="pill" data-status=state>
            <span class=beat aria-hidden="true"></span>
            <span aria-hidden="true" data-pill>{words}</span>
            <span class="unseen" role="status">{spoken}</span>
        </span>
    }
}

fn retry(shell: Shell) -> impl IntoView {
    let waiting =
        Memo::new(move |_| matches!(shell.page.status.get(), Status::Reconnecting(_) | Status::Polling(_)));
    view! {
        <button class="button" type="button" hidden=move || !waiting.get() on:click=move |_| shell.nudge()>
            "Retry now"
        </button>
    }
}
