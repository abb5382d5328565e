//! While nobody watches or plays, the worker reports every half minute instead of every five seconds, and measures as often.

use anyhow::Result;
use discord_sim::gateway::{Order, Settings};
use protocol::{
    Report,
    report::{REPORT_AT_REST_EVERY_MS, REPORT_EVERY_MS},
    stats::BotStatus,
};
use tests::{
    Stack,
    stack::{complaints, is_connected},
};

/// The worker measures this often between two reports at rest; on a busy machine one sample can fall to the report after.
const SAMPLES_BETWEEN: usize = 5;

fn is_at_rest(report: &Report) -> bool {
    report.next_in_ms == REPORT_AT_REST_EVERY_MS && report.missed.len().abs_diff(SAMPLES_BETWEEN) <= 1
}

#[tokio::test(flavor = "multi_thread")]
async fn at_rest_it_reports_and_asks_rarely_and_loses_no_sample() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    stack.relay.set_at_rest(true);
    stack.relay.next_report(is_at_rest).await?;
    let before = stack.relay.until(|_| true).await?;
    let after = stack.relay.until(|now| now.reports.len() == before.reports.len() + 4).await?;
    let reports = &after.reports[before.reports.len()..];
    assert!(reports.iter().all(is_at_rest), "every half minute");
    let samples: usize = reports.iter().map(|report| report.missed.len()).sum();
    assert!(
        samples.abs_diff(reports.len() * SAMPLES_BETWEEN) <= 1,
        "{samples} samples in all: none is lost on the way"
    );
    let pulls = after.pulls - before.pulls;
    assert!((1..=3).contains(&pulls), "two minutes, and jobs were asked for {pulls} times");
    let shown = stack.shown(|_| true).await?;
    assert_eq!(shown.bot.status, BotStatus::Online);
    assert!(shown.ping.avg.is_some() && shown.ping.gateway.is_some(), "{:?}", shown.ping);

    stack.relay.set_at_rest(false);
    let woken = stack.relay.next_report(|report| report.next_in_ms == REPORT_EVERY_MS).await?;
    assert!(woken.missed.is_empty(), "the one after the answer comes at once: {:?}", woken.missed);
    assert!(complaints(&stack.end()?).is_empty());
    stack.shown_offline().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_at_rest_is_told_at_once() -> Result<()> {
    let mut stack = Stack::set().await?;
    stack.connected().await?;
    stack.relay.set_at_rest(true);
    stack.relay.next_report(is_at_rest).await?;
    let gateway = &stack.discord.state().gateway;
    gateway.set(Settings { open: false, ..gateway.settings() });
    gateway.order(&Order::Cut);
    let lost = stack.relay.next_report(|report| !is_connected(report)).await?;
    assert!(lost.missed.len() < SAMPLES_BETWEEN, "without waiting for its time: {:?}", lost.missed);
    stack.end().map(drop)
}
