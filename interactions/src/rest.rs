//! Refusals of Discord's REST: how long to wait, and what the error code means.
//!
//! Sources: <https://discord.com/developers/docs/topics/rate-limits>,
//! <https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>.

use std::{collections::BTreeMap, fmt};

use serde_json::value::RawValue;

/// Discord asks every program for a name of this form, and may block those without.
///
/// Source: <https://discord.com/developers/docs/reference#user-agent>.
pub const USER_AGENT: &str = concat!(
    "DiscordBot (https://discord.com/developers/applications, ",
    env!("CARGO_PKG_VERSION"),
    ") Pulse"
);

/// No wait is believed to be longer, in milliseconds: a day.
const RETRY_AFTER_MAX_MS: u64 = 24 * 3_600 * 1_000;
/// The longest message that is repeated, in characters.
const MESSAGE_MAX_CHARS: usize = 300;

/// An answer of Discord's that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status, such as 429.
    pub status: u16,
    /// Discord's own error code; 0 when it gives none.
    pub code: u32,
    /// Discord's words, or `error` of an OAuth answer; empty when it gives none.
    pub message: String,
    /// The wait that Discord asks for, in milliseconds; `None` when it names none.
    pub retry_after_ms: Option<u64>,
    /// The requests that have to wait.
    pub scope: Scope,
    is_json: bool,
}

/// The requests that a rate limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This route, in this channel.
    Route,
    /// Every request to Discord.
    Everything,
}

/// The consequence of a refusal for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The token is good no more.
    Token,
    /// Too often: wait as long as it says.
    Limited,
    /// A proxy before Discord speaks, such as Cloudflare: nothing is said about what was asked.
    Proxy,
    /// Discord cannot now, or has stopped this bot for a while.
    Later,
    /// This player takes no messages of the bot.
    Unwelcome,
    /// The channel is gone, or the bot may not write there.
    Channel,
    /// The same request will be refused again.
    Final,
}

impl Refusal {
    /// Reads an answer. `header` gives a header's value by its name in lower case.
    pub fn read(status: u16, header: impl Fn(&str) -> Option<String>, body: &[u8]) -> Self {
        let fields = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(body);
        let is_json = fields.is_ok();
        let fields = fields.unwrap_or_default();
        let raw = |name: &str| fields.get(name).map(|value| value.get());
        let text = |name: &str| raw(name).and_then(|value| serde_json::from_str::<String>(value).ok());
        let code = raw("code").and_then(|code| code.parse().ok()).unwrap_or(0);
        let mut message = text("message").or_else(|| text("error")).unwrap_or_default();
        if let Some(errors) = raw("errors") {
            message = format!("{message} {errors}");
        }
        let waits = [header("retry-after"), raw("retry_after").map(str::to_owned)];
        let is_global = header("x-ratelimit-global").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || header("x-ratelimit-scope").is_some_and(|value| value == "global")
            || raw("global") == Some("true");
        let names_a_bucket = header("x-ratelimit-bucket").is_some() || code != 0;
        Self {
            status,
            code,
            message: message.chars().filter(|c| !c.is_control()).take(MESSAGE_MAX_CHARS).collect(),
            retry_after_ms: waits.iter().flatten().filter_map(|wait| seconds_to_ms(wait)).max(),
            scope: if is_json && names_a_bucket && !is_global { Scope::Route } else { Scope::Everything },
            is_json,
        }
    }

    /// Discord pairs one status with many reasons: its code decides where it gives one.
    pub fn meaning(&self) -> Meaning {
        match (self.status, self.code) {
            (429, _) | (_, 20_016 | 20_022 | 20_028 | 20_029) => Meaning::Limited,
            (500.., _) => Meaning::Later,
            _ if !self.is_json => Meaning::Proxy,
            (401, _) => Meaning::Token,
            // The player's messages are closed; the bot and the player share no server.
            (_, 50_007 | 50_278) => Meaning::Unwelcome,
            // Quarantined; direct messages opened too fast; limited; overloaded.
            (_, 20_026 | 40_003 | 40_062 | 130_000) => Meaning::Later,
            (_, 10_003 | 50_001 | 50_008 | 50_013 | 50_083) => Meaning::Channel,
            _ => Meaning::Final,
        }
    }

    /// Returns the remedy in words, where one is known.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self.code {
            10_003 => "the channel is gone: choose another with /economy announce",
            50_001 => "let Pulse view the channel, or choose another with /economy announce",
            50_008 | 50_083 => "nobody can write there: choose another channel with /economy announce",
            50_013 => "give Pulse the permission Send Messages in the channel",
            20_026 => "Discord has stopped this bot: see its Developer Portal and your mail",
            50_007 | 50_278 => "the player takes no messages of Pulse",
            _ => return None,
        })
    }
}

impl fmt::Display for Refusal {
    /// `Missing Permissions (50013); give Pulse …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_json, self.message.as_str()) {
            (false, _) => f.write_str("a page of a proxy, not Discord's JSON")?,
            (true, "") => f.write_str("no reason")?,
            (true, message) => f.write_str(message)?,
        }
        if self.code != 0 {
            write!(f, " ({})", self.code)?;
        }
        self.advice().map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

