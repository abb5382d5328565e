//! Messages between programs name the version of their sender: during a deployment old and new code run side by side.
//!
//! A version from 1 to [`VERSION`] is known and read. Any other is refused by name: its sender repeats the message until it
//! meets a reader that knows it, and nothing is misunderstood meanwhile.

use serde::{Deserialize, de::DeserializeOwned};

use crate::VERSION;

/// Why a message was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Its sender speaks a version that this reader does not know.
    #[error("version {0} is not known here; 1 to {VERSION} are")]
    UnknownVersion(u32),
    /// It is not JSON, or not of that shape.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
}

/// Reads a message with a field `version`. The version is looked at first: a shape of tomorrow need not fit into today's.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, ReadError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }

    let Versioned { version } = serde_json::from_slice(json)?;
    if (1..=VERSION).contains(&version) {
        Ok(serde_json::from_slice(json)?)
    } else {
        Err(ReadError::UnknownVersion(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Message {
        word: String,
    }

    #[test]
    fn what_is_known_is_read_and_the_rest_is_named() {
        let cases = [
            (r#"{"version":1,"word":"hello"}"#, "hello"),
            (r#"{"word":"hello","version":1,"more":[]}"#, "hello"),
            (r#"{"version":0,"word":"hello"}"#, "version 0 is not known here; 1 to 1 are"),
            (r#"{"version":2,"words":["of tomorrow"]}"#, "version 2 is not known here; 1 to 1 are"),
            (r#"{"word":"hello"}"#, "missing field `version` at line 1 column 16"),
            (r#"{"version":1}"#, "missing field `word` at line 1 column 13"),
        ];
        for (json, outcome) in cases {
            let read = read::<Message>(json.as_bytes());
            assert_eq!(
                read.map_or_else(|error| error.to_string(), |message| message.word),
                outcome,
                "{json}"
            );
        }
    }
}
