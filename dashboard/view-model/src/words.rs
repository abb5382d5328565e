//! The words of the page: states, spans of time, advice at the end of a connection. All of it is pure.

use protocol::{
    DashboardStats, Timestamp,
    link::Status,
    message::CloseCode,
    report::RestFailure,
    stats::{BotStatus, Gateway},
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};

/// Below this, latency is good, in milliseconds.
pub const LATENCY_GOOD_MS: f64 = 150.0;
/// Below this, latency is fair; from here on it is poor, in milliseconds.
pub const LATENCY_FAIR_MS: f64 = 300.0;

/// The state of the connection as one lower-case word, for styles and tests.
pub fn state(status: Status) -> &'static str {
    match status {
        Status::Connecting => "connecting",
        Status::Live => "live",
        Status::Stale(_) => "stale",
        Status::Reconnecting(_) => "reconnecting",
        Status::Polling(_) => "polling",
        Status::Ended(_) => "ended",
    }
}

/// The state of the connection for ears: it changes with the state, not with every second.
pub fn spoken(status: Status) -> &'static str {
    match status {
        Status::Connecting => "Connecting",
        Status::Live => "Live",
        Status::Stale(_) => "Stale",
        Status::Reconnecting(_) => "Reconnecting",
        Status::Polling(_) => "Polling",
        Status::Ended(code) => ending(code).label,
    }
}

/// The words of the connection pill: "Live", "Stale 7 s", "Reconnecting in 3 s".
pub fn pill(status: Status) -> String {
    match status {
        Status::Connecting => "Connecting…".to_owned(),
        Status::Stale(silence) => ["Stale ", &(silence / SECOND_MS).to_string(), " s"].concat(),
        Status::Reconnecting(0) => "Reconnecting…".to_owned(),
        Status::Reconnecting(wait) => {
            ["Reconnecting in ", &wait.div_ceil(SECOND_MS).to_string(), " s"].concat()
        }
        Status::Live | Status::Polling(_) | Status::Ended(_) => spoken(status).to_owned(),
    }
}

/// The words of the connection pill while the reader has paused the page: a failing connection is named first.
pub fn paused_pill(status: Status, pending: u32) -> String {
    match (status, pending) {
        (Status::Live | Status::Connecting, 0) => "Paused".to_owned(),
        (Status::Live | Status::Connecting, pending) => ["Paused (+", &pending.to_string(), ")"].concat(),
        _ => pill(status),
    }
}

/// The document's title: what is wrong comes first.
pub fn title(status: Status, paused: bool, alert: &str) -> String {
    let first = match status {
        _ if !alert.is_empty() => alert,
        Status::Live | Status::Connecting if paused => "Paused",
        Status::Live | Status::Connecting => return "Pulse".to_owned(),
        _ => spoken(status),
    };
    [first, " — Pulse"].concat()
}

/// Tells the reader why an answer did not come, and what to do. 0 stands for no answer at all.
pub fn refusal(status: u16) -> &'static str {
    match status {
        0 => "The server could not be reached. Check the connection, then try again.",
        401 => "You are signed out. Sign in again to see this.",
        403 => {
            "Your account may not see or do this. It takes Discord's permission “Manage Server” there; if you were given it lately, sign in again."
        }
        404 => "There is nothing here. Check the address.",
        429 => "Too many questions in a short time. Wait a moment, then try again.",
        _ => "The server could not answer. Try again in a moment; its log says why.",
    }
}

/// The name of a kind of event. A kind that is newer than the page keeps the word that it came with.
pub fn source(word: &str) -> &str {
    match word {
        "daily" => "Daily",
        "transfer" => "Payment",
        "level_up" => "Level-up",
        "work" => "Work",
        "coinflip" => "Coin flip",
        "shop" => "Purchase",
        "admin" => "Administration",
        "command" => "Command",
        "bot" => "Bot",
        "edge" => "Edge",
        "other" => "Other",
        _ => word,
    }
}

/// A change in percent; nothing when it is not known.
pub fn change(percent: Option<f64>) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "held within four digits")]
    match percent.map(|percent| percent.clamp(-9_999.0, 9_999.0).round() as i32) {
        None => String::new(),
        Some(0) => "±0 %".to_owned(),
        Some(percent) if percent > 0 => ["▲ ", &percent.to_string(), " %"].concat(),
        Some(percent) => ["▼ ", &percent.unsigned_abs().to_string(), " %"].concat(),
    }
}

/// Requests to Discord that fail: the status of the newest, and how many there were in a row.
pub fn rest_failure(failure: RestFailure) -> String {
    let status = failure.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    match failure.count {
        0 | 1 => status,
        count => [&status, ", ", &count.to_string(), " times"].concat(),
    }
}

/// Whether the numbers on the page may be older than they look.
pub fn is_doubtful(status: Status) -> bool {
    !matches!(status, Status::Live | Status::Connecting)
}

