//! Settings of a server: a key, what it means, its range and its default. Everything is a whole number.

use std::ops::RangeInclusive;

use protocol::{
    Coins, Sentence,
    number::{self, NumberError},
    time::MINUTE_MS,
};
use serde::{Deserialize, Serialize};

use crate::text;

/// The unit of a setting's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Coins.
    Coins,
    /// Coins in 24 hours; 0 is without a limit.
    CoinsADay,
    /// Percent.
    Percent,
    /// Days.
    Days,
    /// Minutes.
    Minutes,
    /// 0 is off, 1 is on.
    Switch,
}

impl Unit {
    /// The word for it between programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Coins => "coins",
            Self::CoinsADay => "coins_a_day",
            Self::Percent => "percent",
            Self::Days => "days",
            Self::Minutes => "minutes",
            Self::Switch => "switch",
        }
    }
}

/// One setting, as it is listed.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The key by which the code finds it.
    pub key: Key,
    /// The name that people type, such as `daily_base`.
    pub name: &'static str,
    /// One line for people on what it does.
    pub about: &'static str,
    /// The unit of its number.
    pub unit: Unit,
    /// The values that it takes, in its unit.
    pub range: RangeInclusive<i64>,
    /// The value until somebody sets one.
    pub default: i64,
}

macro_rules! settings {
    ($($key:ident, $name:literal, $unit:ident, $range:expr, $default:literal, $about:literal;)+) => {
        /// The key of a setting: its index in [`ALL`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Key {
            $(#[doc = $about] $key,)+
        }

        /// The number of settings.
        const COUNT: usize = [$(Key::$key),+].len();

        /// Every setting, in the order of the list.
        pub static ALL: [Setting; COUNT] = [$(Setting {
            key: Key::$key, name: $name, about: $about, unit: Unit::$unit, range: $range, default: $default,
        }),+];
    };
}

const CAP: i64 = Coins::PLAYER_CAP.get();

settings! {
    DailyBase, "daily_base", Coins, 0..=1_000_000, 100, "What a daily pays on the first day of a streak";
    DailyPerStreakDay, "daily_per_streak_day", Coins, 0..=100_000, 10, "What each further day of a streak adds";
    DailyStreakMax, "daily_streak_max", Coins, 0..=10_000_000, 200, "The most that a streak adds";
    PayMin, "pay_min", Coins, 1..=CAP, 1, "The smallest payment";
    PayMax, "pay_max", Coins, 1..=CAP, 1_000_000, "The largest payment";
    PayTaxPercent, "pay_tax_percent", Percent, 0..=100, 0, "Of a payment, burnt";
    PaySendCap, "pay_send_cap", CoinsADay, 0..=CAP, 0, "The most one player may send in 24 hours";
    PayReceiveCap, "pay_receive_cap", CoinsADay, 0..=CAP, 0, "The most one player may receive in 24 hours";
    PayAccountAgeDays, "pay_account_age_days", Days, 0..=3_650, 0, "How old both Discord accounts must be for a payment";
    WorkCooldownMinutes, "work_cooldown_minutes", Minutes, 1..=10_080, 60, "The time between two shifts of work";
    WorkMin, "work_min", Coins, 0..=1_000_000, 20, "The least that work pays";
    WorkMax, "work_max", Coins, 0..=1_000_000, 60, "The most that work pays";
    Gambling, "gambling", Switch, 0..=1, 0, "Whether /coinflip may be played";
    CoinflipMax, "coinflip_max", Coins, 1..=1_000_000_000, 10_000, "The largest bet";
    ConfirmAbove, "confirm_above", Coins, 0..=CAP, 100_000, "Above this amount, /economy asks for confirmation";
    EconomyByRole, "economy_by_role", Switch, 0..=1, 0, "Whether roles to which Discord allows /economy (Server Settings, Integrations) need no Manage Server";
    EarnAccountAgeDays, "earn_account_age_days", Days, 0..=3_650, 0, "How old a Discord account must be for /daily and /work";
}

/// Settings that make it dear to play with many accounts, and a value to begin with for each. None is on by itself: each refuses
/// somebody who has done nothing wrong, and who that may be is for those who manage the server to say.
pub const AGAINST_SECOND_ACCOUNTS: [(Key, i64); 4] = [
    (Key::EarnAccountAgeDays, 7),
    (Key::PayAccountAgeDays, 7),
    (Key::PayReceiveCap, 5_000),
    (Key::PayTaxPercent, 2),
];

