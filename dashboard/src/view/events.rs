//! The list of events, newest first. Only the rows in sight are in the document, and none moves under the reader's eyes.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use leptos::prelude::*;
use protocol::{Event, Seq, Timestamp};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::{exports, filters, row::Row};
use view_model::{
    list,
    window::{Area, window as window_of},
};

use crate::{
    dom::{El, effect, px, query},
    format,
    shell::Shell,
};

/// Scrolled by less than this, the reader is at the top, in pixels.
const TOP_WITHIN_PX: f64 = 8.0;
/// A row before one was measured, in pixels.
const ROW_PX: f64 = 40.0;
/// A row slides in only when nothing came for this long before it, in milliseconds: a burst in motion is unreadable, and
/// costs.
const SLIDE_AFTER_MS: u64 = 800;
/// Older rows are asked for when fewer than this are left below.
const ASK_WITHIN: usize = 40;

/// The drawn part of the list.
struct Drawn {
    /// Newest first, as in the document.
    rows: Vec<(Seq, Row)>,
    spare: Vec<Row>,
    row_px: f64,
    measured: bool,
    open: Option<(Seq, f64)>,
    /// Rows on top that have been drawn, of all that ever came.
    added: usize,
    /// The newest row when the reader left the top.
    read_up_to: Option<Seq>,
    came_at: Option<Timestamp>,
}

/// The list and its scroll area.
#[derive(Clone)]
struct Table {
    shell: Shell,
    area: El,
    list: El,
    drawn: Rc<RefCell<Drawn>>,
}

/// Keeps the list true.
pub fn mount(shell: Shell) {
    let drawn = Drawn {
        rows: Vec::new(),
        spare: Vec::new(),
        row_px: ROW_PX,
        measured: false,
        open: None,
        added: 0,
        read_up_to: None,
        came_at: None,
    };
    let table = Table {
        shell,
        area: query("[data-scroll]"),
        list: query("[data-events]"),
        drawn: Rc::new(RefCell::new(drawn)),
    };
    table.listen();
    filters::mount(shell);
    exports::mount(shell);
    let view = Memo::new(move |_| shell.page.route.with(|place| place.view));
    let shown_again = table.clone();
    effect(move || {
        view.get();
        // A list that is out of sight has no height to draw for: the frame after it has come back has.
        let table = shown_again.clone();
        request_animation_frame(move || table.draw());
    });
    effect(move || {
        shell.page.rows.track();
        table.draw();
    });
}

impl Drawn {
    /// Finds an event's row among those that are drawn: its index, or the one at which it would be inserted.
    fn place(&self, seq: Seq) -> Result<usize, usize> {
        self.rows.binary_search_by(|(known, _)| seq.cmp(known))
    }

    fn row(&self, seq: Seq) -> Option<&Row> {
        self.place(seq).ok().map(|index| &self.rows[index].1)
    }
}