/// Seconds, whole or with a fraction, as milliseconds, rounded up. Text, because a float's parser is large in wasm.
pub fn seconds_to_ms(text: &str) -> Option<u64> {
    let text = text.trim().trim_matches('"');
    // Python writes what is tiny as 1e-05: its digits before the exponent are more than it is.
    let text = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) if exponent.starts_with('-') => digits,
        Some(_) => return None,
        None => text,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let rest = u64::from(fraction.bytes().skip(3).any(|digit| digit != b'0'));
    let seconds = whole.parse().unwrap_or(u64::MAX);
    Some(seconds.saturating_mul(1_000).saturating_add(thousandths + rest).min(RETRY_AFTER_MAX_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer as it comes over the wire, such as `429`, `Retry-After: 2`, and a body.
    fn read(status: u16, headers: &[(&str, &str)], body: &str) -> Refusal {
        let header = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| (*value).to_owned())
        };
        Refusal::read(status, header, body.as_bytes())
    }

    #[test]
    fn a_429_says_how_long_and_for_what() {
        let html = "<h1>Error 1015</h1>You are being rate limited";
        let global = r#"{"message":"You are being rate limited.","retry_after":2.0,"global":true}"#;
        let own = r#"{"message":"You are being rate limited.","retry_after":0.251,"global":false}"#;
        let slow = r#"{"message":"This action cannot be performed due to slowmode rate limit","code":20016,"retry_after":2.1}"#;
        let (bucket, retry) = (("X-RateLimit-Bucket", "abc"), "Retry-After");
        let (route, all) = (Scope::Route, Scope::Everything);
        for (headers, body, ms, scope) in [
            (vec![(retry, "3600")], html, Some(3_600_000), all),
            (vec![], html, None, all),
            (
                vec![(retry, "2"), ("X-RateLimit-Global", "true"), ("X-RateLimit-Scope", "global")],
                global,
                Some(2_000),
                all,
            ),
            (vec![], global, Some(2_000), all),
            (vec![bucket, (retry, "1"), ("X-RateLimit-Scope", "user")], own, Some(1_000), route),
            (vec![bucket], own, Some(251), route),
            (vec![], own, Some(251), all),
            (vec![bucket, ("X-RateLimit-Scope", "global")], own, Some(251), all),
            (vec![], slow, Some(2_100), route),
            (vec![(retry, "soon")], "{}", None, all),
            (vec![(retry, "1.5")], "", Some(1_500), all),
        ] {
            let refusal = read(429, &headers, body);
            assert_eq!((refusal.retry_after_ms, refusal.scope), (ms, scope), "{headers:?} {body}");
            assert_eq!(refusal.meaning(), Meaning::Limited);
        }
    }

    #[test]
    fn discords_code_decides_and_not_the_status() {
        let json = |code: u32| format!(r#"{{"message":"No","code":{code}}}"#);
        for (status, code, meaning) in [
            (400, 50_007, Meaning::Unwelcome),
            (403, 50_007, Meaning::Unwelcome),
            (403, 50_278, Meaning::Unwelcome),
            (403, 40_003, Meaning::Later),
            (400, 40_003, Meaning::Later),
            (403, 20_026, Meaning::Later),
            (404, 10_003, Meaning::Channel),
            (403, 50_001, Meaning::Channel),
            (403, 50_013, Meaning::Channel),
            (400, 20_016, Meaning::Limited),
            (401, 0, Meaning::Token),
            (403, 0, Meaning::Final),
            (404, 10_013, Meaning::Final),
            (400, 50_035, Meaning::Final),
            (503, 0, Meaning::Later),
            (500, 130_000, Meaning::Later),
        ] {
            assert_eq!(read(status, &[], &json(code)).meaning(), meaning, "{status} {code}");
        }
        for (status, meaning) in
            [(401, Meaning::Proxy), (403, Meaning::Proxy), (404, Meaning::Proxy), (502, Meaning::Later)]
        {
            assert_eq!(
                read(status, &[], "<h1>Sorry, you have been blocked</h1>").meaning(),
                meaning,
                "{status}"
            );
        }
    }

    #[test]
    fn a_refusal_is_told_in_discords_words_and_with_what_to_do() {
        let told = |status, body| read(status, &[], body).to_string();
        assert_eq!(
            told(403, r#"{"message":"Missing Permissions","code":50013}"#),
            "Missing Permissions (50013); give Pulse the permission Send Messages in the channel"
        );
        let form = r#"{"message":"Invalid Form Body","code":50035,"errors":{"content":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH"}]}}}"#;
        assert!(told(400, form).contains(r#""content""#), "{}", told(400, form));
        assert_eq!(told(400, r#"{"error":"invalid_grant"}"#), "invalid_grant");
        assert_eq!(told(403, "<h1>blocked</h1>"), "a page of a proxy, not Discord's JSON");
        assert_eq!(told(404, "{}"), "no reason");
        assert_eq!(told(403, r#"{"message":7,"code":"x"}"#), "no reason");
    }

    #[test]
    fn seconds_are_rounded_up_to_milliseconds() {
        for (text, ms) in [
            ("2", Some(2_000)),
            (" 2.0 ", Some(2_000)),
            ("0.5", Some(500)),
            ("0.0001", Some(1)),
            ("64.57", Some(64_570)),
            ("\"3\"", Some(3_000)),
            ("1e-05", Some(1_000)),
            ("1e3", None),
            ("-1", None),
            ("", None),
            (".", None),
            ("null", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("99999999999999999999999", Some(RETRY_AFTER_MAX_MS)),
        ] {
            assert_eq!(seconds_to_ms(text), ms, "{text}");
        }
    }
}
