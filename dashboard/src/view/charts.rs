//! Four charts over a range of time, to be looked at, pointed at, read by keyboard, and read as a table.

mod readout;

use std::{cell::RefCell, rc::Rc, sync::Arc};

use leptos::prelude::*;
use protocol::{Timestamp, history::HistoryPoint, time::SECOND_MS};

use self::readout::{listen, percent, point_at, said, table};
use super::cards;
use view_model::{
    alert::{Kind, Tenths},
    chart::{Fold, HEIGHT, Of, Range, Scale, Series},
    words,
};

use crate::{
    dom::{El, effect, el, query, query_all},
    fetch, format,
    json::Json,
    shell::Shell,
};

/// The period of the requests for a range that does not come with the stream, in seconds.
const ASK_EVERY_S: u64 = 60;

/// A chart: the figure that has its `key`, and the values that it draws.
struct Chart {
    key: &'static str,
    name: &'static str,
    of: Of,
    /// A second line, of the same scale, drawn as bars.
    bars: Option<Of>,
    from_zero: bool,
    unit: &'static str,
    alert: Option<Kind>,
}

const CHARTS: [Chart; 4] = [
    Chart {
        key: "latency",
        name: "Latency",
        of: Of { value: |point| point.ping, fold: Fold::Mean },
        bars: None,
        from_zero: true,
        unit: " ms",
        alert: Some(Kind::Latency),
    },
    Chart {
        key: "reply",
        name: "Reply time, 99 %",
        of: Of { value: cards::reply, fold: Fold::Max },
        bars: None,
        from_zero: true,
        unit: " ms",
        alert: None,
    },
    Chart {
        key: "commands",
        name: "Commands",
        of: Of { value: cards::commands, fold: Fold::Sum },
        bars: Some(Of { value: cards::errors, fold: Fold::Sum }),
        from_zero: true,
        unit: "",
        alert: None,
    },
    Chart {
        key: "wealth",
        name: "Wealth",
        of: Of { value: cards::wealth, fold: Fold::Last },
        bars: None,
        from_zero: false,
        unit: "",
        alert: None,
    },
];

/// The content of a chart as it was drawn last.
#[derive(Default)]
struct Shown {
    series: Series,
    bars: Option<Series>,
    range: Range,
    /// The bucket that is read out.
    at: Option<usize>,
}

type Shared = Rc<RefCell<Shown>>;

/// Keeps the charts true.
pub fn mount(shell: Shell) {
    let page = shell.page;
    let range = Memo::new(move |_| page.route.with(|place| place.range));
    choose(shell, range);
    ask(shell, range);
    for chart in &CHARTS {
        let figure = query(&["[data-chart=", chart.key, "]"].concat());
        let shown = Shared::default();
        listen(&figure, chart, &shown);
        // The wall clock moves a chart on; a paused page stands still.
        let step = Memo::new(move |_| page.now.with(|now| now.0 / (5 * SECOND_MS)));
        effect(move || {
            let (range, _) = (range.get(), step.get());
            let points = points(shell, range);
            page.alerts.track();
            if page.paused.get() && shown.borrow().range == range && !shown.borrow().series.values.is_empty()
            {
                return;
            }
            let now = page.now.get_untracked().max(page.as_of().unwrap_or_default());
            draw(shell, &figure, chart, &shown, &points, range, now);
        });
    }
}

fn choose(shell: Shell, range: Memo<Range>) {
    let buttons = query_all("[data-range]");
    for button in &buttons {
        let chosen = Range::of(&button.get("data-range")).unwrap_or_default();
        button.on("click", move |_| {
            let mut place = shell.page.route.get_untracked();
            place.range = chosen;
            shell.go(place, false);
        });
    }
    effect(move || {
        for button in &buttons {
            let pressed = button.get("data-range") == range.get().word();
            button.attr("aria-pressed", if pressed { "true" } else { "false" });
        }
    });
    effect(move || {
        let trouble = if range.get().is_live() { "" } else { shell.page.past_trouble.get() };
        query("[data-history-note]").text(trouble);
    });
}

/// A day and a month do not come with the stream.
fn ask(shell: Shell, range: Memo<Range>) {
    let page = shell.page;
    let turn = Memo::new(move |_| page.now.with(|now| now.seconds() / ASK_EVERY_S));
    effect(move || {
        let (range, _) = (range.get(), turn.get());
        if range.is_live() || page.paused.get_untracked() {
            return;
        }
        fetch::spawn(async move {
            let path = shell.of_room(&["/api/history?range=", range.word()].concat());
            let answer = fetch::text(&path).await;
            let points = answer.and_then(|body| read(&body).ok_or(words::refusal(500)));
            match points {
                Ok(points) => {
                    page.past_trouble.set("");
                    page.past.set(Some((range, Arc::new(points))));
                }
                Err(trouble) => page.past_trouble.set(trouble),
            }
        });
    });
}

