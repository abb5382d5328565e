//! The export: the events that the filter lets through, as a CSV or JSON file.

use leptos::prelude::GetUntracked;
use protocol::Seq;
use view_model::export::{Page, add_csv};

use crate::{
    browser,
    dom::{query, query_all},
    fetch, format,
    json::Json,
    shell::Shell,
};

/// The most events in one file.
const ROWS_MAX: usize = 10_000;

/// Listens to the buttons.
pub fn mount(shell: Shell) {
    for button in query_all("[data-export]") {
        let as_csv = button.get("data-export") == "csv";
        button.on("click", move |_| {
            fetch::spawn(async move {
                let note = query("[data-export-note]");
                note.hide(false).text("Collecting …");
                match collect(shell, as_csv).await {
                    Ok(count) => note.text(&(format::count(count) + " events saved.")),
                    Err(trouble) => note.text(trouble),
                };
            });
        });
    }
}

/// Asks the server for all that the filter lets through, up to a limit, and hands it over as a file.
async fn collect(shell: Shell, as_csv: bool) -> Result<u64, &'static str> {
    let filter = shell.page.route.get_untracked().filter;
    let (mut before, mut file, mut found) = (Seq(u64::MAX >> 11), String::new(), 0);
    let (kind, add) =
        if as_csv { (".csv", add_csv as fn(&mut String, &str) -> Page) } else { ("", add_json as _) };
    while found < ROWS_MAX {
        let body = fetch::text(&shell.older_path(kind, &filter, before)).await?;
        let (rows, oldest) = add(&mut file, &body);
        found += rows;
        match oldest {
            Some(oldest) if oldest < before => before = oldest,
            _ => break,
        }
    }
    if as_csv {
        browser::save("pulse-events.csv", "text/csv;charset=utf-8", &file);
    } else {
        let start = if file.is_empty() { "[" } else { "" };
        browser::save("pulse-events.json", "application/json", &[start, &file, "\n]\n"].concat());
    }
    Ok(found as u64)
}

fn add_json(file: &mut String, body: &str) -> Page {
    let events = Json::parse(body).map(|page| page.items()).unwrap_or_default();
    for event in &events {
        file.push_str(if file.is_empty() { "[\n" } else { ",\n" });
        file.push_str(&event.write().unwrap_or_default());
    }
    (events.len(), events.last().and_then(|event| event.text("seq").parse().ok()).map(Seq))
}
