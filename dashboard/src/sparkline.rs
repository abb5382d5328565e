//! A small line without axes: the shape of the last hour, or of the last minutes while there is no more. Where nothing was known, nothing is drawn.

use std::fmt::Write as _;

use protocol::{
    Timestamp,
    time::{HOUR_MS, MINUTE_MS},
};

/// The drawing's width, in its own units.
pub const WIDTH: f64 = 120.0;
/// The drawing's height, in its own units.
pub const HEIGHT: f64 = 32.0;
/// How much time the drawing spans, in milliseconds: the shortest of these that holds all that is known.
const SPANS_MS: [u64; 2] = [10 * MINUTE_MS, HOUR_MS];
/// Into how many equal steps the span is divided.
const STEPS: u64 = 60;
/// Room for the stroke at top and bottom.
const MARGIN: f64 = 2.0;

/// How the points of one step become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Their mean: for what is measured.
    Mean,
    /// Their sum: for what is counted.
    Sum,
}

/// The outline of a sparkline, as SVG paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The line.
    pub line: String,
    /// The area under it.
    pub area: String,
}

/// Draws what is known up to `until`, oldest first.
pub fn outline(
    points: impl Iterator<Item = (Timestamp, Option<f64>)>,
    until: Timestamp,
    fold: Fold,
) -> Outline {
    let steps = fold_into_steps(points, until, fold);
    let known = || steps.iter().flatten().copied();
    let (low, high) = known()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    // Counts stand on zero; a measure fills the height, but noise is not blown up to drama.
    let (low, high) = match fold {
        Fold::Sum => (0.0, high.max(1.0)),
        Fold::Mean => {
            let slack = ((high.abs() * 0.1) - (high - low)).max(0.0) / 2.0;
            (low - slack, high + slack)
        }
    };
    let y = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)
    };
    let mut outline = Outline::default();
    for run in runs(&steps) {
        draw_run(&mut outline, &run, y);
    }
    outline
}

fn fold_into_steps(
    points: impl Iterator<Item = (Timestamp, Option<f64>)>,
    until: Timestamp,
    fold: Fold,
) -> Vec<Option<f64>> {
    let mut points = points.skip_while(|&(at, _)| until.since(at) > HOUR_MS).peekable();
    let known_ms = points.peek().map_or(0, |&(oldest, _)| until.since(oldest));
    let span_ms = SPANS_MS.into_iter().find(|&span| known_ms < span).unwrap_or(HOUR_MS);
    let step_ms = span_ms / STEPS;
    // Steps are aligned to the clock, so that the shape moves on and does not wobble.
    // The count of an unfinished step would always look like a fall: it is left out.
    let end = match fold {
        Fold::Mean => until.floor(step_ms).plus(step_ms),
        Fold::Sum => until.floor(step_ms),
    };
    let start = end.minus(span_ms);
    let mut sums = vec![(0.0, 0.0); STEPS.try_into().unwrap_or_default()];
    for (at, value) in points {
        let step = usize::try_from(at.since(start) / step_ms).unwrap_or(usize::MAX);
        if at >= start
            && let (Some((sum, count)), Some(value)) = (sums.get_mut(step), value)
        {
            *sum += value;
            *count += 1.0;
        }
    }
    let fold_one = |(sum, count): (f64, f64)| match fold {
        _ if count == 0.0 => None,
        Fold::Mean => Some(sum / count),
        Fold::Sum => Some(sum),
    };
    sums.into_iter().map(fold_one).collect()
}

/// Neighbouring steps that are known, with their places.
fn runs(steps: &[Option<f64>]) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    let mut x = 0.0;
    #[expect(clippy::cast_precision_loss, reason = "there are few steps")]
    let step_width = WIDTH / (steps.len().max(2) - 1) as f64;
    for step in steps {
        match (step, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((x, *value)),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
        x += step_width;
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn draw_run(outline: &mut Outline, run: &[(f64, f64)], y: impl Fn(f64) -> f64) {
    let (Some(&(first, value)), Some(&(last, _))) = (run.first(), run.last()) else { return };
    let start = outline.line.len();
    for (index, &(x, value)) in run.iter().enumerate() {
        let verb = if index == 0 { 'M' } else { 'L' };
        let _ = write!(outline.line, "{verb}{x:.1} {:.1}", y(value));
    }
    if run.len() == 1 {
        // A single step is a short dash: a line of no length would not be seen.
        let _ = write!(outline.line, "L{:.1} {:.1}", first + 1.0, y(value));
    } else {
        let _ = write!(outline.area, "{}L{last:.1} {HEIGHT}L{first:.1} {HEIGHT}Z", &outline.line[start..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u64) -> Timestamp {
        Timestamp(HOUR_MS * 10 + minute * MINUTE_MS)
    }

    fn draw(points: &[(u64, Option<f64>)], fold: Fold) -> Outline {
        outline(points.iter().map(|&(minute, value)| (at(minute), value)), at(59), fold)
    }

    #[test]
    fn nothing_known_is_nothing_drawn() {
        assert_eq!(draw(&[], Fold::Mean), Outline::default());
        assert_eq!(draw(&[(3, None), (4, None)], Fold::Mean), Outline::default());
    }

    #[test]
    fn the_hour_spans_the_width_and_the_extremes_the_height() {
        let drawn = draw(&[(0, Some(10.0)), (1, Some(20.0))], Fold::Mean);
        assert_eq!(drawn.line, "M0.0 30.0L2.0 2.0");
        assert_eq!(drawn.area, "M0.0 30.0L2.0 2.0L2.0 32L0.0 32Z");
        let later = [(0, Some(1.0)), (58, Some(0.0)), (59, Some(9.0))];
        assert!(draw(&later, Fold::Mean).line.ends_with("L120.0 2.0"));
    }

    #[test]
    fn the_first_minutes_have_the_width_to_themselves() {
        let first = [(at(50), Some(1.0)), (at(51), Some(1.0)), (at(59), Some(9.0))];
        let drawn = outline(first.into_iter(), at(59), Fold::Sum);
        assert!(drawn.line.starts_with("M12.2"), "{}", drawn.line);
    }

    #[test]
    fn gaps_stay_gaps() {
        let drawn =
            draw(&[(0, Some(1.0)), (1, Some(2.0)), (2, None), (3, Some(2.0)), (4, Some(1.0))], Fold::Mean);
        assert_eq!(drawn.line.matches('M').count(), 2, "{}", drawn.line);
    }

    #[test]
    fn a_steady_value_runs_through_the_middle() {
        let drawn = draw(&[(0, Some(40.0)), (1, Some(40.0))], Fold::Mean);
        assert_eq!(drawn.line, "M0.0 16.0L2.0 16.0");
    }

    #[test]
    fn what_is_counted_is_summed_and_stands_on_zero() {
        let drawn = draw(&[(0, Some(1.0)), (0, Some(3.0)), (1, Some(2.0)), (59, Some(9.0))], Fold::Sum);
        assert_eq!(drawn.line, "M2.0 2.0L4.1 16.0");
    }

    #[test]
    fn what_is_outside_of_the_hour_is_left_out() {
        let drawn = outline([(at(0), Some(5.0)), (at(200), Some(5.0))].into_iter(), at(100), Fold::Mean);
        assert_eq!(drawn, Outline::default());
    }
}