fn read(body: &str) -> Option<Vec<HistoryPoint>> {
    let points = Json::parse(body)?.get("points");
    serde_json::from_str(&points.write()?).ok()
}

fn points(shell: Shell, range: Range) -> Arc<Vec<HistoryPoint>> {
    if range.is_live() {
        return shell.page.history.get();
    }
    shell.page.past.with(|past| match past {
        Some((of, points)) if *of == range => Arc::clone(points),
        _ => Arc::default(),
    })
}

fn draw(
    shell: Shell,
    figure: &El,
    chart: &Chart,
    shown: &Shared,
    points: &[HistoryPoint],
    range: Range,
    now: Timestamp,
) {
    let series = Series::new(points, chart.of, range.span(), now);
    let bars = chart.bars.map(|of| Series::new(points, of, range.span(), now));
    let scale = Scale::new(series.extent(), chart.from_zero);
    let (line, area) = series.paths(scale);
    figure.query(".line").attr("d", &line);
    figure.query(".area").attr("d", &area);
    let drawn = bars.as_ref().map(|bars| bars.bars(scale)).unwrap_or_default();
    figure.query(".bars").attr("d", &drawn);
    bands(shell, figure, chart, scale);
    grid(figure, chart, scale);
    ticks(figure, &series, range);
    let last = series.last().map_or_else(|| "–".to_owned(), |(_, value)| said(chart, value));
    figure.query("[data-now]").text(&last);
    figure.query(".plot").attr("aria-label", &summary(chart, &series, range));
    let at = shown.borrow().at;
    *shown.borrow_mut() = Shown { series, bars, range, at };
    point_at(figure, chart, &shown.borrow(), at);
    if figure.query("details").0.has_attribute("open") {
        table(figure, chart, &shown.borrow());
    }
}

/// Draws the bands in which a value is doubtful, and in which it is an alert.
fn bands(shell: Shell, figure: &El, chart: &Chart, scale: Scale) {
    let threshold = chart
        .alert
        .and_then(|kind| shell.with(|state| *state.settings.thresholds.get(kind as usize)?))
        .map(Tenths::get);
    let poor = threshold.map_or(0, |threshold| if threshold >= scale.high { 0 } else { scale.y(threshold) });
    let fair = threshold
        .filter(|&threshold| words::LATENCY_GOOD_MS < scale.high && words::LATENCY_GOOD_MS < threshold)
        .map_or(poor, |_| scale.y(words::LATENCY_GOOD_MS));
    for (class, top, bottom) in [(".poor", 0, poor), (".fair", poor, fair)] {
        let band = figure.query(&[".band", class].concat());
        band.attr("width", "1000").attr("y", &top.to_string()).attr("height", &(bottom - top).to_string());
    }
}

fn grid(figure: &El, chart: &Chart, scale: Scale) {
    let plot = figure.query(".plot");
    for label in 0.. {
        let old = plot.query(".level");
        if old.0.parent_element().is_none() || label > 20 {
            break;
        }
        old.0.remove();
    }
    let mut path = String::new();
    for value in scale.lines() {
        let y = scale.y(value);
        path.push_str(&["M0 ", &y.to_string(), "H1000"].concat());
        let label = el("span");
        label
            .class("level")
            .text(&(format::short(value) + chart.unit))
            .style("top", &percent(y * 100, HEIGHT));
        plot.add(&label);
    }
    figure.query(".grid").attr("d", &path);
}

fn ticks(figure: &El, series: &Series, range: Range) {
    let places = [0, series.values.len() / 2, series.values.len()];
    let mut tick = figure.query(".ticks").0.first_element_child();
    for place in places {
        if let Some(part) = tick {
            part.set_text_content(Some(&format::tick(series.at(place), range == Range::Month)));
            tick = part.next_element_sibling();
        }
    }
}

fn summary(chart: &Chart, series: &Series, range: Range) -> String {
    let mut words = [chart.name, ", last ", range.word(), ": "].concat();
    match (series.extent(), series.last()) {
        (Some((low, high)), Some((_, last))) => words.push_str(
            &[
                "from ",
                &said(chart, low),
                " to ",
                &said(chart, high),
                ", now ",
                &said(chart, last),
                ". Arrow keys read it.",
            ]
            .concat(),
        ),
        _ => words.push_str("nothing is known."),
    }
    words
}
