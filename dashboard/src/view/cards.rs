//! The six figures, each with what one asks next.

use leptos::prelude::*;
use protocol::DashboardStats;

use super::flashing;
use crate::{
    format,
    page::Page,
    sparkline::{self, Fold, Outline},
    words,
};

/// All cards, in the order they are read.
pub fn cards(page: Page) -> impl IntoView {
    view! {
        <section class="cards" aria-label="Key figures">
            {servers(page)}
            {players(page)}
            {commands(page)}
            {latency(page)}
            {wealth(page)}
            {streak(page)}
        </section>
    }
}

fn servers(page: Page) -> impl IntoView {
    let bot = page.text(|stats| words::bot(stats.bot.status).to_owned());
    let value = page.text(|stats| format::count(stats.guilds.count));
    card("servers", "Servers", value, "", view! { <p>"bot " {bot}</p> }, ())
}

fn players(page: Page) -> impl IntoView {
    let total = page.text(|stats| format::count(stats.users.total));
    let value = page.text(|stats| format::count(stats.users.active));
    let notes = view! {
        <p>"active in 24 h"</p>
        <p>"of " {total} " in total"</p>
    };
    card("players", "Players", value, "", notes, ())
}

fn commands(page: Page) -> impl IntoView {
    let value = page.text(|stats| format::count(stats.commands.total));
    let last_hour = page.text(|stats| format::count(stats.commands.last_hour));
    let refused = page.figure(|stats| stats.commands.refused_last_hour);
    let failed = page.figure(|stats| stats.commands.failed_last_hour);
    let counted = |figure: Memo<Option<u64>>, word: &'static str| {
        move || {
            figure.get().filter(|&count| count > 0).map(|count| format!("{} {word}", format::count(count)))
        }
    };
    let notes = view! {
        <p>{last_hour} " in the last hour"</p>
        <p class="parts">
            <span data-refused>{counted(refused, "refused")}</span>
            <span class="bad" data-failed>{counted(failed, "failed")}</span>
        </p>
    };
    let outline = page.drawn(|history| {
        sparkline_of(history.map(|point| (point.at, Some(to_f64(point.commands)))), Fold::Sum)
    });
    card("commands", "Commands", value, "", notes, spark(outline))
}

fn latency(page: Page) -> impl IntoView {
    let known = page.figure(|stats| stats.ping.avg.is_some());
    let unit = move || if known.get() == Some(true) { " ms" } else { "" };
    let value = page.text(|stats| stats.ping.avg.map_or_else(|| "—".to_owned(), format::ms));
    let class = page.figure(|stats| stats.ping.avg.map_or("offline", words::latency));
    let part = |ms: Option<f64>| ms.map_or_else(|| "—".to_owned(), |ms| format!("{} ms", format::ms(ms)));
    let gateway = page.text(move |stats| part(stats.ping.gateway));
    let rest = page.text(move |stats| part(stats.ping.rest));
    let notes = view! {
        <p data-latency=move || class.get()><span class="grade">{move || class.get()}</span></p>
        <p class="parts"><span>"gateway " {gateway}</span><span>"REST " {rest}</span></p>
    };
    let outline = page.drawn(|history| sparkline_of(history.map(|point| (point.at, point.ping)), Fold::Mean));
    card("latency", "Avg Latency", value, unit, notes, spark(outline))
}

fn wealth(page: Page) -> impl IntoView {
    let value = page.text(|stats| format::coins(stats.economy.total_wealth));
    let minted = page.text(|stats| format!("+{}", format::coins(stats.economy.minted_24h)));
    let burned = page.text(|stats| format!("−{}", format::coins(stats.economy.burned_24h)));
    let balanced = page.figure(|stats| stats.economy.balanced);
    let verdict = move || match balanced.get() {
        None => "",
        Some(true) => "books balance",
        Some(false) => "books do NOT balance",
    };
    let notes = view! {
        <p class="parts"><span>{minted} " minted"</span><span>{burned} " burned, 24 h"</span></p>
        <p class="verdict" class:bad=move || balanced.get() == Some(false) data-balanced=move || {
            balanced.get().map(|balanced| balanced.to_string())
        }>{verdict}</p>
    };
    let outline = page.drawn(|history| {
        sparkline_of(
            history.map(|point| (point.at, Some(to_f64(point.wealth.get().unsigned_abs())))),
            Fold::Mean,
        )
    });
    card("wealth", "Total wealth", value, "", notes, spark(outline))
}

fn streak(page: Page) -> impl IntoView {
    let days = page.figure(|stats| stats.economy.top_streak);
    let unit = move || match days.get() {
        None => "",
        Some(1) => " day",
        Some(_) => " days",
    };
    let value = page.text(|stats: &DashboardStats| format::count(stats.economy.top_streak.into()));
    let level = page.text(|stats| format::tenths(stats.economy.avg_level));
    card("streak", "Top streak", value, unit, view! { <p>"average level " {level}</p> }, ())
}

fn card(
    key: &'static str,
    title: &'static str,
    value: Memo<String>,
    unit: impl IntoRender<Output: RenderHtml> + 'static,
    notes: impl IntoView,
    spark: impl IntoView,
) -> impl IntoView {
    // Figures that would not fit in a narrow card are set smaller, rather than cut or rounded.
    let size = Memo::new(move |_| match value.with(|text| text.chars().count()) {
        ..=9 => "value",
        10..=13 => "value long",
        14..=18 => "value longer",
        _ => "value longest",
    });
    view! {
        <article class="panel card" data-card=key>
            <h2>{title}</h2>
            <p class=size data-value>{flashing(value)}<span class="unit">{unit}</span></p>
            <div class="notes">{notes}</div>
            {spark}
        </article>
    }
}

fn spark(outline: Memo<Outline>) -> impl IntoView {
    let view_box = format!("0 0 {} {}", sparkline::WIDTH, sparkline::HEIGHT);
    view! {
        <svg class="spark" viewBox=view_box preserveAspectRatio="none" aria-hidden="true">
            <path class="area" d=move || outline.get().area/>
            <path class="line" d=move || outline.get().line/>
        </svg>
    }
}

fn sparkline_of(points: impl Iterator<Item = (protocol::Timestamp, Option<f64>)>, fold: Fold) -> Outline {
    let points: Vec<_> = points.collect();
    let until = points.last().map_or_else(Default::default, |&(at, _)| at);
    sparkline::outline(points.into_iter(), until, fold)
}

#[expect(clippy::cast_precision_loss, reason = "a place in a drawing a few pixels high")]
fn to_f64(number: u64) -> f64 {
    number as f64
}
