//! A limit of the plan that Pulse runs on: the storage refuses what it took before, until midnight (UTC).

use protocol::Timestamp;

/// Whether these are the runtime's words for a day's allowance that is used up, such as `Exceeded allowed rows written in
/// Durable Objects free tier.`
pub fn is_limit(words: &str) -> bool {
    words.contains("Exceeded allowed") && words.contains("Durable Objects")
}

/// When the plan begins to count anew.
pub fn ends_at(now: Timestamp) -> Timestamp {
    now.day().next().start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_allowance_that_is_used_up_is_a_limit() {
        for words in [
            "Exceeded allowed rows written in Durable Objects free tier.",
            "Error: Exceeded allowed rows read in Durable Objects free tier.",
            "Exceeded allowed volume of requests in Durable Objects free tier.",
            "Exceeded allowed duration in Durable Objects free tier.",
        ] {
            assert!(is_limit(words), "{words}");
        }
        for words in
            ["UNIQUE constraint failed: journal.id: SQLITE_CONSTRAINT", "Durable Object is overloaded.", ""]
        {
            assert!(!is_limit(words), "{words}");
        }
    }
}
