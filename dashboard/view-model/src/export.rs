//! Pages of events, joined to one file.

use protocol::Seq;

/// The mark by which a spreadsheet knows UTF-8. The browser takes it off what it fetches.
const MARK: char = '\u{feff}';

/// The number of events on a page, and its oldest.
pub type Page = (usize, Option<Seq>);

/// Adds a page of `/api/events.csv`: its first line names the columns, each other one begins with the event's number.
pub fn add_csv(file: &mut String, body: &str) -> Page {
    let (columns, rows) = body.split_once('\n').unwrap_or((body, ""));
    if file.is_empty() {
        file.push(MARK);
        file.push_str(columns);
        file.push('\n');
    }
    file.push_str(rows);
    let numbers = rows.split('\n').filter_map(|row| row.split(',').next()?.parse().ok());
    let numbers: Vec<u64> = numbers.collect();
    (numbers.len(), numbers.last().copied().map(Seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_table_are_one_table() {
        let mut file = String::new();
        assert_eq!(add_csv(&mut file, "seq,message\r\n9,\"a, b\"\r\n8,\"c\"\r\n"), (2, Some(Seq(8))));
        assert_eq!(add_csv(&mut file, "seq,message\r\n3,\"d\"\r\n"), (1, Some(Seq(3))));
        assert_eq!(add_csv(&mut file, "seq,message\r\n"), (0, None));
        assert_eq!(file, "\u{feff}seq,message\r\n9,\"a, b\"\r\n8,\"c\"\r\n3,\"d\"\r\n");
    }
}
