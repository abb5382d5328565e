//! A series of points as the lines of a chart: bucketed, scaled, with its gaps.

mod range;
mod scale;

use protocol::{Timestamp, history::HistoryPoint};

pub use self::{
    range::{Range, Span},
    scale::Scale,
};

/// The drawing's width, in its own units.
pub const WIDTH: i64 = 1_000;
/// The drawing's height, in its own units.
pub const HEIGHT: i64 = 300;

/// A line's source: which value of a point, and how points become one.
#[derive(Clone, Copy)]
pub struct Of {
    /// The value; `None` where it is not known.
    pub value: fn(&HistoryPoint) -> Option<f64>,
    /// The way in which the points of a bucket become one value.
    pub fold: Fold,
}

/// The way in which the points of one bucket become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Their mean: what is measured.
    Mean,
    /// The greatest: what should be small.
    Max,
    /// Their sum: what is counted.
    Sum,
    /// The last: what is held.
    Last,
}

/// One line: a value for each bucket, oldest first; `None` where nothing was known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The start of the first bucket, a multiple of `bucket_ms`.
    pub start: Timestamp,
    /// The width of a bucket, in milliseconds.
    pub bucket_ms: u64,
    /// The values, one for each bucket; `None` where nothing was known.
    pub values: Vec<Option<f64>>,
}

impl Series {
    /// Folds what lies within `span` of `now`. Buckets are aligned to the clock, so that a shape moves on and does not
    /// wobble. The count of an unfinished bucket would always look like a fall: it is left out.
    pub fn new(points: &[HistoryPoint], of: Of, span: Span, now: Timestamp) -> Self {
        let Of { value, fold } = of;
        let bucket_ms = span.bucket_ms;
        let end = now.floor(bucket_ms).plus(if fold == Fold::Sum { 0 } else { bucket_ms });
        let start = end.minus(span.span_ms.next_multiple_of(bucket_ms));
        let count = usize::try_from(end.since(start) / bucket_ms).unwrap_or_default();
        let mut buckets = vec![(None, 0.0); count];
        for point in points.iter().filter(|point| point.at >= start) {
            let index = usize::try_from(point.at.since(start) / bucket_ms).unwrap_or(usize::MAX);
            if let (Some(bucket), Some(value)) = (buckets.get_mut(index), value(point)) {
                *bucket = (Some(folded(fold, bucket.0, value)), bucket.1 + 1.0);
            }
        }
        let values = buckets
            .into_iter()
            .map(|(value, count)| value.map(|value| if fold == Fold::Mean { value / count } else { value }))
            .collect();
        Self { start, bucket_ms, values }
    }

    /// The start of a bucket.
    pub fn at(&self, index: usize) -> Timestamp {
        self.start.plus(index as u64 * self.bucket_ms)
    }

    /// The smallest and the greatest value.
    pub fn extent(&self) -> Option<(f64, f64)> {
        self.values.iter().flatten().fold(None, |extent, &value| {
            let (low, high) = extent.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
    }

    /// The newest value that is known, and its bucket.
    pub fn last(&self) -> Option<(usize, f64)> {
        self.values.iter().enumerate().rev().find_map(|(index, value)| Some((index, (*value)?)))
    }

    /// The middle of a bucket, in the drawing's units.
    pub fn x(&self, index: usize) -> i64 {
        let count = i64::try_from(self.values.len().max(1)).unwrap_or(1);
        (2 * i64::try_from(index).unwrap_or_default() + 1) * WIDTH / (2 * count)
    }

    /// The bucket under a place between 0 (left) and 1 (right).
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "held between 0 and the number of buckets"
    )]
    pub fn under(&self, share: f64) -> usize {
        let last = self.values.len().saturating_sub(1);
        ((share.clamp(0.0, 1.0) * self.values.len() as f64) as usize).min(last)
    }

    /// The line and the area under it, as SVG paths. A gap is a gap; a lone value is a short dash.
    pub fn paths(&self, scale: Scale) -> (String, String) {
        let (mut line, mut area) = (String::new(), String::new());
        let mut index = 0;
        while index < self.values.len() {
            let run = self.values[index..].iter().take_while(|value| value.is_some()).count();
            let begun = line.len();
            for (step, value) in self.values[index..index + run].iter().flatten().enumerate() {
                line.push(if step == 0 { 'M' } else { 'L' });
                place(&mut line, self.x(index + step), scale.y(*value));
            }
            if run == 1 {
                line.push_str("h3");
            } else if run > 1 {
                area.push_str(&line[begun..]);
                area.push('L');
                place(&mut area, self.x(index + run - 1), HEIGHT);
                area.push('L');
                place(&mut area, self.x(index), HEIGHT);
                area.push('Z');
            }
            index += run.max(1);
        }
        (line, area)
    }

