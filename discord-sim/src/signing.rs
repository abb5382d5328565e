//! Discord's signature: Ed25519 over the timestamp followed by the raw body.
//!
//! Source: <https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers>.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

/// The header with the signature: 128 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "X-Signature-Ed25519";
/// The header with the timestamp that is signed before the body: Unix seconds.
pub const TIMESTAMP_HEADER: &str = "X-Signature-Timestamp";

/// Holds the secret half of an application's key.
#[derive(Clone)]
pub struct Signer(SigningKey);

/// The text is no seed. It is not repeated here: it may be a secret all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits, the 32 bytes of an Ed25519 seed")]
pub struct BadSeed;

impl Signer {
    /// The signer of this secret seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The signer of a seed in hexadecimal digits.
    pub fn from_hex(seed: &str) -> Result<Self, BadSeed> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(seed.trim(), &mut bytes).map_err(|_| BadSeed)?;
        Ok(Self::from_seed(bytes))
    }

    /// The public key in 64 hexadecimal digits, as `DISCORD_PUBLIC_KEY` takes it.
    pub fn public_key_hex(&self) -> String {
        hex::encode(self.0.verifying_key().to_bytes())
    }

    /// The value of [`SIGNATURE_HEADER`] for this value of [`TIMESTAMP_HEADER`] and this body.
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let mut message = timestamp.as_bytes().to_vec();
        message.extend_from_slice(body);
        hex::encode(self.0.sign(&message).to_bytes())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public_key_hex())
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};

    use super::*;

    #[test]
    fn the_public_half_verifies_the_timestamp_and_the_body() {
        let signer = Signer::from_seed([7; 32]);
        let mut key = [0; 32];
        hex::decode_to_slice(signer.public_key_hex(), &mut key).unwrap();
        let key = VerifyingKey::from_bytes(&key).unwrap();
        let mut signature = [0; 64];
        hex::decode_to_slice(signer.sign("1700000000", br#"{"type":1}"#), &mut signature).unwrap();
        let signature = Signature::from_bytes(&signature);

        let cases: [(&[u8], bool); 3] = [
            (br#"1700000000{"type":1}"#, true),
            (br#"1700000001{"type":1}"#, false),
            (br#"1700000000{"type":2}"#, false),
        ];
        for (message, holds) in cases {
            assert_eq!(key.verify_strict(message, &signature).is_ok(), holds, "{message:?}");
        }
    }

    #[test]
    fn a_seed_is_64_hexadecimal_digits_and_is_not_shown() {
        let seed = "2a".repeat(32);
        assert!(!format!("{:?}", Signer::from_hex(&seed).unwrap()).contains(&seed));
        for bad in ["", "2a", &"2g".repeat(32), &"2a".repeat(33)] {
            assert_eq!(Signer::from_hex(bad).err(), Some(BadSeed), "{bad}");
        }
    }
}
