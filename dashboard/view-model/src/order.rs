//! The order of a table's rows.

use std::cmp::Ordering;

use super::text::fold;

/// A column, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Counted from the left.
    pub column: usize,
    /// Largest first; the other way round otherwise.
    pub descending: bool,
}

/// The value by which a cell is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A number; what is not known comes last, either way.
    Number(Option<i64>),
    /// A text, whatever the case.
    Text(String),
}

impl Order {
    /// After a click on a heading: the other way, or anew with numbers falling and names rising.
    #[must_use]
    pub fn clicked(self, column: usize, is_text: bool) -> Self {
        if self.column == column {
            Self { descending: !self.descending, ..self }
        } else {
            Self { column, descending: !is_text }
        }
    }

    /// Compares two rows by their keys.
    pub fn compare(self, left: &Key, right: &Key) -> Ordering {
        let order = match (left, right) {
            (Key::Number(None), Key::Number(None)) => Ordering::Equal,
            (Key::Number(None), _) => return Ordering::Greater,
            (_, Key::Number(None)) => return Ordering::Less,
            (Key::Number(left), Key::Number(right)) => left.cmp(right),
            (Key::Text(left), Key::Text(right)) => fold(left).cmp(&fold(right)),
            (Key::Number(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Number(_)) => Ordering::Greater,
        };
        if self.descending { order.reverse() } else { order }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_comes_last_either_way() {
        for descending in [false, true] {
            let order = Order { column: 0, descending };
            let mut keys = [Key::Number(Some(2)), Key::Number(None), Key::Number(Some(5))];
            keys.sort_by(|left, right| order.compare(left, right));
            assert_eq!(keys[2], Key::Number(None));
            assert_eq!(keys[0], Key::Number(Some(if descending { 5 } else { 2 })));
        }
    }

    #[test]
    fn a_second_click_turns_the_order() {
        let order = Order { column: 0, descending: false };
        assert_eq!(order.clicked(0, true), Order { column: 0, descending: true });
        assert_eq!(order.clicked(2, false), Order { column: 2, descending: true });
        let names = (Key::Text("ann".into()), Key::Text("Bob".into()));
        assert_eq!(order.compare(&names.0, &names.1), Ordering::Less);
    }
}
