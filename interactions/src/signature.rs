//! Only what Discord signed is read: a [`Claim`] that holds is the only maker of [`Verified`], and only a `Verified`
//! parses.
//!
//! Source: <https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers>.

use ed25519_dalek::{Signature, VerifyingKey};
use protocol::{
    Timestamp,
    time::{MINUTE_MS, SECOND_MS},
};

/// The header with the signature: 128 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "X-Signature-Ed25519";
/// The header with the timestamp that is signed before the body.
pub const TIMESTAMP_HEADER: &str = "X-Signature-Timestamp";
/// The longest timestamp that is looked at, in bytes.
const TIMESTAMP_MAX_BYTES: usize = 32;
/// The longest time between a signature and the clock here, in milliseconds. A request that somebody has captured is worth
/// nothing after that.
const CLOCK_SLACK_MS: u64 = 5 * MINUTE_MS;

/// The application's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// The ways in which something is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Not 64 hexadecimal digits.
    #[error("expected 64 hexadecimal digits, as the Developer Portal shows them under General Information")]
    NotHex,
    /// 32 bytes that are no Ed25519 key.
    #[error("these 64 digits are not a point of the curve: copy the key again")]
    NotAPoint,
}

impl PublicKey {
    /// Reads the key as Discord's Developer Portal shows it.
    pub fn from_hex(text: &str) -> Result<Self, BadKey> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| BadKey::NotHex)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| BadKey::NotAPoint)?;
        if key.is_weak() { Err(BadKey::NotAPoint) } else { Ok(Self(key)) }
    }

    /// Its bytes, as RFC 8032 has them.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// A body that Discord signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'a>(&'a [u8]);

impl<'a> Verified<'a> {
    /// Returns the request's body, which Discord has signed.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }
}

/// Not signed by Discord. It does not say how: whoever sent it is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid request signature")]
pub struct Forged;

/// A claim that Discord signed this: the timestamp followed by the raw body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    signature: [u8; 64],
    message: Vec<u8>,
    /// In seconds; none where the header holds anything but a number.
    signed_at: Option<u64>,
    body: &'a [u8],
}

impl<'a> Claim<'a> {
    /// Takes the values of [`SIGNATURE_HEADER`] and [`TIMESTAMP_HEADER`], and the body.
    pub fn new(signature: Option<&str>, timestamp: Option<&str>, body: &'a [u8]) -> Result<Self, Forged> {
        let (Some(signature), Some(timestamp)) = (signature, timestamp) else { return Err(Forged) };
        if timestamp.is_empty() || timestamp.len() > TIMESTAMP_MAX_BYTES {
            return Err(Forged);
        }
        let mut bytes = [0; 64];
        hex::decode_to_slice(signature, &mut bytes).map_err(|_| Forged)?;
        let is_number = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let signed_at = timestamp.parse().ok().filter(|_| is_number);
        Ok(Self { signature: bytes, message: [timestamp.as_bytes(), body].concat(), signed_at, body })
    }

    /// Whether it was signed within five minutes of `now`.
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.signed_at.is_some_and(|at| at.abs_diff(now.seconds()) <= CLOCK_SLACK_MS / SECOND_MS)
    }

    /// Returns the 64 bytes of the signature, not checked.
    pub fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Returns the bytes that the signature has to be of.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Checks the signature with the Ed25519 that is compiled in.
    pub fn check(self, key: &PublicKey) -> Result<Verified<'a>, Forged> {
        let holds = key.0.verify_strict(&self.message, &Signature::from_bytes(&self.signature)).is_ok();
        self.checked(holds)
    }

    /// Takes the word of another implementation of Ed25519, which was asked about [`Claim::signature`] and
    /// [`Claim::message`] with a [`PublicKey`].
    pub fn checked(self, holds: bool) -> Result<Verified<'a>, Forged> {
        if holds { Ok(Verified(self.body)) } else { Err(Forged) }
    }
}

