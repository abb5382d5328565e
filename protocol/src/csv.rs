//! Tables for spreadsheets: comma-separated values (RFC 4180) in which no cell is read as a formula.

use serde::Serialize;

use crate::Event;

/// A cell that holds somebody's text: quoted, and harmless.
pub fn cell(text: &str) -> String {
    let harmless = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{harmless}{}\"", text.replace('"', "\"\""))
}

/// Events with a header, in the order given.
pub fn events(events: &[Event]) -> String {
    let mut csv = "seq,id,at,severity,source,guildId,guildName,actorId,actorName,targetId,targetName,amount,\
                   message,handledMs\r\n"
        .to_owned();
    for event in events {
        let text = |text: &Option<String>| text.as_deref().map(cell).unwrap_or_default();
        let cells = [
            event.seq.to_string(),
            cell(&event.id),
            event.at.to_string(),
            word(&event.severity),
            word(&event.source),
            event.guild_id.to_string(),
            text(&event.guild_name),
            event.actor_id.map(|id| id.to_string()).unwrap_or_default(),
            text(&event.actor_name),
            event.target_id.map(|id| id.to_string()).unwrap_or_default(),
            text(&event.target_name),
            event.amount.map(|coins| coins.to_string()).unwrap_or_default(),
            cell(&event.message),
            event.handled_ms.map(|ms| ms.to_string()).unwrap_or_default(),
        ];
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    csv
}

/// The word that stands for it in JSON, too.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_broken_nor_a_formula() {
        for (text, expected) in
            [("", "\"\""), ("a,\"b\"", "\"a,\"\"b\"\"\""), ("=1+1", "\"'=1+1\""), ("@x", "\"'@x\"")]
        {
            assert_eq!(cell(text), expected);
        }
    }
}
