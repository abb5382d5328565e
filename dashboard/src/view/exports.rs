//! What is filtered, as a file to take along.

use leptos::prelude::GetUntracked;
use protocol::{Event, Seq, csv};

use crate::{
    browser,
    dom::{all, one},
    fetch, format,
    json::Json,
    shell::Shell,
    words,
};

/// The most events in one file.
const ROWS_MAX: usize = 10_000;

/// Listens to the buttons.
pub fn keep(shell: Shell) {
    for button in all("[data-export]") {
        let as_csv = button.get("data-export") == "csv";
        button.on("click", move |_| {
            fetch::spawn(async move {
                let note = one("[data-export-note]");
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
    let filter = shell.page.place.get_untracked().filter;
    let (mut before, mut file, mut found) = (u64::MAX >> 11, String::new(), Vec::new());
    while found.len() < ROWS_MAX {
        let body = fetch::text(&shell.older_path(&filter, Seq(before))).await?;
        let page: Vec<Event> = serde_json::from_str(&body).map_err(|_| words::refusal(500))?;
        let Some(oldest) = page.last() else { break };
        before = oldest.seq.0;
        let texts = Json::parse(&body).map(|page| page.items()).unwrap_or_default();
        for (event, text) in page.into_iter().zip(&texts).filter(|(event, _)| filter.lets(event)) {
            found.push(event);
            if !as_csv {
                file.push_str(if file.is_empty() { "[\n" } else { ",\n" });
                file.push_str(&text.write().unwrap_or_default());
            }
        }
    }
    if as_csv {
        browser::save("pulse-events.csv", "text/csv;charset=utf-8", &csv::events(&found));
    } else {
        let start = if file.is_empty() { "[" } else { "" };
        browser::save("pulse-events.json", "application/json", &[start, &file, "\n]\n"].concat());
    }
    Ok(found.len() as u64)
}