/// Checks the signature over the timestamp followed by the raw body.
pub fn verify<'a>(
    key: &PublicKey,
    signature: Option<&str>,
    timestamp: Option<&str>,
    body: &'a [u8],
) -> Result<Verified<'a>, Forged> {
    Claim::new(signature, timestamp, body)?.check(key)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    const TIMESTAMP: &str = "1700000000";
    const BODY: &[u8] = b"{\"type\":1}";

    fn signed(message: &[u8]) -> (PublicKey, String) {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let key = PublicKey::from_hex(&hex::encode(signer.verifying_key().to_bytes())).unwrap();
        (key, hex::encode(signer.sign(message).to_bytes()))
    }

    #[test]
    fn what_discord_signed_is_verified() {
        let (key, signature) = signed(b"1700000000{\"type\":1}");
        let verified = verify(&key, Some(signature.as_str()), Some(TIMESTAMP), BODY).unwrap();
        assert_eq!(verified.bytes(), BODY);
        assert!(verify(&key, Some(&signature.to_uppercase()), Some(TIMESTAMP), BODY).is_ok());
    }

    #[test]
    fn anything_else_is_forged() {
        let (key, signature) = signed(b"1700000000{\"type\":1}");
        let zeros = "0".repeat(128);
        let long = "1".repeat(33);
        let double = signature.repeat(2);
        let cases = [
            ("no signature", None::<&str>, Some(TIMESTAMP), BODY),
            ("no timestamp", Some(signature.as_str()), None, BODY),
            ("an empty timestamp", Some(signature.as_str()), Some(""), BODY),
            ("a long timestamp", Some(signature.as_str()), Some(long.as_str()), BODY),
            ("another timestamp", Some(signature.as_str()), Some("1700000001"), BODY),
            ("another body", Some(signature.as_str()), Some(TIMESTAMP), b"{\"type\":2}".as_slice()),
            ("not hex", Some("zz"), Some(TIMESTAMP), BODY),
            ("empty", Some(""), Some(TIMESTAMP), BODY),
            ("too short", Some(&signature[..126]), Some(TIMESTAMP), BODY),
            ("too long", Some(double.as_str()), Some(TIMESTAMP), BODY),
            ("zeros", Some(zeros.as_str()), Some(TIMESTAMP), BODY),
        ];
        for (what, signature, timestamp, body) in cases {
            assert_eq!(verify(&key, signature, timestamp, body), Err(Forged), "{what}");
        }
    }

    #[test]
    fn a_claim_is_what_another_says_of_it() {
        let (key, signature) = signed(b"1700000000{\"type\":1}");
        let claim = Claim::new(Some(signature.as_str()), Some(TIMESTAMP), BODY).unwrap();
        assert_eq!(claim.message(), b"1700000000{\"type\":1}");
        assert_eq!(hex::encode(claim.signature()), signature);
        assert_eq!(claim.clone().checked(false), Err(Forged));
        assert_eq!(claim.clone().checked(true).unwrap().bytes(), BODY);
        assert_eq!(claim.check(&key).unwrap().bytes(), BODY);
    }

    #[test]
    fn a_signature_holds_for_five_minutes_in_either_direction() {
        let now = Timestamp(1_700_000_000_999);
        for (timestamp, expected) in [
            ("1700000000", true),
            ("1699999700", true),
            ("1699999699", false),
            ("1700000300", true),
            ("1700000301", false),
            ("0", false),
            ("18446744073709551615", false),
            ("18446744073709551616", false),
            ("yesterday", false),
            ("+1700000000", false),
            (" 1700000000", false),
            ("1700000000.5", false),
            ("1700000000000", false),
        ] {
            let claim = Claim::new(Some("00".repeat(64).as_str()), Some(timestamp), BODY).unwrap();
            assert_eq!(claim.is_current(now), expected, "{timestamp}");
        }
    }

    #[test]
    fn a_bad_key_says_what_is_wrong() {
        assert_eq!(PublicKey::from_hex(""), Err(BadKey::NotHex));
        assert_eq!(PublicKey::from_hex("abc"), Err(BadKey::NotHex));
        assert_eq!(PublicKey::from_hex(&"g".repeat(64)), Err(BadKey::NotHex));
        assert_eq!(PublicKey::from_hex(&("02".to_owned() + &"00".repeat(31))), Err(BadKey::NotAPoint));
        assert_eq!(PublicKey::from_hex(&"00".repeat(32)), Err(BadKey::NotAPoint), "a point of small order");
    }
}
