//! Who holds the most.

use leptos::prelude::*;
use protocol::stats::LEADERBOARD_LEN;

use super::flashing;
use crate::{format, page::Page};

/// The ten richest players of all servers.
pub fn leaders(page: Page) -> impl IntoView {
    let empty = page.figure(|stats| stats.leaderboards.wealth.is_empty());
    view! {
        <section class="panel leaders" aria-labelledby="leaders-title">
            <header class="panel-head">
                <h2 id="leaders-title">"Leaderboard"</h2>
                <span class="by">"by wealth"</span>
            </header>
            <p class="empty" hidden=move || empty.get() != Some(true)>"Nobody has earned anything yet."</p>
            <ol class="ranks" data-leaderboard="wealth">
                {(0..LEADERBOARD_LEN).map(|place| leader(page, place)).collect_view()}
            </ol>
        </section>
    }
}

/// One place; whoever holds it changes, the line stays.
fn leader(page: Page, place: usize) -> impl IntoView {
    let name = page.figure(move |stats| Some(stats.leaderboards.wealth.get(place)?.name.clone()));
    let value = page.text(move |stats| {
        stats.leaderboards.wealth.get(place).map_or_else(String::new, |leader| format::coins(leader.value))
    });
    let share = page.figure(move |stats| {
        let held = |place: usize| Some(stats.leaderboards.wealth.get(place)?.value.get());
        percent(held(place)?, held(0)?)
    });
    let shown = Memo::new(move |_| name.with(|name| name.as_ref().is_none_or(Option::is_some)));
    view! {
        <li class="rank" hidden=move || !shown.get()>
            <span class="place" aria-hidden="true">{place + 1}</span>
            <span class="name">{move || name.get().flatten()}</span>
            <span class="held">{flashing(value)}</span>
            <svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                <rect height="1" width=move || share.get().flatten().unwrap_or(0)/>
            </svg>
        </li>
    }
}

/// `part` of `whole`, in whole percent.
fn percent(part: i64, whole: i64) -> Option<i64> {
    i64::try_from(i128::from(part) * 100 / i128::from(whole).max(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_hold_for_all_the_money_there_can_be() {
        for (part, whole, share) in [(0, 0, 0), (1, 3, 33), (i64::MAX, i64::MAX, 100)] {
            assert_eq!(percent(part, whole), Some(share), "{part} of {whole}");
        }
    }
}
