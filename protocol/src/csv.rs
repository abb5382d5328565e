//! Tables for spreadsheets: comma-separated values (RFC 4180) as Excel, `LibreOffice` and Google Sheets read them right.
//!
//! A byte-order mark tells Excel that it is UTF-8. What is to stay text though a spreadsheet would take it for a formula,
//! a number or a date has an apostrophe before it: ids of 18 digits would be rounded. A moment is in milliseconds, and in
//! ISO 8601 in a column of its own.

use std::fmt::Display;

use crate::{Event, Timestamp};

/// U+FEFF, the byte-order mark.
const MARK: char = '\u{feff}';
/// The characters that begin a formula, in Western and in East Asian type.
const FORMULA_SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A table in the making.
pub struct Table(String);

/// One cell as it stands in the file: ids and texts are in quotes.
pub struct Cell(String);

impl Table {
    /// A table with these columns and no row.
    pub fn new(columns: &[&str]) -> Self {
        Self(format!("{MARK}{}\r\n", columns.join(",")))
    }

    /// Adds a row: a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        for (index, Cell(cell)) in cells.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            self.0.push_str(&cell);
        }
        self.0.push_str("\r\n");
    }

    /// Returns the file: a byte-order mark, the header and the rows, each ended by CRLF.
    pub fn finish(self) -> String {
        self.0
    }
}

impl Cell {
    /// A number that a spreadsheet can count with, or one of our own words.
    pub fn plain(value: impl Display) -> Self {
        Self(value.to_string())
    }

    /// An id: digits that are no number.
    pub fn id(value: impl Display) -> Self {
        Self(format!("\"'{value}\""))
    }

    /// Somebody's text, in quotes; with an apostrophe before it where a spreadsheet would take it for something else.
    pub fn text(text: &str) -> Self {
        let mark = if is_misread(text) { "'" } else { "" };
        Self(format!("\"{mark}{}\"", text.replace('"', "\"\"")))
    }

    /// A moment in ISO 8601.
    pub fn time(at: Timestamp) -> Self {
        Self(at.iso())
    }

    /// The value by one of the above; an empty cell where there is none.
    pub fn maybe<T>(value: Option<T>, cell: impl Fn(T) -> Self) -> Self {
        value.map_or_else(|| Self(String::new()), cell)
    }
}

/// Whether a spreadsheet would take a text for something else.
fn is_misread(text: &str) -> bool {
    let is_formula =
        text.trim_start().starts_with(FORMULA_SIGNS) || text.starts_with(['\t', '\r', '\n', '\'']);
    let is_number = text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || " .,:/-+%$€£¥eE'".contains(c));
    is_formula || is_number || ["TRUE", "FALSE"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Events, in the order given.
pub fn events(events: &[Event]) -> String {
    let mut table = Table::new(&[
        "seq",
        "id",
        "at",
        "severity",
        "source",
        "guildId",
        "guildName",
        "actorId",
        "actorName",
        "targetId",
        "targetName",
        "amount",
        "message",
        "handledMs",
        "time",
    ]);
    for event in events {
        let text = |text: &Option<String>| Cell::maybe(text.as_deref(), Cell::text);
        table.row([
            Cell::plain(event.seq),
            Cell::text(&event.id),
            Cell::plain(event.at),
            Cell::plain(event.severity.word()),
            Cell::plain(event.source.word()),
            Cell::id(event.guild_id),
            text(&event.guild_name),
            Cell::maybe(event.actor_id, Cell::id),
            text(&event.actor_name),
            Cell::maybe(event.target_id, Cell::id),
            text(&event.target_name),
            Cell::maybe(event.amount, Cell::plain),
            Cell::text(&event.message),
            Cell::maybe(event.handled_ms, Cell::plain),
            Cell::time(event.at),
        ]);
    }
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_broken_nor_misread() {
        for (text, expected) in [
            ("", "\"\""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("José 2", "\"José 2\""),
            ("=1+1", "\"'=1+1\""),
            (" =1+1", "\"' =1+1\""),
            ("＝1+1", "\"'＝1+1\""),
            ("＠x", "\"'＠x\""),
            ("@x", "\"'@x\""),
            ("\tx", "\"'\tx\""),
            ("\rx", "\"'\rx\""),
            ("820000000000000001", "\"'820000000000000001\""),
            ("007", "\"'007\""),
            ("1e5", "\"'1e5\""),
            ("3-4", "\"'3-4\""),
            ("true", "\"'true\""),
        ] {
            assert_eq!(Cell::text(text).0, expected);
        }
    }
}
