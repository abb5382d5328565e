//! Every identifier has a type of its own; Discord's are strings on the wire, because JavaScript's numbers lose their last digits.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::Timestamp;

/// The first moment of Discord's ids: 2015-01-01T00:00:00Z.
/// Source: <https://discord.com/developers/docs/reference#snowflakes>.
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// Makes a number of 64 bits a string wherever it is text, and on the wire.
macro_rules! string_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|_| {
                    de::Error::custom(concat!(
                        "expected a decimal id of at most 64 bits for ",
                        stringify!($name)
                    ))
                })
            }
        }
    };
}
pub(crate) use string_id;

macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// Returns the moment at which Discord made this id, from its upper 42 bits.
            pub const fn created_at(self) -> Timestamp {
                Timestamp((self.0 >> 22) + DISCORD_EPOCH_MS)
            }
        }

        string_id!($name);
    };
}

snowflake! {
    /// The id of a Discord server.
    GuildId
}
snowflake! {
    /// The id of a Discord user.
    UserId
}
snowflake! {
    /// One use of a command, button or menu: what makes an answer unique.
    InteractionId
}

impl GuildId {
    /// Stands where an event concerns no server in particular.
    pub const NONE: Self = Self(0);

    /// The connection to the gateway, of so many, to which Discord tells this server.
    /// Source: <https://discord.com/developers/docs/events/gateway#sharding-sharding-formula>.
    pub const fn shard(self, of: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "less than a number of 32 bits")]
        let shard = ((self.0 >> 22) % of as u64) as u32;
        shard
    }
}

macro_rules! sequence {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The number after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

sequence! {
    /// Place of an event in the room's stream: 1, 2, 3, … without gaps, within one epoch.
    Seq
}
sequence! {
    /// Place of a row in one server's journal: 1, 2, 3, … without gaps.
    JournalSeq
}

/// One life of the room's event log. It changes only if the log was lost, and then no sequence number carries over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Epoch {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("expected an epoch of up to 16 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_every_digit() {
        let id: UserId = serde_json::from_str("\"18446744073709551615\"").unwrap();
        assert_eq!(id, UserId(u64::MAX));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"18446744073709551615\"");
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["\"\"", "\"-1\"", "\"1.0\"", "\"18446744073709551616\"", "17", "null", "\"abc\""] {
            assert!(serde_json::from_str::<UserId>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_moment_is_read_from_the_id() {
        // The example of Discord's documentation.
        assert_eq!(UserId(175_928_847_299_117_063).created_at(), Timestamp(1_462_015_105_796));
    }
}
