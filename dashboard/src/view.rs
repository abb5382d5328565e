//! The views, one module for each part of the page.

mod account;
mod actions;
mod alerts;
mod cards;
mod charts;
mod events;
mod exports;
mod filters;
mod header;
mod journal;
mod keys;
mod leaders;
mod managing;
mod notice;
mod player;
mod row;
mod server;
mod servers;
mod table;

use leptos::prelude::*;
use protocol::{GuildId, Timestamp, UserId};

use view_model::{route::View, words};

use crate::{
    browser,
    dom::{El, effect, el, query, query_all},
    format,
    shell::Shell,
};

/// Takes the page over from `index.html`, and begins.
pub fn take_over(shell: Shell) {
    header::mount(shell);
    account::mount(shell);
    notice::mount(shell);
    cards::mount(shell.page);
    charts::mount(shell);
    events::mount(shell);
    leaders::mount(shell);
    alerts::mount(shell);
    keys::mount(shell);
    actions::mount(shell);
    pages(shell);
    ages(shell);
    shell.connect();
}

/// One page at a time; those that are tables are made when they are opened.
fn pages(shell: Shell) {
    let view = Memo::new(move |_| shell.page.route.with(|place| place.view));
    let standing = Memo::new(move |_| match view.get() {
        View::Server(server) | View::Player(server, _) => servers::standing(shell, server),
        View::Overview | View::Servers | View::Alerts => servers::KNOWN,
    });
    effect(move || {
        let (view, standing) = (view.get(), standing.get());
        for part in query_all("[data-view]") {
            part.hide(part.get("data-view") != view.word());
        }
        query("[data-said]").empty();
        if standing == servers::UNKNOWN {
            shell.ask_guilds(); // It may have come since they were asked for.
        }
        if standing == servers::KNOWN {
            render(shell, view);
        } else {
            let unknown = "No server with this id is known here, or it is not yours to look at.";
            let part = part_of(view);
            say(part.empty(), if standing == servers::UNKNOWN { unknown } else { "Looking …" });
        }
    });
}

fn part_of(view: View) -> El {
    query(&["[data-view=", view.word(), "]"].concat())
}

fn render(shell: Shell, view: View) {
    let part = part_of(view);
    match view {
        View::Servers => servers::render(shell, &part),
        View::Server(server) => server::render(shell, &part, server),
        View::Player(server, player) => player::render(shell, &part, server, player),
        View::Overview | View::Alerts => {}
    }
}

/// Moments are said as "5 s ago"; all that are on the page are kept true together.
fn ages(shell: Shell) {
    effect(move || {
        let now = shell.page.now.get();
        query("[data-clock]").text(&format::clock(now));
        if shell.page.paused.get() {
            return; // What is paused does not move, and an age is a thing that moves.
        }
        for moment in query_all("time[data-at]") {
            tell_age(&moment, now);
        }
    });
}

fn tell_age(moment: &El, now: Timestamp) {
    if let Ok(at) = moment.get("data-at").parse() {
        let words = format::digits(&words::ago(now, Timestamp(at)));
        if moment.0.text_content().as_deref() != Some(&words) {
            moment.text(&words);
        }
    }
}

/// Makes `time` say how long ago a moment was, with the moment itself on the hover.
fn set_moment(time: &El, at: Timestamp, now: Timestamp) {
    time.attr("data-at", &at.to_string())
        .attr("datetime", &format::iso(at))
        .attr("title", &format::moment(at));
    tell_age(time, now);
}

fn moment(shell: Shell, at: Option<Timestamp>) -> El {
    let time = el("time");
    match at {
        Some(at) => set_moment(&time, at, shell.page.now.get_untracked()),
        None => _ = time.text("never"),
    }
    time
}

/// A panel with a heading, at the end of a page.
fn panel(part: &El, title: &str) -> El {
    let panel = el("section");
    panel.class("panel sheet").attr("aria-label", title);
    let head = el("header");
    head.class("panel-head").put("h2", "", title);
    panel.add(&head);
    part.add(&panel);
    panel
}

/// A line that says what is the matter while there is nothing else to show.
fn say(part: &El, sentence: &str) {
    let line = el("p");
    line.class("empty").attr("role", "status").text(sentence);
    part.add(&line);
}

fn href(shell: Shell, view: View) -> String {
    browser::href(&shell.page.route.with_untracked(|place| place.at(view)))
}

/// A link to a player's page; only the name where there is no player.
fn player_link(shell: Shell, server: GuildId, player: UserId, name: &str) -> El {
    crate::dom::link(
        &href(shell, View::Player(server, player)),
        if name.is_empty() { "nameless" } else { name },
    )
}

/// A text that has changed flashes softly; two classes take turns, because only a new one starts an animation.
fn flash(part: &El) {
    let classes = part.0.class_list();
    let odd = classes.contains("flash-odd");
    let _ = classes.toggle_with_force("flash-odd", !odd);
    let _ = classes.toggle_with_force("flash-even", odd);
}