/// The panel at the end of a connection: its reason, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The words of the connection pill.
    pub label: &'static str,
    /// The heading of the panel.
    pub title: &'static str,
    /// The advice below the heading, as whole sentences.
    pub advice: &'static str,
    /// The words of the link to the sign-in; empty where signing in does not help.
    pub sign_in: &'static str,
}

/// Explains a final close code to the viewer.
pub fn ending(code: u16) -> Ending {
    const SIGNED_OUT: u16 = CloseCode::SignedOut.number();
    const FORBIDDEN: u16 = CloseCode::Forbidden.number();
    const VERSION_MISMATCH: u16 = CloseCode::VersionMismatch.number();
    const ROOM_FULL: u16 = CloseCode::RoomFull.number();
    match code {
        SIGNED_OUT => Ending {
            label: "Signed out",
            title: "You are signed out",
            advice: "Sign in, and you are back where you were. On a developer's machine, open the one-time link that “cargo xtask dev” prints.",
            sign_in: "Sign in with Discord",
        },
        FORBIDDEN => Ending {
            label: "Not permitted",
            title: "This is not yours to look at",
            advice: "A server is shown to those who have Discord's permission “Manage Server” in it. You do not have it there, or Pulse is not in that server. Ask its owner; then sign in again, so that your rights are looked up anew.",
            sign_in: "Sign in again",
        },
        VERSION_MISMATCH => Ending {
            label: "New version",
            title: "Pulse has been updated",
            advice: "This page is older than the server. Reload it; if this stays, empty the browser's cache.",
            sign_in: "",
        },
        ROOM_FULL => Ending {
            label: "Room full",
            title: "Too many people are watching",
            advice: "The server takes no more viewers now. Close other tabs with this page, or reload in a minute.",
            sign_in: "",
        },
        _ => Ending {
            label: "Ended",
            title: "The server has ended the connection",
            advice: "It did not say why in a way this page understands. Reload to try again.",
            sign_in: "",
        },
    }
}

/// Writes the age of `at` in one unit: "now", "5 s ago", "2 d ago".
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    match now.since(at) {
        ms if ms < SECOND_MS => "now".to_owned(),
        ms if ms < MINUTE_MS => [&(ms / SECOND_MS).to_string(), " s ago"].concat(),
        ms if ms < HOUR_MS => [&(ms / MINUTE_MS).to_string(), " min ago"].concat(),
        ms if ms < DAY_MS => [&(ms / HOUR_MS).to_string(), " h ago"].concat(),
        ms => [&(ms / DAY_MS).to_string(), " d ago"].concat(),
    }
}

/// A span of time in its two largest units.
pub fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let two = |large: u64, unit: &str, small: u64, rest: &str| {
        [&large.to_string(), unit, &small.to_string(), rest].concat()
    };
    match (days, hours, minutes) {
        (0, 0, 0) => [&seconds.to_string(), " s"].concat(),
        (0, 0, _) => two(minutes, " min ", seconds % 60, " s"),
        (0, _, _) => two(hours, " h ", minutes % 60, " min"),
        _ => two(days, " d ", hours % 24, " h"),
    }
}

/// Latency as a word: good, fair or poor.
pub fn latency(ms: f64) -> &'static str {
    match ms {
        ms if ms < LATENCY_GOOD_MS => "good",
        ms if ms < LATENCY_FAIR_MS => "fair",
        _ => "poor",
    }
}

/// Describes the shards that are not connected to the gateway at this moment; `None` while all of them are.
pub fn gateway(gateway: Gateway, now: Timestamp) -> Option<String> {
    let since = gateway.lost_since?;
    let all = gateway.active == 0;
    let tries = match gateway.tries {
        0 => String::new(),
        1 => ", 1 try".to_owned(),
        tries => [", ", &tries.to_string(), " tries"].concat(),
    };
    let away = (gateway.shards - gateway.active.min(gateway.shards)).to_string();
    let what = if all {
        "gateway".to_owned()
    } else {
        [&away, " of ", &gateway.shards.to_string(), " shards"].concat()
    };
    Some([&what, " disconnected for ", &span(now.since(since) / SECOND_MS), &tries].concat())
}

/// The grade of the latency, or why it has none. A latency of REST is never graded as if it were the gateway's.
pub fn grade(stats: &DashboardStats) -> &'static str {
    match (stats.ping.avg, stats.gateway) {
        (None, None) => "offline",
        (_, Some(Gateway { active: 0, .. })) => "disconnected",
        (Some(_), Some(_)) if stats.ping.gateway.is_none() => "by REST",
        (Some(avg), _) => latency(avg),
        (None, Some(_)) => "not measured",
    }
}

/// The latency of the gateway, or of REST for a bot that keeps no gateway connection or has no heartbeat yet.
pub fn shown_latency(stats: &DashboardStats) -> Option<f64> {
    stats.ping.avg.filter(|_| stats.gateway.is_none_or(|gateway| gateway.active > 0))
}

