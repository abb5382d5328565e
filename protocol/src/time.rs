//! Time is a number of milliseconds since the Unix epoch, and always an argument.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One second, in milliseconds.
pub const SECOND_MS: u64 = 1_000;
/// One minute, in milliseconds.
pub const MINUTE_MS: u64 = 60 * SECOND_MS;
/// One hour, in milliseconds.
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// One UTC day, in milliseconds: Unix time has no leap seconds.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// A moment: Unix time in milliseconds. A JSON number on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Milliseconds from `earlier` to this moment; zero when `earlier` lies ahead (clocks step).
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment, `ms` milliseconds later.
    #[must_use]
    pub const fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// This moment, `ms` milliseconds earlier; never before the Unix epoch.
    #[must_use]
    pub const fn minus(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms))
    }

    /// The latest multiple of `step_ms` that is not after this moment.
    #[must_use]
    pub const fn floor(self, step_ms: u64) -> Self {
        Self(self.0 - self.0 % step_ms)
    }

    /// The UTC calendar day this moment falls on.
    pub const fn day(self) -> Day {
        Day(self.0 / DAY_MS)
    }

    /// Whole seconds since the Unix epoch, as Discord's `<t:…>` wants them.
    pub const fn seconds(self) -> u64 {
        self.0 / SECOND_MS
    }

    /// The calendar month, counted from January 1970.
    pub const fn month(self) -> u32 {
        let (year, month, _) = self.day().civil();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "months of any u64 of milliseconds fit in 32 bits"
        )]
        let month = ((year - 1970) * 12 + month - 1) as u32;
        month
    }

    /// In ISO 8601, to the millisecond: `2026-11-22T12:00:00.000Z`.
    pub fn iso(self) -> String {
        let (year, month, day) = self.day().civil();
        let ms = self.0 % DAY_MS;
        let (hour, minute) = (ms / HOUR_MS, ms / MINUTE_MS % 60);
        let (second, ms) = (ms / SECOND_MS % 60, ms % SECOND_MS);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A UTC calendar day, counted from 1 January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub u64);

impl Day {
    /// The first moment of this day.
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_MS))
    }

    /// The day after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Year, month and day of the month, the last two from 1.
    const fn civil(self) -> (u64, u64, u64) {
        // Days to civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = self.0 + 719_468;
        let day_of_era = shifted % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        // The years of this calendar begin in March.
        let (month, year) = ((month_from_march + 2) % 12 + 1, shifted / 146_097 * 400 + year_of_era);
        (if month <= 2 { year + 1 } else { year }, month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_change_where_the_calendar_says() {
        let cases = [
            (0, 0),                                           // 1970-01-01
            (30 * DAY_MS, 0),                                 // 1970-01-31
            (31 * DAY_MS, 1),                                 // 1970-02-01
            (1_709_164_799_999, (2024 - 1970) * 12 + 1),      // 2024-02-28T23:59:59.999
            (1_709_164_800_000, (2024 - 1970) * 12 + 1),      // 2024-02-29, the leap day
            (1_709_251_200_000, (2024 - 1970) * 12 + 2),      // 2024-03-01
            (1_798_761_600_000 - 1, (2026 - 1970) * 12 + 11), // the last millisecond of 2026
            (1_798_761_600_000, (2027 - 1970) * 12),          // 2027-01-01
        ];
        for (ms, month) in cases {
            assert_eq!(Timestamp(ms).month(), month, "month of {ms}");
        }
    }

    #[test]
    fn moments_are_written_as_iso_8601_has_it() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_164_799_999, "2024-02-28T23:59:59.999Z"),
            (1_795_678_252_025, "2026-11-26T07:30:52.025Z"),
            (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
        ];
        for (ms, iso) in cases {
            assert_eq!(Timestamp(ms).iso(), iso);
        }
    }

    #[test]
    fn a_day_ends_at_midnight_utc() {
        assert_eq!(Timestamp(DAY_MS - 1).day(), Day(0));
        assert_eq!(Timestamp(DAY_MS).day(), Day(1));
        assert_eq!(Day(1).start(), Timestamp(DAY_MS));
    }
}
