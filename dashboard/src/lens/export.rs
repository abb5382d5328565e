//! Events as a file for a spreadsheet.

use protocol::Event;

use super::filter::source_word;

/// The most events in one file.
pub const ROWS_MAX: usize = 10_000;

/// The first line.
pub const HEADER: &str =
    "seq,time,severity,source,server id,server,actor id,actor,target id,target,amount,message,handled ms\r\n";

/// One line; `time` is the event's moment as text.
pub fn line(event: &Event, time: &str) -> String {
    let id = |id: Option<u64>| id.map(|id| id.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        event.seq.to_string(),
        time.to_owned(),
        crate::words::severity(event.severity).to_owned(),
        source_word(event.source),
        event.guild_id.to_string(),
        text(&event.guild_name),
        id(event.actor_id.map(|id| id.0)),
        text(&event.actor_name),
        id(event.target_id.map(|id| id.0)),
        text(&event.target_name),
        event.amount.map(|amount| amount.to_string()).unwrap_or_default(),
        event.message.clone(),
        id(event.handled_ms.map(u64::from)),
    ];
    let mut line = String::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        quote(&mut line, field);
    }
    line.push_str("\r\n");
    line
}

/// A spreadsheet takes a text that begins like a formula for one; a quotation mark before it keeps it a text.
fn quote(line: &mut String, field: &str) {
    line.push('"');
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        line.push('\'');
    }
    line.push_str(&field.replace('"', "\"\""));
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lens::filter::tests::event;

    #[test]
    fn what_players_write_is_never_a_formula_nor_breaks_a_line() {
        let cases = [("plain", "\"plain\""), ("=1+1", "\"'=1+1\""), ("a \"b\", c", "\"a \"\"b\"\", c\"")];
        for (message, written) in cases {
            let mut event = event(3);
            message.clone_into(&mut event.message);
            let line = line(&event, "2026-01-01T00:00:00Z");
            assert!(line.contains(written), "{line}");
            assert!(line.ends_with("\r\n"));
        }
        assert_eq!(line(&event(3), "").matches("\",\"").count(), HEADER.matches(',').count());
    }
}