/// Why a setting cannot be what somebody wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// There is no such setting.
    #[error("there is no setting `{0}`")]
    Unknown(String),
    /// Not in the range.
    #[error("`{name}` takes {range}, not “{given}”")]
    OutOfRange {
        /// The setting's name.
        name: &'static str,
        /// The values that it takes, in words.
        range: String,
        /// The value that was given, in words.
        given: String,
    },
    /// Not a number of its kind.
    #[error("`{name}` takes {range}: {why}")]
    NotANumber {
        /// The setting's name.
        name: &'static str,
        /// The values that it takes, in words.
        range: String,
        /// The reason, with the text that was typed and an example.
        why: NumberError,
    },
    /// The smallest would be larger than the largest.
    #[error("`{low}` may not be larger than `{high}`: `{name}` takes {least} to {most} now")]
    Crossed {
        /// The name of the setting that is the lower bound.
        low: &'static str,
        /// The name of the setting that is the upper bound.
        high: &'static str,
        /// The one that was to be set.
        name: &'static str,
        /// The least that it can be.
        least: String,
        /// The most that it can be.
        most: String,
    },
}

impl Setting {
    /// The setting of that name.
    pub fn named(name: &str) -> Result<&'static Self, BadSetting> {
        ALL.iter().find(|setting| setting.name == name).ok_or_else(|| BadSetting::Unknown(name.to_owned()))
    }

    /// Returns the setting that a key is of.
    pub fn of(key: Key) -> &'static Self {
        &ALL[key as usize]
    }

    /// Reads what somebody typed: a number in anybody's spelling; `on` and `off` for a switch, `no limit` for a limit.
    pub fn parse(&self, typed: &str) -> Result<i64, BadSetting> {
        let format = if self.unit == Unit::Percent { number::PERCENT } else { number::WHOLE };
        let value = match self.unit {
            Unit::Switch => number::switch(typed).map(i64::from).ok_or_else(|| self.out_of_range(typed)),
            Unit::CoinsADay if number::is_endless(typed) => Ok(0),
            _ => format.parse(typed).map_err(|why| BadSetting::NotANumber {
                name: self.name,
                range: self.range_words(),
                why,
            }),
        }?;
        if self.range.contains(&value) { Ok(value) } else { Err(self.out_of_range(typed)) }
    }

    /// A value in words.
    pub fn words(&self, value: i64) -> String {
        self.said(value).to_string()
    }

    /// A value as a part of a sentence.
    pub fn said(&self, value: i64) -> Sentence {
        match self.unit {
            Unit::CoinsADay if value == 0 => Sentence::new("no limit"),
            Unit::Coins | Unit::CoinsADay => Sentence::default().coins(Coins::new(value)),
            Unit::Percent => Sentence::default().number(value).words(" %"),
            Unit::Days => Sentence::default().count(value, "day"),
            Unit::Minutes => Sentence::default().count(value, "minute"),
            Unit::Switch => Sentence::new(if value == 0 { "off" } else { "on" }),
        }
    }

    /// The range in words.
    pub fn range_words(&self) -> String {
        match self.unit {
            Unit::Switch => "`on` or `off`".to_owned(),
            Unit::CoinsADay => format!("`no limit`, or 1 to {}", text::grouped(*self.range.end())),
            _ => format!("{} to {}", text::grouped(*self.range.start()), text::grouped(*self.range.end())),
        }
    }

    fn out_of_range(&self, given: &str) -> BadSetting {
        BadSetting::OutOfRange { name: self.name, range: self.range_words(), given: number::shown(given) }
    }
}

/// A server's rules in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    values: [i64; COUNT],
    paused: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { values: std::array::from_fn(|index| ALL[index].default), paused: false }
    }
}

impl Settings {
    /// Returns a setting's number, in its unit.
    pub fn get(&self, key: Key) -> i64 {
        self.values[key as usize]
    }

    /// A setting's number, where it counts coins.
    pub fn coins(&self, key: Key) -> Coins {
        Coins::new(self.get(key))
    }

    /// Whether a switch is on.
    pub fn is_on(&self, key: Key) -> bool {
        self.get(key) != 0
    }

    /// The limit of 24 hours, if there is one.
    pub fn cap(&self, key: Key) -> Option<Coins> {
        Some(self.coins(key)).filter(|&cap| cap > Coins::ZERO)
    }

    /// The time between two shifts of work, in milliseconds.
    pub fn work_cooldown_ms(&self) -> u64 {
        u64::try_from(self.get(Key::WorkCooldownMinutes)).unwrap_or(0) * MINUTE_MS
    }

    /// Whether nothing holds somebody back who plays with many accounts.
    pub fn lets_second_accounts_be(&self) -> bool {
        AGAINST_SECOND_ACCOUNTS.iter().all(|(key, _)| self.get(*key) == 0)
    }

    /// Whether players' commands are refused.
    pub fn paused(&self) -> bool {
        self.paused
    }

    /// The same, paused or not.
    #[must_use]
    pub fn with_paused(self, paused: bool) -> Self {
        Self { paused, ..self }
    }

