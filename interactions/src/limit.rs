//! A limit of the plan that Pulse runs on: the storage refuses what it took before, until midnight (UTC).

use protocol::Timestamp;

use crate::{ledger::Refusal, reply::Reply};

/// Whether these are the runtime's words for a day's allowance that is used up, such as `Exceeded allowed rows written in
/// Durable Objects free tier.`
pub fn is_limit(words: &str) -> bool {
    words.contains("Exceeded allowed") && words.contains("Durable Objects")
}

/// When the plan begins to count anew.
pub fn ends_at(now: Timestamp) -> Timestamp {
    now.day().next().start()
}

/// The answer to a command that would have written something, as JSON. Nothing is written down of it: the same interaction is
/// decided anew when it is sent again.
pub fn reply(now: Timestamp, pressed: bool) -> Result<String, serde_json::Error> {
    let refusal = Refusal::LimitReached { next: ends_at(now) };
    serde_json::to_string(&Reply::from(&refusal).into_response(pressed))
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

    #[test]
    fn it_lasts_until_midnight_and_only_who_asked_reads_it() {
        let reply: serde_json::Value =
            serde_json::from_str(&reply(Timestamp(1_795_348_800_000), true).unwrap()).unwrap();
        assert_eq!(
            (&reply["type"], &reply["data"]["flags"]),
            (&4.into(), &64.into()),
            "a message of its own"
        );
        let text = reply["data"]["embeds"][0]["description"].as_str().unwrap();
        assert!(text.contains("coins are safe") && text.contains("<t:1795392000:R>"), "{text}");
        assert_eq!(reply["data"]["embeds"][0]["footer"]["text"], "limit_reached");
    }
}
