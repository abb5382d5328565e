//! When it is over: what happened, and what to do.

use leptos::prelude::*;
use protocol::{link::Status, message::CloseCode};

use crate::{
    page::Page,
    shell::Shell,
    words::{self, Ending},
};

/// A panel that is there only when the conversation has ended for good.
pub fn notice(page: Page) -> impl IntoView {
    let code = Memo::new(move |_| match page.status.get() {
        // While the page is about to reload by itself there is nothing to do.
        Status::Ended(code) if code == CloseCode::VersionMismatch.number() && !page.reload_failed.get() => {
            None
        }
        Status::Ended(code) => Some(code),
        _ => None,
    });
    move || code.get().map(panel)
}

fn panel(code: u16) -> impl IntoView {
    let Ending { title, advice, .. } = words::ending(code);
    view! {
        <section class="panel notice" role="alert" data-ended=code.to_string()>
            <div>
                <h2>{title}</h2>
                <p>{advice}</p>
            </div>
            <button class="button primary" type="button" on:click=move |_| Shell::reload()>"Reload"</button>
        </section>
    }
}