    /// A bar for each value above zero, as one SVG path.
    pub fn bars(&self, scale: Scale) -> String {
        let mut path = String::new();
        for (index, value) in self.values.iter().enumerate() {
            if let Some(value) = value.filter(|value| *value > 0.0) {
                path.push('M');
                place(&mut path, self.x(index), HEIGHT);
                path.push('L');
                place(&mut path, self.x(index), scale.y(value).min(HEIGHT - 4));
            }
        }
        path
    }
}

fn folded(fold: Fold, before: Option<f64>, value: f64) -> f64 {
    match (fold, before) {
        (Fold::Mean | Fold::Sum, Some(before)) => before + value,
        (Fold::Max, Some(before)) => before.max(value),
        (Fold::Last, _) | (_, None) => value,
    }
}

fn place(path: &mut String, x: i64, y: i64) {
    path.push_str(&x.to_string());
    path.push(' ');
    path.push_str(&y.to_string());
}

#[cfg(test)]
mod tests {
    use protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS};

    use super::{range::BUCKETS_MAX, *};

    fn point(at: u64, commands: u64) -> HistoryPoint {
        let ping = (commands > 0).then_some(f64::from(u32::try_from(commands).unwrap()));
        HistoryPoint { at: Timestamp(at), ping, commands, ..HistoryPoint::default() }
    }

    const NOW: Timestamp = Timestamp(100 * DAY_MS + 2_000);
    const PING: fn(&HistoryPoint) -> Option<f64> = |point| point.ping;

    #[test]
    fn no_line_has_more_points_than_it_may() {
        for range in Range::ALL {
            let span = range.span();
            let series = Series::new(&[], Of { value: PING, fold: Fold::Mean }, span, NOW);
            assert!(series.values.len() as u64 <= BUCKETS_MAX, "{}", series.values.len());
            assert!(series.values.len() >= 60);
            assert_eq!(span.bucket_ms % range.step_ms(), 0, "a bucket holds whole steps");
            assert!(series.at(series.values.len()) > NOW && series.at(series.values.len() - 1) <= NOW);
            assert_eq!(Range::of(range.word()), Some(range));
        }
    }

    #[test]
    fn buckets_fold_as_their_kind_asks() {
        let points = [point(NOW.0 - 12_000, 2), point(NOW.0 - 7_000, 4), point(NOW.0 - 2_000, 9)];
        let fold = |fold| {
            let values = Series::new(&points, Of { value: PING, fold }, Range::Hour.span(), NOW).values;
            values[values.len() - 2..].to_vec()
        };
        assert_eq!(Range::Hour.span().bucket_ms, 10_000);
        assert_eq!(fold(Fold::Mean), [Some(3.0), Some(9.0)]);
        assert_eq!(fold(Fold::Max), [Some(4.0), Some(9.0)]);
        assert_eq!(fold(Fold::Last), [Some(4.0), Some(9.0)]);
        assert_eq!(fold(Fold::Sum), [None, Some(6.0)], "an unfinished count is left out");
    }

    fn minute(minutes: u64, ping: Option<f64>) -> HistoryPoint {
        HistoryPoint { ping, ..point(NOW.0 - minutes * MINUTE_MS - 2_000, 0) }
    }

    #[test]
    fn a_gap_is_drawn_as_a_gap_and_old_points_not_at_all() {
        let points = [minute(90, Some(1.0)), minute(50, Some(1.0)), minute(10, None), minute(2, Some(3.0))];
        let series = Series::new(&points, Of { value: PING, fold: Fold::Mean }, Range::Hour.span(), NOW);
        let (line, area) = series.paths(Scale::new(series.extent(), true));
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert_eq!(line.matches("h3").count(), 2, "{line}");
        assert_eq!(area, "");
        assert_eq!(series.last(), Some((347, 3.0)));
    }

    #[test]
    fn a_spark_ends_now_and_the_first_minutes_have_its_width() {
        let of = Of { value: PING, fold: Fold::Mean };
        let young = [minute(9, Some(1.0)), minute(5, Some(2.0))];
        let span = Span::of_spark(&young, NOW);
        assert_eq!(span, Span { span_ms: 10 * MINUTE_MS, bucket_ms: 10_000 });
        let series = Series::new(&young, of, span, NOW);
        assert_eq!(series.values.len(), 60);
        assert_eq!(series.last().map(|(index, _)| index), Some(29), "what is not known up to now is a gap");
        let old = [minute(80, Some(1.0)), minute(30, Some(2.0))];
        assert_eq!(Span::of_spark(&old, NOW), Span { span_ms: HOUR_MS, bucket_ms: MINUTE_MS });
    }

    #[test]
    fn a_pointer_finds_its_bucket() {
        let series = Series { start: NOW, bucket_ms: 1, values: vec![None; 10] };
        for (share, index) in [(-1.0, 0), (0.0, 0), (0.55, 5), (1.0, 9), (7.0, 9)] {
            assert_eq!(series.under(share), index, "{share}");
        }
        assert_eq!((series.x(0), series.x(9)), (50, 950));
    }
}