impl Table {
    fn listen(&self) {
        let table = self.clone();
        self.area.on("scroll", move |_| table.draw());
        let table = self.clone();
        window_event_listener_untyped("resize", move |_| {
            table.drawn.borrow_mut().measured = false;
            table.draw();
        });
        let table = self.clone();
        self.list.on("click", move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let line = target.and_then(|target| target.closest(".line").ok().flatten());
            let item = line.and_then(|line| line.parent_element());
            if let Some(Ok(seq)) = item.map(|item| El(item).get("data-seq").parse()) {
                table.toggle(Seq(seq));
            }
        });
        self.list.on("keydown", |event| {
            let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
            let item = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let Some(item) = item.and_then(|target| target.closest(".event").ok().flatten()) else { return };
            let next = match key.key().as_str() {
                "ArrowDown" => item.next_element_sibling(),
                "ArrowUp" => item.previous_element_sibling(),
                _ => return,
            };
            event.prevent_default();
            if let Some(next) = next {
                El(next).query(".line").focus();
            }
        });
        let area = self.area.clone();
        query("[data-fresh]").on("click", move |_| area.0.set_scroll_top(0));
    }

    fn toggle(&self, seq: Seq) {
        let shell = self.shell;
        {
            let mut drawn = self.drawn.borrow_mut();
            let before = drawn.open.take();
            if let Some(row) = before.and_then(|(seq, _)| drawn.row(seq)) {
                row.close();
            }
            if before.is_none_or(|(before, _)| before != seq) {
                let event = shell.with(|state| state.list.get(state.list.index_of(seq)?).cloned());
                if let (Some(row), Some(event)) = (drawn.row(seq), event) {
                    row.open(shell, &event);
                    drawn.open = Some((seq, row.extra_height()));
                }
            }
        }
        self.draw();
    }

    /// Draws the rows in sight.
    fn draw(&self) {
        let (count, added) = self.shell.with(|state| (state.list.count(), state.added));
        let open = self.drawn.borrow().open;
        let open =
            open.and_then(|(seq, more)| Some((self.shell.with(|state| state.list.index_of(seq))?, more)));
        let row = self.drawn.borrow().row_px;
        let area = |top| Area { top, height: f64::from(self.area.0.client_height()), row, open };
        // The list has to be as high as it will be, or the browser would not scroll so far.
        let whole = window_of(area(0.0), count);
        self.list.style("height", &px(whole.above + row * many(whole.end) + whole.below));
        let top = self.keep_place(added);
        let area = area(top);
        let seen = window_of(area, count);
        let events: Vec<Arc<Event>> = self.shell.with(|state| {
            (seen.first..seen.end).filter_map(|index| state.list.get(index).cloned()).collect()
        });
        self.fill(&events, top <= TOP_WITHIN_PX);
        self.set_in_place(&events, seen.above);
        self.tell(count);
        let last = count.saturating_sub(seen.end) < ASK_WITHIN;
        let visible = area.height > 0.0;
        if last && visible && self.shell.page.as_of().is_some() && self.trouble().is_empty() {
            self.shell.ask_older();
        }
        if self.measure() {
            self.draw();
        }
    }

    /// Scrolls by the height of the rows that came on top, so that the rows that are read stay in place. Gives the scroll
    /// offset, in pixels.
    fn keep_place(&self, added: usize) -> f64 {
        let mut drawn = self.drawn.borrow_mut();
        let fresh = added.saturating_sub(drawn.added);
        drawn.added = added;
        let top = f64::from(self.area.0.scroll_top());
        if top <= TOP_WITHIN_PX {
            drawn.read_up_to = None;
            return top;
        }
        if drawn.read_up_to.is_none() {
            drawn.read_up_to = self.shell.with(|state| state.list.get(fresh).map(|event| event.seq));
        }
        if fresh > 0 {
            #[expect(clippy::cast_possible_truncation, reason = "a place on the screen")]
            self.area.0.set_scroll_top((top + many(fresh) * drawn.row_px).round() as i32);
        }
        f64::from(self.area.0.scroll_top())
    }

    /// Rows stand where their place is, by a transform: what comes on top is no shift of the layout, and costs none.
    fn set_in_place(&self, events: &[Arc<Event>], above: f64) {
        let drawn = &mut *self.drawn.borrow_mut();
        let mut y = above;
        for event in events {
            if let Ok(index) = drawn.place(event.seq) {
                drawn.rows[index].1.stand_at(y);
                y += drawn.row_px;
            }
            if let Some((_, more)) = drawn.open.filter(|(open, _)| *open == event.seq) {
                y += more;
            }
        }
    }

    /// Makes the document hold exactly these rows, in this order.
    fn fill(&self, events: &[Arc<Event>], at_top: bool) {
        let now = self.shell.page.now.get_untracked();
        let drawn = &mut *self.drawn.borrow_mut();
        let (stay, gone) = drawn
            .rows
            .drain(..)
            .partition(|(seq, _)| events.binary_search_by(|event| seq.cmp(&event.seq)).is_ok());
        drawn.rows = stay;
        for (_, row) in gone {
            row.item.0.remove();
            drawn.spare.push(row);
        }
        let newest = drawn.rows.first().map(|row| row.0);
        let mut place = self.list.0.first_element_child();
        for event in events {
            let index = match drawn.place(event.seq) {
                Err(index) => index,
                Ok(index) => {
                    // Rows that stay are in order already: only what is new goes between them.
                    place = drawn.rows[index].1.item.0.next_element_sibling();
                    continue;
                }
            };
            let row = drawn.spare.pop().unwrap_or_else(Row::new);
            let on_top = at_top && newest.is_some_and(|newest| event.seq > newest);
            let arrives =
                on_top && drawn.came_at.is_none_or(|before| event.at.since(before) >= SLIDE_AFTER_MS);
            if on_top {
                drawn.came_at = Some(event.at);
            }
            row.show(event, now, arrives);
            if let Some((open, _)) = drawn.open
                && open == event.seq
            {
                row.open(self.shell, event);
            }
            let _ = self.list.0.insert_before(&row.item.0, place.as_deref());
            drawn.rows.insert(index, (event.seq, row));
        }
    }

    /// Measures a row where none was measured; whether that changes what is in sight.
    fn measure(&self) -> bool {
        let drawn = &mut *self.drawn.borrow_mut();
        if drawn.measured {
            return false;
        }
        let Some(height) = drawn.rows.first().map(|row| row.1.line_height()).filter(|&height| height > 0.0)
        else {
            return false;
        };
        let changes = (height - drawn.row_px).abs() > 0.001;
        (drawn.row_px, drawn.measured) = (height, true);
        changes
    }

    fn trouble(&self) -> &'static str {
        self.shell.with(|state| state.older_trouble)
    }

    /// Updates the lines around the list: the count of new rows, why it is empty, and whether older ones follow.
    fn tell(&self, count: usize) {
        let read = self.drawn.borrow().read_up_to;
        let (fresh, complete, filtered) = self.shell.with(|state| {
            let fresh = read.and_then(|read| state.list.index_of(read)).unwrap_or_default();
            (fresh, state.list.is_complete(), !state.list.filter().is_open())
        });
        let known = self.shell.page.as_of().is_some();
        let chip = query("[data-fresh]");
        chip.hide(fresh == 0);
        if fresh > 0 {
            chip.text(&(format::count(fresh as u64) + " new"));
        }
        let empty = query("[data-empty]");
        empty.hide(count > 0 || !known || !complete);
        empty.text(if filtered {
            "No event is like that. Change the filter, or clear it."
        } else {
            "No events yet. Try /daily in a server."
        });
        let more = query("[data-more]");
        let trouble = self.trouble();
        more.hide(count == 0 && complete || !known);
        more.text(match (trouble, complete) {
            ("", false) if count >= list::ROWS_MAX => "There is more. Filter, to go further back.",
            ("", false) => "Looking further back …",
            ("", true) => "This is the first event that is kept.",
            (trouble, _) => trouble,
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "some thousand rows")]
fn many(rows: usize) -> f64 {
    rows as f64
}
