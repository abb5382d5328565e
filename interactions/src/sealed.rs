//! Session tokens with a message authentication code: who has none of ours is refused by the Worker alone, and wakes no
//! object.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A token is so many hexadecimal digits: 256 random bits.
pub const TOKEN_DIGITS: usize = 64;
/// Keeps the keys of sessions apart from whatever else a secret is used for.
const PURPOSE: &[u8] = b"pulse session cookie 1";

/// The key of the codes, made from a secret of the deployment.
#[derive(Clone)]
pub struct SealKey(Hmac<Sha256>);

impl SealKey {
    /// The key that follows from this secret. With another secret, sessions have to be opened anew.
    pub fn of(secret: &str) -> Self {
        Self(keyed(&derive(secret, PURPOSE)))
    }

    /// `TOKEN.CODE`.
    pub fn seal(&self, token: &str) -> String {
        format!("{token}.{}", hex::encode(code(&self.0, token.as_bytes())))
    }

    /// The token of what was sealed with this key. The time it takes tells nothing of the code.
    pub fn open<'a>(&self, sealed: &'a str) -> Option<&'a str> {
        let (token, shown) = sealed.split_once('.')?;
        let is_token = token.len() == TOKEN_DIGITS && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut bytes = [0; 32];
        hex::decode_to_slice(shown, &mut bytes).ok()?;
        let mac = self.0.clone().chain_update(token.as_bytes());
        (is_token && mac.verify_slice(&bytes).is_ok()).then_some(token)
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// The key for one purpose that follows from a secret: HMAC-SHA256 with the secret as its key.
pub(crate) fn derive(secret: &str, purpose: &[u8]) -> [u8; 32] {
    code(&keyed(secret.as_bytes()), purpose)
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // RFC 2104 takes keys of any length.
    Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("a key of any length is taken"))
}

fn code(key: &Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    key.clone().chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_with_the_key_is_opened() {
        let (key, token) = (SealKey::of("a secret"), "0a".repeat(32));
        let sealed = key.seal(&token);
        assert_eq!(key.open(&sealed), Some(token.as_str()));
        assert_eq!(SealKey::of("a secret").open(&sealed), Some(token.as_str()), "after a restart");
        assert_eq!(SealKey::of("another").open(&sealed), None);
        let (_, code) = sealed.split_once('.').unwrap();
        for bent in [
            String::new(),
            token.clone(),
            format!("{token}."),
            format!("{token}.{}", "00".repeat(32)),
            format!("{token}.{}", &code[..62]),
            format!("{token}.{code}00"),
            format!("{}.{code}", "0b".repeat(32)),
            format!("{}.{code}", &token[..62]),
            format!("{sealed}."),
            format!(".{code}"),
            "é".repeat(64),
        ] {
            assert_eq!(key.open(&bent), None, "{bent}");
        }
        assert_eq!(key.open(&key.seal("not a token")), None, "however well it is sealed");
        assert!(!format!("{key:?}").contains("secret"));
    }
}
