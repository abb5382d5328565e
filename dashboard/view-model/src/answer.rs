//! Answers of `/api/…`, read.

use protocol::{Snapshot, link::PollError};

/// The row that a link to an older page names.
pub fn older_than(link: &str) -> String {
    let value = link.split_once("before=").map_or("", |(_, rest)| rest);
    value.chars().take_while(char::is_ascii_digit).collect()
}

/// The snapshot in an answer with this status, or why there is none.
///
/// # Errors
/// [`PollError::SignedOut`] after a 401, [`PollError::Forbidden`] after a 403 or a 404, and [`PollError::Unavailable`] after
/// everything else, which includes a body that is no snapshot.
pub fn snapshot(status: u16, body: &str) -> Result<Box<Snapshot>, PollError> {
    match status {
        200 => serde_json::from_str(body).map_err(|_| PollError::Unavailable),
        401 => Err(PollError::SignedOut),
        // 404: a server alone that Pulse does not know. To who asks it is the same.
        403 | 404 => Err(PollError::Forbidden),
        _ => Err(PollError::Unavailable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_where_the_next_page_begins() {
        for (link, expected) in [
            ("</api/guilds/1/journal?player=2&limit=100&before=731>; rel=\"next\"", "731"),
            ("</api/guilds/1/journal?before=5&limit=100>; rel=\"next\"", "5"),
            ("", ""),
        ] {
            assert_eq!(older_than(link), expected, "{link}");
        }
    }

    #[test]
    fn an_answer_without_a_snapshot_says_why() {
        let cases = [
            (401, "{}", PollError::SignedOut),
            (403, "{}", PollError::Forbidden),
            (404, "{}", PollError::Forbidden),
            (503, "", PollError::Unavailable),
            (200, "<!doctype html>", PollError::Unavailable),
        ];
        for (status, body, error) in cases {
            assert_eq!(snapshot(status, body), Err(error), "{status} {body}");
        }
    }
}
