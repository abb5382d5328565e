//! Money is whole coins, checked at every step; in JSON it is a decimal string.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of coins. Negative only for what the mint has given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coins(i64);

impl Coins {
    /// No coins.
    pub const ZERO: Self = Self(0);
    /// The most that one player may hold.
    pub const PLAYER_CAP: Self = Self(1_000_000_000_000);

    /// An amount of so many coins, which may be negative.
    pub const fn new(amount: i64) -> Self {
        Self(amount)
    }

    /// The number of coins.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, or `None` where it leaves 64 bits.
    #[must_use]
    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` where it leaves 64 bits.
    #[must_use]
    pub const fn minus(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// For figures that are only shown: the sum, held at the ends of 64 bits.
    #[must_use]
    pub const fn saturating_plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// For figures that are only shown: the difference, held at the ends of 64 bits.
    #[must_use]
    pub const fn saturating_minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Coins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Coins {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Coins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Coins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("expected an amount as a decimal string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_survives_javascript() {
        let coins = Coins::new(9_007_199_254_740_993);
        assert_eq!(serde_json::to_string(&coins).unwrap(), "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<Coins>("\"9007199254740993\"").unwrap(), coins);
        assert!(serde_json::from_str::<Coins>("12").is_err(), "a bare number is not money");
    }

    #[test]
    fn sums_that_do_not_fit_are_not_sums() {
        assert_eq!(Coins::new(i64::MAX).plus(Coins::new(1)), None);
        assert_eq!(Coins::new(i64::MIN).minus(Coins::new(1)), None);
        assert_eq!(Coins::new(2).plus(Coins::new(3)), Some(Coins::new(5)));
    }
}
