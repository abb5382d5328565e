//! What just happened, newest first. It never moves under the reader's eyes.

use leptos::{html::Div, prelude::*};
use protocol::{Event, Severity, Timestamp};

use super::ago;
use crate::{
    format,
    page::{EventKey, Page},
    words,
};

/// Scrolled by less than this, the reader is at the top, in pixels.
const TOP_WITHIN_PX: i32 = 8;
/// A row slides in only this long after the one before it, in milliseconds: a burst in motion is unreadable, and costs.
const SLIDE_EVERY_MS: u64 = 300;

/// The list of recent events in its own scroll area.
pub fn events(page: Page) -> impl IntoView {
    let area = NodeRef::<Div>::new();
    // The newest event that the reader has had at the top of the list; `None` while at the top.
    let read_up_to = RwSignal::new(None::<EventKey>);
    let scrolled = move |_| {
        let away = area.get_untracked().is_some_and(|area| area.scroll_top() > TOP_WITHIN_PX);
        match (away, read_up_to.get_untracked()) {
            (true, None) => read_up_to.set(page.event_keys().first().copied()),
            (false, Some(_)) => read_up_to.set(None),
            _ => {}
        }
    };
    let fresh = Memo::new(move |_| read_up_to.get().map_or(0, |read| unread(&page.event_keys(), read)));
    let to_top = move |_| {
        if let Some(area) = area.get_untracked() {
            area.set_scroll_top(0);
        }
    };
    let empty = Memo::new(move |_| page.event_keys().is_empty() && page.as_of().is_some());
    view! {
        <section class="panel events" aria-labelledby="events-title">
            <header class="panel-head">
                <h2 id="events-title">"Recent Events"</h2>
                <button class="chip" type="button" hidden=move || fresh.get() == 0 on:click=to_top>
                    {move || format!("{} new", fresh.get())}
                </button>
            </header>
            <div class="scroll" tabindex="0" role="region" aria-labelledby="events-title"
                node_ref=area on:scroll=scrolled>
                <p class="empty" hidden=move || !empty.get()>"No events yet. Try /daily in a server."</p>
                {list(page)}
            </div>
        </section>
    }
}

fn list(page: Page) -> impl IntoView {
    // The moment of the last row that slid in. What was there when the page opened does not.
    let slid_at = StoredValue::new(None::<Timestamp>);
    let keys = move || {
        let keys = page.event_keys();
        if slid_at.get_value().is_none() {
            slid_at.set_value(keys.first().map(|key| key.1));
        }
        keys
    };
    let slides = move |at: Timestamp| {
        let slides = slid_at.get_value().is_some_and(|before| at.since(before) >= SLIDE_EVERY_MS);
        if slides {
            slid_at.set_value(Some(at));
        }
        slides
    };
    view! {
        <ol class="rows" data-events>
            <For each=keys key=|key| *key children=move |key| {
                page.event(key).map(|event| row(page, event, slides(key.1)))
            }/>
        </ol>
    }
}

fn row(page: Page, event: Event, arrived: bool) -> impl IntoView {
    let Event { seq, at, severity, source, guild_name, amount, message, handled_ms, .. } = event;
    let source = serde_json::to_value(source).ok().and_then(|source| source.as_str().map(str::to_owned));
    view! {
        <li class="event" class:arrived=arrived data-seq=seq.to_string()
            data-severity=words::severity(severity) data-source=source>
            {icon(severity)}
            <p class="message" data-message>{message}</p>
            <span class="server">{guild_name}</span>
            <span class="amount" data-amount>{amount.map(format::coins)}</span>
            <span class="handled">{handled_ms.map(|ms| format!("{} ms", format::count(ms.into())))}</span>
            <time class="when" datetime=format::iso(at) title=format::moment(at)>{ago(page.now, at)}</time>
        </li>
    }
}

/// Shape, colour and a word: none of them alone.
fn icon(severity: Severity) -> impl IntoView {
    let (outline, sign, word) = match severity {
        Severity::Success => {
            ("M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M5 8.3l2.1 2.1L11 6", "Success")
        }
        Severity::Info => (
            "M4 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2z",
            "M8 7.4v3.6M8 5v.01",
            "Information",
        ),
        Severity::Warn => ("M8 1.8 15 14H1z", "M8 6.4v3.2M8 11.8v.01", "Warning"),
        Severity::Error => (
            "M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z",
            "M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
            "Error",
        ),
    };
    view! {
        <span class="severity">
            <svg viewBox="0 0 16 16" aria-hidden="true"><path class="outline" d=outline/><path d=sign/></svg>
            <span class="unseen">{word}": "</span>
        </span>
    }
}

/// How many events are newer than what was read. Keys are newest first.
fn unread(keys: &[EventKey], read: EventKey) -> usize {
    keys.iter().take_while(|key| key.0 > read.0).count()
}

#[cfg(test)]
mod tests {
    use protocol::Seq;

    use super::*;

    #[test]
    fn only_what_is_newer_than_the_top_is_unread() {
        let keys: Vec<EventKey> = [9, 8, 7, 5].map(|seq| (Seq(seq), Timestamp(seq))).to_vec();
        for (read, count) in [(9, 0), (8, 1), (6, 3), (1, 4)] {
            assert_eq!(unread(&keys, (Seq(read), Timestamp(read))), count, "read up to {read}");
        }
    }
}
