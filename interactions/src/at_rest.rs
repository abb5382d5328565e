//! Secrets of others that have to be kept, such as what Discord gives us to ask with: encrypted under a key that follows from
//! the deployment's own secrets, so that a copy of the database alone tells nothing.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

use crate::sealed::derive;

/// Random bits that each text is encrypted with, in bytes. So many never come twice by chance.
pub const NONCE_BYTES: usize = 24;
/// Keeps these keys apart from whatever else a secret is used for.
const PURPOSE: &[u8] = b"pulse secrets at rest 1";

/// The key of what is kept.
#[derive(Clone)]
pub struct RestKey(XChaCha20Poly1305);

impl RestKey {
    /// The key that follows from this secret.
    pub fn of(secret: &str) -> Self {
        Self(XChaCha20Poly1305::new(&derive(secret, PURPOSE).into()))
    }

    /// The text, encrypted, in hexadecimal digits. It opens only for what it is `about`, such as the row that holds it.
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], about: &str, text: &str) -> Option<String> {
        let payload = Payload { msg: text.as_bytes(), aad: about.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some(hex::encode(nonce) + &hex::encode(sealed))
    }

    /// The text of what was sealed with this key, about this.
    pub fn open(&self, about: &str, sealed: &str) -> Option<String> {
        let bytes = hex::decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: about.as_bytes() };
        String::from_utf8(self.0.decrypt(&XNonce::from(*nonce), payload).ok()?).ok()
    }
}

impl std::fmt::Debug for RestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RestKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; NONCE_BYTES] = [7; NONCE_BYTES];

    #[test]
    fn only_the_key_opens_it_and_only_for_what_it_is_about() {
        let key = RestKey::of("a secret");
        let sealed = key.seal(NONCE, "row 1", "a token of Ann's").unwrap();
        assert!(!sealed.contains(&hex::encode("token")) && !sealed.contains("token"), "{sealed}");
        assert_eq!(key.open("row 1", &sealed).as_deref(), Some("a token of Ann's"));
        assert_eq!(RestKey::of("a secret").open("row 1", &sealed).as_deref(), Some("a token of Ann's"));
        assert_eq!(key.open("row 2", &sealed), None, "of another row");
        assert_eq!(RestKey::of("another").open("row 1", &sealed), None);
        assert_ne!(key.seal([8; NONCE_BYTES], "row 1", "a token of Ann's").unwrap(), sealed);
        assert!(!format!("{key:?}").contains("secret"));
    }

    #[test]
    fn what_was_bent_or_cut_short_is_not_opened() {
        let key = RestKey::of("a secret");
        let sealed = key.seal(NONCE, "row 1", "text").unwrap();
        for place in 0..sealed.len() {
            let mut bent = sealed.clone().into_bytes();
            bent[place] = if bent[place] == b'0' { b'1' } else { b'0' };
            assert_eq!(key.open("row 1", std::str::from_utf8(&bent).unwrap()), None, "at {place}");
            assert_eq!(key.open("row 1", &sealed[..place]), None, "cut at {place}");
        }
        for bent in [String::new(), "x".repeat(90), format!("{sealed}00"), "é".repeat(60)] {
            assert_eq!(key.open("row 1", &bent), None, "{bent}");
        }
    }
}
