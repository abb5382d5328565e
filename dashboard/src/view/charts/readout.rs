//! The readout of a chart: one bucket for the pointer, the keyboard and screen readers; all of them as a table.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, PointerEvent};

use super::{Chart, Shared, Shown};
use view_model::chart::{Range, Series};

use crate::{
    dom::{El, el},
    format,
};

pub(super) fn listen(figure: &El, chart: &'static Chart, shown: &Shared) {
    let plot = figure.query(".plot");
    let (on, kept) = (figure.clone(), Rc::clone(shown));
    plot.on("pointermove", move |event| {
        let Some(pointer) = event.dyn_ref::<PointerEvent>() else { return };
        let area = on.query(".over").0.get_bounding_client_rect();
        let share = (f64::from(pointer.client_x()) - area.left()) / area.width().max(1.0);
        let mut shown = kept.borrow_mut();
        shown.at = Some(shown.series.under(share));
        point_at(&on, chart, &shown, shown.at);
    });
    for gone in ["pointerleave", "blur"] {
        let (on, kept) = (figure.clone(), Rc::clone(shown));
        plot.on(gone, move |_| {
            kept.borrow_mut().at = None;
            point_at(&on, chart, &kept.borrow(), None);
        });
    }
    let (on, kept) = (figure.clone(), Rc::clone(shown));
    plot.on("keydown", move |event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        let mut shown = kept.borrow_mut();
        let last = shown.series.values.len().saturating_sub(1);
        let at = shown.at.unwrap_or(last);
        shown.at = Some(match key.key().as_str() {
            "ArrowLeft" => at.saturating_sub(1),
            "ArrowRight" => (at + 1).min(last),
            "Home" => 0,
            "End" => last,
            _ => return,
        });
        event.prevent_default();
        point_at(&on, chart, &shown, shown.at);
        on.query("[data-heard]").text(&on.query(".readout").0.text_content().unwrap_or_default());
    });
    let (on, kept) = (figure.clone(), Rc::clone(shown));
    figure.query("details").on("toggle", move |_| table(&on, chart, &kept.borrow()));
}

pub(super) fn point_at(figure: &El, chart: &Chart, shown: &Shown, at: Option<usize>) {
    let (cursor, readout) = (figure.query(".cursor"), figure.query(".readout"));
    let at = at.filter(|&at| at < shown.series.values.len());
    cursor.hide(at.is_none());
    readout.hide(at.is_none());
    let Some(at) = at else { return };
    let left = percent(shown.series.x(at) * 100, 1_000);
    cursor.style("left", &left);
    let right_half = at > shown.series.values.len() / 2;
    readout.style("left", if right_half { "auto" } else { &left });
    readout.style(
        "right",
        &if right_half { percent(100_000 - shown.series.x(at) * 100, 1_000) } else { "auto".to_owned() },
    );
    readout.text(&[&when(shown, at), ": ", &read_out(chart, shown, at)].concat());
}

fn when(shown: &Shown, at: usize) -> String {
    let at = shown.series.at(at);
    if shown.range == Range::Month { format::moment(at) } else { format::clock(at) }
}

fn read_out(chart: &Chart, shown: &Shown, at: usize) -> String {
    let value = |series: &Series| series.values.get(at).copied().flatten();
    let mut text = value(&shown.series).map_or_else(|| "not known".to_owned(), |value| said(chart, value));
    if let Some(failed) = shown.bars.as_ref().and_then(value).filter(|&failed| failed > 0.0) {
        text.push_str(&[", ", &format::number(failed), " failed"].concat());
    }
    text
}

pub(super) fn said(chart: &Chart, value: f64) -> String {
    let number = if chart.unit.is_empty() { format::number(value) } else { format::ms(value) };
    number + chart.unit
}

/// All that is drawn, as a table, the newest first; what is not known is left out.
pub(super) fn table(figure: &El, chart: &Chart, shown: &Shown) {
    let place = figure.query(".figures-scroll");
    place.empty();
    let table = el("table");
    let head = el("tr");
    for title in ["From", chart.name] {
        let cell = el("th");
        cell.attr("scope", "col").text(title);
        head.add(&cell);
    }
    table.add(&head);
    for at in (0..shown.series.values.len()).rev() {
        if shown.series.values[at].is_some() {
            let row = el("tr");
            row.put("td", "", &when(shown, at)).put("td", "number", &read_out(chart, shown, at));
            table.add(&row);
        }
    }
    place.add(&table);
}

/// A share of `whole` hundredths, for a style.
pub(super) fn percent(hundredths: i64, whole: i64) -> String {
    (hundredths / whole).to_string() + "%"
}
