//! Webhooks of others: which addresses may be one, and the signature by which a receiver knows Pulse.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::{Host, Url};

use protocol::{alert::ChannelKind, room::Carried};

use crate::{
    rest::{Meaning, Refusal},
    transport::{is_confidential, is_public},
};

/// How a secret begins.
const PREFIX: &str = "whsec_";
/// The length of a secret, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Random bits of a secret that is made here, in bytes.
pub const FRESH_BYTES: usize = 32;
/// Discord's codes of a webhook that was deleted, of one whose token is another, and of a message that is gone.
const UNKNOWN_WEBHOOK: u32 = 10_015;
const INVALID_TOKEN: u32 = 50_027;
const UNKNOWN_MESSAGE: u32 = 10_008;
/// Where Discord's webhooks are.
const DISCORD_HOSTS: [&str; 4] = ["discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"];

/// The key of a receiver's signatures.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_` and base64 of 24 to 64 bytes.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// The text of a fresh one.
    pub fn fresh(entropy: [u8; FRESH_BYTES]) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(entropy))
    }

    /// The value of `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp_s: u64, body: &str) -> String {
        format!("v1,{}", BASE64_STANDARD.encode(self.code(id, timestamp_s, body)))
    }

    fn code(&self, id: &str, timestamp_s: u64, body: &str) -> Vec<u8> {
        // HMAC takes a key of any length.
        Hmac::<Sha256>::new_from_slice(&self.0).map_or_else(
            |_| Vec::new(),
            |mut code| {
                code.update(format!("{id}.{timestamp_s}.{body}").as_bytes());
                code.finalize().into_bytes().to_vec()
            },
        )
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The address of a receiver, or why it can be none. `here` allows this very machine, for tests and developers.
pub fn receiver(address: &str, here: bool) -> Result<Url, String> {
    let url = Url::parse(address.trim()).map_err(|error| {
        // Tables of all scripts' letters for host names would be 30 KB of the edge's compressed size.
        let hint = if address.is_ascii() { "" } else { "; write a host of other letters in its `xn--` form" };
        format!("`url` is no address: {error}{hint}")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "`url` holds a name or a password: give the receiver a path that nobody guesses".to_owned()
        );
    }
    if here && is_loopback(&url) && is_confidential(&url) {
        return Ok(url);
    }
    is_public(&url).map_err(|why| format!("`url` {why}"))?;
    Ok(url)
}

/// The address of a webhook of a channel on Discord, without what was asked of it, or why it is none.
pub fn of_discord(address: &str, here: bool) -> Result<Url, String> {
    const EXPECTED: &str =
        "`url` is no webhook of Discord's: copy it from a channel's settings, Integrations, Webhooks";
    let mut url = receiver(address, here)?;
    let is_discords =
        url.host_str().is_some_and(|host| DISCORD_HOSTS.contains(&host)) && url.port().is_none();
    let parts: Vec<&str> = url.path_segments().map(Iterator::collect).unwrap_or_default();
    let after = parts.iter().position(|part| *part == "webhooks").map(|place| &parts[place + 1..]);
    let is_webhook = matches!(after, Some([id, token])
        if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) && !token.is_empty());
    if !(is_discords || here && is_loopback(&url)) || !is_webhook {
        return Err(EXPECTED.to_owned());
    }
    let thread = url.query_pairs().find(|(name, _)| name == "thread_id").map(|(_, id)| id.into_owned());
    url.set_fragment(None);
    url.set_query(None);
    if let Some(thread) = thread {
        url.query_pairs_mut().append_pair("thread_id", &thread);
    }
    Ok(url)
}

/// The part of an address that is shown: its host, and the last four characters.
pub fn hint(url: &Url) -> String {
    let text = url.as_str();
    let tail: String = text.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{} …{tail}", url.host_str().unwrap_or_default())
}

/// Reads from an answer whether a message was taken.
pub fn outcome(
    kind: ChannelKind,
    status: u16,
    header: impl Fn(&str) -> Option<String>,
    body: &[u8],
) -> Carried {
    if (200..300).contains(&status) {
        let message = (kind == ChannelKind::Discord).then(|| message_id(body)).flatten();
        return Carried::Taken(message);
    }
    let refusal = Refusal::read(status, header, body);
    let wait_ms = refusal.retry_after_ms;
    match kind {
        ChannelKind::Discord => match (refusal.meaning(), refusal.code) {
            (_, UNKNOWN_MESSAGE) => Carried::MessageGone,
            (Meaning::Token, _) | (_, UNKNOWN_WEBHOOK | INVALID_TOKEN) => {
                Carried::Gone(format!("Discord answered {status}: {refusal}"))
            }
            _ => Carried::Later(format!("Discord answered {status}: {refusal}"), wait_ms),
        },
        ChannelKind::Webhook => match status {
            410 => Carried::Gone("the receiver answered 410: it wants nothing more".to_owned()),
            300..400 => {
                let why = "redirects are not followed, give the channel the address itself";
                Carried::Later(format!("the receiver answered {status}: {why}"), wait_ms)
            }
            _ => Carried::Later(format!("the receiver answered {status}"), wait_ms),
        },
    }
}

