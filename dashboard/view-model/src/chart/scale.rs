//! From values to heights: round numbers at the edges, and lines between them.

use super::HEIGHT;

/// The values at the bottom and the top of a chart, both round numbers, and the step between its lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The value at the bottom, a multiple of the step.
    pub low: f64,
    /// The value at the top.
    pub high: f64,
    /// The distance from one line to the next.
    pub step: f64,
}

impl Scale {
    /// A scale for values between the two. Counts and durations start at zero; amounts that are held may begin higher.
    pub fn new(extent: Option<(f64, f64)>, from_zero: bool) -> Self {
        let (low, high) = extent.unwrap_or((0.0, 1.0));
        let low = if from_zero { 0.0 } else { low };
        let room = (high - low).max(high.abs() * 0.01).max(if from_zero { 1.0 } else { 3.0 });
        let step = nice(room / 3.0);
        let low = (low / step).floor() * step;
        let high = low + step * ((high - low) / step).ceil().max(1.0);
        Self { low, high, step }
    }

    /// The scale of a line without axes: what is counted stands on zero; a measure fills the height, but noise is not
    /// blown up to drama.
    pub fn snug(extent: Option<(f64, f64)>, from_zero: bool) -> Self {
        let (low, high) = extent.unwrap_or((0.0, 1.0));
        if from_zero {
            return Self { low: 0.0, high: high.max(1.0), step: 1.0 };
        }
        let slack = ((high.abs() * 0.1).max(1.0) - (high - low)).max(0.0) / 2.0;
        Self { low: low - slack, high: high + slack, step: 1.0 }
    }

    /// A value's height, in the drawing's units, from the top.
    #[expect(clippy::cast_possible_truncation, reason = "held within the drawing")]
    pub fn y(self, value: f64) -> i64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        HEIGHT - (share * 300.0).round() as i64
    }

    /// The values that get a line, the lowest first.
    pub fn lines(self) -> Vec<f64> {
        let mut lines = Vec::new();
        let mut value = self.low;
        while value <= self.high + self.step / 2.0 && lines.len() < 8 {
            lines.push(value);
            value += self.step;
        }
        lines
    }
}

/// The next number at or above that people count in: 1, 2 or 5 times a power of ten.
fn nice(number: f64) -> f64 {
    let mut power = 1.0;
    while power * 10.0 <= number {
        power *= 10.0;
    }
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= number)
        .unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_not_drama() {
        let scale = Scale::snug(Some((40.0, 40.0)), false);
        assert_eq!(scale.y(40.0), HEIGHT / 2);
        let scale = Scale::snug(Some((100.0, 101.0)), false);
        assert!(scale.y(100.0) - scale.y(101.0) < HEIGHT / 5);
        assert_eq!(Scale::snug(Some((3.0, 9.0)), true).y(0.0), HEIGHT);
    }

    #[test]
    fn scales_are_round_and_hold_their_values() {
        let cases = [
            (None, true, 0.0, 1.0),
            (Some((3.0, 7.0)), true, 0.0, 10.0),
            (Some((40.0, 412.0)), true, 0.0, 600.0),
            (Some((1_000.0, 1_000.0)), false, 1_000.0, 1_005.0),
            (Some((123_456.0, 123_999.0)), false, 123_000.0, 124_000.0),
        ];
        for (extent, from_zero, low, high) in cases {
            let scale = Scale::new(extent, from_zero);
            assert!((2..=8).contains(&scale.lines().len()), "{scale:?}");
            if let Some((least, most)) = extent {
                assert!(scale.low <= least && most <= scale.high, "{extent:?} {scale:?}");
            }
            assert!((scale.low - low).abs() < 0.5, "{extent:?} {scale:?}");
            assert!((scale.high - high).abs() <= high * 0.5, "{extent:?} {scale:?}");
        }
    }
}