/// The caption of the uptime; it says how often the gateway was lost since the bot started.
pub fn uptime(losses: u32) -> String {
    match losses {
        0 => "of the bot, without a break".to_owned(),
        1 => "of the bot; its gateway was lost once".to_owned(),
        losses => ["of the bot; its gateway was lost ", &losses.to_string(), " times"].concat(),
    }
}

/// The bot's state as it is written on the wire.
pub fn bot(status: BotStatus) -> &'static str {
    match status {
        BotStatus::Online => "online",
        BotStatus::Offline => "offline",
        BotStatus::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_is_away_is_told_with_its_time_and_tries() {
        let told = |shards, active, seconds: u64, tries| {
            let lost_since = Some(Timestamp(1_000));
            gateway(
                Gateway { shards, active, lost_since, tries, losses: 1 },
                Timestamp(1_000 + seconds * 1_000),
            )
            .unwrap()
        };
        assert_eq!(told(1, 0, 69, 23), "gateway disconnected for 1 min 9 s, 23 tries");
        assert_eq!(told(4, 3, 5, 1), "1 of 4 shards disconnected for 5 s, 1 try");
        let well = Gateway { shards: 1, active: 1, lost_since: None, tries: 0, losses: 2 };
        assert_eq!(gateway(well, Timestamp(0)), None);
        assert_eq!(uptime(2), "of the bot; its gateway was lost 2 times");
    }

    #[test]
    fn a_request_that_fails_is_told_with_its_status() {
        let told = |status, count| rest_failure(RestFailure { status, count });
        assert_eq!(told(Some(429), 23), "429, 23 times");
        assert_eq!((told(Some(503), 1), told(None, 2)), ("503".to_owned(), "no answer, 2 times".to_owned()));
    }

    #[test]
    fn the_pill_has_words_and_the_title_says_only_trouble() {
        let cases = [
            (Status::Connecting, "Connecting…", "Pulse"),
            (Status::Live, "Live", "Pulse"),
            (Status::Stale(14_900), "Stale 14 s", "Stale — Pulse"),
            (Status::Reconnecting(0), "Reconnecting…", "Reconnecting — Pulse"),
            (Status::Reconnecting(1), "Reconnecting in 1 s", "Reconnecting — Pulse"),
            (Status::Reconnecting(4_000), "Reconnecting in 4 s", "Reconnecting — Pulse"),
            (Status::Polling(9_000), "Polling", "Polling — Pulse"),
            (Status::Ended(4501), "Signed out", "Signed out — Pulse"),
            (Status::Ended(4999), "Ended", "Ended — Pulse"),
        ];
        for (status, words, title_words) in cases {
            let title = title(status, false, "");
            assert_eq!((pill(status).as_str(), title.as_str()), (words, title_words), "{status:?}");
        }
    }

    #[test]
    fn a_paused_page_counts_what_waits_and_hides_no_trouble() {
        assert_eq!(paused_pill(Status::Live, 0), "Paused");
        assert_eq!(paused_pill(Status::Live, 12), "Paused (+12)");
        assert_eq!(paused_pill(Status::Stale(14_000), 12), "Stale 14 s");
        assert_eq!(title(Status::Live, true, ""), "Paused — Pulse");
        assert_eq!(title(Status::Live, true, "Latency 412 ms"), "Latency 412 ms — Pulse");
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        for status in [0, 401, 403, 404, 429, 500, 503] {
            assert!(refusal(status).ends_with('.') && refusal(status).len() > 40, "{status}");
        }
    }

    #[test]
    fn changes_have_a_direction() {
        let cases = [
            (None, ""),
            (Some(0.2), "±0 %"),
            (Some(12.4), "▲ 12 %"),
            (Some(-3.0), "▼ 3 %"),
            (Some(1e9), "▲ 9999 %"),
        ];
        for (percent, words) in cases {
            assert_eq!(change(percent), words);
        }
    }

    #[test]
    fn time_passes_in_the_unit_that_one_would_say() {
        let cases = [
            (0, "now"),
            (999, "now"),
            (1_000, "1 s ago"),
            (59_999, "59 s ago"),
            (60_000, "1 min ago"),
            (3_600_000, "1 h ago"),
            (86_400_000 * 3, "3 d ago"),
        ];
        for (ms, words) in cases {
            assert_eq!(ago(Timestamp(1_000_000_000 + ms), Timestamp(1_000_000_000)), words);
        }
        assert_eq!(ago(Timestamp(1), Timestamp(9_000)), "now", "a clock behind the server's");
    }

    #[test]
    fn spans_have_two_units() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3_600, "1 h 0 min"),
            (7_384, "2 h 3 min"),
            (90_000, "1 d 1 h"),
        ];
        for (seconds, words) in cases {
            assert_eq!(span(seconds), words, "{seconds} s");
        }
    }

    #[test]
    fn latency_classes_meet_at_their_limits() {
        let cases = [(0.0, "good"), (149.9, "good"), (150.0, "fair"), (299.9, "fair"), (300.0, "poor")];
        for (ms, word) in cases {
            assert_eq!(latency(ms), word, "{ms} ms");
        }
    }
}
