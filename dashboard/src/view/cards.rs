//! The cards' numbers, and the lines under them.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::{DashboardStats, history::HistoryPoint, time::SECOND_MS};

use super::{flash, set_moment};
use view_model::{
    chart::{Fold, Of, Scale, Series, Span},
    words,
};

use crate::{
    dom::{El, effect, query, query_all},
    format,
    page::Page,
};

type Text = fn(&DashboardStats) -> String;

/// The text of each `data-figure` of `index.html`. A dash is a number that is not known, never an old one.
const FIGURES: [(&str, Text); 29] = [
    ("bot-name", |stats| stats.bot.name.clone()),
    ("bot-state", |stats| {
        let trouble = stats.gateway.and_then(|gateway| words::gateway(gateway, stats.as_of));
        trouble.map_or_else(|| words::bot(stats.bot.status).to_owned(), |trouble| format::digits(&trouble))
    }),
    ("servers", |stats| format::count(stats.guilds.count)),
    ("players", |stats| format::count(stats.users.active)),
    ("players-total", |stats| format::count(stats.users.total)),
    ("commands", |stats| format::count(stats.commands.total)),
    ("commands-hour", |stats| format::count(stats.commands.last_hour)),
    ("commands-change", |stats| format::digits(&words::change(stats.commands.change_from_last_month))),
    ("refused", |stats| counted(stats.commands.refused_last_hour, " refused")),
    ("failed", |stats| counted(stats.commands.failed_last_hour, " failed")),
    ("latency", |stats| words::shown_latency(stats).map_or_else(|| "—".to_owned(), format::ms)),
    ("latency-unit", |stats| unit(words::shown_latency(stats).is_some(), " ms")),
    ("latency-grade", |stats| words::grade(stats).to_owned()),
    ("latency-change", |stats| format::digits(&words::change(stats.ping.change_from_last_hour))),
    ("gateway", |stats| ms(stats.ping.gateway)),
    ("rest", |stats| match (stats.ping.rest, stats.ping.rest_failure) {
        (None, Some(failure)) => format::digits(&words::rest_failure(failure)),
        (rest, _) => ms(rest),
    }),
    ("reply", |stats| stats.handling.p50.map_or_else(|| "—".to_owned(), |ms| format::count(ms.into()))),
    ("reply-unit", |stats| unit(stats.handling.p50.is_some(), " ms")),
    ("reply-p99", |stats| ms(stats.handling.p99.map(f64::from))),
    ("wealth", |stats| format::coins(stats.economy.total_wealth)),
    ("minted", |stats| format::coins(stats.economy.minted_24h)),
    ("burned", |stats| format::coins(stats.economy.burned_24h)),
    ("verdict", |stats| {
        if stats.economy.balanced { "books balance" } else { "books do NOT balance" }.to_owned()
    }),
    ("level", |stats| format::tenths(stats.economy.avg_level)),
    ("streak", |stats| format::count(stats.economy.top_streak.into())),
    ("streak-unit", |stats| unit(true, if stats.economy.top_streak == 1 { " day" } else { " days" })),
    ("uptime", |stats| {
        stats.uptime.map_or_else(|| "—".to_owned(), |uptime| format::digits(&words::span(uptime)))
    }),
    ("uptime-of", |stats| format::digits(&words::uptime(stats.gateway.map_or(0, |gateway| gateway.losses)))),
    ("viewers", |stats| format::count(stats.viewers.into())),
];

/// The line under each card that has one.
const SPARKS: [(&str, Of); 9] = [
    ("commands", Of { value: commands, fold: Fold::Sum }),
    ("latency", Of { value: |point| point.ping, fold: Fold::Mean }),
    ("reply", Of { value: reply, fold: Fold::Max }),
    ("wealth", Of { value: wealth, fold: Fold::Last }),
    ("servers", Of { value: |point| whole(point.guilds), fold: Fold::Last }),
    ("players", Of { value: |point| whole(point.active), fold: Fold::Last }),
    ("level", Of { value: |point| point.avg_level, fold: Fold::Last }),
    ("streak", Of { value: |point| point.top_streak.map(f64::from), fold: Fold::Last }),
    ("uptime", Of { value: uptime, fold: Fold::Last }),
];

