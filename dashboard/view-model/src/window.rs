//! The rows of a long list that are in sight. All rows are equally high but for one that is open.

/// Rows drawn beyond each edge, so that a quick flick shows no hole.
const SPARE: usize = 6;

/// The geometry of the scroll area, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The scroll offset.
    pub top: f64,
    /// The height of the visible area.
    pub height: f64,
    /// The height of a closed row; below 1 counts as 1.
    pub row: f64,
    /// The open row, and by how much it is higher than the others.
    pub open: Option<(usize, f64)>,
}

/// The rows to draw, and the empty space that stands for the others, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// The first row that is drawn, counted from 0.
    pub first: usize,
    /// The row after the last one.
    pub end: usize,
    /// The space above the drawn rows.
    pub above: f64,
    /// The space below the drawn rows.
    pub below: f64,
}

/// The window on a list of `count` rows.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows are some thousands, and no negative number is let through"
)]
pub fn window(area: Area, count: usize) -> Window {
    let row = area.row.max(1.0);
    let before = |index: usize| {
        let open = area.open.filter(|&(open, _)| open < index).map_or(0.0, |(_, more)| more);
        index as f64 * row + open
    };
    let at = |y: f64| {
        let plain = (y.max(0.0) / row) as usize;
        match area.open {
            Some((open, more)) if plain > open => (((y - more).max(0.0) / row) as usize).max(open),
            _ => plain,
        }
    };
    let first = at(area.top).saturating_sub(SPARE).min(count);
    let end = (at(area.top + area.height) + 1 + SPARE).min(count);
    Window { first, end, above: before(first), below: before(count) - before(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(top: f64, open: Option<(usize, f64)>) -> Area {
        Area { top, height: 100.0, row: 10.0, open }
    }

    #[test]
    fn the_window_covers_what_is_in_sight_and_the_rest_is_space() {
        let cases = [
            (0.0, 3, 0, 3),
            (0.0, 1000, 0, 17),
            (500.0, 1000, 44, 67),
            (9_900.0, 1000, 984, 1000),
            (99_999.0, 10, 10, 10),
        ];
        for (top, count, first, end) in cases {
            let seen = window(area(top, None), count);
            assert_eq!((seen.first, seen.end), (first, end), "at {top} of {count}");
        }
    }

    #[test]
    fn heights_always_add_up() {
        for top in (0..12_000).step_by(37) {
            for open in [None, Some((0, 55.0)), Some((500, 55.0)), Some((999, 55.0))] {
                let seen = window(area(f64::from(top), open), 1000);
                let mut drawn = 10.0 * f64::from(u32::try_from(seen.end - seen.first).unwrap());
                if let Some((index, more)) = open
                    && (seen.first..seen.end).contains(&index)
                {
                    drawn += more;
                }
                let whole = 10_000.0 + open.map_or(0.0, |(_, more)| more);
                assert!((seen.above + drawn + seen.below - whole).abs() < 0.001, "{top} {open:?} {seen:?}");
                assert!(seen.above <= f64::from(top).min(whole), "{top} {open:?} {seen:?}");
            }
        }
    }
}
