//! The ranges of the charts, and the buckets that each is divided into.

use protocol::{
    Timestamp,
    history::HistoryPoint,
    time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
};

/// The most points of one line.
pub const BUCKETS_MAX: u64 = 500;

/// The span of a line without axes while less than that is known, in milliseconds.
const SPARK_FIRST_MS: u64 = 10 * MINUTE_MS;
/// The number of buckets of a line without axes.
const SPARK_BUCKETS: u64 = 60;

/// A range that the reader can choose for the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// Five minutes.
    Minutes,
    /// An hour.
    #[default]
    Hour,
    /// A day.
    Day,
    /// Thirty days.
    Month,
}

impl Range {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Minutes, Self::Hour, Self::Day, Self::Month];

    /// Its word in the address.
    pub fn word(self) -> &'static str {
        match self {
            Self::Minutes => "5m",
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Month => "30d",
        }
    }

    /// Parses the word of an address, such as `24h`.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.word() == word)
    }

    /// The length, in milliseconds.
    pub fn span_ms(self) -> u64 {
        match self {
            Self::Minutes => 5 * MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
            Self::Month => 30 * DAY_MS,
        }
    }

    /// The time between two points of the history that it is drawn from, in milliseconds.
    pub fn step_ms(self) -> u64 {
        match self {
            Self::Minutes | Self::Hour => 5 * SECOND_MS,
            Self::Day => MINUTE_MS,
            Self::Month => 15 * MINUTE_MS,
        }
    }

    /// Whether the points come with the stream; the others are asked for.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Minutes | Self::Hour)
    }

    /// Its buckets: the shortest whole number of steps that keeps to [`BUCKETS_MAX`].
    pub fn span(self) -> Span {
        let bucket_ms = self.span_ms().div_ceil(self.step_ms()).div_ceil(BUCKETS_MAX) * self.step_ms();
        Span { span_ms: self.span_ms(), bucket_ms }
    }
}

/// A stretch of time up to now, and into what it is divided, both in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The length of the whole span.
    pub span_ms: u64,
    /// The length of one bucket.
    pub bucket_ms: u64,
}

impl Span {
    /// The span of a line without axes: the last hour, or the last minutes while there is no more.
    pub fn of_spark(points: &[HistoryPoint], now: Timestamp) -> Self {
        let known_ms = points
            .iter()
            .find(|point| now.since(point.at) <= HOUR_MS)
            .map_or(0, |oldest| now.since(oldest.at));
        let span_ms = if known_ms < SPARK_FIRST_MS { SPARK_FIRST_MS } else { HOUR_MS };
        Self { span_ms, bucket_ms: span_ms / SPARK_BUCKETS }
    }
}