/// Keeps the numbers true.
pub fn mount(page: Page) {
    let places: Vec<(El, Text, bool)> = query_all("[data-figure]")
        .into_iter()
        .filter_map(|place| {
            let name = place.get("data-figure");
            let text = FIGURES.iter().find(|figure| figure.0 == name)?.1;
            let flashes = place.get("class").is_empty();
            Some((place, text, flashes))
        })
        .collect();
    effect(move || {
        let Some(stats) = page.stats.get() else { return };
        for (place, text, flashes) in &places {
            let text = text(&stats);
            let before = place.0.text_content().unwrap_or_default();
            if before != text {
                place.text(&text);
                if let Some(value) = place.0.parent_element().filter(|_| *flashes) {
                    fit(&El(value), &text);
                }
                if *flashes && before != "–" {
                    flash(place);
                }
            }
        }
        states(page, &stats);
    });
    effect(move || {
        page.now.with(|now| now.0 / (5 * SECOND_MS));
        let (points, now) = (page.history.get(), page.now.get_untracked());
        draw_sparks(&points, now.max(page.as_of().unwrap_or_default()));
    });
}

/// Sets the attributes by which the style shows states.
fn states(page: Page, stats: &Arc<DashboardStats>) {
    let is_lost = stats.gateway.is_some_and(|gateway| gateway.lost_since.is_some());
    query("[data-bot]").attr("data-bot", if is_lost { "lost" } else { words::bot(stats.bot.status) });
    query("[data-maintenance]").hide(!stats.maintenance_mode);
    query("[data-latency]").attr("data-latency", words::grade(stats));
    query("[data-figure=verdict]")
        .attr("data-balanced", if stats.economy.balanced { "true" } else { "false" });
    let last = query("[data-last-command]");
    match stats.last_command_timestamp {
        Some(at) => set_moment(&last, at, page.now.get_untracked()),
        None => _ = last.text("never"),
    }
}

/// Figures that would not fit in a narrow card are set smaller, rather than cut or rounded.
fn fit(value: &El, text: &str) {
    if value.get("class").starts_with("value") {
        value.class(match text.chars().count() {
            ..=9 => "value",
            10..=13 => "value long",
            14..=18 => "value longer",
            _ => "value longest",
        });
    }
}

fn draw_sparks(points: &[HistoryPoint], now: protocol::Timestamp) {
    let span = Span::of_spark(points, now);
    for (card, of) in SPARKS {
        let spark = query(&["[data-card=", card, "] .spark"].concat());
        let series = Series::new(points, of, span, now);
        let (line, area) = series.paths(Scale::snug(series.extent(), of.fold == Fold::Sum));
        spark.query(".line").attr("d", &line);
        spark.query(".area").attr("d", &area);
    }
}

/// Commands of a point.
#[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
#[expect(clippy::unnecessary_wraps, reason = "every series may have gaps")]
pub fn commands(point: &HistoryPoint) -> Option<f64> {
    Some(point.commands as f64)
}

/// Failed commands of a point.
#[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
#[expect(clippy::unnecessary_wraps, reason = "every series may have gaps")]
pub fn errors(point: &HistoryPoint) -> Option<f64> {
    Some(point.errors as f64)
}

/// Reply time of a point, in milliseconds.
pub fn reply(point: &HistoryPoint) -> Option<f64> {
    point.handling_p99.map(f64::from)
}

/// Wealth at the end of a point.
#[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
#[expect(clippy::unnecessary_wraps, reason = "every series may have gaps")]
pub fn wealth(point: &HistoryPoint) -> Option<f64> {
    Some(point.wealth.get() as f64)
}

/// The bot's uptime at a point, in seconds; nothing where it did not report.
fn uptime(point: &HistoryPoint) -> Option<f64> {
    let started = point.started_at.filter(|started| started.0 > 0)?;
    whole(Some(point.at.since(started) / SECOND_MS))
}

#[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
fn whole(number: Option<u64>) -> Option<f64> {
    number.map(|number| number as f64)
}

fn ms(ms: Option<f64>) -> String {
    ms.map_or_else(|| "—".to_owned(), |ms| format::ms(ms) + " ms")
}

fn unit(is_known: bool, unit: &str) -> String {
    if is_known { unit.to_owned() } else { String::new() }
}

fn counted(count: u64, word: &str) -> String {
    if count == 0 { String::new() } else { format::count(count) + word }
}
