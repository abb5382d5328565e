//! Tables that can be sorted by a click on a heading.

use leptos::prelude::*;

use view_model::order::{Key, Order};

use crate::dom::{El, effect, el};

/// A column's heading.
#[derive(Clone, Copy)]
pub struct Column {
    /// The words of the heading.
    pub title: &'static str,
    /// Whether it holds texts; numbers stand on the right.
    pub is_text: bool,
}

/// One cell: what it shows, and what it is compared by.
pub struct Cell {
    /// The element that it shows.
    pub shown: El,
    /// The value by which its column is sorted.
    pub key: Key,
}

/// A cell with a number, as it is written.
pub fn number(written: &str, number: Option<i64>) -> Cell {
    Cell { shown: span(written), key: Key::Number(number) }
}

/// A table at the end of `part`; `rows` runs again when a signal that it reads changes.
pub fn sortable(
    part: &El,
    columns: &'static [Column],
    first: Order,
    rows: impl Fn() -> Vec<Vec<Cell>> + 'static,
) {
    sortable_boxed(part, columns, first, Box::new(rows));
}

fn sortable_boxed(
    part: &El,
    columns: &'static [Column],
    first: Order,
    rows: Box<dyn Fn() -> Vec<Vec<Cell>>>,
) {
    let order = RwSignal::new(first);
    let (table, head, body) = frame(part);
    for (index, column) in columns.iter().enumerate() {
        let (cell, button) = (el("th"), el("button"));
        cell.attr("scope", "col").class(side(column));
        button.class("sort").attr("type", "button").text(column.title);
        button.on("click", move |_| order.update(|order| *order = order.clicked(index, column.is_text)));
        cell.add(&button);
        head.add(&cell);
        effect(move || {
            let Order { column, descending } = order.get();
            let sorted = if column != index {
                "none"
            } else if descending {
                "descending"
            } else {
                "ascending"
            };
            cell.attr("aria-sort", sorted);
        });
    }
    let mut shown: Vec<(String, El)> = Vec::new();
    effect(move || {
        let order = order.get();
        // Row by row into its place: what the library's sort adds to the page is not worth it for a list of servers.
        let mut sorted: Vec<Vec<Cell>> = Vec::new();
        for row in rows() {
            let place =
                sorted.partition_point(|known| match (known.get(order.column), row.get(order.column)) {
                    (Some(known), Some(new)) => order.compare(&known.key, &new.key).is_le(),
                    _ => true,
                });
            sorted.insert(place, row);
        }
        table.hide(sorted.is_empty());
        shown = in_place(&body, columns, &shown, sorted);
    });
}

/// Brings the body's rows up to date and in order. A row stays the element that it was, and so does its link: the keyboard's
/// focus and a press that has begun survive new numbers. Gives each row's address and element, in order.
fn in_place(
    body: &El,
    columns: &[Column],
    before: &[(String, El)],
    sorted: Vec<Vec<Cell>>,
) -> Vec<(String, El)> {
    let after: Vec<(String, El)> = sorted
        .into_iter()
        .enumerate()
        .map(|(index, row)| {
            let cells: Vec<El> = row.into_iter().map(|cell| cell.shown).collect();
            let address = cells.first().map(|name| name.get("href")).unwrap_or_default();
            match find(before, index, &address) {
                Some((_, line)) => {
                    renew(line, &cells);
                    (address, line.clone())
                }
                None => (address, add_row(body, columns, &cells)),
            }
        })
        .collect();
    for (index, (address, line)) in before.iter().enumerate() {
        if find(&after, index, address).is_none() {
            line.0.remove();
        }
    }
    let mut at = body.0.first_element_child();
    for (_, line) in &after {
        if at.as_ref() == Some(&line.0) {
            at = line.0.next_element_sibling();
        } else {
            let _ = body.0.insert_before(&line.0, at.as_deref());
        }
    }
    after
}

/// The row with this address, which most often stands where it stood. A row without a link is none that could be known again.
fn find<'a>(rows: &'a [(String, El)], index: usize, address: &str) -> Option<&'a (String, El)> {
    let is_it = |(known, _): &&(String, El)| known == address && !address.is_empty();
    rows.get(index).filter(is_it).or_else(|| rows.iter().find(is_it))
}

/// Replaces the cells of a row that show something else by now.
fn renew(line: &El, cells: &[El]) {
    let mut cell = line.0.first_element_child();
    for shown in cells {
        let Some(there) = cell else { return };
        let old = there.first_element_child();
        if !old.as_ref().is_some_and(|old| old.is_equal_node(Some(&shown.0))) {
            El(there.clone()).empty().add(shown);
        }
        cell = there.next_element_sibling();
    }
}

/// A table that keeps the order it is given.
pub fn plain(part: &El, columns: &[Column]) -> El {
    let (_, head, body) = frame(part);
    for column in columns {
        let cell = el("th");
        cell.attr("scope", "col").class(side(column)).text(column.title);
        head.add(&cell);
    }
    body
}

/// A row at the end of a table's body.
pub fn add_row(body: &El, columns: &[Column], cells: &[El]) -> El {
    let row = el("tr");
    for (column, shown) in columns.iter().zip(cells) {
        let cell = el("td");
        cell.class(side(column)).attr("data-label", column.title).add(shown);
        row.add(&cell);
    }
    body.add(&row);
    row
}

/// A piece of text.
pub fn span(text: &str) -> El {
    let span = el("span");
    span.text(text);
    span
}

fn frame(part: &El) -> (El, El, El) {
    let (scroll, table, head, line, body) = (el("div"), el("table"), el("thead"), el("tr"), el("tbody"));
    scroll.class("table-scroll");
    head.add(&line);
    table.add(&head).add(&body);
    scroll.add(&table);
    part.add(&scroll);
    (table, line, body)
}

fn side(column: &Column) -> &'static str {
    if column.is_text { "" } else { "number" }
}
