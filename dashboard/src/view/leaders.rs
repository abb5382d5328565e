//! The leaderboard, by wealth, level or streak.

use leptos::prelude::*;
use protocol::stats::Leader;

use super::{flash, href};
use view_model::{leader::percent, route::View};

use crate::{
    dom::{El, effect, query, query_all},
    format,
    shell::Shell,
};

/// Keeps the leaderboard true. Lines stay and those on them change, so that the keyboard stays where it is.
pub fn mount(shell: Shell) {
    let by = RwSignal::new(0_u32);
    let buttons = query_all("[data-by]");
    for (index, button) in (0..).zip(&buttons) {
        button.on("click", move |_| by.set(index));
    }
    effect(move || {
        let by = by.get();
        for (index, button) in (0..).zip(&buttons) {
            button.attr("aria-pressed", if index == by { "true" } else { "false" });
        }
        let list = query("[data-leaderboard]");
        let word = ["wealth", "level", "streak"][by as usize];
        let same = list.get("data-leaderboard") == word;
        list.attr("data-leaderboard", word);
        let Some(stats) = shell.page.stats.get() else { return };
        let leaders = match by {
            0 => &stats.leaderboards.wealth,
            1 => &stats.leaderboards.level,
            _ => &stats.leaderboards.streak,
        };
        query("[data-nobody]").hide(!leaders.is_empty());
        let first = leaders.first().map_or(0, |leader| leader.value.get());
        for (place, line) in query_all(".rank").iter().enumerate() {
            line.hide(leaders.get(place).is_none());
            if let Some(leader) = leaders.get(place) {
                show(shell, line, leader, first, by == 2, same);
            }
        }
    });
}

fn show(shell: Shell, line: &El, leader: &Leader, first: i64, days: bool, flashes: bool) {
    let name = line.query(".name");
    name.text(if leader.name.is_empty() { "nameless" } else { &leader.name });
    name.attr("href", &href(shell, View::Player(leader.guild_id, leader.user_id)));
    name.attr("title", &leader.guild_id.to_string());
    let held = line.query(".held");
    let text = format::coins(leader.value) + if days { " d" } else { "" };
    let before = held.0.text_content().unwrap_or_default();
    if before != text {
        held.text(&text);
        if flashes && !before.is_empty() {
            flash(&held);
        }
    }
    let share = percent(leader.value.get(), first).unwrap_or_default();
    line.query("rect").attr("width", &share.to_string());
}