    /// The same with one setting as it was stored; one that is out of its range keeps its default.
    #[must_use]
    pub fn holding(mut self, key: Key, value: i64) -> Self {
        if Setting::of(key).range.contains(&value) {
            self.values[key as usize] = value;
        }
        self
    }

    /// The same with one setting changed, as long as the whole makes sense.
    pub fn with(mut self, key: Key, value: i64) -> Result<Self, BadSetting> {
        let setting = Setting::of(key);
        if !setting.range.contains(&value) {
            return Err(setting.out_of_range(&value.to_string()));
        }
        for (low, high) in [(Key::PayMin, Key::PayMax), (Key::WorkMin, Key::WorkMax)] {
            let (mut least, mut most) = (*setting.range.start(), *setting.range.end());
            match key {
                _ if key == low => most = self.get(high),
                _ if key == high => least = self.get(low),
                _ => continue,
            }
            if !(least..=most).contains(&value) {
                return Err(BadSetting::Crossed {
                    low: Setting::of(low).name,
                    high: Setting::of(high).name,
                    name: setting.name,
                    least: text::grouped(least),
                    most: text::grouped(most),
                });
            }
        }
        self.values[key as usize] = value;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_or_refused_with_the_range() {
        let cases = [
            ("pay_min", "5", Ok(5)),
            ("pay_max", "1,000,000", Ok(1_000_000)),
            ("pay_max", "1.000.000", Ok(1_000_000)),
            ("pay_max", "10,00,000", Ok(1_000_000)),
            ("pay_max", "١٬٠٠٠", Ok(1_000)),
            ("pay_tax_percent", "10 %", Ok(10)),
            ("pay_tax_percent", "%10", Ok(10)),
            ("gambling", "ON", Ok(1)),
            ("gambling", "yes", Ok(1)),
            ("gambling", "1", Ok(1)),
            ("gambling", "off", Ok(0)),
            ("gambling", "No", Ok(0)),
            ("pay_send_cap", "no limit", Ok(0)),
            ("pay_send_cap", "Unlimited", Ok(0)),
            ("pay_send_cap", "0", Ok(0)),
            ("gambling", "2", Err("`gambling` takes `on` or `off`, not “2”")),
            ("pay_tax_percent", "101", Err("`pay_tax_percent` takes 0 to 100, not “101”")),
            ("pay_tax_percent", "-1", Err("`pay_tax_percent` takes 0 to 100, not “-1”")),
            (
                "pay_tax_percent",
                "7,5 %",
                Err(
                    "`pay_tax_percent` takes 0 to 100: “7,5 %” is not a whole number; write it like 7 or 7 %",
                ),
            ),
            (
                "pay_tax_percent",
                "1,5",
                Err("`pay_tax_percent` takes 0 to 100: “1,5” is not a whole number; write it like 7 or 7 %"),
            ),
            (
                "daily_base",
                "12,50",
                Err(
                    "`daily_base` takes 0 to 1,000,000: “12,50” is not a whole number; write it like 1500 or 1,500",
                ),
            ),
            (
                "work_cooldown_minutes",
                "soon",
                Err(
                    "`work_cooldown_minutes` takes 1 to 10,080: “soon” is not a number; write it like 1500 or 1,500",
                ),
            ),
            (
                "pay_send_cap",
                "-1",
                Err("`pay_send_cap` takes `no limit`, or 1 to 1,000,000,000,000, not “-1”"),
            ),
            ("luck", "1", Err("there is no setting `luck`")),
        ];
        for (name, typed, expected) in cases {
            let read = Setting::named(name)
                .and_then(|setting| setting.parse(typed))
                .map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(str::to_owned), "{name} {typed}");
        }
    }

    #[test]
    fn bounds_do_not_cross() {
        let settings = Settings::default().with(Key::WorkMin, 50).unwrap();
        assert_eq!(
            settings.with(Key::WorkMax, 49).unwrap_err().to_string(),
            "`work_min` may not be larger than `work_max`: `work_max` takes 50 to 1,000,000 now"
        );
        assert_eq!(
            settings
                .with(Key::PayMin, 2_000)
                .unwrap()
                .with(Key::PayMax, 3_000)
                .unwrap()
                .with(Key::PayMin, 3_001)
                .unwrap_err()
                .to_string(),
            "`pay_min` may not be larger than `pay_max`: `pay_min` takes 1 to 3,000 now"
        );
        assert_eq!(settings.with(Key::WorkMax, 50).unwrap().get(Key::WorkMax), 50);
    }

    #[test]
    fn each_default_is_in_its_range() {
        for setting in &ALL {
            assert!(setting.range.contains(&setting.default), "{}", setting.name);
            assert_eq!(setting.parse(&setting.default.to_string()), Ok(setting.default));
        }
        assert!(ALL.len() <= 25, "Discord offers 25 choices");
    }
}