/// The id of a message that Discord has made.
fn message_id(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Message {
        id: String,
    }
    let Message { id } = serde_json::from_slice(body).ok()?;
    // It becomes a part of an address.
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The npm package `standardwebhooks` signs this so.
    #[test]
    fn it_signs_as_the_convention_does() {
        let secret = Secret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,q6KMVIJHk4Gs770FfR5f591Ftx7uVJSGl5wHV1ri978=");
        assert!(!format!("{secret:?}").contains("MfKQ"));
    }

    #[test]
    fn a_secret_is_read_as_it_was_made_and_nothing_else_is_one() {
        assert!(Secret::read(&Secret::fresh([7; FRESH_BYTES])).is_some());
        for wrong in ["", "whsec_", "whsec_short", "whsec_!!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw"] {
            assert!(Secret::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_receiver_is_a_public_address_with_tls() {
        for (address, here, expected) in [
            ("https://hooks.example.com/pulse?x=1", false, true),
            ("https://hooks.example.com:8443/", false, true),
            ("http://hooks.example.com/", false, false),
            ("https://name:word@hooks.example.com/", false, false),
            ("https://xn--bcher-kva.example/", false, true),
            ("https://bücher.example/", false, false),
            ("https://１２７.０.０.１/", false, false),
            ("https://127.0.0.1/", false, false),
            ("http://127.0.0.1:9000/", true, true),
            ("http://127.0.0.1:9000/", false, false),
            ("http://10.0.0.7/", true, false),
            ("ftp://hooks.example.com/", false, false),
            ("hooks.example.com", false, false),
        ] {
            assert_eq!(receiver(address, here).is_ok(), expected, "{address}");
        }
    }

    #[test]
    fn a_webhook_of_discords_is_known_by_its_address() {
        let read = |address: &str| of_discord(address, false).map(|url| url.to_string());
        let plain = "https://discord.com/api/webhooks/123/a-Token_1";
        assert_eq!(read(plain).as_deref(), Ok(plain));
        assert_eq!(read(&format!("{plain}?wait=false#x")).as_deref(), Ok(plain));
        assert_eq!(read(&format!("{plain}?thread_id=9")), Ok(format!("{plain}?thread_id=9")));
        for good in
            ["https://discordapp.com/api/webhooks/123/t", "https://ptb.discord.com/api/v10/webhooks/123/t"]
        {
            assert!(read(good).is_ok(), "{good}");
        }
        for wrong in [
            "https://discord.com/api/webhooks/123",
            "https://discord.com/api/webhooks/123/t/slack",
            "https://discord.com/api/webhooks/abc/t",
            "https://discord.com.example.com/api/webhooks/123/t",
            "https://example.com/api/webhooks/123/t",
            "http://127.0.0.1:1/api/webhooks/123/t",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(of_discord("http://127.0.0.1:1/api/v10/webhooks/123/t", true).is_ok());
    }

    #[test]
    fn an_answer_says_what_becomes_of_a_message() {
        let told = |kind, status, retry: &str, body: &str| {
            let header = |name: &str| (name == "retry-after" && !retry.is_empty()).then(|| retry.to_owned());
            outcome(kind, status, header, body.as_bytes())
        };
        let (discord, own) = (ChannelKind::Discord, ChannelKind::Webhook);
        assert_eq!(told(discord, 200, "", r#"{"id":"77"}"#), Carried::Taken(Some("77".to_owned())));
        assert_eq!(told(discord, 200, "", r#"{"id":"../x"}"#), Carried::Taken(None));
        assert_eq!(told(discord, 204, "", ""), Carried::Taken(None));
        assert_eq!(told(own, 200, "", "<html>"), Carried::Taken(None));
        assert_eq!(
            told(discord, 404, "", r#"{"message":"Unknown Message","code":10008}"#),
            Carried::MessageGone
        );
        let waits =
            |carried: Carried| if let Carried::Later(_, wait_ms) = carried { Some(wait_ms) } else { None };
        for (kind, status, retry, body, wait_ms) in [
            (discord, 429, "2", r#"{"message":"slow","retry_after":1.5}"#, Some(2_000)),
            (discord, 429, "", r#"{"message":"slow","retry_after":0.4}"#, Some(400)),
            (discord, 429, "soon", "<html>", None),
            (discord, 404, "", "<html>", None),
            (discord, 500, "", "", None),
            (own, 404, "", "", None),
            (own, 429, "7", "", Some(7_000)),
            (own, 503, "99999999", "", Some(86_400_000)),
            (own, 302, "", "", None),
            (own, 500, "", "<html>", None),
        ] {
            assert_eq!(waits(told(kind, status, retry, body)), Some(wait_ms), "{kind:?} {status} {retry}");
        }
        let is_gone = |carried: Carried| matches!(carried, Carried::Gone(_));
        assert!(is_gone(told(own, 410, "", "")));
        assert!(is_gone(told(discord, 404, "", r#"{"message":"Unknown Webhook","code":10015}"#)));
        assert!(is_gone(told(discord, 401, "", r#"{"message":"Invalid Webhook Token","code":50027}"#)));
    }

    #[test]
    fn little_is_shown_of_an_address() {
        let url = Url::parse("https://discord.com/api/webhooks/123/a-secret-token").unwrap();
        assert_eq!(hint(&url), "discord.com …oken");
    }
}
